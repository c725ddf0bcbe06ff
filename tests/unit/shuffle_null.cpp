// Shuffling without shuffling, against real shuffles: all of them where a layer is small.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <set>
#include <stdexcept>
#include <vector>

#include <Eigen/Core>

#include <dgp/analysis/shuffle_null.hpp>
#include <dgp/analysis/shuffling.hpp>
#include <dgp/feed_forward_graph.hpp>
#include <dgp/graph_measures.hpp>
#include <dgp/neural_persistence.hpp>
#include <dgp/spanning_forest.hpp>
#include <dgp/window.hpp>

#include "../support/catch.hpp"
#include "../support/random_network.hpp"

namespace {

using support::Kind;
using support::Random;
using Ranks = std::vector<std::uint32_t>;

// How often each set of ranks comes, in all orders of the edges.
std::map<Ranks, double> all_orders(dgp::Index rows, dgp::Index cols) {
  std::vector<int> order(static_cast<std::size_t>(rows * cols));
  std::iota(order.begin(), order.end(), 0);
  std::map<Ranks, double> shares;
  double count = 0;
  do {
    // The edge that appears first weighs most.
    Eigen::MatrixXd weights(rows, cols);
    for (std::size_t rank = 0; rank < order.size(); ++rank) {
      weights(order[rank] / cols, order[rank] % cols) = -static_cast<double>(rank);
    }
    Ranks ranks;
    for (const auto& edge : dgp::maximum_spanning_forest(weights).edges) {
      ranks.push_back(static_cast<std::uint32_t>(-edge.weight));
    }
    ++shares[ranks];
    ++count;
  } while (std::next_permutation(order.begin(), order.end()));
  for (auto& [ranks, share] : shares) share /= count;
  return shares;
}

struct Summary {
  double mean;
  double deviation;
};

template <class Layers>
std::vector<Summary> shuffled_really(const Layers& layers, std::size_t rounds,
                                     const dgp::NeuralPersistenceOptions& options) {
  std::vector<std::vector<double>> figures(layers.size());
  for (std::size_t round = 0; round < rounds; ++round) {
    const auto shuffled = dgp::shuffled_layers(layers, 1000 + round);
    const auto np = dgp::neural_persistence(shuffled, options);
    for (std::size_t k = 0; k < layers.size(); ++k) {
      figures[k].push_back(static_cast<double>(np.layers[k].normalized));
    }
  }
  std::vector<Summary> summaries;
  for (const auto& of_layer : figures) {
    const double mean = std::accumulate(of_layer.begin(), of_layer.end(), 0.0) /
                        static_cast<double>(of_layer.size());
    double squares = 0;
    for (const double figure : of_layer) squares += (figure - mean) * (figure - mean);
    summaries.push_back({mean, std::sqrt(squares / static_cast<double>(of_layer.size() - 1))});
  }
  return summaries;
}

}  // namespace

TEST_CASE("ranks are drawn as often as all orders of the edges have them", "[shuffle_null]") {
  for (const auto& [rows, cols] : {std::pair{1, 1}, {1, 4}, {2, 2}, {3, 2}, {2, 4}, {3, 3}}) {
    const auto expected = all_orders(rows, cols);
    constexpr std::size_t rounds = 40000;
    const dgp::ShuffleNull null(rows, cols, rounds, 7);
    std::map<Ranks, double> drawn;
    for (std::size_t round = 0; round < rounds; ++round) {
      const auto ranks = null.ranks(round);
      ++drawn[Ranks(ranks.begin(), ranks.end())];
    }
    double chi_squared = 0;
    for (const auto& [ranks, share] : expected) {
      const double often = share * rounds;
      chi_squared += (drawn[ranks] - often) * (drawn[ranks] - often) / often;
    }
    CAPTURE(rows, cols, expected.size());
    CHECK(drawn.size() == expected.size());  // none that cannot be
    const auto freedom = static_cast<double>(expected.size() - 1);
    CHECK(chi_squared <= freedom + 4 * std::sqrt(2 * freedom));
  }
}

TEST_CASE("ranks ascend from 0, within the edges", "[shuffle_null]") {
  for (const auto& [rows, cols] : {std::pair{5, 7}, {1, 30}, {30, 1}, {40, 90}, {1, 1}}) {
    const dgp::ShuffleNull null(rows, cols, 50);
    CHECK(null.rounds() == 50);
    CHECK(null.rows() == rows);
    CHECK(null.cols() == cols);
    std::uint32_t deepest = 0;
    for (std::size_t round = 0; round < null.rounds(); ++round) {
      const auto ranks = null.ranks(round);
      REQUIRE(ranks.size() == static_cast<std::size_t>(rows + cols - 1));
      CHECK(ranks[0] == 0);
      CHECK(std::is_sorted(ranks.begin(), ranks.end(), std::less_equal<>()));
      CHECK(ranks.back() < static_cast<std::uint32_t>(rows * cols));
      deepest = std::max(deepest, ranks.back());
    }
    CHECK(null.deepest_rank() == deepest);
  }
}

