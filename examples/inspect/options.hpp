// What dgp-inspect is asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

#include <dgp/persistence_diagram.hpp>

#include "../checkpoint.hpp"

namespace inspect {

// In bytes.
inline std::uint64_t physical_memory() {
  return static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::uint64_t>(sysconf(_SC_PAGE_SIZE));
}

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
  std::uint64_t memory = physical_memory() / 4;  // larger checkpoints are read block by block
  std::string resume;                            // file for finished layers; empty: none
  std::string format = "table";
  std::string picture;  // file for the diagrams, or paths; empty: none
};

}  // namespace inspect
