// What a reader makes of a file that may be broken.
#pragma once

#include <cstddef>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "errors.hpp"

namespace support {

// Whether a message names a byte; or, of a format whose parts have names, the file at least; or one
// file of several in its folder.
enum class Named { byte, file, folder };

struct Outcome {
  bool refused = false;
  std::string mistake;  // of the reader; empty if it did as it should
};

// read(path, size) returns what it finds wrong with what it got, and throws std::runtime_error, of
// one line that names a place, for what it refuses.
template <class Read>
Outcome outcome_of(const Read& read, const std::filesystem::path& path, std::size_t size,
                   Named named) {
  try {
    return {false, read(path, size)};
  } catch (const std::runtime_error& error) {
    const std::string message = error.what();
    const std::string place =
        named == Named::folder ? path.parent_path().string() + "/" : path.string() + ": ";
    const bool names_place = message.starts_with(place) && !holds(message, "\n");
    if (byte_in(message, path) < 0 && (named == Named::byte || !names_place)) {
      return {true, "a poor message: " + message};
    }
    return {true, ""};
  } catch (const std::exception& error) {
    return {false, std::string("another exception: ") + error.what()};
  }
}

}  // namespace support
