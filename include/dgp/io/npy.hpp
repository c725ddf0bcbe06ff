// Reading and writing NumPy's .npy files: one array each.
//
// in:  a file that is not trusted: nothing in its header is believed before it is checked, and
//      nothing is allocated that the file's own size does not justify
// out: the array, row by row, or its matrix, converted to the scalar type asked for; and the other
//      way round, a file with the entries of any dense Eigen expression
//
// The format: "\x93NUMPY", 2 bytes with the version (1.0, 2.0 or 3.0), 2 (from version 2.0 on: 4)
// little-endian bytes with the header's length, the header (a Python dictionary with descr,
// fortran_order and shape), then the values without a gap.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <optional>
#include <ostream>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/concepts.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/detail/weight_view.hpp>
#include <dgp/io/detail/input_file.hpp>
#include <dgp/io/tensor_info.hpp>
#include <dgp/io/whole_file.hpp>

namespace dgp::io {

// An array of any number of dimensions.
template <class Scalar>
struct NpyArray {
  std::vector<std::size_t> shape;  // empty for a single number
  std::vector<Scalar> values;      // row by row: the last index runs fastest
};

namespace detail {

// How a value is stored: kind 'b' (truth value), 'i', 'u' or 'f', and width in bytes.
struct NpyElement {
  char kind;
  std::size_t width;
  bool big_endian;
};

// Nothing for a type that is no number of these kinds and widths.
inline std::optional<NpyElement> npy_element(std::string_view type) {
  static constexpr std::array<std::string_view, 12> known{"b1", "i1", "i2", "i4", "i8", "u1",
                                                          "u2", "u4", "u8", "f2", "f4", "f8"};
  if (type.size() != 3 || std::find(known.begin(), known.end(), type.substr(1)) == known.end()) {
    return std::nullopt;
  }
  const NpyElement element{type[1], static_cast<std::size_t>(type[2] - '0'), type[0] == '>'};
  // '|' says that there is no order of bytes, as is true of single ones only.
  const bool ordered = type[0] == '<' || type[0] == '>';
  if (!ordered && !(type[0] == '|' && element.width == 1)) return std::nullopt;
  return element;
}

struct NpyHeader {
  TensorInfo tensor;
  bool column_major;  // NumPy's fortran_order: the first index runs fastest
};

// Parses the header's dictionary: of Python's literals what NumPy writes, and nothing else. Source
// is what the bytes come from, a file or an entry of an archive: it has size(), read(begin, target,
// count) in ascending order, and fail(byte, what).
template <class Source>
class NpyHeaderParser {
 public:
  // begin: of the text, from the start of the source.
  NpyHeaderParser(const Source& source, std::string_view text, std::uint64_t begin)
      : source_(source), text_(text), begin_(begin) {}

  NpyHeader parse(const std::string& name) {
    NpyHeader header{{name, {}, {}, 0, 0}, false};
    expect('{');
    std::set<std::string> seen;
    while (!accept('}')) {
      const std::string key = string();
      if (!seen.insert(key).second) {
        reject("property " + dgp::detail::quoted(key) + " stands twice");
      }
      expect(':');
      if (key == "descr") {
        header.tensor.type = type();
      } else if (key == "fortran_order") {
        header.column_major = truth_value();
      } else if (key == "shape") {
        header.tensor.shape = shape();
      } else {
        reject("unknown property " + dgp::detail::quoted(key));
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (seen.size() != 3) reject("the header lacks one of descr, fortran_order and shape");
    skip_space();
    if (at_ != text_.size()) reject("text after the header's dictionary");
    return header;
  }

 private:
  // Version 2 of NumPy has arrays of up to this many dimensions, version 1 of half as many.
  static constexpr std::size_t most_dimensions = 64;

  [[noreturn]] void reject(const std::string& what) const { source_.fail(begin_ + at_, what); }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }

  bool accept(char wanted) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  void expect(char wanted) {
    if (!accept(wanted)) {
      reject(std::string("the header is not a valid dictionary: '") + wanted + "' is missing");
    }
  }

  std::string string() {
    skip_space();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"') reject("the header lacks a string here");
    const std::size_t end = text_.find_first_of(quote == '"' ? "\"\\\n" : "'\\\n", at_ + 1);
    if (end == std::string_view::npos || text_[end] != quote) {
      reject("a string without an end, or with an escape");
    }
    const std::string value(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return value;
  }

  // A structured type is a list; its text is kept, to be named where somebody tries to read it.
  std::string type() {
    skip_space();
    if (at_ == text_.size() || text_[at_] != '[') return string();
    const std::size_t first = at_;
    std::size_t depth = 0;
    do {
      const char c = at_ < text_.size() ? text_[at_] : '\0';
      if (c == '\0') reject("a list without an end");
      if (c == '\'' || c == '"') {
        string();
        continue;
      }
      if (c == '[' || c == '(') ++depth;
      if (c == ']' || c == ')') --depth;
      ++at_;
    } while (depth > 0);
    return std::string(text_.substr(first, at_ - first));
  }

  bool truth_value() {
    skip_space();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return value;
      }
    }
    reject("fortran_order is neither True nor False");
  }

