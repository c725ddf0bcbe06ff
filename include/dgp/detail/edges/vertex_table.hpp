// Which vertices the neurons on one side of an edge set are.
//
// in:  the first vertex of a group, or the vertices that a view shows
// out: the vertex of each neuron, and the neurons that are a vertex
#pragma once

#include <algorithm>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/forest/union_find.hpp>

namespace dgp::detail {

// The vertices of one side's neurons; none where what a view shows is no neuron.
class VertexTable {
 public:
  explicit VertexTable(Vertex first) : first_(first) {}
  // by_vertex: the neurons, ascending by vertex; `repeats`: whether a vertex may be there twice, as
  // in a group beside itself. Both vectors must outlive it.
  VertexTable(const std::vector<Vertex>& vertices, const std::vector<Vertex>& by_vertex,
              bool repeats)
      : table_(vertices.data()), by_vertex_(&by_vertex), repeats_(repeats) {}

  // Whether they are numbered one after the other.
  bool is_run() const { return table_ == nullptr; }
  bool repeats() const { return repeats_; }

  Vertex operator[](Index neuron) const {
    return table_ == nullptr ? first_ + static_cast<Vertex>(neuron) : table_[neuron];
  }

  // Calls visit(neuron) for those that are this vertex, ascending; of a run, the number that it
  // would have there.
  template <class Visit>
  void for_each_neuron(Vertex vertex, const Visit& visit) const {
    if (is_run()) return visit(static_cast<Index>(vertex) - static_cast<Index>(first_));
    auto neuron = std::lower_bound(by_vertex_->begin(), by_vertex_->end(), vertex,
                                   [&](Vertex at, Vertex v) { return table_[at] < v; });
    for (; neuron != by_vertex_->end() && table_[*neuron] == vertex; ++neuron) {
      visit(static_cast<Index>(*neuron));
    }
  }

 private:
  Vertex first_ = 0;
  const Vertex* table_ = nullptr;
  const std::vector<Vertex>* by_vertex_ = nullptr;
  bool repeats_ = false;
};

}  // namespace dgp::detail
