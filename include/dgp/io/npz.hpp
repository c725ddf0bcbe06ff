// Reading NumPy's .npz archives: ZIP files of .npy arrays. Needs libzip: link dgp::npz.
//
// in:  an archive that is not trusted: what an entry claims to unpack to is checked against the
//      archive's own size and against the array's shape before anything is allocated for it
// out: the list of its arrays, without their values; then single arrays or matrices, converted to
//      the scalar type asked for; or all layers of a network at once
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <zip.h>

#include <dgp/concepts.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/io/detail/file_error.hpp>
#include <dgp/io/detail/input_file.hpp>
#include <dgp/io/detail/npy_header.hpp>
#include <dgp/io/natural_order.hpp>
#include <dgp/io/npy.hpp>
#include <dgp/io/tensor_info.hpp>

namespace dgp::io {

namespace detail {

struct ZipCloser {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};

// One entry of an archive as a source of bytes for the .npy reader, front to back.
class NpzEntry {
 public:
  NpzEntry(zip_t* archive, const std::filesystem::path& path, std::uint64_t index,
           const std::string& name, std::uint64_t size)
      : path_(path), name_(name), size_(size), file_(zip_fopen_index(archive, index, 0)) {
    if (!file_) fail(0, std::string("cannot be opened: ") + zip_strerror(archive));
  }

  std::uint64_t size() const { return size_; }

  void read(std::uint64_t begin, void* target, std::uint64_t count) {
    auto* bytes = static_cast<char*>(target);
    while (count > 0) {
      const zip_int64_t got = zip_fread(file_.get(), bytes, count);
      if (got < 0) fail(begin, std::string("cannot be unpacked: ") + reason());
      if (got == 0) fail(begin, "ends here, before its declared size");
      bytes += got;
      begin += static_cast<std::uint64_t>(got);
      count -= static_cast<std::uint64_t>(got);
    }
  }

  // After the last byte: only then does libzip compare the checksum.
  void expect_end() {
    char byte = 0;
    const zip_int64_t got = zip_fread(file_.get(), &byte, 1);
    if (got < 0) fail(size_, std::string("is corrupt: ") + reason());
    if (got > 0) fail(size_, "goes on past its declared size");
  }

  [[noreturn]] void fail(std::uint64_t byte, const std::string& what) const {
    throw std::runtime_error(dgp::detail::one_line(path_.string()) + ", entry " +
                             dgp::detail::quoted(name_) + ", byte " + std::to_string(byte) + ": " +
                             what);
  }

 private:
  const char* reason() const { return zip_file_strerror(file_.get()); }

  const std::filesystem::path& path_;
  const std::string& name_;
  std::uint64_t size_;
  std::unique_ptr<zip_file_t, ZipCloser> file_;
};

}  // namespace detail

// A .npz archive, open for reading. Not for use by several threads at once.
class NpzFile {
 public:
  // Reads and checks the archive's directory and the headers of its arrays, the entries called
  // something.npy. Time and memory O(entries). Throws std::runtime_error, with path and, once the
  // file is open, byte offset (in an array: from its own start, unpacked), for what cannot be read
  // or is not well-formed.
  explicit NpzFile(std::filesystem::path path) : path_(std::move(path)) {
    detail::InputFile file(path_);
    std::array<char, 2> start{};
    if (file.size() >= start.size()) file.read(0, start.data(), start.size());
    if (std::string_view(start.data(), start.size()) != "PK") file.fail(0, "not a ZIP archive");
    int code = 0;
    archive_.reset(zip_open(path_.string().c_str(), ZIP_RDONLY, &code));
    if (!archive_) {
      zip_error_t error;
      zip_error_init_with_code(&error, code);
      const std::string reason = zip_error_strerror(&error);
      zip_error_fini(&error);
      file.fail(0, "cannot be opened as a ZIP archive: " + reason);
    }
    list_entries(file.size());
    for (const auto& entry : entries_) {
      detail::NpzEntry source = open(entry);
      tensors_.push_back(detail::read_npy_header(source, entry.name).tensor);
    }
  }

  const std::filesystem::path& path() const { return path_; }

  // All arrays, in natural order of their names, which are those of the entries without ".npy".
  // Their byte ranges count from the start of the unpacked entry.
  const std::vector<TensorInfo>& tensors() const { return tensors_; }

