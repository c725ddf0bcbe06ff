// Networks that are no chain of matrices, built group by group.
#include "graphs.hpp"

#include <optional>
#include <pybind11/stl.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <Eigen/SparseCore>

#include <dgp/deep_graph_persistence.hpp>
#include <dgp/feed_forward_graph.hpp>
#include <dgp/graph_measures.hpp>
#include <dgp/neural_persistence.hpp>
#include <dgp/window.hpp>

#include "arguments.hpp"
#include "results.hpp"

namespace python {

namespace {

using namespace py::literals;

dgp::NeuronShape shape_of(const py::object& shape) {
  if (py::isinstance<py::int_>(shape)) return {shape.cast<dgp::Index>()};
  const auto extents = shape.cast<std::vector<dgp::Index>>();
  if (extents.size() == 1) return {extents[0]};
  if (extents.size() == 2) return {extents[0], 1, extents[1]};
  if (extents.size() == 3) return {extents[0], extents[1], extents[2]};
  throw std::invalid_argument(
      "a shape is neurons, (channels, length) or (channels, height, width)");
}

// A number, or one for each direction.
std::pair<dgp::Index, dgp::Index> pair_of(const py::object& sides) {
  if (py::isinstance<py::int_>(sides)) {
    return {sides.cast<dgp::Index>(), sides.cast<dgp::Index>()};
  }
  return sides.cast<std::pair<dgp::Index, dgp::Index>>();
}

dgp::Window window_of(const py::object& size, const py::object& stride, const py::object& padding,
                      const py::object& dilation, dgp::Index groups) {
  const auto [height, width] = pair_of(size);
  const auto [stride_y, stride_x] = pair_of(stride);
  const auto [padding_y, padding_x] = pair_of(padding);
  const auto [dilation_y, dilation_x] = pair_of(dilation);
  return {{height, stride_y, padding_y, padding_y, dilation_y},
          {width, stride_x, padding_x, padding_x, dilation_x},
          groups};
}

template <class Scalar>
View<Scalar> kept_view(Graph& graph, const py::handle& weights, bool as_rows) {
  auto array = floating_point_array(weights);
  if (!array) throw std::invalid_argument("weights of no floating-point numbers");
  if (as_rows && array->ndim() > 2) array = array->attr("reshape")(array->shape(0), -1);
  if (array->ndim() != 2) throw std::invalid_argument("weights of no two dimensions");
  const auto numbers = with_plain_strides<Scalar>(*array);
  graph.kept.push_back(numbers);
  return view_of<Scalar>(numbers);
}

template <class Scalar>
using SparseMatrix = Eigen::SparseMatrix<Scalar, Eigen::RowMajor, dgp::Index>;

// Throws std::invalid_argument for other than whole numbers, which would be rounded.
py::array_t<dgp::Index> places_of(const py::handle& object) {
  const auto array = py::array::ensure(object);
  if (!array || (array.dtype().kind() != 'i' && array.dtype().kind() != 'u')) {
    throw std::invalid_argument("rows and columns are whole numbers");
  }
  return py::array_t<dgp::Index>::ensure(array);
}

template <class Scalar>
SparseMatrix<Scalar> sparse_matrix(const py::array_t<dgp::Index>& rows,
                                   const py::array_t<dgp::Index>& cols, const py::array& values,
                                   const std::pair<dgp::Index, dgp::Index>& shape) {
  const auto numbers = with_plain_strides<Scalar>(values);
  if (rows.ndim() != 1 || cols.ndim() != 1 || numbers.ndim() != 1 || rows.size() != cols.size() ||
      rows.size() != numbers.size()) {
    throw std::invalid_argument("a sparse matrix takes as many rows as columns and values");
  }
  if (shape.first < 1 || shape.second < 1) {
    throw std::invalid_argument("a sparse matrix without rows or columns");
  }
  std::vector<Eigen::Triplet<Scalar, dgp::Index>> entries;
  entries.reserve(static_cast<std::size_t>(rows.size()));
  for (py::ssize_t i = 0; i < rows.size(); ++i) {
    const dgp::Index row = rows.at(i);
    const dgp::Index col = cols.at(i);
    if (row < 0 || row >= shape.first || col < 0 || col >= shape.second) {
      throw std::invalid_argument("a sparse matrix of " + std::to_string(shape.first) + "x" +
                                  std::to_string(shape.second) + " has no place (" +
                                  std::to_string(row) + ", " + std::to_string(col) + ")");
    }
    entries.emplace_back(row, col, numbers.at(i));
  }
  SparseMatrix<Scalar> matrix(shape.first, shape.second);
  matrix.setFromTriplets(entries.begin(), entries.end());
  return matrix;
}

// build(graph of its type, a view of the weights as it has them)
template <class Build>
dgp::Neurons add(Graph& self, const py::handle& weights, bool as_rows, const Build& build) {
  return std::visit(
      [&]<class Scalar>(dgp::FeedForwardGraph<Scalar>& graph) {
        return build(graph, kept_view<Scalar>(self, weights, as_rows));
      },
      self.graph);
}

template <class Use, class Finish>
py::object measure(const Graph& self, const Use& use, const Finish& finish) {
  return std::visit(
      [&](const auto& graph) {
        auto result = [&] {
          const py::gil_scoped_release others_may_run;
          return use(graph);
        }();
        return py::object(finish(std::move(result)));
      },
      self.graph);
}

}  // namespace

void add_graphs(py::module_& module) {
  py::class_<dgp::Neurons>(module, "Neurons", "A group of neurons of a graph.");
  py::class_<Graph> graph(
      module, "FeedForwardGraph",
      "A network of dense layers, convolutions, pooling, sums and concatenations, built "
      "forwards.\n\n"
      "Arrays of the graph's dtype are looked at where they are, and must not change meanwhile.");
  graph.def(py::init([](const py::object& dtype) {
              const auto type = py::dtype::from_args(dtype);
              if (type.kind() == 'f' && type.itemsize() == sizeof(double)) {
                return Graph{{}, dgp::FeedForwardGraph<double>()};
              }
              if (type.kind() == 'f' && type.itemsize() == sizeof(float)) {
                return Graph{{}, dgp::FeedForwardGraph<float>()};
              }
              throw std::invalid_argument("a graph is of float32 or float64, not of " +
                                          type.attr("name").cast<std::string>());
            }),
            "dtype"_a = "float32");
  graph.def(
      "input",
      [](Graph& self, const py::object& shape, const std::string& name) {
        return std::visit([&](auto& made) { return made.input(shape_of(shape), name); },
                          self.graph);
      },
      "shape"_a, "name"_a = "",
      "Neurons that data enters by: a number, (channels, length) or (channels, height, width).");
  graph.def(
      "dense",
      [](Graph& self, dgp::Neurons from, const py::object& weights, const std::string& name) {
        return add(self, weights, false,
                   [&](auto& made, const auto& view) { return made.dense(from, view, name); });
      },
      "from_"_a, "weights"_a, "name"_a = "", "All pairs; weights (fan_out x fan_in).");
  graph.def(
      "sparse",
      [](Graph& self, dgp::Neurons from, const py::object& rows, const py::object& cols,
         const py::object& values, const std::pair<dgp::Index, dgp::Index>& shape,
         const std::string& name) {
        const auto array = floating_point_array(values);
        if (!array) throw std::invalid_argument("values of no floating-point numbers");
        return std::visit(
            [&]<class Scalar>(dgp::FeedForwardGraph<Scalar>& made) {
              return made.sparse(
                  from, sparse_matrix<Scalar>(places_of(rows), places_of(cols), *array, shape),
                  name);
            },
            self.graph);
      },
      "from_"_a, "rows"_a, "cols"_a, "values"_a, "shape"_a, "name"_a = "",
      "Entry (rows[i], cols[i]) is values[i], as in scipy.sparse.coo_array: the attributes\n"
      "row, col, data and shape (fan_out, fan_in). Entries of one place add up. Copied.");
  graph.def(
      "convolution",
      [](Graph& self, dgp::Neurons from, const py::object& kernel, const py::object& stride,
         const py::object& padding, const py::object& dilation, dgp::Index groups,
         const std::string& name) {
        const auto shape = kernel.attr("shape").cast<std::vector<dgp::Index>>();
        if (shape.size() != 3 && shape.size() != 4) {
          throw std::invalid_argument(
              "a kernel is (out, in / groups, height, width), or (out, in / groups, length)");
        }
        const bool is_line = shape.size() == 3;
        auto window = window_of(py::make_tuple(is_line ? 1 : shape[2], shape.back()), stride,
                                padding, dilation, groups);
        if (is_line) window.vertical = {};
        return add(self, kernel, true, [&](auto& made, const auto& view) {
          return made.convolution(from, view, window, name);
        });
      },
      "from_"_a, "kernel"_a, py::kw_only(), "stride"_a = 1, "padding"_a = 0, "dilation"_a = 1,
      "groups"_a = 1, "name"_a = "",
      "kernel: (out, in / groups, height, width), or (out, in / groups, length), as in PyTorch.");
  graph.def(
      "pooling",
      [](Graph& self, dgp::Neurons from, const py::object& size, const py::object& stride,
         const py::object& padding) {
        const py::object step = stride.is_none() ? size : stride;
        const auto window = window_of(size, step, padding, py::int_(1), 1);
        return std::visit([&](auto& made) { return made.pooling(from, window); }, self.graph);
      },
      "from_"_a, "size"_a, py::kw_only(), "stride"_a = py::none(), "padding"_a = 0,
      "Within each channel; its edges are never a bottleneck.");
  graph.def(
      "all_positions",
      [](Graph& self, dgp::Neurons from) {
        return std::visit([&](auto& made) { return made.all_positions(from); }, self.graph);
      },
      "from_"_a, "Global pooling: a neuron for each channel.");
  graph.def(
      "sum",
      [](Graph& self, const std::vector<dgp::Neurons>& parts) {
        return std::visit([&](auto& made) { return made.sum(parts); }, self.graph);
      },
      "parts"_a, "Neuron by neuron, as skip connections do.");
  graph.def(
      "concatenation",
      [](Graph& self, const std::vector<dgp::Neurons>& parts) {
        return std::visit([&](auto& made) { return made.concatenation(parts); }, self.graph);
      },
      "parts"_a, "The channels of several groups.");
  graph.def(
      "flattened",
      [](Graph& self, dgp::Neurons from) {
        return std::visit(
            [&](auto& made) { return made.reshaped(from, {made.shape(from).size()}); }, self.graph);
      },
      "from_"_a, "The same neurons as features of one position.");
  graph.def(
      "output",
      [](Graph& self, dgp::Neurons from) {
        std::visit([&](auto& made) { made.output(from); }, self.graph);
      },
      "from_"_a, "Where the network answers.");
  graph.def_property_readonly("neurons", [](const Graph& self) {
    return std::visit([](const auto& made) { return made.neurons(); }, self.graph);
  });
  graph.def(
      "neural_persistence",
      [](const Graph& self, double p, const std::string& essential,
         const std::string& normalization) {
        const dgp::NeuralPersistenceOptions options{p, essential_of(essential),
                                                    normalization_of(normalization)};
        return measure(
            self, [&](const auto& made) { return dgp::neural_persistence(made, options); },
            [](const auto& result) { return py::cast(result_of(result)); });
      },
      py::kw_only(), "p"_a = 2.0, "essential"_a = "dies_at_zero", "normalization"_a = "max_abs",
      "Of each weighted edge set, at all its positions.");
  graph.def(
      "deep_graph_persistence",
      [](const Graph& self, double p, const std::string& essential,
         const std::string& normalization, bool rescale) {
        const dgp::DeepGraphPersistenceOptions options{p, essential_of(essential),
                                                       normalization_of(normalization), rescale};
        return measure(
            self, [&](const auto& made) { return dgp::deep_graph_persistence(made, options); },
            [](const auto& result) { return py::cast(result_of(result)); });
      },
      py::kw_only(), "p"_a = 2.0, "essential"_a = "dies_at_zero",
      "normalization"_a = "standardized", "rescale"_a = true, "Of the whole graph.");
  graph.def("weight_variance", [](const Graph& self) {
    return measure(
        self, [](const auto& made) { return dgp::weight_variance(made); },
        [](const auto& result) {
          return py::cast(
              WeightVariance{result.network, {result.layers.begin(), result.layers.end()}});
        });
  });
}

}  // namespace python
