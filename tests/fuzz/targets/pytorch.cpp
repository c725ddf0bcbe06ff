// PyTorch checkpoints: archives, and pickles to be packed into one, whose checksums no change would
// survive.
#include <numeric>
#include <string>

#include "../../support/fuzz_target.hpp"
#include "../../support/memory_file.hpp"
#include "../../support/pytorch_writer.hpp"
#include "../../support/reading_pytorch.hpp"

namespace {

const support::FuzzTarget target("pytorch", [](const std::string& bytes) {
  // Of bytes that differ, so that values of another place show.
  static const std::string counting = [] {
    std::string all(88, '\0');
    std::iota(all.begin(), all.end(), '\1');
    return all;
  }();
  static const support::Storages storages{
      {"0", counting.substr(0, 64)}, {"1", counting.substr(64, 16)}, {"2", counting.substr(80)}};
  const bool is_archive = bytes.starts_with("PK");
  return support::mistake_of_bytes(
      is_archive ? bytes : support::archive(support::pytorch_entries(bytes, storages)),
      [](const auto& path, std::size_t size) {
        int tensors = 0;
        return support::mistake_of_pytorch(path, size, tensors);
      });
});

}  // namespace
