// Reading a network's weights from a file of any format that is read: safetensors (in one file or
// several, or by their index), PyTorch, NumPy's .npz and .npy, ONNX.
//
// in:  a file, told by what it holds and not by its name
// out: what its own reader gives: the list of its tensors, and single ones as matrices
//
// PyTorch's files and .npz archives need libzip, ONNX its own library: they are read where the
// targets dgp::npz and dgp::onnx are linked, which define DGP_WITH_NPZ and DGP_WITH_ONNX.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include <dgp/concepts.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/io/detail/input_file.hpp>
#include <dgp/io/detail/stored_rows.hpp>
#include <dgp/io/file_format.hpp>
#include <dgp/io/npy.hpp>
#include <dgp/io/safetensors.hpp>
#include <dgp/io/safetensors_shards.hpp>
#include <dgp/io/tensor_info.hpp>
#ifdef DGP_WITH_NPZ
#include <dgp/io/npz.hpp>
#include <dgp/io/pytorch.hpp>
#endif
#ifdef DGP_WITH_ONNX
#include <dgp/io/onnx.hpp>
#endif

namespace dgp::io {

namespace detail {

// The files that an index names, beside it. Throws std::runtime_error for what is no index.
inline std::vector<std::filesystem::path> parts_of_index(InputFile& file) {
  std::string text(static_cast<std::size_t>(file.size()), '\0');
  file.read(0, text.data(), text.size());
  const auto index = nlohmann::json::parse(text, nullptr, false);
  if (!index.is_object() || !index.contains("weight_map") || !index["weight_map"].is_object()) {
    file.fail(0, "not the index of a checkpoint: no object 'weight_map'");
  }
  std::set<std::filesystem::path> parts;
  for (const auto& part : index["weight_map"]) {
    const std::filesystem::path name(part.is_string() ? part.get<std::string>() : "");
    if (name.empty() || name != name.filename() || name == "..") {
      file.fail(0, "the index names " + dgp::detail::quoted(part.dump()) +
                       ", which is no file beside it");
    }
    parts.insert(file.path().parent_path() / name);
  }
  if (parts.empty()) file.fail(0, "the index names no files");
  return {parts.begin(), parts.end()};
}

}  // namespace detail

// An open checkpoint that one of these readers reads, or several files by SafetensorsShards. Not
// for use by several threads at once.
template <class... Readers>
class AnyCheckpoint {
 public:
  // Throws std::runtime_error as the readers do, and for a format that is not read, saying what to
  // do about it.
  explicit AnyCheckpoint(std::filesystem::path path)
      : AnyCheckpoint(detail::InputFile(std::move(path))) {}
  explicit AnyCheckpoint(detail::InputFile file) { open(std::move(file)); }
  // All parts of a checkpoint, in any order.
  explicit AnyCheckpoint(const std::vector<std::filesystem::path>& parts) { open(parts); }

  // As it was given; of several files SafetensorsShards::path.
  const std::filesystem::path& path() const {
    return visit([](const auto& reader) -> const auto& { return reader.path(); });
  }
  // The tensors that are read, in natural order of their names.
  const std::vector<TensorInfo>& tensors() const {
    return visit([](const auto& reader) -> const auto& { return reader.tensors(); });
  }
  // Those that the reader does not read, where it lists them apart.
  std::vector<TensorInfo> skipped() const {
    return visit([](const auto& reader) -> std::vector<TensorInfo> {
      if constexpr (requires { reader.skipped(); }) return reader.skipped();
      return {};
    });
  }

  // A 2-D tensor, and one of one dimension or more as (first extent × all others together). Time,
  // memory and errors as of the reader.
  template <class Scalar>
  RowMajorMatrix<Scalar> read_matrix(const TensorInfo& tensor) {
    return visit([&](auto& reader) { return reader.template read_matrix<Scalar>(tensor); });
  }
  template <class Scalar>
  RowMajorMatrix<Scalar> read_rows(const TensorInfo& tensor) {
    return visit([&](auto& reader) { return reader.template read_rows<Scalar>(tensor); });
  }

  // Where the tensor's rows stand in a file, for stored_layers.hpp; nothing where they do not stand
  // there one behind the other.
  std::optional<StoredRows> stored_rows(const TensorInfo& tensor) const {
    return visit([&](const auto& reader) -> std::optional<StoredRows> {
      if constexpr (requires { reader.stored_rows(tensor); }) return reader.stored_rows(tensor);
      return std::nullopt;
    });
  }

  // The reader itself, where the file is of its format; else null.
  template <class Reader>
  const Reader* get_if() const {
    return std::get_if<Reader>(&*reader_);
  }

 private:
  using Reader = std::variant<SafetensorsShards, Readers...>;

  void open(const std::vector<std::filesystem::path>& parts) {
    for (const auto& path : parts) {
      detail::InputFile file(path);
      const FileFormat format = file_format(path.string(), file.start());
      if (format != FileFormat::safetensors) refuse(file, format);
    }
    reader_.emplace(std::in_place_type<SafetensorsShards>, parts);
  }
  void open(detail::InputFile file) {
    const FileFormat format = file_format(file.path().string(), file.start());
    if (format == FileFormat::shard_index) return open(detail::parts_of_index(file));
    const bool is_read = ((format == Readers::format &&
                           (reader_.emplace(std::in_place_type<Readers>, std::move(file)), true)) ||
                          ...);
    // NOLINTNEXTLINE(bugprone-use-after-move): it is only moved where it is read
    if (!is_read) refuse(file, format);
  }

  [[noreturn]] static void refuse(const detail::InputFile& file, FileFormat format) {
    const FileFormatWords words = words_of(format);
    // What others read has no advice of its own.
    file.fail(0, "this is " + std::string(words.what) + "; " +
                     (!words.advice.empty() ? std::string(words.advice)
                      : format == FileFormat::onnx
                          ? "which is not read here, as this was built without the onnx library"
                          : "which is not read here, as this was built without libzip"));
  }

  template <class Visit>
  decltype(auto) visit(const Visit& use) const {
    return std::visit(use, *reader_);
  }
  template <class Visit>
  decltype(auto) visit(const Visit& use) {
    return std::visit(use, *reader_);
  }

  std::optional<Reader> reader_;
};

// With all readers there are.
using CheckpointFile = AnyCheckpoint<SafetensorsFile, NpyFile
#ifdef DGP_WITH_NPZ
                                     ,
                                     NpzFile, PytorchFile
#endif
#ifdef DGP_WITH_ONNX
                                     ,
                                     OnnxFile
#endif
                                     >;

// The layers of a checkpoint: its matrices and kernels (tensor_info.hpp) of floating-point numbers,
// in natural order of their names, with those names. Time and memory O(weights). Throws
// std::runtime_error as CheckpointFile and the reader do.
//
// The second type is there so that translation units with different readers share no function.
template <class Scalar = float, class File = CheckpointFile>
std::vector<NamedLayer<RowMajorMatrix<Scalar>>> read_layers(const std::filesystem::path& path) {
  File file(path);
  return detail::layers_of<Scalar>(file);
}

}  // namespace dgp::io
