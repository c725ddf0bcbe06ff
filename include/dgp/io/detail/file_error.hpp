// How errors in files are told: in one line, with the file's path and, where it could be opened,
// the byte where the trouble is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <dgp/detail/messages.hpp>

namespace dgp::io::detail {

[[noreturn]] inline void fail(const std::filesystem::path& path, std::uint64_t byte,
                              const std::string& what) {
  throw std::runtime_error(dgp::detail::one_line(path.string()) + ", byte " + std::to_string(byte) +
                           ": " + what);
}

// Where no byte can be told.
[[noreturn]] inline void fail(const std::filesystem::path& path, const std::string& what) {
  throw std::runtime_error(dgp::detail::one_line(path.string()) + ": " + what);
}

[[noreturn]] inline void fail_to_open(const std::filesystem::path& path, const std::string& why) {
  throw std::runtime_error(dgp::detail::one_line(path.string()) + ": cannot be opened: " + why);
}

}  // namespace dgp::io::detail
