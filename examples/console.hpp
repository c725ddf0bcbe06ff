// What the example programs share: usage errors, one-line errors, progress, text in columns, files.
#pragma once

#ifdef _OPENMP
#include <omp.h>
#endif

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <string>
#include <sys/ioctl.h>
#include <system_error>
#include <thread>
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

// One line on stderr.
inline void complain(const CLI::App& app, std::string what) {
  for (char& c : what) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  std::cout.flush();
  std::cerr << app.get_name() << ": " << what << "\n";
}

// Runs a program: parses its arguments, then calls body(). Exit code 0, 1 for an error (one line
// on stderr), 2 for wrong usage, 130 or 143 where body() says that it was interrupted.
template <class Body>
int run(CLI::App& app, int argc, char** argv, const Body& body) {
  const auto complain = [&](const std::string& what) { console::complain(app, what); };
  const auto printed_all = [&] {
    std::cout.flush();
    if (!std::cout) complain("the output could not be written");
    return std::cout.good();
  };
  const auto add_version = [&](CLI::App& command) {
    command.set_version_flag("--version", app.get_name() + " " DGP_VERSION,
                             "Print the version and end");
  };
  add_version(app);
  for (auto* command : app.get_subcommands([](CLI::App*) { return true; })) add_version(*command);
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

inline std::string joined(const std::vector<double>& values, const char* format) {
  std::string text;
  for (const double value : values) text += (text.empty() ? "" : " ") + number(format, value);
  return text;
}

// A field of CSV, in quotes where RFC 4180 wants them.
inline std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string field = "\"";
  for (const char c : text) field += c == '"' ? "\"\"" : std::string(1, c);
  return field + "\"";
}

// With all its digits; empty where it is not defined.
inline std::string exact(double value) { return std::isnan(value) ? "" : number("%.17g", value); }

// In characters: of UTF-8, bytes that only continue one do not count.
inline std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

// At most so many characters; of indented names the ends stay, by which they differ, of other texts
// the beginnings.
inline std::string shortened(const std::string& text, std::size_t most) {
  const std::size_t characters = width(text);
  if (characters <= most) return text;
  const std::size_t kept = std::max<std::size_t>(most, 3) - 1;
  const std::size_t in_front = text.starts_with("  ") ? 2 : kept;
  // The byte where character number n starts.
  const auto start = [&](std::size_t n) {
    std::size_t byte = 0;
    for (; byte < text.size(); ++byte) {
      if ((static_cast<unsigned char>(text[byte]) & 0xc0) != 0x80 && n-- == 0) break;
    }
    return byte;
  };
  return text.substr(0, start(in_front)) + "…" + text.substr(start(characters - kept + in_front));
}

// Characters in a line of the terminal that the output goes to; of anything else, 0.
inline std::size_t terminal_width() {
  winsize size{};
  const bool known = isatty(STDOUT_FILENO) != 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
  return known ? size.ws_col : 0;
}

// On a terminal, text broken between words where its lines would be too long; else as it is.
inline std::string wrapped(const std::string& text) {
  const std::size_t line = terminal_width();
  if (line < 20) return text;
  std::string broken;
  std::size_t used = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \n", at), text.size());
    const std::string word = text.substr(at, end - at);
    const bool starts_line = broken.empty() || broken.ends_with('\n');
    if (!starts_line && used + 1 + width(word) > line) {
      broken += '\n';
      used = 0;
    } else if (!starts_line) {
      broken += ' ';
      ++used;
    }
    broken += word;
    used += width(word);
    if (end < text.size() && text[end] == '\n') {
      broken += '\n';
      used = 0;
    }
    at = end + 1;
  }
  return broken;
}

// Rows of text as a table; the first column to the left, all others to the right. On a terminal
// that is too narrow, texts of the first column are shortened. Calls after_row(number of the row)
// below each.
template <class AfterRow>
void print_rows(const std::vector<std::vector<std::string>>& rows, const AfterRow& after_row) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  if (const std::size_t line = terminal_width(); line > 0) {
    std::size_t others = 0;
    for (std::size_t i = 1; i < widths.size(); ++i) others += 2 + widths[i];
    constexpr std::size_t least = 16;
    widths[0] = std::min(widths[0], std::max(least, line > others ? line - others : 0));
  }
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const auto& row = rows[r];
    const std::string first = shortened(row[0], widths[0]);
    std::string line = first + std::string(widths[0] - width(first), ' ');
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

// A check for the order of a norm.
inline std::string order_of_norm(const std::string& text) {
  if (value_of(text) >= 1) return {};
  return "p must be a number of at least 1, not '" + text + "'";
}

// A check for files that are written; the standard output holds what is printed.
inline std::string output_file(const std::string& text) {
  if (!text.empty() && text != "-") return {};
  return "it must be the name of a file to write, not '" + text + "'";
}

