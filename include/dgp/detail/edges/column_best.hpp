// The largest key of each column, from rows that come one after the other.
//
// in:  the keys of a block of columns of one row
// out: by column the largest key so far and the first row that has it
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/weights/row_tasks.hpp>

namespace dgp::detail {

// Only what exceeds the key at the beginning, 0 or another, gives a row.
template <class Key>
struct ColumnBest {
  std::vector<Key> keys;  // both in whole blocks
  std::vector<std::uint32_t> rows;

  void reset(Index cols) {
    keys.assign(whole_blocks(cols), 0);
    rows.assign(whole_blocks(cols), 0);
  }
  // The keys of a block of one row; rows come in ascending order.
  template <class KeyAt>
  [[gnu::always_inline]] void take(Index col, std::uint32_t row, const KeyAt& key_at) {
    Key* best_keys = keys.data() + col;
    std::uint32_t* best_rows = rows.data() + col;
    for (Index i = 0; i < scan_block; ++i) {
      const Key key = key_at(i);
      const auto better = -static_cast<std::uint32_t>(best_keys[i] < key);
      best_rows[i] = (row & better) | (best_rows[i] & ~better);
      best_keys[i] = best_keys[i] < key ? key : best_keys[i];
    }
  }
};

}  // namespace dgp::detail
