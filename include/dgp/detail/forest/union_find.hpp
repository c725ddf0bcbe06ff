// Disjoint sets of neurons, with union by size and path halving: near-constant time per operation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace dgp::detail {

using Vertex = std::uint32_t;
inline constexpr Vertex no_vertex = static_cast<Vertex>(-1);

class UnionFind {
 public:
  explicit UnionFind(std::size_t count = 0) { reset(count); }

  // Every neuron alone again; memory is kept.
  void reset(std::size_t count) {
    parent_.resize(count);
    std::iota(parent_.begin(), parent_.end(), Vertex{0});
    size_.assign(count, 1);
  }

  Vertex find(Vertex v) {
    while (parent_[v] != v) {
      parent_[v] = parent_[parent_[v]];
      v = parent_[v];
    }
    return v;
  }

  // Joins two different roots; returns the root of the union.
  Vertex join(Vertex a, Vertex b) {
    if (size_[a] < size_[b]) std::swap(a, b);
    parent_[b] = a;
    size_[a] += size_[b];
    return a;
  }

 private:
  std::vector<Vertex> parent_;
  std::vector<Vertex> size_;
};

}  // namespace dgp::detail
