// The cheapest matching of two sets of points on one side of the diagonal, for costs to a power p.
//
// in:  two lists of deaths of classes born at 1, all on the same side of 1, longest lives first
// out: the pairs of a matching with the least sum of costs: |d - d'|^p for a pair, (l / 2)^p for a
//      point of life l that is left to the diagonal
//
// A matching is a path through the grid of all pairs, as costs are convex and matched points keep
// their order; but which points are left out is not a matter of their lives alone, of {10, 1} and
// {1} it is the 10. Finding the path among all takes time O(m n), and is not done. A path P that is
// optimal in its neighbourhood is optimal:
//
// N(P): of a point that P matches with j(k), its k-th partner, the partners from j(k - 1) to
// j(k + 1); of a point that P leaves out between its k-th and next, those from j(k) to j(k + 1).
//
// Theorem. If P keeps the order and is not optimal, then a cheaper matching lies in N(P).
// Proof. Let Q be optimal. The pairs that are in one of P and Q only form alternating paths and
// cycles, and the difference of costs is the sum of their differences: exchanging P's pairs for Q's
// on some one of them makes P cheaper. It is no cycle, as P is the cheapest matching of the points
// that it matches. So it is a path, whose inner points stay matched: what changes is that one point
// of each side comes in, or one of each goes out, or that on one side a point comes in for another.
// Matched in order, the new sets cost no more; and each point between the two that came or went is
// then matched with its partner's neighbour in P's order, the point that came in with a partner of
// one of its neighbours or with the other that came in beside it. All these pairs are in N(P). QED
//
// Pairs that cost no less than leaving both points out are of no use to any matching. Those that
// are of use lie, for a point of life l, between r l and l / r, for an r that depends on p only
// (1/3 for p = 1): an interval of partners, which moves on with l. Where P is optimal, no two
// points that it leaves out are of use to each other, so that the useful part of N(P) has O(m + n)
// pairs.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <Eigen/Core>

namespace dgp::detail {

// How far the point (1, death) is from the diagonal in the maximum norm: half its life.
template <class Sum>
Sum to_diagonal(const Sum& death) {
  using std::abs;
  return Sum(abs(Sum(Sum(1) - death)) / Sum(2));
}

// The matching for which the largest cost is least: the longest lives, so many on each side, in
// order. Which, and why, is told in dgp/analysis/diagram_distance.hpp.
template <class Sum>
struct BottleneckMatching {
  Sum distance;
  std::size_t matched;
};

template <class Sum>
BottleneckMatching<Sum> bottleneck_matching(const std::vector<Sum>& first,
                                            const std::vector<Sum>& second) {
  using std::abs;
  const auto left_out = [&](std::size_t k) {
    Sum longest(0);
    for (const auto* deaths : {&first, &second}) {
      if (k < deaths->size()) longest = std::max(longest, to_diagonal((*deaths)[k]));
    }
    return longest;
  };
  BottleneckMatching<Sum> best{left_out(0), 0};
  Sum farthest(0);
  for (std::size_t k = 0; k < std::min(first.size(), second.size()); ++k) {
    farthest = std::max(farthest, Sum(abs(Sum(first[k] - second[k]))));
    if (!(farthest < best.distance)) break;
    const Sum distance = std::max(farthest, left_out(k + 1));
    if (distance < best.distance) best = {distance, k + 1};
  }
  return best;
}

using IndexPair = std::pair<std::size_t, std::size_t>;

template <class Sum>
class LineMatching {
 public:
  // p in [1, infinity). Costs are taken as shares of the bottleneck distance, which is not 0: the
  // sum of their powers lies between 1 and m + n for the matching that is sought, whatever p is.
  // Powers above twice that are all alike, so none overflows.
  LineMatching(const std::vector<Sum>& first, const std::vector<Sum>& second, double p,
               const BottleneckMatching<Sum>& bottleneck)
      : first_(first), second_(second), p_(p), bottleneck_(bottleneck) {
    const Sum points = static_cast<Sum>(first.size() + second.size());
    most_ = Sum(2) * points;
    less_by_rounding_ = Sum(1) - points * Sum(Eigen::NumTraits<Sum>::epsilon());
    for (const Sum& death : first) first_alone_.push_back(power(to_diagonal(death)));
    for (const Sum& death : second) second_alone_.push_back(power(to_diagonal(death)));
  }

