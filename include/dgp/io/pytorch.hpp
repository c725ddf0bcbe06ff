// Reading PyTorch's checkpoints, as torch.save writes them from version 1.6 on: state dicts, and
// dictionaries that hold some beside other things. Needs libzip: link dgp::npz.
//
// in:  a file that is not trusted: its pickle is read as data and never executed, and whatever it
//      says of sizes is checked against the archive before anything is allocated for it
// out: the list of its tensors, without their values; then single tensors as matrices, converted to
//      the scalar type asked for; or all layers of a network at once
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/concepts.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/io/detail/file_error.hpp>
#include <dgp/io/detail/input_file.hpp>
#include <dgp/io/detail/named_tensors.hpp>
#include <dgp/io/detail/pickle.hpp>
#include <dgp/io/detail/pickle_values.hpp>
#include <dgp/io/detail/pytorch_archive.hpp>
#include <dgp/io/detail/pytorch_names.hpp>
#include <dgp/io/detail/pytorch_objects.hpp>
#include <dgp/io/detail/stored_rows.hpp>
#include <dgp/io/detail/stored_values.hpp>
#include <dgp/io/detail/zip_archive.hpp>
#include <dgp/io/file_format.hpp>
#include <dgp/io/natural_order.hpp>
#include <dgp/io/tensor_info.hpp>

namespace dgp::io {

// A checkpoint of torch.save, open for reading. Not for use by several threads at once.
class PytorchFile {
 public:
  // Of the files that it reads.
  static constexpr FileFormat format = FileFormat::pytorch;

  // Reads and checks the archive's directory and its pickle. Time and memory O(entries + pickle).
  // Throws std::runtime_error, with path and, once the file is open, byte offset (in an entry: from
  // its own start, unpacked), for what cannot be read, is not well-formed or is not of this format:
  // for what an older PyTorch saved, TorchScript archives, and whole modules among them. Refuses,
  // naming it, all in the pickle that builds neither tensors nor plain containers and values.
  explicit PytorchFile(std::filesystem::path path)
      : PytorchFile(detail::InputFile(std::move(path))) {}

  // The same of a file that is open already.
  explicit PytorchFile(detail::InputFile file) : archive_(std::move(file)) { read_pickle(); }

  // As it was given.
  const std::filesystem::path& path() const { return archive_.path(); }

  // The tensors of float16, bfloat16, float32 and float64, in natural order of their names: the
  // keys that lead to them, joined with dots, places in lists among them (model.layers.0.weight);
  // the file's own name for a tensor that was saved alone. Byte ranges run from a tensor's first
  // value to its last, from the start of its storage's entry; tensors may share theirs.
  const std::vector<TensorInfo>& tensors() const { return tensors_; }

  // The tensors that are not read, in the same order: those of integers, truth values and complex
  // numbers, quantized and sparse ones, and the like. Their byte ranges are empty.
  const std::vector<TensorInfo>& skipped() const { return skipped_; }

  // A 2-D tensor of tensors() as a row-major matrix of its shape, converted to Scalar. Time and
  // memory O(its values and those of its storage, which is kept until another is read). Throws
  // std::runtime_error for a tensor of another number of dimensions and for a corrupt storage.
  template <class Scalar>
  RowMajorMatrix<Scalar> read_matrix(const TensorInfo& tensor) {
    const std::size_t index = index_of(tensor.name);
    detail::check_matrix(place_of(views_[index]), tensors_[index]);
    return read_rows_of<Scalar>(index);
  }

  // A tensor of one dimension or more as a row-major matrix, (first extent × all others together).
  // Throws as read_matrix.
  template <class Scalar>
  RowMajorMatrix<Scalar> read_rows(const TensorInfo& tensor) {
    return read_rows_of<Scalar>(index_of(tensor.name));
  }

  // The 2-D tensor of that name. Throws as above, and where there is none.
  template <class Scalar>
  RowMajorMatrix<Scalar> read_matrix(std::string_view name) {
    return read_matrix<Scalar>(tensors_[index_of(name)]);
  }

