// What is watched: what flows through a perceptron at work, and a network in training.
#include <optional>
#include <pybind11/eigen.h>
#include <pybind11/stl.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dgp/analysis/early_stopping.hpp>
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

// Of arrays or tensors, copied into the type that Graphs has.
std::vector<py::array_t<float>> arrays_of(const py::iterable& given, py::ssize_t dimensions) {
  std::vector<py::array_t<float>> arrays;
  for (const auto& one : given) {
    const auto array = floating_point_array(one);
    if (!array || array->ndim() != dimensions) {
      throw std::invalid_argument(
          "layers are matrices (fan_out x fan_in) of floating-point "
          "numbers, biases vectors");
    }
    arrays.push_back(with_plain_strides<float>(*array));
  }
  return arrays;
}

Graphs graphs_of(const py::iterable& layers, const std::optional<py::iterable>& biases,
                 const std::string& activation) {
  const auto matrices = arrays_of(layers, 2);
  const auto vectors = biases ? arrays_of(*biases, 1) : std::vector<py::array_t<float>>();
  std::vector<View<float>> views;
  for (const auto& matrix : matrices) views.push_back(view_of<float>(matrix));
  std::vector<Eigen::VectorXf> copies;
  for (const auto& vector : vectors) copies.push_back(vector.cast<Eigen::VectorXf>());
  const py::gil_scoped_release others_may_run;
  return Graphs(views, std::move(copies), activation_of(activation));
}

}  // namespace

void add_monitoring(py::module_& module) {
  using dgp::EarlyStopping;
  using dgp::EarlyStoppingVerdict;
  py::class_<EarlyStoppingVerdict>(module, "EarlyStoppingVerdict")
      .def_readonly("stop", &EarlyStoppingVerdict::stop)
      .def_readonly("best_check", &EarlyStoppingVerdict::best_check,
                    "the check with the highest value that counted as a rise, from 0")
      .def_readonly("best", &EarlyStoppingVerdict::best, "its value")
      .def_readonly("reason", &EarlyStoppingVerdict::reason, "one line for a log")
      .def("__repr__", [](const EarlyStoppingVerdict& self) {
        return std::string("EarlyStoppingVerdict(stop=") + (self.stop ? "True" : "False") +
               ", reason='" + self.reason + "')";
      });
  py::class_<EarlyStopping>(module, "EarlyStopping",
                            "Whether to stop a training whose neural persistence has ceased to "
                            "rise (Rieck et al. 2019).")
      .def(py::init([](std::size_t burn_in, std::size_t patience, double delta) {
             return EarlyStopping({burn_in, patience, delta});
           }),
           py::kw_only(), "burn_in"_a = 10, "patience"_a = 4, "delta"_a = 0.0,
           "burn_in: checks before the first that counts; patience: checks without a rise by\n"
           "more than delta that end the training.")
      .def("check", &EarlyStopping::check, "value"_a,
           "value: mean_normalized of neural_persistence, say, every quarter epoch.");
  py::list methods;
  for (const auto method : dgp::feature_methods)
    methods.append(py::str(std::string(name_of(method))));
  module.attr("feature_methods") = py::tuple(methods);
  py::class_<Graphs>(module, "ActivationGraphs",
                     "A perceptron made ready for samples, in single precision.")
      .def(
          py::init(&graphs_of), "layers"_a, "biases"_a = py::none(), "activation"_a = "relu",
          "layers: arrays (fan_out x fan_in), or tensors; biases: one of fan_out values for each,\n"
          "or none; activation of the hidden layers: relu, tanh or sigmoid.")
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
          "samples: (samples x inputs); a feature vector for each, (samples x values), by one of\n"
          "feature_methods.");
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
          "samples"_a, "labels"_a,
          "clean samples (samples x inputs), a label for each; no other\n"
          "thread may use the monitor meanwhile")
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