  // A tuple: (), (2,), (2, 3) or (2, 3,); (2) is none.
  std::vector<std::uint64_t> shape() {
    std::vector<std::uint64_t> extents;
    expect('(');
    while (!accept(')')) {
      if (extents.size() == most_dimensions) {
        reject("more than " + std::to_string(most_dimensions) + " dimensions");
      }
      extents.push_back(extent());
      if (accept(',')) continue;
      if (extents.size() == 1) reject("a shape of one extent needs a comma");
      expect(')');
      break;
    }
    return extents;
  }

  std::uint64_t extent() {
    skip_space();
    const std::size_t first = at_;
    std::uint64_t value = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      const auto digit = static_cast<std::uint64_t>(text_[at_] - '0');
      if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) {
        reject("an extent past 64 bits");
      }
      value = 10 * value + digit;
    }
    if (at_ == first) reject("an extent is not a whole number");
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // as Python 2 wrote them
    return value;
  }

  const Source& source_;
  std::string_view text_;
  std::uint64_t begin_;
  std::size_t at_ = 0;
};

// Reads and checks all that stands before the values; that the values fill the rest of the source
// is checked for the types that npy_element knows.
template <class Source>
NpyHeader read_npy_header(Source& source, const std::string& name) {
  constexpr std::string_view magic("\x93NUMPY", 6);
  std::array<char, 8> start{};
  if (source.size() < 10) source.fail(source.size(), "the file ends before its header");
  source.read(0, start.data(), start.size());
  if (std::string_view(start.data(), magic.size()) != magic) source.fail(0, "not a .npy file");
  const int major = static_cast<unsigned char>(start[6]);
  const int minor = static_cast<unsigned char>(start[7]);
  if (major < 1 || major > 3 || minor != 0) {
    source.fail(6, "version " + std::to_string(major) + "." + std::to_string(minor) +
                       " of the format is not read (1.0, 2.0 and 3.0 are)");
  }

  const std::size_t width = major == 1 ? 2 : 4;
  const std::uint64_t begin = start.size() + width;
  if (source.size() < begin) source.fail(source.size(), "the file ends before its header");
  std::array<unsigned char, 4> bytes{};
  source.read(start.size(), bytes.data(), width);
  std::uint64_t length = 0;
  for (std::size_t i = width; i-- > 0;) length = length << 8 | bytes[i];
  if (length > source.size() - begin) {
    source.fail(start.size(), "a header of " + std::to_string(length) +
                                  " bytes, but the file has " + std::to_string(source.size()));
  }
  // An array of numbers needs a hundred; an entry of an archive may claim more than it costs.
  if (length > 0xffff) {
    source.fail(start.size(), "a header of " + std::to_string(length) +
                                  " bytes is larger than that of any array of numbers");
  }
  std::string text(static_cast<std::size_t>(length), '\0');
  source.read(begin, text.data(), length);
  NpyHeader header = NpyHeaderParser<Source>(source, text, begin).parse(name);

  TensorInfo& tensor = header.tensor;
  tensor.begin = begin + length;
  tensor.end = source.size();
  if (const auto element = npy_element(tensor.type)) check_bytes(source, tensor, element->width);
  return header;
}

// Calls action with a value of the type that an element is stored as.
template <class Action>
void with_stored_type(const NpyElement& element, const Action& action) {
  switch (element.kind) {
    case 'b':
      return action(bool{});
    case 'i':
      if (element.width == 1) return action(std::int8_t{});
      if (element.width == 2) return action(std::int16_t{});
      if (element.width == 4) return action(std::int32_t{});
      return action(std::int64_t{});
    case 'u':
      if (element.width == 1) return action(std::uint8_t{});
      if (element.width == 2) return action(std::uint16_t{});
      if (element.width == 4) return action(std::uint32_t{});
      return action(std::uint64_t{});
    default:
      if (element.width == 2) return action(Eigen::half{});
      if (element.width == 4) return action(float{});
      return action(double{});
  }
}

