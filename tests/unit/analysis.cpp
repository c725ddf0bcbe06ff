// What drives neural persistence: spatial concentration, shuffling, fits, early stopping, bounds.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"
#include "../support/random_network.hpp"

#if __has_include(<boost/math/special_functions/digamma.hpp>)
#include <dgp/analysis/weight_fits.hpp>
#endif

#ifdef _OPENMP
#include <omp.h>
#endif

namespace {

using support::Random;

// By the definition: concordant less discordant pairs, over the geometric mean of the untied.
double naive_tau(const std::vector<double>& y) {
  double sum = 0;
  double pairs = 0;
  double untied = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    for (std::size_t j = i + 1; j < y.size(); ++j) {
      ++pairs;
      untied += y[i] != y[j];
      sum += (y[i] < y[j]) - (y[i] > y[j]);
    }
  }
  return sum / std::sqrt(pairs * untied);
}

// The published definition, step by step.
double naive_concentration(const support::Matrix<double>& weights) {
  const support::Matrix<double> scaled = weights.cwiseAbs() / weights.cwiseAbs().maxCoeff();
  const auto ordered = [](const std::vector<double>& means) {
    std::vector<int> order(means.size());
    std::iota(order.begin(), order.end(), 0);
    // Equal but for rounding, here of sums of a few doubles, is equal.
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      return means[static_cast<std::size_t>(a)] < means[static_cast<std::size_t>(b)] * (1 - 1e-13);
    });
    return order;
  };
  std::vector<double> means;
  for (int c = 0; c < scaled.cols(); ++c) {
    double sum = 0;
    for (int r = 0; r < scaled.rows(); ++r) sum += scaled(r, c);
    means.push_back(sum / static_cast<double>(scaled.rows()));
  }
  const auto cols = ordered(means);
  means.clear();
  for (int r = 0; r < scaled.rows(); ++r) {
    double sum = 0;
    for (const int c : cols) sum += scaled(r, c);
    means.push_back(sum / static_cast<double>(scaled.cols()));
  }
  const auto rows = ordered(means);
  std::vector<double> diagonals;
  std::vector<double> by_row;
  std::vector<double> by_col;
  const auto at = [&](int r, int c) {
    return scaled(rows[static_cast<std::size_t>(r)], cols[static_cast<std::size_t>(c)]);
  };
  for (int s = 0; s < scaled.rows() + scaled.cols() - 1; ++s) {
    for (int r = 0; r < scaled.rows(); ++r) {
      if (s - r >= 0 && s - r < scaled.cols()) diagonals.push_back(at(r, s - r));
    }
  }
  for (int r = 0; r < scaled.rows(); ++r) {
    for (int c = 0; c < scaled.cols(); ++c) by_row.push_back(at(r, c));
  }
  for (int c = 0; c < scaled.cols(); ++c) {
    for (int r = 0; r < scaled.rows(); ++r) by_col.push_back(at(r, c));
  }
  return std::max({naive_tau(diagonals), naive_tau(by_row), naive_tau(by_col)});
}

}  // namespace

TEST_CASE("inversions are counted as one by one", "[analysis]") {
  Random random(41);
  for (int i = 0; i < 300; ++i) {
    const int most = i % 3 == 0 ? 3 : i % 3 == 1 ? 40 : 100'000;
    std::vector<std::uint32_t> ranks;
    for (int n = random.below(i % 50 == 0 ? 1500 : 60) + 1; n > 0; --n) {
      ranks.push_back(static_cast<std::uint32_t>(random.below(most)));
    }
    std::int64_t expected = 0;
    for (std::size_t a = 0; a < ranks.size(); ++a) {
      for (std::size_t b = a + 1; b < ranks.size(); ++b) expected += ranks[a] > ranks[b];
    }
    const auto largest = *std::max_element(ranks.begin(), ranks.end());
    REQUIRE(dgp::detail::count_inversions(ranks, largest) == expected);
    REQUIRE(std::is_sorted(ranks.begin(), ranks.end()));
  }
}

TEST_CASE("Kendall's tau of as many ranks as there can be", "[analysis]") {
  constexpr std::int64_t most = 0xffffffff;
  CHECK(dgp::detail::kendall_tau_b(most, 0, 0) == Approx(1));
  CHECK(dgp::detail::kendall_tau_b(most, 0, (most - 1) / 2 * most) == Approx(-1));
}

