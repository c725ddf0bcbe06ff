// Fits of known distributions to the magnitudes of a layer's weights, by maximum likelihood.
//
// Girrbach et al. 2023 describe trained layers by the distribution of abs(w) / w_max: neural
// persistence of a layer whose weights are in random places depends on it alone. Needs Boost.Math;
// no other header includes this one.
//
// All four are exponential families, so that a few sums over the weights hold all that a fit needs:
// one pass for w_max, one for the sums, then equations in one or two unknowns.
#pragma once

#include <algorithm>
#include <boost/math/constants/constants.hpp>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/parallel.hpp>
#include <dgp/detail/weights/row_tasks.hpp>
#include <dgp/detail/weights/weight_statistics.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/normalization.hpp>

namespace dgp {

// The beta distribution, of density x^(a-1) (1-x)^(b-1) / B(a, b); x is cut to [1e-6, 1 - 1e-6].
struct BetaFit {
  double a;     // above 0
  double b;     // above 0
  double loss;  // negative log-likelihood, summed over the layer's weights
};
// The truncated Pareto distribution, of density b (1+x)^(-b-1) / (1 - 2^-b) on [0, 1].
struct TruncatedParetoFit {
  double b;     // of any sign
  double loss;  // negative log-likelihood, summed over the layer's weights
};
// A distribution on [0, 1] with one scale: half a normal one, whose density is in proportion to
// exp(-x^2 / (2 scale^2)), or an exponential one, in proportion to exp(-x / scale).
struct ScaleFit {
  double scale;  // infinite where the uniform distribution fits best
  double loss;   // negative log-likelihood, summed over the layer's weights
};

// The fits to one layer's magnitudes. The one of the lowest loss describes them best.
struct WeightFits {
  BetaFit beta;                         // of two parameters
  TruncatedParetoFit truncated_pareto;  // of one, as the next two
  ScaleFit truncated_normal;            // by the scale of the normal distribution
  ScaleFit truncated_exponential;       // by the scale of the exponential distribution
};

namespace detail {

// Means over a layer's x = abs(w) / w_max; sums over some of them until they are divided.
struct MagnitudeStatistics {
  double count = 0;
  bool alike = true;  // whether all are equal
  double x = 0;
  double x_squared = 0;
  double log_1_plus_x = 0;
  double log_x = 0;  // of the cut x, as the next two
  double log_1_minus_x = 0;
  double cut_x = 0;
  double cut_x_squared = 0;

