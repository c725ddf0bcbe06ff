// The index of a checkpoint in several files, and two of these, with "|||" between one and the
// next.
#include <array>
#include <cstddef>
#include <string>

#include "../../support/fuzz_target.hpp"
#include "../../support/reading.hpp"
#include "../../support/reading_checkpoint.hpp"
#include "../../support/safetensors_writer.hpp"

namespace {

const support::FuzzTarget target("shards", [](const std::string& bytes) {
  static const support::TemporaryFolder folder;
  static const std::array paths{folder / "m.safetensors.index.json",
                                folder / "m-1-of-2.safetensors", folder / "m-2-of-2.safetensors"};
  std::string rest = bytes;
  for (const auto& path : paths) {
    const std::size_t end = rest.find("|||");
    support::write_file(path, rest.substr(0, end));
    rest = end == std::string::npos ? "" : rest.substr(end + 3);
  }
  return support::outcome_of(support::mistake_of_checkpoint, paths[0], bytes.size(),
                             support::Named::folder)
      .mistake;
});

}  // namespace
