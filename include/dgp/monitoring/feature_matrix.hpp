// Feature vectors of a batch of samples.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <Eigen/Core>

#include <dgp/concepts.hpp>
#include <dgp/detail/parallel.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/monitoring/activation_graph.hpp>
#include <dgp/monitoring/feature_method.hpp>

namespace dgp {

// The features of many samples, in parallel, by one network made ready.
//
// in:  samples (samples × inputs), a row each, any dense expression
// out: (samples × feature_count), row-major
// Time per sample as for features(); memory a workspace per thread. Throws as features() does,
// naming the sample, and std::invalid_argument where there are no samples.
template <class Scalar, class Derived>
RowMajorMatrix<Scalar> feature_matrix(const ActivationGraphs<Scalar>& graphs,
                                      const Eigen::DenseBase<Derived>& samples,
                                      FeatureMethod method) {
  static_assert(std::is_same_v<typename Derived::Scalar, Scalar>,
                "dgp: samples must have the scalar type of the weights; cast them first, for "
                "example with X.template cast<float>()");
  using Vector = typename ActivationGraphs<Scalar>::Vector;
  struct Thread {
    FeatureWorkspace<Scalar> workspace;
    Vector sample;
    Vector features;
  };
  if (samples.rows() == 0) throw std::invalid_argument("there are no samples");
  if (samples.cols() != graphs.inputs()) {
    throw std::invalid_argument("samples of " + std::to_string(samples.cols()) +
                                " values, but the network takes " +
                                std::to_string(graphs.inputs()));
  }
  // Evaluated once, if need be.
  const detail::NetworkWeights<Scalar> rows(samples.derived(), "the samples");
  const detail::WeightView<Scalar>& view = rows[0];
  const auto count = static_cast<std::size_t>(view.rows);
  const double work = static_cast<double>(view.rows) * static_cast<double>(graphs.weight_count());
  std::vector<Thread> threads(detail::threads_for(count, work));
  RowMajorMatrix<Scalar> matrix(view.rows, graphs.feature_count(method));
  detail::parallel_for_by_thread(threads.size(), count, [&](std::size_t index, std::size_t thread) {
    Thread& own = threads[thread];
    const auto row = static_cast<Index>(index);
    own.sample.resize(view.cols);
    for (Index i = 0; i < view.cols; ++i) own.sample(i) = view(row, i);
    const auto label = [&] { return "sample " + std::to_string(index) + ": "; };
    try {
      graphs.features(own.sample, method, own.workspace, own.features);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(label() + error.what());
    } catch (const std::domain_error& error) {
      throw std::domain_error(label() + error.what());
    }
    matrix.row(row) = own.features.transpose();
  });
  return matrix;
}

}  // namespace dgp
