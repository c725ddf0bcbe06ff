// A watch for a network in service: does what comes in still look like what it was trained on?
//
// in:  a network (activation_graph.hpp); once, clean samples with their labels, other than those
//      it was trained on; then batches
// out: a verdict per batch: whether it is shifted, p-values, and the classes that moved
//
// Each class has a mean feature vector; a sample is described by its distances to these, and a
// batch's distances are compared with those of clean samples (shift_detection.hpp). Samples lie
// closer to a mean that they are part of: one half of the clean samples makes the means, the other
// is what batches are compared with. Clean batches are expected to have the classes of these
// samples in like shares: a batch of one class looks shifted. Keep batches much smaller than the
// half that they are compared with, or a half that is a little unusual raises an alarm each time.
#pragma once

#include <concepts>
#include <cstddef>
#include <map>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/concepts.hpp>
#include <dgp/monitoring/activation_graph.hpp>
#include <dgp/monitoring/class_means.hpp>
#include <dgp/monitoring/feature_matrix.hpp>
#include <dgp/monitoring/feature_method.hpp>
#include <dgp/monitoring/shift_detection.hpp>

namespace dgp {

// A network, a method, and what the clean samples of fit() looked like: their distances to the
// class means, one half of them, and the means of the other.
template <class Scalar>
class ShiftMonitor {
 public:
  // alpha: of clean batches, about this share or less is flagged, over many sets of clean samples;
  // for any one set it can be more or less. Throws std::invalid_argument for one that does not lie
  // between 0 and 1, and for a method that has no features of such a network.
  explicit ShiftMonitor(ActivationGraphs<Scalar> graphs,
                        FeatureMethod method = FeatureMethod::dgp_var, double alpha = 0.05)
      : graphs_(std::move(graphs)),
        method_(method),
        alpha_(alpha),
        means_(parts_of(graphs_, method)) {
    detail::check_alpha(alpha);
  }

  // Learns what clean samples look like, in place of what was learnt before. Of each class the
  // first, third, … sample goes into its mean; verdicts depend on the order no more than on which
  // samples these are.
  //
  // in:  samples (samples × inputs), with one label each (any range of integers), at least two of
  //      every class; hundreds of samples give a test that tells small shifts
  // Time that of feature_matrix. Throws std::invalid_argument as feature_matrix and
  // ClassMeans::add do, and for a class of one sample.
  template <class Derived, std::ranges::forward_range Labels>
  requires std::integral<std::ranges::range_value_t<Labels>>
  void fit(const Eigen::DenseBase<Derived>& samples, const Labels& labels) {
    ClassMeans means(graphs_.feature_parts(method_));
    const auto label_count = std::ranges::distance(labels);
    if (label_count != samples.rows()) {
      throw std::invalid_argument("shift monitor: " + std::to_string(label_count) + " labels for " +
                                  std::to_string(samples.rows()) + " samples");
    }
    using Label = std::ranges::range_value_t<Labels>;
    std::map<Label, Index> seen;  // samples by class
    std::vector<Index> of_means;
    std::vector<Label> labels_of_means;
    std::vector<Index> others;
    Index row = 0;
    for (const Label label : labels) {
      if (seen[label]++ % 2 == 0) {
        of_means.push_back(row);
        labels_of_means.push_back(label);
      } else {
        others.push_back(row);
      }
      ++row;
    }
    for (const auto& [label, count] : seen) {
      if (count < 2) {
        throw std::invalid_argument("shift monitor: one sample of class " + std::to_string(label) +
                                    " is not enough");
      }
    }
    const auto features = feature_matrix(graphs_, samples, method_);
    const auto rows_of = [&](const std::vector<Index>& chosen) {
      RowMajorMatrix<Scalar> rows(static_cast<Index>(chosen.size()), features.cols());
      for (Index i = 0; i < rows.rows(); ++i) {
        rows.row(i) = features.row(chosen[static_cast<std::size_t>(i)]);
      }
      return rows;
    };
    means.add(rows_of(of_means), labels_of_means);
    clean_ = means.distances(rows_of(others));
    for (Index column = 0; column < clean_.cols(); ++column) detail::sorted_column(clean_, column);
    means_ = std::move(means);
  }

  // Whether a batch (samples × inputs) is shifted; `moved` holds class labels. Any number of
  // threads may ask at once. Throws std::logic_error before fit(), std::invalid_argument as
  // feature_matrix does.
  template <class Derived>
  ShiftVerdict check(const Eigen::DenseBase<Derived>& batch) const {
    if (clean_.size() == 0) throw std::logic_error("shift monitor: fit() comes first");
    ShiftVerdict verdict =
        detect_shift(clean_, means_.distances(feature_matrix(graphs_, batch, method_)), alpha_);
    const std::vector<Index> labels = means_.labels();
    for (Index& column : verdict.moved) column = labels[static_cast<std::size_t>(column)];
    return verdict;
  }

  // The fewest samples of a batch that could be flagged: of smaller ones, check() says nothing
  // (ShiftVerdict::has_power). Throws std::logic_error before fit().
  Index smallest_batch() const {
    if (clean_.size() == 0) throw std::logic_error("shift monitor: fit() comes first");
    return dgp::smallest_batch(clean_.rows(), clean_.cols(), alpha_);
  }

  // The classes to which the p-values of a verdict belong, in their order.
  std::vector<Index> labels() const { return means_.labels(); }

 private:
  static std::vector<Index> parts_of(const ActivationGraphs<Scalar>& graphs, FeatureMethod method) {
    std::vector<Index> parts = graphs.feature_parts(method);
    if (parts.empty()) {
      throw std::invalid_argument("shift monitor: " + std::string(name_of(method)) +
                                  " takes the hidden layers' activations, but the network has no "
                                  "hidden layer; choose another method, for example dgp_var");
    }
    return parts;
  }

  ActivationGraphs<Scalar> graphs_;
  FeatureMethod method_;
  double alpha_;
  ClassMeans means_;
  detail::Columns clean_;  // distances (samples × classes), each column sorted once for all checks
};

}  // namespace dgp
