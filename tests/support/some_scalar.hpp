// A measure in one scalar type or another.
#pragma once

#include <type_traits>

#include <Eigen/Core>

#include "random_network.hpp"

namespace support {

// Calls use(std::type_identity<Scalar>()) for one of the types that the library is tested in.
template <class Use>
auto with_some_scalar(Random& random, const Use& use) {
  switch (random.below(5)) {
    case 0:
      return use(std::type_identity<float>());
    case 1:
      return use(std::type_identity<double>());
    case 2:
      return use(std::type_identity<long double>());
    case 3:
      return use(std::type_identity<Eigen::half>());
    default:
      return use(std::type_identity<Eigen::bfloat16>());
  }
}

}  // namespace support
