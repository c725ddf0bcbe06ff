// Whole numbers in tensors of doubles, which hold each one that can stand there.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/keys/special_values.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/io/detail/file_error.hpp>
#include <dgp/io/safetensors.hpp>
#include <dgp/io/safetensors_writer.hpp>

namespace dgp::io::detail {

// As a matrix of a single row.
template <class Numbers>
NamedTensor tensor_of_whole_numbers(std::string name, const Numbers& numbers) {
  RowMajorMatrix<double> row(1, static_cast<Index>(numbers.size()));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    row(0, static_cast<Index>(i)) = static_cast<double>(numbers[i]);
  }
  return named_tensor(std::move(name), row);
}

// Throws std::runtime_error, with path and byte offset, for a tensor of another kind.
template <class Integer>
std::vector<Integer> read_whole_numbers(SafetensorsFile& file, const std::string& name) {
  const TensorInfo& tensor = file.tensor(name);
  const auto row = file.read_matrix<double>(tensor);
  const auto refuse = [&](const std::string& why) {
    fail(file.path(), tensor.begin, "tensor '" + name + "' " + why);
  };
  if (row.rows() != 1) refuse("is not a single row");
  std::vector<Integer> whole;
  for (const double number : row.reshaped()) {
    constexpr double most = 0x1p53;  // doubles past it skip whole numbers
    const bool is_whole =
        dgp::detail::is_finite(number) && std::abs(number) <= most && number == std::floor(number);
    if (!is_whole) {
      refuse("holds " + dgp::detail::printed(number) + " where a whole number belongs");
    }
    whole.push_back(static_cast<Integer>(number));
  }
  return whole;
}

// Throws std::runtime_error for a tensor that is none of these.
template <class Known>
void refuse_others(const SafetensorsFile& file, const Known& known, const std::string& what) {
  for (const auto& tensor : file.tensors()) {
    if (known(tensor)) continue;
    fail(file.path(), tensor.begin, describe(tensor) + " does not belong to " + what);
  }
}

}  // namespace dgp::io::detail
