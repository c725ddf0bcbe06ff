// Reads a file of class means that may be broken, and takes distances to them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <numeric>
#include <string>

#include <dgp/concepts.hpp>
#include <dgp/io/class_means.hpp>

#include "same_bits.hpp"

namespace support {

// What is wrong with what the reader gives; empty if nothing is. Throws what the reader throws.
inline std::string mistake_of_class_means(const std::filesystem::path& path, std::size_t size) {
  const auto means = dgp::io::read_class_means(path);
  const auto sums = means.sums();
  const auto parts = means.parts();
  const auto values = std::accumulate(parts.begin(), parts.end(), dgp::Index{0});
  if (8 * static_cast<std::size_t>(sums.size()) > size) return "more sums than the file holds";
  const dgp::ClassMeans same(parts, means.labels(), means.counts(), sums);
  if (!same_matrix(same.sums(), sums)) return "sums that do not survive a second reading";
  if (means.labels().empty()) return "";
  const auto distances = means.distances(dgp::RowMajorMatrix<double>::Zero(1, values));
  return (distances.array() >= 0).all() ? "" : "a distance that is none";
}

}  // namespace support
