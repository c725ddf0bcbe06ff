// Files that are there whole or not at all, when something fails at the last moment, and what is
// left as it was: modes, links, and files of others.
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <filesystem>
#include <ostream>
#include <set>
#include <stdexcept>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

#include <dgp/io/whole_file.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/safetensors_writer.hpp"

namespace {

using dgp::io::write_whole_file;
using support::error_of;
using support::holds;
using support::read_file;
using support::TemporaryFolder;
using support::write_file;
using Path = std::filesystem::path;

void write(const Path& path, const std::string& text) {
  write_whole_file(path, [&](std::ostream& stream) { stream << text; });
}

std::set<std::string> names_in(const Path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

// The one file of the folder that is none of these.
Path other_than(const Path& folder, const std::set<std::string>& known) {
  Path found;
  for (const auto& name : names_in(folder)) {
    if (known.count(name) > 0) continue;
    CHECK(found.empty());
    found = folder / name;
  }
  REQUIRE_FALSE(found.empty());
  return found;
}

unsigned mode_of(const Path& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return static_cast<unsigned>(status.st_mode & 07777);
}

// The mask of modes, and the older one when the test ends.
class Mask {
 public:
  explicit Mask(mode_t mask) : older_(::umask(mask)) {}
  Mask(const Mask&) = delete;
  Mask& operator=(const Mask&) = delete;
  ~Mask() { ::umask(older_); }

 private:
  mode_t older_;
};

}  // namespace

TEST_CASE("a file that cannot take its place leaves nothing behind", "[io]") {
  const TemporaryFolder folder;
  const auto path = folder / "model";
  // Another program makes a folder of that name meanwhile.
  const auto message = error_of([&] {
    write_whole_file(path, [&](std::ostream& stream) {
      stream << "new";
      CHECK(names_in(folder / "").size() == 1);
      std::filesystem::create_directory(path);
      write_file(path / "inside", "kept");
    });
  });
  const std::string start = path.string() + ", byte 0: cannot be replaced (";
  CAPTURE(message);
  CHECK(message.rfind(start, 0) == 0);
  CHECK(message.size() > start.size() + 1);
  CHECK(message.back() == ')');
  CHECK(names_in(folder / "") == std::set<std::string>{"model"});
  CHECK(read_file(path / "inside") == "kept");
}

TEST_CASE("an older file stays where a new one is lost or not written to its end", "[io]") {
  const TemporaryFolder folder;
  const auto path = folder / "model";
  write_file(path, "older");
  const auto lost = error_of([&] {
    write_whole_file(path, [&](std::ostream& stream) {
      stream << "new";
      std::filesystem::remove(other_than(folder / "", {"model"}));
    });
  });
  CHECK(holds(lost, path.string() + ", byte 0: cannot be replaced ("));
  CHECK(read_file(path) == "older");

  CHECK(error_of<std::invalid_argument>([&] {
          write_whole_file(path, [&](std::ostream& stream) {
            stream << "half of it";
            throw std::invalid_argument("no more");
          });
        }) == "no more");
  CHECK(error_of([&] {
          write_whole_file(path, [&](std::ostream& stream) {
            stream << "half of it";
            stream.setstate(std::ios::failbit);
          });
        }) == path.string() + ", byte 10: cannot be written on from here");
  CHECK(read_file(path) == "older");
  CHECK(names_in(folder / "") == std::set<std::string>{"model"});

  write(path, "new");
  CHECK(read_file(path) == "new");
  CHECK(names_in(folder / "") == std::set<std::string>{"model"});
}

TEST_CASE("nobody can foresee the name that a file has before it is whole", "[io]") {
  const TemporaryFolder folder;
  const auto path = folder / "model";
  write_file(folder / "model.partial", "mine");
  write_file(folder / "precious", "precious");
  std::set<Path> seen;
  for (int turn = 0; turn < 3; ++turn) {
    write_whole_file(path, [&](std::ostream&) {
      seen.insert(other_than(folder / "", {"model", "model.partial", "precious"}));
      std::filesystem::remove(path);
    });
  }
  CHECK(seen.size() == 3);
  CHECK(read_file(folder / "model.partial") == "mine");
  CHECK(names_in(folder / "") == std::set<std::string>{"model", "model.partial", "precious"});
  // The longest name that a file can have.
  const std::string longest(255, 'x');
  write(folder / longest, "whole");
  CHECK(read_file(folder / longest) == "whole");
}

TEST_CASE("a file that is replaced keeps its mode, a new one takes that of the mask", "[io]") {
  const TemporaryFolder folder;
  const auto path = folder / "model";
  const Mask mask(027);
  write(path, "new");
  CHECK(mode_of(path) == 0640);
  for (const unsigned mode : {0600U, 0644U, 0666U, 0755U, 0200U}) {
    CAPTURE(mode);
    REQUIRE(::chmod(path.c_str(), static_cast<mode_t>(mode)) == 0);
    write_whole_file(path, [&](std::ostream& stream) {
      stream << mode;
      // At no time may others see more of it.
      CHECK((mode_of(other_than(folder / "", {"model"})) & ~mode) == 0);
    });
    CHECK(mode_of(path) == mode);
    REQUIRE(::chmod(path.c_str(), 0600) == 0);
    CHECK(read_file(path) == std::to_string(mode));
  }
}

TEST_CASE("a file that is replaced keeps its owner", "[io]") {
  const TemporaryFolder folder;
  const auto path = folder / "model";
  write_file(path, "older");
  if (::chown(path.c_str(), 1234, 4321) != 0) return;  // only root may give files away
  REQUIRE(::chmod(path.c_str(), 0660) == 0);
  write(path, "new");
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK(status.st_uid == 1234);
  CHECK(status.st_gid == 4321);
  CHECK(mode_of(path) == 0660);
  CHECK(read_file(path) == "new");
}

TEST_CASE("a file that may not be written to is not replaced", "[io]") {
  const TemporaryFolder folder;
  const auto path = folder / "model";
  write_file(path, "older");
  REQUIRE(::chmod(path.c_str(), 0444) == 0);
  if (::access(path.c_str(), W_OK) == 0) return;  // root may write to every file
  CHECK(holds(error_of([&] { write(path, "new"); }), ": cannot be opened for writing ("));
  CHECK(read_file(path) == "older");
}

TEST_CASE("a symbolic link stays, and what it leads to is replaced", "[io]") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "far");
  std::filesystem::create_directory(folder / "near");
  const auto target = folder / "far" / "target";
  write_file(target, "older");
  REQUIRE(::chmod(target.c_str(), 0600) == 0);
  std::filesystem::create_symlink(target, folder / "far" / "link");
  std::filesystem::create_symlink("../far/link", folder / "near" / "link");
  std::filesystem::create_directory_symlink("near", folder / "folder");
  for (const auto& link :
       {folder / "far" / "link", folder / "near" / "link", folder / "folder" / "link"}) {
    write(link, link.string());
    CHECK(std::filesystem::is_symlink(link));
    CHECK_FALSE(std::filesystem::is_symlink(target));
    CHECK(read_file(target) == link.string());
    CHECK(mode_of(target) == 0600);
  }
  // A link to what is not there yet makes it.
  std::filesystem::create_symlink("new", folder / "far" / "dangling");
  write(folder / "far" / "dangling", "made");
  CHECK(std::filesystem::is_symlink(folder / "far" / "dangling"));
  CHECK(read_file(folder / "far" / "new") == "made");
  CHECK(names_in(folder / "far") == std::set<std::string>{"dangling", "link", "new", "target"});

  std::filesystem::create_symlink("there", folder / "here");
  std::filesystem::create_symlink("here", folder / "there");
  CHECK(error_of([&] { write(folder / "here", ""); }) ==
        (folder / "here").string() + ": cannot be opened for writing (" +
            std::generic_category().message(ELOOP) + ")");
}

