// The (max, min) product of a chain of matrices, with the brackets put where they cost little.
//
// in:  the matrices one by one, the first factor to act (of the inputs) first
// out: their product; it is associative, so any order of the brackets gives the same bits
//
// The cheapest order takes cubic time to find by dynamic programming, too much for thousands of
// layers. This one is found on the way and costs at most a quarter more (Chin 1978): two
// matrices are multiplied as soon as that is cheaper than to carry the width between them to the
// narrowest width of the chain, from which all that is left then is multiplied outwards.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>

namespace dgp::detail {

// Any Factor that has rows() and cols(); multiply(later, earlier) is the product of two.
template <class Factor, class Multiply>
class ChainProduct {
 public:
  // `narrowest` is the least number of rows or columns of any factor to come.
  ChainProduct(Index narrowest, Multiply multiply)
      : narrowest_(narrowest), multiply_(std::move(multiply)) {}

  // The next matrix; its columns are the rows of the one before.
  void add(Factor next) {
    while (!factors_.empty() && is_dear(next.cols(), next.rows(), factors_.back().cols())) {
      next = multiply_(next, factors_.back());
      factors_.pop_back();
    }
    factors_.push_back(std::move(next));
  }

  // Of all matrices added, at least one.
  Factor finish() {
    // The factors before the narrowest width, and those after it.
    std::size_t middle = 0;
    while (middle < factors_.size() && factors_[middle].cols() != narrowest_) ++middle;
    const std::size_t count = factors_.size();
    for (std::size_t k = middle; k-- > 1;) {
      factors_[k - 1] = multiply_(factors_[k], factors_[k - 1]);
    }
    for (std::size_t k = middle + 1; k < count; ++k) {
      factors_[middle] = multiply_(factors_[k], factors_[middle]);
    }
    if (middle == 0 || middle == count) return std::move(factors_[middle % count]);
    return multiply_(factors_[middle], factors_[0]);
  }

 private:
  // Whether a width is best multiplied away between these neighbours: the product of three widths
  // that it takes, and then the neighbours' own with the narrowest, against its with the narrowest.
  bool is_dear(Index width, Index later, Index earlier) const {
    const auto inverse = [](Index value) { return 1 / static_cast<double>(value); };
    return inverse(width) + inverse(narrowest_) < inverse(later) + inverse(earlier);
  }

  Index narrowest_;
  Multiply multiply_;
  std::vector<Factor> factors_;  // not multiplied yet, the earliest first
};

}  // namespace dgp::detail
