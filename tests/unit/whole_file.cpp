// Files that are there whole or not at all, when something fails at the last moment.
#include <filesystem>
#include <ostream>
#include <stdexcept>
#include <string>
#include <system_error>

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

}  // namespace

TEST_CASE("a file that cannot take its place leaves nothing behind", "[io]") {
  const TemporaryFolder folder;
  const auto path = folder / "model";
  const auto partial = folder / "model.partial";
  // Another program makes a folder of that name meanwhile.
  const auto message = error_of([&] {
    write_whole_file(path, [&](std::ostream& stream) {
      stream << "new";
      CHECK(std::filesystem::exists(partial));
      std::filesystem::create_directory(path);
      support::write_file(path / "inside", "kept");
    });
  });
  const std::string start = path.string() + ", byte 0: cannot be replaced (";
  CAPTURE(message);
  CHECK(message.rfind(start, 0) == 0);
  CHECK(message.size() > start.size() + 1);
  CHECK(message.back() == ')');
  CHECK_FALSE(std::filesystem::exists(partial));
  CHECK(read_file(path / "inside") == "kept");
}

TEST_CASE("an older file stays where a new one is lost or not written to its end", "[io]") {
  const TemporaryFolder folder;
  const auto path = folder / "model";
  const auto partial = folder / "model.partial";
  support::write_file(path, "older");
  const auto lost = error_of([&] {
    write_whole_file(path, [&](std::ostream& stream) {
      stream << "new";
      std::filesystem::remove(partial);
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
  CHECK(read_file(path) == "older");
  CHECK_FALSE(std::filesystem::exists(partial));

  write_whole_file(path, [&](std::ostream& stream) { stream << "new"; });
  CHECK(read_file(path) == "new");
  CHECK_FALSE(std::filesystem::exists(partial));
}
