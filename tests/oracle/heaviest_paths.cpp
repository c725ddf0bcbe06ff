// The forest of a chain's paths by its heaviest edges alone, against the one by whole sweeps, to
// the last bit; small layers, of which it is never asked otherwise.
#include <algorithm>
#include <cstddef>
#include <vector>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"
#include "../support/random_network.hpp"

namespace {

namespace detail = dgp::detail;
using support::Kind;
using support::Random;

// Values that differ in the scale of their layers, or not; weights that are light at some inputs
// and outputs.
template <class Scalar>
std::vector<dgp::RowMajorMatrix<Scalar>> wide_network(Random& random) {
  std::vector<dgp::RowMajorMatrix<Scalar>> layers;
  const int count = 1 + random.below(4);
  const auto width = [&] { return 25 + random.below(60); };
  int inputs = width();
  const auto kind = static_cast<Kind>(random.below(static_cast<int>(Kind::all_equal)));
  for (int k = 0; k < count; ++k) {
    const int outputs = width();
    layers.emplace_back(support::random_matrix<Scalar>(random, kind, outputs, inputs));
    inputs = outputs;
  }
  if (random.below(2) == 0) {
    const auto light = static_cast<Scalar>(0.03125F);
    for (int i = random.below(4); i > 0; --i) {
      layers.front().col(random.below(static_cast<int>(layers.front().cols()))) *= light;
    }
    for (int i = random.below(4); i > 0; --i) {
      layers.back().row(random.below(static_cast<int>(layers.back().rows()))) *= light;
    }
  }
  if (random.below(8) == 0) layers.back() *= static_cast<Scalar>(4);
  return layers;
}

template <class Scalar>
std::size_t light_terminals(const detail::PathForest<Scalar>& forest,
                            const detail::Numbering& numbering, const Scalar& threshold) {
  std::size_t light = 0;
  for (detail::Vertex v = 0; v < numbering.neurons(); ++v) {
    const auto at = static_cast<dgp::Index>(v);
    const auto strength =
        std::min(forest.limits.entry.strength(at), forest.limits.exit.strength(at));
    light += numbering.roles()[v] != detail::Role::hidden && strength < threshold;
  }
  return light;
}

}  // namespace

TEMPLATE_TEST_CASE("paths by the heaviest edges are those by whole sweeps", "[oracle]", float,
                   double, Eigen::half) {
  Random random(20261126);
  constexpr int networks = 3000;
  int found = 0;
  int with_light_terminals = 0;
  for (int i = 0; i < networks; ++i) {
    const auto layers = wide_network<TestType>(random);
    const auto normalization =
        random.below(2) == 0 ? dgp::Normalization::standardized : dgp::Normalization::max_abs;
    const detail::NetworkWeights<TestType> network(layers);
    const auto numbering = detail::numbering_of(network);
    detail::with_filtration(network, normalization, [&](const auto& maps, const auto&) {
      const auto edges = detail::edges_of(network, maps, numbering);
      const auto quick = detail::forest_of_heaviest(edges, numbering, 1);
      if (!quick) return;
      ++found;
      const auto whole = detail::path_forest(edges, numbering);
      const auto deaths = detail::values_of(whole.merges);
      CAPTURE(i, layers.size());
      REQUIRE(detail::values_of(quick->merges) == deaths);
      const auto batch = detail::connecting_edges_of(edges, 1);
      with_light_terminals += light_terminals(*quick, numbering, batch->threshold.value) > 0;
      // Their paths too are there, and as strong.
      const detail::MergePaths paths(edges, quick->limits);
      std::vector<TestType> strengths;
      for (const auto& merge : detail::persistent_merges(paths, *quick, deaths.size())) {
        TestType weakest = Eigen::NumTraits<TestType>::infinity();
        for (const auto& edge : paths.path(merge)) {
          weakest = std::min(weakest, edge.stored.value);
        }
        strengths.push_back(weakest);
      }
      const auto positive = static_cast<std::size_t>(std::count_if(
          deaths.begin(), deaths.end(), [](auto death) { return TestType(0) < death; }));
      REQUIRE(strengths ==
              std::vector<TestType>(deaths.begin(),
                                    deaths.begin() + static_cast<std::ptrdiff_t>(positive)));
    });
  }
  CAPTURE(found, with_light_terminals);
  CHECK(found > networks / 4);
  CHECK(with_light_terminals > networks / 50);
}
