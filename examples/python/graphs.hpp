// A graph as Python holds it.
#pragma once

#include <pybind11/numpy.h>
#include <variant>
#include <vector>

#include <dgp/feed_forward_graph.hpp>

namespace python {

struct Graph {
  std::vector<pybind11::array> kept;  // whose memory the graph looks at
  std::variant<dgp::FeedForwardGraph<float>, dgp::FeedForwardGraph<double>> graph;
};

}  // namespace python
