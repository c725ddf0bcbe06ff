// Checkpoints of any format.
#include <string>

#include "../../support/fuzz_target.hpp"
#include "../../support/memory_file.hpp"
#include "../../support/reading_checkpoint.hpp"

namespace {

const support::FuzzTarget target("checkpoint", [](const std::string& bytes) {
  return support::mistake_of_bytes(bytes, support::mistake_of_checkpoint, support::Named::file);
});

}  // namespace
