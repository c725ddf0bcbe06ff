// safetensors files.
#include <string>

#include "../../support/fuzz_target.hpp"
#include "../../support/memory_file.hpp"
#include "../../support/reading_safetensors.hpp"

namespace {

const support::FuzzTarget target("safetensors", [](const std::string& bytes) {
  return support::mistake_of_bytes(bytes, [](const auto& path, std::size_t size) {
    int matrices = 0;
    return support::mistake_of_safetensors<float>(path, size, matrices);
  });
});

}  // namespace
