// Ctrl-C as a request: a program ends where it has something whole to leave, and says so.
#pragma once

#include <csignal>
#include <stdexcept>
#include <string>

namespace interruption {

// The signal that asks for an end, or 0. A second one ends the program at once.
inline volatile std::sig_atomic_t signal = 0;

inline void watch() {
  struct sigaction action {};
  action.sa_handler = [](int number) { signal = number; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

// What a program throws in the end that was asked to end. The message says what is left, and how to
// go on.
struct Interrupted : std::runtime_error {
  explicit Interrupted(const std::string& what) : runtime_error("interrupted " + what) {}
  // As shells have it.
  int exit_code() const { return 128 + signal; }
};

}  // namespace interruption
