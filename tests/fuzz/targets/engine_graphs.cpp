// Neural persistence and deep graph persistence of small feed-forward graphs (dense, sparse and
// convolutional edge sets, pooling, sums, concatenations, rearrangements), against the list of
// their edges: bytes decide all of it.
#include <algorithm>
#include <stdexcept>
#include <string>
#include <type_traits>

#include <dgp/dgp.hpp>

#include "../../oracle/against_list.hpp"
#include "../../oracle/listed_graph.hpp"
#include "../../oracle/naive.hpp"
#include "../../support/fuzz_target.hpp"
#include "../../support/random_network.hpp"
#include "../../support/some_scalar.hpp"

namespace {

template <class Scalar>
std::string mistake_of_graph(support::Random& random) {
  const bool standardize = random.below(3) == 0;
  listed::Builder<Scalar> built(random);
  built.build(1 + random.below(12));
  const auto values = built.values(standardize);
  if (values.empty()) return "";  // the definition leaves last bits open
  const auto normalization =
      standardize ? dgp::Normalization::standardized : dgp::Normalization::max_abs;
  if (naive::all_finite(values)) return oracle::mistake_of_graph(built, values, normalization);
  try {
    dgp::neural_persistence(built.graph, {.normalization = normalization});
  } catch (const std::domain_error&) {
    return "";
  }
  return "a graph without values is measured";
}

const support::FuzzTarget target("engine_graphs", [](const std::string& bytes) {
  support::Random random(bytes);
  return support::with_some_scalar(random, [&]<class Scalar>(std::type_identity<Scalar>) {
    return mistake_of_graph<Scalar>(random);
  });
});

}  // namespace
