// Reading safetensors checkpoints, one tensor at a time.
//
// in:  a file that is not trusted: every length, offset and name in it is checked before use, and
//      nothing is allocated that the file's own size does not justify
// out: the list of its tensors, without their data; then single tensors as matrices, converted to
//      the scalar type asked for; or all layers of a network at once
//
// The format: 8 bytes (little-endian) with the header's length, the header (a JSON object from
// tensor names to type, shape and byte range), then the tensors' bytes without gap or overlap.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <dgp/concepts.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/io/detail/input_file.hpp>
#include <dgp/io/detail/stored_rows.hpp>
#include <dgp/io/file_format.hpp>
#include <dgp/io/natural_order.hpp>
#include <dgp/io/tensor_info.hpp>

namespace dgp::io {

namespace detail {

// Bits per element; nothing for a type this reader has never heard of.
inline std::optional<std::uint64_t> bits_of(std::string_view type) {
  static constexpr std::array<std::pair<std::string_view, std::uint64_t>, 17> known{{{"BOOL", 8},
                                                                                     {"U8", 8},
                                                                                     {"I8", 8},
                                                                                     {"F8_E5M2", 8},
                                                                                     {"F8_E4M3", 8},
                                                                                     {"F8_E8M0", 8},
                                                                                     {"I16", 16},
                                                                                     {"U16", 16},
                                                                                     {"F16", 16},
                                                                                     {"BF16", 16},
                                                                                     {"I32", 32},
                                                                                     {"U32", 32},
                                                                                     {"F32", 32},
                                                                                     {"F64", 64},
                                                                                     {"I64", 64},
                                                                                     {"U64", 64},
                                                                                     {"C64", 64}}};
  for (const auto& [name, bits] : known) {
    if (name == type) return bits;
  }
  return std::nullopt;
}

// Of the types that read_matrix converts; 0 for others.
inline std::size_t floating_point_bytes(std::string_view type) {
  if (type == "F64") return 8;
  if (type == "F32") return 4;
  return type == "F16" || type == "BF16" ? 2 : 0;
}

// Takes the header's JSON event by event, so that memory follows the tensors that are really there
// and not the nesting that a hostile header may show.
class HeaderReader {
 public:
  HeaderReader(const std::filesystem::path& path, const std::uint64_t& byte)
      : path_(path), byte_(byte) {}

  std::vector<TensorInfo> take() { return std::move(tensors_); }

  bool key(std::string& name) {
    if (depth_ == 1) {
      if (!names_.insert(name).second) reject("two tensors are named " + dgp::detail::quoted(name));
      in_metadata_ = name == "__metadata__";
      if (!in_metadata_) tensors_.push_back({name, {}, {}, 0, 0});
    } else if (!in_metadata_) {
      if (name != "dtype" && name != "shape" && name != "data_offsets") {
        reject("unknown property " + dgp::detail::quoted(name));
      }
      if (!seen_.insert(name).second) {
        reject("property " + dgp::detail::quoted(name) + " stands twice");
      }
    }
    key_ = name;
    return true;
  }

  bool start_object(std::size_t) {
    if (depth_ == 2 || in_array_) reject("an object stands where none belongs");
    ++depth_;
    seen_.clear();
    return true;
  }

  bool end_object() {
    --depth_;
    if (depth_ == 1 && !in_metadata_) {
      if (seen_.size() != 3) {
        reject("tensor " + dgp::detail::quoted(tensors_.back().name) +
               " lacks one of dtype, shape and data_offsets");
      }
      if (offsets_ != 2) {
        reject("tensor " + dgp::detail::quoted(tensors_.back().name) + " needs two data_offsets");
      }
      offsets_ = 0;
    }
    return true;
  }

  bool start_array(std::size_t) {
    if (depth_ != 2 || in_array_ || in_metadata_ || key_ == "dtype") {
      reject("a list stands where none belongs");
    }
    in_array_ = true;
    return true;
  }

  bool end_array() {
    in_array_ = false;
    return true;
  }

  bool number_unsigned(std::uint64_t value) {
    if (!in_array_) reject("a number stands where none belongs");
    TensorInfo& tensor = tensors_.back();
    if (key_ == "shape") {
      tensor.shape.push_back(value);
    } else {
      if (offsets_ == 2) {
        reject("tensor " + dgp::detail::quoted(tensor.name) + " has too many data_offsets");
      }
      (offsets_ == 0 ? tensor.begin : tensor.end) = value;
      ++offsets_;
    }
    return true;
  }

  bool string(std::string& value) {
    if (depth_ != 2 || in_array_ || (!in_metadata_ && key_ != "dtype")) {
      reject("a string stands where none belongs");
    }
    if (!in_metadata_) tensors_.back().type = value;
    return true;
  }