  // Where a tensor of tensors() lies row by row in an entry that is not packed, as torch.save packs
  // none: its rows in the file, for stored_layers.hpp. Nothing of a pipe, and of values in another
  // order than this machine's. Read so, the entry's checksum is compared where all of the entry is:
  // not of a tensor that is a part of its storage, and not of some rows.
  std::optional<StoredRows> stored_rows(const TensorInfo& tensor) const {
    const std::size_t index = index_of(tensor.name);
    const View& view = views_[index];
    const bool native = !archive_.big_endian() && view.entry != nullptr && !view.entry->is_packed &&
                        detail::is_by_row(tensors_[index].shape, view.strides);
    if (!native) return std::nullopt;
    const std::string_view type = tensors_[index].type;
    auto rows = detail::stored_rows(archive_.file(), tensors_[index],
                                    type == "float16"    ? "F16"
                                    : type == "bfloat16" ? "BF16"
                                    : type == "float32"  ? "F32"
                                                         : "F64");
    if (rows) {
      rows->open_entry = [path = path(), entry = *view.entry] {
        struct Opened {
          detail::ZipArchive archive;
          detail::ZipEntryReader reader;
          Opened(const std::filesystem::path& of, const detail::ZipEntry& named)
              : archive(of), reader(archive.open(named)) {}
        };
        return ReadBytes([opened = std::make_shared<Opened>(path, entry)](
                             std::uint64_t begin, void* target, std::uint64_t count) {
          opened->reader.read(begin, target, count);
          if (opened->reader.has_read_all()) opened->reader.expect_end();
        });
      };
    }
    return rows;
  }

 private:
  // How a tensor lies in its storage; offset and strides are in values. No entry: no values.
  struct View {
    const detail::ZipEntry* entry;
    std::uint64_t offset;
    std::vector<std::uint64_t> strides;
  };

  struct Listed {
    TensorInfo info;
    View view;
  };

  void read_pickle() {
    const detail::ZipEntry& entry = archive_.pickle();
    const detail::ZipEntryPlace place(path(), entry.name);
    const std::vector<char> bytes = archive_.unpack(entry);
    detail::PickleHeap heap;
    std::uint64_t byte = 0;
    detail::PytorchObjects objects(place, heap, byte);
    const detail::PickleValue root =
        detail::Unpickler(place, std::string_view(bytes.data(), bytes.size()), heap, objects, byte)
            .run();

    // Tensors that share a storage, or repeat its values, come to more than the archive holds. The
    // whole must stay within what may be read in earnest: a layer used 24 times is listed as often.
    constexpr std::uint64_t most_sharing = 64;
    std::uint64_t allowed = most_sharing * archive_.size() + archive_.unpacked_size();
    std::vector<Listed> listed;
    const auto list = [&](const std::string& name, detail::PickleValue value) {
      const detail::PytorchTensor& tensor = objects.tensor(value);
      TensorInfo info{name, tensor.type, tensor.shape, 0, 0};
      if (tensor.is_read) {
        View view = view_of(tensor, objects.storage(tensor), info);
        const std::uint64_t width = detail::pytorch_width(tensor.type);
        info.floating_point_bytes = static_cast<std::size_t>(width);
        if (tensor.count > allowed / width) {
          place.fail(0, detail::describe(info) +
                            " repeats the stored values more often than is read; save it as "
                            "tensor.clone(memory_format=torch.contiguous_format)");
        }
        allowed -= tensor.count * width;
        listed.push_back({std::move(info), std::move(view)});
      } else {
        skipped_.push_back(std::move(info));
      }
      return sizeof(Listed) + 2 * sizeof(std::uint64_t) * tensor.shape.size();
    };
    constexpr std::uint64_t budget_per_byte = 64;
    detail::NamedTensors(heap, budget_per_byte * bytes.size())
        .walk(root, path().stem().string(), list,
              [&](const std::string& what) { place.fail(0, what); });
    sort(std::move(listed), place);
  }

  // Holds the tensor's storage against its entry, and sets the tensor's byte range.
  View view_of(const detail::PytorchTensor& tensor, const detail::PytorchStorage& storage,
               TensorInfo& info) const {
    if (tensor.count == 0) return {nullptr, 0, {}};
    const std::string name = "data/" + std::string(storage.key);
    const detail::ZipEntry* entry = archive_.find(name);
    if (entry == nullptr) {
      detail::fail(path(), 0,
                   detail::describe(info) + " lacks its entry " +
                       dgp::detail::quoted(archive_.folder() + name));
    }
    const std::uint64_t width = detail::pytorch_width(storage.dtype);
    if (entry->size / std::max<std::uint64_t>(width, 1) != storage.count) {
      detail::ZipEntryPlace(path(), entry->name)
          .fail(0, "has " + std::to_string(entry->size) + " bytes, but should hold " +
                       std::to_string(storage.count) + " values of " + std::string(storage.dtype));
    }
    info.begin = tensor.offset * detail::pytorch_width(info.type);
    info.end = (tensor.last + 1) * detail::pytorch_width(info.type);
    return {entry, tensor.offset, tensor.strides};
  }

