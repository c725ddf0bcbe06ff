// Reads .npy, .npz and IDX files that may be broken. Each function says what is wrong with what the
// reader gives, nothing if nothing is, and throws what the reader throws.
#pragma once

#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <dgp/io/idx.hpp>
#include <dgp/io/npy.hpp>
#ifdef DGP_WITH_NPZ
#include <dgp/io/npz.hpp>
#endif

#include "errors.hpp"

namespace support {

template <class Array>
std::string mistake_in_array(const Array& array, std::size_t most_values) {
  std::size_t count = 1;
  for (const std::size_t extent : array.shape) count *= extent;
  if (array.values.size() != count) return "values that do not fit the shape";
  return array.values.size() > most_values ? "more values than bytes" : "";
}

inline std::string mistake_of_npy(const std::filesystem::path& path, std::size_t size) {
  dgp::io::NpyFile file(path);
  if (dgp::io::is_layer(file.tensors()[0])) file.read_rows<double>(file.tensors()[0]);
  return mistake_in_array(file.read<float>(), size);
}

inline std::string mistake_of_idx(const std::filesystem::path& path, std::size_t size) {
  return mistake_in_array(dgp::io::read_idx(path), size);
}

#ifdef DGP_WITH_NPZ
inline std::string mistake_of_npz(const std::filesystem::path& path, std::size_t size) {
  std::string mistake;
  dgp::io::NpzFile file(path);
  for (const auto& tensor : file.tensors()) {
    try {
      mistake += mistake_in_array(file.read<float>(tensor), 1032 * size);
    } catch (const std::runtime_error& error) {
      if (byte_in(error.what(), path) < 0) mistake += error.what();
    }
  }
  return mistake;
}
#endif

}  // namespace support
