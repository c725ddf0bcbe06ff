// Text in plots: from bytes that may be anything to XML, how wide it gets, numbers as they are
// read.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace plot {

// In pixels.
inline constexpr double small_font = 11;  // of ticks, rules and notes
inline constexpr double font = 12;        // of axis labels and the legend
inline constexpr double title_font = 14;

inline double line_height(double size) { return size * 1.35; }

// Code points of UTF-8; U+FFFD for each byte that is none and for what XML does not allow, a space
// for control characters.
inline std::u32string decoded(std::string_view bytes) {
  constexpr char32_t replacement = 0xfffd;
  std::u32string text;
  for (std::size_t i = 0; i < bytes.size();) {
    const auto byte = [&](std::size_t at) {
      return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U;
    };
    const unsigned first = byte(i);
    const std::size_t length = first < 0x80                     ? 1
                               : first >= 0xc2 && first < 0xe0  ? 2
                               : first >= 0xe0 && first < 0xf0  ? 3
                               : first >= 0xf0 && first <= 0xf4 ? 4
                                                                : 0;
    char32_t point = length == 1 ? first : length == 0 ? 0 : first & (0x7fU >> length);
    bool valid = length > 0;
    for (std::size_t k = 1; k < length; ++k) {
      valid = valid && (byte(i + k) & 0xc0U) == 0x80;
      point = point << 6 | (byte(i + k) & 0x3fU);
    }
    constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
    valid = valid && point >= least[length] && point <= 0x10ffff &&
            !(point >= 0xd800 && point < 0xe000) && point != 0xfffe && point != 0xffff;
    if (!valid) point = replacement;
    if (point < 0x20 || (point >= 0x7f && point < 0xa0)) point = U' ';
    text += point;
    i += valid ? length : 1;
  }
  return text;
}

// UTF-8 that may stand in XML, in text and between quotes.
inline std::string escaped(std::u32string_view text) {
  std::string out;
  const auto put = [&](char32_t value) { out += static_cast<char>(value); };
  for (const char32_t c : text) {
    if (c == U'&') {
      out += "&amp;";
    } else if (c == U'<') {
      out += "&lt;";
    } else if (c == U'>') {
      out += "&gt;";
    } else if (c == U'"') {
      out += "&quot;";
    } else if (c == U'\'') {
      out += "&#39;";
    } else if (c < 0x80) {
      put(c);
    } else if (c < 0x800) {
      put(0xc0 | c >> 6);
      put(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
      put(0xe0 | c >> 12);
      put(0x80 | (c >> 6 & 0x3f));
      put(0x80 | (c & 0x3f));
    } else {
      put(0xf0 | c >> 18);
      put(0x80 | (c >> 12 & 0x3f));
      put(0x80 | (c >> 6 & 0x3f));
      put(0x80 | (c & 0x3f));
    }
  }
  return out;
}

// How wide text gets, rather too much than too little: which font will be there is not known.
inline double width(std::u32string_view text, double size) {
  double total = 0;
  for (const char32_t c : text) {
    const auto among = [c](std::u32string_view set) {
      return set.find(c) != std::u32string_view::npos;
    };
    if (c >= 0x300 && c < 0x370) continue;  // combines with the character before it
    total += among(U"ijlI|'!.,:; ")                       ? 0.33
             : among(U"\u2009")                           ? 0.2
             : among(U"frt()[]{}/\\\"-")                  ? 0.42
             : among(U"mwMW@%\u2212\u2026")               ? 0.95
             : c >= U'A' && c <= U'Z'                     ? 0.72
             : c >= 0x1100 && (c < 0x2000 || c >= 0x2e80) ? 1.0
                                                          : 0.62;
  }
  return total * size;
}

inline std::string integer(long long value) {
  std::array<char, 24> digits{};
  char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return {digits.data(), end};
}

// A number as it is read: its sign a minus, its thousands set apart where there are five digits.
inline std::u32string decimal(long long mantissa, int exponent) {
  std::string digits = integer(std::abs(mantissa));
  if (exponent > 0 && mantissa != 0) digits.append(static_cast<std::size_t>(exponent), '0');
  const std::size_t decimals = exponent < 0 ? static_cast<std::size_t>(-exponent) : 0;
  if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
  const std::size_t whole = digits.size() - decimals;
  std::u32string text = mantissa < 0 ? U"\u2212" : U"";
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i == whole) text += U'.';
    if (i > 0 && i < whole && whole > 4 && (whole - i) % 3 == 0) text += U'\u2009';
    text += static_cast<char32_t>(digits[i]);
  }
  return text;
}

