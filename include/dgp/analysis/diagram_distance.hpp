// How far two persistence diagrams are apart: the bottleneck and the p-Wasserstein distance.
//
// in:  two diagrams, of layers or networks, of the same size or not
// out: the cost of the cheapest matching between them; a point may be left to the diagonal
//
// Distances in the plane are those of the maximum norm. All classes are born at 1, so a pair costs
// |d - d'|, and a point (1, d) left to the diagonal half its life, |1 - d| / 2. A matching costs
// (sum of cost^p)^(1/p), and its largest cost where p is infinite: the bottleneck distance.
//
// Deaths above 1 lie on the other side of the diagonal. A point of life l on one side and one of
// life k on the other cost l + k together, but l / 2 and k / 2 apart: they are never matched. So
// each side is a matter of lives on a line.
//
// Lemma (order). Matched points keep their order: of lives a >= a' and b >= b', |a - b|^p +
// |a' - b'|^p <= |a - b'|^p + |a' - b|^p, and the same with the maximum for the sum, as x -> |x|^p
// is convex.
//
// Theorem (bottleneck). Let lives descend, a1 >= a2 >= ..., b1 >= b2 >= ..., 0 after the last. The
// distance on one side is the least, over k from 0 to the smaller number of points, of
//   max(|a1 - b1|, ..., |ak - bk|, a(k+1) / 2, b(k+1) / 2).
// Proof. Each k is a matching of that cost. Let some matching cost t. Points of life above 2t, the
// long ones, are matched. Pairs of no long point are undone: both may be left out. A partner b of a
// long point a may be exchanged for any b' that is left out and lives longer: a > 2t >= b' >= b, so
// b' is closer to a. Afterwards every pair holds a long point, and the points matched on each side
// are those that live longest, the same number k on both: in order, by the lemma, they cost t at
// most. What is left out is not long. QED
//
// For finite p the lives that are left out need not be the shortest: of {10, 1} and {1} it is the
// 10, while the others match. dgp/detail/line_matching.hpp finds them.
//
// Essential classes have died at 0 (EssentialClass::dies_at_zero), or do not count. Where both
// diagrams have as many of them and no death is negative, the distance is the same either way: the
// point (1, 0) of one side is best matched with that of the other. For let a and b be their
// partners, of lives in [0, 1]: |a - b| costs no more than |1 - a| and |1 - b|, by the lemma; with
// the diagonal for one of them, b / 2 no more than |1 - b| and 1/2. With negative deaths it may be
// less: a point between two that is in both diagrams is a step on the way, where p > 1.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/keys/special_values.hpp>
#include <dgp/detail/line_matching.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/persistence_diagram.hpp>

namespace dgp {
namespace detail {

// Deaths on both sides of the diagonal, longest lives first.
template <class Sum>
struct DeathsBySide {
  std::vector<Sum> above;  // the diagonal seen from where classes die after their birth: d <= 1
  std::vector<Sum> below;
};

template <class Scalar>
DeathsBySide<sum_t<Scalar>> deaths_by_side(const PersistenceDiagram<Scalar>& diagram,
                                           EssentialClass essential, const char* which) {
  using Sum = sum_t<Scalar>;
  const auto refuse = [&](std::size_t i, const std::string& what) {
    throw std::invalid_argument("pair " + std::to_string(i) + " of the " + which + " diagram " +
                                what);
  };
  DeathsBySide<Sum> sides;
  if (essential == EssentialClass::dies_at_zero) {
    sides.above.assign(static_cast<std::size_t>(diagram.essential_classes), Sum(0));
  }
  for (std::size_t i = 0; i < diagram.pairs.size(); ++i) {
    const auto& [birth, death] = diagram.pairs[i];
    if (is_nan(birth) || birth != Scalar(1)) {
      refuse(i, "is born at " + printed(birth) + ", and not at 1");
    }
    if (!is_finite(death)) refuse(i, "dies at " + printed(death) + ", which is not finite");
    (Scalar(1) < death ? sides.below : sides.above).push_back(static_cast<Sum>(death));
  }
  std::sort(sides.above.begin(), sides.above.end());
  std::sort(sides.below.begin(), sides.below.end(),
            [](const Sum& a, const Sum& b) { return b < a; });
  return sides;
}

// Adds the costs of the cheapest matching on one side; none where all of them are 0.
template <class Sum>
void add_costs(const std::vector<Sum>& first, const std::vector<Sum>& second, double p,
               std::vector<Sum>& costs) {
  using std::abs;
  const auto bottleneck = bottleneck_matching(first, second);
  if (bottleneck.distance == Sum(0)) return;
  std::size_t i = 0;
  std::size_t j = 0;
  const auto leave_out_until = [&](std::size_t first_end, std::size_t second_end) {
    while (i < first_end) costs.push_back(to_diagonal(first[i++]));
    while (j < second_end) costs.push_back(to_diagonal(second[j++]));
  };
  const LineMatching<Sum> matching(first, second, p, bottleneck);
  for (const auto& [at_first, at_second] : matching.optimal()) {
    leave_out_until(at_first, at_second);
    costs.push_back(Sum(abs(Sum(first[i++] - second[j++]))));
  }
  leave_out_until(first.size(), second.size());
}

}  // namespace detail

// The bottleneck distance, in double or wider: the least t for which all points can be matched
// within t, by the theorem above. Between diagrams of neural persistence it is at most the largest
// change of a normalised weight (stability: Cohen-Steiner, Edelsbrunner and Harer 2007).
//
// Time O(n log n), memory O(n) for n pairs. Throws std::invalid_argument for a birth other than 1
// and a death that is not finite.
template <class Scalar>
sum_t<Scalar> bottleneck_distance(const PersistenceDiagram<Scalar>& first,
                                  const PersistenceDiagram<Scalar>& second,
                                  EssentialClass essential = EssentialClass::dies_at_zero) {
  const auto a = detail::deaths_by_side(first, essential, "first");
  const auto b = detail::deaths_by_side(second, essential, "second");
  return std::max(detail::bottleneck_matching(a.above, b.above).distance,
                  detail::bottleneck_matching(a.below, b.below).distance);
}

// The p-Wasserstein distance, p in [1, infinity], in double or wider; of infinite p the bottleneck
// distance. From a diagram to one without any points, essential classes included, it is half the
// total persistence.
//
// Time O(n log n) for n pairs, and then what the search for the matching looks at, which is O(n)
// cells around the best one for diagrams that are met in practice, and never more than O(n^2 log
// n); memory as many bytes. Throws std::invalid_argument for p < 1 or NaN, a birth other than 1 and
// a death that is not finite.
template <class Scalar>
sum_t<Scalar> wasserstein_distance(const PersistenceDiagram<Scalar>& first,
                                   const PersistenceDiagram<Scalar>& second, double p = 2,
                                   EssentialClass essential = EssentialClass::dies_at_zero) {
  using Sum = sum_t<Scalar>;
  detail::check_order(p);
  if (detail::is_infinite(p)) return bottleneck_distance(first, second, essential);
  const auto a = detail::deaths_by_side(first, essential, "first");
  const auto b = detail::deaths_by_side(second, essential, "second");
  std::vector<Sum> costs;
  detail::add_costs(a.above, b.above, p, costs);
  detail::add_costs(a.below, b.below, p, costs);
  return detail::p_norm(costs, p);
}

}  // namespace dgp