  // By rounds, until one finds nothing cheaper in the useful part of a band: N(P) and some partners
  // more, in each round twice as many. They start from a matching of every second point, which is
  // found likewise. Time and memory O(pairs in the bands).
  std::vector<IndexPair> optimal() const {
    constexpr std::size_t margin = 4;
    constexpr std::size_t few = 64;
    const std::size_t longer = std::max(first_.size(), second_.size());
    std::size_t stride = 1;
    while (longer / stride > few) stride *= 2;
    std::vector<IndexPair> pairs = best_within(band({}, margin, stride), stride);
    while (stride > 1) {
      stride /= 2;
      pairs = best_within(band(refined(pairs, stride), margin, stride), stride);
    }
    // From here on P's cost is below any power that is cut off.
    std::vector<IndexPair> in_order;
    for (std::size_t k = 0; k < bottleneck_.matched; ++k) in_order.emplace_back(k, k);
    Sum least = cost(pairs);
    if (const Sum of_order = cost(in_order); of_order < least) {
      least = of_order;
      pairs = std::move(in_order);
    }
    // What is cheaper by rounding only is no reason to go on. The theorem's paths are at most m +
    // n, so what is lost to the best is at most as much as sums of so many costs are rounded.
    const Sum enough = Sum(1) - Sum(8) * Sum(Eigen::NumTraits<Sum>::epsilon());
    for (std::size_t wider = margin;; wider = std::min(2 * wider, longer)) {
      auto next = best_within(band(pairs, wider, 1), 1);
      const Sum of_next = cost(next);
      if (!(of_next < least * enough)) return pairs;
      least = of_next;
      pairs = std::move(next);
    }
  }

 private:
  // Partners [begin, end) of a point; neither decreases from point to point.
  struct Partners {
    std::size_t begin;
    std::size_t end;
  };
  enum class Step : std::uint8_t { match, skip_first, skip_second };

  static std::size_t count(const std::vector<Sum>& deaths, std::size_t stride) {
    return (deaths.size() + stride - 1) / stride;
  }

  Sum power(const Sum& distance) const {
    using std::pow;
    const Sum share = distance / bottleneck_.distance;
    if (!(share < most_)) return most_;
    const Sum value = p_ == 1 ? share : p_ == 2 ? Sum(share * share) : Sum(pow(share, Sum(p_)));
    return value < most_ ? value : most_;
  }
  Sum together(std::size_t i, std::size_t j) const {
    using std::abs;
    return power(Sum(abs(Sum(first_[i] - second_[j]))));
  }
  // By more than rounding, of as much as optimal() grants: else whole blocks of pairs that cost the
  // same either way would count.
  bool is_useful(std::size_t i, std::size_t j) const {
    return together(i, j) < (first_alone_[i] + second_alone_[j]) * less_by_rounding_;
  }

  Sum cost(const std::vector<IndexPair>& pairs) const {
    Sum sum(0);
    std::size_t i = 0;
    std::size_t j = 0;
    const auto skip_to = [&](std::size_t first, std::size_t second) {
      while (i < first) sum += first_alone_[i++];
      while (j < second) sum += second_alone_[j++];
    };
    for (const auto& [first, second] : pairs) {
      skip_to(first, second);
      sum += together(i++, j++);
    }
    skip_to(first_.size(), second_.size());
    return sum;
  }

  // The pairs of a matching of every second point, and their neighbours.
  std::vector<IndexPair> refined(const std::vector<IndexPair>& pairs, std::size_t stride) const {
    std::vector<IndexPair> result;
    for (const auto& [i, j] : pairs) {
      result.emplace_back(2 * i, 2 * j);
      if (2 * i + 1 < count(first_, stride) && 2 * j + 1 < count(second_, stride)) {
        result.emplace_back(2 * i + 1, 2 * j + 1);
      }
    }
    return result;
  }

