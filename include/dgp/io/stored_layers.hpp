// The layers of a checkpoint that stays in its file: read block by block, as often as a measure
// needs, for checkpoints larger than memory.
//
// in:  tensors of an open checkpoint whose rows its files hold one behind the other: safetensors
//      (one file or several), files of torch.save and .npy arrays in C order, of half, bfloat16,
//      single or double precision
// out: a BlockedNetwork (blocked_network.hpp), measured in Measured, which holds what they store
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/blocked_network.hpp>
#include <dgp/concepts.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/io/detail/file_error.hpp>
#include <dgp/io/detail/stored_rows.hpp>
#include <dgp/io/tensor_info.hpp>

namespace dgp::io {

// How large a read is, and who is told.
struct StoredLayersOptions {
  // Of a block; two are in memory at a time. The figures do not depend on it.
  std::size_t block_bytes = std::size_t{64} << 20;
  // Told after each block, how many bytes of which layer it had.
  std::function<void(std::size_t layer, std::uint64_t bytes)> on_block = {};
};

// The layers, by their places in the file: memory O(layers), and two blocks while they are read.
// Not for use by several threads at once.
template <class Measured = float>
class StoredLayers {
  static_assert(std::is_same_v<Measured, float> || std::is_same_v<Measured, double>,
                "dgp: stored layers are measured in float or double");

 public:
  using Scalar = Measured;  // in which measures are computed

  // The tensors in forward order, of a file that is open: what it says of each is kept. Throws
  // std::runtime_error for one that is not stored row by row, or wider than Measured.
  template <class File>
  StoredLayers(const File& file, const std::vector<TensorInfo>& tensors,
               StoredLayersOptions options = {})
      : options_(std::move(options)) {
    for (const auto& tensor : tensors) {
      auto rows = file.stored_rows(tensor);
      if (!rows) {
        detail::fail(file.path(), tensor.begin,
                     detail::describe(tensor) + " cannot be read block by block");
      }
      if (rows->type == StoredType::wide && !std::is_same_v<Measured, double>) {
        detail::fail(file.path(), tensor.begin,
                     detail::describe(tensor) + " is to be measured in double precision");
      }
      layers_.push_back({tensor.name, *std::move(rows)});
    }
  }

  // How many layers; of layer k its shape, (fan_out × fan_in), and its name.
  std::size_t size() const { return layers_.size(); }
  Index rows(std::size_t k) const { return layers_[k].rows.rows; }
  Index cols(std::size_t k) const { return layers_[k].rows.cols; }
  const std::string& name(std::size_t k) const { return layers_[k].name; }

  // Calls visit(block, first_row) for all rows of layer k, in ascending order. Throws
  // std::runtime_error, with path and byte offset, where the file cannot be read, or is not what it
  // was as it was opened.
  template <class Visit>
  void for_each_block(std::size_t k, const Visit& visit) {
    for_each_block(k, 0, rows(k), visit);
  }
  // The same of the rows of layer k from `begin` on, before `end`.
  template <class Visit>
  void for_each_block(std::size_t k, Index begin, Index end, const Visit& visit) {
    switch (layers_[k].rows.type) {
      case StoredType::half:
        return for_each<Eigen::half>(k, begin, end, visit);
      case StoredType::bfloat16:
        return for_each<Eigen::bfloat16>(k, begin, end, visit);
      case StoredType::single:
        return for_each<float>(k, begin, end, visit);
      case StoredType::wide:
        if constexpr (std::is_same_v<Measured, double>)
          return for_each<double>(k, begin, end, visit);
    }
    throw std::logic_error("an unknown type of stored numbers");
  }

 private:
  struct StoredLayer {
    std::string name;
    StoredRows rows;
  };

  template <class Stored, class Visit>
  void for_each(std::size_t k, Index begin, Index end, const Visit& visit) {
    detail::for_each_block<Stored>(
        layers_[k].rows, begin, end, options_.block_bytes, buffers_,
        [&](const auto& block, Index first_row) {
          visit(block, first_row);
          if (!options_.on_block) return;
          options_.on_block(k, static_cast<std::uint64_t>(block.size()) * sizeof(Stored));
        });
  }

  std::vector<StoredLayer> layers_;
  StoredLayersOptions options_;
  detail::BlockBuffers buffers_;
};

}  // namespace dgp::io
