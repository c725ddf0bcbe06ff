// PyTorch checkpoints as libFuzzer makes them: archives, and pickles to be packed into one, whose
// checksums no change would survive.
#include "../support/pytorch_writer.hpp"
#include "../support/reading_pytorch.hpp"
#include "guided.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string file(reinterpret_cast<const char*>(bytes), size);
  if (!file.starts_with("PK")) {
    static const support::Storages storages{
        {"0", std::string(64, 'a')}, {"1", std::string(16, 'b')}, {"2", "abcdefgh"}};
    file = support::archive(support::pytorch_entries(file, storages));
  }
  support::try_reading(file, [](const auto& path, std::size_t length) {
    int tensors = 0;
    return support::mistake_of_pytorch(path, length, tensors);
  });
  return 0;
}
