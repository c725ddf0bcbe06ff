// How errors in files are told: in one line, with the file's path and the byte where the trouble
// is.
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

}  // namespace dgp::io::detail
