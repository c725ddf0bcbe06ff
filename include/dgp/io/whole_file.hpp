// Files that are there whole or not at all, should the program fail or be stopped while it writes.
//
// in:  a path, and a function that writes to a stream
// out: the file; whoever looks at the path meanwhile sees the older one, or none
#pragma once

#include <filesystem>
#include <fstream>
#include <system_error>

#include <dgp/io/detail/file_error.hpp>

namespace dgp::io {

// Has write(stream) fill a file beside the path, which then takes its place at once. Throws
// std::runtime_error, with path and byte offset, where that fails; an older file then stays as it
// was. Not for one path from several processes or threads at once.
template <class Write>
void write_whole_file(const std::filesystem::path& path, const Write& write) {
  std::filesystem::path partial = path;
  partial += ".partial";
  std::error_code error;
  // What is no file, a terminal or a pipe, is written to as it is.
  const auto status = std::filesystem::status(path, error);
  const bool in_place =
      std::filesystem::exists(status) && !std::filesystem::is_regular_file(status);
  if (in_place) partial = path;
  std::ofstream stream(partial, std::ios::binary | std::ios::trunc);
  if (!stream) detail::fail(path, 0, "cannot be opened for writing");
  try {
    write(stream);
    stream.close();
    if (!stream) {
      const auto reached = std::filesystem::file_size(partial, error);
      detail::fail(path, error ? 0 : reached, "cannot be written on from here");
    }
    if (!in_place) std::filesystem::rename(partial, path, error);
    if (!in_place && error) detail::fail(path, 0, "cannot be replaced (" + error.message() + ")");
  } catch (...) {
    if (!in_place) std::filesystem::remove(partial, error);
    throw;
  }
}

}  // namespace dgp::io
