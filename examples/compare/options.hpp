// What dgp-compare is asked for.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "../checkpoint.hpp"

namespace compare {

struct Options {
  std::vector<std::string> files;
  checkpoint::Choice choice;
  double p = std::numeric_limits<double>::infinity();  // of the Wasserstein distance
  std::string format = "table";
  bool matrix = false;
  std::string picture;  // file for the distances of all pairs; empty: none
};

// The distances of all pairs of so few files are shown without being asked for.
inline constexpr std::size_t few_files = 8;

}  // namespace compare
