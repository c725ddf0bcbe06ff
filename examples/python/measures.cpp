// The measures of layers.
#include <cstddef>
#include <pybind11/stl.h>
#include <string>
#include <utility>
#include <vector>

#include <dgp/analysis/diagram_distance.hpp>
#include <dgp/analysis/shuffle_null.hpp>
#include <dgp/analysis/spatial_concentration.hpp>
#include <dgp/analysis/weight_variance.hpp>
#include <dgp/deep_graph_persistence.hpp>
#include <dgp/gradients.hpp>
#include <dgp/neural_persistence.hpp>
#include <dgp/path_strength.hpp>
#include <dgp/persistent_paths.hpp>

#include "arguments.hpp"
#include "results.hpp"

namespace python {

namespace {

using namespace py::literals;

py::object neural_persistence(const py::object& layers, double p, const std::string& essential,
                              const std::string& normalization) {
  const dgp::NeuralPersistenceOptions options{p, essential_of(essential),
                                              normalization_of(normalization)};
  return Layers(layers).measure(
      [&](const auto& views) { return dgp::neural_persistence(views, options); },
      [](auto result) { return py::cast(result_of(result)); });
}

dgp::DeepGraphPersistenceOptions deep_options(double p, const std::string& essential,
                                              const std::string& normalization, bool rescale) {
  return {p, essential_of(essential), normalization_of(normalization), rescale};
}

py::object deep_graph_persistence(const py::object& layers, double p, const std::string& essential,
                                  const std::string& normalization, bool rescale) {
  const auto options = deep_options(p, essential, normalization, rescale);
  return Layers(layers).measure(
      [&](const auto& views) { return dgp::deep_graph_persistence(views, options); },
      [](auto result) { return py::cast(result_of(result)); });
}

py::object weight_variance(const py::object& layers) {
  return Layers(layers).measure(
      [](const auto& views) { return dgp::weight_variance(views); },
      [](auto result) {
        return py::cast(
            WeightVariance{result.network, {result.layers.begin(), result.layers.end()}});
      });
}

py::object path_strength_matrix(const py::object& layers, const std::string& normalization) {
  const dgp::PathStrengthOptions options{.normalization = normalization_of(normalization)};
  return Layers(layers).measure(
      [&](const auto& views) { return dgp::path_strength_matrix(views, options); },
      [](auto matrix) { return array_of(std::move(matrix)); });
}

// For each group of neurons, inputs first, an array of their strengths.
template <class Scalar>
py::object strengths_object(const dgp::NeuronStrengths<Scalar>& strengths) {
  py::list groups;
  for (const auto& group : strengths) {
    groups.append(py::array_t<Scalar>(static_cast<py::ssize_t>(group.size()), group.data()));
  }
  return groups;
}

py::object entry_strengths(const py::object& layers, const std::string& normalization) {
  const dgp::PathStrengthOptions options{.normalization = normalization_of(normalization)};
  return Layers(layers).measure(
      [&](const auto& views) { return dgp::entry_strengths(views, options); },
      [](const auto& strengths) { return strengths_object(strengths); });
}

py::object exit_strengths(const py::object& layers, const std::string& normalization) {
  const dgp::PathStrengthOptions options{.normalization = normalization_of(normalization)};
  return Layers(layers).measure(
      [&](const auto& views) { return dgp::exit_strengths(views, options); },
      [](const auto& strengths) { return strengths_object(strengths); });
}

py::object persistent_paths(const py::object& layers, std::size_t count,
                            const std::string& normalization, bool rescale) {
  const dgp::PersistentPathsOptions options{count, normalization_of(normalization), rescale};
  return Layers(layers).measure(
      [&](const auto& views) { return dgp::persistent_paths(views, options); },
      [](auto paths) {
        py::list list;
        for (const auto& path : paths) {
          list.append(PersistentPath{
              static_cast<double>(path.death),
              {path.critical_edge.layer, path.critical_edge.row, path.critical_edge.col},
              {path.neurons.begin(), path.neurons.end()}});
        }
        return py::object(list);
      });
}

// The value, and a gradient for each layer, of the layers' type.
template <class Gradient>
py::object gradient_object(const Gradient& gradient) {
  py::list layers;
  for (std::size_t k = 0; k < gradient.layers(); ++k) layers.append(array_of(gradient.dense(k)));
  return py::cast(MeasureGradient{static_cast<double>(gradient.value), layers});
}

py::object neural_persistence_gradient(const py::object& layers, double p,
                                       const std::string& essential,
                                       const std::string& normalization) {
  const dgp::NeuralPersistenceOptions options{p, essential_of(essential),
                                              normalization_of(normalization)};
  const Layers taken(layers);  // which the gradient looks at
  return taken.measure(
      [&](const auto& views) { return dgp::neural_persistence_gradient(views, options); },
      [](const auto& gradient) { return gradient_object(gradient); });
}

py::object deep_graph_persistence_gradient(const py::object& layers, double p,
                                           const std::string& essential,
                                           const std::string& normalization, bool rescale) {
  const auto options = deep_options(p, essential, normalization, rescale);
  const Layers taken(layers);
  return taken.measure(
      [&](const auto& views) { return dgp::deep_graph_persistence_gradient(views, options); },
      [](const auto& gradient) { return gradient_object(gradient); });
}

py::object shuffle_significance(const py::object& layers, std::size_t rounds, std::uint64_t seed) {
  return Layers(layers).measure(
      [&](const auto& views) {
        return dgp::shuffle_significance(views, dgp::ShuffleOptions{rounds, seed});
      },
      [](const auto& result) { return py::cast(result); });
}

py::object spatial_concentration(const py::object& matrix) {
  return Layers(py::make_tuple(matrix))
      .measure([](const auto& views) { return dgp::spatial_concentration(views.front()); },
               [](double value) { return py::object(py::float_(value)); });
}

dgp::PersistenceDiagram<double> diagram_of(const Persistence& persistence) {
  dgp::PersistenceDiagram<double> diagram;
  const auto deaths = py::array_t<double>::ensure(persistence.deaths);
  for (py::ssize_t i = 0; i < deaths.size(); ++i) diagram.pairs.push_back({1, deaths.at(i)});
  return diagram;
}

double wasserstein_distance(const Persistence& first, const Persistence& second, double p) {
  const auto a = diagram_of(first);
  const auto b = diagram_of(second);
  const py::gil_scoped_release others_may_run;
  return dgp::wasserstein_distance(a, b, p);
}

}  // namespace

void add_measures(py::module_& module) {
  add_results(module);
  module.def("neural_persistence", &neural_persistence, "layers"_a, py::kw_only(), "p"_a = 2.0,
             "essential"_a = "dies_at_zero", "normalization"_a = "max_abs",
             "Neural persistence of each layer and of the network (Rieck et al. 2019).\n\n"
             "layers: arrays (fan_out x fan_in) of one network, or a mapping from names to them,\n"
             "such as model.state_dict(). Weights are divided by the largest magnitude of all.\n"
             "Time O(weights). ValueError for layers that are empty or not finite, p < 1 or NaN.");
  module.def(
      "deep_graph_persistence", &deep_graph_persistence, "layers"_a, py::kw_only(), "p"_a = 2.0,
      "essential"_a = "dies_at_zero", "normalization"_a = "standardized", "rescale"_a = true,
      "Deep graph persistence of the network (Girrbach et al. 2023).\n\n"
      "layers: in forward order, each (fan_out x fan_in), layers[k + 1].shape[1] ==\n"
      "layers[k].shape[0]. ValueError where they do not chain, and for a layer whose weights\n"
      "are all alike, where they are to be standardized.");
  module.def("weight_variance", &weight_variance, "layers"_a,
             "Population variance of |w| / max |w|, of the network and of each layer.");
  module.def("path_strength_matrix", &path_strength_matrix, "layers"_a, py::kw_only(),
             "normalization"_a = "none",
             "S (n_out x n_in): the strength of the best path from each input to each output.");
  module.def("entry_strengths", &entry_strengths, "layers"_a, py::kw_only(),
             "normalization"_a = "none",
             "For each group of neurons, inputs first, the strengths of the best path to each\n"
             "from any input (of inputs inf). Time O(weights).");
  module.def("exit_strengths", &exit_strengths, "layers"_a, py::kw_only(),
             "normalization"_a = "none",
             "Likewise of the best path from each to any output (of outputs inf).");
  module.def("persistent_paths", &persistent_paths, "layers"_a, py::kw_only(), "count"_a = 10,
             "normalization"_a = "standardized", "rescale"_a = true,
             "The strongest persistent paths, descending: the first deaths of\n"
             "deep_graph_persistence, with the neurons from an input to an output.");
  module.def("neural_persistence_gradient", &neural_persistence_gradient, "layers"_a, py::kw_only(),
             "p"_a = 2.0, "essential"_a = "dies_at_zero", "normalization"_a = "max_abs",
             "mean_normalized of neural_persistence, and its gradient by every weight.");
  module.def("deep_graph_persistence_gradient", &deep_graph_persistence_gradient, "layers"_a,
             py::kw_only(), "p"_a = 2.0, "essential"_a = "dies_at_zero",
             "normalization"_a = "standardized", "rescale"_a = true,
             "normalized of deep_graph_persistence, and its gradient by every weight.");
  module.def("shuffle_significance", &shuffle_significance, "layers"_a, py::kw_only(),
             "rounds"_a = 1000, "seed"_a = 1,
             "Each layer's normalised neural persistence beside that of its weights shuffled.");
  module.def("spatial_concentration", &spatial_concentration, "matrix"_a,
             "How far large weights gather in few rows and columns, in [-1, 1].");
  module.def(
      "bottleneck_distance",
      [](const Persistence& first, const Persistence& second) {
        return wasserstein_distance(first, second, std::numeric_limits<double>::infinity());
      },
      "first"_a, "second"_a, "Between the diagrams of two layers or networks.");
  module.def("wasserstein_distance", &wasserstein_distance, "first"_a, "second"_a, "p"_a = 1.0,
             "Of order p, at least 1, between the diagrams of two layers or networks.");
}

}  // namespace python
