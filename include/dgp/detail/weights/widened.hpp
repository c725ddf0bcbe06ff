// Numbers of narrow types as floats, or as any wider type, at the speed of memory.
#pragma once

#include <cstdint>
#include <type_traits>

#include <Eigen/Core>

#include <dgp/concepts.hpp>

namespace dgp::detail {

// A bfloat16 is the upper half of a float; written so, compilers vectorise it, where Eigen's
// conversion goes number by number.
template <class Wide, class Stored>
[[gnu::always_inline]] inline Wide widened(const Stored& value) {
  if constexpr (std::is_same_v<Stored, Eigen::bfloat16>) {
    const auto upper = std::uint32_t{Eigen::numext::bit_cast<std::uint16_t>(value)};
    return static_cast<Wide>(Eigen::numext::bit_cast<float>(upper << 16));
  } else {
    return static_cast<Wide>(value);
  }
}

template <class Wide, class Stored>
[[gnu::always_inline]] inline void widen(const Stored* from, Index count, Wide* to) {
  if constexpr (std::is_same_v<Stored, Eigen::bfloat16>) {
    for (Index i = 0; i < count; ++i) to[i] = widened<Wide>(from[i]);
  } else {
    Eigen::Map<Eigen::Array<Wide, Eigen::Dynamic, 1>>(to, count) =
        Eigen::Map<const Eigen::Array<Stored, Eigen::Dynamic, 1>>(from, count)
            .template cast<Wide>();
  }
}

}  // namespace dgp::detail