TEST_CASE("spatial concentration follows its definition", "[analysis]") {
  Random random(42);
  for (int i = 0; i < 200; ++i) {
    const auto kind = static_cast<support::Kind>(i % static_cast<int>(support::Kind::count));
    if (kind == support::Kind::all_equal) continue;
    const auto weights =
        support::random_matrix<double>(random, kind, 2 + random.below(20), 2 + random.below(20));
    const double actual = dgp::spatial_concentration(weights);
    const double expected = naive_concentration(weights);
    INFO("matrix " << i << ": " << actual << ", by definition " << expected);
    REQUIRE(((std::isnan(actual) && std::isnan(expected)) || std::abs(actual - expected) < 1e-12));
    const dgp::RowMajorMatrix<double> by_row = weights;
    REQUIRE((std::isnan(actual) || dgp::spatial_concentration(by_row) == actual));
  }
}

// Rows and columns of a circulant hold the same weights, those of a magic square others of the same
// sum: no order but that in which they stand. Scaled, rounding moves the means of either apart.
TEMPLATE_TEST_CASE("equal means stay equal in every scale", "[analysis]", float, double,
                   long double) {
  support::Matrix<TestType> circulant(5, 5);
  support::Matrix<TestType> magic(5, 5);
  for (int r = 0; r < 5; ++r) {
    for (int c = 0; c < 5; ++c) {
      circulant(r, c) = TestType(1) / static_cast<TestType>(2 + (c + 2 * r) % 5);
      magic(r, c) = static_cast<TestType>(5 * ((r + c + 3) % 5) + (r + 2 * c + 1) % 5 + 1);
    }
  }
  REQUIRE(magic.rowwise().sum().minCoeff() == 65);
  REQUIRE(magic.colwise().sum().maxCoeff() == 65);
  for (const auto& weights : {circulant, magic}) {
    const double expected = dgp::spatial_concentration(weights);
    CHECK(expected == Approx(naive_concentration(weights.template cast<double>())));
    for (const double scale : {0.1, 3.0, 0.7, 1e-5, -1.1e7}) {
      INFO("times " << scale);
      const support::Matrix<TestType> scaled = weights * static_cast<TestType>(scale);
      CHECK(dgp::spatial_concentration(scaled) == expected);
    }
  }
}

TEST_CASE("spatial concentration of a sorted matrix is 1, of equal weights undefined",
          "[analysis]") {
  support::Matrix<float> sorted(6, 5);
  for (int r = 0; r < 6; ++r) {
    for (int c = 0; c < 5; ++c) sorted(r, c) = static_cast<float>(10 * r + c + 1);
  }
  CHECK(dgp::spatial_concentration(sorted) == Approx(1));
  CHECK(std::isnan(dgp::spatial_concentration(support::Matrix<float>::Constant(3, 4, -0.5F))));
  CHECK_THROWS_AS(dgp::spatial_concentration(support::Matrix<float>(0, 3)), std::invalid_argument);
  sorted(1, 1) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(dgp::spatial_concentration(sorted), std::invalid_argument);
}

TEST_CASE("shuffling keeps each layer's weights and changes their places", "[analysis]") {
  Random random(43);
  const std::vector<support::Matrix<float>> layers{
      support::random_matrix<float>(random, support::Kind::normal, 7, 9),
      support::random_matrix<float>(random, support::Kind::heavy_tails, 4, 7)};
  const auto shuffled = dgp::shuffled_layers(layers, 5);
  const auto again = dgp::shuffled_layers(layers, 5);
  const auto other = dgp::shuffled_layers(layers, 6);
  REQUIRE(shuffled.size() == 2);
  for (std::size_t k = 0; k < 2; ++k) {
    REQUIRE(shuffled[k] == again[k]);
    REQUIRE(shuffled[k] != other[k]);
    REQUIRE(shuffled[k] != layers[k]);
    std::vector<float> before(layers[k].data(), layers[k].data() + layers[k].size());
    std::vector<float> after(shuffled[k].data(), shuffled[k].data() + shuffled[k].size());
    std::sort(before.begin(), before.end());
    std::sort(after.begin(), after.end());
    REQUIRE(before == after);
  }
}

