// Values in descending order, of which only the first are likely to be wanted.
//
// in:  numbered values
// out: one after the other, from the largest; of equal ones the lower number first
//
// Sorted in runs that double in length, each selected from what is left: the first k of n take
// O(n + k log k), all of them O(n log n).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace dgp::detail {

template <class Scalar>
struct Numbered {
  Scalar value;
  std::uint32_t number;

  friend bool comes_earlier(const Numbered& a, const Numbered& b) {
    if (a.value != b.value) return b.value < a.value;
    return a.number < b.number;
  }
};

template <class Scalar>
class HeaviestFirst {
 public:
  explicit HeaviestFirst(std::vector<Numbered<Scalar>> values) : values_(std::move(values)) {}

  std::size_t size() const { return values_.size(); }

  const Numbered<Scalar>& operator[](std::size_t rank) {
    while (rank >= sorted_) sort_more();
    return values_[rank];
  }

 private:
  void sort_more() {
    const std::size_t end = std::min(values_.size(), std::max<std::size_t>(64, 2 * sorted_));
    const auto first = values_.begin() + static_cast<std::ptrdiff_t>(sorted_);
    const auto last = values_.begin() + static_cast<std::ptrdiff_t>(end);
    const auto earlier = [](const auto& a, const auto& b) { return comes_earlier(a, b); };
    if (last != values_.end()) std::nth_element(first, last, values_.end(), earlier);
    std::sort(first, last, earlier);
    sorted_ = end;
  }

  std::vector<Numbered<Scalar>> values_;
  std::size_t sorted_ = 0;
};

}  // namespace dgp::detail
