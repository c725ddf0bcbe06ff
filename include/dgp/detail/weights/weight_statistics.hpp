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
#include <dgp/detail/keys/ordered_bits.hpp>
#include <dgp/detail/keys/special_values.hpp>
#include <dgp/detail/parallel.hpp>
#include <dgp/detail/weights/row_tasks.hpp>
#include <dgp/detail/weights/weight_view.hpp>

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
      if (!is_finite(largest[task])) return;
      for (Index i = 0; i < count; ++i) {
        const Scalar magnitude = Eigen::numext::abs(run[i]);
        const bool finite = is_finite(magnitude);
        if (!finite || largest[task] < magnitude) largest[task] = magnitude;
        if (!finite) return;
      }
    });
    for (const Scalar& value : largest) {
      if (!is_finite(value)) return value;
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
  // Narrow numbers are floats too. Sixteen of each are kept side by side, in several registers, so
  // that no addition waits for the last one.
  constexpr Index at_once = 16;
  using Extremes =
      std::conditional_t<narrow, Eigen::Array<float, at_once, 1>, Eigen::Array<Scalar, 1, 1>>;
  using Extreme = typename Extremes::Scalar;
  // Not aligned as registers are: translation units with wider ones would take it for larger.
  using Kept = Eigen::Array<Extreme, Extremes::SizeAtCompileTime, 1, Eigen::DontAlign>;
  struct Part {
    Kept smallest;
    Kept largest;
    Sum sum{0};
    Sum squares{0};
  };
  const RowTasks tasks = walk_tasks(weights);
  const Extremes any =
      Extremes::Constant(static_cast<Extreme>(value_of(static_cast<Sum>(weights(0, 0)))));
  std::vector<Part> parts(tasks.count(), Part{any, any});
  for_each_run(weights, tasks, [&](std::size_t task, const Scalar* run, Index run_count) {
    Part& part = parts[task];
    if constexpr (narrow) {
      using Sums = Eigen::Array<Sum, at_once, 1>;
      Sums sums = Sums::Zero();
      Sums squares = Sums::Zero();
      Extremes smallest = part.smallest;
      Extremes largest = part.largest;
      const auto block_at = [&](const Scalar* some) {
        fetch_ahead<at_once>(some);
        Extremes block =
            Eigen::Map<const Eigen::Array<Scalar, at_once, 1>>(some).template cast<float>();
        if constexpr (of == Of::magnitudes) block = block.abs();
        return block;
      };
      const Index whole = run_count - run_count % at_once;
      const Scalar* some = run;
      // Four at once, since the sums go through memory every time.
      for (; some + 4 * at_once <= run + whole; some += 4 * at_once) {
        const Extremes a = block_at(some);
        const Extremes b = block_at(some + at_once);
        const Extremes c = block_at(some + 2 * at_once);
        const Extremes d = block_at(some + 3 * at_once);
        smallest = smallest.min(a.min(b).min(c.min(d)));
        largest = largest.max(a.max(b).max(c.max(d)));
        const Sums wide_a = a.template cast<Sum>();
        const Sums wide_b = b.template cast<Sum>();
        const Sums wide_c = c.template cast<Sum>();
        const Sums wide_d = d.template cast<Sum>();
        sums = sums + wide_a + wide_b + wide_c + wide_d;
        squares = squares + wide_a * wide_a + wide_b * wide_b + wide_c * wide_c + wide_d * wide_d;
      }
      for (; some != run + whole; some += at_once) {
        const Extremes block = block_at(some);
        smallest = smallest.min(block);
        largest = largest.max(block);
        const Sums wide = block.template cast<Sum>();
        sums += wide;
        squares += wide * wide;
      }
      // In one order, however wide the processor's registers are.
      for (Index i = 0; i < at_once; i += 4) {
        using Four = Eigen::Array<Sum, 4, 1>;
        part.sum += Four(sums.template segment<4>(i)).sum();
        part.squares += Four(squares.template segment<4>(i)).sum();
      }
      for (Index i = whole; i < run_count; ++i) {
        const Sum wide = value_of(static_cast<Sum>(run[i]));
        part.sum += wide;
        part.squares += wide * wide;
        smallest(0) = std::min(smallest(0), static_cast<float>(wide));
        largest(0) = std::max(largest(0), static_cast<float>(wide));
      }
      part.smallest = smallest;
      part.largest = largest;
    } else {
      const Eigen::Map<const Eigen::Array<Scalar, Eigen::Dynamic, 1>> all(run, run_count);
      part.smallest = part.smallest.min(all.minCoeff());
      part.largest = part.largest.max(all.maxCoeff());
    }
  });

  Moments<Scalar> result{static_cast<Scalar>(any(0)), static_cast<Scalar>(any(0)), Sum(0), Sum(0),
                         true};
  Sum squares(0);
  for (const auto& part : parts) {
    result.smallest = std::min(result.smallest, static_cast<Scalar>(part.smallest.minCoeff()));
    result.largest = std::max(result.largest, static_cast<Scalar>(part.largest.maxCoeff()));
    result.mean += part.sum;
    squares += part.squares;
  }
  if constexpr (narrow) {
    // The square of a finite narrow weight is finite, and so is the sum of all.
    result.finite = is_finite(squares);
    result.mean /= count;
    result.variance = squares / count - result.mean * result.mean;
    const bool cancelled = squares / count > Sum(1e4) * result.variance;
    if (result.finite && cancelled) result.variance = variance_around(result.mean);
  } else {
    // A finite mean is that of finite weights; that of finite weights can overflow.
    result.mean = compensated_sum(weights, value_of) / count;
    result.finite = is_finite(result.mean) || is_finite(largest_magnitude(weights));
    if (!result.finite) return result;
    result.variance = variance_around(result.mean);
  }
  return result;
}

}  // namespace dgp::detail
