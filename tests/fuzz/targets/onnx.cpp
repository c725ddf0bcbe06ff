// ONNX models.
#include <string>

#include "../../support/fuzz_target.hpp"
#include "../../support/memory_file.hpp"
#include "../../support/reading_onnx.hpp"

namespace {

const support::FuzzTarget target("onnx", [](const std::string& bytes) {
  return support::mistake_of_bytes(
      bytes,
      [](const auto& path, std::size_t size) {
        support::Found found;
        return support::mistake_of_onnx(path, size, found);
      },
      support::Named::file);
});

}  // namespace
