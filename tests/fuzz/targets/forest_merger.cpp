// Files of half-fed forests.
#include <string>

#include "../../support/fuzz_target.hpp"
#include "../../support/memory_file.hpp"
#include "../../support/reading_forest_merger.hpp"

namespace {

const support::FuzzTarget target("forest_merger", [](const std::string& bytes) {
  return support::mistake_of_bytes(bytes, [](const auto& path, std::size_t size) {
    int finished = 0;
    return support::mistake_of_forest_merger(path, size, finished);
  });
});

}  // namespace
