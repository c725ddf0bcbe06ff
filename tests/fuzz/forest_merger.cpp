// Tens of thousands of broken files of half-fed forests: the reader either reads one that can be
// fed on or throws std::runtime_error that says where.
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "../support/catch.hpp"
#include "../support/mutants.hpp"
#include "../support/reading_forest_merger.hpp"
#include "../support/safetensors_writer.hpp"

namespace {

using support::below;
using support::f32;
using support::f64;
using support::fuzz;
using support::Random;

// A half-fed forest's numbers.
struct State {
  std::vector<double> shape;
  std::vector<double> blocks;
  std::vector<double> rows;
  std::vector<double> cols;
  std::vector<float> weights;
};

std::string file_of(const State& state) {
  const auto row = [](const std::string& name, const std::vector<double>& numbers) {
    return support::Tensor{name, "F64", {1, numbers.size()}, f64(numbers)};
  };
  return support::safetensors(
      {row("shape", state.shape),
       row("blocks", state.blocks),
       row("edge_rows", state.rows),
       row("edge_cols", state.cols),
       {"edge_weights", "F32", {state.weights.size()}, f32(state.weights)}});
}

const std::vector<State> sound_states{
    {{3, 4}, {0, 0, 2, 4, 2, 1, 1, 1}, {2, 1, 0, 1, 0, 1}, {1, 0, 1, 2, 3, 3}, {12, 9, 8, 7, 5, 4}},
    {{5, 5}, {0, 0, 2, 2, 3, 3, 1, 2}, {0, 0, 1, 3, 3}, {0, 1, 0, 3, 4}, {1, 1, 1, -2, -2}},
    {{2, 1}, {0, 0, 2, 1}, {1, 0}, {0, 0}, {0.5F, -0.0F}},
    {{1000000, 2000000}, {999999, 7, 1, 1}, {999999}, {7}, {1}},
    {{6, 6}, {}, {}, {}, {}}};

std::vector<std::string> sound_files() {
  std::vector<std::string> files;
  for (const auto& state : sound_states) files.push_back(file_of(state));
  return files;
}

// The length in front of the header made true again, more often than not: else it alone would
// refuse most files, and nothing behind it would be tried.
void mend_length(Random& random, std::string& file) {
  const std::size_t end = file.find("]}}");
  if (random.below(4) == 0 || end == std::string::npos || end < 8) return;
  file.replace(0, 8, support::little_endian(end + 3 - 8, 8));
}

// Reads a mutant, and counts the forests that are fed to the end.
auto counting(int& finished) {
  return [&finished](const std::filesystem::path& path, std::size_t size) {
    return support::mistake_of_forest_merger(path, size, finished);
  };
}

}  // namespace

TEST_CASE("no mutant of a half-fed forest's file gets more out of the reader than a runtime error",
          "[fuzz][forest_merger]") {
  const auto sound = sound_files();
  int finished = 0;
  std::size_t next = 0;
  const auto whole = [&](Random&) { return sound[next++]; };
  CHECK(fuzz(static_cast<int>(sound.size()), 1, whole, counting(finished)).refused == 0);
  CHECK(finished == 4);
  finished = 0;
  const std::vector<std::string> pieces{"F64",
                                        "F32",
                                        "BF16",
                                        "[1,2]",
                                        "[0]",
                                        "edge_rows",
                                        "blocks",
                                        f64({0}),
                                        f64({1}),
                                        f64({-1}),
                                        f64({2.5}),
                                        f64({0x1p53}),
                                        f32({1}),
                                        std::string(8, '\0'),
                                        "\xff\xff\xff\xff"};
  const auto broken = [&](Random& random) {
    std::string file = sound[below(random, sound.size())];
    support::mutate(random, file, 4096, sound, pieces);
    mend_length(random, file);
    return file;
  };
  const auto counts = fuzz(10000, 1956, broken, counting(finished));
  CHECK(counts.read > 30);  // nearly every byte counts
  CHECK(counts.refused > 5000);
}

TEST_CASE("no numbers in a half-fed forest's file get more out of the reader than a runtime error",
          "[fuzz][forest_merger]") {
  const std::vector<double> numbers{
      0, 1, 2, 3, 4, 5, 6, -1, 0.5, -0.0, 1e6, 4294967295.0, 0x1p52, 0x1p53, 0x1p63, 1e300};
  int finished = 0;
  const auto broken = [&](Random& random) {
    State state = sound_states[below(random, sound_states.size())];
    for (int changes = 1 + random.below(3); changes > 0; --changes) {
      std::vector<double>* const lists[] = {&state.shape, &state.blocks, &state.rows, &state.cols};
      auto& list = *lists[random.below(4)];
      const double number = numbers[below(random, numbers.size())];
      switch (random.below(6)) {
        case 0:
          if (!list.empty()) list.pop_back();
          break;
        case 1:
          list.push_back(number);
          break;
        case 2: {  // an edge more
          state.rows.push_back(number);
          state.cols.push_back(numbers[below(random, numbers.size())]);
          state.weights.push_back(static_cast<float>(random.normal()));
          break;
        }
        case 3:
          if (!state.weights.empty()) {
            state.weights[below(random, state.weights.size())] = static_cast<float>(number);
          }
          break;
        default:
          if (!list.empty()) list[below(random, list.size())] = number;
      }
    }
    return file_of(state);
  };
  const auto counts = fuzz(20000, 1957, broken, counting(finished));
  CHECK(counts.read > 1000);
  CHECK(finished > 1000);
  CHECK(counts.refused > 5000);
}
