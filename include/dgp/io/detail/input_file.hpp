// A file that is not trusted, open for reading.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

#include <dgp/io/detail/file_error.hpp>

namespace dgp::io::detail {

class InputFile {
 public:
  explicit InputFile(std::filesystem::path path) : path_(std::move(path)) {
    std::error_code error;
    if (!std::filesystem::exists(path_, error)) fail(0, "no such file");
    if (!std::filesystem::is_regular_file(path_, error)) fail(0, "not a file");
    size_ = std::filesystem::file_size(path_, error);
    stream_.open(path_, std::ios::binary);
    if (error || !stream_) fail(0, "cannot be opened for reading");
  }

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }

  // Throws std::runtime_error where the file has no such bytes.
  void read(std::uint64_t begin, void* target, std::uint64_t count) {
    stream_.clear();
    stream_.seekg(static_cast<std::streamoff>(begin));
    stream_.read(static_cast<char*>(target), static_cast<std::streamsize>(count));
    if (!stream_) fail(begin, "the file cannot be read on from here");
  }

  [[noreturn]] void fail(std::uint64_t byte, const std::string& what) const {
    detail::fail(path_, byte, what);
  }

 private:
  std::filesystem::path path_;
  std::ifstream stream_;
  std::uint64_t size_ = 0;
};

}  // namespace dgp::io::detail
