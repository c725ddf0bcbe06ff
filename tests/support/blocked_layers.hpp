// Layers in memory that hand out their rows in blocks, stored in a narrower type if one likes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>

namespace support {

template <class Measured, class Stored = Measured>
class BlockedLayers {
 public:
  using Scalar = Measured;

  // Blocks of so many rows, or of different numbers up to it where `uneven`.
  BlockedLayers(std::vector<dgp::RowMajorMatrix<Stored>> layers, dgp::Index rows,
                bool uneven = false)
      : layers_(std::move(layers)), rows_(rows), uneven_(uneven) {}

  std::size_t size() const { return layers_.size(); }
  dgp::Index rows(std::size_t k) const { return layers_[k].rows(); }
  dgp::Index cols(std::size_t k) const { return layers_[k].cols(); }
  std::string name(std::size_t k) const { return "layers." + std::to_string(k); }

  template <class Visit>
  void for_each_block(std::size_t k, const Visit& visit) {
    ++reads_;
    const auto& layer = layers_[k];
    dgp::Index most = rows_;
    for (dgp::Index row = 0; row < layer.rows();) {
      const dgp::Index count = std::min(most, layer.rows() - row);
      // A copy of its own: nobody may look beyond it, or keep it.
      const dgp::RowMajorMatrix<Stored> block = layer.middleRows(row, count);
      visit(Eigen::Map<const dgp::RowMajorMatrix<Stored>>(block.data(), count, layer.cols()), row);
      row += count;
      if (uneven_) most = most > 1 ? most - 1 : rows_;
    }
  }

  // Of single layers.
  std::size_t reads() const { return reads_; }

  // As they are measured in memory.
  std::vector<dgp::NamedLayer<dgp::RowMajorMatrix<Measured>>> in_memory() const {
    std::vector<dgp::NamedLayer<dgp::RowMajorMatrix<Measured>>> whole;
    for (std::size_t k = 0; k < size(); ++k) {
      whole.push_back({name(k), layers_[k].template cast<Measured>()});
    }
    return whole;
  }

 private:
  std::vector<dgp::RowMajorMatrix<Stored>> layers_;
  dgp::Index rows_;
  bool uneven_;
  std::size_t reads_ = 0;
};

}  // namespace support
