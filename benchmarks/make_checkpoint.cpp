// dgp-make-checkpoint: a large checkpoint to measure with, in shards, as such files come.
//
// The weights are normal, of bfloat16 and of the deviation that layers of this width are
// initialised with: a chain of square matrices named as a transformer names its own. They are
// written as they are made, a row at a time.
#include <bit>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <Eigen/Core>
#include <nlohmann/json.hpp>

namespace {

// So many different normal numbers, of equal chances.
std::vector<Eigen::bfloat16> quantiles(double deviation) {
  constexpr std::size_t count = 1 << 16;
  std::vector<Eigen::bfloat16> values;
  for (std::size_t i = 0; i < count; ++i) {
    const double share = (static_cast<double>(i) + 0.5) / count;
    const double normal = std::sqrt(2.0) * boost::math::erf_inv(2 * share - 1);
    values.emplace_back(static_cast<float>(deviation * normal));
  }
  return values;
}

struct Random {
  std::uint64_t state;
  std::uint64_t next() {
    std::uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
};

void write_shard(const std::filesystem::path& path, std::size_t first_layer, std::size_t layers,
                 std::size_t width, Random& random) {
  nlohmann::ordered_json header;
  const std::uint64_t bytes = 2 * static_cast<std::uint64_t>(width) * width;
  for (std::size_t k = 0; k < layers; ++k) {
    header["model.layers." + std::to_string(first_layer + k) + ".weight"] = {
        {"dtype", "BF16"},
        {"shape", {width, width}},
        {"data_offsets", {k * bytes, (k + 1) * bytes}}};
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  std::ofstream stream(path, std::ios::binary);
  const std::uint64_t length = text.size();
  stream.write(reinterpret_cast<const char*>(&length), sizeof length);
  stream << text;
  const auto values = quantiles(1 / std::sqrt(static_cast<double>(width)));
  std::vector<Eigen::bfloat16> row((width + 3) / 4 * 4);
  for (std::size_t i = 0; i < layers * width; ++i) {
    for (std::size_t at = 0; at < row.size(); at += 4) {
      const std::uint64_t bits = random.next();
      for (std::size_t j = 0; j < 4; ++j) row[at + j] = values[bits >> (16 * j) & 0xffff];
    }
    stream.write(reinterpret_cast<const char*>(row.data()),
                 static_cast<std::streamsize>(width * sizeof(Eigen::bfloat16)));
  }
  stream.close();
  if (!stream) throw std::runtime_error(path.string() + ": cannot be written");
}

}  // namespace

int main(int argc, char** argv) {
  static_assert(std::endian::native == std::endian::little, "safetensors are little-endian");
  std::filesystem::path folder;
  std::size_t layers = 16;
  std::size_t width = 8192;
  std::size_t shards = 4;
  CLI::App app(
      "Writes a chain of square bfloat16 matrices in safetensors shards; by default 2 GiB.",
      "dgp-make-checkpoint");
  app.add_option("FOLDER", folder, "Where the shards go")->required();
  app.add_option("--layers", layers, "Matrices (default: 16)")->check(CLI::Range(1, 10000));
  app.add_option("--width", width, "Rows and columns of each (default: 8192)")
      ->check(CLI::Range(1, 1 << 20));
  app.add_option("--shards", shards, "Files (default: 4)")->check(CLI::Range(1, 1000));
  CLI11_PARSE(app, argc, argv);
  try {
    std::filesystem::create_directories(folder);
    Random random{1};
    for (std::size_t i = 0; i < shards; ++i) {
      const std::size_t begin = layers * i / shards;
      const std::size_t end = layers * (i + 1) / shards;
      write_shard(folder / ("model-" + std::to_string(i + 1) + "-of-" + std::to_string(shards) +
                            ".safetensors"),
                  begin, end - begin, width, random);
    }
  } catch (const std::exception& error) {
    std::cerr << "dgp-make-checkpoint: " << error.what() << "\n";
    return 1;
  }
}
