// Files of class means.
#include <string>

#include "../../support/fuzz_target.hpp"
#include "../../support/memory_file.hpp"
#include "../../support/reading_class_means.hpp"

namespace {

const support::FuzzTarget target("class_means", [](const std::string& bytes) {
  return support::mistake_of_bytes(bytes, support::mistake_of_class_means);
});

}  // namespace
