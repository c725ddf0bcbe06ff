// What stands before the values of a .npy file.
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
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dgp/detail/messages.hpp>
#include <dgp/io/file_format.hpp>
#include <dgp/io/tensor_info.hpp>

namespace dgp::io::detail {

// How a value is stored: kind 'b' (truth value), 'i', 'u' or 'f', and width in bytes.
struct NpyElement {
  char kind;
  std::size_t width;
  bool big_endian;
};

// The names that numpy.dtype takes beside kind and width, which NumPy itself does not write; those
// that depend on the machine are as wide as on all of 64 bits but Windows'.
inline std::string_view npy_kind_and_width(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 40> names{
      {{"?", "b1"},       {"bool", "b1"},  {"b", "i1"},       {"byte", "i1"},   {"int8", "i1"},
       {"B", "u1"},       {"ubyte", "u1"}, {"uint8", "u1"},   {"h", "i2"},      {"short", "i2"},
       {"int16", "i2"},   {"H", "u2"},     {"ushort", "u2"},  {"uint16", "u2"}, {"i", "i4"},
       {"intc", "i4"},    {"int32", "i4"}, {"I", "u4"},       {"uintc", "u4"},  {"uint32", "u4"},
       {"q", "i8"},       {"l", "i8"},     {"int", "i8"},     {"int64", "i8"},  {"longlong", "i8"},
       {"Q", "u8"},       {"L", "u8"},     {"uint", "u8"},    {"uint64", "u8"}, {"ulonglong", "u8"},
       {"e", "f2"},       {"half", "f2"},  {"float16", "f2"}, {"f", "f4"},      {"single", "f4"},
       {"float32", "f4"}, {"d", "f8"},     {"double", "f8"},  {"float", "f8"},  {"float64", "f8"}}};
  for (const auto& [spelled, meant] : names) {
    if (spelled == name) return meant;
  }
  return name;
}

// Spelled in any way that numpy.dtype takes: '<' and '>' before the type say the order of bytes;
// '=', '|' and nothing leave it to the machine. Nothing for a type that is no number of these kinds
// and widths.
inline std::optional<NpyElement> npy_element(std::string_view type) {
  static constexpr std::array<std::string_view, 12> known{"b1", "i1", "i2", "i4", "i8", "u1",
                                                          "u2", "u4", "u8", "f2", "f4", "f8"};
  const char order =
      !type.empty() && std::string_view("<>=|").find(type[0]) != std::string_view::npos ? type[0]
                                                                                        : '=';
  if (!type.empty() && type[0] == order) type.remove_prefix(1);
  type = npy_kind_and_width(type);
  if (std::find(known.begin(), known.end(), type) == known.end()) return std::nullopt;
  const bool native_is_big = std::endian::native == std::endian::big;
  return NpyElement{type[0], static_cast<std::size_t>(type[1] - '0'),
                    order == '>' || (order != '<' && native_is_big)};
}

struct NpyHeader {
  TensorInfo tensor;
  bool column_major;  // NumPy's fortran_order: the first index runs fastest
};

// Parses the header's dictionary: of Python's literals what NumPy and other makers of such files
// write, and nothing else. Source is what the bytes come from, a file or an entry of an archive: it
// has size(), read(begin, target, count) in ascending order, and fail(byte, what).
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
    while (at_ < text_.size() &&
           std::string_view(" \n\r\t\f").find(text_[at_]) != std::string_view::npos) {
      ++at_;
    }
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

  // As Python 2 writes strings too: u'…', b'…'.
  std::string string() {
    skip_space();
    if (at_ + 1 < text_.size() && (text_[at_] == 'u' || text_[at_] == 'b') &&
        (text_[at_ + 1] == '\'' || text_[at_ + 1] == '"')) {
      ++at_;
    }
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"') reject("the header lacks a string here");
    const std::size_t end = text_.find_first_of(quote == '"' ? "\"\\\n" : "'\\\n", at_ + 1);
    if (end == std::string_view::npos || text_[end] != quote) {
      reject("a string without an end, or with an escape");
    }
    std::string value(text_.substr(at_ + 1, end - at_ - 1));
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
  if (std::string_view(start.data(), magic.size()) != magic) {
    std::string what = "not a .npy file";
    if constexpr (requires { source.start(); }) what += but_it_is(source);
    source.fail(0, what);
  }
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
  if (const auto element = npy_element(tensor.type)) {
    check_bytes(source, tensor, element->width);
    if (element->kind == 'f') tensor.floating_point_bytes = element->width;
  }
  return header;
}

}  // namespace dgp::io::detail
