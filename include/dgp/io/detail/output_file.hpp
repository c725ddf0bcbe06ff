// Where a file's bytes go until they are all there.
//
// A regular file is written beside its place, under a name that nobody can foresee, and takes the
// place at once. What is no regular file, a terminal, a pipe or a device, is written to as it is.
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <streambuf>
#include <string>
#include <system_error>
#include <utility>

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

#include <dgp/io/detail/file_error.hpp>

namespace dgp::io::detail {

[[noreturn]] inline void fail_to_write(const std::filesystem::path& path,
                                       const std::error_code& error) {
  fail(path, "cannot be opened for writing (" + error.message() + ")");
}

// Where a path leads by way of symbolic links; whether anything is there yet does not matter.
inline std::filesystem::path without_links(const std::filesystem::path& path) {
  std::filesystem::path place = path;
  std::error_code error;
  constexpr int most = 40;  // as the kernel has it
  for (int links = 0; std::filesystem::is_symlink(std::filesystem::symlink_status(place, error));
       ++links) {
    const auto target = std::filesystem::read_symlink(place, error);
    if (!error && links == most) {
      error = std::make_error_code(std::errc::too_many_symbolic_link_levels);
    }
    if (error) fail_to_write(path, error);
    place = place.parent_path() / target;
  }
  return place;
}

// Beside the place, so that a rename is all it takes to get there; short, so that it is a name
// wherever the place's is.
inline std::filesystem::path temporary_name(const std::filesystem::path& place) {
  std::random_device entropy;
  std::string name = ".dgp-";
  for (int digit = 0; digit < 16; ++digit) name += "0123456789abcdef"[entropy() % 16];
  return place.parent_path() / (name + ".partial");
}

#if defined(__unix__) || defined(__APPLE__)

inline std::error_code last_error() { return {errno, std::generic_category()}; }

// Bytes on their way to an open file, which is closed in the end.
class DescriptorBuffer : public std::streambuf {
 public:
  DescriptorBuffer() { setp(bytes_.data(), bytes_.data() + bytes_.size()); }
  DescriptorBuffer(const DescriptorBuffer&) = delete;
  DescriptorBuffer& operator=(const DescriptorBuffer&) = delete;
  ~DescriptorBuffer() override { close(); }

  void open(int descriptor) { descriptor_ = descriptor; }
  int descriptor() const { return descriptor_; }
  std::uint64_t written() const { return written_; }
  // The first thing that went wrong.
  const std::error_code& error() const { return error_; }

  bool flush() {
    const bool all = put(pbase(), pptr() - pbase());
    setp(bytes_.data(), bytes_.data() + bytes_.size());
    return all;
  }

  // On the disk, where there is one.
  bool flush_to_disk() {
    if (!flush()) return false;
    if (::fsync(descriptor_) == 0 || errno == EINVAL || errno == ENOTSUP) return true;
    error_ = last_error();
    return false;
  }

  bool close() {
    if (descriptor_ < 0) return !error_;
    // Interrupted or not, it is closed.
    if (::close(std::exchange(descriptor_, -1)) != 0 && errno != EINTR && !error_) {
      error_ = last_error();
    }
    return !error_;
  }

 protected:
  int_type overflow(int_type c) override {
    if (!flush()) return traits_type::eof();
    if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
    return sputc(traits_type::to_char_type(c));
  }

  std::streamsize xsputn(const char* data, std::streamsize count) override {
    if (count <= epptr() - pptr()) return std::streambuf::xsputn(data, count);
    return flush() && put(data, count) ? count : 0;
  }

  int sync() override { return flush() ? 0 : -1; }

 private:
  bool put(const char* data, std::streamsize count) {
    constexpr std::streamsize most = 1 << 30;  // at once
    while (count > 0 && !error_) {
      const auto now = ::write(descriptor_, data, static_cast<std::size_t>(std::min(count, most)));
      if (now >= 0) {
        data += now;
        count -= now;
        written_ += static_cast<std::uint64_t>(now);
      } else if (errno != EINTR) {
        error_ = last_error();
      }
    }
    return !error_;
  }

