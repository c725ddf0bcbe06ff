// Whether one network knows more images than another, beyond chance.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace prune {

// in:  of each image, whether the one and the other network knows it
// out: 1 where the one knows more, -1 where fewer, 0 where that may be chance: where the lead is
//      within 1.96 standard deviations of as many tosses of a coin as there are images that only
//      one of the two knows (McNemar's test)
inline int lead_beyond_chance(const std::vector<bool>& one, const std::vector<bool>& other) {
  double only_one = 0;
  double only_other = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    if (one[i] && !other[i]) ++only_one;
    if (other[i] && !one[i]) ++only_other;
  }
  const double lead = only_one - only_other;
  if (std::abs(lead) <= 1.96 * std::sqrt(only_one + only_other)) return 0;
  return lead > 0 ? 1 : -1;
}

}  // namespace prune
