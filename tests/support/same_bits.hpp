// Equal as values and in the sign of zero.
#pragma once

#include <cmath>
#include <cstring>
#include <type_traits>

#include <Eigen/Core>

namespace support {

template <class Scalar>
bool same_bits(const Scalar& a, const Scalar& b) {
  if constexpr (std::is_same_v<Scalar, long double>) {
    return a == b && std::signbit(a) == std::signbit(b);
  } else {
    return std::memcmp(&a, &b, sizeof(Scalar)) == 0;
  }
}

template <class One, class Other>
bool same_matrix(const Eigen::DenseBase<One>& a, const Eigen::DenseBase<Other>& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) return false;
  for (Eigen::Index r = 0; r < a.rows(); ++r) {
    for (Eigen::Index c = 0; c < a.cols(); ++c) {
      if (!same_bits<typename One::Scalar>(a.derived()(r, c), b.derived()(r, c))) return false;
    }
  }
  return true;
}

}  // namespace support
