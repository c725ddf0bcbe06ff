// What measures return to Python: plain numbers, and deaths as arrays.
#pragma once

#include <cstddef>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/neural_persistence.hpp>
#include <dgp/persistence_diagram.hpp>
#include <dgp/persistent_paths.hpp>

namespace python {

namespace py = pybind11;

struct Persistence {
  double total;
  double normalized;
  py::array deaths;  // descending, without the essential class, of the weights' type
};

struct NeuralPersistence {
  std::vector<Persistence> layers;
  double mean_normalized;
  double sum;
};

struct WeightVariance {
  double network;
  std::vector<double> layers;
};

struct PersistentPath {
  double death;
  dgp::WeightPlace critical_edge;
  std::vector<dgp::Index> neurons;
};

struct MeasureGradient {
  double value;
  py::list layers;
};

template <class Scalar>
Persistence result_of(const dgp::Persistence<Scalar>& measured) {
  py::array_t<Scalar> deaths(static_cast<py::ssize_t>(measured.diagram.pairs.size()));
  Scalar* next = deaths.mutable_data();
  for (const auto& pair : measured.diagram.pairs) *next++ = pair.death;
  return {static_cast<double>(measured.total), static_cast<double>(measured.normalized), deaths};
}

template <class Scalar>
NeuralPersistence result_of(const dgp::NeuralPersistence<Scalar>& measured) {
  NeuralPersistence result{
      {}, static_cast<double>(measured.mean_normalized), static_cast<double>(measured.sum)};
  for (const auto& layer : measured.layers) result.layers.push_back(result_of(layer));
  return result;
}

void add_results(py::module_& module);

}  // namespace python
