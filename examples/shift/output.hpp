// How dgp-shift writes numbers, lists and JSON.
#pragma once

#include <array>
#include <charconv>
#include <iostream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace shift {

using nlohmann::ordered_json;

// In the fewest digits that mean this very number.
template <class Real>
std::string exact(Real value) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

inline std::string joined(const std::vector<std::string>& words, const std::string& between) {
  std::string text;
  for (const auto& word : words) text.append(text.empty() ? "" : between).append(word);
  return text;
}

inline void print_json(const ordered_json& document) {
  std::cout << document.dump(2, ' ', false, ordered_json::error_handler_t::replace) << "\n";
}

}  // namespace shift
