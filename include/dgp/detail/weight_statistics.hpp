// What one pass over the weights of a layer tells: whether they are finite, their largest
// magnitude, their mean and deviation.
//
// Sums are taken over fixed parts of each row and added in a fixed order: results do not depend on
// the number of threads. Sums of doubles and of wider types are compensated (Neumaier), so that
// they do not show the order of summation, and with it storage order and orientation, either; sums
// of narrower types in double show it in the last of their own digits only, and have more of these
// than the weights, save where weights of wildly different magnitude cancel.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/ordered_bits.hpp>
#include <dgp/detail/parallel.hpp>
#include <dgp/detail/row_tasks.hpp>
#include <dgp/detail/weight_view.hpp>

namespace dgp::detail {

// Cuts the walk over a layer's weights into tasks. Calls visit(task, weights, count) for runs of at
// most 1024 weights side by side, each within one row (of a column-major layer: one column).
template <class Scalar, class Visit>
void for_each_run(const WeightView<Scalar>& layer, const RowTasks& tasks, const Visit& visit) {
  constexpr Index longest = 1024;
  const WeightView<Scalar> weights = along_memory(layer);
  parallel_for(tasks.count(), tasks.work, [&](std::size_t task) {
    std::vector<Scalar> gathered(weights.col_stride == 1 ? 0 : longest);
    for (Index row = tasks.begin(task); row < tasks.end(task); ++row) {
      for (Index col = 0; col < weights.cols; col += longest) {
        const Index count = std::min(longest, weights.cols - col);
        const Scalar* first = &weights(row, col);
        if (weights.col_stride != 1) {
          for (Index i = 0; i < count; ++i) {
            gathered[static_cast<std::size_t>(i)] = first[i * weights.col_stride];
          }
          first = gathered.data();
        }
        visit(task, first, count);
      }
    }
  });
}

template <class Scalar>
RowTasks walk_tasks(const WeightView<Scalar>& layer) {
  const WeightView<Scalar> weights = along_memory(layer);
  return RowTasks(weights.rows, weights.cols);
}

// The largest magnitude; not finite where a weight is not.
template <class Scalar>
Scalar largest_magnitude(const WeightView<Scalar>& weights) {
  const RowTasks tasks = walk_tasks(weights);
  if constexpr (has_ordered_bits<Scalar>) {
    std::vector<Bits<Scalar>> largest(tasks.count(), 0);
    for_each_run(weights, tasks, [&](std::size_t task, const Scalar* run, Index count) {
      Bits<Scalar> run_largest = 0;
      for (Index i = 0; i < count; ++i) {
        const Bits<Scalar> key = magnitude_key(run[i]);
        run_largest = run_largest < key ? key : run_largest;
      }
      largest[task] = std::max(largest[task], run_largest);
    });
    return magnitude_of<Scalar>(*std::max_element(largest.begin(), largest.end()));
  } else {
    std::vector<Scalar> largest(tasks.count(), Scalar(0));
    for_each_run(weights, tasks, [&](std::size_t task, const Scalar* run, Index count) {
      for (Index i = 0; i < count; ++i) {
        const Scalar magnitude = Eigen::numext::abs(run[i]);
        // Once it is NaN, it stays.
        if (!(magnitude <= largest[task]) && largest[task] == largest[task]) {
          largest[task] = magnitude;
        }
      }
    });
    for (const Scalar& value : largest) {
      if (!(Eigen::numext::isfinite)(value)) return value;
    }
    return *std::max_element(largest.begin(), largest.end());
  }
}

// A sum with a running correction of what rounding lost (Knuth's two-sum).
template <class Sum>
struct CompensatedSum {
  Sum sum{0};
  Sum lost{0};

