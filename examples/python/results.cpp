#include "results.hpp"

#include <pybind11/stl.h>
#include <string>

#include <dgp/analysis/shuffle_null.hpp>

namespace python {

namespace {

std::string printed(double value) { return py::repr(py::float_(value)).cast<std::string>(); }

}  // namespace

void add_results(py::module_& module) {
  py::class_<Persistence>(module, "Persistence", "Persistence of one graph.")
      .def_readonly("total", &Persistence::total,
                    "(sum of the lives to the power of p)^(1/p), the essential class included "
                    "where it dies at zero")
      .def_readonly("normalized", &Persistence::normalized,
                    "total / (vertices - 1)^(1/p), in [0, 1] but for small layers")
      .def_readonly("deaths", &Persistence::deaths,
                    "of the pairs, descending, without the essential class")
      .def("__repr__", [](const Persistence& self) {
        return "Persistence(total=" + printed(self.total) +
               ", normalized=" + printed(self.normalized) + ", deaths of " +
               std::to_string(self.deaths.size()) + ")";
      });
  py::class_<NeuralPersistence>(module, "NeuralPersistence")
      .def_readonly("layers", &NeuralPersistence::layers, "a Persistence for each")
      .def_readonly("mean_normalized", &NeuralPersistence::mean_normalized,
                    "mean of the layers' normalised persistence")
      .def_readonly("sum", &NeuralPersistence::sum, "of the layers' totals")
      .def("__repr__", [](const NeuralPersistence& self) {
        return "NeuralPersistence(mean_normalized=" + printed(self.mean_normalized) +
               ", sum=" + printed(self.sum) + ", layers of " + std::to_string(self.layers.size()) +
               ")";
      });
  py::class_<WeightVariance>(module, "WeightVariance")
      .def_readonly("network", &WeightVariance::network)
      .def_readonly("layers", &WeightVariance::layers)
      .def("__repr__", [](const WeightVariance& self) {
        return "WeightVariance(network=" + printed(self.network) + ", layers of " +
               std::to_string(self.layers.size()) + ")";
      });
  py::class_<dgp::WeightPlace>(module, "WeightPlace", "layers[layer][row, col]")
      .def_readonly("layer", &dgp::WeightPlace::layer)
      .def_readonly("row", &dgp::WeightPlace::row)
      .def_readonly("col", &dgp::WeightPlace::col)
      .def("__repr__", [](const dgp::WeightPlace& self) {
        return "WeightPlace(layer=" + std::to_string(self.layer) +
               ", row=" + std::to_string(self.row) + ", col=" + std::to_string(self.col) + ")";
      });
  py::class_<PersistentPath>(module, "PersistentPath")
      .def_readonly("death", &PersistentPath::death, "its strength, a death of the diagram")
      .def_readonly("critical_edge", &PersistentPath::critical_edge, "the weakest on it")
      .def_readonly("neurons", &PersistentPath::neurons,
                    "[0] an input, [k + 1] an output of layer k")
      .def("__repr__", [](const PersistentPath& self) {
        return "PersistentPath(death=" + printed(self.death) +
               ", neurons=" + py::repr(py::cast(self.neurons)).cast<std::string>() + ")";
      });
  py::class_<MeasureGradient>(module, "PersistenceGradient")
      .def_readonly("value", &MeasureGradient::value, "of the measure")
      .def_readonly("layers", &MeasureGradient::layers,
                    "the gradient by each layer's weights, (fan_out x fan_in), of their type");
  using Significance = dgp::ShuffleSignificance;
  py::class_<Significance>(module, "ShuffleSignificance")
      .def_readonly("original", &Significance::original, "normalised neural persistence")
      .def_readonly("mean", &Significance::mean, "of the shuffles")
      .def_readonly("standard_deviation", &Significance::standard_deviation)
      .def_readonly("z_score", &Significance::z_score, "the excess, in standard deviations")
      .def_readonly("p_value", &Significance::p_value)
      .def_readonly("rounds", &Significance::rounds,
                    "0 where the layer was too large and the mean is the asymptotic one")
      .def("__repr__", [](const Significance& self) {
        return "ShuffleSignificance(original=" + printed(self.original) +
               ", mean=" + printed(self.mean) + ", z_score=" + printed(self.z_score) + ")";
      });
}

}  // namespace python
