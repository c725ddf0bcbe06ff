// ONNX models as libFuzzer makes them.
#include "../support/reading_onnx.hpp"
#include "guided.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  support::try_reading(
      std::string(reinterpret_cast<const char*>(bytes), size),
      [](const auto& path, std::size_t length) {
        support::Found found;
        return support::mistake_of_onnx(path, length, found);
      },
      support::Named::file);
  return 0;
}