TEST_CASE("shuffling effects tell structure from chance", "[analysis]") {
  Random random(44);
  // Large weights gathered in a block, where most of their edges close cycles: scattered, most of
  // them merge components.
  auto gathered = support::random_matrix<double>(random, support::Kind::uniform, 20, 20);
  gathered *= 0.1;
  gathered.block(3, 4, 6, 6).setConstant(1);
  const std::vector<support::Matrix<double>> layers{gathered};
  const auto effects = dgp::shuffling_effects(
      layers,
      [](const auto& some) {
        return std::vector<double>{dgp::neural_persistence(some).mean_normalized,
                                   dgp::weight_variance(some).network};
      },
      20);
  REQUIRE(effects.size() == 2);
  CHECK(effects[0].original == dgp::neural_persistence(layers).mean_normalized);
  CHECK(effects[0].smallest <= effects[0].mean);
  CHECK(effects[0].mean <= effects[0].largest);
  CHECK(std::abs(effects[0].z_score) > 5);
  // What shuffling cannot change: but for rounding.
  CHECK(std::abs(effects[1].mean) < 1e-12);

  double mean = 0;
  std::vector<double> changes;
  for (std::uint64_t i = 0; i < 20; ++i) {
    changes.push_back(dgp::neural_persistence(dgp::shuffled_layers(layers, 1 + i)).mean_normalized -
                      effects[0].original);
    mean += changes.back() / 20;
  }
  double squares = 0;
  for (const double change : changes) squares += (change - mean) * (change - mean);
  CHECK(effects[0].mean == Approx(mean));
  CHECK(effects[0].standard_deviation == Approx(std::sqrt(squares / 19)));
  CHECK(effects[0].z_score == Approx(-mean / std::sqrt(squares / 19)));
  CHECK_THROWS_AS(dgp::shuffling_effects(
                      layers, [](const auto&) { return std::vector<double>{1}; }, 1),
                  std::invalid_argument);
}

TEST_CASE("shuffling that changes nothing but rounding has no z-score", "[analysis]") {
  Random random(48);
  const std::vector<support::Matrix<float>> row{
      support::random_matrix<float>(random, support::Kind::normal, 1, 50)};
  const auto effects = dgp::shuffling_effects(
      row, [](const auto& some) { return std::vector<double>{dgp::weight_variance(some).network}; },
      20);
  CHECK(std::isnan(effects[0].z_score));
  CHECK(effects[0].standard_deviation == 0);
}

TEST_CASE("early stopping waits out the burn-in, then for a rise", "[analysis]") {
  dgp::EarlyStopping stopping({.burn_in = 2, .patience = 2, .delta = 0.1});
  CHECK_FALSE(stopping.check(9).stop);  // forgotten: burn-in
  CHECK_FALSE(stopping.check(8).stop);
  CHECK_FALSE(stopping.check(1).stop);  // sets the mark
  auto verdict = stopping.check(1.05);  // no rise by more than delta
  CHECK_FALSE(verdict.stop);
  CHECK(verdict.best_check == 2);
  CHECK(verdict.best == 1);
  CHECK_FALSE(stopping.check(1.2).stop);
  CHECK_FALSE(stopping.check(1.2).stop);
  verdict = stopping.check(1.4);
  CHECK(verdict.best_check == 6);
  for (int i = 0; i < 2; ++i) verdict = stopping.check(0.5);
  CHECK(verdict.stop);
  CHECK_FALSE(verdict.reason.empty());
  CHECK(stopping.check(0.5).stop);
  CHECK_FALSE(stopping.check(7).stop);

  CHECK_THROWS_AS(dgp::EarlyStopping({.patience = 0}), std::invalid_argument);
  CHECK_THROWS_AS(dgp::EarlyStopping({.delta = -1}), std::invalid_argument);
  CHECK_THROWS_AS(stopping.check(std::numeric_limits<double>::quiet_NaN()), std::invalid_argument);
}

TEST_CASE("without burn-in the first check counts", "[analysis]") {
  dgp::EarlyStopping stopping({.burn_in = 0, .patience = 1});
  CHECK_FALSE(stopping.check(1).stop);
  CHECK_FALSE(stopping.check(2).stop);
  CHECK(stopping.check(2).stop);
}

TEST_CASE("early stopping by default forgets ten checks and waits for four", "[analysis]") {
  dgp::EarlyStopping stopping;
  for (int check = 0; check < 14; ++check) CHECK_FALSE(stopping.check(20 - check).stop);
  const auto verdict = stopping.check(0);
  CHECK(verdict.stop);
  CHECK(verdict.best_check == 10);
}

TEST_CASE("bounds hold deep graph persistence between them", "[analysis]") {
  Random random(45);
  int compared = 0;
  for (int i = 0; i < 400; ++i) {
    const auto layers = support::random_network<double>(random, 1 + random.below(4), 9);
    for (const auto normalization :
         {dgp::Normalization::max_abs, dgp::Normalization::standardized}) {
      for (const double p : {1.0, 2.0, std::numeric_limits<double>::infinity()}) {
        dgp::DeepGraphPersistenceOptions options{
            .p = p, .normalization = normalization, .rescale = i % 2 == 0};
        options.essential =
            i % 3 == 0 ? dgp::EssentialClass::omitted : dgp::EssentialClass::dies_at_zero;
        double total = 0;
        try {
          total = dgp::deep_graph_persistence(layers, options).total;
        } catch (const std::domain_error&) {
          continue;  // a constant layer
        }
        const auto bounds = dgp::deep_graph_persistence_bounds(layers, options);
        INFO("network " << i << ", p " << p);
        REQUIRE(bounds.lower.total <= total * (1 + 1e-12) + 1e-12);
        REQUIRE(total <= bounds.upper.total * (1 + 1e-12) + 1e-12);
        ++compared;
      }
    }
  }
  CHECK(compared > 1000);
  const std::vector<support::Matrix<double>> one{support::Matrix<double>::Identity(2, 2)};
  CHECK_THROWS_AS(
      dgp::deep_graph_persistence_bounds(one, {.normalization = dgp::Normalization::none}),
      std::invalid_argument);
}