  void add(const Sum& value) {
    const Sum total = sum + value;
    const Sum seen = total - sum;
    lost += Sum(sum - Sum(total - seen)) + Sum(value - seen);
    sum = total;
  }
};

// So many sums side by side, each in memory: enough that the compiler vectorises them and that no
// sum waits for its last addition.
inline constexpr std::size_t lanes = 32;

template <class Scalar, class Summand>
sum_t<Scalar> compensated_sum(const WeightView<Scalar>& weights, const Summand& summand) {
  using Sum = sum_t<Scalar>;
  const RowTasks tasks = walk_tasks(weights);
  std::vector<std::array<CompensatedSum<Sum>, lanes>> sums(tasks.count());
  for_each_run(weights, tasks, [&](std::size_t task, const Scalar* run, Index count) {
    auto& task_sums = sums[task];
    for (Index i = 0; i < count; ++i) {
      task_sums[static_cast<std::size_t>(i) % lanes].add(summand(static_cast<Sum>(run[i])));
    }
  });
  CompensatedSum<Sum> total;
  for (const auto& task_sums : sums) {
    for (const auto& part : task_sums) {
      total.add(part.sum);
      total.add(part.lost);
    }
  }
  return total.sum + total.lost;
}

template <class Scalar>
struct Moments {
  Scalar smallest;
  Scalar largest;
  sum_t<Scalar> mean;
  sum_t<Scalar> variance;  // of the population
  bool finite;             // whether all weights are; the rest holds only then
};

enum class Of { weights, magnitudes };

// One pass for narrow types, save where the mean dwarfs the deviation; three for wide ones.
template <Of of, class Scalar>
Moments<Scalar> moments(const WeightView<Scalar>& weights) {
  using Sum = sum_t<Scalar>;
  const auto value_of = [](const Sum& weight) -> Sum {
    if constexpr (of == Of::magnitudes) return Eigen::numext::abs(weight);
    return weight;
  };
  const Sum count = static_cast<Sum>(weights.rows) * static_cast<Sum>(weights.cols);
  const auto variance_around = [&](const Sum& mean) {
    return compensated_sum(weights,
                           [&](const Sum& weight) {
                             const Sum distance = value_of(weight) - mean;
                             return Sum(distance * distance);
                           }) /
           count;
  };

  constexpr bool narrow = !std::is_same_v<Scalar, Sum>;
  static_assert(narrow || of == Of::weights, "squares of wide magnitudes can overflow");
  struct Part {
    Sum smallest;
    Sum largest;
    Sum sum{0};
    Sum squares{0};
  };
  const RowTasks tasks = walk_tasks(weights);
  const Sum any = value_of(static_cast<Sum>(weights(0, 0)));
  std::vector<Part> parts(tasks.count(), Part{any, any});
  for_each_run(weights, tasks, [&](std::size_t task, const Scalar* run, Index run_count) {
    Part& part = parts[task];
    if constexpr (narrow) {
      // Four registers of each sum, so that no addition waits for the last one.
      using Wide = Eigen::Array<Sum, 4, 1>;
      constexpr std::size_t vectors = 4;
      constexpr Index at_once = static_cast<Index>(vectors) * Wide::SizeAtCompileTime;
      std::array<Wide, vectors> sums;
      std::array<Wide, vectors> squares;
      sums.fill(Wide::Zero());
      squares.fill(Wide::Zero());
      std::array<Wide, 2> smallest;
      std::array<Wide, 2> largest;
      smallest.fill(Wide::Constant(part.smallest));
      largest.fill(Wide::Constant(part.largest));
      const Index whole = run_count - run_count % at_once;
      for (const Scalar* some = run; some != run + whole;) {
        fetch_ahead<at_once>(some);
        for (std::size_t v = 0; v < vectors; ++v, some += Wide::SizeAtCompileTime) {
          Wide wide(static_cast<Sum>(some[0]), static_cast<Sum>(some[1]), static_cast<Sum>(some[2]),
                    static_cast<Sum>(some[3]));
          if constexpr (of == Of::magnitudes) wide = wide.abs();
          sums[v] += wide;
          squares[v] += wide * wide;
          smallest[v % 2] = smallest[v % 2].min(wide);
          largest[v % 2] = largest[v % 2].max(wide);
        }
      }
      for (std::size_t v = 0; v < vectors; ++v) {
        part.sum += sums[v].sum();
        part.squares += squares[v].sum();
      }
      part.smallest = smallest[0].min(smallest[1]).minCoeff();
      part.largest = largest[0].max(largest[1]).maxCoeff();
      for (Index i = whole; i < run_count; ++i) {
        const Sum wide = value_of(static_cast<Sum>(run[i]));
        part.sum += wide;
        part.squares += wide * wide;
        part.smallest = std::min(part.smallest, wide);
        part.largest = std::max(part.largest, wide);
      }
    } else {
      const Eigen::Map<const Eigen::Array<Scalar, Eigen::Dynamic, 1>> all(run, run_count);
      part.smallest = std::min<Sum>(part.smallest, all.minCoeff());
      part.largest = std::max<Sum>(part.largest, all.maxCoeff());
    }
  });

  Moments<Scalar> result{static_cast<Scalar>(any), static_cast<Scalar>(any), Sum(0), Sum(0), true};
  Sum squares(0);
  for (const auto& part : parts) {
    result.smallest = std::min(result.smallest, static_cast<Scalar>(part.smallest));
    result.largest = std::max(result.largest, static_cast<Scalar>(part.largest));
    result.mean += part.sum;
    squares += part.squares;
  }
  if constexpr (narrow) {
    // The square of a finite narrow weight is finite, and so is the sum of all.
    result.finite = (Eigen::numext::isfinite)(squares);
    result.mean /= count;
    result.variance = squares / count - result.mean * result.mean;
    const bool cancelled = squares / count > Sum(1e4) * result.variance;
    if (result.finite && cancelled) result.variance = variance_around(result.mean);
  } else {
    // A finite mean is that of finite weights; that of finite weights can overflow.
    result.mean = compensated_sum(weights, value_of) / count;
    result.finite = (Eigen::numext::isfinite)(result.mean) ||
                    (Eigen::numext::isfinite)(largest_magnitude(weights));
    if (!result.finite) return result;
    result.variance = variance_around(result.mean);
  }
  return result;
}

}  // namespace dgp::detail