  int descriptor_ = -1;
  std::uint64_t written_ = 0;
  std::error_code error_;
  std::array<char, 1 << 14> bytes_;
};

// A name in a folder is on the disk once the folder is. Folders that cannot be opened or synced, as
// on some file systems, are left to these.
inline void flush_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

class OutputFile {
 public:
  // Throws std::runtime_error where nothing can be written: in the folder, or to what stands there.
  explicit OutputFile(std::filesystem::path path) : path_(std::move(path)) {
    struct stat older {};
    const bool exists = ::stat(path_.c_str(), &older) == 0;
    // Also where the kernel refuses to follow a link that somebody planted in a shared folder.
    if (!exists && errno != ENOENT && errno != ENOTDIR) fail_to_write(path_, last_error());
    if (const int standard = exists ? standard_output(older) : -1; standard >= 0) {
      std::fflush(stdout);  // what was printed so far comes first
      open(::fcntl(standard, F_DUPFD_CLOEXEC, 0));
    } else if (exists && !S_ISREG(older.st_mode)) {
      open(::open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    } else {
      // A file that must not be written to must not be replaced either.
      if (exists && ::faccessat(AT_FDCWD, path_.c_str(), W_OK, AT_EACCESS) != 0) {
        fail_to_write(path_, last_error());
      }
      place_ = without_links(path_);
      open(temporary_.make(place_, exists ? 0600 : 0666));
      if (exists) take_mode(older);
    }
  }

  std::streambuf& buffer() { return buffer_; }

  // Throws std::runtime_error where not all is written (as the stream says, or the file), or where
  // the place cannot be taken.
  void finish(bool stream_is_good) {
    const bool in_place = temporary_.path.empty();
    if (!(in_place ? buffer_.flush() : buffer_.flush_to_disk()) || !buffer_.close() ||
        !stream_is_good) {
      fail(path_, buffer_.written(),
           "cannot be written on from here" +
               (buffer_.error() ? " (" + buffer_.error().message() + ")" : std::string()));
    }
    if (in_place) return;
    if (::rename(temporary_.path.c_str(), place_.c_str()) != 0) {
      fail(path_, 0, "cannot be replaced (" + last_error().message() + ")");
    }
    temporary_.path.clear();
    flush_folder(place_.parent_path());
  }

 private:
  // A file that is gone with this, unless it has got another name.
  struct Temporary {
    std::filesystem::path path;

    Temporary() = default;
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;
    ~Temporary() {
      if (!path.empty()) ::unlink(path.c_str());
    }

    // Open for writing; -1 where that fails.
    int make(const std::filesystem::path& place, mode_t mode) {
      while (true) {
        const auto name = temporary_name(place);
        const int descriptor =
            ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (descriptor >= 0) path = name;
        if (descriptor >= 0 || errno != EEXIST) return descriptor;
      }
    }
  };

  // That of this program which goes to this file, or -1.
  static int standard_output(const struct stat& file) {
    for (const int standard : {STDOUT_FILENO, STDERR_FILENO}) {
      struct stat open {};
      if (::fstat(standard, &open) == 0 && open.st_dev == file.st_dev &&
          open.st_ino == file.st_ino) {
        return standard;
      }
    }
    return -1;
  }

  void open(int descriptor) {
    if (descriptor < 0) fail_to_write(path_, last_error());
    buffer_.open(descriptor);
  }

  // The mode of the file to be replaced, and its owner and group where that is allowed. Where the
  // group becomes another, it gets no more rights than everybody has.
  void take_mode(const struct stat& older) {
    const int descriptor = buffer_.descriptor();
    struct stat made {};
    if (::fstat(descriptor, &made) != 0) fail_to_write(path_, last_error());
    const bool owned = made.st_uid == older.st_uid ||
                       ::fchown(descriptor, older.st_uid, static_cast<gid_t>(-1)) == 0;
    const bool grouped = made.st_gid == older.st_gid ||
                         ::fchown(descriptor, static_cast<uid_t>(-1), older.st_gid) == 0;
    mode_t mode = older.st_mode & 07777;
    if (!owned) mode &= ~static_cast<mode_t>(S_ISUID);
    if (!grouped) mode = (mode & ~static_cast<mode_t>(S_ISGID | S_IRWXG)) | (mode & S_IRWXO) << 3;
    if (::fchmod(descriptor, mode) != 0) fail_to_write(path_, last_error());
  }

  std::filesystem::path path_;
  std::filesystem::path place_;
  Temporary temporary_;  // without a name: written to as it is, or in its place
  DescriptorBuffer buffer_;
};

#else

// With what every system has: what is lacking are the owner and a way past the system's caches.
class OutputFile {
 public:
  explicit OutputFile(std::filesystem::path path) : path_(std::move(path)) {
    std::error_code error;
    const auto older = std::filesystem::status(path_, error);
    const bool exists = std::filesystem::exists(older);
    if (exists && !std::filesystem::is_regular_file(older)) {
      buffer_.open(path_, std::ios::binary | std::ios::out);
    } else {
      place_ = without_links(path_);
      do {
        temporary_ = temporary_name(place_);
      } while (std::filesystem::exists(std::filesystem::symlink_status(temporary_, error)));
      buffer_.open(temporary_, std::ios::binary | std::ios::out | std::ios::trunc);
      if (buffer_.is_open() && exists) {
        std::filesystem::permissions(temporary_, older.permissions(), error);
      }
    }
    if (!buffer_.is_open()) fail(path_, "cannot be opened for writing");
  }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile() {
    std::error_code ignored;  // a destructor has nobody to tell
    buffer_.close();
    if (!temporary_.empty()) std::filesystem::remove(temporary_, ignored);
  }

  std::streambuf& buffer() { return buffer_; }

  void finish(bool stream_is_good) {
    std::error_code error;
    if (buffer_.close() == nullptr || !stream_is_good) {
      const auto reached = temporary_.empty() ? 0 : std::filesystem::file_size(temporary_, error);
      fail(path_, error ? 0 : reached, "cannot be written on from here");
    }
    if (temporary_.empty()) return;
    std::filesystem::rename(temporary_, place_, error);
    if (error) fail(path_, 0, "cannot be replaced (" + error.message() + ")");
    temporary_.clear();
  }

 private:
  std::filesystem::path path_;
  std::filesystem::path place_;
  std::filesystem::path temporary_;
  std::filebuf buffer_;
};

#endif

}  // namespace dgp::io::detail