#if __has_include(<boost/math/special_functions/digamma.hpp>)
TEST_CASE("fits find the parameters that weights were drawn with", "[analysis]") {
  Random random(46);
  support::Matrix<double> exponential(200, 200);
  support::Matrix<double> normal(200, 200);
  for (int i = 0; i < exponential.size(); ++i) {
    // Through the inverse of the truncated distribution function.
    exponential.data()[i] = -0.2 * std::log1p(random.uniform() * std::expm1(-1 / 0.2));
    do {
      normal.data()[i] = 0.3 * random.normal();
    } while (std::abs(normal.data()[i]) > 1);
  }
  exponential(0, 0) = normal(0, 0) = 1;  // the largest magnitude
  const auto fits = dgp::weight_fits(std::vector<support::Matrix<double>>{exponential, normal});
  CHECK(fits[0].truncated_exponential.scale == Approx(0.2).epsilon(0.03));
  CHECK(fits[1].truncated_normal.scale == Approx(0.3).epsilon(0.03));
  CHECK(fits[0].truncated_exponential.loss < fits[0].truncated_normal.loss);
  CHECK(fits[1].truncated_normal.loss < fits[1].truncated_exponential.loss);
}

TEST_CASE("fits of a layer that is shared out do not depend on threads or storage order",
          "[analysis]") {
  Random random(49);
  const support::Matrix<float> weights =
      support::random_matrix<float>(random, support::Kind::normal, 1500, 300);
  const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> by_rows = weights;
  const auto figures = [](const auto& layer) {
    const dgp::WeightFits fits = dgp::weight_fits(layer)[0];
    return std::vector<double>{fits.beta.a,
                               fits.beta.b,
                               fits.beta.loss,
                               fits.truncated_pareto.b,
                               fits.truncated_pareto.loss,
                               fits.truncated_normal.scale,
                               fits.truncated_normal.loss,
                               fits.truncated_exponential.scale,
                               fits.truncated_exponential.loss};
  };
  const std::vector<double> expected = figures(weights);
  const std::vector<double> other_order = figures(by_rows);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    CHECK(other_order[i] == Approx(expected[i]).epsilon(1e-7));
  }
#ifdef _OPENMP
  const int threads = omp_get_max_threads();
  for (const int count : {1, 2, 5}) {
    omp_set_num_threads(count);
    CHECK(figures(weights) == expected);
  }
  omp_set_num_threads(threads);
#endif
}

TEST_CASE("fits of weights without spread, of zeros and of single weights are defined or NaN",
          "[analysis]") {
  using Layers = std::vector<support::Matrix<float>>;
  for (const auto& layers :
       {Layers{support::Matrix<float>::Constant(3, 3, 0.5F)},
        Layers{support::Matrix<float>::Zero(2, 3)}, Layers{support::Matrix<float>::Ones(1, 1)}}) {
    const auto fits = dgp::weight_fits(layers);
    CHECK(std::isnan(fits[0].beta.a));
    CHECK(std::isnan(fits[0].truncated_pareto.loss));
    CHECK(std::isnan(fits[0].truncated_normal.scale));
    CHECK(std::isnan(fits[0].truncated_exponential.loss));
  }
  // Alike but for the largest of another layer, in a row so long that sums of squares round.
  const auto alike = dgp::weight_fits(std::vector<support::Matrix<double>>{
      support::Matrix<double>::Constant(1, 100'000, 0.3), support::Matrix<double>::Ones(1, 1)});
  CHECK(std::isnan(alike[0].beta.loss));
}

TEST_CASE("fits at the ends of the unit interval are finite", "[analysis]") {
  Random random(47);
  support::Matrix<double> near_one(30, 30);
  for (double& weight : near_one.reshaped()) weight = 1 - 1e-4 * random.uniform();
  const auto fits = dgp::weight_fits(std::vector<support::Matrix<double>>{near_one});
  CHECK(std::isfinite(fits[0].truncated_pareto.loss));
  CHECK(fits[0].truncated_pareto.loss < 0);
  CHECK(fits[0].truncated_pareto.b < -1000);
  CHECK(std::isinf(fits[0].truncated_exponential.scale));
}
#endif