  void add(const MagnitudeStatistics& other) {
    count += other.count;
    alike = alike && other.alike;
    x += other.x;
    x_squared += other.x_squared;
    log_1_plus_x += other.log_1_plus_x;
    log_x += other.log_x;
    log_1_minus_x += other.log_1_minus_x;
    cut_x += other.cut_x;
    cut_x_squared += other.cut_x_squared;
  }
};

// Taking the logarithms of one weight takes about as long as so many comparisons.
inline constexpr double work_of_logarithms = 100;

template <class Scalar>
MagnitudeStatistics magnitude_statistics(const WeightView<Scalar>& weights, double largest) {
  constexpr double cut = 1e-6;
  const auto scaled = [&](const Scalar& weight) {
    return std::abs(static_cast<double>(weight)) / largest;
  };
  const double first = scaled(weights(0, 0));
  RowTasks tasks = walk_tasks(weights);
  tasks.work *= work_of_logarithms;
  std::vector<MagnitudeStatistics> sums(tasks.count());
  for_each_run(weights, tasks, [&](std::size_t task, const Scalar* run, Index count) {
    MagnitudeStatistics sum;  // of the run: short sums lose little
    sum.count = static_cast<double>(count);
    for (Index i = 0; i < count; ++i) {
      const double x = scaled(run[i]);
      const double inner = std::clamp(x, cut, 1 - cut);
      sum.alike = sum.alike && x == first;
      sum.x += x;
      sum.x_squared += x * x;
      sum.log_1_plus_x += std::log1p(x);
      sum.log_x += std::log(inner);
      sum.log_1_minus_x += std::log1p(-inner);
      sum.cut_x += inner;
      sum.cut_x_squared += inner * inner;
    }
    sums[task].add(sum);
  });
  MagnitudeStatistics mean;
  for (const auto& sum : sums) mean.add(sum);
  for (double* sum : {&mean.x, &mean.x_squared, &mean.log_1_plus_x, &mean.log_x,
                      &mean.log_1_minus_x, &mean.cut_x, &mean.cut_x_squared}) {
    *sum /= mean.count;
  }
  return mean;
}

// The root of a function that falls from above 0 to below on an interval; NaN where it does not.
template <class Function>
double falling_root(const Function& function, double low, double high) {
  const double at_low = function(low);
  const double at_high = function(high);
  if (at_low == 0) return low;
  if (!(at_low > 0) || !(at_high < 0)) return std::numeric_limits<double>::quiet_NaN();
  std::uintmax_t steps = 200;
  const auto bracket = boost::math::tools::toms748_solve(
      function, low, high, at_low, at_high, boost::math::tools::eps_tolerance<double>(52), steps);
  return (bracket.first + bracket.second) / 2;
}

// Newton's method on the concave log-likelihood, with halved steps where a full one does not help.
inline BetaFit fit_beta(const MagnitudeStatistics& mean) {
  using boost::math::digamma;
  using boost::math::trigamma;
  const auto loss_of = [&](double a, double b) {
    return boost::math::lgamma(a) + boost::math::lgamma(b) - boost::math::lgamma(a + b) -
           (a - 1) * mean.log_x - (b - 1) * mean.log_1_minus_x;
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double variance = mean.cut_x_squared - mean.cut_x * mean.cut_x;
  // Nearly all weights alike, or cut to be so: the density grows without end, or rounding hides it.
  if (!(variance > 1e-15)) return {nan, nan, nan};
  const double common = std::max(mean.cut_x * (1 - mean.cut_x) / variance - 1, 1e-3);
  double a = mean.cut_x * common;
  double b = (1 - mean.cut_x) * common;
  double loss = loss_of(a, b);
  for (int step = 0; step < 200; ++step) {
    const double both = digamma(a + b);
    const double grad_a = digamma(a) - both - mean.log_x;
    const double grad_b = digamma(b) - both - mean.log_1_minus_x;
    const double cross = -trigamma(a + b);
    const double hess_a = trigamma(a) + cross;
    const double hess_b = trigamma(b) + cross;
    const double determinant = hess_a * hess_b - cross * cross;
    double step_a = -(hess_b * grad_a - cross * grad_b) / determinant;
    double step_b = -(hess_a * grad_b - cross * grad_a) / determinant;
    bool better = false;
    for (int halving = 0; halving < 60; ++halving, step_a /= 2, step_b /= 2) {
      if (a + step_a <= 0 || b + step_b <= 0) continue;
      const double next = loss_of(a + step_a, b + step_b);
      if (!(next < loss)) continue;
      better = true;
      loss = next;
      a += step_a;
      b += step_b;
      break;
    }
    if (!better) break;
  }
  return {a, b, loss * mean.count};
}

// In each of the others the mean of a statistic under the model falls in the parameter; the fit is
// where it equals the one observed.
inline TruncatedParetoFit fit_truncated_pareto(const MagnitudeStatistics& mean) {
  const double log_2 = boost::math::constants::ln_two<double>();
  const auto expected = [&](double b) {
    if (std::abs(b) < 1e-5) return log_2 / 2 - b * log_2 * log_2 / 12;
    return 1 / b - log_2 / std::expm1(b * log_2);
  };
  const double b = falling_root(
      [&](double parameter) { return expected(parameter) - mean.log_1_plus_x; }, -1e9, 1e9);
  // Of (1 - 2^-b) / b, for b below 0 without the overflow of 2^-b.
  const double log_normalizer = std::abs(b) < 1e-12 ? std::log(log_2)
                                : b > 0             ? std::log(-std::expm1(-b * log_2) / b)
                                        : -b * log_2 + std::log(std::expm1(b * log_2) / b);
  return {b, mean.count * (log_normalizer + (b + 1) * mean.log_1_plus_x)};
}

inline ScaleFit fit_truncated_exponential(const MagnitudeStatistics& mean) {
  if (mean.x >= 0.5) return {std::numeric_limits<double>::infinity(), 0};
  const auto expected = [](double rate) {
    return rate < 1e-5 ? 0.5 - rate / 12 : 1 / rate - 1 / std::expm1(rate);
  };
  const double rate =
      falling_root([&](double parameter) { return expected(parameter) - mean.x; }, 0, 1e9);
  return {1 / rate, mean.count * (std::log(-std::expm1(-rate) / rate) + rate * mean.x)};
}

inline ScaleFit fit_truncated_normal(const MagnitudeStatistics& mean) {
  if (mean.x_squared >= 1.0 / 3) return {std::numeric_limits<double>::infinity(), 0};
  // By t = 1 / scale; half_mass is what the normal density has between 0 and t.
  const auto half_mass = [](double t) { return std::erf(t / std::sqrt(2.0)) / 2; };
  const auto density = [](double t) {
    return std::exp(-t * t / 2) * boost::math::constants::one_div_root_two_pi<double>();
  };
  const auto expected = [&](double t) {
    if (t < 1e-3) return 1.0 / 3 - 2 * t * t / 45;
    return (1 - t * density(t) / half_mass(t)) / (t * t);
  };
  const double t =
      falling_root([&](double parameter) { return expected(parameter) - mean.x_squared; }, 0, 1e9);
  const double log_normalizer =
      std::log(half_mass(t) / t) + std::log(2 * boost::math::constants::pi<double>()) / 2;
  return {1 / t, mean.count * (log_normalizer + t * t * mean.x_squared / 2)};
}

}  // namespace detail

// The fits for each layer's abs(w) / w_max, w_max the largest magnitude in all layers. NaN where
// the magnitudes of a layer are all alike, and where parameters beyond 1e9 would fit best. Time
// O(weights), memory O(layers). Throws std::invalid_argument for an empty network or layer and for
// a weight that is not finite.
template <Network Layers>
std::vector<WeightFits> weight_fits(Layers&& layers) {
  using Scalar = scalar_t<Layers>;
  const detail::NetworkWeights<Scalar> network(std::forward<Layers>(layers));
  const auto largest =
      static_cast<double>(detail::scaled_by(detail::largest_magnitude(network)).largest);
  std::vector<WeightFits> fits(network.size());
  const double work = detail::work_of_logarithms * detail::work_by_layer(network);
  detail::parallel_for(network.size(), work, [&](std::size_t k) {
    const auto mean = detail::magnitude_statistics(network[k], largest);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    if (mean.alike) {
      fits[k] = {{nan, nan, nan}, {nan, nan}, {nan, nan}, {nan, nan}};
      return;
    }
    fits[k] = {detail::fit_beta(mean), detail::fit_truncated_pareto(mean),
               detail::fit_truncated_normal(mean), detail::fit_truncated_exponential(mean)};
  });
  return fits;
}
template <Layer One>
std::vector<WeightFits> weight_fits(std::initializer_list<One> layers) {
  return weight_fits(std::span(layers));
}

}  // namespace dgp
