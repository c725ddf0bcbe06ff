// A file that is not trusted, open for reading.
#pragma once

#include <cerrno>
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
    const auto status = std::filesystem::status(path_, error);
    if (status.type() == std::filesystem::file_type::not_found) fail_to_open(path_, "no such file");
    if (status.type() == std::filesystem::file_type::none) fail_to_open(path_, error.message());
    if (!std::filesystem::is_regular_file(status)) fail_to_open(path_, "not a file");
    size_ = std::filesystem::file_size(path_, error);
    if (error) fail_to_open(path_, error.message());
    stream_.open(path_, std::ios::binary);
    if (!stream_) fail_to_open(path_, std::generic_category().message(errno));
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
