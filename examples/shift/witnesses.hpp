// What the tests of a study compare: features of images, clean or corrupted.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/monitoring/class_means.hpp>
#include <dgp/monitoring/feature_matrix.hpp>
#include <dgp/monitoring/feature_method.hpp>

#include "../splitmix.hpp"
#include "corruptions.hpp"
#include "inputs.hpp"
#include "study.hpp"

namespace shift {

using Distances = dgp::RowMajorMatrix<double>;

// What the test compares, of images clean or corrupted; each is made when it is first asked for,
// and kept until the next of its kind is made.
class Witnesses {
 public:
  Witnesses(Graphs graphs, const Pictures& pictures, const std::vector<Index>& labels, float white,
            const Study& study, std::uint64_t seed)
      : graphs_(std::move(graphs)), seed_(seed) {
    set_size(pictures);
    const Matrix images = scaled(pictures, white);
    if (!((images.array() >= 0) && (images.array() <= 1)).all()) {
      throw std::runtime_error(pictures.path + ": corruptions need values in [0, 1]");
    }
    std::vector<Index> order(static_cast<std::size_t>(images.rows()));
    std::iota(order.begin(), order.end(), Index{0});
    splitmix::Stream random(corruptions::mixed(seed, {}));
    for (std::size_t left = order.size(); left > 1; --left) {
      std::swap(order[left - 1], order[static_cast<std::size_t>(random.below(left))]);
    }
    const auto rows = [&](Index first, Index count) {
      Matrix chosen(count, images.cols());
      for (Index i = 0; i < count; ++i) {
        chosen.row(i) = images.row(order[static_cast<std::size_t>(first + i)]);
      }
      return chosen;
    };
    reference_ = rows(0, study.reference);
    tested_ = rows(study.reference, study.tested);
    for (std::size_t i = 0; i < static_cast<std::size_t>(study.reference); ++i) {
      reference_labels_.push_back(labels[static_cast<std::size_t>(order[i])]);
    }
  }

  // The figures of the tested images under a condition.
  const Distances& of(const Condition& condition, const Detector& detector) {
    const FeatureMethod method = detector.method;
    auto& entry = condition.corruption ? corrupted_ : clean_[method];
    if (!entry || entry->condition != condition || entry->method != method) {
      const Matrix features = dgp::feature_matrix(graphs_, images_of(condition), method);
      entry = {condition, method, means_of(method).distances(features), {}};
      if (has_few_values(method)) entry->values = features.cast<double>();
    }
    return detector.on_values ? entry->values : entry->distances;
  }

  // How many tests a verdict is made of.
  Index tests_of(const Detector& detector) const {
    if (detector.on_values) return graphs_.feature_count(detector.method);
    return std::ssize(std::set<Index>(reference_labels_.begin(), reference_labels_.end()));
  }

 private:
  struct Entry {
    Condition condition;
    FeatureMethod method;
    Distances distances;
    Distances values;  // of methods with few
  };

  void set_size(const Pictures& pictures) {
    std::vector<Index> extents;
    for (std::size_t d = 1; d < pictures.shape.size(); ++d) {
      if (pictures.shape[d] > 1) extents.push_back(static_cast<Index>(pictures.shape[d]));
    }
    if (extents.size() == 1) {
      const auto side = static_cast<Index>(std::lround(std::sqrt(extents[0])));
      if (side * side == extents[0]) extents = {side, side};
    }
    if (extents.size() != 2) {
      throw std::runtime_error(
          pictures.path + ": corruptions need pictures with rows and columns and of one channel");
    }
    height_ = extents[0];
    width_ = extents[1];
  }

  const Matrix& images_of(const Condition& condition) {
    if (!condition.corruption) return tested_;
    if (last_condition_ != condition) {
      corrupted_images_ = corruptions::corrupted(tested_, height_, width_, *condition.corruption,
                                                 condition.intensity, seed_);
      last_condition_ = condition;
    }
    return corrupted_images_;
  }

  const dgp::ClassMeans& means_of(FeatureMethod method) {
    const auto found = means_.find(method);
    if (found != means_.end()) return found->second;
    dgp::ClassMeans means(graphs_.feature_parts(method));
    means.add(dgp::feature_matrix(graphs_, reference_, method), reference_labels_);
    return means_.emplace(method, std::move(means)).first->second;
  }

  Graphs graphs_;
  std::uint64_t seed_;
  Index height_ = 0;
  Index width_ = 0;
  Matrix reference_;
  std::vector<Index> reference_labels_;
  Matrix tested_;
  std::map<FeatureMethod, dgp::ClassMeans> means_;
  std::map<FeatureMethod, std::optional<Entry>> clean_;
  std::optional<Entry> corrupted_;
  std::optional<Condition> last_condition_;
  Matrix corrupted_images_;
};

}  // namespace shift
