// .npy files.
#include <string>

#include "../../support/fuzz_target.hpp"
#include "../../support/memory_file.hpp"
#include "../../support/reading_arrays.hpp"

namespace {

const support::FuzzTarget target("npy", [](const std::string& bytes) {
  return support::mistake_of_bytes(bytes, support::mistake_of_npy);
});

}  // namespace
