// Measures of networks read block by block against those of the same networks in memory, to the
// last bit.
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dgp/dgp.hpp>

#include "../support/blocked_layers.hpp"
#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/random_network.hpp"

namespace {

using support::BlockedLayers;
using support::Kind;
using support::Random;

template <class Scalar>
void check_same(const dgp::Persistence<Scalar>& blocked, const dgp::Persistence<Scalar>& whole) {
  REQUIRE(blocked.diagram.pairs.size() == whole.diagram.pairs.size());
  bool same = true;
  for (std::size_t i = 0; i < whole.diagram.pairs.size(); ++i) {
    same = same && blocked.diagram.pairs[i].death == whole.diagram.pairs[i].death;
  }
  CHECK(same);
  CHECK(blocked.diagram.essential_classes == whole.diagram.essential_classes);
  CHECK(blocked.total == whole.total);
  CHECK(blocked.normalized == whole.normalized);
}

// Nothing where the whole network's measure is not defined.
template <class Measure>
auto defined(const Measure& measure, std::string& reason) {
  std::optional<decltype(measure())> result;
  try {
    result = measure();
  } catch (const std::domain_error& undefined) {
    reason = undefined.what();
  }
  return result;
}

struct Counts {
  int with_raw = 0;
  int without_raw = 0;
  int undefined = 0;
};

template <class Layers>
void check_measures(Layers& blocked, double p, Counts& counts) {
  using Scalar = typename Layers::Scalar;
  constexpr bool wide = std::is_same_v<Scalar, dgp::sum_t<Scalar>>;
  const auto whole = blocked.in_memory();
  std::vector<dgp::LayerSummary<Scalar>> summaries;
  auto reads = blocked.reads();
  for (std::size_t k = 0; k < blocked.size(); ++k) {
    summaries.push_back(dgp::summary_of_layer(blocked, k));
  }
  CHECK(blocked.reads() - reads <= (wide ? 2 : 3) * blocked.size());

  const auto np = dgp::neural_persistence(summaries, {.p = p});
  const auto np_whole = dgp::neural_persistence(whole, {.p = p});
  CHECK(np.sum == np_whole.sum);
  CHECK(np.mean_normalized == np_whole.mean_normalized);
  for (std::size_t k = 0; k < whole.size(); ++k) check_same(np.layers[k], np_whole.layers[k]);

  reads = blocked.reads();
  const auto variance = dgp::weight_variance(blocked, summaries);
  CHECK(blocked.reads() - reads == (wide ? 2 * blocked.size() : 0));
  const auto variance_whole = dgp::weight_variance(whole);
  CHECK(variance.network == variance_whole.network);
  CHECK(variance.layers == variance_whole.layers);

  reads = blocked.reads();
  const auto deep = dgp::deep_graph_persistence(blocked, summaries, {.p = p});
  CHECK(blocked.reads() - reads <= 3 * blocked.size());
  std::string reason;
  const auto standardized = defined(
      [&] { return dgp::deep_graph_persistence(whole, {.p = p, .rescale = false}); }, reason);
  REQUIRE(deep.standardized.has_value() == standardized.has_value());
  CHECK(deep.no_standardized == reason);
  if (standardized) check_same(*deep.standardized, *standardized);
  counts.undefined += !standardized;
  reads = blocked.reads();
  const auto without = dgp::deep_graph_persistence(blocked, summaries, {.p = p, .raw = false});
  CHECK(blocked.reads() - reads == (standardized ? 2 * blocked.size() : 0));
  CHECK_FALSE(without.raw.has_value());
  CHECK(without.no_raw.empty());
  if (standardized) check_same(*without.standardized, *standardized);
  if (deep.raw) {
    check_same(*deep.raw, dgp::deep_graph_persistence(
                              whole, {.p = p, .normalization = dgp::Normalization::none}));
    ++counts.with_raw;
    CHECK(deep.no_raw.empty());
  } else {
    ++counts.without_raw;
    CHECK_FALSE(deep.no_raw.empty());
  }
}

template <class Scalar, class Stored>
void check_networks(std::uint64_t seed, int networks) {
  Random random(seed);
  Counts counts;
  for (int number = 0; number < networks; ++number) {
    CAPTURE(number);
    std::vector<dgp::RowMajorMatrix<Stored>> layers;
    const bool is_signed = random.below(3) > 0;
    const int most = random.below(4) == 0 ? 40 : 12;
    for (const auto& layer :
         support::random_network<float>(random, 1 + random.below(4), most, is_signed)) {
      layers.emplace_back(layer.template cast<Stored>());
    }
    const double p = random.below(3) == 0 ? 1 + random.uniform() : 2;
    BlockedLayers<Scalar, Stored> blocked(std::move(layers), 1 + random.below(9),
                                          random.below(2) == 0);
    check_measures(blocked, p, counts);
  }
  CHECK(counts.with_raw > networks / 2);
  CHECK(counts.without_raw > 0);
  CHECK(counts.undefined > 0);
}

}  // namespace

