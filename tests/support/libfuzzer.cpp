// Hands what libFuzzer makes to the target that is linked, and ends the program at a mistake, so
// that libFuzzer keeps the bytes.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "fuzz_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const support::FuzzTarget& target = *support::FuzzTarget::all().front();
  const std::string mistake =
      target.mistake_of(std::string(reinterpret_cast<const char*>(bytes), size));
  if (mistake.empty()) return 0;
  std::fprintf(stderr, "%s: %s\n", target.name().c_str(), mistake.c_str());
  std::abort();
}
