// A file that is not trusted, open for reading. A pipe, which has neither size nor places to go
// back to, is read to its end at once and kept.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <dgp/io/detail/file_error.hpp>

namespace dgp::io::detail {

class InputFile {
 public:
  explicit InputFile(std::filesystem::path path) : path_(std::move(path)) {
    std::error_code error;
    const auto status = std::filesystem::status(path_, error);
    if (status.type() == std::filesystem::file_type::not_found) fail_to_open(path_, "no such file");
    if (status.type() == std::filesystem::file_type::none) fail_to_open(path_, error.message());
    is_pipe_ = std::filesystem::is_fifo(status);
    if (!is_pipe_ && !std::filesystem::is_regular_file(status)) fail_to_open(path_, "not a file");
    stream_.open(path_, std::ios::binary);
    if (!stream_) fail_to_open(path_, std::generic_category().message(errno));
    if (is_pipe_) {
      read_pipe();
      return;
    }
    size_ = std::filesystem::file_size(path_, error);
    if (!error) written_ = std::filesystem::last_write_time(path_, error);
    if (error) fail_to_open(path_, error.message());
  }

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }

  // Whether all bytes are kept here, since the path would not give them again; and these bytes,
  // which stay where they are when the file is moved.
  bool is_pipe() const { return is_pipe_; }
  std::span<const char> kept() const { return kept_; }

  // When its bytes were last written, as it was opened; throws std::runtime_error where they are
  // others now. A pipe's stay.
  std::filesystem::file_time_type written() const { return written_; }
  void check_unchanged() const {
    if (is_pipe_) return;
    std::error_code error;
    const auto size = std::filesystem::file_size(path_, error);
    const auto written = error ? written_ : std::filesystem::last_write_time(path_, error);
    if (error) fail(0, "the file is gone while it is read (" + error.message() + ")");
    if (size != size_ || written != written_) fail(0, "the file has changed while it is read");
  }

  // Throws std::runtime_error where the file has no such bytes.
  void read(std::uint64_t begin, void* target, std::uint64_t count) {
    if (is_pipe_) {
      if (begin > size_ || count > size_ - begin) fail(begin, "the pipe ended before this");
      if (count > 0) std::memcpy(target, kept_.data() + begin, static_cast<std::size_t>(count));
      return;
    }
    stream_.clear();
    stream_.seekg(static_cast<std::streamoff>(begin));
    stream_.read(static_cast<char*>(target), static_cast<std::streamsize>(count));
    if (!stream_) fail(begin, "the file cannot be read on from here");
  }

  // The first bytes, fewer where the file has fewer: enough to tell what it is.
  std::string start() {
    constexpr std::uint64_t enough = 4096;
    std::string bytes(static_cast<std::size_t>(std::min(size_, enough)), '\0');
    read(0, bytes.data(), bytes.size());
    return bytes;
  }

  [[noreturn]] void fail(std::uint64_t byte, const std::string& what) const {
    detail::fail(path_, byte, what);
  }

 private:
  void read_pipe() {
    constexpr std::size_t part = 1 << 20;
    while (stream_) {
      const std::size_t have = kept_.size();
      kept_.resize(have + part);
      stream_.read(kept_.data() + have, static_cast<std::streamsize>(part));
      kept_.resize(have + static_cast<std::size_t>(stream_.gcount()));
    }
    size_ = kept_.size();
    if (!stream_.eof()) fail(size_, "the pipe cannot be read on from here");
    stream_.close();
  }

  std::filesystem::path path_;
  std::ifstream stream_;
  std::uint64_t size_ = 0;
  std::filesystem::file_time_type written_{};
  bool is_pipe_ = false;
  std::vector<char> kept_;
};

}  // namespace dgp::io::detail
