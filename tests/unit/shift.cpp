// Shifted data: the Kolmogorov-Smirnov test, class means, verdicts and detection rates.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#ifdef _OPENMP
#include <omp.h>
#endif

#include <Eigen/Core>

#include <dgp/monitoring/class_means.hpp>
#include <dgp/monitoring/kolmogorov_smirnov.hpp>
#include <dgp/monitoring/shift_detection.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/random_network.hpp"

namespace {

using dgp::ClassMeans;
using dgp::Index;
using dgp::kolmogorov_smirnov;
using dgp::kolmogorov_smirnov_p_value;
using support::error_of;
using support::holds;
using support::Random;
using Method = dgp::KolmogorovSmirnovMethod;
using RowMajor = dgp::RowMajorMatrix<double>;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// What is said of bad input.
template <class Action>
std::string refusal_of(const Action& action) {
  return support::error_of<std::invalid_argument>(action);
}

bool close(double actual, double expected, double tolerance = 1e-12) {
  return std::abs(actual - expected) <= tolerance * std::abs(expected);
}

// For every lattice path from (0, 0) to (n, m) its largest |i m - j n|.
std::vector<std::int64_t> largest_gaps(int n, int m) {
  std::vector<std::int64_t> gaps;
  for (unsigned path = 0; path < 1U << (n + m); ++path) {
    if (std::popcount(path) != n) continue;
    std::int64_t gap = 0;
    std::int64_t largest = 0;
    for (int step = 0; step < n + m; ++step) {
      gap += (path >> step & 1U) != 0 ? m : -n;
      largest = std::max(largest, std::abs(gap));
    }
    gaps.push_back(largest);
  }
  return gaps;
}

// By the definition, at every value.
double naive_statistic(const std::vector<double>& first, const std::vector<double>& second) {
  const auto share = [](const std::vector<double>& sample, double value) {
    const auto count =
        std::count_if(sample.begin(), sample.end(), [&](double other) { return other <= value; });
    return static_cast<double>(count) / static_cast<double>(sample.size());
  };
  double largest = 0;
  for (const auto* sample : {&first, &second}) {
    for (const double value : *sample) {
      largest = std::max(largest, std::abs(share(first, value) - share(second, value)));
    }
  }
  return largest;
}

std::vector<double> normal_sample(Random& random, int size, double mean = 0) {
  std::vector<double> sample;
  for (int i = 0; i < size; ++i) sample.push_back(random.normal() + mean);
  return sample;
}

RowMajor normal_matrix(Random& random, Index rows, Index cols, double mean = 0) {
  RowMajor figures(rows, cols);
  for (double& figure : figures.reshaped()) figure = random.normal() + mean;
  return figures;
}

}  // namespace

TEST_CASE("exact p-values are shares of lattice paths", "[shift]") {
  for (int n = 1; n <= 7; ++n) {
    for (int m = 1; m <= 7; ++m) {
      const auto gaps = largest_gaps(n, m);
      for (std::int64_t numerator = 0; numerator <= n * m; ++numerator) {
        const auto beyond = std::count_if(gaps.begin(), gaps.end(),
                                          [&](std::int64_t gap) { return gap >= numerator; });
        const double expected = static_cast<double>(beyond) / static_cast<double>(gaps.size());
        const double actual = kolmogorov_smirnov_p_value(
            numerator, static_cast<std::size_t>(n), static_cast<std::size_t>(m), Method::exact);
        INFO(n << ", " << m << ", " << numerator << ": " << actual << ", paths " << expected);
        REQUIRE(close(actual, expected));
      }
    }
  }
}

