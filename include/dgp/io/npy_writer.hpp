// Writing NumPy's .npy files, which NpyFile and NumPy take.
//
// in:  any dense Eigen expression of float, double, Eigen::half, bool or integers
// out: a file with its entries, which is there whole or not at all, or the same bytes in a stream
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <ostream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <Eigen/Core>

#include <dgp/concepts.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/io/whole_file.hpp>

namespace dgp::io {

namespace detail {

// How NumPy spells the type of a matrix's entries; empty for one that it does not have.
template <class Scalar>
std::string npy_type() {
  const std::string width = std::to_string(sizeof(Scalar));
  if constexpr (std::is_same_v<Scalar, bool>) {
    return "|b1";
  } else if constexpr (std::is_integral_v<Scalar>) {
    return (sizeof(Scalar) == 1 ? "|" : "<") + ((std::is_signed_v<Scalar> ? "i" : "u") + width);
  } else if constexpr (std::is_same_v<Scalar, float> || std::is_same_v<Scalar, double> ||
                       std::is_same_v<Scalar, Eigen::half>) {
    return "<f" + width;
  } else {
    return "";
  }
}

// Writes a matrix as write_npy does; the stream may have failed then.
template <class Derived>
void put_npy(std::ostream& out, const Eigen::DenseBase<Derived>& matrix) {
  using Scalar = typename Derived::Scalar;
  if constexpr (!dgp::detail::lies_in_memory<Derived>) {
    put_npy(out, RowMajorMatrix<Scalar>(matrix.derived()));
  } else {
    const std::string type = npy_type<Scalar>();
    static_assert(std::is_integral_v<Scalar> || std::is_same_v<Scalar, float> ||
                      std::is_same_v<Scalar, double> || std::is_same_v<Scalar, Eigen::half>,
                  "dgp: NumPy has no such type on every platform; cast the matrix first, for "
                  "example with W.template cast<float>()");
    const auto view = dgp::detail::view_of(matrix);
    std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" +
                         std::to_string(view.rows) + ", " + std::to_string(view.cols) + "), }";
    // Spaces and a line break, so that the values start at a multiple of 64 bytes.
    constexpr std::size_t before_header = 10;
    header.append(63 - (before_header + header.size()) % 64, ' ');
    header += '\n';
    const auto length = static_cast<unsigned>(header.size());
    out.write("\x93NUMPY\x01\x00", 8);
    out.put(static_cast<char>(length & 0xff));
    out.put(static_cast<char>(length >> 8));
    out << header;

    const Index most_in_row = view.rows == 0 ? 0 : view.cols;
    std::vector<char> row(static_cast<std::size_t>(most_in_row) * sizeof(Scalar));
    for (Index r = 0; r < view.rows; ++r) {
      for (Index c = 0; c < view.cols; ++c) {
        char* const bytes = row.data() + static_cast<std::size_t>(c) * sizeof(Scalar);
        std::memcpy(bytes, &view(r, c), sizeof(Scalar));
        if constexpr (std::endian::native == std::endian::big) {
          std::reverse(bytes, bytes + sizeof(Scalar));
        }
      }
      out.write(row.data(), static_cast<std::streamsize>(row.size()));
    }
  }
}

}  // namespace detail

// Writes a dense expression of float, double, Eigen::half, bool or integers as an array of two
// dimensions, row by row: version 1.0 of the format, little-endian, the same bytes on every
// platform. Time O(entries), memory O(row) beyond what evaluating the expression takes. Throws
// std::runtime_error if the stream takes no more.
template <class Derived>
void write_npy(std::ostream& out, const Eigen::DenseBase<Derived>& matrix) {
  detail::put_npy(out, matrix);
  if (!out) throw std::runtime_error("the .npy array could not be written");
}

// The same into a file, which is made or replaced. Throws std::runtime_error, with path and byte
// offset, where it cannot be written; an older file then stays as it was.
template <class Derived>
void write_npy(const std::filesystem::path& path, const Eigen::DenseBase<Derived>& matrix) {
  write_whole_file(path, [&](std::ostream& out) { detail::put_npy(out, matrix); });
}

}  // namespace dgp::io
