// A ZIP archive that is not trusted, open for reading, with libzip: its entries, each with a size
// that the archive's own size justifies, and their bytes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <zip.h>

#include <dgp/detail/messages.hpp>
#include <dgp/io/detail/file_error.hpp>
#include <dgp/io/detail/input_file.hpp>
#include <dgp/io/file_format.hpp>

namespace dgp::io::detail {

struct ZipCloser {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};

struct ZipEntry {
  std::string name;
  std::uint64_t index;
  std::uint64_t size;  // unpacked
  bool is_packed;
};

// Where errors in an entry stand. The path must stay where it is.
class ZipEntryPlace {
 public:
  ZipEntryPlace(const std::filesystem::path& path, std::string entry)
      : path_(path), entry_(std::move(entry)) {}

  [[noreturn]] void fail(std::uint64_t byte, const std::string& what) const {
    throw std::runtime_error(dgp::detail::one_line(path_.string()) + ", entry " +
                             dgp::detail::quoted(entry_) + ", byte " + std::to_string(byte) + ": " +
                             what);
  }

 private:
  const std::filesystem::path& path_;
  std::string entry_;
};

// One entry as a source of bytes, front to back; of one that is not packed in any order.
class ZipEntryReader {
 public:
  // name: for errors.
  ZipEntryReader(zip_t* archive, const std::filesystem::path& path, const ZipEntry& entry,
                 std::string name)
      : place_(path, std::move(name)),
        size_(entry.size),
        file_(zip_fopen_index(archive, entry.index, 0)) {
    if (!file_) fail(0, std::string("cannot be opened: ") + zip_strerror(archive));
  }

  std::uint64_t size() const { return size_; }

  // `begin` is where the last read ended, or the entry is not packed.
  void read(std::uint64_t begin, void* target, std::uint64_t count) {
    auto* bytes = static_cast<char*>(target);
    if (begin != at_) {
      in_order_ = false;
      if (zip_fseek(file_.get(), static_cast<zip_int64_t>(begin), SEEK_SET) != 0) {
        fail(begin, std::string("cannot be read from here: ") + reason());
      }
    }
    at_ = begin + count;
    while (count > 0) {
      const zip_int64_t got = zip_fread(file_.get(), bytes, count);
      if (got < 0) fail(begin, std::string("cannot be unpacked: ") + reason());
      if (got == 0) fail(begin, "ends here, before its declared size");
      bytes += got;
      begin += static_cast<std::uint64_t>(got);
      count -= static_cast<std::uint64_t>(got);
    }
  }

  // Whether the checksum can be asked for.
  bool has_read_all() const { return in_order_ && at_ == size_; }

  // After the last byte: only then does libzip compare the checksum.
  void expect_end() {
    char byte = 0;
    const zip_int64_t got = zip_fread(file_.get(), &byte, 1);
    if (got < 0) fail(size_, std::string("is corrupt: ") + reason());
    if (got > 0) fail(size_, "goes on past its declared size");
  }

  [[noreturn]] void fail(std::uint64_t byte, const std::string& what) const {
    place_.fail(byte, what);
  }

 private:
  const char* reason() const { return zip_file_strerror(file_.get()); }

  ZipEntryPlace place_;
  std::uint64_t size_;
  std::uint64_t at_ = 0;
  bool in_order_ = true;
  std::unique_ptr<zip_file_t, ZipCloser> file_;
};

class ZipArchive {
 public:
  // Throws std::runtime_error for what cannot be opened or is no ZIP archive.
  explicit ZipArchive(std::filesystem::path path) : ZipArchive(InputFile(std::move(path))) {}

  // The same of a file that is open already.
  explicit ZipArchive(InputFile file) : file_(std::move(file)) {
    if (!file_.start().starts_with("PK")) {
      file_.fail(0, "not a ZIP archive" + but_it_is(file_));
    }
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* source =
        file_.is_pipe()
            ? zip_source_buffer_create(file_.kept().data(), file_.kept().size(), 0, &error)
            : zip_source_file_create(path().string().c_str(), 0, 0, &error);
    if (source != nullptr) archive_.reset(zip_open_from_source(source, ZIP_RDONLY, &error));
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    if (archive_) return;
    if (source != nullptr) zip_source_free(source);
    file_.fail(0, "cannot be opened as a ZIP archive: " + reason);
  }

  const std::filesystem::path& path() const { return file_.path(); }
  std::uint64_t size() const { return file_.size(); }
  const InputFile& file() const { return file_; }

  // The entries whose names are wanted(name). Sizes are what the archive claims, so they are held
  // against what it can hold: packed entries do not share bytes, and deflate packs at best 1032
  // bytes into one. Throws std::runtime_error for an entry that claims more, that cannot be
  // unpacked or that stands twice.
  template <class Wanted>
  std::vector<ZipEntry> entries(const Wanted& wanted) const {
    constexpr std::uint64_t best_packing = 1032;
    const auto refuse = [this](const std::string& name, const std::string& what) {
      file_.fail(0, "entry " + dgp::detail::quoted(name) + " " + what);
    };
    const zip_int64_t count = zip_get_num_entries(archive_.get(), 0);
    std::uint64_t packed = 0;
    std::set<std::string> names;
    std::vector<ZipEntry> entries;
    for (zip_uint64_t index = 0; index < static_cast<zip_uint64_t>(std::max<zip_int64_t>(count, 0));
         ++index) {
      zip_stat_t stat;
      zip_stat_init(&stat);
      constexpr zip_uint64_t needed =
          ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
      if (zip_stat_index(archive_.get(), index, 0, &stat) != 0 || (stat.valid & needed) != needed) {
        file_.fail(0, "entry " + std::to_string(index) + " cannot be read");
      }
      const std::string name = stat.name;
      if (!wanted(name)) continue;
      if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && stat.encryption_method != ZIP_EM_NONE) {
        refuse(name, "is encrypted");
      }
      if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE) {
        refuse(name, "is packed by a method that is not read (stored and deflated entries are)");
      }
      const bool stored = stat.comp_method == ZIP_CM_STORE;
      if (stat.comp_size > size() - packed) {
        refuse(name, "claims bytes that the archive does not have");
      }
      packed += stat.comp_size;
      if (stored ? stat.size != stat.comp_size : stat.size / best_packing > stat.comp_size) {
        refuse(name, "claims to unpack " + std::to_string(stat.comp_size) + " bytes to " +
                         std::to_string(stat.size));
      }
      if (!names.insert(name).second) refuse(name, "stands twice");
      entries.push_back({name, index, stat.size, !stored});
    }
    return entries;
  }

  // name: for errors.
  ZipEntryReader open(const ZipEntry& entry, std::string name) const {
    return {archive_.get(), path(), entry, std::move(name)};
  }
  ZipEntryReader open(const ZipEntry& entry) const { return open(entry, entry.name); }

 private:
  InputFile file_;  // a pipe's bytes are kept by it, and so outlive the archive
  std::unique_ptr<zip_t, ZipCloser> archive_;
};

}  // namespace dgp::io::detail
