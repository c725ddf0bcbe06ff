// What somebody meant who mistyped it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

namespace console {

// How many letters must be put in, left out, changed or swapped with the next one.
inline std::size_t mistypings(const std::string& from, const std::string& to) {
  std::vector<std::size_t> before;
  std::vector<std::size_t> last;
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= from.size(); ++i) {
    before = last;
    last = row;
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const bool same = from[i - 1] == to[j - 1];
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row.back();
}

// The word of the list that is nearest, where one is near: a letter in three may be wrong. A word
// may also be cut short.
inline std::optional<std::string> suggestion(const std::string& word,
                                             const std::vector<std::string>& words) {
  std::optional<std::string> nearest;
  std::size_t least = word.size() / 3 + 1;
  for (const auto& candidate : words) {
    const bool cut_short = word.size() >= 3 && candidate.compare(0, word.size(), word) == 0;
    const std::size_t distance = cut_short ? 1 : mistypings(word, candidate);
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace console
