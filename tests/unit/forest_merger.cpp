// Forests merged from blocks: what they refuse, and what stays as it was then.
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/forest_merger.hpp>
#include <dgp/io/forest_merger.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/safetensors_writer.hpp"

namespace {

using dgp::ForestMerger;
using dgp::MatrixBlock;
using support::error_of;
using support::holds;

using Refused = std::invalid_argument;

Eigen::MatrixXf example() {
  Eigen::MatrixXf weights(3, 4);
  weights << 1, 8, 3, 5,  //
      9, 2, 7, 4,         //
      6, 12, 11, 10;
  return weights;
}

std::string missing(const ForestMerger<float>& merger) {
  return error_of<std::logic_error>([&] { merger.finish(); });
}

}  // namespace

TEST_CASE("a merger tells the first entry that it has not seen", "[forest_merger]") {
  const Eigen::MatrixXf weights = example();
  ForestMerger<float> merger(3, 4);
  CHECK(holds(missing(merger), "row 0, column 0 of the matrix is in no block"));
  merger.add(weights.topLeftCorner(2, 3), 0, 0);
  CHECK(holds(missing(merger), "row 0, column 3 "));
  merger.add(weights.rightCols(1), 0, 3);
  CHECK(holds(missing(merger), "row 2, column 0 "));
  merger.add(weights.block(2, 2, 1, 1), 2, 2);
  CHECK(holds(missing(merger), "row 2, column 0 "));
  merger.add(weights.block(2, 0, 1, 1), 2, 0);
  CHECK(holds(missing(merger), "row 2, column 1 "));
  merger.add(weights.block(2, 1, 1, 1), 2, 1);
  CHECK(merger.finish().edges == dgp::maximum_spanning_forest(weights).edges);
  CHECK(merger.blocks() == std::vector<MatrixBlock>{{0, 0, 3, 4}});
  // It may be asked again.
  CHECK(merger.finish().edges.size() == 6);
}

TEST_CASE("blocks that are outside or overlap are refused by their places", "[forest_merger]") {
  const Eigen::MatrixXf weights = example();
  ForestMerger<float> merger(3, 4);
  merger.add(weights.topRows(2), 0, 0);
  const auto refusal = [&](dgp::Index rows, dgp::Index cols, dgp::Index row, dgp::Index col) {
    const auto blocks = merger.blocks();
    const auto edges = merger.edges();
    const std::string message =
        error_of<Refused>([&] { merger.add(Eigen::MatrixXf::Ones(rows, cols), row, col); });
    CHECK(merger.blocks() == blocks);
    CHECK(merger.edges() == edges);
    return message;
  };
  CHECK(holds(refusal(2, 4, 2, 0),
              "the 2x4 block from row 2, column 0 on is not inside a 3x4 matrix"));
  CHECK(holds(refusal(1, 1, 2, 4), "is not inside"));
  CHECK(holds(refusal(1, 1, -1, 0), "is not inside"));
  CHECK(holds(refusal(1, 1, 2, -1), "is not inside"));
  CHECK(holds(refusal(1, 1, std::numeric_limits<dgp::Index>::max(), 0), "is not inside"));
  CHECK(holds(refusal(2, 1, 1, 3), "overlaps the 2x4 block from row 0, column 0 on"));
  CHECK(holds(refusal(0, 1, 2, 3), "empty"));
  merger.add(weights.bottomRows(1), 2, 0);
  CHECK(merger.finish().edges == dgp::maximum_spanning_forest(weights).edges);
  CHECK(holds(refusal(1, 1, 2, 3), "overlaps the 3x4 block"));
}

TEST_CASE("weights that are not finite are named by their place in the matrix", "[forest_merger]") {
  Eigen::MatrixXf weights = example();
  weights(2, 3) = std::numeric_limits<float>::quiet_NaN();
  ForestMerger<float> merger(3, 4);
  merger.add(weights.topRows(2), 0, 0);
  const auto edges = merger.edges();
  CHECK(holds(error_of<Refused>([&] { merger.add(weights.bottomRightCorner(1, 2), 2, 2); }),
              "matrix, row 2, column 3: weight is nan"));
  CHECK(merger.edges() == edges);
  CHECK(holds(missing(merger), "row 2, column 0 "));
  ForestMerger<long double> wide(3, 4);
  CHECK(holds(error_of<Refused>(
                  [&] { wide.add(weights.cast<long double>().bottomRightCorner(1, 2), 2, 2); }),
              "matrix, row 2, column 3: weight is nan"));
}

TEMPLATE_TEST_CASE("a weight that is not finite is found wherever it stands", "[forest_merger]",
                   float, double, long double, Eigen::half, Eigen::bfloat16) {
  using Limits = std::numeric_limits<float>;
  const float special[] = {Limits::quiet_NaN(), -Limits::quiet_NaN(), Limits::infinity(),
                           -Limits::infinity()};
  for (const float sign : {1.0F, -1.0F}) {
    for (const float scale : {0.0F, 1.0F, 100.0F}) {  // of what is there, beside what follows
      const Eigen::MatrixXf weights = sign * example().replicate(4, 12);
      const Eigen::Matrix<TestType, -1, -1> held = (scale * weights).template cast<TestType>();
      for (const float value : special) {
        for (const auto& [row, col] : {std::pair(0, 0), {3, 31}, {7, 33}, {7, 47}}) {
          ForestMerger<TestType> merger(12, 48);
          merger.add(held.topRows(4), 0, 0);
          const auto edges = merger.edges();
          Eigen::MatrixXf broken = weights.bottomRows(8);
          broken(row, col) = value;
          const std::string place =
              "matrix, row " + std::to_string(row + 4) + ", column " + std::to_string(col);
          const Eigen::Matrix<TestType, -1, -1> by_column = broken.template cast<TestType>();
          const dgp::RowMajorMatrix<TestType> by_row = by_column;
          CHECK(holds(error_of<Refused>([&] { merger.add(by_column, 4, 0); }), place));
          CHECK(holds(error_of<Refused>([&] { merger.add(by_row, 4, 0); }), place));
          CHECK(merger.edges() == edges);
          CHECK(merger.blocks() == std::vector<MatrixBlock>{{0, 0, 4, 48}});
        }
      }
    }
  }
}