TEST_CASE("rounds do not depend on how many there are", "[shuffle_null]") {
  const dgp::ShuffleNull few(20, 30, 3, 5);
  const dgp::ShuffleNull more(20, 30, 40, 5);
  for (std::size_t round = 0; round < few.rounds(); ++round) {
    CHECK(std::ranges::equal(few.ranks(round), more.ranks(round)));
  }
}

TEST_CASE("no two rounds are alike, of one seed or of its neighbours", "[shuffle_null]") {
  std::set<Ranks> all;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const dgp::ShuffleNull null(20, 30, 40, seed);
    for (std::size_t round = 0; round < null.rounds(); ++round) {
      all.emplace(null.ranks(round).begin(), null.ranks(round).end());
    }
  }
  CHECK(all.size() == 5 * 40);
}

TEMPLATE_TEST_CASE("mean and deviation are those of real shuffles", "[shuffle_null]", float, double,
                   long double, Eigen::half) {
  Random random(12);
  std::vector<dgp::RowMajorMatrix<TestType>> layers;
  layers.push_back(support::random_matrix<TestType>(random, Kind::normal, 12, 30));
  layers.push_back(support::random_matrix<TestType>(random, Kind::normal, 9, 12));
  layers.push_back(support::random_matrix<TestType>(random, Kind::normal, 12, 30));
  for (const auto normalization : {dgp::Normalization::max_abs, dgp::Normalization::standardized}) {
    for (const double p : {1.0, 2.0, 3.5}) {
      const dgp::NeuralPersistenceOptions options{p, dgp::EssentialClass::dies_at_zero,
                                                  normalization};
      constexpr std::size_t rounds = 400;
      const auto really = shuffled_really(layers, rounds, options);
      const auto found = dgp::shuffle_significance(layers, {.rounds = 2000}, options);
      const auto np = dgp::neural_persistence(layers, options);
      REQUIRE(found.size() == layers.size());
      for (std::size_t k = 0; k < layers.size(); ++k) {
        CAPTURE(p, k);
        CHECK(found[k].rounds == 2000);
        CHECK(found[k].original == Approx(static_cast<double>(np.layers[k].normalized)));
        const double error = found[k].standard_deviation * std::sqrt(1.0 / rounds + 1.0 / 2000);
        CHECK(std::abs(found[k].mean - really[k].mean) < 4 * error);
        CHECK(found[k].standard_deviation == Approx(really[k].deviation).epsilon(0.2));
        CHECK(found[k].z_score ==
              Approx((found[k].original - found[k].mean) / found[k].standard_deviation));
        // The original is one of its shuffles.
        CHECK(std::abs(found[k].z_score) < 5);
        CHECK(found[k].p_value > 0);
        CHECK(found[k].p_value <= 1);
      }
    }
  }
}

TEST_CASE("what has structure is told from its shuffles", "[shuffle_null]") {
  Random random(3);
  // Heavy weights in few rows and columns: most neurons are joined late.
  Eigen::MatrixXd weights = support::random_matrix<double>(random, Kind::normal, 40, 60) * 0.05;
  weights.topLeftCorner(12, 12).setConstant(1);
  const auto found = dgp::shuffle_significance(weights);
  REQUIRE(found.size() == 1);
  CHECK(found[0].z_score > 10);
  CHECK(found[0].p_value == Approx(1.0 / 1001));
  // And heavy weights of which each joins two neurons: all are joined early.
  Eigen::MatrixXd spread = Eigen::MatrixXd::Constant(40, 40, 0.01);
  for (int i = 0; i < 40; ++i) spread(i, i) = spread(i, (i + 1) % 40) = 1;
  const auto early = dgp::shuffle_significance(spread);
  CHECK(early[0].z_score < -5);
  CHECK(early[0].p_value == 1);
}

