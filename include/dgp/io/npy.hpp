// Reading NumPy's .npy files: one array each.
//
// in:  a file that is not trusted: nothing in its header is believed before it is checked, and
//      nothing is allocated that the file's own size does not justify
// out: the array, row by row, or its matrix, converted to the scalar type asked for
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/io/detail/input_file.hpp>
#include <dgp/io/detail/npy_header.hpp>
#include <dgp/io/detail/npy_values.hpp>
#include <dgp/io/detail/stored_rows.hpp>
#include <dgp/io/file_format.hpp>
#include <dgp/io/tensor_info.hpp>

namespace dgp::io {

// An array of any number of dimensions.
template <class Scalar>
struct NpyArray {
  std::vector<std::size_t> shape;  // empty for a single number
  std::vector<Scalar> values;      // row by row: the last index runs fastest
};

namespace detail {

template <class Scalar, class Source>
NpyArray<Scalar> read_npy_array(Source& source, const NpyHeader& header) {
  const NpyElement element = readable_element(source, header.tensor);
  const std::uint64_t count = (header.tensor.end - header.tensor.begin) / element.width;
  NpyArray<Scalar> array{{header.tensor.shape.begin(), header.tensor.shape.end()},
                         std::vector<Scalar>(static_cast<std::size_t>(count))};
  read_npy_values(source, header, element, array.values.data());
  return array;
}

// (first extent × all others together)
template <class Scalar, class Source>
RowMajorMatrix<Scalar> read_npy_rows(Source& source, const NpyHeader& header) {
  const TensorInfo& tensor = header.tensor;
  const NpyElement element = readable_element(source, tensor);
  const auto [rows, cols] = shape_by_rows(source, tensor);
  RowMajorMatrix<Scalar> matrix(rows, cols);
  read_npy_values(source, header, element, matrix.data());
  return matrix;
}

}  // namespace detail

// A .npy file, open for reading: like a checkpoint with a single tensor, which is named after the
// file. Not for use by several threads at once.
class NpyFile {
 public:
  // Of the files that it reads.
  static constexpr FileFormat format = FileFormat::npy;

  // Reads and checks the header. Time and memory O(header). Throws std::runtime_error, with path
  // and, once the file is open, byte offset, for a file that cannot be read or is not a whole,
  // well-formed .npy file.
  explicit NpyFile(std::filesystem::path path) : NpyFile(detail::InputFile(std::move(path))) {}

  // The same of a file that is open already.
  explicit NpyFile(detail::InputFile file)
      : file_(std::move(file)),
        header_(detail::read_npy_header(file_, file_.path().stem().string())),
        tensors_{header_.tensor} {}

  // As it was given.
  const std::filesystem::path& path() const { return file_.path(); }
  // The one array.
  const std::vector<TensorInfo>& tensors() const { return tensors_; }

  // The array, converted to Scalar: truth values, integers of 8 to 64 bits and floating-point
  // numbers of 16, 32 and 64. Time and memory O(its values). Throws std::runtime_error for an array
  // of another type, and for a file that became shorter meanwhile.
  template <class Scalar>
  NpyArray<Scalar> read() {
    return detail::read_npy_array<Scalar>(file_, header_);
  }

  // The same as a matrix of its shape; throws std::runtime_error also where it has not two
  // dimensions. The tensor is the one that tensors() lists.
  template <class Scalar>
  RowMajorMatrix<Scalar> read_matrix(const TensorInfo& tensor) {
    detail::check_matrix(file_, header_.tensor);
    return read_rows<Scalar>(tensor);
  }

  // An array of one dimension or more as a row-major matrix, (first extent × all others together).
  template <class Scalar>
  RowMajorMatrix<Scalar> read_rows(const TensorInfo&) {
    return detail::read_npy_rows<Scalar>(file_, header_);
  }

  // Where its rows stand, to be read a few at a time (stored_layers.hpp); nothing of an array in
  // Fortran's order or another machine's, of whole numbers, and of a pipe.
  std::optional<StoredRows> stored_rows(const TensorInfo& tensor) const {
    const auto element = detail::npy_element(tensor.type);
    if (!element || element->kind != 'f' || element->big_endian || header_.column_major) {
      return std::nullopt;
    }
    return detail::stored_rows(file_, tensor,
                               element->width == 2   ? "F16"
                               : element->width == 4 ? "F32"
                                                     : "F64");
  }

 private:
  detail::InputFile file_;
  detail::NpyHeader header_;
  std::vector<TensorInfo> tensors_;
};

// The array of a .npy file. Time, memory and errors as of NpyFile and its read.
template <class Scalar = float>
NpyArray<Scalar> read_npy(const std::filesystem::path& path) {
  return NpyFile(path).read<Scalar>();
}

// The array of a .npy file as a network of one layer, named after the file (w1 for w1.npy); of no
// layer where it has not the shape of one. Time, memory and errors as of NpyFile and its read.
template <class Scalar = float>
std::vector<NamedLayer<RowMajorMatrix<Scalar>>> read_npy_layers(const std::filesystem::path& path) {
  NpyFile file(path);
  return detail::layers_of<Scalar>(file);
}

}  // namespace dgp::io
