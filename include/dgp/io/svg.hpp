// Small plots as SVG text: lines, points and bars on linear, logarithmic and named axes.
//
// in:  series of numbers with labels in UTF-8; anything may be among them: NaN, infinities, control
//      characters, bytes that are no UTF-8
// out: one self-contained SVG element, to be written to a file or put into an HTML page as it is;
//      no locale changes it, and coordinates are rounded to a hundredth of a pixel, so that it is
//      the same text on every platform
//
// Series differ in colour (Okabe and Ito's palette), in dashes and in markers or hatching, so that
// they can be told apart by colour-blind readers and in black and white. What cannot be drawn
// leaves a gap: NaN without a word, infinities and what is not positive on a logarithmic axis with
// a note beneath the plot. The legend stands beneath the plot, labels of rules above it: neither
// hides data.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dgp::svg {

enum class Mark { line, points, bars };

// x may be left empty: 0, 1, 2, … A series without a label is not in the legend.
struct Series {
  std::string label;
  std::vector<double> x;
  std::vector<double> y;
  Mark mark = Mark::line;
};

// With categories, the axis names the places 0, 1, 2, …, and is not logarithmic.
struct Axis {
  std::string label;
  bool logarithmic = false;
  std::vector<std::string> categories;
};

// A labelled vertical line at x.
struct Rule {
  std::string label;
  double x;
};

struct Chart {
  std::string title;
  Axis x;
  Axis y;
  std::vector<Series> series;
  std::vector<Rule> rules;
  bool diagonal = false;  // whether y = x is drawn, where both axes are of the same kind
};

