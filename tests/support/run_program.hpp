// Runs an example program as a user would, and keeps what it prints.
#pragma once

#include <cstdlib>
#include <string>
#include <sys/wait.h>
#include <vector>

#include "safetensors_writer.hpp"

namespace support {

struct RunResult {
  int exit_code;
  std::string out;
  std::string err;
};

// Any text as one word of a shell command.
inline std::string quoted(const std::string& text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? "'\\''" : std::string(1, c);
  return word + "'";
}

// `around` is what the shell is given, with PROGRAM in place of the command.
inline RunResult run_program(const std::string& program, const std::vector<std::string>& arguments,
                             std::string around = "PROGRAM") {
  const TemporaryFolder folder;
  // Appended bit by bit: g++ 12 warns of the overlap it imagines in " " + std::string.
  std::string command = quoted(program);
  for (const auto& argument : arguments) command.append(" ").append(quoted(argument));
  command.append(" >").append(quoted((folder / "out").string()));
  command.append(" 2>").append(quoted((folder / "err").string()));
  around.replace(around.find("PROGRAM"), std::string("PROGRAM").size(), command);
  const int status = std::system(around.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(folder / "out"),
          read_file(folder / "err")};
}

}  // namespace support
