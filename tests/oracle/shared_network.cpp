// Measures of networks that several processes share against those of one, to the last bit: threads
// stand in for the processes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <dgp/dgp.hpp>

#include "../support/blocked_layers.hpp"
#include "../support/catch.hpp"
#include "../support/random_network.hpp"
#include "../support/shared_layers.hpp"

namespace {

using support::BlockedLayers;
using support::Kind;
using support::Random;

template <class Scalar>
struct Figures {
  std::vector<dgp::LayerSummary<Scalar>> summaries;
  dgp::WeightVariance<Scalar> variance;
  dgp::BlockedDeepGraphPersistence<Scalar> deep;
};

template <class Layers>
Figures<typename Layers::Scalar> figures_of(Layers& layers) {
  Figures<typename Layers::Scalar> figures;
  figures.summaries = dgp::summaries_of_layers(layers);
  figures.variance = dgp::weight_variance(layers, figures.summaries);
  figures.deep = dgp::deep_graph_persistence(layers, figures.summaries);
  return figures;
}

template <class Scalar>
bool same(const std::optional<dgp::Persistence<Scalar>>& a,
          const std::optional<dgp::Persistence<Scalar>>& b) {
  if (a.has_value() != b.has_value()) return false;
  if (!a) return true;
  bool alike = a->total == b->total && a->normalized == b->normalized &&
               a->diagram.pairs.size() == b->diagram.pairs.size();
  for (std::size_t i = 0; alike && i < a->diagram.pairs.size(); ++i) {
    alike = a->diagram.pairs[i].death == b->diagram.pairs[i].death;
  }
  return alike;
}

template <class Scalar>
bool same(const Figures<Scalar>& a, const Figures<Scalar>& b) {
  bool alike = a.variance.network == b.variance.network && a.variance.layers == b.variance.layers &&
               same(a.deep.standardized, b.deep.standardized) && same(a.deep.raw, b.deep.raw) &&
               a.deep.no_standardized == b.deep.no_standardized && a.deep.no_raw == b.deep.no_raw;
  for (std::size_t k = 0; k < a.summaries.size(); ++k) {
    const auto& one = a.summaries[k];
    const auto& other = b.summaries[k];
    alike = alike && one.forest == other.forest && one.smallest == other.smallest &&
            one.largest == other.largest && one.mean == other.mean &&
            one.variance == other.variance && one.magnitude_mean == other.magnitude_mean &&
            one.magnitude_variance == other.magnitude_variance;
  }
  return alike;
}

template <class Scalar, class Stored>
void check_shared(const std::vector<dgp::RowMajorMatrix<Stored>>& layers, dgp::Index rows,
                  std::size_t processes) {
  BlockedLayers<Scalar, Stored> alone(layers, rows);
  const auto expected = figures_of(alone);
  support::Meeting meeting(processes);
  std::vector<Figures<Scalar>> figures(processes);
  std::vector<char> fits(processes);
  std::vector<std::thread> threads;
  for (std::size_t process = 0; process < processes; ++process) {
    threads.emplace_back([&, process] {
      support::SharedLayers<Scalar, Stored> shared(BlockedLayers<Scalar, Stored>(layers, rows),
                                                   meeting, process);
      figures[process] = figures_of(shared);
      fits[process] = shared.bytes_fit() ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  for (std::size_t process = 0; process < processes; ++process) {
    CAPTURE(process, processes);
    CHECK(same(figures[process], expected));
    CHECK(fits[process] == 1);
  }
}

template <class Scalar, class Stored>
void check_networks(std::uint64_t seed, int networks) {
  Random random(seed);
  for (int number = 0; number < networks; ++number) {
    CAPTURE(number);
    std::vector<dgp::RowMajorMatrix<Stored>> layers;
    for (const auto& layer : support::random_network<float>(random, 1 + random.below(4), 30)) {
      layers.emplace_back(layer.template cast<Stored>());
    }
    check_shared<Scalar, Stored>(layers, 1 + random.below(9),
                                 1 + static_cast<std::size_t>(random.below(4)));
  }
}

}  // namespace

TEST_CASE("processes find together what one finds alone", "[oracle]") {
  check_networks<float, float>(3, 60);
  check_networks<float, Eigen::bfloat16>(4, 40);
  check_networks<double, float>(5, 40);
  check_networks<double, double>(6, 40);
}

TEST_CASE("processes that cut layers find what one finds alone", "[oracle]") {
  Random random(7);
  // Of 700 columns a part has 374 rows at least.
  const std::vector<dgp::RowMajorMatrix<float>> layers{
      support::random_matrix<float>(random, Kind::normal, 1500, 700),
      support::random_matrix<float>(random, Kind::heavy_tails, 800, 1500),
      support::random_matrix<float>(random, Kind::ties, 3, 800)};
  REQUIRE(dgp::row_cuts(1500, 700).size() > 4);
  for (const std::size_t processes : {2U, 3U, 4U}) {
    check_shared<float, float>(layers, 100, processes);
    check_shared<double, float>(layers, 1500, processes);
  }
}

TEST_CASE("layers are cut where partial sums are", "[oracle]") {
  CHECK(dgp::row_cuts(1, 5) == std::vector<dgp::Index>{0, 1});
  for (const auto& [rows, cols] : std::vector<std::pair<dgp::Index, dgp::Index>>{
           {8192, 8192}, {100000, 3}, {7, 1 << 20}, {300000, 10000}}) {
    const auto cuts = dgp::row_cuts(rows, cols);
    CHECK(cuts.front() == 0);
    CHECK(cuts.back() == rows);
    CHECK(std::is_sorted(cuts.begin(), cuts.end()));
    CHECK(cuts.size() <= 65);
  }
  CHECK(dgp::row_cuts(8192, 8192).size() == 65);
}
