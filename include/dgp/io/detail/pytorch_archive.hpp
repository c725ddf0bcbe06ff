// The archive that torch.save writes.
//
// The format: a ZIP archive with one top folder of any name; in it data.pkl, a pickle of everything
// but the values, data/0, data/1 …, the values of one storage each, and byteorder, where it is
// there. Tensors are views of storages, and may share them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dgp/io/detail/file_error.hpp>
#include <dgp/io/detail/input_file.hpp>
#include <dgp/io/detail/zip_archive.hpp>

namespace dgp::io::detail {

class PytorchArchive {
 public:
  // Throws std::runtime_error for what is no such archive, and says what it is and what to do
  // (file_format.hpp); likewise for a TorchScript archive.
  explicit PytorchArchive(InputFile file) : archive_(std::move(file)) {
    for (auto& entry : archive_.entries([](std::string_view) { return true; })) {
      std::string name = entry.name;
      entries_.emplace(std::move(name), std::move(entry));
    }
    find_folder();
    check_pickle_size();
    read_byte_order();
  }

  const std::filesystem::path& path() const { return archive_.path(); }
  std::uint64_t size() const { return archive_.size(); }
  const InputFile& file() const { return archive_.file(); }
  const std::string& folder() const { return folder_; }  // with its '/'
  const ZipEntry& pickle() const { return *find("data.pkl"); }
  bool big_endian() const { return big_endian_; }

  // Of all entries.
  std::uint64_t unpacked_size() const {
    std::uint64_t size = 0;
    for (const auto& [name, entry] : entries_) size += entry.size;
    return size;
  }

  // The folder's entry of that name; null where there is none.
  const ZipEntry* find(const std::string& name) const {
    const auto found = entries_.find(folder_ + name);
    return found == entries_.end() ? nullptr : &found->second;
  }

  std::vector<char> unpack(const ZipEntry& entry) const {
    ZipEntryReader source = archive_.open(entry);
    std::vector<char> bytes(static_cast<std::size_t>(entry.size));
    source.read(0, bytes.data(), bytes.size());
    source.expect_end();
    return bytes;
  }

 private:
  // Sets the folder that data.pkl is in.
  void find_folder() {
    constexpr std::string_view pickle = "data.pkl";
    std::vector<std::string> folders;
    for (const auto& [name, entry] : entries_) {
      if (!name.ends_with(pickle)) continue;
      const std::string folder = name.substr(0, name.size() - pickle.size());
      if (folder.empty() || folder.back() == '/') folders.push_back(folder);
    }
    if (folders.size() != 1) {
      fail(path(), 0,
           folders.empty() ? "a ZIP archive without data.pkl: not a file of torch.save"
                           : "a ZIP archive with more than one data.pkl");
    }
    folder_ = folders[0];
    const auto code = entries_.lower_bound(folder_ + "code/");
    if (find("constants.pkl") != nullptr ||
        (code != entries_.end() && code->first.starts_with(folder_ + "code/"))) {
      fail(path(), 0,
           "a TorchScript archive is not read; save its weights, in Python: torch.save("
           "torch.jit.load('model.pt').state_dict(), 'weights.pt')");
    }
  }

  void read_byte_order() {
    const ZipEntry* entry = find("byteorder");
    if (entry == nullptr) return;
    std::string order;
    if (entry->size <= 6) {
      const std::vector<char> bytes = unpack(*entry);
      order.assign(bytes.begin(), bytes.end());
    }
    if (order != "little" && order != "big") {
      ZipEntryPlace(path(), entry->name).fail(0, "is neither 'little' nor 'big'");
    }
    big_endian_ = order == "big";
  }

  void check_pickle_size() const {
    // Real ones are smaller than the archive even where they are packed: each tensor costs that as
    // many bytes for its entry's name and place.
    constexpr std::uint64_t most_packing = 16;
    const ZipEntry& entry = pickle();
    const ZipEntryPlace place(path(), entry.name);
    if (entry.size / most_packing > archive_.size()) {
      place.fail(0, "claims to unpack to " + std::to_string(entry.size) +
                        " bytes, more than a pickle can in an archive of " +
                        std::to_string(archive_.size()));
    }
  }

  ZipArchive archive_;
  std::map<std::string, ZipEntry> entries_;
  std::string folder_;
  bool big_endian_ = false;
};

}  // namespace dgp::io::detail