// The value with these bytes, which stand in the order of this machine or are turned round first.
template <class Stored>
Stored npy_value(const char* bytes, bool turned) {
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

// Where the values of a column-major array belong in a row-major one, in the order in which they
// come.
class ColumnMajorWalk {
 public:
  explicit ColumnMajorWalk(std::vector<std::uint64_t> shape)
      : shape_(std::move(shape)), strides_(shape_.size(), 1), index_(shape_.size(), 0) {
    for (std::size_t d = shape_.size(); d-- > 1;) strides_[d - 1] = strides_[d] * shape_[d];
  }

  std::size_t next() {
    const std::uint64_t place = place_;
    for (std::size_t d = 0; d < shape_.size(); ++d) {
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

// Throws std::runtime_error for a type that npy_element does not know.
template <class Source>
NpyElement readable_element(const Source& source, const TensorInfo& tensor) {
  const auto element = npy_element(tensor.type);
  if (element) return *element;
  const bool holds_objects = tensor.type.size() > 1 && tensor.type[1] == 'O';
  source.fail(tensor.begin, describe(tensor) + " has a type that is not read" +
                                (holds_objects ? ": it holds Python objects, not numbers"
                                               : " (f2, f4, f8, i1 to i8, u1 to u8 and b1 are)"));
}

// The values that a header announces, in row-major order; target has room for all of them.
template <class Scalar, class Source>
void read_npy_values(Source& source, const NpyHeader& header, const NpyElement& element,
                     Scalar* target) {
  static_assert(!Eigen::NumTraits<Scalar>::IsInteger,
                "dgp: arrays are read as floating-point numbers");
  constexpr std::size_t most_at_once = 1 << 16;
  const auto count =
      static_cast<std::size_t>((header.tensor.end - header.tensor.begin) / element.width);
  const bool turned = element.big_endian != (std::endian::native == std::endian::big);
  std::vector<char> part(std::min(count, most_at_once) * element.width);
  ColumnMajorWalk walk(header.tensor.shape);
  with_stored_type(element, [&](auto stored) {
    using Stored = decltype(stored);
    for (std::size_t done = 0; done < count;) {
      const std::size_t now = std::min(count - done, most_at_once);
      source.read(header.tensor.begin + done * sizeof(Stored), part.data(), now * sizeof(Stored));
      for (std::size_t i = 0; i < now; ++i, ++done) {
        const auto value = npy_value<Stored>(part.data() + i * sizeof(Stored), turned);
        target[header.column_major ? walk.next() : done] = static_cast<Scalar>(value);
      }
    }
  });
}

template <class Scalar, class Source>
NpyArray<Scalar> read_npy_array(Source& source, const NpyHeader& header) {
  const NpyElement element = readable_element(source, header.tensor);
  const std::uint64_t count = (header.tensor.end - header.tensor.begin) / element.width;
  NpyArray<Scalar> array{{header.tensor.shape.begin(), header.tensor.shape.end()},
                         std::vector<Scalar>(static_cast<std::size_t>(count))};
  read_npy_values(source, header, element, array.values.data());
  return array;
}

template <class Scalar, class Source>
RowMajorMatrix<Scalar> read_npy_matrix(Source& source, const NpyHeader& header) {
  const TensorInfo& tensor = header.tensor;
  check_matrix(source, tensor);
  const NpyElement element = readable_element(source, tensor);
  const auto [rows, cols] = shape_by_rows(source, tensor);
  RowMajorMatrix<Scalar> matrix(rows, cols);
  read_npy_values(source, header, element, matrix.data());
  return matrix;
}

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

// A .npy file, open for reading: like a checkpoint with a single tensor, which is named after the
// file. Not for use by several threads at once.
class NpyFile {
 public:
  // Reads and checks the header. Time and memory O(header). Throws std::runtime_error, with path
  // and, once the file is open, byte offset, for a file that cannot be read or is not a whole,
  // well-formed .npy file.
  explicit NpyFile(std::filesystem::path path)
      : file_(std::move(path)),
        header_(detail::read_npy_header(file_, file_.path().stem().string())),
        tensors_{header_.tensor} {}

  const std::filesystem::path& path() const { return file_.path(); }
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
  RowMajorMatrix<Scalar> read_matrix(const TensorInfo&) {
    return detail::read_npy_matrix<Scalar>(file_, header_);
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

// The matrix of a .npy file as a network of one layer, named after the file (w1 for w1.npy); of no
// layer where the array has not two dimensions. Time, memory and errors as of NpyFile and its read.
template <class Scalar = float>
std::vector<NamedLayer<RowMajorMatrix<Scalar>>> read_npy_layers(const std::filesystem::path& path) {
  NpyFile file(path);
  return detail::layers_of<Scalar>(file);
}

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
