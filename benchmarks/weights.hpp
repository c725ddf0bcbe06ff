// The kinds of weights that benchmarks run on: random ones, and those that are hard for a method
// that relies on chance. All non-negative and row-major.
#pragma once

#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <Eigen/Core>

namespace benchmark {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct Family {
  std::string name;
  std::function<float(int row, int col, int size, std::mt19937& random)> weight;
};

inline float normal(std::mt19937& random) {
  return std::abs(std::normal_distribution<float>()(random));
}

inline const std::vector<Family>& families() {
  static const std::vector<Family> all{
      {"normal", [](int, int, int, auto& random) { return normal(random); }},
      {"Student-t(3)",
       [](int, int, int, auto& random) {
         return std::abs(std::student_t_distribution<float>(3)(random));
       }},
      {"lognormal(3)",
       [](int, int, int, auto& random) {
         return std::lognormal_distribution<float>(0, 3)(random);
       }},
      {"all equal", [](int, int, int, auto&) { return 0.5F; }},
      {"monotone",
       [](int row, int col, int size, auto&) { return static_cast<float>(row * size + col + 1); }},
      {"97 % zero",
       [](int, int, int, auto& random) {
         return std::uniform_real_distribution<float>()(random) < 0.97F ? 0 : normal(random);
       }},
      {"32 blocks, 1e-4 between",
       [](int row, int col, int size, auto& random) {
         return normal(random) * (row * 32 / size == col * 32 / size ? 1 : 1e-4F);
       }},
      {"32 blocks, shuffled",
       [](int row, int col, int, auto& random) {
         return normal(random) * (row * 7 % 32 == col * 5 % 32 ? 1 : 1e-4F);
       }},
      {"1/16 of neurons dead",
       [](int row, int col, int, auto& random) {
         return normal(random) * (row % 16 == 3 || col % 16 == 5 ? 1e-6F : 1);
       }},
      {"rank one",
       [](int row, int col, int, auto&) {
         std::mt19937 of_row(static_cast<unsigned>(row));
         std::mt19937 of_col(static_cast<unsigned>(col) + 100'000U);
         return normal(of_row) * normal(of_col);
       }},
      {"chain",
       [](int row, int col, int, auto&) {
         return col == row || col == row + 1 ? static_cast<float>(row + col + 1) : 0;
       }},
  };
  return all;
}

inline Matrix weights(const Family& family, int rows, int cols, unsigned seed = 1) {
  std::mt19937 random(seed);
  Matrix matrix(rows, cols);
  for (int row = 0; row < rows; ++row) {
    for (int col = 0; col < cols; ++col) {
      matrix(row, col) = family.weight(row, col, std::max(rows, cols), random);
    }
  }
  return matrix;
}

}  // namespace benchmark