  // The useful part of N(P) and so many partners more on both sides, for each point of the first
  // set; of the points only every stride-th are there.
  std::vector<Partners> band(const std::vector<IndexPair>& pairs, std::size_t margin,
                             std::size_t stride) const {
    const std::size_t partners = count(second_, stride);
    std::vector<Partners> rows(count(first_, stride));
    Partners useful{0, 0};
    std::size_t k = 0;  // pairs of P before this point
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const bool matched = k < pairs.size() && pairs[k].first == i;
      const std::size_t after = k + (matched ? 1 : 0);
      const std::size_t low = k == 0 ? 0 : pairs[k - 1].second;
      const std::size_t high = after < pairs.size() ? pairs[after].second + 1 : partners;
      k = after;

      const std::size_t at = i * stride;
      const Sum life = to_diagonal(first_[at]);
      const auto lives_longer = [&](std::size_t j) {
        return life < to_diagonal(second_[j * stride]);
      };
      while (useful.begin < partners && lives_longer(useful.begin) &&
             !is_useful(at, useful.begin * stride)) {
        ++useful.begin;
      }
      while (useful.end < partners && (!(to_diagonal(second_[useful.end * stride]) < life) ||
                                       is_useful(at, useful.end * stride))) {
        ++useful.end;
      }
      rows[i].begin = std::max(useful.begin, low - std::min(low, margin));
      rows[i].end =
          std::max(rows[i].begin, std::min(useful.end, high + std::min(partners - high, margin)));
    }
    return rows;
  }

  // The cheapest matching whose pairs all lie in the band, by dynamic programming: cheapest[j] is
  // the cost of matching the points so far with the first j of the second set, or leaving them out.
  std::vector<IndexPair> best_within(const std::vector<Partners>& rows, std::size_t stride) const {
    const std::size_t partners = count(second_, stride);
    std::vector<std::size_t> offsets;
    std::size_t cells = 0;
    for (const auto& row : rows) {
      offsets.push_back(cells);
      cells += row.end - row.begin;
    }
    std::vector<Step> steps(cells);
    std::vector<Sum> cheapest(partners + 1, Sum(0));
    std::size_t known = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto [begin, end] = rows[i];
      for (; known < end; ++known) {
        cheapest[known + 1] = cheapest[known] + second_alone_[known * stride];
      }
      const Sum& alone = first_alone_[i * stride];
      Sum before = cheapest[begin];
      cheapest[begin] += alone;
      for (std::size_t j = begin; j < end; ++j) {
        const Sum match = before + together(i * stride, j * stride);
        const Sum skip_first = cheapest[j + 1] + alone;
        const Sum skip_second = cheapest[j] + second_alone_[j * stride];
        before = cheapest[j + 1];
        const bool first_is_best = skip_first < match && !(skip_second < skip_first);
        const bool second_is_best = skip_second < match && skip_second < skip_first;
        cheapest[j + 1] = first_is_best ? skip_first : second_is_best ? skip_second : match;
        steps[offsets[i] + j - begin] = first_is_best    ? Step::skip_first
                                        : second_is_best ? Step::skip_second
                                                         : Step::match;
      }
    }
    std::vector<IndexPair> pairs;
    std::size_t j = partners;
    for (std::size_t i = rows.size(); i-- > 0;) {
      const auto [begin, end] = rows[i];
      j = std::min(j, end);
      while (j > begin) {
        const Step step = steps[offsets[i] + j - 1 - begin];
        if (step == Step::skip_first) break;
        --j;
        if (step == Step::skip_second) continue;
        pairs.emplace_back(i, j);
        break;
      }
    }
    std::reverse(pairs.begin(), pairs.end());
    return pairs;
  }

  const std::vector<Sum>& first_;
  const std::vector<Sum>& second_;
  double p_;
  BottleneckMatching<Sum> bottleneck_;
  Sum most_;
  Sum less_by_rounding_;
  std::vector<Sum> first_alone_;  // powers of the costs of leaving each out
  std::vector<Sum> second_alone_;
};

}  // namespace dgp::detail
