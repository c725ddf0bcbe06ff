// Persistence diagrams of filtered graphs in dimension 0, and what is measured of them.
//
// Neurons appear at 1, edges in descending weight. A connected component is born at 1 and dies at
// the weight of the edge that merges it into another; one component per connected graph never dies,
// the *essential class*.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/spanning_forest.hpp>

namespace dgp {

template <class Scalar>
struct PersistencePair {
  Scalar birth;
  Scalar death;

  friend bool operator==(const PersistencePair&, const PersistencePair&) = default;
};

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
  sum_t<Scalar> total;       // total persistence, (sum of |birth - death|^p)^(1/p)
  sum_t<Scalar> normalized;  // total / (vertices - 1)^(1/p)
  PersistenceDiagram<Scalar> diagram;
};

namespace detail {

inline void check_order(double p) {
  if (!(p >= 1)) {
    throw std::invalid_argument("p is " + std::to_string(p) +
                                ", but the order of a norm is at least 1");
  }
}

// The p-norm of numbers in [0, largest], fed one at a time. They are divided by the largest, so
// that no power overflows or vanishes.
template <class Sum>
class Norm {
 public:
  explicit Norm(double p, Sum largest = Sum(1)) : p_(p), largest_(largest) { check_order(p); }

  void add(const Sum& value, const Sum& times = Sum(1)) {
    using std::pow;
    if (std::isinf(p_)) {
      if (times > Sum(0) && value > sum_) sum_ = value;
    } else if (p_ == 1) {
      sum_ += times * value;
    } else {
      const Sum share = value / largest_;
      sum_ += times * (p_ == 2 ? Sum(share * share) : Sum(pow(share, Sum(p_))));
    }
  }

  Sum value() const { return std::isinf(p_) || p_ == 1 ? sum_ : Sum(root(sum_) * largest_); }

  // What a total is divided by to compare graphs of different size.
  Sum of_ones(Index count) const { return std::isinf(p_) ? Sum(1) : root(static_cast<Sum>(count)); }

 private:
  Sum root(const Sum& sum) const {
    using std::pow;
    using std::sqrt;
    if (p_ == 1) return sum;
    return p_ == 2 ? Sum(sqrt(sum)) : Sum(pow(sum, Sum(1) / Sum(p_)));
  }

  double p_;
  Sum largest_;
  Sum sum_{0};
};

}  // namespace detail

// The diagram of a filtered graph, read off its maximum spanning forest. Time O(edges).
template <class Scalar>
PersistenceDiagram<Scalar> persistence_diagram(const SpanningForest<Scalar>& forest) {
  const auto merges = static_cast<Index>(forest.edges.size());
  PersistenceDiagram<Scalar> diagram{{}, forest.rows + forest.cols - merges};
  diagram.pairs.reserve(forest.edges.size());
  for (const auto& edge : forest.edges) diagram.pairs.push_back({Scalar(1), edge.weight});
  return diagram;
}

// Total persistence (sum over the pairs of |birth - death|^p)^(1/p), p in [1, infinity]; Rieck et
// al. 2019, equation 1. Throws std::invalid_argument for p < 1 or NaN.
template <class Scalar>
sum_t<Scalar> total_persistence(const PersistenceDiagram<Scalar>& diagram, double p = 2,
                                EssentialClass essential = EssentialClass::dies_at_zero) {
  using Sum = sum_t<Scalar>;
  using std::abs;
  detail::check_order(p);
  const auto life = [](const PersistencePair<Scalar>& pair) {
    return Sum(abs(Sum(static_cast<Sum>(pair.birth) - static_cast<Sum>(pair.death))));
  };
  const bool with_essential = essential == EssentialClass::dies_at_zero;
  Sum longest(with_essential ? 1 : 0);
  for (const auto& pair : diagram.pairs) longest = std::max(longest, life(pair));
  if (longest == Sum(0)) return longest;

  detail::Norm<Sum> norm(p, longest);
  if (with_essential) norm.add(Sum(1), static_cast<Sum>(diagram.essential_classes));
  for (const auto& pair : diagram.pairs) norm.add(life(pair));
  return norm.value();
}

// Total persistence divided by (vertices - 1)^(1/p); Rieck et al. 2019, theorem 1. In [0, 1] for
// filtration values in [0, 1], save that the essential class can lift it to
// (vertices / (vertices - 1))^(1/p).
template <class Scalar>
sum_t<Scalar> normalized_persistence(const PersistenceDiagram<Scalar>& diagram, double p = 2,
                                     EssentialClass essential = EssentialClass::dies_at_zero) {
  return total_persistence(diagram, p, essential) /
         detail::Norm<sum_t<Scalar>>(p).of_ones(diagram.vertices() - 1);
}

namespace detail {

template <class Scalar>
Persistence<Scalar> persistence(PersistenceDiagram<Scalar> diagram, double p,
                                EssentialClass essential) {
  const sum_t<Scalar> total = total_persistence(diagram, p, essential);
  return {total, total / Norm<sum_t<Scalar>>(p).of_ones(diagram.vertices() - 1),
          std::move(diagram)};
}

}  // namespace detail
}  // namespace dgp
