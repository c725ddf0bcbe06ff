// Hands bytes from libFuzzer to a reader as a file that lies in memory alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include "../support/reading.hpp"

namespace support {

// Ends the program, so that libFuzzer keeps the bytes, unless `read` does as outcome_of says.
template <class Read>
void try_reading(const std::string& bytes, const Read& read, Named named = Named::byte) {
  static const int file = memfd_create("mutant", MFD_CLOEXEC);
  static const std::filesystem::path path = "/proc/self/fd/" + std::to_string(file);
  const auto size = static_cast<ssize_t>(bytes.size());
  if (ftruncate(file, 0) != 0 || pwrite(file, bytes.data(), bytes.size(), 0) != size) {
    std::perror("the fuzzer cannot write its file");
    std::exit(1);
  }
  const std::string mistake = outcome_of(read, path, bytes.size(), named).mistake;
  if (mistake.empty()) return;
  std::fprintf(stderr, "%s\n", mistake.c_str());
  std::abort();
}

}  // namespace support
