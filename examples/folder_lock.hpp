// A folder for one program at a time.
#pragma once

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "words.hpp"

namespace console {

// Makes the folder where there is none, and keeps other programs out of it. The kernel lets go of
// the lock when the program ends, however that comes about; its file, which then may stay, means
// nothing by itself.
class FolderLock {
 public:
  // Throws std::runtime_error where another program holds the lock, or where the folder cannot be
  // made or written in.
  explicit FolderLock(const std::filesystem::path& folder) : path_(folder / ".dgp-lock") {
    const std::string name = words::one_line(folder.string());
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error || !std::filesystem::is_directory(folder, error)) {
      throw std::runtime_error(name + ": cannot be made a folder" +
                               (error ? " (" + error.message() + ")" : std::string()));
    }
    const auto reason = [] { return " (" + std::generic_category().message(errno) + ")"; };
    while (true) {
      lock_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
      if (lock_ < 0) throw std::runtime_error(name + ": no file can be made there" + reason());
      if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
        const bool taken = errno == EWOULDBLOCK;
        // Some network file systems have no locks at all; whoever works there shall know.
        if (!taken) std::cerr << name << ": cannot be locked" << reason() << "\n";
        if (!taken) return;
        ::close(lock_);
        throw std::runtime_error(name +
                                 ": another program is at work in this folder; wait until it has "
                                 "ended, or choose another --output");
      }
      // Whoever held the lock before may have removed the file since it was opened here.
      struct stat held {};
      struct stat there {};
      if (::fstat(lock_, &held) == 0 && ::stat(path_.c_str(), &there) == 0 &&
          held.st_ino == there.st_ino && held.st_dev == there.st_dev) {
        return;
      }
      ::close(lock_);
    }
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() {
    ::unlink(path_.c_str());
    ::close(lock_);
  }

 private:
  std::filesystem::path path_;
  int lock_ = -1;
};

}  // namespace console
