// The (max, min) product of two matrices in memory.
//
// in:  A (m × n), B (n × q), finite, in any storage order
// out: C (m × q), C(i, j) = max over k of min(A(i, k), B(k, j)); every entry is one of A or B, so
//      any order of the work gives the same bits
//
// B is packed into panels of a few vector registers' width. A tile of C, three rows of one panel,
// stays in registers while k runs over all of n: the dense kernel. Most of that work can be spared
// for a row whose entries are taken in descending order: once the next entry of A does not exceed
// the least entry of the row's tile, no further k can change the tile. For independent random
// entries that is after a few times sqrt(n) of them. Where it does not come to that, the dense
// kernel takes over, and after a few such tiles it does so without further attempts.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <type_traits>
#include <vector>

#include <Eigen/Core>

#include <dgp/detail/parallel.hpp>
#include <dgp/detail/weights/weight_view.hpp>

namespace dgp::detail {

// Half types are compared as floats, which holds them exactly and has vector instructions.
template <class Scalar>
using ProductScalar = std::conditional_t<
    std::is_same_v<Scalar, Eigen::half> || std::is_same_v<Scalar, Eigen::bfloat16>, float, Scalar>;

// How many numbers a vector register holds depends on the flags of the translation unit, and with
// it how B lies in memory: so it is part of the type's name, and units of other flags have another.
template <class Number, Index lane_count>
class MaxMinKernel {
  static constexpr std::size_t vectors = 4;
  using Lanes = Eigen::Array<Number, lane_count, 1>;
  using Tile = std::array<Lanes, vectors>;

 public:
  static constexpr Index panel_width = static_cast<Index>(vectors) * lane_count;
  static constexpr Index dense_rows = 3;

  // B, packed: panel by panel, each row of a panel side by side. The last panel is filled up by
  // repeating the last column.
  template <class Scalar>
  explicit MaxMinKernel(const WeightView<Scalar>& b)
      : inner_(b.rows),
        cols_(b.cols),
        packed_(panel_width, (b.cols + panel_width - 1) / panel_width * b.rows) {
    parallel_for(static_cast<std::size_t>(panels()), static_cast<double>(packed_.size()),
                 [&](std::size_t panel) {
                   const Index first = static_cast<Index>(panel) * panel_width;
                   for (Index k = 0; k < inner_; ++k) {
                     auto row = packed_.col(static_cast<Index>(panel) * inner_ + k);
                     for (Index j = 0; j < panel_width; ++j) {
                       row(j) = static_cast<Number>(b(k, std::min(first + j, cols_ - 1)));
                     }
                   }
                 });
  }

  Index panels() const { return (cols_ + panel_width - 1) / panel_width; }

  // The product of some rows of A with B. `write(row, col, value)` takes the entries.
  template <class Scalar, class Write>
  void multiply_rows(const WeightView<Scalar>& a, Index begin, Index end,
                     const Write& write) const {
    const Index rows = end - begin;
    // Rows of A, filled up to whole tiles by repeating the last one.
    const Index padded_rows = (rows + dense_rows - 1) / dense_rows * dense_rows;
    Eigen::Array<Number, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> left(padded_rows, inner_);
    for (Index i = 0; i < padded_rows; ++i) {
      for (Index k = 0; k < inner_; ++k) {
        left(i, k) = static_cast<Number>(a(begin + std::min(i, rows - 1), k));
      }
    }
    // Of independent random entries, about this many complete a tile.
    const auto most = static_cast<Index>(4 * std::sqrt(static_cast<double>(inner_)));
    const bool worthwhile = most < inner_ / 4;
    std::vector<std::vector<Entry>> heaviest(static_cast<std::size_t>(padded_rows));
    int credit = worthwhile ? 4 : 0;  // spent by attempts that fail, earned by those that succeed
    for (Index panel = 0; panel < panels(); ++panel) {
      for (Index i = 0; i < padded_rows; i += dense_rows) {
        std::array<Tile, dense_rows> tiles;
        bool done = credit > 0;
        for (Index r = 0; done && r < dense_rows; ++r) {
          auto& entries = heaviest[static_cast<std::size_t>(i + r)];
          if (entries.empty()) entries = heaviest_entries(&left(i + r, 0), most);
          done = descend(panel, entries, tiles[static_cast<std::size_t>(r)]);
        }
        if (done) {
          credit = std::min(credit + 1, 4);
        } else {
          credit = std::max(credit - 1, 0);
          dense(panel, &left(i, 0), tiles);
        }
        for (Index r = 0; r < dense_rows && i + r < rows; ++r) {
          for (Index j = 0; j < panel_width && panel * panel_width + j < cols_; ++j) {
            write(begin + i + r, panel * panel_width + j,
                  tiles[static_cast<std::size_t>(r)][static_cast<std::size_t>(j / lane_count)](
                      j % lane_count));
          }
        }
      }
    }
  }

