// What is said of broken files and bad input.
#pragma once

#include <algorithm>
#include <filesystem>
#include <regex>
#include <stdexcept>
#include <string>

namespace support {

// What an action says as it fails with such an error; empty if it does not fail.
template <class Error = std::runtime_error, class Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

inline bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The byte offset that a message names; -1 for a message that does not start with the path and it,
// or that is not one line. Between them may stand an entry of an archive.
inline long long byte_in(const std::string& message, const std::filesystem::path& path) {
  const std::string start = path.string() + ", ";
  if (message.compare(0, start.size(), start) != 0 || holds(message, "\n")) return -1;
  std::smatch match;
  const std::string rest = message.substr(start.size(), 1000);
  static const std::regex place("^(?:entry '.*?', )?byte ([0-9]+): .");
  return std::regex_search(rest, match, place) ? std::stoll(match[1]) : -1;
}

}  // namespace support