  // An array of tensors(), converted to Scalar as by NpyFile. Time and memory O(its values). Throws
  // std::runtime_error for an array of a type that is not read, and for one that is corrupt.
  template <class Scalar>
  NpyArray<Scalar> read(const TensorInfo& tensor) {
    return unpack(tensor.name, [](auto& source, const auto& header) {
      return detail::read_npy_array<Scalar>(source, header);
    });
  }

  // The same as a matrix of its shape; throws std::runtime_error also where it has not two
  // dimensions.
  template <class Scalar>
  RowMajorMatrix<Scalar> read_matrix(const TensorInfo& tensor) {
    return unpack(tensor.name, [](auto& source, const auto& header) {
      return detail::read_npy_matrix<Scalar>(source, header);
    });
  }

 private:
  struct Entry {
    std::string name;
    std::uint64_t index;
    std::uint64_t size;  // unpacked
  };

  // Sizes are what the archive claims, so they are held against what it can hold: packed entries
  // do not share bytes, and deflate packs at best 1032 bytes into one.
  void list_entries(std::uint64_t archive_size) {
    constexpr std::uint64_t best_packing = 1032;
    constexpr std::string_view suffix = ".npy";
    const auto refuse = [this](const std::string& name, const std::string& what) {
      detail::fail(path_, 0, "entry " + dgp::detail::quoted(name) + " " + what);
    };
    const zip_int64_t count = zip_get_num_entries(archive_.get(), 0);
    std::uint64_t packed = 0;
    std::set<std::string> names;
    for (zip_uint64_t index = 0; index < static_cast<zip_uint64_t>(std::max<zip_int64_t>(count, 0));
         ++index) {
      zip_stat_t stat;
      zip_stat_init(&stat);
      constexpr zip_uint64_t needed =
          ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
      if (zip_stat_index(archive_.get(), index, 0, &stat) != 0 || (stat.valid & needed) != needed) {
        detail::fail(path_, 0, "entry " + std::to_string(index) + " cannot be read");
      }
      std::string name = stat.name;
      if (name.size() < suffix.size() ||
          name.compare(name.size() - suffix.size(), suffix.size(), suffix) != 0) {
        continue;
      }
      if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && stat.encryption_method != ZIP_EM_NONE) {
        refuse(name, "is encrypted");
      }
      if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE) {
        refuse(name, "is packed by a method that NumPy does not use");
      }
      const bool stored = stat.comp_method == ZIP_CM_STORE;
      if (stat.comp_size > archive_size - packed) {
        refuse(name, "claims bytes that the archive does not have");
      }
      packed += stat.comp_size;
      if (stored ? stat.size != stat.comp_size : stat.size / best_packing > stat.comp_size) {
        refuse(name, "claims to unpack " + std::to_string(stat.comp_size) + " bytes to " +
                         std::to_string(stat.size));
      }
      name.resize(name.size() - suffix.size());
      if (!names.insert(name).second) refuse(name, "stands twice");
      entries_.push_back({std::move(name), index, stat.size});
    }
    std::sort(entries_.begin(), entries_.end(),
              [](const Entry& a, const Entry& b) { return natural_less(a.name, b.name); });
  }

  detail::NpzEntry open(const Entry& entry) {
    return {archive_.get(), path_, entry.index, entry.name, entry.size};
  }

  // An entry is unpacked front to back, so its header is read once more.
  template <class Read>
  auto unpack(const std::string& name, const Read& read) {
    for (const auto& entry : entries_) {
      if (entry.name != name) continue;
      detail::NpzEntry source = open(entry);
      const detail::NpyHeader header = detail::read_npy_header(source, name);
      auto values = read(source, header);
      source.expect_end();
      return values;
    }
    detail::fail(path_, 0, "no array is named " + dgp::detail::quoted(name));
  }

  std::filesystem::path path_;
  std::unique_ptr<zip_t, detail::ZipCloser> archive_;
  std::vector<Entry> entries_;
  std::vector<TensorInfo> tensors_;
};

// The layers of a network: an archive's 2-D arrays, in natural order of their names, with those
// names. Time and memory O(weights). Throws std::runtime_error as NpzFile and read_matrix do.
template <class Scalar = float>
std::vector<NamedLayer<RowMajorMatrix<Scalar>>> read_npz_layers(const std::filesystem::path& path) {
  NpzFile file(path);
  return detail::layers_of<Scalar>(file);
}

}  // namespace dgp::io
