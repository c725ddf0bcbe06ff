// Forests merged from blocks against the forest of the whole, to the last bit.
#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <vector>

#include <dgp/dgp.hpp>
#include <dgp/io/forest_merger.hpp>

#include "../support/catch.hpp"
#include "../support/random_network.hpp"
#include "../support/safetensors_writer.hpp"
#include "against_naive.hpp"
#include "blocks_against_whole.hpp"
#include "naive.hpp"

namespace {

using dgp::MatrixBlock;
using oracle::add_blocks;
using oracle::random_blocks;
using support::Kind;
using support::Random;

// Few values, so that ties are many; with zeros of both signs, and blocks of rows of one sign.
template <class Scalar>
support::Matrix<Scalar> few_values(Random& random, int rows, int cols) {
  support::Matrix<Scalar> weights(rows, cols);
  const int values = 1 + random.below(8);
  int sign = 0;
  for (int row = 0; row < rows; ++row) {
    if (row == 0 || random.below(8) == 0) sign = random.below(3) - 1;
    for (int col = 0; col < cols; ++col) {
      const float magnitude = 0.25F * static_cast<float>(random.below(values));
      const bool negative = sign == 0 ? random.below(2) == 0 : sign < 0;
      weights(row, col) = static_cast<Scalar>(negative ? -magnitude : magnitude);
    }
  }
  return weights;
}

}  // namespace

TEMPLATE_TEST_CASE("forests of blocks merge to that of the whole", "[oracle]", float, double,
                   long double, Eigen::half, Eigen::bfloat16) {
  Random random(17);
  for (int number = 0; number < 1200; ++number) {
    const auto kind = static_cast<Kind>(random.below(static_cast<int>(Kind::count)));
    const int rows = random.below(5) == 0 ? 1 : 1 + random.below(24);
    const int cols = random.below(5) == 0 ? 1 : 1 + random.below(24);
    CAPTURE(number, rows, cols);
    const auto weights = support::random_matrix<TestType>(random, kind, rows, cols);
    const auto blocks = random_blocks(random, rows, cols);

    REQUIRE(oracle::mistake_of_merger(weights, blocks, random) == "");
  }
}

TEMPLATE_TEST_CASE("half-fed forests go on after a file", "[oracle]", float, double, Eigen::half,
                   Eigen::bfloat16) {
  const support::TemporaryFolder folder;
  const auto path = folder / "half.safetensors";
  Random random(23);
  for (int number = 0; number < 60; ++number) {
    const auto kind = static_cast<Kind>(random.below(static_cast<int>(Kind::count)));
    const int rows = 1 + random.below(12);
    const int cols = 1 + random.below(12);
    CAPTURE(number, rows, cols);
    const auto weights = support::random_matrix<TestType>(random, kind, rows, cols);
    auto blocks = random_blocks(random, rows, cols);
    dgp::ForestMerger<TestType> merger(rows, cols);
    for (const auto& [first_row, first_col, block_rows, block_cols] : blocks) {
      if (random.below(3) == 0) {
        dgp::io::write_forest_merger(path, merger);
        const auto read = dgp::io::read_forest_merger<TestType>(path);
        CHECK(read.edges() == merger.edges());
        CHECK(read.blocks() == merger.blocks());
        merger = read;
      }
      merger.add(weights.block(first_row, first_col, block_rows, block_cols), first_row, first_col);
    }
    CHECK(merger.finish().edges == dgp::maximum_spanning_forest(weights).edges);
  }
}

TEST_CASE("forests of many blocks of a larger matrix merge to that of the whole", "[oracle]") {
  Random random(29);
  for (const Kind kind : {Kind::normal, Kind::ties, Kind::zeros, Kind::dead_neurons}) {
    const auto weights = support::random_matrix<float>(random, kind, 300, 170);
    dgp::ForestMerger<float> merger(300, 170);
    for (int row = 0; row < 300; row += 7) {
      for (int col = 0; col < 170; col += 17) {
        merger.add(weights.block(row, col, std::min(7, 300 - row), 17), row, col);
      }
    }
    CHECK(merger.finish().edges == dgp::maximum_spanning_forest(weights).edges);
  }
}

