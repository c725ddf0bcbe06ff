// What dgp-inspect is asked for.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <dgp/persistence_diagram.hpp>

#include "../checkpoint.hpp"

namespace inspect {

struct Options {
  std::vector<std::string> files{DGP_EXAMPLE_DATA "/digits_64-32-16-10.safetensors"};
  bool several = false;  // models: an array in JSON, a column in CSV, even where one is measured
  checkpoint::Choice choice;
  double p = 2;
  dgp::EssentialClass essential = dgp::EssentialClass::dies_at_zero;
  bool deaths = false;
  bool analysis = false;
  bool raw = true;                    // the variant of deep graph persistence on signed weights
  std::optional<std::size_t> rounds;  // of shuffling, with --significance
  std::size_t paths = 0;              // so many of the strongest
  std::string format = "table";
  std::string picture;  // file for the diagrams, or paths; empty: none
};

}  // namespace inspect