TEST_CASE("exact p-values keep their digits far out", "[shift]") {
  // For samples of one size n and a statistic k / n of more than 1/2: 2 C(2n, n-k) / C(2n, n).
  for (const int n : {20, 100, 450, 2000}) {
    for (int k = n / 2 + 1; k <= n; k += 1 + n / 9) {
      double expected = 2;
      for (int t = 1; t <= k; ++t) expected *= static_cast<double>(n - k + t) / (n + t);
      if (expected < 1e-290) continue;
      const auto size = static_cast<std::size_t>(n);
      const double actual = kolmogorov_smirnov_p_value(std::int64_t{k} * n, size, size);
      INFO(n << ", " << k << ": " << actual << ", closed form " << expected);
      REQUIRE(close(actual, expected, 1e-11));
    }
  }
  // Disjoint samples: two paths of all.
  for (const auto& [n, m] : {std::pair{3, 500}, std::pair{60, 90}, std::pair{1, 9999}}) {
    double expected = 2;
    for (int t = 1; t <= n; ++t) expected *= static_cast<double>(t) / (m + t);
    std::vector<double> low(static_cast<std::size_t>(n), -1.5);
    std::vector<double> high(static_cast<std::size_t>(m), 2.5);
    CHECK(kolmogorov_smirnov(low, high).statistic == 1);
    CHECK(close(kolmogorov_smirnov(low, high).p_value, expected, 1e-11));
    CHECK(close(kolmogorov_smirnov(high, low).p_value, expected, 1e-11));
  }
}

TEST_CASE("the statistic follows its definition, with ties and infinities", "[shift]") {
  Random random(61);
  for (int i = 0; i < 500; ++i) {
    std::vector<double> first = normal_sample(random, 1 + random.below(30));
    std::vector<double> second = normal_sample(random, 1 + random.below(30), random.uniform());
    if (i % 2 == 0) {
      for (auto* sample : {&first, &second}) {
        for (double& value : *sample) value = std::round(2 * value);
        if (i % 4 == 0) (*sample)[0] = random.below(2) == 0 ? infinity : -infinity;
      }
    }
    const auto result = kolmogorov_smirnov(first, second);
    REQUIRE(close(result.statistic, naive_statistic(first, second)));
    const double product = static_cast<double>(first.size() * second.size());
    REQUIRE(result.p_value == kolmogorov_smirnov_p_value(std::llround(result.statistic * product),
                                                         first.size(), second.size()));
    const auto swapped = kolmogorov_smirnov(second, first);
    REQUIRE(swapped.statistic == result.statistic);
    REQUIRE(swapped.p_value == result.p_value);
    for (auto* sample : {&first, &second}) std::sort(sample->begin(), sample->end());
    const auto sorted = dgp::kolmogorov_smirnov_sorted(first, second);
    REQUIRE(sorted.statistic == result.statistic);
    REQUIRE(sorted.p_value == result.p_value);
  }
  const std::vector<double> same = normal_sample(random, 40);
  CHECK(kolmogorov_smirnov(same, same).statistic == 0);
  for (const auto method : {Method::automatic, Method::exact, Method::asymptotic}) {
    CHECK(kolmogorov_smirnov(same, same, method).p_value == 1);
  }
}

