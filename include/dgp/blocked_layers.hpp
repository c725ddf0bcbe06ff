// What is asked of layers that are never in memory as a whole: that they give their rows in blocks,
// as often as a measure wants them; and, where several processes share them, that these exchange a
// few numbers.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/weights/row_tasks.hpp>

namespace dgp {

namespace detail {
struct AnyBlock {
  template <class Block>
  void operator()(const Block&, Index) const {}
};
struct AnyCombination {
  void operator()(std::span<const std::byte>, std::vector<std::byte>&) const {}
};
}  // namespace detail

// Layers in forward order. for_each_block(k, visit) calls visit(block, first_row) for all rows of
// layer k in ascending order, some at a time, block being a row-major matrix in memory (rows × all
// columns) of the type in which the layer is stored: Scalar, or a narrower one whose numbers are
// numbers of Scalar too. The same weights each time.
template <class Layers>
concept BlockedNetwork = requires(Layers& layers, std::size_t k) {
  typename Layers::Scalar;  // in which the measures are computed
  { layers.size() } -> std::convertible_to<std::size_t>;
  { layers.rows(k) } -> std::convertible_to<Index>;
  { layers.cols(k) } -> std::convertible_to<Index>;
  { layers.name(k) } -> std::convertible_to<std::string>;
  layers.for_each_block(k, detail::AnyBlock{});
};

// Layers whose rows several processes share: for_each_block visits those of this one, all processes
// together all of them. A layer is cut where row_cuts says that it may be. The processes make the
// same calls in the same order, and each gets the same from them:
//   add_up(sums)          the sums over all processes
//   take_largest(values)  the largest over all processes
//   merge(state, most, combine)
//                         all states made one: combine(from, into), in any order and tree. A state
//                         has at most so many bytes
// A process that fails must end the others too.
template <class Layers>
concept SharedNetwork = BlockedNetwork<Layers> &&
    requires(Layers& layers, std::span<double> sums, std::span<typename Layers::Scalar> values,
             std::vector<std::byte>& state, std::size_t most) {
  layers.add_up(sums);
  layers.take_largest(values);
  layers.merge(state, most, detail::AnyCombination{});
};

// Row numbers, ascending from 0 to all rows, at which a layer may be cut between processes: partial
// sums of weights are those of the rows between two of them, whoever takes them, so that the
// figures do not depend on it. At most 64 parts. Of at least one row and one column.
inline std::vector<Index> row_cuts(Index rows, Index cols) {
  const detail::RowTasks tasks(rows, cols);
  std::vector<Index> cuts;
  for (std::size_t task = 0; task < tasks.count(); ++task) cuts.push_back(tasks.begin(task));
  cuts.push_back(rows);
  return cuts;
}

}  // namespace dgp
