// Persistence diagrams of filtered graphs in dimension 0, and what is measured of them.
//
// Neurons appear at 1, edges in descending weight. A connected component is born at 1 and dies at
// the weight of the edge that merges it into another; one component per connected graph never dies,
// the *essential class*.
#pragma once

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/keys/special_values.hpp>
#include <dgp/spanning_forest.hpp>

namespace dgp {

// The life of one connected component.
template <class Scalar>
struct PersistencePair {
  Scalar birth;  // 1
  Scalar death;  // the weight of the edge that ends it

  friend bool operator==(const PersistencePair&, const PersistencePair&) = default;
};

// All lives of a filtered graph's components.
template <class Scalar>
struct PersistenceDiagram {
  std::vector<PersistencePair<Scalar>> pairs;  // the finite pairs, descending by death
  Index essential_classes = 1;                 // components that never die, born at 1

  // Number of neurons: each is the birth of one class.
  Index vertices() const { return static_cast<Index>(pairs.size()) + essential_classes; }
};

// What becomes of the class that never dies.
enum class EssentialClass {
  dies_at_zero,  // it counts as one more pair (1, 0): the published neural persistence
  omitted,       // it does not count: as in code based on GUDHI
};

// A diagram and its two summaries, in double or wider.
template <class Scalar>
struct Persistence {
  sum_t<Scalar> total;                 // total persistence, (sum of |birth - death|^p)^(1/p)
  sum_t<Scalar> normalized;            // total / (vertices - 1)^(1/p)
  PersistenceDiagram<Scalar> diagram;  // of normalised weights, where they were
};

namespace detail {

inline void check_order(double p) {
  if (is_nan(p) || p < 1) {
    throw std::invalid_argument("p is " + std::to_string(p) +
                                ", but the order of a norm is at least 1");
  }
}

// sum^(1/p) for p in [1, infinity)
template <class Sum>
Sum root(const Sum& sum, double p) {
  using std::pow;
  using std::sqrt;
  if (p == 1) return sum;
  return p == 2 ? Sum(sqrt(sum)) : Sum(pow(sum, Sum(1) / Sum(p)));
}

// The p-norm of non-negative numbers. They are divided by the largest, so that no power overflows
// or vanishes.
template <class Sum>
Sum p_norm(const std::vector<Sum>& values, double p) {
  using std::pow;
  const auto largest_at = std::max_element(values.begin(), values.end());
  const Sum largest = largest_at == values.end() ? Sum(0) : *largest_at;
  if (is_infinite(p) || largest == Sum(0)) return largest;
  Sum sum(0);
  for (const Sum& value : values) {
    const Sum share = value / largest;
    sum += p == 1 ? value : p == 2 ? Sum(share * share) : Sum(pow(share, Sum(p)));
  }
  return p == 1 ? sum : Sum(root(sum, p) * largest);
}

// What a total is divided by to compare graphs of different size: (vertices - 1)^(1/p).
template <class Sum>
Sum largest_norm(Index vertices, double p) {
  return is_infinite(p) ? Sum(1) : root(static_cast<Sum>(vertices - 1), p);
}

}  // namespace detail

// The diagram of a filtered graph, read off its maximum spanning forest: a pair for each edge, (1,
// weight). Time and memory O(edges of the forest).
template <class Scalar>
PersistenceDiagram<Scalar> persistence_diagram(const SpanningForest<Scalar>& forest) {
  const auto merges = static_cast<Index>(forest.edges.size());
  PersistenceDiagram<Scalar> diagram{{}, forest.rows + forest.cols - merges};
  diagram.pairs.reserve(forest.edges.size());
  for (const auto& edge : forest.edges) diagram.pairs.push_back({Scalar(1), edge.weight});
  return diagram;
}

// Total persistence (sum over the pairs of |birth - death|^p)^(1/p), p in [1, infinity]: Rieck et
// al. 2019, Equation 1, neural persistence. Time and memory O(pairs). Throws std::invalid_argument
// for p < 1 or NaN.
template <class Scalar>
sum_t<Scalar> total_persistence(const PersistenceDiagram<Scalar>& diagram, double p = 2,
                                EssentialClass essential = EssentialClass::dies_at_zero) {
  using Sum = sum_t<Scalar>;
  using std::abs;
  detail::check_order(p);
  std::vector<Sum> lives;
  lives.reserve(static_cast<std::size_t>(diagram.vertices()));
  if (essential == EssentialClass::dies_at_zero) {
    lives.assign(static_cast<std::size_t>(diagram.essential_classes), Sum(1));
  }
  for (const auto& pair : diagram.pairs) {
    lives.push_back(abs(Sum(static_cast<Sum>(pair.birth) - static_cast<Sum>(pair.death))));
  }
  return detail::p_norm(lives, p);
}

// Total persistence divided by (vertices - 1)^(1/p), its largest value without the essential class:
// Rieck et al. 2019, definition of normalized neural persistence. In [0, 1] for filtration values
// in [0, 1], save that the essential class can lift it to (vertices / (vertices - 1))^(1/p). Where
// p is infinite and the essential class dies at zero, both are 1 for every such diagram. Of two
// vertices or more. Time, memory and errors as of total_persistence.
template <class Scalar>
sum_t<Scalar> normalized_persistence(const PersistenceDiagram<Scalar>& diagram, double p = 2,
                                     EssentialClass essential = EssentialClass::dies_at_zero) {
  return total_persistence(diagram, p, essential) /
         detail::largest_norm<sum_t<Scalar>>(diagram.vertices(), p);
}

namespace detail {

template <class Scalar>
Persistence<Scalar> persistence(PersistenceDiagram<Scalar> diagram, double p,
                                EssentialClass essential) {
  const sum_t<Scalar> total = total_persistence(diagram, p, essential);
  return {total, total / largest_norm<sum_t<Scalar>>(diagram.vertices(), p), std::move(diagram)};
}

}  // namespace detail
}  // namespace dgp