  void sort(std::vector<Listed> listed, const detail::ZipEntryPlace& place) {
    const auto by_name = [](const TensorInfo& a, const TensorInfo& b) {
      return natural_less(a.name, b.name);
    };
    std::sort(skipped_.begin(), skipped_.end(), by_name);
    std::sort(listed.begin(), listed.end(),
              [&](const Listed& a, const Listed& b) { return by_name(a.info, b.info); });
    for (auto& [info, view] : listed) {
      if (!tensors_.empty() && tensors_.back().name == info.name) {
        place.fail(0, "two tensors are named " + dgp::detail::quoted(info.name));
      }
      tensors_.push_back(std::move(info));
      views_.push_back(std::move(view));
    }
  }

  std::size_t index_of(std::string_view name) const {
    const auto found = std::lower_bound(tensors_.begin(), tensors_.end(), name,
                                        [](const TensorInfo& tensor, std::string_view text) {
                                          return natural_less(tensor.name, text);
                                        });
    if (found == tensors_.end() || found->name != name) {
      detail::fail(
          path(), 0,
          "no tensor of floating-point numbers is named " + dgp::detail::quoted(std::string(name)));
    }
    return static_cast<std::size_t>(found - tensors_.begin());
  }

  detail::ZipEntryPlace place_of(const View& view) const {
    return {path(), (view.entry == nullptr ? archive_.pickle() : *view.entry).name};
  }

  template <class Scalar>
  RowMajorMatrix<Scalar> read_rows_of(std::size_t index) {
    const TensorInfo& tensor = tensors_[index];
    const auto [rows, cols] = detail::shape_by_rows(place_of(views_[index]), tensor);
    RowMajorMatrix<Scalar> matrix(rows, cols);
    if (matrix.size() == 0) return matrix;
    if (tensor.type == "float32") gather<float>(index, matrix);
    if (tensor.type == "float64") gather<double>(index, matrix);
    if (tensor.type == "float16") gather<Eigen::half>(index, matrix);
    if (tensor.type == "bfloat16") gather<Eigen::bfloat16>(index, matrix);
    return matrix;
  }

  template <class Stored, class Scalar>
  void gather(std::size_t index, RowMajorMatrix<Scalar>& matrix) {
    const View& view = views_[index];
    if (unpacked_ != view.entry) {
      unpacked_ = nullptr;  // should the next line throw
      storage_ = std::vector<char>();
      storage_ = archive_.unpack(*view.entry);
      unpacked_ = view.entry;
    }
    const bool turned = archive_.big_endian() != (std::endian::native == std::endian::big);
    const char* first = storage_.data() + view.offset * sizeof(Stored);
    detail::StridedWalk walk(tensors_[index].shape, view.strides);
    for (Index i = 0; i < matrix.size(); ++i) {
      matrix.data()[i] = static_cast<Scalar>(
          detail::stored_value<Stored>(first + walk.next() * sizeof(Stored), turned));
    }
  }

  detail::PytorchArchive archive_;
  std::vector<TensorInfo> tensors_;
  std::vector<View> views_;  // of tensors_, one for each
  std::vector<TensorInfo> skipped_;
  const detail::ZipEntry* unpacked_ = nullptr;  // whose bytes are in storage_
  std::vector<char> storage_;
};

// The layers of a checkpoint: its matrices and kernels (tensor_info.hpp) of floating-point numbers,
// in natural order of their names, with those names. Time and memory O(weights). Throws
// std::runtime_error as PytorchFile and read_matrix do.
template <class Scalar = float>
std::vector<NamedLayer<RowMajorMatrix<Scalar>>> read_pytorch_layers(
    const std::filesystem::path& path) {
  PytorchFile file(path);
  return detail::layers_of<Scalar>(file);
}

}  // namespace dgp::io
