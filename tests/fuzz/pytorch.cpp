// Tens of thousands of broken PyTorch checkpoints: the reader either reads one or throws
// std::runtime_error that says where, and never hands out more than the file justifies.
#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "../support/catch.hpp"
#include "../support/mutants.hpp"
#include "../support/pytorch_writer.hpp"
#include "../support/reading_pytorch.hpp"

namespace {

using support::below;
using support::fuzz;
using support::Random;
using namespace support::pickle;

const support::Storages storages{{"0", support::f32({1, 2, 3, 4, 5, 6})},
                                 {"1", support::f64({1, 2})},
                                 {"2", "abcdefgh"},
                                 {"3", "abcdefgh"}};

std::vector<std::string> sound_pickles() {
  const std::string shared = storage(storage_type("Float"), "0", 6);
  const std::string untyped = storage(name("torch.storage", "UntypedStorage"), "2", 8);
  const std::string data = "\x80\x04\x95" + support::little_endian(5, 8);
  return {
      program(ordered({{text("a"), tensor(shared + "q\x05", 0, {2, 3}, {3, 1})},
                       {text("b"), tensor("h\x05", 1, {2, 2}, {1, 2})},
                       {text("c"), matrix("Double", "1", 2, 1)}}) +
              dictionary({{text("_metadata"), ordered({})}}) + "b"),
      program(dictionary(
          {{text("model"), ordered({{text("w"), matrix("Half", "2", 2, 2) + "q\x01"}})},
           {text("other"), list({"h\x01", tuple({none, number(3), matrix("Long", "3", 1, 1)})})},
           {number(7), call(name("torch._utils", "_rebuild_parameter"),
                            {matrix("BFloat16", "3", 1, 4), no, ordered({})})}})),
      data + "]" + text("torch._utils") + "\x94" + text("_rebuild_tensor_v3") + "\x93(" + untyped +
          number(0) + numbers({1, 2}) + numbers({2, 1}) + no + none + name("torch", "float32") +
          "tRah" + std::string(1, '\0') + "a."};
}

const std::vector<std::string> pieces{"(",
                                      "t",
                                      "u",
                                      "e",
                                      "a",
                                      "s",
                                      "b",
                                      "R",
                                      "Q",
                                      ")",
                                      "]",
                                      "}",
                                      ".",
                                      "N",
                                      "\x85",
                                      "\x86",
                                      "\x94",
                                      std::string("q\0", 2),
                                      std::string("h\0", 2),
                                      "h\x05",
                                      "r\xff\xff\xff\xff",
                                      "K\x02",
                                      "J\xff\xff\xff\xff",
                                      "X\xff\xff\xff\xff",
                                      "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f",
                                      "\x8a\x01\x03",
                                      "ccollections\nOrderedDict\n)R",
                                      "cos\nsystem\n",
                                      "ctorch\nFloatStorage\n",
                                      "ctorch\nSize\n",
                                      "\x8c\x01"
                                      "0",
                                      "\xff\xff"};

// The pickle in an archive, packed or not.
std::string file_of(Random& random, const std::string& pickle) {
  auto entries = support::pytorch_entries(pickle, storages);
  if (random.below(4) == 0) entries[0] = support::deflated(entries[0].name, pickle);
  if (random.below(4) == 0) entries.push_back(support::stored("archive/byteorder", "big"));
  return support::archive(entries);
}

// Reads a mutant, and counts the tensors that it gives.
auto counting(int& tensors) {
  return [&tensors](const std::filesystem::path& path, std::size_t size) {
    return support::mistake_of_pytorch(path, size, tensors);
  };
}

}  // namespace

TEST_CASE("no mutant of a pickle gets more out of the reader than a runtime error",
          "[fuzz][pytorch]") {
  const auto sound = sound_pickles();
  std::size_t next = 0;
  int tensors = 0;
  const auto whole = [&](Random& random) { return file_of(random, sound[next++]); };
  CHECK(fuzz(static_cast<int>(sound.size()), 1, whole, counting(tensors)).refused == 0);
  tensors = 0;
  const auto broken = [&](Random& random) {
    std::string pickle = sound[below(random, sound.size())];
    support::mutate(random, pickle, 4096, sound, pieces);
    return file_of(random, pickle);
  };
  const auto counts = fuzz(30000, 2016, broken, counting(tensors));
  CHECK(counts.read > 300);
  CHECK(tensors > 500);
  CHECK(counts.refused > 10000);
}

TEST_CASE("no mutant of a checkpoint's archive gets more out of the reader than a runtime error",
          "[fuzz][pytorch]") {
  std::vector<std::string> sound;
  Random packing(1);
  for (const auto& pickle : sound_pickles()) sound.push_back(file_of(packing, pickle));
  const std::vector<std::string> archive_pieces{
      "PK\x01\x02", "PK\x03\x04",       "PK\x05\x06",    "PK\x06\x06",
      "PK\x06\x07", "\xff\xff\xff\xff", "\x08",          std::string(4, '\0'),
      "data.pkl",   "data/1",           "constants.pkl", "\xff\xff\xff\x7f"};
  int tensors = 0;
  const auto broken = [&](Random& random) {
    std::string file = sound[below(random, sound.size())];
    for (int changes = 1 + random.below(2); changes > 0; --changes) {
      support::mutate(random, file, 4096, sound, archive_pieces);
    }
    return file;
  };
  const auto counts = fuzz(10000, 2020, broken, counting(tensors));
  CHECK(counts.read > 200);
  CHECK(tensors > 200);
  CHECK(counts.refused > 3000);
}