TEST_CASE("where all shuffles are alike nothing deviates", "[shuffle_null]") {
  const Eigen::MatrixXf alike = Eigen::MatrixXf::Constant(7, 9, -0.3F);
  Random random(4);
  const Eigen::MatrixXf star = support::random_matrix<float>(random, Kind::normal, 1, 9);
  for (const auto& weights : {alike, star}) {
    const auto found = dgp::shuffle_significance(weights);
    CHECK(found[0].mean == Approx(found[0].original));
    CHECK(found[0].standard_deviation == 0);
    CHECK(std::isnan(found[0].z_score));
    CHECK(found[0].p_value == 1);
  }
  // Nor in so many rounds that a sum of figures would drift.
  const auto found = dgp::shuffle_significance(alike, {.rounds = 200000});
  CHECK(found[0].standard_deviation == 0);
  CHECK(std::isnan(found[0].z_score));
}

TEST_CASE("the heaviest values are those of a sort, among many equal ones too", "[shuffle_null]") {
  Random random(14);
  const dgp::detail::Magnitude<float> map;
  for (const auto kind : {Kind::normal, Kind::ties, Kind::zeros}) {
    const auto weights = support::random_matrix<float>(random, kind, 70, 90);
    const dgp::detail::NetworkWeights<float> network(weights);
    std::vector<float> sorted;
    for (const float weight : weights.reshaped()) sorted.push_back(std::abs(weight));
    std::sort(sorted.begin(), sorted.end(), std::greater<>());
    for (const std::size_t count : {1U, 60U, 400U, 2000U, 6299U, 6300U, 9000U}) {
      auto expected = sorted;
      expected.resize(std::min<std::size_t>(count, sorted.size()));
      CAPTURE(count);
      CHECK(dgp::detail::heaviest_values(network[0], map, count) == expected);
    }
  }
}

TEST_CASE("the norm's order and the essential class are those asked for", "[shuffle_null]") {
  Random random(8);
  const auto weights = support::random_matrix<double>(random, Kind::normal, 15, 25);
  for (const auto essential : {dgp::EssentialClass::dies_at_zero, dgp::EssentialClass::omitted}) {
    for (const double p : {1.0, 2.0, 700.0, 1e5, std::numeric_limits<double>::infinity()}) {
      const dgp::NeuralPersistenceOptions options{p, essential, dgp::Normalization::max_abs};
      const dgp::ShuffleNull null(15, 25, 20, 3);
      // The same shuffles written out: the weights by rank at the drawn ranks.
      std::vector<double> sorted(weights.data(), weights.data() + weights.size());
      for (double& weight : sorted) weight = std::abs(weight);
      std::sort(sorted.begin(), sorted.end(), std::greater<>());
      double mean = 0;
      for (std::size_t round = 0; round < null.rounds(); ++round) {
        dgp::PersistenceDiagram<double> diagram;
        for (const auto rank : null.ranks(round)) {
          diagram.pairs.push_back({1, sorted[rank] / sorted[0]});
        }
        mean += dgp::normalized_persistence(diagram, p, essential) / 20;
      }
      const auto found = dgp::shuffle_significance(weights, {.rounds = 20, .seed = 3}, options);
      CAPTURE(p);
      CHECK(found[0].mean == Approx(mean).epsilon(1e-12));
    }
  }
}

TEST_CASE("layers of one shape share their ranks, whichever side is larger", "[shuffle_null]") {
  dgp::ShuffleNulls nulls({.rounds = 10});
  const auto* const null = nulls.of(6, 11);
  REQUIRE(null != nullptr);
  CHECK(nulls.of(6, 11) == null);
  CHECK(nulls.of(11, 6) == null);
  CHECK(nulls.of(6, 12) != null);
}

