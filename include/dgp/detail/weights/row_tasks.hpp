// How the walk over a layer's weights is cut: row ranges for the threads, blocks for the vector
// unit.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/weights/weight_view.hpp>

namespace dgp::detail {

// Column-major weights are walked as the transpose of row-major ones.
template <class Scalar>
bool walks_by_column(const WeightView<Scalar>& weights) {
  return weights.col_stride != 1 && weights.row_stride == 1;
}

template <class Scalar>
WeightView<Scalar> along_memory(const WeightView<Scalar>& weights) {
  return walks_by_column(weights) ? weights.transposed() : weights;
}

// Row ranges of about a quarter of a million weights each, at most `most_tasks` of them, whatever
// the number of threads.
struct RowTasks {
  static constexpr Index most_tasks = 64;
  Index rows;
  Index cols;
  double work;  // weights in all
  Index rows_per_task;

  RowTasks(Index row_count, Index col_count)
      : rows(row_count),
        cols(col_count),
        work(static_cast<double>(row_count) * static_cast<double>(col_count)),
        rows_per_task(std::max(
            {Index{1}, (Index{1} << 18) / cols, (row_count + most_tasks - 1) / most_tasks})) {}

  std::size_t count() const {
    return static_cast<std::size_t>((rows + rows_per_task - 1) / rows_per_task);
  }
  std::size_t task_of(Index row) const { return static_cast<std::size_t>(row / rows_per_task); }
  Index begin(std::size_t task) const { return static_cast<Index>(task) * rows_per_task; }
  Index end(std::size_t task) const { return std::min(rows, begin(task) + rows_per_task); }
};

// The work of a loop over a network's layers, in weights. None where one layer outweighs the
// others, so that the loop stays on one thread: that layer is better shared out itself.
template <class Scalar>
double work_by_layer(const NetworkWeights<Scalar>& network) {
  double work = 0;
  double most = 0;
  for (const auto& layer : network.views()) {
    const double weights = static_cast<double>(layer.rows) * static_cast<double>(layer.cols);
    work += weights;
    most = std::max(most, weights);
  }
  return 2 * most > work ? 0 : work;
}

// Weights are looked at in blocks. Where a row ends within one, its last weight is repeated, and so
// are the last entries of arrays by column: a repeated edge changes no maximum.
inline constexpr Index scan_block = 32;

// Asks for as many weights half a kilobyte ahead: the processor's own look-ahead stops at the end
// of each page of memory.
template <Index count, class Scalar>
[[gnu::always_inline]] inline void fetch_ahead(const Scalar* weights) {
  constexpr std::uintptr_t line = 64;
  const auto ahead = reinterpret_cast<std::uintptr_t>(weights) + 8 * line;
  for (std::uintptr_t at = 0; at < count * sizeof(Scalar); at += line) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): no pointer may be moved beyond the weights' end
    Eigen::internal::prefetch(reinterpret_cast<const char*>(ahead + at));
  }
}

inline std::size_t whole_blocks(Index cols) {
  return static_cast<std::size_t>((cols + scan_block - 1) / scan_block * scan_block);
}

template <class T>
std::vector<T> padded(std::vector<T> by_column) {
  by_column.resize(whole_blocks(static_cast<Index>(by_column.size())), by_column.back());
  return by_column;
}

}  // namespace dgp::detail
