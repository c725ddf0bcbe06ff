// Runs an example program as a user would, and keeps what it prints.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <vector>

#include "catch.hpp"
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

// What a program says on stderr beside its progress, which a slow machine may make it show.
inline std::string complaints(const RunResult& result) {
  std::string text;
  std::istringstream stream(result.err);
  for (std::string line; std::getline(stream, line);) {
    if (line.rfind("progress: ", 0) != 0) text += line + "\n";
  }
  return text;
}

// What a program prints that succeeds, and so complains of nothing.
inline std::string successful(const std::string& program, const std::vector<std::string>& arguments,
                              const std::string& around = "PROGRAM") {
  const RunResult result = run_program(program, arguments, around);
  CAPTURE(arguments, result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(complaints(result).empty());
  return result.out;
}

// A failure is one line on stderr that names the program, and nothing on stdout. Returns the line.
inline std::string failure(const std::string& program, const std::vector<std::string>& arguments,
                           int exit_code) {
  const RunResult result = run_program(program, arguments);
  CAPTURE(arguments, result.err);
  CHECK(result.exit_code == exit_code);
  CHECK(result.out.empty());
  const std::string complaint = complaints(result);
  CHECK(complaint.rfind(std::filesystem::path(program).filename().string() + ": ", 0) == 0);
  CHECK(complaint.find('\n') + 1 == complaint.size());
  return complaint;
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace support
