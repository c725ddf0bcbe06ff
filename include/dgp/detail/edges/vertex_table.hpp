// Which vertices the neurons on one side of an edge set are.
//
// in:  the first vertex of a group, or the vertices that a view shows
// out: the vertex of each neuron
#pragma once

#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/forest/union_find.hpp>

namespace dgp::detail {

// The vertices of one side's neurons; none where what a view shows is no neuron.
class VertexTable {
 public:
  explicit VertexTable(Vertex first) : first_(first) {}
  // `repeats`: whether a vertex may be there twice, as in a group beside itself.
  VertexTable(const std::vector<Vertex>& vertices, bool repeats)
      : table_(vertices.data()), repeats_(repeats) {}

  // Whether they are numbered one after the other.
  bool is_run() const { return table_ == nullptr; }
  bool repeats() const { return repeats_; }

  Vertex operator[](Index neuron) const {
    return table_ == nullptr ? first_ + static_cast<Vertex>(neuron) : table_[neuron];
  }

 private:
  Vertex first_ = 0;
  const Vertex* table_ = nullptr;
  bool repeats_ = false;
};

}  // namespace dgp::detail
