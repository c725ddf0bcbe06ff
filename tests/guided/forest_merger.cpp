// Files of half-fed forests as libFuzzer makes them.
#include "../support/reading_forest_merger.hpp"
#include "guided.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  support::try_reading(std::string(reinterpret_cast<const char*>(bytes), size),
                       [](const auto& path, std::size_t length) {
                         int finished = 0;
                         return support::mistake_of_forest_merger(path, length, finished);
                       });
  return 0;
}