TEST_CASE("dense edge sets of a graph are shuffled as layers are", "[shuffle_null]") {
  Random random(9);
  const Eigen::MatrixXf first = support::random_matrix<float>(random, Kind::normal, 8, 12);
  const Eigen::MatrixXf second = support::random_matrix<float>(random, Kind::normal, 5, 8);
  const Eigen::MatrixXf kernel = support::random_matrix<float>(random, Kind::normal, 3, 9) * 9;
  dgp::ShuffleNulls nulls({.rounds = 30});

  dgp::FeedForwardGraph<float> chain;
  const auto hidden = chain.dense(chain.input({12}), first);
  chain.output(chain.dense(hidden, second));
  const auto of_graph = dgp::shuffle_significance(chain, nulls);
  const std::vector<Eigen::MatrixXf> layers{first, second};
  const auto of_layers = dgp::shuffle_significance(layers, nulls);
  REQUIRE(of_graph.size() == 2);
  for (std::size_t k = 0; k < 2; ++k) {
    REQUIRE(of_graph[k].has_value());
    CHECK(of_graph[k]->original == of_layers[k].original);
    CHECK(of_graph[k]->mean == of_layers[k].mean);
    CHECK(of_graph[k]->z_score == of_layers[k].z_score);
  }

  // What shares weights is not shuffled, but its largest weight scales all.
  dgp::FeedForwardGraph<float> mixed;
  const auto seen = mixed.convolution(mixed.input({1, 4, 3}), kernel, dgp::square_window(3, 1, 1));
  const auto flat = mixed.reshaped(mixed.all_positions(seen), {3});
  const Eigen::MatrixXf last = support::random_matrix<float>(random, Kind::normal, 4, 3);
  const auto end = mixed.dense(flat, last);
  mixed.output(mixed.dense(mixed.concatenation({flat, end}), Eigen::MatrixXf::Random(2, 7)));
  const auto found = dgp::shuffle_significance(mixed, nulls);
  const auto np = dgp::neural_persistence(mixed);
  REQUIRE(found.size() == 3);
  CHECK(!found[0].has_value());
  REQUIRE(found[1].has_value());
  CHECK(found[1]->original == np.layers[1].normalized);
  CHECK(std::abs(found[1]->z_score) < 5);
  CHECK(!found[2].has_value());  // reads a concatenation
}

TEST_CASE("a layer too large to draw gets the asymptotic mean", "[shuffle_null]") {
  Random random(5);
  const double infinity = std::numeric_limits<double>::infinity();
  for (const auto& [rows, cols] :
       {std::pair{100, 300}, {10, 784}, {784, 10}, {30, 700}, {2, 2000}, {3000, 1}}) {
    const auto weights = support::random_matrix<float>(random, Kind::normal, rows, cols);
    dgp::ShuffleNulls drawn({.rounds = 400});
    dgp::ShuffleNulls too_many({.rounds = std::size_t{1} << 30});
    for (const auto essential : {dgp::EssentialClass::dies_at_zero, dgp::EssentialClass::omitted}) {
      for (const double p : {1.0, 2.0, infinity}) {
        const dgp::NeuralPersistenceOptions options{.p = p, .essential = essential};
        const auto expected = dgp::shuffle_significance(weights, drawn, options)[0];
        const auto found = dgp::shuffle_significance(weights, too_many, options)[0];
        CAPTURE(rows, cols, p);
        CHECK(found.rounds == 0);
        CHECK(found.original == expected.original);
        CHECK(std::isnan(found.standard_deviation));
        CHECK(std::isnan(found.z_score));
        CHECK(std::isnan(found.p_value));
        // One and a half components too many; the largest life alone is less certain.
        CHECK(found.mean ==
              Approx(expected.mean).epsilon(p < infinity ? 2.0 / (rows + cols) : 0.01));
      }
    }
  }
}

TEST_CASE("the chances of a merge add up to one for each neuron", "[shuffle_null]") {
  for (const auto& [rows, cols] :
       {std::pair{100, 100}, {30, 700}, {784, 100}, {4000, 3000}, {2, 900}, {900, 2}}) {
    const auto chances = dgp::detail::merge_chances(rows, cols);
    const double merges = std::accumulate(chances.begin(), chances.end(), 0.0);
    CAPTURE(rows, cols);
    CHECK(merges == Approx(rows + cols + 0.5).margin(0.1));
    const auto rises = [](double before, double after) { return after > before + 1e-6; };
    CHECK(std::ranges::adjacent_find(chances, rises) == chances.end());
  }
  CHECK(dgp::detail::merge_chances(1, 5) == std::vector<double>(5, 1));
  CHECK(dgp::detail::merge_chances(5, 1) == std::vector<double>(5, 1));
}

TEST_CASE("bad shuffles are refused", "[shuffle_null]") {
  CHECK_THROWS_AS(dgp::ShuffleNull(0, 4), std::invalid_argument);
  CHECK_THROWS_AS(dgp::ShuffleNulls({.rounds = 1}), std::invalid_argument);
  CHECK_THROWS_AS(dgp::ShuffleNull(3, 4, 1), std::invalid_argument);
  CHECK_THROWS_AS(dgp::ShuffleNull(3, 4, std::size_t{1} << 28), std::length_error);
  CHECK_THROWS_AS(dgp::ShuffleNull(3, 4, std::size_t{1} << 62), std::length_error);
  Eigen::MatrixXf weights = Eigen::MatrixXf::Random(3, 4);
  CHECK_THROWS_AS(dgp::shuffle_significance(weights, {}, {.p = 0.5}), std::invalid_argument);
  weights(1, 2) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(dgp::shuffle_significance(weights), std::invalid_argument);
}
