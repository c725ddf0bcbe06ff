// What the example programs share: usage errors, one-line errors, progress, text in columns, files.
#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <system_error>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include <dgp/io/detail/whole_file.hpp>

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

// In characters: of UTF-8, bytes that only continue one do not count.
inline std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

// A check for options that CLI11 would take modulo 2^64.
inline std::string whole_number(const std::string& text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  std::uint64_t value = 0;
  if (digits && std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc()) {
    return {};
  }
  return "it must be a whole number of 64 bits, not '" + text + "'";
}

// Writes a whole file, or none: an older one stays where that fails.
inline void write_picture(const std::string& path, const std::string& text) {
  dgp::io::detail::write_whole_file(path, [&](std::ostream& stream) { stream << text; });
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
