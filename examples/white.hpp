// How the bytes of images become the inputs of a network: divided by the byte that is white.
//
// What is white is told by the kind of the bytes, 1, 16 or 255, not by the largest that happens to
// be there: among a few images there may be none. Where even the kind cannot be seen, as in a few
// dark images, the user says it.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace white {

inline const std::string about =
    "Bytes are divided by 255; by 16 where none is larger, as in the shipped digits; by 1 where\n"
    "none is larger than that. --white says otherwise.";

// told: what the user says, 0 for nothing.
inline float of(float largest, int told) {
  if (told > 0) return static_cast<float>(told);
  return largest <= 1 ? 1.0F : largest <= 16 ? 16.0F : 255.0F;
}

inline void add_option(CLI::App& app, int& told) {
  app.add_option("--white", told, "What bytes are divided by (default: 1, 16 or 255, see below)")
      ->type_name("BYTE")
      ->check(CLI::Range(1, 255).description(""));
}

}  // namespace white
