// Feed-forward graphs against all their edges, listed one by one.
#include <cstdint>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"
#include "../support/random_network.hpp"
#include "against_list.hpp"
#include "listed_graph.hpp"

namespace {

using listed::Builder;
using support::Random;

template <class Scalar>
void compare(dgp::Normalization normalization, int graphs, int steps, std::uint64_t seed) {
  Random random(seed);
  int compared = 0;
  for (int number = 0; number < graphs; ++number) {
    Builder<Scalar> built(random);
    built.build(2 + random.below(steps));
    CAPTURE(number, seed, built.neurons, built.sets.size());

    const auto values = built.values(normalization == dgp::Normalization::standardized);
    if (values.empty()) continue;  // the definition does not fix them to the last bit
    ++compared;

    REQUIRE(oracle::mistake_of_graph(built, values, normalization) == "");
  }
  CHECK(compared > graphs / 2);
}

}  // namespace

TEMPLATE_TEST_CASE("graphs are all their edges, bit for bit", "[oracle]", float, double,
                   long double, Eigen::half, Eigen::bfloat16) {
  compare<TestType>(dgp::Normalization::max_abs, 1500, 8, 1);
  compare<TestType>(dgp::Normalization::standardized, 1500, 8, 2);
}

TEST_CASE("deep graphs are all their edges, bit for bit", "[oracle]") {
  compare<float>(dgp::Normalization::max_abs, 300, 25, 3);
  compare<double>(dgp::Normalization::standardized, 300, 25, 4);
}