namespace detail {

// In pixels.
inline constexpr double panel_width = 560;
inline constexpr double plot_height = 300;
inline constexpr double right_margin = 30;
inline constexpr double small_font = 11;  // of ticks, rules and notes
inline constexpr double font = 12;        // of axis labels and the legend
inline constexpr double title_font = 14;
inline constexpr double line_spacing = 1.35;  // in font sizes

// More points than these of one series are thinned.
inline constexpr std::size_t most_points = 4000;

// Beyond largest a number counts as infinite, below smallest as zero: arithmetic in between neither
// overflows nor underflows.
inline constexpr double largest = 1e280;
inline constexpr double smallest = 1e-280;

inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// --- text ---

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
    const auto among = [c](std::u32string_view set) { return set.find(c) != set.npos; };
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

// Names of at most this width. Where one is longer, what all begin or end with is left out of all,
// up to a separator, so that what tells them apart remains: model.layers.7.weight, …7.weight, …7….
inline std::vector<std::u32string> shortened(const std::vector<std::u32string>& names, double size,
                                             double most) {
  const auto all_fit = [&](const std::vector<std::u32string>& texts) {
    return std::all_of(texts.begin(), texts.end(),
                       [&](const auto& text) { return width(text, size) <= most; });
  };
  if (names.empty() || all_fit(names)) return names;
  std::size_t head = names[0].size();
  std::size_t tail = names[0].size();
  for (const auto& name : names) {
    std::size_t same = 0;
    while (same < std::min(head, name.size()) && name[same] == names[0][same]) ++same;
    head = same;
    same = 0;
    while (same < std::min(tail, name.size()) &&
           name[name.size() - 1 - same] == names[0][names[0].size() - 1 - same]) {
      ++same;
    }
    tail = same;
  }
  const auto separates = [](char32_t c) { return std::u32string_view(U"./_-: ").find(c) < 6; };
  while (head > 0 && !separates(names[0][head - 1])) --head;
  while (tail > 0 && !separates(names[0][names[0].size() - tail])) --tail;

  std::vector<std::u32string> result;
  for (const std::size_t cut : {std::size_t{0}, tail}) {
    result.clear();
    for (const auto& name : names) {
      if (head + cut >= name.size()) {
        result.push_back(name);
        continue;
      }
      std::u32string text = name.substr(head, name.size() - head - cut);
      if (head > 0) text.insert(0, 1, U'\u2026');
      if (cut > 0) text += U'\u2026';
      result.push_back(std::move(text));
    }
    if (all_fit(result)) return result;
  }
  for (auto& text : result) text = shortened(text, size, most);
  return result;
}

// The least of 1, 2, 5, 10, 20, 50, … that is not less than this.
inline std::size_t round_number(double least) {
  std::size_t number = 1;
  for (std::size_t i = 0; static_cast<double>(number) < least && i < 50; ++i) {
    number = i % 3 == 1 ? number / 2 * 5 : number * 2;
  }
  return number;
}

// Lines of at most this width, broken at spaces, and at most so many of them.
inline std::vector<std::u32string> wrapped(const std::u32string& text, double size, double most,
                                           std::size_t most_lines) {
  std::vector<std::u32string> lines;
  const std::size_t last = std::min<std::size_t>(text.size(), 2000);  // no more is ever seen
  for (std::size_t begin = 0; begin < last;) {
    const std::size_t end = std::min(text.find(U' ', begin), last);
    const std::u32string word = text.substr(begin, end - begin);
    begin = end + 1;
    if (word.empty()) continue;
    if (!lines.empty() &&
        (lines.size() == most_lines || width(lines.back() + U' ' + word, size) <= most)) {
      lines.back() += U' ' + word;
    } else {
      lines.push_back(word);
    }
  }
  for (auto& line : lines) line = shortened(line, size, most);
  return lines;
}

inline std::string integer(long long value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return {digits.data(), end};
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

// What stands at a tick: a text or, with a superscript, a power.
struct Label {
  std::u32string text;
  std::u32string superscript;

  double width(double size) const {
    return detail::width(text, size) + detail::width(superscript, size * 0.75);
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

// Adds a <text>; anchor: start, middle or end.
inline void add_text(std::string& out, double x, double y, const char* anchor, double size,
                     const std::string& markup, const std::string& attributes = {}) {
  out += "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor +
         "\" font-size=\"" + number(size) + "\"" + attributes + ">" + markup + "</text>\n";
}

inline void add_line(std::string& out, double x1, double y1, double x2, double y2,
                     const std::string& attributes) {
  out += "<path d=\"M" + number(x1) + " " + number(y1) + "L" + number(x2) + " " + number(y2) +
         "\" " + attributes + "/>\n";
}

// --- how series look ---

// Colours, dashes, markers and hatches come round after 7, 5, 8 and 5 series: no two among 280
// lines look the same. Okabe and Ito's yellow is left out: on white it hardly shows.
inline const char* colour(std::size_t series) {
  constexpr std::array<const char*, 7> colours{"#0072B2", "#D55E00", "#009E73", "#E69F00",
                                               "#CC79A7", "#56B4E9", "#000000"};
  return colours[series % colours.size()];
}

inline std::string dashes(std::size_t series) {
  constexpr std::array<const char*, 5> patterns{"", "7 3", "2 2.5", "9 3 2 3", "14 4"};
  const std::string pattern = patterns[series % patterns.size()];
  return pattern.empty() ? "" : " stroke-dasharray=\"" + pattern + "\"";
}

inline constexpr std::size_t hatches = 5;
inline constexpr std::size_t fills = 35;

inline std::string fill(std::size_t series) {
  if (series % hatches == 0) return colour(series);
  return "url(#dgp-bars-" + integer(static_cast<long long>(series % fills)) + ")";
}

// What fill() refers to. The same name means the same look, also in a page with many plots.
inline std::string pattern(std::size_t series) {
  constexpr std::array<const char*, hatches> lines{"", "M-1 7L7 -1M-1 1L1 -1M5 7L7 5",
                                                   "M-1 -1L7 7M5 -1L7 1M-1 5L1 7", "M0 3L6 3",
                                                   "M-1 -1L7 7M-1 7L7 -1"};
  return "<pattern id=\"dgp-bars-" + integer(static_cast<long long>(series % fills)) +
         "\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\"><path d=\"M0 0H6V6H0Z\" "
         "fill=\"" +
         colour(series) + "\"/><path d=\"" + lines[series % hatches] +
         "\" stroke=\"#ffffff\" stroke-width=\"1.2\"/></pattern>\n";
}

struct Point {
  double x;
  double y;
};

// Markers at these points, as one path.
inline void add_markers(std::string& out, std::size_t series, const std::vector<Point>& points,
                        double radius) {
  if (points.empty()) return;
  const std::size_t shape = series % 8;
  const auto r = [radius](double share) { return number(share * radius); };
  // Each shape starts at its point.
  const std::string circle = "m" + r(-1) + " 0a" + r(1) + " " + r(1) + " 0 1 0 " + r(2) + " 0a" +
                             r(1) + " " + r(1) + " 0 1 0 " + r(-2) + " 0z";
  const std::array<std::string, 8> shapes{
      circle,
      "m" + r(-0.9) + " " + r(-0.9) + "h" + r(1.8) + "v" + r(1.8) + "h" + r(-1.8) + "z",
      "m0 " + r(-1.3) + "l" + r(1.2) + " " + r(2.1) + "h" + r(-2.4) + "z",
      "m0 " + r(-1.3) + "l" + r(1.3) + " " + r(1.3) + "l" + r(-1.3) + " " + r(1.3) + "l" + r(-1.3) +
          " " + r(-1.3) + "z",
      "m" + r(-1) + " " + r(-1) + "l" + r(2) + " " + r(2) + "m0 " + r(-2) + "l" + r(-2) + " " +
          r(2),
      circle,
      "m0 " + r(1.3) + "l" + r(1.2) + " " + r(-2.1) + "h" + r(-2.4) + "z",
      "m" + r(-1.3) + " 0h" + r(2.6) + "m" + r(-1.3) + " " + r(-1.3) + "v" + r(2.6)};
  const bool strokes_only = shape == 4 || shape == 7;
  const bool open = shape == 5;
  out += "<path d=\"";
  for (const Point& point : points) {
    out += "M" + number(point.x) + " " + number(point.y) + shapes[shape];
  }
  out += std::string("\" fill=\"") +
         (strokes_only ? "none"
          : open       ? "#ffffff"
                       : colour(series)) +
         "\" stroke=\"" + colour(series) + "\" stroke-width=\"" +
         (strokes_only ? "1.6"
          : open       ? "1.3"
                       : "0.6") +
         "\"/>\n";
}

// --- axes ---

// 10^exponent, the same everywhere: the standard library's pow need not be.
inline double power(int exponent) {
  double result = 1;
  for (int i = 0; i < std::abs(exponent); ++i) result *= 10;
  return exponent < 0 ? 1 / result : result;
}

// mantissa × 10^exponent, rounded once where the exponent is small: 3 × 10^-1 is 0.3.
inline double scaled(long long mantissa, int exponent) {
  const auto value = static_cast<double>(mantissa);
  return exponent < 0 ? value / power(-exponent) : value * power(exponent);
}

inline bool is_logarithmic(const Axis& axis) { return axis.logarithmic && axis.categories.empty(); }

// Where a number lies on an axis: itself or its decimal logarithm; NaN where it has no place.
inline double place(const Axis& axis, double value) {
  if (!(std::abs(value) <= largest)) return not_a_number;
  if (!is_logarithmic(axis)) return std::abs(value) < smallest ? 0 : value;
  return value > 0 ? std::log10(value) : not_a_number;
}

// An interval of places.
struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void take(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  double span() const { return high - low; }
  double share(double value) const { return (value - low) / span(); }
};

// The range to draw: something that is not empty, and a little more than the data, but with no
// numbers below zero where the data has none.
inline Range padded(Range range, bool logarithmic, double share) {
  if (!(range.low <= range.high)) return {0, 1};
  const double magnitude = std::max(std::abs(range.low), std::abs(range.high));
  if (range.span() <= 1e-12 * magnitude || range.span() == 0) {
    const double half = logarithmic ? 0.5 : magnitude == 0 ? 1 : 0.1 * magnitude;
    return {range.low - half, range.high + half};
  }
  const double pad = share * range.span();
  Range result{range.low - pad, range.high + pad};
  if (!logarithmic && range.low >= 0) result.low = std::max(result.low, 0.0);
  if (!logarithmic && range.high <= 0) result.high = std::min(result.high, 0.0);
  return result;
}

struct Tick {
  double place;
  Label label;
};

struct Ticks {
  std::vector<Tick> labelled;
  std::vector<double> bare;  // places of ticks without a label
  int multiplier = 0;        // the labels count in 10^multiplier

  double widest(double size) const {
    double most = 0;
    for (const auto& tick : labelled) most = std::max(most, tick.label.width(size));
    return most;
  }
};

// Whether labels fit beside each other along an axis of so many pixels; upright says that they
// stand above each other.
inline bool fit(const Ticks& ticks, const Range& range, double pixels, bool upright) {
  if (ticks.labelled.size() > 11) return false;
  double reached = -std::numeric_limits<double>::infinity();
  for (const auto& tick : ticks.labelled) {
    const double at = range.share(tick.place) * pixels;
    const double half = upright ? 14 : tick.label.width(small_font) / 2 + 7;
    if (at - half < reached) return false;
    reached = at + half;
  }
  return true;
}

// Ticks at the multiples of mantissa × 10^exponent between two numbers.
inline Ticks multiples(double low, double high, int mantissa, int exponent) {
  Ticks ticks;
  const double step = scaled(mantissa, exponent);
  const auto first = static_cast<long long>(std::ceil(low / step - 1e-9));
  const auto last = static_cast<long long>(std::floor(high / step + 1e-9));
  if (last - first > 20) return ticks;
  const long long most = std::max(std::abs(first), std::abs(last)) * mantissa;
  const int magnitude = static_cast<int>(integer(most).size()) - 1 + exponent;
  if (magnitude >= 7 || (exponent < -5 && magnitude < -2)) ticks.multiplier = magnitude;
  for (long long k = first; k <= last; ++k) {
    ticks.labelled.push_back(
        {scaled(k * mantissa, exponent), {decimal(k * mantissa, exponent - ticks.multiplier), {}}});
  }
  return ticks;
}

// Calls body(mantissa, exponent) with ever larger round steps, from about a fiftieth of the span
// on, until it returns true.
template <class Body>
void round_steps(double span, const Body& body) {
  const int exponent = static_cast<int>(std::floor(std::log10(span))) - 2;
  for (int e = exponent; e < exponent + 5; ++e) {
    for (const int mantissa : {1, 2, 5}) {
      if (body(mantissa, e)) return;
    }
  }
}

// The finest round ticks whose labels fit; for whole numbers, whole ones.
inline Ticks linear_ticks(const Range& range, double pixels, bool upright, bool whole) {
  Ticks best;
  round_steps(range.span(), [&](int mantissa, int exponent) {
    if (whole && exponent < 0) return false;
    Ticks ticks = multiples(range.low, range.high, mantissa, exponent);
    if (ticks.labelled.empty() || !fit(ticks, range, pixels, upright)) return false;
    best = std::move(ticks);
    return true;
  });
  return best;
}

// Decades, every so many of them where they are many; 1, 2 and 5 times a decade where they are few;
// round numbers where not even these are in the range.
inline Ticks logarithmic_ticks(const Range& range, double pixels, bool upright) {
  constexpr double fringe = 1e-9;
  const auto within = [&](double place) {
    return place >= range.low - fringe && place <= range.high + fringe;
  };
  const int first = static_cast<int>(std::floor(range.low));
  const int last = static_cast<int>(std::ceil(range.high));
  const auto at = [](int mantissa, int exponent) {
    return exponent + std::log10(static_cast<double>(mantissa));
  };
  const auto labelled = [&](const std::vector<int>& mantissas, int every) {
    Ticks ticks;
    std::vector<std::pair<int, int>> chosen;
    for (int e = first; e <= last; ++e) {
      if (e % every != 0) continue;
      for (const int m : mantissas) {
        if (within(at(m, e))) chosen.emplace_back(m, e);
      }
    }
    const bool plain = std::all_of(chosen.begin(), chosen.end(), [](const auto& tick) {
      return tick.second >= -3 && tick.second <= 4;
    });
    for (const auto& [m, e] : chosen) {
      ticks.labelled.push_back({at(m, e), plain ? Label{decimal(m, e), {}} : power_of_ten(m, e)});
    }
    return ticks;
  };

  Ticks ticks;
  if (range.span() <= 2.5) ticks = labelled({1, 2, 5}, 1);
  if (ticks.labelled.size() < 3 || !fit(ticks, range, pixels, upright)) {
    ticks = range.span() < 1.5 ? Ticks{} : labelled({1}, 1);
    for (int every = 2; !ticks.labelled.empty() && !fit(ticks, range, pixels, upright);) {
      ticks = labelled({1}, every);
      every = static_cast<int>(round_number(every + 1));
    }
  }
  if (ticks.labelled.size() < 2) {
    // Less than a decade or two: the numbers lie almost as on a linear axis.
    const double unit = power(first);
    const double low = std::pow(10.0, range.low - first);
    const double high = std::pow(10.0, range.high - first);
    round_steps(high - low, [&](int mantissa, int exponent) {
      Ticks few = multiples(low * unit, high * unit, mantissa, exponent + first);
      std::erase_if(few.labelled, [](const Tick& tick) { return !(tick.place > 0); });
      for (auto& tick : few.labelled) tick.place = std::log10(tick.place);
      if (few.labelled.empty() || !fit(few, range, pixels, upright)) return false;
      ticks = std::move(few);
      return true;
    });
    return ticks;
  }
  if (range.span() <= 20) {
    for (int e = first; e <= last; ++e) {
      for (int m = 1; m < (range.span() <= 6 ? 10 : 2); ++m) {
        if (within(at(m, e))) ticks.bare.push_back(at(m, e));
      }
    }
  }
  return ticks;
}

// --- one chart ---

// What a chart needs before anything is drawn, and its drawing.
class Panel {
 public:
  explicit Panel(const Chart& chart) : chart_(chart) {
    for (const auto& series : chart.series) {
      if (!series.x.empty() && series.x.size() != series.y.size()) {
        throw std::invalid_argument("a series has " + std::to_string(series.x.size()) +
                                    " x values, but " + std::to_string(series.y.size()) +
                                    " y values");
      }
      if (series.mark == Mark::bars) ++bar_series_;
    }
    for (const auto& name : chart.x.categories) x_names_.push_back(decoded(name));
    for (const auto& name : chart.y.categories) y_names_.push_back(decoded(name));
    find_ranges();
    place_y_ticks();
    y_lines_ = wrapped(decoded(chart.y.label), font, plot_height, 2);
    own_left_ = 14 + y_ticks_.widest(small_font) +
                line_height(font) * static_cast<double>(std::max<std::size_t>(
                                        y_lines_.size(), y_ticks_.multiplier != 0));
    label_left_ = own_left_;
    // Turned names reach to the left of their place.
    if (!x_names_.empty()) {
      place_x_ticks(panel_width - own_left_ - right_margin);
      for (const auto& tick : x_ticks_.labelled) {
        if (!turned_) break;
        const double at = x_range_.share(tick.place) * (panel_width - own_left_ - right_margin);
        own_left_ = std::max(own_left_, 0.72 * tick.label.width(small_font) + 12 - at);
      }
    }
  }

  // The room needed left of the plot.
  double left() const { return own_left_; }

  // Takes that much room at the left, and finds what is needed above and beneath.
  void arrange(double left) {
    left_ = left;
    plot_width_ = panel_width - left_ - right_margin;
    place_x_ticks(plot_width_);
    title_ = wrapped(decoded(chart_.title), title_font, plot_width_, 3);
    x_lines_ =
        wrapped(decoded(chart_.x.label), font, plot_width_ - (x_ticks_.multiplier ? 60 : 0), 2);
    if (x_lines_.empty() && x_ticks_.multiplier != 0) x_lines_.emplace_back();
    place_rule_labels();
    top_ = 12 + line_height(title_font) * static_cast<double>(title_.size()) +
           line_height(small_font) * static_cast<double>(rule_rows_);

    // Many labels stand in two columns at least, and take the panel's whole width.
    std::vector<std::u32string> labels;
    legend_.clear();
    for (std::size_t i = 0; i < chart_.series.size(); ++i) {
      if (chart_.series[i].label.empty()) continue;
      labels.push_back(decoded(chart_.series[i].label));
      legend_.push_back({i, {}});
    }
    const bool many = labels.size() > 8;
    legend_left_ = many ? 14 - left_ : 0;
    const double room = plot_width_ - legend_left_;
    labels = shortened(labels, font, (many ? room / 2 - 7 : room) - sample_width);
    double widest = 0;
    for (std::size_t i = 0; i < legend_.size(); ++i) {
      widest = std::max(widest, width(labels[i], font));
      legend_[i].text = std::move(labels[i]);
    }
    legend_column_ = sample_width + widest + 14;
    legend_columns_ =
        std::max<std::size_t>(1, static_cast<std::size_t>((room + 14.5) / legend_column_));
    const std::size_t rows = (legend_.size() + legend_columns_ - 1) / legend_columns_;

    x_label_top_ = 8 + line_height(small_font);
    if (turned_) x_label_top_ = 12 + 0.72 * x_ticks_.widest(small_font) + small_font * 0.5;
    legend_top_ = x_label_top_ + line_height(font) * static_cast<double>(x_lines_.size()) + 8;
    bottom_ = legend_top_ + legend_row * static_cast<double>(rows) + 6;
    if (left_out_ > 0) bottom_ += line_height(small_font);
  }

  double top() const { return top_; }
  double bottom() const { return bottom_; }

  // Adds to `used` the series whose fill is a pattern.
  void collect_patterns(std::vector<std::size_t>& used) const {
    for (std::size_t i = 0; i < chart_.series.size(); ++i) {
      const bool hatched = chart_.series[i].mark == Mark::bars && i % hatches != 0;
      if (hatched && std::find(used.begin(), used.end(), i % fills) == used.end()) {
        used.push_back(i % fills);
      }
    }
  }

  // Draws the panel with its left edge at x, its plot's upper edge at y.
  void draw(std::string& out, double x, double y) const {
    out += "<g transform=\"translate(" + number(x + left_) + " " + number(y) + ")\">\n";
    draw_text(out);
    draw_grid(out);
    if (chart_.diagonal) draw_diagonal(out);
    std::size_t points = 0;
    for (const Mark mark : {Mark::bars, Mark::line, Mark::points}) {
      std::size_t bars = 0;
      for (std::size_t i = 0; i < chart_.series.size(); ++i) {
        const Series& series = chart_.series[i];
        if (series.mark == mark) {
          out += "<g>";
          if (!series.label.empty()) {
            out += "<title>" + escaped(decoded(series.label)) + "</title>";
          }
          out += "\n";
          points += mark == Mark::bars   ? draw_bars(out, i, bars)
                    : mark == Mark::line ? draw_line(out, i)
                                         : draw_points(out, i);
          out += "</g>\n";
        }
        if (series.mark == Mark::bars) ++bars;
      }
    }
    if (points == 0) {
      add_text(out, plot_width_ / 2, plot_height / 2, "middle", font, "no data",
               " fill=\"#767676\"");
    }
    draw_axes(out);
    draw_rules(out);
    draw_legend(out);
    out += "</g>\n";
  }

 private:
  static constexpr double sample_width = 40;  // of a line in the legend, with the space after it
  static constexpr double legend_row = 18;

  struct LegendEntry {
    std::size_t series;
    std::u32string text;
  };
  struct RuleLabel {
    std::size_t rule;
    double line;  // x of the rule
    double text;  // x where the label begins
    double length;
    std::size_t row;
    std::u32string label;  // empty where it found no room
  };

  static double line_height(double size) { return size * line_spacing; }

  double x_at(double place) const { return x_range_.share(place) * plot_width_; }
  double y_at(double place) const { return (1 - y_range_.share(place)) * plot_height; }

  // Calls body(x, y) with the place of each point of a series, NaN where it has none.
  template <class Body>
  void each_place(const Series& series, const Body& body) const {
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      const double x = place(chart_.x, series.x.empty() ? static_cast<double>(i) : series.x[i]);
      const double y = place(chart_.y, series.y[i]);
      const bool drawn = !std::isnan(x) && !std::isnan(y);
      body(drawn ? x : not_a_number, drawn ? y : not_a_number);
    }
  }

  void find_ranges() {
    Range x;
    Range y;
    std::vector<double> bars;
    left_out_ = 0;
    for (const auto& series : chart_.series) {
      std::size_t i = 0;
      each_place(series, [&](double at_x, double at_y) {
        const double given = series.x.empty() ? 0 : series.x[i];
        if (std::isnan(at_x)) {
          if (!std::isnan(given) && !std::isnan(series.y[i])) ++left_out_;
        } else {
          x.take(at_x);
          y.take(at_y);
          x_whole_ = x_whole_ && at_x == std::floor(at_x);
          y_whole_ = y_whole_ && at_y == std::floor(at_y);
          if (series.mark == Mark::bars) bars.push_back(at_x);
        }
        ++i;
      });
    }
    if (!bars.empty()) {
      std::sort(bars.begin(), bars.end());
      const double outer = bars.back() - bars.front();
      double least = std::numeric_limits<double>::infinity();
      for (std::size_t i = 1; i < bars.size(); ++i) {
        const double gap = bars[i] - bars[i - 1];
        if (gap > 1e-9 * outer) least = std::min(least, gap);
      }
      bar_slot_ = x_names_.empty() && std::isfinite(least) ? least : 1;
      x.take(bars.front() - bar_slot_ / 2);
      x.take(bars.back() + bar_slot_ / 2);
      if (!is_logarithmic(chart_.y)) y.take(0);
    }
    for (const auto& rule : chart_.rules) {
      const double at = place(chart_.x, rule.x);
      if (!std::isnan(at)) x.take(at);
    }
    const auto with_names = [](const Axis& axis, Range range, double share) {
      if (axis.categories.empty()) return padded(range, is_logarithmic(axis), share);
      range.take(-0.5);
      range.take(static_cast<double>(axis.categories.size()) - 0.5);
      return range;
    };
    x_whole_ = x_whole_ && x.low <= x.high;
    y_whole_ = y_whole_ && y.low <= y.high;
    x_range_ = with_names(chart_.x, x, 0.02);
    y_range_ = with_names(chart_.y, y, 0.05);
  }

  // Every so many names, at their places.
  static Ticks named(const std::vector<std::u32string>& names, std::size_t every, double most) {
    const auto texts = shortened(names, small_font, most);
    Ticks ticks;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (i % every == 0) {
        ticks.labelled.push_back({static_cast<double>(i), {texts[i], {}}});
      } else {
        ticks.bare.push_back(static_cast<double>(i));
      }
    }
    return ticks;
  }

  void place_y_ticks() {
    if (!y_names_.empty()) {
      const double slot = plot_height / y_range_.span();
      y_ticks_ = named(y_names_, round_number(14 / slot), 150);
    } else if (is_logarithmic(chart_.y)) {
      y_ticks_ = logarithmic_ticks(y_range_, plot_height, true);
    } else {
      y_ticks_ = linear_ticks(y_range_, plot_height, true, y_whole_);
    }
  }

  // Names stand upright where each finds room or, when short, every second, third, …; else they
  // are turned.
  void place_x_ticks(double pixels) {
    turned_ = false;
    if (x_names_.empty()) {
      x_ticks_ = is_logarithmic(chart_.x) ? logarithmic_ticks(x_range_, pixels, false)
                                          : linear_ticks(x_range_, pixels, false, x_whole_);
      return;
    }
    const double slot = pixels / x_range_.span();
    x_ticks_ = named(x_names_, 1, pixels);
    const double needed = x_ticks_.widest(small_font) + 8;
    if (needed <= slot) return;
    turned_ = needed > 40;
    const std::size_t every = round_number((turned_ ? 17 : needed) / slot);
    x_ticks_ = named(x_names_, every, turned_ ? 150 : pixels);
  }

  // The labels of rules stand beside their lines, in rows. Where it can be, no line runs through a
  // label: so it is when all are right of their lines, placed from right to left, or the other way
  // round; but with both sides fewer rows are needed.
  void place_rule_labels() {
    std::vector<RuleLabel> rules;
    for (std::size_t i = 0; i < chart_.rules.size(); ++i) {
      const double at = place(chart_.x, chart_.rules[i].x);
      if (std::isnan(at)) continue;
      rules.push_back({i, x_at(at), 0, 0, 0, decoded(chart_.rules[i].label)});
      auto& label = rules.back().label;
      label = shortened(label, small_font, plot_width_ * 0.6);
      rules.back().length = width(label, small_font);
    }
    const auto from_right = [](const RuleLabel& a, const RuleLabel& b) { return a.line > b.line; };
    std::stable_sort(rules.begin(), rules.end(), from_right);
    rule_labels_ = rules;
    if (put_rule_labels(true, true, true)) return;
    rule_labels_ = rules;
    if (put_rule_labels(true, false, true)) return;
    rule_labels_.assign(rules.rbegin(), rules.rend());
    if (put_rule_labels(false, true, true)) return;
    rule_labels_ = std::move(rules);
    put_rule_labels(true, true, false);
  }

  // In the order in which they are. Returns whether each has found a place; strict: where no line
  // crosses a label. Labels without a place are dropped.
  bool put_rule_labels(bool right, bool left, bool strict) {
    constexpr std::size_t most_rows = 8;
    constexpr double gap = 6;
    bool complete = true;
    rule_rows_ = 0;
    for (std::size_t i = 0; i < rule_labels_.size(); ++i) {
      RuleLabel& rule = rule_labels_[i];
      if (rule.label.empty()) continue;
      const auto free = [&](double text, std::size_t row) {
        if (text < -left_ + 4 || text + rule.length > plot_width_ + right_margin - 2) return false;
        for (std::size_t k = 0; k < i; ++k) {
          const RuleLabel& other = rule_labels_[k];
          if (other.label.empty()) continue;
          const bool overlaps =
              text < other.text + other.length + gap && other.text < text + rule.length + gap;
          if (other.row == row && overlaps) return false;
          if (!strict) continue;
          if (other.row >= row && other.line >= text && other.line <= text + rule.length) {
            return false;
          }
          if (other.row < row && rule.line >= other.text &&
              rule.line <= other.text + other.length) {
            return false;
          }
        }
        return true;
      };
      bool placed = false;
      for (std::size_t row = 0; row < most_rows && !placed; ++row) {
        for (const double text : {rule.line + 3, rule.line - 3 - rule.length}) {
          if (!(text > rule.line ? right : left) || !free(text, row)) continue;
          rule.text = text;
          rule.row = row;
          rule_rows_ = std::max(rule_rows_, row + 1);
          placed = true;
          break;
        }
      }
      if (!placed) rule.label.clear();
      complete = complete && placed;
    }
    return complete;
  }

  void draw_text(std::string& out) const {
    double y = -top_ + 6 + title_font;
    for (const auto& line : title_) {
      add_text(out, 0, y, "start", title_font, escaped(line), " font-weight=\"bold\"");
      y += line_height(title_font);
    }
    y = plot_height + x_label_top_ + font;
    for (std::size_t i = 0; i < x_lines_.size(); ++i) {
      const int multiplier = i + 1 == x_lines_.size() ? x_ticks_.multiplier : 0;
      add_text(out, plot_width_ / 2, y, "middle", font, with_multiplier(x_lines_[i], multiplier));
      y += line_height(font);
    }
    auto y_lines = y_lines_;
    if (y_lines.empty() && y_ticks_.multiplier != 0) y_lines.emplace_back();
    double x = -label_left_ + 2 + font;
    for (std::size_t i = 0; i < y_lines.size(); ++i) {
      const int multiplier = i + 1 == y_lines.size() ? y_ticks_.multiplier : 0;
      add_text(out, x, plot_height / 2, "middle", font, with_multiplier(y_lines[i], multiplier),
               " transform=\"rotate(-90 " + number(x) + " " + number(plot_height / 2) + ")\"");
      x += line_height(font);
    }
  }

  static std::string with_multiplier(const std::u32string& label, int multiplier) {
    if (multiplier == 0) return escaped(label);
    const Label power{U"\u00d710", decimal(multiplier, 0)};
    if (label.empty()) return power.markup();
    return escaped(label) + " (" + power.markup() + "<tspan dy=\"0.34em\">)</tspan>";
  }

  void draw_grid(std::string& out) const {
    const std::string stroke = "stroke=\"#e3e3e3\" stroke-width=\"1\"";
    if (y_names_.empty()) {
      for (const auto& tick : y_ticks_.labelled) {
        add_line(out, 0, y_at(tick.place), plot_width_, y_at(tick.place), stroke);
      }
    }
    if (x_names_.empty() && bar_series_ == 0) {
      for (const auto& tick : x_ticks_.labelled) {
        add_line(out, x_at(tick.place), 0, x_at(tick.place), plot_height, stroke);
      }
    }
  }

  void draw_diagonal(std::string& out) const {
    const double low = std::max(x_range_.low, y_range_.low);
    const double high = std::min(x_range_.high, y_range_.high);
    if (is_logarithmic(chart_.x) != is_logarithmic(chart_.y) || low >= high) return;
    add_line(out, x_at(low), y_at(low), x_at(high), y_at(high),
             "stroke=\"#4d4d4d\" stroke-width=\"1\"");
  }

  void draw_axes(std::string& out) const {
    const std::string stroke = "stroke=\"#333333\" stroke-width=\"1\" fill=\"none\"";
    out += "<path d=\"M0 0V" + number(plot_height) + "H" + number(plot_width_) + "\" " + stroke +
           "/>\n";
    if (!is_logarithmic(chart_.y) && y_range_.low < 0 && y_range_.high > 0 && y_names_.empty()) {
      add_line(out, 0, y_at(0), plot_width_, y_at(0), "stroke=\"#8c8c8c\" stroke-width=\"1\"");
    }
    for (const double at : x_ticks_.bare) {
      add_line(out, x_at(at), plot_height, x_at(at), plot_height + 3, stroke);
    }
    for (const double at : y_ticks_.bare) add_line(out, -3, y_at(at), 0, y_at(at), stroke);
    for (const auto& tick : x_ticks_.labelled) {
      const double x = x_at(tick.place);
      add_line(out, x, plot_height, x, plot_height + 5, stroke);
      const double y = plot_height + 8 + (turned_ ? 0.6 : 0.85) * small_font;
      const std::string turn =
          turned_ ? " transform=\"rotate(-45 " + number(x + 3) + " " + number(y) + ")\"" : "";
      add_text(out, turned_ ? x + 3 : x, y, turned_ ? "end" : "middle", small_font,
               tick.label.markup(), turn);
    }
    for (const auto& tick : y_ticks_.labelled) {
      const double y = y_at(tick.place);
      add_line(out, -5, y, 0, y, stroke);
      add_text(out, -8, y + 0.35 * small_font, "end", small_font, tick.label.markup());
    }
  }

  void draw_rules(std::string& out) const {
    for (const auto& rule : rule_labels_) {
      const double top =
          rule.label.empty() ? 0 : -line_height(small_font) * static_cast<double>(rule.row + 1) + 2;
      out += "<g><title>" + escaped(decoded(chart_.rules[rule.rule].label)) + "</title>";
      add_line(out, rule.line, top, rule.line, plot_height,
               "stroke=\"#4d4d4d\" stroke-width=\"1\" stroke-dasharray=\"4 3\"");
      out += "</g>\n";
    }
    for (const auto& rule : rule_labels_) {
      if (rule.label.empty()) continue;
      const double y = -line_height(small_font) * static_cast<double>(rule.row) - 4;
      const bool right = rule.text > rule.line;
      add_text(out, right ? rule.text : rule.text + rule.length, y, right ? "start" : "end",
               small_font, escaped(rule.label),
               " stroke=\"#ffffff\" stroke-width=\"3\" stroke-linejoin=\"round\" "
               "paint-order=\"stroke\"");
    }
  }

  void draw_legend(std::string& out) const {
    const double top = plot_height + legend_top_;
    for (std::size_t i = 0; i < legend_.size(); ++i) {
      const double x = legend_left_ + legend_column_ * static_cast<double>(i % legend_columns_);
      const double y = top + legend_row * static_cast<double>(i / legend_columns_) + legend_row / 2;
      const std::size_t series = legend_[i].series;
      const Mark mark = chart_.series[series].mark;
      if (mark == Mark::bars) {
        out += "<rect x=\"" + number(x + 8) + "\" y=\"" + number(y - 6) +
               "\" width=\"18\" height=\"12\" fill=\"" + fill(series) + "\"/>\n";
      } else {
        if (mark == Mark::line) add_line(out, x, y, x + 34, y, stroke_of(series));
        add_markers(out, series, {{x + 17, y}}, 3.2);
      }
      add_text(out, x + sample_width, y + 0.35 * font, "start", font, escaped(legend_[i].text));
    }
    if (left_out_ > 0) {
      add_text(out, 0, plot_height + bottom_ - 8, "start", small_font,
               integer(static_cast<long long>(left_out_)) +
                   (left_out_ == 1 ? " point" : " points") + " not shown: " +
                   (is_logarithmic(chart_.x) || is_logarithmic(chart_.y)
                        ? "not positive on a logarithmic axis, or infinite"
                        : "infinite"),
               " fill=\"#595959\"");
    }
  }

  std::string stroke_of(std::size_t series) const {
    return std::string("fill=\"none\" stroke=\"") + colour(series) + "\" stroke-width=\"" +
           (chart_.series.size() > 8 ? "1.3" : "1.8") + "\" stroke-linejoin=\"round\"" +
           dashes(series);
  }

  using Stroke = std::vector<Point>;

  // The parts of a line between its gaps, in pixels.
  std::vector<Stroke> strokes(const Series& series) const {
    std::vector<Stroke> parts;
    bool gap = true;
    each_place(series, [&](double x, double y) {
      if (std::isnan(x)) {
        gap = true;
        return;
      }
      if (gap) parts.emplace_back();
      gap = false;
      parts.back().push_back({x_at(x), y_at(y)});
    });
    return parts;
  }

  static std::size_t count(const std::vector<Stroke>& parts) {
    std::size_t points = 0;
    for (const auto& part : parts) points += part.size();
    return points;
  }

  // In each column of pixels the first and last point and the lowest and highest: the picture stays
  // the same. Where a line runs to and fro so much that this does not suffice, every n-th point.
  static std::vector<Stroke> thinned(const std::vector<Stroke>& parts) {
    if (count(parts) <= most_points) return parts;
    std::vector<Stroke> result;
    std::array<Point, 4> kept{};  // first, lowest, highest, last
    std::array<std::size_t, 4> order{};
    double column = -2;  // none: all points are right of it
    std::size_t index = 0;
    bool gap = true;
    const auto flush = [&] {
      if (column == -2) return;
      if (gap) result.emplace_back();
      gap = false;
      if (order[1] > order[2]) {
        std::swap(order[1], order[2]);
        std::swap(kept[1], kept[2]);
      }
      for (std::size_t k = 0; k < kept.size(); ++k) {
        if (k == 0 || order[k] != order[k - 1]) result.back().push_back(kept[k]);
      }
    };
    for (const auto& part : parts) {
      bool begins = true;
      for (const Point& point : part) {
        if (std::floor(point.x) != column) {
          flush();
          gap = gap || begins;
          column = std::floor(point.x);
          kept.fill(point);
          order.fill(index);
        }
        const auto keep = [&](std::size_t k) {
          kept[k] = point;
          order[k] = index;
        };
        if (point.y > kept[1].y) keep(1);
        if (point.y < kept[2].y) keep(2);
        keep(3);
        begins = false;
        ++index;
      }
    }
    flush();
    if (count(result) <= most_points) return result;

    result.clear();
    const std::size_t every = (index + most_points - 1) / most_points;
    std::size_t at = 0;
    for (const auto& part : parts) {
      Stroke few;
      for (const Point& point : part) {
        if (at++ % every == 0) few.push_back(point);
      }
      if (!few.empty()) result.push_back(std::move(few));
    }
    return result;
  }

  std::size_t draw_line(std::string& out, std::size_t i) const {
    const auto parts = thinned(strokes(chart_.series[i]));
    const std::size_t points = count(parts);
    std::string path;
    std::vector<Point> marked;
    // Few points are all marked, of many some: at other places in each series.
    const bool few = points <= 40;
    const double spacing = few ? 10 : 70;
    double next = few ? -1 : static_cast<double>(i % 5) * 14;
    for (const auto& part : parts) {
      // Appended bit by bit: g++ 12 warns of the overlap it imagines in "L" + std::string.
      for (std::size_t k = 0; k < part.size(); ++k) {
        path += k == 0 ? 'M' : 'L';
        path += number(part[k].x);
        path += ' ';
        path += number(part[k].y);
      }
      for (const Point& point : part) {
        const bool crowded =
            few ? !marked.empty() &&
                      std::hypot(point.x - marked.back().x, point.y - marked.back().y) < spacing
                : point.x < next;
        if (crowded && part.size() > 1) continue;
        marked.push_back(point);
        next = point.x + spacing;
      }
    }
    if (!path.empty()) out += "<path d=\"" + path + "\" " + stroke_of(i) + "/>\n";
    add_markers(out, i, marked, 3.2);
    return points;
  }

  // Of too many points, one in each of small squares.
  std::size_t draw_points(std::string& out, std::size_t i) const {
    std::vector<Point> points;
    for (auto& part : strokes(chart_.series[i])) {
      points.insert(points.end(), part.begin(), part.end());
    }
    std::vector<Point> drawn = points;
    for (double side = 1; drawn.size() > most_points; side *= 2) {
      const auto columns = static_cast<std::size_t>(plot_width_ / side) + 1;
      std::vector<bool> taken(columns * (static_cast<std::size_t>(plot_height / side) + 1));
      drawn.clear();
      for (const Point& point : points) {
        const auto cell = static_cast<std::size_t>(std::max(point.y, 0.0) / side) * columns +
                          static_cast<std::size_t>(std::max(point.x, 0.0) / side);
        if (cell < taken.size() && taken[cell]) continue;
        if (cell < taken.size()) taken[cell] = true;
        drawn.push_back(point);
      }
    }
    add_markers(out, i, drawn, drawn.size() > 200 ? 2 : 3.2);
    return drawn.size();
  }

  // Bars of several series stand beside each other; `before` of them are left of this one's. Bars
  // thinner than pixels are merged: a column of pixels shows how far they reach.
  std::size_t draw_bars(std::string& out, std::size_t i, std::size_t before) const {
    const double share = 0.8 * bar_slot_ / static_cast<double>(bar_series_);
    const double thickness = std::max(share / x_range_.span() * plot_width_, 0.5);
    const double base =
        is_logarithmic(chart_.y) ? plot_height : y_at(std::clamp(0.0, y_range_.low, y_range_.high));
    struct Bar {
      double x;
      double top;
      double bottom;
    };
    std::vector<Bar> bars;
    each_place(chart_.series[i], [&](double x, double y) {
      if (std::isnan(x)) return;
      const double left = x_at(x - 0.4 * bar_slot_ + share * static_cast<double>(before));
      const double end = y_at(y);
      bars.push_back({left, std::min(end, base), std::max(end, base)});
    });
    const std::size_t all = bars.size();
    if (all > most_points) {
      std::stable_sort(bars.begin(), bars.end(),
                       [](const Bar& a, const Bar& b) { return a.x < b.x; });
      std::vector<Bar> merged;
      for (const Bar& bar : bars) {
        if (merged.empty() || std::floor(bar.x) != std::floor(merged.back().x)) {
          merged.push_back(bar);
        } else {
          merged.back().top = std::min(merged.back().top, bar.top);
          merged.back().bottom = std::max(merged.back().bottom, bar.bottom);
        }
      }
      bars = std::move(merged);
    }
    std::string path;
    for (const Bar& bar : bars) {
      path += "M" + number(bar.x) + " " + number(bar.top) + "h" + number(thickness) + "V" +
              number(bar.bottom) + "h" + number(-thickness) + "z";
    }
    if (!path.empty()) out += "<path d=\"" + path + "\" fill=\"" + fill(i) + "\"/>\n";
    return all;
  }

  const Chart& chart_;
  std::vector<std::u32string> x_names_;
  std::vector<std::u32string> y_names_;
  Range x_range_;
  Range y_range_;
  bool x_whole_ = true;  // all numbers along the axis are whole
  bool y_whole_ = true;
  double bar_slot_ = 1;
  std::size_t bar_series_ = 0;
  std::size_t left_out_ = 0;  // points that are numbers, but have no place
  Ticks x_ticks_;
  Ticks y_ticks_;
  bool turned_ = false;  // the names at the x axis
  std::vector<std::u32string> title_;
  std::vector<std::u32string> x_lines_;
  std::vector<std::u32string> y_lines_;
  std::vector<RuleLabel> rule_labels_;
  std::size_t rule_rows_ = 0;
  std::vector<LegendEntry> legend_;
  double legend_left_ = 0;
  double legend_column_ = 0;
  std::size_t legend_columns_ = 1;
  double label_left_ = 0;  // where the y axis's label begins, left of the plot
  double own_left_ = 0;
  double left_ = 0;  // as much or more, to align plots
  double plot_width_ = 0;
  double top_ = 0;
  double bottom_ = 0;
  double x_label_top_ = 0;
  double legend_top_ = 0;
};

inline std::string render_grid(const std::vector<const Chart*>& charts, std::size_t columns) {
  if (columns == 0) throw std::invalid_argument("a grid of charts needs at least one column");
  columns = std::min(columns, std::max<std::size_t>(charts.size(), 1));
  std::vector<Panel> panels;
  std::vector<double> lefts(columns, 0.0);
  std::vector<std::size_t> patterns;
  panels.reserve(charts.size());
  for (std::size_t i = 0; i < charts.size(); ++i) {
    panels.emplace_back(*charts[i]);
    panels[i].collect_patterns(patterns);
    lefts[i % columns] = std::max(lefts[i % columns], panels[i].left());
  }
  struct Row {
    double top = 0;
    double bottom = 0;
  };
  std::vector<Row> rows((charts.size() + columns - 1) / columns);
  for (std::size_t i = 0; i < panels.size(); ++i) {
    panels[i].arrange(lefts[i % columns]);
    Row& row = rows[i / columns];
    row.top = std::max(row.top, panels[i].top());
    row.bottom = std::max(row.bottom, panels[i].bottom());
  }
  double height = 0;
  for (const Row& row : rows) height += row.top + plot_height + row.bottom;

  const std::string size_x =
      number(panel_width * static_cast<double>(charts.empty() ? 0 : columns));
  const std::string size_y = number(height);
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"" + size_x +
                    "\" height=\"" + size_y + "\" viewBox=\"0 0 " + size_x + " " + size_y +
                    "\" font-family=\"Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', "
                    "sans-serif\" fill=\"#1a1a1a\">\n";
  std::u32string title;
  for (const Chart* chart : charts) {
    if (chart->title.empty()) continue;
    if (!title.empty()) title += U"; ";
    title += decoded(chart->title);
  }
  if (!title.empty()) out += "<title>" + escaped(title) + "</title>\n";
  out += "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
  if (!patterns.empty()) {
    out += "<defs>\n";
    for (const std::size_t series : patterns) out += pattern(series);
    out += "</defs>\n";
  }
  double y = 0;
  for (std::size_t i = 0; i < panels.size(); ++i) {
    const Row& row = rows[i / columns];
    panels[i].draw(out, panel_width * static_cast<double>(i % columns), y + row.top);
    if (i % columns == columns - 1) y += row.top + plot_height + row.bottom;
  }
  return out + "</svg>\n";
}

}  // namespace detail

// Charts in a grid, row by row, as one SVG element; plots in one column and row are aligned. Time
// O(points · log points), memory O(points); the text grows with the number of series and labels,
// hardly with that of points. Throws std::invalid_argument where a series has x values of another
// number than its y values, and for a grid of no columns.
inline std::string render(const std::vector<Chart>& charts, std::size_t columns = 2) {
  std::vector<const Chart*> pointers;
  for (const Chart& chart : charts) pointers.push_back(&chart);
  return detail::render_grid(pointers, columns);
}

// One chart as an SVG element, as render does for several.
inline std::string render(const Chart& chart) { return detail::render_grid({&chart}, 1); }

}  // namespace dgp::svg
