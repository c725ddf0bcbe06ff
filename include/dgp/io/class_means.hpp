// Class means in a file, so that batches can be judged where the training samples are not at hand.
//
// in:  ClassMeans; or a file that is not trusted
// out: a safetensors file with the F64 matrices parts, labels and counts (one row each) and sums
//      (classes × values); or the ClassMeans it holds
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/keys/special_values.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/io/detail/input_file.hpp>
#include <dgp/io/safetensors.hpp>
#include <dgp/io/safetensors_writer.hpp>
#include <dgp/io/tensor_info.hpp>
#include <dgp/monitoring/class_means.hpp>

namespace dgp::io {

// Time O(classes × values); memory as much. Throws std::runtime_error, with path and byte offset,
// where the file cannot be written: a file that stood there stays as it was.
inline void write_class_means(const std::filesystem::path& path, const ClassMeans& means) {
  // A double holds every whole number that can stand here.
  const auto row_of = [](const auto& numbers) {
    RowMajorMatrix<double> row(1, static_cast<Index>(numbers.size()));
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      row(0, static_cast<Index>(i)) = static_cast<double>(numbers[i]);
    }
    return row;
  };
  write_safetensors(
      path,
      {named_tensor("parts", row_of(means.parts())), named_tensor("labels", row_of(means.labels())),
       named_tensor("counts", row_of(means.counts())), named_tensor("sums", means.sums())});
}

// What write_class_means wrote: sums, means and distances are the same, bit by bit. Time and memory
// O(file). Throws std::runtime_error, with path and byte offset, for a file that cannot be read or
// holds anything else.
inline ClassMeans read_class_means(const std::filesystem::path& path) {
  SafetensorsFile file(path);
  for (const auto& tensor : file.tensors()) {
    const bool known = tensor.name == "parts" || tensor.name == "labels" ||
                       tensor.name == "counts" || tensor.name == "sums";
    if (!known || tensor.type != "F64") {
      detail::fail(path, tensor.begin,
                   detail::describe(tensor) + " does not belong to class means");
    }
  }
  const auto numbers = [&]<class Integer>(const std::string& name, Integer) {
    const auto row = file.read_matrix<double>(name);
    std::vector<Integer> whole;
    if (row.rows() != 1) detail::fail(path, 0, "tensor '" + name + "' is not a single row");
    for (const double number : row.reshaped()) {
      constexpr double most = 0x1p53;  // doubles past it skip whole numbers
      const bool whole_number = dgp::detail::is_finite(number) && std::abs(number) <= most &&
                                number == std::floor(number);
      if (!whole_number) {
        detail::fail(path, 0,
                     "tensor '" + name + "' holds " + dgp::detail::printed(number) +
                         " where a whole number belongs");
      }
      whole.push_back(static_cast<Integer>(number));
    }
    return whole;
  };
  auto parts = numbers("parts", Index{});
  const auto labels = numbers("labels", Index{});
  const auto counts = numbers("counts", std::int64_t{});
  const auto sums = file.read_matrix<double>("sums");
  try {
    return ClassMeans(std::move(parts), labels, counts, sums);
  } catch (const std::invalid_argument& error) {
    detail::fail(path, 0, error.what());
  }
}

}  // namespace dgp::io