TEST_CASE("what is no regular file is written to as it is", "[io]") {
  const TemporaryFolder folder;
  write("/dev/null", "gone");
  CHECK(std::filesystem::is_character_file("/dev/null"));
  if (std::filesystem::exists("/dev/full")) {
    std::filesystem::create_symlink("/dev/full", folder / "full");
    for (const Path& path : {Path("/dev/full"), folder / "full"}) {
      CHECK(error_of([&] { write(path, "new"); }) ==
            path.string() + ", byte 0: cannot be written on from here (" +
                std::generic_category().message(ENOSPC) + ")");
    }
  }
  CHECK(holds(error_of([&] { write(folder / "", "new"); }), ": cannot be opened for writing ("));

  const auto pipe = folder / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const std::string text(100'000, 'x');
  std::string received;
  std::thread reader([&] { received = read_file(pipe); });
  write(pipe, text);
  reader.join();
  CHECK(received == text);
  CHECK(std::filesystem::is_fifo(pipe));
}

TEST_CASE("of several writers of one file, one file stays, and it is whole", "[io]") {
  const TemporaryFolder folder;
  const auto path = folder / "model";
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&path, writer] {
      for (int turn = 0; turn < 10; ++turn) {
        write(path, std::string(50'000, static_cast<char>('a' + writer)));
      }
    });
  }
  for (auto& writer : writers) writer.join();
  const std::string text = read_file(path);
  CHECK(text == std::string(50'000, text.at(0)));
  CHECK(names_in(folder / "") == std::set<std::string>{"model"});
}
