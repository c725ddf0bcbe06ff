// Files that are there whole or not at all, should the program fail or be stopped, or the power,
// while it writes.
//
// in:  a path, and a function that writes to a stream
// out: the file; whoever looks at the path meanwhile sees the older one, or none
//
// What stood there before is replaced but for its mode and, where the system allows, its owner;
// other names of the same file (hard links) keep the older one. A symbolic link stays, and the file
// it leads to is the one that is replaced. What is no regular file, a terminal, a pipe or a device,
// is written to as it is, and so is the file that the standard output goes to.
#pragma once

#include <filesystem>
#include <ostream>

#include <dgp/io/detail/output_file.hpp>

namespace dgp::io {

// Has write(stream) fill a file beside the path, which then takes its place at once. Until then it
// has a name of its own, that no other file has had; it is removed where anything fails, but not
// where the program is killed. Throws std::runtime_error, with path and byte offset, where that
// fails, and for a file that may not be written to; an older file then stays as it was. Of
// several writers of one path at once, the last one's file stays.
template <class Write>
void write_whole_file(const std::filesystem::path& path, const Write& write) {
  detail::OutputFile file(path);
  std::ostream stream(&file.buffer());
  write(stream);
  file.finish(stream.good());
}

}  // namespace dgp::io
