// Values as files store them: in an order of bytes, and of places, that may not be this program's.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

namespace dgp::io::detail {

// The value with these bytes, which stand in the order of this machine or are turned round first.
template <class Stored>
Stored stored_value(const char* bytes, bool turned) {
  if constexpr (std::is_same_v<Stored, bool>) {
    return *bytes != 0;  // any other byte than 0 and 1 would be no bool
  } else {
    std::array<char, sizeof(Stored)> ordered;
    std::memcpy(ordered.data(), bytes, sizeof(Stored));
    if (turned) std::reverse(ordered.begin(), ordered.end());
    Stored value;
    std::memcpy(&value, ordered.data(), sizeof(Stored));
    return value;
  }
}

// The places of an array's values, place = sum of index * stride, with the last index running
// fastest. No extent is 0.
class StridedWalk {
 public:
  StridedWalk(std::vector<std::uint64_t> shape, std::vector<std::uint64_t> strides)
      : shape_(std::move(shape)), strides_(std::move(strides)), index_(shape_.size(), 0) {}

  std::size_t next() {
    const std::uint64_t place = place_;
    for (std::size_t d = shape_.size(); d-- > 0;) {
      place_ += strides_[d];
      if (++index_[d] < shape_[d]) break;
      place_ -= strides_[d] * shape_[d];
      index_[d] = 0;
    }
    return static_cast<std::size_t>(place);
  }

 private:
  std::vector<std::uint64_t> shape_;
  std::vector<std::uint64_t> strides_;
  std::vector<std::uint64_t> index_;
  std::uint64_t place_ = 0;
};

// Whether an array's values lie in that order, one behind the other.
inline bool is_by_row(const std::vector<std::uint64_t>& shape,
                      const std::vector<std::uint64_t>& strides) {
  std::uint64_t expected = 1;
  for (std::size_t d = shape.size(); d-- > 0;) {
    if (shape[d] != 1 && strides[d] != expected) return false;
    expected *= shape[d];
  }
  return true;
}

}  // namespace dgp::io::detail
