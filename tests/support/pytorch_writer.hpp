// Writes files as torch.save does, sound or broken, instruction by instruction: so nothing here
// shares code with the reader under test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "npy_writer.hpp"

// What each function returns are the instructions that build the value.
namespace support::pickle {

inline const std::string none = "N";
inline const std::string no = "\x89";
inline const std::string empty_tuple = ")";

inline std::string text(const std::string& characters) {
  return "X" + little_endian(characters.size(), 4) + characters;
}

inline std::string number(std::int64_t value) {
  return "\x8a\x08" + little_endian(static_cast<std::uint64_t>(value), 8);
}

inline std::string joined(const std::vector<std::string>& values) {
  std::string all;
  for (const auto& value : values) all += value;
  return all;
}

inline std::string tuple(const std::vector<std::string>& values) {
  return "(" + joined(values) + "t";
}

inline std::string list(const std::vector<std::string>& values) {
  return "](" + joined(values) + "e";
}

inline std::string numbers(const std::vector<std::int64_t>& values) {
  std::vector<std::string> all;
  for (const auto value : values) all.push_back(number(value));
  return tuple(all);
}

inline std::string name(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}

inline std::string call(const std::string& callable, const std::vector<std::string>& arguments) {
  return callable + tuple(arguments) + "R";
}

using Items = std::vector<std::pair<std::string, std::string>>;

inline std::string items(const Items& all) {
  std::string text_of_all;
  for (const auto& [key, value] : all) text_of_all += key + value;
  return "(" + text_of_all + "u";
}

inline std::string dictionary(const Items& all) { return "}" + items(all); }

inline std::string ordered(const Items& all) {
  return name("collections", "OrderedDict") + ")R" + items(all);
}

inline std::string storage(const std::string& type, const std::string& key, std::int64_t count) {
  return tuple({text("storage"), type, text(key), text("cpu"), number(count)}) + "Q";
}

inline std::string storage_type(const std::string& type) { return name("torch", type + "Storage"); }

// A view of a storage.
inline std::string tensor(const std::string& storage, std::int64_t offset,
                          const std::vector<std::int64_t>& shape,
                          const std::vector<std::int64_t>& strides) {
  return call(name("torch._utils", "_rebuild_tensor_v2"),
              {storage, number(offset), numbers(shape), numbers(strides), no, ordered({})});
}

// A matrix that fills a storage of its own.
inline std::string matrix(const std::string& type, const std::string& key, std::int64_t rows,
                          std::int64_t cols) {
  return tensor(storage(storage_type(type), key, rows * cols), 0, {rows, cols}, {cols, 1});
}

inline std::string program(const std::string& value) { return "\x80\x02" + value + "."; }

}  // namespace support::pickle

namespace support {

// Key and bytes of each storage.
using Storages = std::vector<std::pair<std::string, std::string>>;

inline std::vector<ArchiveEntry> pytorch_entries(const std::string& pickle,
                                                 const Storages& storages,
                                                 const std::string& folder = "archive") {
  std::vector<ArchiveEntry> entries{stored(folder + "/data.pkl", pickle)};
  for (const auto& [key, bytes] : storages) {
    entries.push_back(stored(folder + "/data/" + key, bytes));
  }
  entries.push_back(stored(folder + "/version", "3\n"));
  return entries;
}

inline std::string pytorch(const std::string& value, const Storages& storages) {
  return archive(pytorch_entries(pickle::program(value), storages));
}

}  // namespace support
