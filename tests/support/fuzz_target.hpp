// A fuzz target: bytes that anybody may have made go in, what the library does wrong with them
// comes out. Each source of tests/fuzz/targets defines one; libFuzzer calls it (libfuzzer.cpp), and
// the ordinary tests do with the files that libFuzzer found worth keeping (tests/fuzz/corpora.cpp).
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace support {

class FuzzTarget {
 public:
  // Empty where nothing is wrong.
  using MistakeOf = std::string (*)(const std::string& bytes);

  FuzzTarget(std::string name, MistakeOf function) : name_(std::move(name)), mistake_of_(function) {
    list().push_back(this);
  }
  FuzzTarget(const FuzzTarget&) = delete;
  FuzzTarget& operator=(const FuzzTarget&) = delete;

  const std::string& name() const { return name_; }
  std::string mistake_of(const std::string& bytes) const { return mistake_of_(bytes); }

  // All that are defined in the program.
  static const std::vector<const FuzzTarget*>& all() { return list(); }

 private:
  static std::vector<const FuzzTarget*>& list() {
    static std::vector<const FuzzTarget*> targets;
    return targets;
  }

  std::string name_;
  MistakeOf mistake_of_;
};

}  // namespace support