 private:
  struct Entry {
    Number value;
    Index k;
  };

  // The `most` heaviest entries of a row in descending order, and the value of the next one.
  std::vector<Entry> heaviest_entries(const Number* row, Index most) const {
    std::vector<Entry> entries(static_cast<std::size_t>(inner_));
    for (Index k = 0; k < inner_; ++k) entries[static_cast<std::size_t>(k)] = {row[k], k};
    const auto heavier = [](const Entry& x, const Entry& y) { return y.value < x.value; };
    const auto next = entries.begin() + most;
    std::nth_element(entries.begin(), next, entries.end(), heavier);
    std::sort(entries.begin(), next, heavier);
    entries.resize(static_cast<std::size_t>(most) + 1);
    return entries;
  }

  const Number* panel_row(Index panel, Index k) const {
    return packed_.data() + (panel * inner_ + k) * panel_width;
  }

  static Lanes load(const Number* from) { return Eigen::Map<const Lanes>(from); }

  // Whether the tile is complete after the entries given, the last of which is only looked at.
  bool descend(Index panel, const std::vector<Entry>& entries, Tile& tile) const {
    constexpr std::size_t between_checks = 8;
    for (std::size_t v = 0; v < vectors; ++v) {
      tile[v] = load(panel_row(panel, entries[0].k) + static_cast<Index>(v) * lane_count)
                    .min(entries[0].value);
    }
    for (std::size_t e = 1; e < entries.size();) {
      Lanes least = tile[0];
      for (std::size_t v = 1; v < vectors; ++v) least = least.min(tile[v]);
      if (entries[e].value <= least.minCoeff()) return true;
      const std::size_t stop = std::min(e + between_checks, entries.size() - 1);
      if (e >= stop) return false;
      for (; e < stop; ++e) {
        const Number* row = panel_row(panel, entries[e].k);
        const Lanes entry = Lanes::Constant(entries[e].value);
        for (std::size_t v = 0; v < vectors; ++v) {
          tile[v] = tile[v].max(load(row + static_cast<Index>(v) * lane_count).min(entry));
        }
      }
    }
    return false;
  }

  void dense(Index panel, const Number* rows, std::array<Tile, dense_rows>& tiles) const {
    std::array<Tile, dense_rows> sums;
    for (std::size_t r = 0; r < dense_rows; ++r) {
      for (std::size_t v = 0; v < vectors; ++v) {
        sums[r][v] = Lanes::Constant(Eigen::NumTraits<Number>::lowest());
      }
    }
    for (Index k = 0; k < inner_; ++k) {
      const Number* row = panel_row(panel, k);
      for (std::size_t r = 0; r < dense_rows; ++r) {
        const Lanes entry = Lanes::Constant(rows[static_cast<Index>(r) * inner_ + k]);
        for (std::size_t v = 0; v < vectors; ++v) {
          sums[r][v] = sums[r][v].max(load(row + static_cast<Index>(v) * lane_count).min(entry));
        }
      }
    }
    tiles = sums;
  }

  Index inner_;
  Index cols_;
  Eigen::Array<Number, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor> packed_;
};

template <class Scalar>
RowMajorMatrix<Scalar> max_min_product(const WeightView<Scalar>& a, const WeightView<Scalar>& b) {
  constexpr Index rows_per_task = 96;
  using Number = ProductScalar<Scalar>;
  const MaxMinKernel<Number, Eigen::internal::packet_traits<Number>::size> kernel(b);
  RowMajorMatrix<Scalar> product(a.rows, b.cols);
  const Index tasks = (a.rows + rows_per_task - 1) / rows_per_task;
  const double comparisons = static_cast<double>(product.size()) * static_cast<double>(a.cols) / 16;
  parallel_for(static_cast<std::size_t>(tasks), comparisons, [&](std::size_t task) {
    const Index begin = static_cast<Index>(task) * rows_per_task;
    kernel.multiply_rows(a, begin, std::min(a.rows, begin + rows_per_task),
                         [&](Index row, Index col, const auto& value) {
                           product(row, col) = static_cast<Scalar>(value);
                         });
  });
  return product;
}

}  // namespace dgp::detail
