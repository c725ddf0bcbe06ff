// Networks with biases, made ready for the activation graphs of their inputs.
#include <string>

#include "../../support/fuzz_target.hpp"
#include "../../support/memory_file.hpp"
#include "../../support/reading_activation_graph.hpp"

namespace {

const support::FuzzTarget target("activation_graph", [](const std::string& bytes) {
  return support::mistake_of_bytes(bytes, support::mistake_of_activation_graph,
                                   support::Named::file);
});

}  // namespace
