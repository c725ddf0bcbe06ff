// What the example programs share at the terminal: usage errors, one-line errors, progress.
#pragma once

#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <unistd.h>

#include <CLI/CLI.hpp>

namespace console {

// Runs a program: parses its arguments, then calls body(). Exit code 0, 1 for an error (one line
// on stderr), 2 for wrong usage.
template <class Body>
int run(CLI::App& app, int argc, char** argv, const Body& body) {
  const auto complain = [&](std::string what) {
    for (char& c : what) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    }
    std::cout.flush();
    std::cerr << app.get_name() << ": " << what << "\n";
  };
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    complain(std::string(error.what()) + " (see --help)");
    return 2;
  }
  try {
    body();
    std::cout.flush();
    if (!std::cout) {
      complain("the output could not be written");
      return 1;
    }
    return 0;
  } catch (const std::bad_alloc&) {
    complain("not enough memory");
  } catch (const std::exception& error) {
    complain(error.what());
  }
  return 1;
}

// A line on stderr, rewritten in place, once the work has taken two seconds; nothing where stderr
// is not a terminal.
class Progress {
 public:
  explicit Progress(std::string task) : task_(std::move(task)) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() {
    if (shown_) std::cerr << "\r\033[K" << std::flush;
  }

  // share: of the work done, in (0, 1]; 0 where it is not known.
  void update(double share, const std::string& step) {
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    if (!terminal_ || seconds < 2) return;
    char left[48] = "";
    if (share > 0) {
      std::snprintf(left, sizeof left, " %3.0f %%, %.0f s left,", 100 * share,
                    seconds * (1 - share) / share);
    }
    std::cerr << "\r\033[K" << task_ << ":" << left << " " << step << std::flush;
    shown_ = true;
  }

 private:
  using Clock = std::chrono::steady_clock;

  std::string task_;
  Clock::time_point start_ = Clock::now();
  bool terminal_ = isatty(STDERR_FILENO) != 0;
  bool shown_ = false;
};

}  // namespace console