TEST_CASE("measures of blocks are those of the whole, in single precision", "[oracle]") {
  check_networks<float, float>(3, 1000);
  check_networks<float, Eigen::bfloat16>(4, 500);
  check_networks<float, Eigen::half>(5, 500);
}

TEST_CASE("measures of blocks are those of the whole, in double precision", "[oracle]") {
  check_networks<double, double>(6, 500);
  check_networks<double, float>(7, 300);
  check_networks<double, Eigen::bfloat16>(8, 200);
}

TEST_CASE("blocks larger than a thread's task have the same sums", "[oracle]") {
  Random random(9);
  Counts counts;
  const auto layer = support::random_matrix<float>(random, Kind::normal, 1500, 700);
  const auto next = support::random_matrix<float>(random, Kind::heavy_tails, 30, 1500);
  for (const int rows : {1, 97, 374, 375, 1499, 1500}) {
    BlockedLayers<float> blocked({layer, next}, rows);
    check_measures(blocked, 2, counts);
    BlockedLayers<double, float> wide({layer, next}, rows);
    check_measures(wide, 2, counts);
  }
}

TEST_CASE("a mean that dwarfs the deviation takes one more read", "[oracle]") {
  Random random(10);
  Counts counts;
  dgp::RowMajorMatrix<float> layer =
      support::random_matrix<float>(random, Kind::normal, 20, 30).array() * 1e-3F + 7.0F;
  BlockedLayers<float> blocked({layer}, 6);
  dgp::summary_of_layer(blocked, 0);
  CHECK(blocked.reads() == 3);
  check_measures(blocked, 2, counts);
}

TEST_CASE("blocked layers that cannot be measured are refused", "[oracle]") {
  using support::error_of;
  using support::holds;
  using Matrix = dgp::RowMajorMatrix<float>;
  Matrix bad = Matrix::Ones(5, 3);
  bad(4, 1) = std::numeric_limits<float>::infinity();
  BlockedLayers<float> infinite({bad}, 2);
  CHECK(holds(error_of<std::invalid_argument>([&] { dgp::summary_of_layer(infinite, 0); }),
              "layer 0 (layers.0), row 4, column 1: weight is inf"));
  BlockedLayers<double, float> wide({bad}, 2);
  CHECK(holds(error_of<std::invalid_argument>([&] { dgp::summary_of_layer(wide, 0); }),
              "row 4, column 1: weight is inf"));
  BlockedLayers<float> empty({Matrix(0, 3)}, 2);
  CHECK(holds(error_of<std::invalid_argument>([&] { dgp::summary_of_layer(empty, 0); }),
              "empty weight matrix"));

  BlockedLayers<float> unchained({Matrix::Random(5, 3), Matrix::Random(5, 4)}, 2);
  const std::vector<dgp::LayerSummary<float>> summaries{dgp::summary_of_layer(unchained, 0),
                                                        dgp::summary_of_layer(unchained, 1)};
  CHECK(
      error_of<std::invalid_argument>([&] { dgp::deep_graph_persistence(unchained, summaries); }) ==
      error_of<std::invalid_argument>([&] { dgp::deep_graph_persistence(unchained.in_memory()); }));
  CHECK(holds(error_of<std::invalid_argument>([&] {
                dgp::neural_persistence(summaries,
                                        {.normalization = dgp::Normalization::standardized});
              }),
              "Normalization::max_abs only"));
  CHECK(error_of<std::invalid_argument>(
            [&] { dgp::neural_persistence(std::vector<dgp::LayerSummary<float>>()); }) != "");
  CHECK(error_of<std::invalid_argument>([&] { dgp::neural_persistence(summaries, {.p = 0.5}); }) !=
        "");
}