// Text of at most this width, characters in its middle replaced by an ellipsis where it is longer:
// names of layers differ at their ends.
inline std::u32string shortened(const std::u32string& text, double size, double most) {
  if (width(text, size) <= most) return text;
  std::size_t kept = std::min<std::size_t>(text.size() - 1, 400);  // no more is ever seen
  const auto cut = [&] {
    return text.substr(0, (kept + 1) / 2) + U'\u2026' + text.substr(text.size() - kept / 2);
  };
  while (kept > 0 && width(cut(), size) > most) --kept;
  return cut();
}

// Lines of at most this width, broken at spaces, and at most so many of them.
inline std::vector<std::u32string> wrapped(const std::u32string& text, double size, double most,
                                           std::size_t most_rows) {
  std::vector<std::u32string> lines;
  const std::size_t last = std::min<std::size_t>(text.size(), 2000);  // no more is ever seen
  for (std::size_t begin = 0; begin < last;) {
    const std::size_t end = std::min(text.find(U' ', begin), last);
    const std::u32string word = text.substr(begin, end - begin);
    begin = end + 1;
    if (word.empty()) continue;
    if (!lines.empty() &&
        (lines.size() == most_rows || width(lines.back() + U' ' + word, size) <= most)) {
      lines.back() += U' ' + word;
    } else {
      lines.push_back(word);
    }
  }
  for (auto& line : lines) line = shortened(line, size, most);
  return lines;
}

// A coordinate, to a hundredth of a pixel.
inline std::string number(double value) {
  const long long hundredths = std::llround(value * 100);
  const long long rest = std::abs(hundredths % 100);
  std::string text = hundredths < 0 ? "-" : "";
  text += integer(std::abs(hundredths / 100));
  if (rest != 0) text += (rest < 10 ? ".0" : ".") + integer(rest % 10 == 0 ? rest / 10 : rest);
  return text;
}

// What stands at a tick: a text or, with a superscript, a power.
struct Label {
  std::u32string text;
  std::u32string superscript;
  std::u32string name = {};  // of which the text is a part; empty: it is all

  double width(double size) const {
    return plot::width(text, size) + plot::width(superscript, size * 0.75);
  }
  std::string markup() const {
    if (superscript.empty()) return escaped(text);
    return escaped(text) + "<tspan dy=\"-0.45em\" font-size=\"75%\">" + escaped(superscript) +
           "</tspan>";
  }
};

inline Label power_of_ten(int mantissa, int exponent) {
  std::u32string text = U"10";
  if (mantissa != 1) text = decimal(mantissa, 0) + U"\u00d7" + text;
  return {text, decimal(exponent, 0)};
}

// The label of an axis whose ticks count in powers of ten.
inline std::string with_multiplier(const std::u32string& label, int multiplier) {
  if (multiplier == 0) return escaped(label);
  const Label power{U"\u00d710", decimal(multiplier, 0)};
  if (label.empty()) return power.markup();
  return escaped(label) + " (" + power.markup() + "<tspan dy=\"0.34em\">)</tspan>";
}

// Adds a <text>; anchor: start, middle or end.
inline void add_text(std::string& out, double x, double y, const char* anchor, double size,
                     const std::string& markup, const std::string& attributes = {}) {
  out += "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor +
         "\" font-size=\"" + number(size) + "\"" + attributes + ">" + markup + "</text>\n";
}

// Adds a label; where it is a part of a name only, the name shows when one points there.
inline void add_label(std::string& out, double x, double y, const char* anchor, double size,
                      const Label& label, const std::string& attributes = {}) {
  const bool in_part = !label.name.empty() && label.name != label.text;
  if (in_part) out += "<g><title>" + escaped(label.name) + "</title>";
  add_text(out, x, y, anchor, size, label.markup(), attributes);
  if (in_part) out += "</g>\n";
}

}  // namespace plot