// The same for files of a kind that is told by how they start: another's file, such as a checkpoint
// that a glob put there, is not written over.
template <class IsKind>
std::string output_file_of(const std::string& kind, const IsKind& is_kind,
                           const std::string& text) {
  if (auto wrong = output_file(text); !wrong.empty()) return wrong;
  std::error_code error;
  if (!std::filesystem::is_regular_file(text, error)) return {};  // none, or a pipe
  std::string start(16, '\0');
  std::ifstream file(text, std::ios::binary);
  if (!file) return words::one_line(text) + " is there already and cannot be read";
  file.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, file.gcount())));
  if (start.empty() || is_kind(start)) return {};
  return words::one_line(text) + " is there already and does not start as " + kind +
         " does: it is not written over";
}

inline std::string picture_file(const std::string& text) {
  return output_file_of(
      "SVG", [](const std::string& start) { return start.starts_with("<svg"); }, text);
}

inline std::string report_file(const std::string& text) {
  return output_file_of(
      "HTML", [](const std::string& start) { return start.starts_with("<!DOCTYPE"); }, text);
}

inline bool is_csv(const std::filesystem::path& path) { return path.extension() == ".csv"; }

// By its extension, an .npy array or numbers in CSV.
inline std::string table_file(const std::string& text) {
  if (!is_csv(text)) {
    return output_file_of(
        "an array of NumPy",
        [](const std::string& start) { return start.starts_with("\x93NUMPY"); }, text);
  }
  return output_file_of(
      "numbers in CSV",
      [](const std::string& start) {
        return start.find_first_of("-0123456789") == 0 &&
               start.find_first_not_of("0123456789+-.,einaf\r\n") == std::string::npos;
      },
      text);
}

// Refuses to write a file that is read: the same one, by whatever name.
inline void check_not_read(const std::string& output, const std::vector<std::string>& inputs) {
  for (const auto& input : inputs) {
    std::error_code error;
    if (!std::filesystem::equivalent(output, input, error)) continue;
    throw std::runtime_error(words::one_line(output) +
                             " is what is read here, and is not written over");
  }
}

// Writes a whole file, or none: an older one stays where that fails.
inline void write_text(const std::filesystem::path& path, const std::string& text) {
  dgp::io::write_whole_file(path, [&](std::ostream& stream) { stream << text; });
}

// Tells on stderr what a program is at, once the work has taken two seconds, also while a single
// step takes long: on a terminal in one line, rewritten in place, else in lines of their own, of
// which the next comes after twice the time.
class Progress {
 public:
  explicit Progress(std::string task) : task_(words::one_line(std::move(task))) {
    watch_ = std::thread([this] { watch(); });
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    wake_.notify_one();
    watch_.join();
    clear();
  }

  // Makes room for other output, until the next update.
  void clear() {
    const std::lock_guard lock(mutex_);
    if (shown_) std::cerr << "\r\033[K" << std::flush;
    shown_ = false;
    step_.clear();
  }

  // From here on shares are those of a part of the work, which lies between these shares of all of
  // it; its name stands before each step.
  void part(double from, double to, const std::string& name) {
    const std::lock_guard lock(mutex_);
    part_from_ = from;
    part_to_ = to;
    part_name_ = name + ": ";
  }

  // share: of the work done, in (0, 1]; 0 where it is not known.
  void update(double share, const std::string& step) {
    const std::lock_guard lock(mutex_);
    share_ = part_from_ + (part_to_ - part_from_) * share;
    updated_ = Clock::now();
    step_ = part_name_ + step;
  }

 private:
  using Clock = std::chrono::steady_clock;

  void watch() {
    using std::chrono::milliseconds;
    std::unique_lock lock(mutex_);
    Clock::duration wait = first_wait;
    while (!wake_.wait_for(lock, wait, [this] { return done_; })) {
      if (!step_.empty()) show();
      wait = terminal_ ? Clock::duration(milliseconds(200)) : Clock::now() - start_;
    }
  }

  void show() {
    const auto seconds = [](Clock::duration time) {
      return std::chrono::duration<double>(time).count();
    };
    char times[80] = "";
    if (share_ > 0) {
      const double worked = seconds(updated_ - start_);
      const double left =
          std::max(0.0, worked * (1 - share_) / share_ - seconds(Clock::now() - updated_));
      std::snprintf(times, sizeof times, " %3.0f %%, %.0f s left,", 100 * share_, left);
    } else {
      std::snprintf(times, sizeof times, " %.0f s,", seconds(Clock::now() - start_));
    }
    const std::string line = task_ + ":" + times + " " + words::one_line(step_);
    if (terminal_) {
      std::cerr << "\r\033[K" << line << std::flush;
    } else {
      std::cerr << progress_mark << line << std::endl;
    }
    shown_ = terminal_;
  }

  static constexpr std::chrono::seconds first_wait{2};
  static constexpr const char* progress_mark = "progress: ";

  std::string task_;
  Clock::time_point start_ = Clock::now();
  bool terminal_ = isatty(STDERR_FILENO) != 0;
  std::mutex mutex_;  // of all below
  std::condition_variable wake_;
  bool done_ = false;
  bool shown_ = false;
  double share_ = 0;
  double part_from_ = 0;
  double part_to_ = 1;
  std::string part_name_;
  Clock::time_point updated_ = start_;
  std::string step_;
  std::thread watch_;
};

}  // namespace console
