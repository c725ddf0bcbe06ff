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
#include <span>
#include <type_traits>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/keys/ordered_bits.hpp>
#include <dgp/detail/keys/special_values.hpp>
#include <dgp/detail/parallel.hpp>
#include <dgp/detail/weights/row_tasks.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/detail/weights/widened.hpp>

namespace dgp::detail {

// Cuts the walk over a layer's weights into tasks. Calls visit(task, weights, count) for runs of at
// most 1024 weights side by side, each within one row (of a column-major layer: one column).
//
// Of a layer that is read block by block, `layer` holds its rows from `first_row` on, by row, and
// the tasks are those of all of it. A task's runs come in the same order however it is cut.
template <class Scalar, class Visit>
void for_each_run(const WeightView<Scalar>& layer, const RowTasks& tasks, const Visit& visit,
                  Index first_row = 0) {
  constexpr Index longest = 1024;
  const WeightView<Scalar> weights = along_memory(layer);
  const Index end_row = first_row + weights.rows;
  const std::size_t first_task = tasks.task_of(first_row);
  const std::size_t count = tasks.task_of(end_row - 1) + 1 - first_task;
  const double work = static_cast<double>(weights.rows) * static_cast<double>(weights.cols);
  parallel_for(count, work, [&](std::size_t at) {
    const std::size_t task = first_task + at;
    std::vector<Scalar> gathered(weights.col_stride == 1 ? 0 : longest);
    const Index end = std::min(tasks.end(task), end_row);
    for (Index row = std::max(tasks.begin(task), first_row); row < end; ++row) {
      for (Index col = 0; col < weights.cols; col += longest) {
        const Index run = std::min(longest, weights.cols - col);
        const Scalar* first = &weights(row - first_row, col);
        if (weights.col_stride != 1) {
          for (Index i = 0; i < run; ++i) {
            gathered[static_cast<std::size_t>(i)] = first[i * weights.col_stride];
          }
          first = gathered.data();
        }
        visit(task, first, run);
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

// Compensated sums of a layer's weights, or of a function of them.
template <class Scalar>
class CompensatedSums {
 public:
  using Sum = sum_t<Scalar>;

  explicit CompensatedSums(const RowTasks& tasks) : tasks_(tasks), sums_(tasks.count()) {}

  // The rows of each task in ascending order, as for_each_run has them.
  template <class Stored, class Summand>
  void add(const WeightView<Stored>& weights, const Summand& summand, Index first_row = 0) {
    for_each_run(
        weights, tasks_,
        [&](std::size_t task, const Stored* run, Index count) { add(task, run, count, summand); },
        first_row);
  }
  template <class Stored, class Summand>
  void add(std::size_t task, const Stored* run, Index count, const Summand& summand) {
    auto& sums = sums_[task];
    for (Index i = 0; i < count; ++i) {
      sums[static_cast<std::size_t>(i) % lanes].add(summand(static_cast<Sum>(run[i])));
    }
  }

  // With those of other processes: exchange(values) adds up the values of all, of which each is 0
  // in all but one.
  template <class Exchange>
  void share(const Exchange& exchange) {
    if constexpr (std::is_same_v<Sum, double>) {
      std::vector<double> values;
      for (const auto& sums : sums_) {
        for (const auto& part : sums) values.insert(values.end(), {part.sum, part.lost});
      }
      exchange(std::span(values));
      auto value = values.begin();
      for (auto& sums : sums_) {
        for (auto& part : sums) {
          part.sum = *value++;
          part.lost = *value++;
        }
      }
    }
  }

  Sum total() const {
    CompensatedSum<Sum> total;
    for (const auto& sums : sums_) {
      for (const auto& part : sums) {
        total.add(part.sum);
        total.add(part.lost);
      }
    }
    return total.sum + total.lost;
  }

 private:
  RowTasks tasks_;
  std::vector<std::array<CompensatedSum<Sum>, lanes>> sums_;  // by task
};

template <class Scalar, class Summand>
sum_t<Scalar> compensated_sum(const WeightView<Scalar>& weights, const Summand& summand) {
  CompensatedSums<Scalar> sums(walk_tasks(weights));
  sums.add(weights, summand);
  return sums.total();
}

template <class Scalar>
struct Moments {
  Scalar smallest;
  Scalar largest;
  sum_t<Scalar> mean;
  sum_t<Scalar> variance;  // of the population
  bool finite;             // whether all weights are; the rest holds only then
};

enum class Of { weights, magnitudes, both };

// The value of which moments are taken.
template <Of of, class Sum>
Sum moment_value(const Sum& weight) {
  if constexpr (of == Of::magnitudes) return Eigen::numext::abs(weight);
  return weight;
}

template <class Scalar>
sum_t<Scalar> weights_in(const RowTasks& tasks) {
  return static_cast<sum_t<Scalar>>(tasks.rows) * static_cast<sum_t<Scalar>>(tasks.cols);
}

// What one pass tells of the moments of a layer's weights, of their magnitudes, or of both, block
// by block if need be. Of wide types that is the mean; of narrow ones the variance too, save where
// the mean dwarfs the deviation.
//
// `Scalar` is the type that weights are measured in; a file may store narrower ones.
template <Of of, class Scalar>
class MomentSums {
  using Sum = sum_t<Scalar>;
  static constexpr bool narrow = !std::is_same_v<Scalar, Sum>;
  static_assert(narrow || of == Of::weights, "squares of wide magnitudes can overflow");

 public:
  explicit MomentSums(const RowTasks& tasks)
      : tasks_(tasks), parts_(tasks.count()), wide_sums_(narrow ? RowTasks(0, 1) : tasks) {}

  // The rows of each task in ascending order, as for_each_run has them.
  template <class Stored>
  void add(const WeightView<Stored>& weights, Index first_row = 0) {
    for_each_run(
        weights, tasks_,
        [&](std::size_t task, const Stored* run, Index count) {
          if constexpr (narrow) {
            add_narrow(parts_[task], run, count);
          } else {
            const auto values =
                Eigen::Map<const Eigen::Array<Stored, Eigen::Dynamic, 1>>(run, count)
                    .template cast<Scalar>();
            Part& part = parts_[task];
            part.smallest = part.smallest.min(values.minCoeff());
            part.largest = part.largest.max(values.maxCoeff());
            wide_sums_.add(task, run, count, [](const Sum& weight) { return weight; });
          }
        },
        first_row);
  }

  // With those of other processes, as above; largest(values) takes the largest of all.
  template <class Exchange, class Largest>
  void share(const Exchange& exchange, const Largest& largest) {
    if constexpr (std::is_same_v<Sum, double>) {
      std::vector<double> sums;
      Extreme extremes[2] = {parts_[0].smallest(0), parts_[0].largest(0)};
      for (const auto& part : parts_) {
        sums.insert(sums.end(), {part.sum, part.squares, part.magnitudes});
        extremes[0] = std::min(extremes[0], part.smallest.minCoeff());
        extremes[1] = std::max(extremes[1], part.largest.maxCoeff());
      }
      exchange(std::span(sums));
      auto sum = sums.begin();
      for (auto& part : parts_) {
        part.sum = *sum++;
        part.squares = *sum++;
        part.magnitudes = *sum++;
      }
      Scalar values[2] = {static_cast<Scalar>(-extremes[0]), static_cast<Scalar>(extremes[1])};
      largest(std::span<Scalar>(values));
      parts_[0].smallest(0) = std::min(parts_[0].smallest(0), static_cast<Extreme>(-values[0]));
      parts_[0].largest(0) = std::max(parts_[0].largest(0), static_cast<Extreme>(values[1]));
      wide_sums_.share(exchange);
    }
  }

  // Where the variance is not precise, it takes a pass of its own: that around the mean.
  struct Result {
    Moments<Scalar> moments;
    bool precise;
  };
  Result result() const { return result_of(&Part::sum); }
  // Where moments of both are taken; the extremes are those of weights.
  Result magnitudes() const { return result_of(&Part::magnitudes); }

 private:
  struct Part;

  Result result_of(Sum Part::*sum) const {
    const Sum count = weights_in<Scalar>(tasks_);
    Moments<Scalar> moments{static_cast<Scalar>(parts_[0].smallest(0)),
                            static_cast<Scalar>(parts_[0].largest(0)), Sum(0), Sum(0), true};
    Sum squares(0);
    for (const auto& part : parts_) {
      moments.smallest = std::min(moments.smallest, static_cast<Scalar>(part.smallest.minCoeff()));
      moments.largest = std::max(moments.largest, static_cast<Scalar>(part.largest.maxCoeff()));
      moments.mean += part.*sum;
      squares += part.squares;
    }
    if constexpr (narrow) {
      // The square of a finite narrow weight is finite, and so is the sum of all.
      moments.finite = is_finite(squares);
      moments.mean /= count;
      moments.variance = squares / count - moments.mean * moments.mean;
      return {moments, !(squares / count > Sum(1e4) * moments.variance)};
    } else {
      // A finite mean is that of finite weights; that of finite weights can overflow.
      moments.mean = wide_sums_.total() / count;
      moments.finite = is_finite(moments.mean);
      return {moments, false};
    }
  }

  // Narrow numbers are floats too. Sixteen of each are kept side by side, in several registers, so
  // that no addition waits for the last one.
  static constexpr Index at_once = 16;
  using Extremes =
      std::conditional_t<narrow, Eigen::Array<float, at_once, 1>, Eigen::Array<Scalar, 1, 1>>;
  using Extreme = typename Extremes::Scalar;
  // Not aligned as registers are: translation units with wider ones would take it for larger.
  using Kept = Eigen::Array<Extreme, Extremes::SizeAtCompileTime, 1, Eigen::DontAlign>;
  struct Part {
    Kept smallest = Kept::Constant(Eigen::NumTraits<Extreme>::infinity());
    Kept largest = Kept::Constant(-Eigen::NumTraits<Extreme>::infinity());
    Sum sum{0};
    Sum squares{0};
    Sum magnitudes{0};
  };

  // Where a translation unit is long, compilers would rather call Eigen's conversions, which takes
  // five times as long.
  template <class Stored>
  [[gnu::flatten]] static void add_narrow(Part& part, const Stored* run, Index run_count) {
    using Sums = Eigen::Array<Sum, at_once, 1>;
    Sums sums = Sums::Zero();
    Sums squares = Sums::Zero();
    Sums magnitudes = Sums::Zero();
    Extremes smallest = part.smallest;
    Extremes largest = part.largest;
    const auto block_at = [&](const Stored* some) {
      fetch_ahead<at_once>(some);
      Extremes block;
      if constexpr (std::is_same_v<Stored, Eigen::bfloat16>) {
        widen(some, at_once, block.data());
      } else {
        block = Eigen::Map<const Eigen::Array<Stored, at_once, 1>>(some).template cast<float>();
      }
      if constexpr (of == Of::magnitudes) block = block.abs();
      return block;
    };
    const Index whole = run_count - run_count % at_once;
    const Stored* some = run;
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
      if constexpr (of == Of::both) {
        magnitudes = magnitudes + wide_a.abs() + wide_b.abs() + wide_c.abs() + wide_d.abs();
      }
    }
    for (; some != run + whole; some += at_once) {
      const Extremes block = block_at(some);
      smallest = smallest.min(block);
      largest = largest.max(block);
      const Sums wide = block.template cast<Sum>();
      sums += wide;
      squares += wide * wide;
      if constexpr (of == Of::both) magnitudes += wide.abs();
    }
    // In one order, however wide the processor's registers are.
    for (Index i = 0; i < at_once; i += 4) {
      using Four = Eigen::Array<Sum, 4, 1>;
      part.sum += Four(sums.template segment<4>(i)).sum();
      part.squares += Four(squares.template segment<4>(i)).sum();
      if constexpr (of == Of::both)
        part.magnitudes += Four(magnitudes.template segment<4>(i)).sum();
    }
    for (Index i = whole; i < run_count; ++i) {
      const Sum wide = moment_value<of>(static_cast<Sum>(run[i]));
      part.sum += wide;
      part.squares += wide * wide;
      if constexpr (of == Of::both) part.magnitudes += Eigen::numext::abs(wide);
      smallest(0) = std::min(smallest(0), static_cast<float>(wide));
      largest(0) = std::max(largest(0), static_cast<float>(wide));
    }
    part.smallest = smallest;
    part.largest = largest;
  }

  RowTasks tasks_;
  std::vector<Part> parts_;  // by task
  CompensatedSums<Scalar> wide_sums_;
};

// The square of a value's distance from the mean, as a summand of the variance.
template <Of of, class Sum>
auto squared_distance(const Sum& mean) {
  return [mean](const Sum& weight) {
    const Sum distance = moment_value<of>(weight) - mean;
    return Sum(distance * distance);
  };
}

// One pass for narrow types, save where the mean dwarfs the deviation; two for wide ones.
template <Of of, class Scalar>
Moments<Scalar> moments(const WeightView<Scalar>& weights) {
  using Sum = sum_t<Scalar>;
  const RowTasks tasks = walk_tasks(weights);
  MomentSums<of, Scalar> sums(tasks);
  sums.add(weights);
  auto [moments, precise] = sums.result();
  if constexpr (std::is_same_v<Scalar, Sum>) {
    moments.finite = moments.finite || is_finite(largest_magnitude(weights));
  }
  if (moments.finite && !precise) {
    moments.variance =
        compensated_sum(weights, squared_distance<of>(moments.mean)) / weights_in<Scalar>(tasks);
  }
  return moments;
}

}  // namespace dgp::detail