TEST_CASE("mergers of other matrices, or of the same blocks, do not merge", "[forest_merger]") {
  const Eigen::MatrixXf weights = example();
  ForestMerger<float> merger(3, 4);
  merger.add(weights.topRows(2), 0, 0);
  const auto refusal = [&](const ForestMerger<float>& other) {
    const auto edges = merger.edges();
    const std::string message = error_of<Refused>([&] { merger.merge(other); });
    CHECK(merger.edges() == edges);
    return message;
  };
  CHECK(holds(refusal(ForestMerger<float>(4, 3)),
              "a merger of a 4x3 matrix cannot be merged with one of a 3x4"));
  ForestMerger<float> other(3, 4);
  other.add(weights.bottomRows(1), 2, 0);
  other.add(weights.block(1, 1, 1, 1), 1, 1);
  CHECK(holds(refusal(other), "the 1x1 block from row 1, column 1 on overlaps the 2x4 block"));
  CHECK(holds(refusal(merger), "overlaps"));
  CHECK(error_of<Refused>([] { ForestMerger<float>(0, 4); }) != "");
  CHECK(error_of<std::length_error>([] { ForestMerger<float>(1, dgp::Index{1} << 32); }) != "");
}

TEST_CASE("files of half-fed forests that are none are refused", "[forest_merger]") {
  using support::f32;
  using support::f64;
  using support::Tensor;
  const support::TemporaryFolder folder;
  const auto path = folder / "half.safetensors";
  const auto read = [&](const std::vector<Tensor>& tensors) {
    support::write_file(path, support::safetensors(tensors));
    return error_of([&] { dgp::io::read_forest_merger<float>(path); });
  };
  // Two blocks of a 3x4 matrix: its first two rows, and one entry of the last.
  const std::vector<Tensor> sound{{"shape", "F64", {1, 2}, f64({3, 4})},
                                  {"blocks", "F64", {1, 8}, f64({0, 0, 2, 4, 2, 1, 1, 1})},
                                  {"edge_rows", "F64", {1, 6}, f64({2, 1, 0, 1, 0, 1})},
                                  {"edge_cols", "F64", {1, 6}, f64({1, 0, 1, 2, 3, 3})},
                                  {"edge_weights", "F32", {6}, f32({12, 9, 8, 7, 5, 4})}};
  CHECK(read(sound).empty());
  const auto with = [&](std::size_t which, const Tensor& tensor) {
    auto tensors = sound;
    tensors[which] = tensor;
    const std::string message = read(tensors);
    CHECK(support::byte_in(message, path) >= 0);
    return message;
  };
  CHECK(holds(with(0, {"shape", "F64", {1, 3}, f64({3, 4, 5})}), "a shape of two numbers"));
  CHECK(holds(with(0, {"shape", "F64", {1, 2}, f64({3, 0})}), "empty"));
  CHECK(holds(with(0, {"shape", "F64", {1, 2}, f64({3, 3})}), "is not inside a 3x3 matrix"));
  CHECK(holds(with(1, {"blocks", "F64", {1, 7}, f64({0, 0, 2, 4, 2, 1, 1})}), "blocks of four"));
  CHECK(holds(with(1, {"blocks", "F64", {1, 8}, f64({0, 0, 2, 4, 1, 1, 2, 1})}), "overlaps"));
  CHECK(holds(with(1, {"blocks", "F64", {1, 8}, f64({0, 0, 2, 4, 2, 2, 1, 1})}),
              "the edge at row 2, column 1 of a forest lies in none of its blocks"));
  CHECK(holds(with(2, {"edge_rows", "F64", {1, 6}, f64({2, 1, 0, 1, 0, 9})}), "in none of its"));
  CHECK(holds(with(2, {"edge_rows", "F64", {1, 6}, f64({2, 1, 0, 1, 0, 0.5})}), "whole number"));
  CHECK(holds(with(2, {"edge_rows", "F64", {1, 5}, f64({2, 1, 0, 1, 0})}), "not of one number"));
  CHECK(holds(with(3, {"edge_cols", "F64", {1, 6}, f64({1, 0, 1, 2, 3, 0})}), "closes a cycle"));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(holds(with(4, {"edge_weights", "F32", {6}, f32({12, 9, 8, 7, 5, nan})}), "weighs nan"));
  CHECK(holds(with(4, {"edge_weights", "F64", {6}, f64({12, 9, 8, 7, 5, 4})}),
              "does not belong to a half-fed forest of F32"));
  CHECK(holds(with(4, {"weights", "F32", {6}, f32({12, 9, 8, 7, 5, 4})}), "does not belong"));
  const std::vector<Tensor> too_few{sound[0],
                                    sound[1],
                                    {"edge_rows", "F64", {1, 5}, f64({2, 1, 0, 1, 0})},
                                    {"edge_cols", "F64", {1, 5}, f64({1, 0, 1, 2, 3})},
                                    {"edge_weights", "F32", {5}, f32({12, 9, 8, 7, 5})}};
  CHECK(holds(read(too_few), "a forest of 5 edges where its blocks have one of 6"));
  auto without = sound;
  without.erase(without.begin() + 3);
  CHECK(holds(read(without), "no tensor is named 'edge_cols'"));
}
