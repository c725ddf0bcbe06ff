// What every picture must be: XML that a browser draws.
#pragma once

#include <algorithm>
#include <cstddef>
#include <regex>
#include <string>
#include <vector>

#include "../support/catch.hpp"

namespace drawing {

inline std::vector<std::string> matches(const std::string& text, const std::string& pattern) {
  const std::regex wanted(pattern);
  std::vector<std::string> found;
  for (auto at = std::sregex_iterator(text.begin(), text.end(), wanted);
       at != std::sregex_iterator(); ++at) {
    found.push_back((*at)[1]);
  }
  return found;
}

// The contents of all <text> elements, markup within them left out.
inline std::vector<std::string> texts(const std::string& svg) {
  auto found = matches(svg, "<text [^>]*>(.*)</text>");
  for (auto& text : found) text = std::regex_replace(text, std::regex("<[^>]*>"), "");
  return found;
}

inline bool has_text(const std::string& svg, const std::string& text) {
  const auto all = texts(svg);
  return std::find(all.begin(), all.end(), text) != all.end();
}

// What is not well-formed in an XML element without comments and CDATA; nothing if all is.
inline std::string fault(const std::string& xml) {
  std::vector<std::string> open;
  bool closed = false;
  for (std::size_t i = 0; i < xml.size();) {
    const auto c = static_cast<unsigned char>(xml[i]);
    if (c == '&') {
      const std::string reference = xml.substr(i, xml.find(';', i) - i);
      if (reference != "&amp" && reference != "&lt" && reference != "&gt" && reference != "&quot" &&
          reference != "&#39") {
        return "an unknown reference " + reference;
      }
      i += reference.size() + 1;
      continue;
    }
    if (c < 0x20 && c != '\n') return "a control character";
    if (c != '<') {
      if (open.empty() && c != '\n') return "text outside of the element";
      ++i;
      continue;
    }
    if (closed) return "two elements";
    const std::size_t end = xml.find('>', i);
    if (end == std::string::npos) return "a tag without end";
    const std::string tag = xml.substr(i, end + 1 - i);
    i = end + 1;
    if (tag[1] == '/') {
      const std::string name = tag.substr(2, tag.size() - 3);
      if (open.empty() || open.back() != name) return tag + " closes another element";
      open.pop_back();
      closed = open.empty();
      continue;
    }
    static const std::regex form(
        "<([a-zA-Z]+)(( [a-zA-Z0-9:-]+=\"([^\"<&]|&[a-z#0-9]+;)*\")*)(/?)>");
    std::smatch parts;
    // A path may be longer than the standard library's matching can go.
    std::string shorter = tag;
    if (const auto path = shorter.find(" d=\""); path != std::string::npos) {
      const std::size_t from = path + 4;
      const std::size_t to = shorter.find('"', from);
      if (to == std::string::npos) return "a path without end";
      const std::string commands = shorter.substr(from, to - from);
      if (commands.find_first_not_of("MmLlHhVvCAaZz0123456789.- ") != std::string::npos) {
        return "a path " + commands.substr(0, 100);
      }
      shorter.erase(from, to - from);
    }
    if (!std::regex_match(shorter, parts, form)) return "the tag " + tag.substr(0, 100);
    const std::string attributes = parts[2];
    auto names = matches(attributes, " ([a-zA-Z0-9:-]+)=");
    std::sort(names.begin(), names.end());
    if (std::adjacent_find(names.begin(), names.end()) != names.end()) return "twice in " + tag;
    if (parts[5].length() == 0) open.push_back(parts[1]);
  }
  if (!closed) return "an element that is not closed";
  return {};
}

// No coordinate may be missing or leave the picture far behind.
inline void check_drawing(const std::string& svg) {
  CHECK(fault(svg) == "");
  std::string figures;  // outside of labels, where these letters may stand
  for (const auto& tag : matches(svg, "(<[^>]{0,200})")) figures += tag;
  CHECK(figures.find("nan") == std::string::npos);
  CHECK(figures.find("inf") == std::string::npos);
  CHECK(figures.find("e+") == std::string::npos);
}

}  // namespace drawing
