// Growing a maximum spanning forest from batches of candidate edges.
//
// in:  candidate edges between numbered neurons, some of them terminal
// out: the edges that merge two components, and how many components still hold a terminal
//
// Filter-Kruskal: like quicksort, candidates are split at a pivot and the heavier part goes first;
// before the lighter part is sorted, its edges inside one component are thrown away, which is most
// of them. O(m + n log n log(m / n)) expected for m random candidates, O(m log m) at worst.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <dgp/detail/union_find.hpp>

namespace dgp::detail {

template <class Scalar>
struct Candidate {
  Scalar value;
  Vertex row;  // vertex of the output neuron
  Vertex col;  // vertex of the input neuron
};

// The order in which edges appear: descending value, ties by (row, col).
template <class Scalar>
bool appears_earlier(const Candidate<Scalar>& a, const Candidate<Scalar>& b) {
  if (a.value != b.value) return b.value < a.value;
  if (a.row != b.row) return a.row < b.row;
  return a.col < b.col;
}

template <class Scalar>
class ForestBuilder {
 public:
  // Every neuron is terminal.
  explicit ForestBuilder(std::size_t neurons)
      : components_(neurons), terminal_(neurons, 1), terminal_components_(neurons) {
    accepted_.reserve(neurons - 1);
  }

  // Terminal are the first `inputs` and the last `outputs` neurons.
  ForestBuilder(std::size_t neurons, std::size_t inputs, std::size_t outputs)
      : components_(neurons), terminal_(neurons, 0), terminal_components_(inputs + outputs) {
    std::fill_n(terminal_.begin(), inputs, std::uint8_t{1});
    std::fill_n(terminal_.rbegin(), outputs, std::uint8_t{1});
  }

  // Whether all terminals are in one component: no further edge can matter.
  bool finished() const { return terminal_components_ == 1; }

  Vertex component(Vertex v) { return components_.find(v); }

  // Runs Kruskal's algorithm over a batch: every edge between components above some value, without
  // a gap, and below it any edges that are the best of a component. Reorders the batch.
  void add(std::vector<Candidate<Scalar>>& batch) { add(batch.begin(), batch.end()); }

  const std::vector<Candidate<Scalar>>& accepted() const { return accepted_; }
  std::vector<Candidate<Scalar>>& accepted() { return accepted_; }

  // The values of merges of two components that both held a terminal, descending. Valid when the
  // accepted edges have been added in order, from the heaviest.
  const std::vector<Scalar>& terminal_merges() const { return terminal_merges_; }

 private:
  using Iterator = typename std::vector<Candidate<Scalar>>::iterator;

  void add(Iterator begin, Iterator end) {
    constexpr std::ptrdiff_t sorted_at_once = 32;
    while (!finished()) {
      const Iterator middle = end - begin > sorted_at_once ? split(begin, end) : begin;
      const std::ptrdiff_t lighter = std::min(middle - begin, end - middle);
      if (lighter <=
          (end - begin) / 32) {  // too few to split, or a pivot that splits off too little
        std::sort(begin, end, appears_earlier<Scalar>);
        for (; begin != end; ++begin) merge(*begin);
        return;
      }
      add(begin, middle);
      begin = middle;
      end = std::remove_if(middle, end, [&](const Candidate<Scalar>& edge) {
        return components_.find(edge.row) == components_.find(edge.col);
      });
    }
  }

  // Moves the candidates heavier than a middling one to the front.
  static Iterator split(Iterator begin, Iterator end) {
    const auto step = (end - begin) / 8;
    std::array<Candidate<Scalar>, 7> some;
    for (std::size_t i = 0; i < some.size(); ++i) {
      some[i] = begin[static_cast<std::ptrdiff_t>(i + 1) * step];
    }
    std::nth_element(some.begin(), some.begin() + 2, some.end(), appears_earlier<Scalar>);
    const Candidate<Scalar> pivot = some[2];
    return std::partition(
        begin, end, [&](const Candidate<Scalar>& edge) { return appears_earlier(edge, pivot); });
  }

  void merge(const Candidate<Scalar>& edge) {
    const Vertex a = components_.find(edge.row);
    const Vertex b = components_.find(edge.col);
    if (a == b) return;
    const auto terminals = terminal_[a] + terminal_[b];
    if (terminals == 2) {
      --terminal_components_;
      terminal_merges_.push_back(edge.value);
    }
    terminal_[components_.join(a, b)] = terminals > 0 ? 1 : 0;
    accepted_.push_back(edge);
  }

  UnionFind components_;
  std::vector<std::uint8_t> terminal_;  // by root: whether the component holds a terminal
  std::size_t terminal_components_;
  std::vector<Candidate<Scalar>> accepted_;
  std::vector<Scalar> terminal_merges_;
};

}  // namespace dgp::detail
