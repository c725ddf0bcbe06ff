// Class means in a file, so that batches can be judged where the training samples are not at hand.
//
// in:  ClassMeans; or a file that is not trusted
// out: a safetensors file with the F64 matrices parts, labels and counts (one row each) and sums
//      (classes × values); or the ClassMeans it holds
#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include <dgp/concepts.hpp>
#include <dgp/io/detail/file_error.hpp>
#include <dgp/io/detail/whole_numbers.hpp>
#include <dgp/io/safetensors.hpp>
#include <dgp/io/safetensors_writer.hpp>
#include <dgp/io/tensor_info.hpp>
#include <dgp/monitoring/class_means.hpp>

namespace dgp::io {

// Time O(classes × values); memory as much. Throws std::runtime_error
// where the file cannot be written: a file that stood there stays as it was.
inline void write_class_means(const std::filesystem::path& path, const ClassMeans& means) {
  using detail::tensor_of_whole_numbers;
  write_safetensors(path, {tensor_of_whole_numbers("parts", means.parts()),
                           tensor_of_whole_numbers("labels", means.labels()),
                           tensor_of_whole_numbers("counts", means.counts()),
                           named_tensor("sums", means.sums())});
}

// What write_class_means wrote: sums, means and distances are the same, bit by bit. Time and memory
// O(file). Throws std::runtime_error, with path and byte offset, for a file that cannot be read or
// holds anything else.
inline ClassMeans read_class_means(const std::filesystem::path& path) {
  SafetensorsFile file(path);
  detail::refuse_others(
      file,
      [](const TensorInfo& tensor) {
        const bool known = tensor.name == "parts" || tensor.name == "labels" ||
                           tensor.name == "counts" || tensor.name == "sums";
        return known && tensor.type == "F64";
      },
      "class means");
  auto parts = detail::read_whole_numbers<Index>(file, "parts");
  const auto labels = detail::read_whole_numbers<Index>(file, "labels");
  const auto counts = detail::read_whole_numbers<std::int64_t>(file, "counts");
  const auto sums = file.read_matrix<double>("sums");
  try {
    return ClassMeans(std::move(parts), labels, counts, sums);
  } catch (const std::invalid_argument& error) {
    detail::fail(path, 0, error.what());
  }
}

}  // namespace dgp::io