  bool number_integer(std::int64_t) { return reject("a negative number"); }
  bool number_float(double, const std::string&) { return reject("a number that is not whole"); }
  bool boolean(bool) { return reject("a truth value stands where none belongs"); }
  bool null() { return reject("null stands where it does not belong"); }
  template <class Bytes>
  bool binary(Bytes&) {
    return reject("binary data in the header");
  }
  template <class Exception>
  bool parse_error(std::size_t, const std::string&, const Exception&) {
    return reject("the header is not valid JSON");
  }

 private:
  [[noreturn]] bool reject(const std::string& what) const { fail(path_, byte_, what); }

  const std::filesystem::path& path_;
  const std::uint64_t& byte_;
  std::vector<TensorInfo> tensors_;
  std::set<std::string> names_;
  std::set<std::string> seen_;
  std::string key_;
  int depth_ = 0;
  int offsets_ = 0;
  bool in_array_ = false;
  bool in_metadata_ = false;
};

// Walks the header and keeps count, so that an error can say where it stands.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, std::uint64_t* count) : at_(at), count_(count) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    ++*count_;
    return *this;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) {
    return a.at_ == b.at_;
  }
  friend bool operator!=(const CountingIterator& a, const CountingIterator& b) { return !(a == b); }

 private:
  const char* at_;
  std::uint64_t* count_;
};

}  // namespace detail

// A safetensors file, open for reading. Not for use by several threads at once.
class SafetensorsFile {
 public:
  // Of the files that it reads.
  static constexpr FileFormat format = FileFormat::safetensors;

  // Reads and checks the header. Time and memory O(header). Throws std::runtime_error, with path
  // and, once the file is open, byte offset, for a file that cannot be read or is not a whole,
  // well-formed safetensors file.
  explicit SafetensorsFile(std::filesystem::path path)
      : SafetensorsFile(detail::InputFile(std::move(path))) {}

  // The same of a file that is open already.
  explicit SafetensorsFile(detail::InputFile file) : file_(std::move(file)) {
    const std::uint64_t size = file_.size();
    if (size < prefix) file_.fail(size, "the file ends before its header");

    std::array<unsigned char, prefix> bytes{};
    file_.read(0, bytes.data(), prefix);
    std::uint64_t length = 0;
    for (std::size_t i = prefix; i-- > 0;) length = length << 8 | bytes[i];
    if (length > size - prefix) {
      const std::string start = file_.start();
      if (size > prefix && start[prefix] != '{') {
        const std::string other = detail::but_it_is(file_);
        file_.fail(0, "not a safetensors file" +
                          (other.empty() ? ": no header in JSON stands at byte 8" : other));
      }
      file_.fail(0, "not a safetensors file, or its end is missing: its header would have " +
                        std::to_string(length) + " bytes, but the file has " +
                        std::to_string(size));
    }
    std::string header(static_cast<std::size_t>(length), '\0');
    file_.read(prefix, header.data(), length);
    if (header.empty() || header.front() != '{') {
      file_.fail(prefix, "the header is not a JSON object");
    }

    // To the JSON parser a NUL is the end of its input; nothing may hide behind one.
    if (const auto nul = header.find('\0'); nul != std::string::npos) {
      file_.fail(prefix + nul, "the header is not valid JSON");
    }

    std::uint64_t byte = prefix;
    detail::HeaderReader reader(file_.path(), byte);
    nlohmann::json::sax_parse(detail::CountingIterator(header.data(), &byte),
                              detail::CountingIterator(header.data() + header.size(), &byte),
                              &reader);
    tensors_ = reader.take();
    check_ranges(prefix + length, size);
    std::sort(tensors_.begin(), tensors_.end(), [](const TensorInfo& a, const TensorInfo& b) {
      return natural_less(a.name, b.name);
    });
  }

  // As it was given.
  const std::filesystem::path& path() const { return file_.path(); }

  // All tensors, in natural order of their names (layers.10 after layers.2).
  const std::vector<TensorInfo>& tensors() const { return tensors_; }

  // A 2-D tensor as a row-major matrix of its shape, F16, BF16, F32 and F64 converted to Scalar.
  // Time and memory O(its weights). Throws std::runtime_error for a tensor of another type or of
  // another number of dimensions, and for a file that became shorter meanwhile.
  template <class Scalar>
  RowMajorMatrix<Scalar> read_matrix(const TensorInfo& tensor) {
    detail::check_matrix(file_, tensor);
    return read_rows<Scalar>(tensor);
  }