TEMPLATE_TEST_CASE("blocks whose edges tie with those before them merge to the whole's forest",
                   "[oracle]", float, double, long double, Eigen::half, Eigen::bfloat16) {
  Random random(31);
  for (int number = 0; number < 200; ++number) {
    const int rows = 1 + random.below(70);
    const int cols = 1 + random.below(70);
    CAPTURE(number, rows, cols);
    const auto weights = few_values<TestType>(random, rows, cols);
    dgp::ForestMerger<TestType> merger(rows, cols);
    add_blocks(merger, weights, random_blocks(random, rows, cols), random);
    const auto edges = merger.finish().edges;
    CHECK(oracle::same_edges(edges, naive::spanning_forest<TestType>(weights)));
  }
}

TEMPLATE_TEST_CASE("blocks may come from the end, and apart from each other", "[oracle]", float,
                   long double, Eigen::bfloat16) {
  Random random(37);
  constexpr int size = 120;
  for (int kind = 0; kind < static_cast<int>(Kind::count); ++kind) {
    const auto weights =
        support::random_matrix<TestType>(random, static_cast<Kind>(kind), size, size);
    CAPTURE(kind);
    for (const int part : {40, 30, 8}) {
      // Those on the diagonal first, which share no neuron.
      std::vector<MatrixBlock> blocks;
      for (int row = 0; row < size; row += part) blocks.push_back({row, row, part, part});
      for (int row = size - part; row >= 0; row -= part) {
        for (int col = size - part; col >= 0; col -= part) {
          if (row != col) blocks.push_back({row, col, part, part});
        }
      }
      dgp::ForestMerger<TestType> apart(size, size);
      add_blocks(apart, weights, blocks, random);
      CHECK(apart.finish().edges == dgp::maximum_spanning_forest(weights).edges);

      // Edges of equal weight then come earlier than those there, and all matter.
      dgp::ForestMerger<TestType> upwards(size, size);
      dgp::ForestMerger<TestType> leftwards(size, size);
      for (int at = size - part; at >= 0; at -= part) {
        add_blocks(upwards, weights, {{at, 0, part, size}}, random);
        add_blocks(leftwards, weights, {{0, at, size, part}}, random);
      }
      CHECK(upwards.finish().edges == apart.finish().edges);
      CHECK(leftwards.finish().edges == apart.finish().edges);
    }
  }
}

TEST_CASE("blocks that threads share merge to the whole's forest", "[oracle]") {
  Random random(41);
  constexpr int rows = 1700;
  constexpr int cols = 1100;
  for (const Kind kind : {Kind::normal, Kind::ties, Kind::zeros, Kind::all_equal}) {
    const auto weights = support::random_matrix<float>(random, kind, rows, cols);
    const auto expected = dgp::maximum_spanning_forest(weights).edges;
    CAPTURE(static_cast<int>(kind));
    for (const bool from_end : {false, true}) {
      std::vector<MatrixBlock> blocks{{0, 0, 100, cols}, {100, 0, 800, cols}, {900, 0, 800, cols}};
      if (from_end) std::reverse(blocks.begin(), blocks.end());
      const dgp::RowMajorMatrix<float> by_row = weights;
      dgp::ForestMerger<float> one(rows, cols);
      dgp::ForestMerger<float> other(rows, cols);
      for (const auto& [row, col, block_rows, block_cols] : blocks) {
        one.add(weights.block(row, col, block_rows, block_cols), row, col);
        other.add(by_row.block(row, col, block_rows, block_cols), row, col);
      }
      CHECK(one.finish().edges == expected);
      CHECK(other.finish().edges == expected);
    }
  }
}
