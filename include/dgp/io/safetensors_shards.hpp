// Reading a checkpoint that lies in several safetensors files, as large ones do:
// model-00001-of-00002.safetensors and model-00002-of-00002.safetensors.
//
// in:  the paths of all parts, in any order
// out: the list of all tensors, and single ones, as SafetensorsFile gives them for one file
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/io/detail/file_error.hpp>
#include <dgp/io/natural_order.hpp>
#include <dgp/io/safetensors.hpp>
#include <dgp/io/tensor_info.hpp>

namespace dgp::io {

// What the name of a part says.
struct ShardName {
  std::filesystem::path whole;  // the same name for all parts: model-*-of-00002.safetensors
  std::size_t number;           // of this part, from 1 on
  std::size_t count;            // of all parts together
};

// Nothing for a name that does not hold "-NUMBER-of-COUNT" before its end.
inline std::optional<ShardName> shard_name(const std::filesystem::path& path) {
  const std::string stem = path.stem().string();
  const auto digits_before = [&](std::size_t end) {
    std::size_t begin = end;
    while (begin > 0 && stem[begin - 1] >= '0' && stem[begin - 1] <= '9') --begin;
    return begin;
  };
  const auto value = [&](std::size_t begin, std::size_t end) {
    std::size_t number = 0;
    const auto [stop, error] = std::from_chars(stem.data() + begin, stem.data() + end, number);
    return error == std::errc() && begin < end ? number : 0;
  };
  constexpr std::string_view of = "-of-";
  const std::size_t count_begin = digits_before(stem.size());
  if (count_begin < of.size() || stem.compare(count_begin - of.size(), of.size(), of) != 0) {
    return std::nullopt;
  }
  const std::size_t number_end = count_begin - of.size();
  const std::size_t number_begin = digits_before(number_end);
  const ShardName shard{path.parent_path() / (stem.substr(0, number_begin) + "*" +
                                              stem.substr(number_end) + path.extension().string()),
                        value(number_begin, number_end), value(count_begin, stem.size())};
  const bool sound = shard.number >= 1 && shard.number <= shard.count && number_begin > 0 &&
                     stem[number_begin - 1] == '-';
  return sound ? std::optional(shard) : std::nullopt;
}

// The parts, open for reading. Not for use by several threads at once.
class SafetensorsShards {
 public:
  // Throws std::runtime_error as SafetensorsFile does for each, for parts of different checkpoints
  // (by shard_name), for one that is missing or stands twice, and for a tensor that does.
  explicit SafetensorsShards(const std::vector<std::filesystem::path>& paths) {
    check_parts(paths);
    for (const auto& path : paths) {
      const SafetensorsFile& file = files_.emplace_back(path);
      for (const auto& tensor : file.tensors()) {
        if (!file_of_.emplace(tensor.name, files_.size() - 1).second) {
          detail::fail(path, tensor.begin,
                       "tensor " + dgp::detail::quoted(tensor.name) + " is in another part too");
        }
        tensors_.push_back(tensor);
      }
    }
    std::sort(tensors_.begin(), tensors_.end(), [](const TensorInfo& a, const TensorInfo& b) {
      return natural_less(a.name, b.name);
    });
  }

  // That of all parts, with * for their number.
  const std::filesystem::path& path() const { return path_; }

  // All tensors, in natural order of their names. Byte ranges are those in a tensor's own file.
  const std::vector<TensorInfo>& tensors() const { return tensors_; }

  // As SafetensorsFile gives it. The tensor is one of tensors(), else they throw std::out_of_range.
  template <class Scalar>
  RowMajorMatrix<Scalar> read_matrix(const TensorInfo& tensor) {
    return files_[file_of_.at(tensor.name)].template read_matrix<Scalar>(tensor);
  }
  template <class Scalar>
  RowMajorMatrix<Scalar> read_rows(const TensorInfo& tensor) {
    return files_[file_of_.at(tensor.name)].template read_rows<Scalar>(tensor);
  }

  // Where its rows stand, likewise.
  std::optional<StoredRows> stored_rows(const TensorInfo& tensor) const {
    return files_[file_of_.at(tensor.name)].stored_rows(tensor);
  }

 private:
  void check_parts(const std::vector<std::filesystem::path>& paths) {
    const auto refuse = [](const std::filesystem::path& path, const std::string& what) {
      throw std::runtime_error(dgp::detail::one_line(path.string()) + ": " + what);
    };
    if (paths.empty()) throw std::runtime_error("no parts of a checkpoint");
    std::vector<bool> there;
    for (const auto& path : paths) {
      const auto shard = shard_name(path);
      if (!shard) refuse(path, "not named as a part of a checkpoint, NAME-1-of-2.safetensors");
      if (there.empty()) {
        path_ = shard->whole;
        there.resize(std::min(shard->count, paths.size() + 1));
      }
      if (shard->whole != path_) {
        refuse(path, "not a part of " + dgp::detail::one_line(path_.string()));
      }
      if (shard->number > there.size()) continue;  // then one of fewer is missing
      if (there[shard->number - 1]) refuse(path, "the part is given twice");
      there[shard->number - 1] = true;
    }
    const auto missing = std::find(there.begin(), there.end(), false);
    if (missing != there.end()) {
      refuse(path_, "part " + std::to_string(missing - there.begin() + 1) + " of " +
                        std::to_string(shard_name(paths[0])->count) +
                        " is missing; give all parts of the checkpoint together");
    }
  }

  std::filesystem::path path_;
  std::vector<SafetensorsFile> files_;
  std::map<std::string, std::size_t> file_of_;
  std::vector<TensorInfo> tensors_;
};

}  // namespace dgp::io
