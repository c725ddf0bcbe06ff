// Reading NumPy's .npz archives: ZIP files of .npy arrays. Needs libzip: link dgp::npz.
//
// in:  an archive that is not trusted: what an entry claims to unpack to is checked against the
//      archive's own size and against the array's shape before anything is allocated for it
// out: the list of its arrays, without their values; then single arrays or matrices, converted to
//      the scalar type asked for; or all layers of a network at once
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/io/detail/file_error.hpp>
#include <dgp/io/detail/npy_header.hpp>
#include <dgp/io/detail/zip_archive.hpp>
#include <dgp/io/file_format.hpp>
#include <dgp/io/natural_order.hpp>
#include <dgp/io/npy.hpp>
#include <dgp/io/tensor_info.hpp>

namespace dgp::io {

// A .npz archive, open for reading. Not for use by several threads at once.
class NpzFile {
 public:
  // Of the files that it reads.
  static constexpr FileFormat format = FileFormat::npz;

  // Reads and checks the archive's directory and the headers of its arrays, the entries called
  // something.npy. Time and memory O(entries). Throws std::runtime_error, with path and, once the
  // file is open, byte offset (in an array: from its own start, unpacked), for what cannot be read
  // or is not well-formed.
  explicit NpzFile(std::filesystem::path path) : NpzFile(detail::InputFile(std::move(path))) {}

  // The same of a file that is open already.
  explicit NpzFile(detail::InputFile file) : archive_(std::move(file)) {
    list_arrays();
    for (const auto& array : arrays_) {
      detail::ZipEntryReader source = open(array);
      tensors_.push_back(detail::read_npy_header(source, array.name).tensor);
    }
  }

  // As it was given.
  const std::filesystem::path& path() const { return archive_.path(); }

  // All arrays, in natural order of their names, which are those of the entries without ".npy".
  // Their byte ranges count from the start of the unpacked entry.
  const std::vector<TensorInfo>& tensors() const { return tensors_; }

  // An array of tensors(), converted to Scalar as by NpyFile. Time and memory O(its values). Throws
  // std::runtime_error for an array of a type that is not read, and for one that is corrupt.
  template <class Scalar>
  NpyArray<Scalar> read(const TensorInfo& tensor) {
    return unpack(tensor.name, [](auto& source, const auto& header) {
      return detail::read_npy_array<Scalar>(source, header);
    });
  }

  // The same as a matrix of its shape; throws std::runtime_error also where it has not two
  // dimensions.
  template <class Scalar>
  RowMajorMatrix<Scalar> read_matrix(const TensorInfo& tensor) {
    return unpack(tensor.name, [](auto& source, const auto& header) {
      detail::check_matrix(source, header.tensor);
      return detail::read_npy_rows<Scalar>(source, header);
    });
  }

  // An array of one dimension or more as a row-major matrix, (first extent × all others together).
  // Throws as read.
  template <class Scalar>
  RowMajorMatrix<Scalar> read_rows(const TensorInfo& tensor) {
    return unpack(tensor.name, [](auto& source, const auto& header) {
      return detail::read_npy_rows<Scalar>(source, header);
    });
  }

 private:
  struct Array {
    std::string name;
    detail::ZipEntry entry;
  };

  void list_arrays() {
    constexpr std::string_view suffix = ".npy";
    for (auto& entry : archive_.entries([&](std::string_view name) {
           return name.size() >= suffix.size() &&
                  name.substr(name.size() - suffix.size()) == suffix;
         })) {
      std::string name = entry.name.substr(0, entry.name.size() - suffix.size());
      arrays_.push_back({std::move(name), std::move(entry)});
    }
    std::sort(arrays_.begin(), arrays_.end(),
              [](const Array& a, const Array& b) { return natural_less(a.name, b.name); });
  }

  detail::ZipEntryReader open(const Array& array) const {
    return archive_.open(array.entry, array.name);
  }

  // An entry is unpacked front to back, so its header is read once more.
  template <class Read>
  auto unpack(const std::string& name, const Read& read) {
    for (const auto& array : arrays_) {
      if (array.name != name) continue;
      detail::ZipEntryReader source = open(array);
      const detail::NpyHeader header = detail::read_npy_header(source, name);
      auto values = read(source, header);
      source.expect_end();
      return values;
    }
    detail::fail(path(), 0, "no array is named " + dgp::detail::quoted(name));
  }

  detail::ZipArchive archive_;
  std::vector<Array> arrays_;
  std::vector<TensorInfo> tensors_;
};

// The layers of a network: an archive's matrices and kernels (tensor_info.hpp), in natural order of
// their names, with those names. Time and memory O(weights). Throws std::runtime_error as NpzFile
// and read_matrix do.
template <class Scalar = float>
std::vector<NamedLayer<RowMajorMatrix<Scalar>>> read_npz_layers(const std::filesystem::path& path) {
  NpzFile file(path);
  return detail::layers_of<Scalar>(file);
}

}  // namespace dgp::io
