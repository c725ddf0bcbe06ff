// What the example programs share: usage errors, one-line errors, progress, text in columns, files.
#pragma once

#ifdef _OPENMP
#include <omp.h>
#endif

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <limits>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <dgp/io/whole_file.hpp>

#include "interruption.hpp"
#include "suggestion.hpp"
#include "words.hpp"

namespace console {

// What is wrong with the arguments. What is mistyped, if anything is, says more than what is
// missing for it.
inline std::string usage_error(const CLI::App& app, const CLI::ParseError& error) {
  const auto extras = app.remaining(true);
  const bool required = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  const bool unexpected = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  std::string what = required && !extras.empty() ? CLI::ExtrasError(extras).what() : error.what();
  std::vector<std::string> known;
  const auto add = [&](const CLI::App& command) {
    for (const auto* option : command.get_options()) {
      for (const auto& name : option->get_lnames()) known.push_back("--" + name);
    }
  };
  add(app);
  for (const auto* command : app.get_subcommands()) add(*command);
  if (app.get_subcommands().empty()) {
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
      known.push_back(command->get_name());
    }
  }
  for (const auto& extra : extras) {
    if (!required && !unexpected) break;
    if (const auto meant = suggestion(extra.substr(0, extra.find('=')), known)) {
      what += "; did you mean " + *meant + "?";
      break;
    }
  }
  return what + " (see --help)";
}

// Runs a program: parses its arguments, then calls body(). Exit code 0, 1 for an error (one line
// on stderr), 2 for wrong usage, 130 or 143 where body() says that it was interrupted.
template <class Body>
int run(CLI::App& app, int argc, char** argv, const Body& body) {
  const auto complain = [&](std::string what) {
    for (char& c : what) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    }
    std::cout.flush();
    std::cerr << app.get_name() << ": " << what << "\n";
  };
  const auto printed_all = [&] {
    std::cout.flush();
    if (!std::cout) complain("the output could not be written");
    return std::cout.good();
  };
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    app.exit(help);
    return printed_all() ? 0 : 1;
  } catch (const CLI::ParseError& error) {
    complain(usage_error(app, error));
    return 2;
  }
  try {
    body();
    return printed_all() ? 0 : 1;
  } catch (const interruption::Interrupted& end) {
    complain(end.what());
    return end.exit_code();
  } catch (const std::bad_alloc&) {
    complain("not enough memory");
  } catch (const std::exception& error) {
    complain(error.what());
  }
  return 1;
}

// The option --threads, which sets their number.
inline void add_threads(CLI::App& app) {
  app.add_option_function<int>(
         "--threads",
         []([[maybe_unused]] int count) {
#ifdef _OPENMP
           omp_set_num_threads(count);
#endif
         },
         "Number of threads (default: all processors)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
}

// As printf has it; "undefined" for what is not a number.
inline std::string number(const char* format, double value) {
  if (std::isnan(value)) return "undefined";
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// In characters: of UTF-8, bytes that only continue one do not count.
inline std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

// Rows of text as a table; the first column to the left, all others to the right. Calls
// after_row(number of the row) below each.
template <class AfterRow>
void print_rows(const std::vector<std::vector<std::string>>& rows, const AfterRow& after_row) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const auto& row = rows[r];
    std::string line = row[0] + std::string(widths[0] - width(row[0]), ' ');
    for (std::size_t i = 1; i < row.size(); ++i) {
      line += std::string(2 + widths[i] - width(row[i]), ' ') + row[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    std::cout << line << "\n";
    after_row(r);
  }
}

inline void print_rows(const std::vector<std::vector<std::string>>& rows) {
  print_rows(rows, [](std::size_t) {});
}

// An option's text as a number; NaN, which no comparison holds for, where it is none.
inline double value_of(const std::string& text) {
  char* end = nullptr;
  const auto value = static_cast<double>(std::strtold(text.c_str(), &end));
  const bool whole = !text.empty() && end == text.c_str() + text.size();
  return whole ? value : std::numeric_limits<double>::quiet_NaN();
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
inline void write_text(const std::filesystem::path& path, const std::string& text) {
  dgp::io::write_whole_file(path, [&](std::ostream& stream) { stream << text; });
}

// A line on stderr, rewritten in place, once the work has taken two seconds; nothing where stderr
// is not a terminal.
class Progress {
 public:
  explicit Progress(std::string task) : task_(words::one_line(std::move(task))) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  // Makes room for other output, until the next update.
  void clear() {
    if (shown_) std::cerr << "\r\033[K" << std::flush;
    shown_ = false;
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
    std::cerr << "\r\033[K" << task_ << ":" << left << " " << words::one_line(step) << std::flush;
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
