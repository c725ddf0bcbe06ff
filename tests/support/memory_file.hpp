// Bytes as a file that lies in memory alone.
#pragma once

#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include "reading.hpp"

namespace support {

class MemoryFile {
 public:
  MemoryFile() : file_(memfd_create("bytes", MFD_CLOEXEC)) {}
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { close(file_); }

  void write(const std::string& bytes) const {
    const auto size = static_cast<ssize_t>(bytes.size());
    if (ftruncate(file_, 0) != 0 || pwrite(file_, bytes.data(), bytes.size(), 0) != size) {
      throw std::runtime_error("the test cannot write its file in memory");
    }
  }

  std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  int file_;
};

// What is wrong with what `read` makes of a file of these bytes; as outcome_of.
template <class Read>
std::string mistake_of_bytes(const std::string& bytes, const Read& read,
                             Named named = Named::byte) {
  static const MemoryFile file;  // one for all: opening takes longer than reading
  file.write(bytes);
  return outcome_of(read, file.path(), bytes.size(), named).mistake;
}

}  // namespace support