  // A tensor of one dimension or more as a row-major matrix, (first extent × all others together):
  // images as rows, a vector as a column. Throws as read_matrix.
  template <class Scalar>
  RowMajorMatrix<Scalar> read_rows(const TensorInfo& tensor) {
    if (tensor.type == "F32") return read_as<float, Scalar>(tensor);
    if (tensor.type == "F64") return read_as<double, Scalar>(tensor);
    if (tensor.type == "F16") return read_as<Eigen::half, Scalar>(tensor);
    if (tensor.type == "BF16") return read_as<Eigen::bfloat16, Scalar>(tensor);
    file_.fail(tensor.begin, detail::describe(tensor) +
                                 " has a type that is not read (F16, BF16, F32 and F64 are)");
  }

  // Where its rows stand, to be read a few at a time (stored_layers.hpp); nothing of tensors that
  // read_rows does not read, and of a pipe.
  std::optional<StoredRows> stored_rows(const TensorInfo& tensor) const {
    return detail::stored_rows(file_, tensor, tensor.type);
  }

  // The tensor of that name; throws std::runtime_error where there is none.
  const TensorInfo& tensor(std::string_view name) const {
    for (const auto& tensor : tensors_) {
      if (tensor.name == name) return tensor;
    }
    file_.fail(prefix, "no tensor is named " + dgp::detail::quoted(std::string(name)));
  }
  template <class Scalar>
  RowMajorMatrix<Scalar> read_matrix(std::string_view name) {
    return read_matrix<Scalar>(tensor(name));
  }

 private:
  static constexpr std::size_t prefix = 8;

  // Byte ranges count from the end of the header in the file, from its start in TensorInfo.
  void check_ranges(std::uint64_t data_begin, std::uint64_t file_size) {
    const std::uint64_t data_size = file_size - data_begin;
    std::sort(tensors_.begin(), tensors_.end(), [](const TensorInfo& a, const TensorInfo& b) {
      return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    std::uint64_t reached = 0;
    for (auto& tensor : tensors_) {
      const std::string what = detail::describe(tensor);
      if (tensor.begin > tensor.end || tensor.end > data_size) {
        file_.fail(data_begin + std::min(tensor.begin, data_size),
                   what + " claims bytes that the file does not have");
      }
      if (tensor.begin != reached) {
        file_.fail(data_begin + reached,
                   what + (tensor.begin < reached ? " overlaps another" : " leaves a gap"));
      }
      reached = tensor.end;
      tensor.begin += data_begin;
      tensor.end += data_begin;
      if (const auto bits = detail::bits_of(tensor.type)) {
        detail::check_bytes(file_, tensor, *bits / 8);
        tensor.floating_point_bytes = detail::floating_point_bytes(tensor.type);
      }
    }
    if (reached != data_size) {
      file_.fail(data_begin + reached, "bytes after the last tensor");
    }
  }

  template <class Stored, class Scalar>
  RowMajorMatrix<Scalar> read_as(const TensorInfo& tensor) {
    const auto [rows, cols] = detail::shape_by_rows(file_, tensor);
    detail::check_bytes(file_, tensor, sizeof(Stored));
    RowMajorMatrix<Scalar> matrix(rows, cols);
    if constexpr (std::is_same_v<Stored, Scalar>) {
      file_.read(tensor.begin, matrix.data(),
                 static_cast<std::uint64_t>(matrix.size()) * sizeof(Stored));
      for (Index i = 0; i < matrix.size(); ++i) matrix.data()[i] = native(matrix.data()[i]);
    } else {
      std::vector<Stored> part(static_cast<std::size_t>(std::min<Index>(matrix.size(), 1 << 16)));
      for (Index done = 0; done < matrix.size();) {
        const auto count = std::min(part.size(), static_cast<std::size_t>(matrix.size() - done));
        file_.read(tensor.begin + static_cast<std::uint64_t>(done) * sizeof(Stored), part.data(),
                   count * sizeof(Stored));
        for (std::size_t i = 0; i < count; ++i, ++done) {
          matrix.data()[done] = static_cast<Scalar>(native(part[i]));
        }
      }
    }
    return matrix;
  }

  // Files are little-endian.
  template <class Stored>
  static Stored native(Stored value) {
    if constexpr (std::endian::native == std::endian::big) {
      std::array<unsigned char, sizeof(Stored)> bytes;
      std::memcpy(bytes.data(), &value, sizeof(Stored));
      std::reverse(bytes.begin(), bytes.end());
      std::memcpy(&value, bytes.data(), sizeof(Stored));
    }
    return value;
  }

  detail::InputFile file_;
  std::vector<TensorInfo> tensors_;
};

// The layers of a checkpoint: its matrices and kernels (tensor_info.hpp) of floating-point numbers,
// in natural order of their names, with those names. Time and memory O(weights). Throws
// std::runtime_error as SafetensorsFile and read_matrix do.
template <class Scalar = float>
std::vector<NamedLayer<RowMajorMatrix<Scalar>>> read_safetensors_layers(
    const std::filesystem::path& path) {
  SafetensorsFile file(path);
  return detail::layers_of<Scalar>(file);
}

}  // namespace dgp::io
