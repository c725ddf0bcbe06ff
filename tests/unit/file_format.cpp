// What a file is, by its first bytes and its name.
#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <dgp/io/file_format.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/npy_writer.hpp"
#include "../support/safetensors_writer.hpp"

using dgp::io::file_format;
using dgp::io::FileFormat;

namespace {

std::string zip_of(const std::vector<std::string>& names) {
  std::vector<support::ArchiveEntry> entries;
  for (const auto& name : names) entries.push_back(support::stored(name, "bytes"));
  return support::archive(entries);
}

std::string tar() {
  std::string bytes(512, '\0');
  return bytes.replace(257, 5, "ustar");
}

}  // namespace

TEST_CASE("formats are told by their first bytes, whatever the name", "[file_format]") {
  const std::string npy = support::npy_of_floats(1, 1, support::f32({1}));
  const std::vector<std::pair<FileFormat, std::string>> starts{
      {FileFormat::empty, ""},
      {FileFormat::safetensors, support::safetensors("{}")},
      // A header of 640 bytes starts as a pickle does.
      {FileFormat::safetensors, support::safetensors("{" + std::string(638, ' ') + "}")},
      {FileFormat::npy, npy},
      {FileFormat::npz, support::archive({support::stored("w.npy", npy)})},
      {FileFormat::npz, support::archive({support::deflated("a/w.npy", npy)})},
      {FileFormat::pytorch, zip_of({"model/data.pkl", "model/data/0", "model/version"})},
      {FileFormat::pytorch, zip_of({"archive/.format_version", "archive/data.pkl"})},
      {FileFormat::pytorch_legacy,
       "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M"},
      {FileFormat::pickle, "\x80\x02}q"},
      {FileFormat::pickle, "\x80\x04\x95 and so on"},
      {FileFormat::hdf5, "\x89HDF\r\n\x1a\n"},
      {FileFormat::keras, zip_of({"metadata.json", "config.json", "model.weights.h5"})},
      {FileFormat::onnx, "\x08\x07\x12\x07pytorch"},
      {FileFormat::onnx, "\x08\x0a\x3a\x20\x0a graph"},
      {FileFormat::tflite, std::string("\x1c\0\0\0TFL3", 8)},
      {FileFormat::gguf, std::string("GGUF\x03\0\0\0", 8)},
      {FileFormat::idx, std::string("\0\0\x08\x01\0\0\0\x02\x07\x08", 10)},
      {FileFormat::shard_index, R"({"metadata": {}, "weight_map": {"a": "model-1-of-2"}})"},
      {FileFormat::json, R"({"architectures": ["BertModel"]})"},
      {FileFormat::zip, zip_of({"readme.txt"})},
      {FileFormat::gzip, "\x1f\x8b\x08"},
      {FileFormat::bzip2, "BZh9"},
      {FileFormat::xz, std::string("\xfd\x37zXZ\0", 6)},
      {FileFormat::zstandard, "\x28\xb5\x2f\xfd"},
      {FileFormat::tar, tar()},
      {FileFormat::git_lfs_pointer, "version https://git-lfs.github.com/spec/v1\noid sha256:"},
      {FileFormat::web_page, "\n<!DOCTYPE HTML><html>"}};
  for (const auto& [format, start] : starts) {
    for (const std::string name : {"model", "folder.d/model.bin", "model.safetensors"}) {
      CAPTURE(start, name);
      CHECK(file_format(name, start) == format);
    }
  }
}

TEST_CASE("formats without a signature are told by the name's end", "[file_format]") {
  for (const auto& [name, format] : std::map<std::string, FileFormat>{
           {"model.safetensors", FileFormat::safetensors},
           {"model.onnx", FileFormat::onnx},
           {"saved_model.pb", FileFormat::tensorflow_graph},
           {"model.ckpt-7.index", FileFormat::tensorflow_checkpoint},
           {"model.ckpt-7.data-00000-of-00001", FileFormat::tensorflow_checkpoint},
           {"flax_model.msgpack", FileFormat::flax},
           {"model.pt", FileFormat::pytorch},
           {"model.ckpt", FileFormat::pytorch},
           {"model.joblib", FileFormat::pickle},
           {"README.md", FileFormat::unknown},
           {"model.pt.txt", FileFormat::unknown}}) {
    CAPTURE(name);
    CHECK(file_format(name, "no signature") == format);
  }
  CHECK(file_format("model.safetensors.index.json", "{}") == FileFormat::shard_index);
  CHECK(file_format("config.json", "{}") == FileFormat::json);
}

TEST_CASE("every format has its words, those that are not read an advice of one line",
          "[file_format]") {
  for (int number = 0; number <= static_cast<int>(FileFormat::web_page); ++number) {
    const auto format = static_cast<FileFormat>(number);
    const auto words = dgp::io::words_of(format);
    CAPTURE(words.what);
    CHECK(words.format == format);
    CHECK_FALSE(words.what.empty());
    CHECK(words.advice.find('\n') == std::string::npos);
    const bool is_read = format == FileFormat::safetensors || format == FileFormat::npy ||
                         format == FileFormat::npz || format == FileFormat::pytorch ||
                         format == FileFormat::onnx || format == FileFormat::shard_index;
    CHECK(words.advice.empty() == is_read);
  }
}
