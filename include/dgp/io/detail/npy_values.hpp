// The values of a .npy file, converted to one type and brought into row-major order.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/io/detail/npy_header.hpp>
#include <dgp/io/detail/stored_values.hpp>
#include <dgp/io/tensor_info.hpp>

namespace dgp::io::detail {

// Calls action with a value of the type that an element is stored as.
template <class Action>
void with_stored_type(const NpyElement& element, const Action& action) {
  switch (element.kind) {
    case 'b':
      return action(bool{});
    case 'i':
      if (element.width == 1) return action(std::int8_t{});
      if (element.width == 2) return action(std::int16_t{});
      if (element.width == 4) return action(std::int32_t{});
      return action(std::int64_t{});
    case 'u':
      if (element.width == 1) return action(std::uint8_t{});
      if (element.width == 2) return action(std::uint16_t{});
      if (element.width == 4) return action(std::uint32_t{});
      return action(std::uint64_t{});
    default:
      if (element.width == 2) return action(Eigen::half{});
      if (element.width == 4) return action(float{});
      return action(double{});
  }
}

// Throws std::runtime_error for a type that npy_element does not know.
template <class Source>
NpyElement readable_element(const Source& source, const TensorInfo& tensor) {
  const auto element = npy_element(tensor.type);
  if (element) return *element;
  const bool holds_objects = tensor.type.ends_with('O') || tensor.type == "object";
  source.fail(tensor.begin, describe(tensor) + " has a type that is not read" +
                                (holds_objects ? ": it holds Python objects, not numbers"
                                               : " (f2, f4, f8, i1 to i8, u1 to u8 and b1 are)"));
}

// Where the values of a column-major array belong in a row-major one, in the order in which they
// come.
inline StridedWalk column_major_walk(std::vector<std::uint64_t> shape) {
  std::vector<std::uint64_t> strides(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * shape[d];
  std::reverse(shape.begin(), shape.end());
  std::reverse(strides.begin(), strides.end());
  return {std::move(shape), std::move(strides)};
}

// The values that a header announces, in row-major order; target has room for all of them.
template <class Scalar, class Source>
void read_npy_values(Source& source, const NpyHeader& header, const NpyElement& element,
                     Scalar* target) {
  static_assert(!Eigen::NumTraits<Scalar>::IsInteger,
                "dgp: arrays are read as floating-point numbers");
  constexpr std::size_t most_at_once = 1 << 16;
  const auto count =
      static_cast<std::size_t>((header.tensor.end - header.tensor.begin) / element.width);
  const bool turned = element.big_endian != (std::endian::native == std::endian::big);
  std::vector<char> part(std::min(count, most_at_once) * element.width);
  StridedWalk walk = column_major_walk(header.tensor.shape);
  with_stored_type(element, [&](auto stored) {
    using Stored = decltype(stored);
    for (std::size_t done = 0; done < count;) {
      const std::size_t now = std::min(count - done, most_at_once);
      source.read(header.tensor.begin + done * sizeof(Stored), part.data(), now * sizeof(Stored));
      for (std::size_t i = 0; i < now; ++i, ++done) {
        const auto value = stored_value<Stored>(part.data() + i * sizeof(Stored), turned);
        target[header.column_major ? walk.next() : done] = static_cast<Scalar>(value);
      }
    }
  });
}

}  // namespace dgp::io::detail
