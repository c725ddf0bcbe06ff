// Forests merged from the blocks of a small matrix, in any order and by any tree of mergers,
// against the forest of the whole: bytes decide all of it.
#include <string>
#include <type_traits>

#include "../../oracle/blocks_against_whole.hpp"
#include "../../support/fuzz_target.hpp"
#include "../../support/random_network.hpp"
#include "../../support/some_scalar.hpp"

namespace {

template <class Scalar>
std::string mistake_of_merger(support::Random& random) {
  const auto kind =
      static_cast<support::Kind>(random.below(static_cast<int>(support::Kind::count)));
  const int rows = 1 + random.below(24);
  const int cols = 1 + random.below(24);
  const auto blocks = oracle::random_blocks(random, rows, cols);
  const auto weights = support::random_matrix<Scalar>(random, kind, rows, cols);
  return oracle::mistake_of_merger(weights, blocks, random);
}

const support::FuzzTarget target("engine_merger", [](const std::string& bytes) {
  support::Random random(bytes);
  return support::with_some_scalar(random, [&]<class Scalar>(std::type_identity<Scalar>) {
    return mistake_of_merger<Scalar>(random);
  });
});

}  // namespace