TEST_CASE("asymptotic p-values are close to exact ones", "[shift]") {
  constexpr std::size_t size = 2000;
  double last = 1;
  for (std::int64_t k = 0; k <= 200; k += 4) {
    const double exact = kolmogorov_smirnov_p_value(k * 2000, size, size, Method::exact);
    const double asymptotic = kolmogorov_smirnov_p_value(k * 2000, size, size, Method::asymptotic);
    INFO(k << ": exact " << exact << ", asymptotic " << asymptotic);
    CHECK(std::abs(asymptotic - exact) <= std::min(0.015, 0.08 * exact));
    CHECK(asymptotic <= last);
    last = asymptotic;
  }
  // Both series of the limiting distribution, where one hands over to the other.
  CHECK(close(dgp::detail::kolmogorov_survival(1 - 1e-15), dgp::detail::kolmogorov_survival(1)));
  CHECK(close(dgp::detail::kolmogorov_survival(0.5), 0.9639452436648751));
  CHECK(close(dgp::detail::kolmogorov_survival(1.36), 0.049485876755377876));
  CHECK(kolmogorov_smirnov_p_value(1, 3, 20'000, Method::asymptotic) <= 1);

  // Past 10,000 values, and not before.
  CHECK(kolmogorov_smirnov_p_value(30'000, 10, 10'000) ==
        kolmogorov_smirnov_p_value(30'000, 10, 10'000, Method::exact));
  CHECK(kolmogorov_smirnov_p_value(30'000, 10, 10'001) ==
        kolmogorov_smirnov_p_value(30'000, 10, 10'001, Method::exact));
  const std::int64_t half = 30'000LL * 15'000;
  CHECK(kolmogorov_smirnov_p_value(half, 30'000, 30'000) ==
        kolmogorov_smirnov_p_value(half, 30'000, 30'000, Method::asymptotic));
}

TEST_CASE("samples that cannot be tested are named", "[shift]") {
  const std::vector<double> sound{1, 2, 3};
  const std::vector<double> hollow;
  const std::vector<double> broken{1, 2, not_a_number};
  const std::vector<double> unsorted{1, 3, 2};
  CHECK(holds(refusal_of([&] { kolmogorov_smirnov(hollow, sound); }), "first sample is empty"));
  CHECK(holds(refusal_of([&] { kolmogorov_smirnov(sound, hollow); }), "second sample is empty"));
  const std::string in_second = "value 2 of the second sample is NaN";
  CHECK(holds(refusal_of([&] { kolmogorov_smirnov(sound, broken); }), in_second));
  CHECK(holds(refusal_of([&] { dgp::kolmogorov_smirnov_sorted(sound, broken); }), in_second));
  CHECK(holds(refusal_of([&] { dgp::kolmogorov_smirnov_sorted(unsorted, sound); }),
              "value 2 of the first sample is less"));
  CHECK(holds(refusal_of([&] { kolmogorov_smirnov_p_value(-1, 2, 3); }), "-1 / 6"));
  CHECK(holds(refusal_of([&] { kolmogorov_smirnov_p_value(7, 2, 3); }), "7 / 6"));
  CHECK(holds(refusal_of([&] { kolmogorov_smirnov_p_value(0, 0, 3); }), "first sample"));
  CHECK(holds(error_of<std::length_error>([&] { kolmogorov_smirnov_p_value(0, 3, 2'000'000'000); }),
              "second sample has 2000000000"));
}

TEST_CASE("equal samples have an asymptotic p-value of 1", "[shift]") {
  CHECK(dgp::detail::kolmogorov_survival(0) == 1);
  CHECK(kolmogorov_smirnov_p_value(0, 30, 20, Method::asymptotic) == 1);
}

TEST_CASE("a bad feature in the first column is named", "[shift]") {
  ClassMeans means({2});
  Eigen::MatrixXd features = Eigen::MatrixXd::Ones(2, 2);
  features(1, 0) = -infinity;
  CHECK(holds(refusal_of([&] {
                means.add(features, std::vector<int>{0, 1});
              }),
              "sample 1, column 0: feature is -inf"));
}

TEST_CASE("class means are means, and distances are to them", "[shift]") {
  Random random(62);
  const RowMajor features = normal_matrix(random, 90, 7, 3);
  std::vector<int> labels;
  for (int i = 0; i < 90; ++i) labels.push_back(i % 3 == 0 ? 9 : i % 3 == 1 ? 2 : 400);
  for (const auto& parts : {std::vector<Index>{7}, {3, 4}, {1, 5, 1}}) {
    ClassMeans means(parts);
    means.add(features, labels);
    CHECK(means.parts() == parts);
    REQUIRE(means.labels() == std::vector<Index>{2, 9, 400});
    CHECK(means.counts() == std::vector<std::int64_t>{30, 30, 30});
    RowMajor expected = RowMajor::Zero(3, 7);
    for (Index i = 0; i < 90; ++i) {
      expected.row(i % 3 == 0 ? 1 : i % 3 == 1 ? 0 : 2) += features.row(i) / 30;
    }
    CHECK(means.means().isApprox(expected, 1e-14));
    CHECK(means.sums().isApprox(30 * expected, 1e-14));

    const RowMajor others = normal_matrix(random, 11, 7);
    const RowMajor distances = means.distances(others);
    REQUIRE(distances.rows() == 11);
    REQUIRE(distances.cols() == 3);
    for (Index sample = 0; sample < 11; ++sample) {
      for (Index center = 0; center < 3; ++center) {
        double sum = 0;
        Index col = 0;
        for (const Index length : parts) {
          double squares = 0;
          for (const Index end = col + length; col < end; ++col) {
            const double difference = others(sample, col) - expected(center, col);
            squares += difference * difference;
          }
          sum += std::sqrt(squares);
        }
        REQUIRE(close(distances(sample, center), sum / static_cast<double>(parts.size())));
      }
    }
    // Of whatever kind the expression is.
    CHECK(means.distances(support::Matrix<double>(others)) == distances);
    CHECK(means.distances(others.array()) == distances);
    CHECK(means.distances(others.topRows(4)) == distances.topRows(4));
    CHECK(means.distances(others.row(2)) == distances.row(2));
    CHECK(means.distances(others * 1.0) == distances);
    CHECK(means.distances(others.cast<float>()).isApprox(distances, 1e-5));
  }
}

TEST_CASE("class means do not depend on the order or the stream", "[shift]") {
  Random random(63);
  RowMajor features = normal_matrix(random, 200, 5);
  // Numbers that swallow each other.
  for (Index i = 0; i < 200; ++i) features.row(i) *= std::pow(10.0, random.below(16));
  std::vector<std::uint8_t> labels;
  for (int i = 0; i < 200; ++i) labels.push_back(static_cast<std::uint8_t>(random.below(4)));
  ClassMeans at_once({2, 3});
  at_once.add(features, labels);

  ClassMeans backwards({2, 3});
  backwards.add(features.colwise().reverse(),
                std::vector<std::uint8_t>(labels.rbegin(), labels.rend()));
  ClassMeans first({2, 3});
  ClassMeans second({2, 3});
  for (Index begin = 0; begin < 200; begin += 20) {
    auto& means = begin % 60 == 0 ? first : second;
    means.add(features.middleRows(begin, 20),
              std::vector<std::uint8_t>(labels.begin() + begin, labels.begin() + begin + 20));
  }
  first.merge(second);
  const double largest = at_once.sums().cwiseAbs().maxCoeff();
  for (const auto* means : {&backwards, &first}) {
    CHECK(means->labels() == at_once.labels());
    CHECK(means->counts() == at_once.counts());
    CHECK((means->sums() - at_once.sums()).cwiseAbs().maxCoeff() <= 1e-15 * largest);
  }

  const ClassMeans once = first;
  first.merge(first);
  CHECK(first.sums() == 2 * once.sums());
  CHECK(first.means() == once.means());
  CHECK(first.counts()[0] == 2 * once.counts()[0]);
  ClassMeans none({2, 3});
  none.merge(once);
  CHECK(none.means() == once.means());

  const ClassMeans restored(once.parts(), once.labels(), once.counts(), once.sums());
  CHECK(restored.distances(features) == once.distances(features));
}

TEST_CASE("features that cannot be taken are named and change nothing", "[shift]") {
  ClassMeans means({2, 1});
  const RowMajor sound = RowMajor::Ones(2, 3);
  CHECK(holds(refusal_of([&] { means.distances(sound); }), "no class"));
  means.add(sound, std::vector<int>{0, 1});
  RowMajor broken = RowMajor::Ones(2, 3);
  broken(1, 2) = not_a_number;
  CHECK(holds(refusal_of([&] {
                means.add(broken, std::vector<int>{5, 6});
              }),
              "sample 1, column 2: feature is nan"));
  CHECK(holds(refusal_of([&] { means.distances(broken); }), "sample 1, column 2: feature is nan"));
  for (const double value : {infinity, -infinity, 1.1e150, -1e200}) {
    broken(1, 2) = value;
    CHECK_THROWS_AS(means.add(broken, std::vector<int>{5, 6}), std::invalid_argument);
  }
  CHECK(holds(refusal_of([&] {
                means.add(sound, std::vector<int>{3, -1});
              }),
              "label -1 of sample 1 is not in [0, 65535]"));
  CHECK_THROWS_AS(means.add(sound, std::vector<int>{3, 65536}), std::invalid_argument);
  CHECK_THROWS_AS(means.add(sound, std::vector<std::uint64_t>{~std::uint64_t{0}, 0}),
                  std::invalid_argument);
  CHECK(
      holds(refusal_of([&] { means.add(sound, std::vector<int>{3}); }), "1 labels for 2 samples"));
  CHECK(holds(refusal_of([&] {
                means.add(RowMajor::Ones(2, 4), std::vector<int>{3, 3});
              }),
              "shape 2x4, but with 3 columns"));
  CHECK_THROWS_AS(means.distances(RowMajor::Ones(2, 2)), std::invalid_argument);
  CHECK_THROWS_AS(means.merge(ClassMeans({3})), std::invalid_argument);
  CHECK(means.labels() == std::vector<Index>{0, 1});
  CHECK(means.counts() == std::vector<std::int64_t>{1, 1});

  constexpr Index most = std::numeric_limits<Index>::max();
  for (const auto& parts : {std::vector<Index>{}, {0}, {3, -1}, {most, 1}}) {
    CHECK_THROWS_AS(ClassMeans(parts), std::invalid_argument);
  }
  using Labels = std::vector<Index>;
  using Counts = std::vector<std::int64_t>;
  CHECK_NOTHROW(ClassMeans({3}, Labels{0, 65535}, Counts{1, 1}, sound));
  CHECK_THROWS_AS(ClassMeans({3}, Labels{1, 1}, Counts{1, 1}, sound), std::invalid_argument);
  CHECK_THROWS_AS(ClassMeans({3}, Labels{-1, 1}, Counts{1, 1}, sound), std::invalid_argument);
  CHECK_THROWS_AS(ClassMeans({3}, Labels{0, 65536}, Counts{1, 1}, sound), std::invalid_argument);
  CHECK_THROWS_AS(ClassMeans({3}, Labels{0, 1}, Counts{1, 0}, sound), std::invalid_argument);
  CHECK_THROWS_AS(ClassMeans({3}, Labels{0, 1}, Counts{1}, sound), std::invalid_argument);
  CHECK_THROWS_AS(ClassMeans({2}, Labels{0, 1}, Counts{1, 1}, sound), std::invalid_argument);
  CHECK_THROWS_AS(ClassMeans({3}, Labels{0, 1}, Counts{1, 1}, broken), std::invalid_argument);
  constexpr std::int64_t many = std::int64_t{1} << 53;
  ClassMeans full({3}, Labels{0, 1}, Counts{many, 1}, sound);
  CHECK_THROWS_AS(full.merge(full), std::invalid_argument);
  CHECK(full.counts() == Counts{many, 1});
}

TEST_CASE("a shift is found in the columns that moved", "[shift]") {
  Random random(64);
  const RowMajor clean = normal_matrix(random, 60, 5);
  RowMajor batch = normal_matrix(random, 40, 5);
  batch.col(1).array() += 2;
  batch.col(4).array() -= 2;
  const auto verdict = dgp::detect_shift(clean, batch, 0.01);
  CHECK(verdict.shifted);
  CHECK(verdict.level == 0.01 / 5);
  CHECK(verdict.moved == std::vector<Index>{1, 4});
  REQUIRE(verdict.p_values.size() == 5);
  for (Index col = 0; col < 5; ++col) {
    const Eigen::VectorXd first = clean.col(col);
    const Eigen::VectorXd second = batch.col(col);
    CHECK(verdict.p_values[static_cast<std::size_t>(col)] ==
          kolmogorov_smirnov({first.data(), 60}, {second.data(), 40}).p_value);
  }
  CHECK(verdict.smallest_p_value ==
        *std::min_element(verdict.p_values.begin(), verdict.p_values.end()));

  const auto as_before = dgp::detect_shift(clean, clean);
  CHECK_FALSE(as_before.shifted);
  CHECK(as_before.smallest_p_value == 1);
  CHECK(as_before.moved.empty());
  // Of whatever kind the expressions are.
  const auto of_others =
      dgp::detect_shift(support::Matrix<double>(clean).array(), batch * 1.0, 0.01);
  CHECK(of_others.p_values == verdict.p_values);
  CHECK(dgp::detect_shift(clean.cast<float>(), batch.cast<float>(), 0.01).moved == verdict.moved);

  RowMajor broken = batch;
  broken(3, 2) = infinity;
  CHECK_NOTHROW(dgp::detect_shift(clean, broken));
  broken(3, 2) = not_a_number;
  CHECK(holds(refusal_of([&] { dgp::detect_shift(clean, broken); }), "the batch, row 3, column 2"));
  CHECK(holds(refusal_of([&] { dgp::detect_shift(broken, clean); }), "clean, row 3, column 2"));
  CHECK(holds(refusal_of([&] { dgp::detect_shift(clean, batch.leftCols(4)); }),
              "clean has 5 columns, the batch 4"));
  CHECK_THROWS_AS(dgp::detect_shift(clean, RowMajor(0, 5)), std::invalid_argument);
  CHECK_THROWS_AS(dgp::detect_shift(RowMajor(3, 0), RowMajor(3, 0)), std::invalid_argument);
  for (const double alpha : {0.0, 1.0, -0.1, not_a_number}) {
    CHECK_THROWS_AS(dgp::detect_shift(clean, batch, alpha), std::invalid_argument);
  }
}

TEST_CASE("detection rates: shifts are found, clean batches seldom flagged", "[shift]") {
  Random random(65);
  const RowMajor clean = normal_matrix(random, 500, 8);
  const RowMajor shifted = clean.array() + 1;
  const auto all = dgp::detection_rate(clean, shifted);
  CHECK(all.rounds == 50);
  CHECK(all.flagged == 50);
  CHECK(all.rate == 1);
  CHECK(all.highest == 1);
  CHECK(all.lowest == Approx(0.92865).epsilon(1e-4));  // Wilson: 50 / (50 + z^2)

  const auto none =
      dgp::detection_rate(clean, shifted, {.batch_size = 30, .share = 0, .rounds = 2000});
  CHECK(none.lowest <= 0.05);
  CHECK(none.rate > 0);
  CHECK(none.lowest < none.rate);
  CHECK(none.rate < none.highest);
  CHECK(none.rate == static_cast<double>(none.flagged) / 2000);

  double last = none.rate;
  for (const double share : {0.25, 0.5, 0.75}) {
    const auto some =
        dgp::detection_rate(clean, shifted, {.batch_size = 30, .share = share, .rounds = 200});
    CHECK(some.rate > last);
    last = some.rate;
  }
}

TEST_CASE("a round draws each sample once", "[shift]") {
  // Two batches that are all samples there are: of every such pair the p-value is the share of
  // pairs that are no more alike. A sample in both batches would make them more alike. So would a
  // shift that changes no order, were it to stand next to its own original.
  constexpr Index size = 20;
  RowMajor clean(2 * size, 1);
  for (Index row = 0; row < 2 * size; ++row) clean(row, 0) = static_cast<double>(row * 7 % 40);
  const RowMajor shifted = clean.array() + 0.5;
  for (const std::int64_t k : {5, 7, 9}) {
    const double p_value = kolmogorov_smirnov_p_value(k * size, size, size);
    for (const double share : {0.0, 0.6, 1.0}) {
      const auto measured = dgp::detection_rate(
          clean, shifted,
          {.batch_size = size, .share = share, .rounds = 20'000, .alpha = p_value * (1 + 1e-9)});
      INFO(k << ", share " << share << ": " << measured.rate << ", p-value " << p_value);
      CHECK(std::abs(measured.rate - p_value) <= 4 * std::sqrt(p_value / 20'000));
    }
  }
}

TEST_CASE("a batch holds as many shifted samples as asked", "[shift]") {
  // k shifted ones of n make a statistic of k / n: flagged, always, at its p-value and above.
  const RowMajor clean = RowMajor::Zero(50, 1);
  const RowMajor shifted = RowMajor::Ones(50, 1);
  const auto holds_shifted = [&](Index size, double share, std::int64_t k) {
    const auto count = static_cast<std::size_t>(size);
    const auto rate = [&](std::int64_t step) {
      const double alpha = kolmogorov_smirnov_p_value(step * size, count, count) * (1 + 1e-9);
      return dgp::detection_rate(clean, shifted,
                                 {.batch_size = size, .share = share, .alpha = alpha})
          .rate;
    };
    return rate(k) == 1 && rate(k + 1) == 0;
  };
  CHECK(holds_shifted(20, 0.6, 12));
  CHECK(holds_shifted(25, 0.33, 8));
  // Half a sample goes to the even number.
  CHECK(holds_shifted(25, 0.5, 12));
  CHECK(holds_shifted(6, 0.75, 4));
  CHECK(holds_shifted(10, 0.35, 4));
}

TEST_CASE("detection rates depend on the seed and on nothing else", "[shift]") {
  Random random(66);
  const RowMajor clean = normal_matrix(random, 300, 6);
  const RowMajor shifted = clean.array() + 0.5;
  const auto flagged = [&](std::uint64_t seed) {
    return dgp::detection_rate(clean, shifted,
                               {.batch_size = 50, .share = 0.8, .rounds = 400, .seed = seed})
        .flagged;
  };
  std::vector<Index> counts;
  for (std::uint64_t seed = 0; seed < 8; ++seed) counts.push_back(flagged(seed));
  CHECK(flagged(3) == counts[3]);
  CHECK(*std::min_element(counts.begin(), counts.end()) <
        *std::max_element(counts.begin(), counts.end()));
  const support::Matrix<double> by_column = clean;
  CHECK(dgp::detection_rate(by_column, shifted.array(),
                            {.batch_size = 50, .share = 0.8, .rounds = 400, .seed = 3})
            .flagged == counts[3]);
#ifdef _OPENMP
  const int threads = omp_get_max_threads();
  ClassMeans means({2, 4});
  means.add(clean, std::vector<int>(300, 0));
  const RowMajor many = normal_matrix(random, 100'000, 6);
  omp_set_num_threads(1);
  const RowMajor distances = means.distances(many);
  const auto verdict = dgp::detect_shift(many.topRows(5000), many.bottomRows(5000));
  for (const int count : {1, 2, 8}) {
    omp_set_num_threads(count);
    CHECK(flagged(3) == counts[3]);
    CHECK(means.distances(many) == distances);
    CHECK(dgp::detect_shift(many.topRows(5000), many.bottomRows(5000)).p_values ==
          verdict.p_values);
  }
  omp_set_num_threads(threads);
#endif
}

TEST_CASE("detection rates that cannot be measured are errors", "[shift]") {
  const RowMajor clean = RowMajor::Ones(20, 2);
  CHECK_NOTHROW(dgp::detection_rate(clean, clean, {.batch_size = 10}));
  CHECK(holds(refusal_of([&] { dgp::detection_rate(clean, clean, {.batch_size = 11}); }),
              "two batches of 11 need more than 20 samples"));
  constexpr Index most = std::numeric_limits<Index>::max();
  for (const dgp::DetectionRateOptions& options : {dgp::DetectionRateOptions{.batch_size = 0},
                                                   {.batch_size = -1},
                                                   {.batch_size = most},
                                                   {.batch_size = 5, .share = -0.1},
                                                   {.batch_size = 5, .share = 1.1},
                                                   {.batch_size = 5, .share = not_a_number},
                                                   {.batch_size = 5, .rounds = 0},
                                                   {.batch_size = 5, .alpha = 0},
                                                   {.batch_size = 5, .alpha = not_a_number}}) {
    CHECK_THROWS_AS(dgp::detection_rate(clean, clean, options), std::invalid_argument);
  }
  const dgp::DetectionRateOptions options{.batch_size = 5};
  CHECK_THROWS_AS(dgp::detection_rate(clean, clean.topRows(19), options), std::invalid_argument);
  CHECK_THROWS_AS(dgp::detection_rate(clean, clean.leftCols(1), options), std::invalid_argument);
  RowMajor broken = clean;
  broken(7, 1) = not_a_number;
  CHECK(holds(refusal_of([&] { dgp::detection_rate(clean, broken, options); }),
              "shifted, row 7, column 1"));
}

TEST_CASE("the smallest p-value of two samples is that of samples that lie apart", "[shift]") {
  for (const std::size_t first : {1U, 2U, 5U, 30U, 200U}) {
    for (const std::size_t second : {1U, 3U, 5U, 64U}) {
      CAPTURE(first, second);
      const double smallest = dgp::smallest_kolmogorov_smirnov_p_value(first, second);
      std::vector<double> low(first, -1.0);
      std::vector<double> high(second, 1.0);
      CHECK(smallest == Approx(dgp::kolmogorov_smirnov(low, high).p_value).epsilon(1e-12));
      CHECK(smallest == dgp::smallest_kolmogorov_smirnov_p_value(second, first));
    }
  }
  CHECK(dgp::smallest_kolmogorov_smirnov_p_value(5, 5) == Approx(2.0 / 252).epsilon(1e-14));
  CHECK(dgp::smallest_kolmogorov_smirnov_p_value(100'000'000, 100'000'000) == 0);
  CHECK_THROWS_AS(dgp::smallest_kolmogorov_smirnov_p_value(0, 5), std::invalid_argument);
}

TEST_CASE("a verdict says whether it could have been another", "[shift]") {
  for (const Eigen::Index clean_rows : {1, 7, 100}) {
    for (const Eigen::Index tests : {1, 3, 10}) {
      const Eigen::Index smallest = dgp::smallest_batch(clean_rows, tests);
      CAPTURE(clean_rows, tests, smallest);
      const Eigen::MatrixXd clean = Eigen::MatrixXd::Zero(clean_rows, tests);
      const auto verdict_on = [&](Eigen::Index rows) {
        return dgp::detect_shift(clean, Eigen::MatrixXd::Ones(rows, tests));
      };
      const auto enough = verdict_on(smallest);
      CHECK(enough.has_power());
      CHECK(enough.shifted);
      CHECK(enough.smallest_p_value == Approx(enough.smallest_possible_p_value).epsilon(1e-12));
      if (smallest == 1) continue;
      const auto too_few = verdict_on(smallest - 1);
      CHECK(too_few.has_power() == too_few.shifted);
      // Where the p-value is the level itself, rounding decides.
      if (too_few.smallest_p_value < 0.999 * too_few.level ||
          too_few.smallest_p_value > 1.001 * too_few.level) {
        CHECK_FALSE(too_few.has_power());
      }
    }
  }
  CHECK_THROWS_AS(dgp::smallest_batch(0, 1), std::invalid_argument);
  CHECK_THROWS_AS(dgp::smallest_batch(1, 0), std::invalid_argument);
  CHECK_THROWS_AS(dgp::smallest_batch(1, 1, 1.0), std::invalid_argument);
  CHECK_THROWS_AS(dgp::smallest_batch(1, 1, 1e-12), std::length_error);
}
