// Writes safetensors files, sound or broken, byte by byte: so nothing here shares code with the
// reader under test.
#pragma once

#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace support {

// A folder of its own for each test, gone with all its files when the test ends.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    // Tests run side by side: the name must differ between processes started at the same moment.
    std::random_device entropy;
    do {
      const auto moment = std::chrono::steady_clock::now().time_since_epoch().count();
      path_ = std::filesystem::temp_directory_path() /
              ("dgp-test-" + std::to_string(entropy()) + "-" + std::to_string(moment));
    } while (!std::filesystem::create_directory(path_));
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;  // a destructor has nobody to tell
    std::filesystem::remove_all(path_, ignored);
  }

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline void write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) throw std::runtime_error("the test cannot write " + path.string());
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("the test cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

// The lowest `width` bytes of a number, lowest first, as safetensors stores everything.
inline std::string little_endian(std::uint64_t number, std::size_t width) {
  std::string bytes;
  for (std::size_t i = 0; i < width; ++i) bytes += static_cast<char>(number >> (8 * i) & 0xff);
  return bytes;
}

// The same for a list of numbers: values are given by their bit patterns.
inline std::string little_endian(const std::vector<std::uint64_t>& numbers, std::size_t width) {
  std::string bytes;
  for (const std::uint64_t number : numbers) bytes += little_endian(number, width);
  return bytes;
}

template <class Bits, class Value>
std::string bytes_of(const std::vector<Value>& values) {
  static_assert(sizeof(Bits) == sizeof(Value));
  std::string bytes;
  for (const Value& value : values) {
    bytes += little_endian(std::bit_cast<Bits>(value), sizeof(Bits));
  }
  return bytes;
}

inline std::string f32(const std::vector<float>& values) { return bytes_of<std::uint32_t>(values); }
inline std::string f64(const std::vector<double>& values) {
  return bytes_of<std::uint64_t>(values);
}

// A file with any text for a header and any bytes behind it.
inline std::string safetensors(const std::string& header, const std::string& data = "") {
  return little_endian(header.size(), 8) + header + data;
}

struct Tensor {
  std::string name;
  std::string type;
  std::vector<std::uint64_t> shape;
  std::string bytes;
};

// A sound file; the tensors' bytes stand in the order given.
inline std::string safetensors(const std::vector<Tensor>& tensors,
                               const nlohmann::ordered_json& metadata = nullptr) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.is_null()) header["__metadata__"] = metadata;
  std::string data;
  for (const auto& tensor : tensors) {
    header[tensor.name] = {{"dtype", tensor.type},
                           {"shape", tensor.shape},
                           {"data_offsets", {data.size(), data.size() + tensor.bytes.size()}}};
    data += tensor.bytes;
  }
  return safetensors(header.dump(), data);
}

}  // namespace support
