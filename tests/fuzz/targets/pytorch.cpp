// PyTorch checkpoints: archives, and pickles to be packed into one, whose checksums no change would
// survive.
#include <string>

#include "../../support/fuzz_target.hpp"
#include "../../support/memory_file.hpp"
#include "../../support/pytorch_writer.hpp"
#include "../../support/reading_pytorch.hpp"

namespace {

const support::FuzzTarget target("pytorch", [](const std::string& bytes) {
  static const support::Storages storages{
      {"0", std::string(64, 'a')}, {"1", std::string(16, 'b')}, {"2", "abcdefgh"}};
  const bool is_archive = bytes.starts_with("PK");
  return support::mistake_of_bytes(
      is_archive ? bytes : support::archive(support::pytorch_entries(bytes, storages)),
      [](const auto& path, std::size_t size) {
        int tensors = 0;
        return support::mistake_of_pytorch(path, size, tensors);
      });
});

}  // namespace
