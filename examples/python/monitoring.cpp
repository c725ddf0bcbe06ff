// What flows through a perceptron.
#include <optional>
#include <pybind11/eigen.h>
#include <pybind11/stl.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dgp/monitoring/activation_graph.hpp>
#include <dgp/monitoring/feature_matrix.hpp>
#include <dgp/monitoring/shift_monitor.hpp>

#include "arguments.hpp"

namespace python {

namespace {

using namespace py::literals;
using Graphs = dgp::ActivationGraphs<float>;
using Samples = py::EigenDRef<const Eigen::MatrixXf>;

dgp::Activation activation_of(const std::string& word) {
  if (word == "relu") return dgp::Activation::relu;
  if (word == "tanh") return dgp::Activation::tanh;
  if (word == "sigmoid") return dgp::Activation::sigmoid;
  throw std::invalid_argument("activation is 'relu', 'tanh' or 'sigmoid', not '" + word + "'");
}

}  // namespace

void add_monitoring(py::module_& module) {
  py::class_<Graphs>(module, "ActivationGraphs",
                     "A perceptron made ready for samples, in single precision.")
      .def(py::init([](const std::vector<Eigen::MatrixXf>& layers,
                       std::optional<std::vector<Eigen::VectorXf>> biases,
                       const std::string& activation) {
             const py::gil_scoped_release others_may_run;
             return Graphs(layers, std::move(biases).value_or(std::vector<Eigen::VectorXf>()),
                           activation_of(activation));
           }),
           "layers"_a, "biases"_a = py::none(), "activation"_a = "relu",
           "layers: arrays (fan_out x fan_in); biases: one of fan_out values for each, or none.")
      .def(
          "features",
          [](const Graphs& self, const Samples& samples, const std::string& method) {
            auto features = [&] {
              const py::gil_scoped_release others_may_run;
              return dgp::feature_matrix(self, samples, dgp::feature_method(method));
            }();
            return array_of(std::move(features));
          },
          "samples"_a, "method"_a = "dgp_var",
          "samples: (samples x inputs); a feature vector for each, (samples x values).");
  py::class_<dgp::ShiftVerdict>(module, "ShiftVerdict")
      .def_readonly("shifted", &dgp::ShiftVerdict::shifted)
      .def_readonly("smallest_p_value", &dgp::ShiftVerdict::smallest_p_value)
      .def_readonly("level", &dgp::ShiftVerdict::level, "alpha by the number of classes")
      .def_readonly("p_values", &dgp::ShiftVerdict::p_values)
      .def_readonly("moved", &dgp::ShiftVerdict::moved, "classes whose distances moved")
      .def_property_readonly("has_power", &dgp::ShiftVerdict::has_power,
                             "whether any batch of this size could be flagged");
  py::class_<dgp::ShiftMonitor<float>>(module, "ShiftMonitor",
                                       "Learns from clean samples, then judges batches.")
      .def(py::init([](const Graphs& graphs, const std::string& method, double alpha) {
             return dgp::ShiftMonitor<float>(graphs, dgp::feature_method(method), alpha);
           }),
           "graphs"_a, "method"_a = "dgp_var", "alpha"_a = 0.05)
      .def(
          "fit",
          [](dgp::ShiftMonitor<float>& self, const Samples& samples,
             const std::vector<int>& labels) {
            const py::gil_scoped_release others_may_run;
            self.fit(samples, labels);
          },
          "samples"_a, "labels"_a, "clean samples (samples x inputs), a label for each")
      .def(
          "check",
          [](const dgp::ShiftMonitor<float>& self, const Samples& batch) {
            const py::gil_scoped_release others_may_run;
            return self.check(batch);
          },
          "batch"_a, "Whether a batch (samples x inputs) is shifted.")
      .def("smallest_batch", &dgp::ShiftMonitor<float>::smallest_batch,
           "the fewest samples of a batch that could be flagged");
}

}  // namespace python
