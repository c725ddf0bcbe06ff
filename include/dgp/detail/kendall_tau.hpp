// Kendall's rank correlation tau-b of a sequence with its own order.
//
// in:  ranks 0, 1, 2, …: numbers in the order of some values, equal where these are equal
// out: how many pairs are out of order, and tau-b
//
// Pairs are counted digit by digit, from the highest: of two ranks that agree in all higher digits,
// the first is out of order if its digit is the larger one. Elements that agree so far lie
// together, in their first order. For sixteen digits the elements seen so far are counted in a few
// vector registers. O(n log n) for n ranks, without a branch on any of them.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace dgp::detail {

inline constexpr int rank_digit_bits = 4;
inline constexpr std::size_t rank_digits = std::size_t{1} << rank_digit_bits;

// By digit d: 1 for every digit below d, else 0.
inline constexpr auto digits_below = [] {
  std::array<std::array<std::uint32_t, rank_digits>, rank_digits> below{};
  for (std::size_t d = 0; d < rank_digits; ++d) {
    for (std::size_t other = 0; other < d; ++other) below[d][other] = 1;
  }
  return below;
}();

// Pairs i < j with ranks[i] > ranks[j]; at most 2^32 - 1 ranks, which come out in ascending order.
inline std::int64_t count_inversions(std::vector<std::uint32_t>& ranks, std::uint32_t largest) {
  std::int64_t inversions = 0;
  std::vector<std::uint32_t> next(ranks.size());
  std::vector<std::size_t> groups{0, ranks.size()};  // where they begin, and the end
  std::vector<std::size_t> next_groups;
  const int digits =
      (static_cast<int>(std::bit_width(largest)) + rank_digit_bits - 1) / rank_digit_bits;
  for (int shift = (digits - 1) * rank_digit_bits; shift >= 0; shift -= rank_digit_bits) {
    const auto digit_of = [&](std::uint32_t rank) { return rank >> shift & (rank_digits - 1); };
    next_groups.clear();
    for (std::size_t group = 0; group + 1 < groups.size(); ++group) {
      const std::size_t begin = groups[group];
      const std::size_t end = groups[group + 1];
      if (end - begin == 1) {
        next[begin] = ranks[begin];
        next_groups.push_back(begin);
        continue;
      }
      std::array<std::uint32_t, rank_digits> larger_so_far{};  // by digit
      for (std::size_t i = begin; i < end; ++i) {
        const auto digit = digit_of(ranks[i]);
        inversions += larger_so_far[digit];
        for (std::size_t d = 0; d < rank_digits; ++d) larger_so_far[d] += digits_below[digit][d];
      }
      std::array<std::size_t, rank_digits> places;
      std::size_t place = begin;
      std::size_t left = end - begin;  // elements with this digit or a larger one
      for (std::size_t d = 0; d < rank_digits; ++d) {
        places[d] = place;
        const std::size_t with_digit = left - larger_so_far[d];
        if (with_digit > 0) next_groups.push_back(place);
        place += with_digit;
        left = larger_so_far[d];
      }
      for (std::size_t i = begin; i < end; ++i) next[places[digit_of(ranks[i])]++] = ranks[i];
    }
    next_groups.push_back(ranks.size());
    groups.swap(next_groups);
    ranks.swap(next);
  }
  return inversions;
}

// tau-b of a sequence without ties with one of `count` elements of which so many pairs are equal,
// and so many out of order. NaN where all are equal.
inline double kendall_tau_b(std::int64_t count, std::int64_t equal_pairs, std::int64_t inversions) {
  // The even one of two neighbours is halved first: their product may not fit.
  const std::int64_t pairs = count % 2 == 0 ? count / 2 * (count - 1) : (count - 1) / 2 * count;
  const std::int64_t unequal = pairs - equal_pairs;
  if (unequal == 0) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(unequal - inversions - inversions) /
         (std::sqrt(static_cast<double>(pairs)) * std::sqrt(static_cast<double>(unequal)));
}

}  // namespace dgp::detail
