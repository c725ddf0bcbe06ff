// Class means of feature vectors, and how far samples are from them.
//
// in:  feature vectors of clean training samples with their labels, batch by batch
// out: the mean feature vector of each class; for other samples their Euclidean distances to all
//      class means, the figures that a test for shifted data compares (shift_detection.hpp)
//
// A feature vector may be made of several lists, for example one per layer: distances are then
// taken within each list and averaged (Girrbach et al. 2023, on the detection of covariate shift).
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <ranges>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/concepts.hpp>
#include <dgp/detail/keys/ordered_bits.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/detail/parallel.hpp>
#include <dgp/detail/weights/weight_statistics.hpp>
#include <dgp/detail/weights/weight_view.hpp>

namespace dgp {

// The mean of each class, kept as sums and counts. Features are any dense real Eigen expression
// (samples × values), one sample a row, one list after the other. Results do not depend on the
// order of samples but for rounding. Memory O(classes × values).
class ClassMeans {
 public:
  // `parts`: the length of each list in a feature vector. Throws std::invalid_argument where there
  // is no list, for a list that is not of at least 1 value, and for more values than an index
  // holds.
  explicit ClassMeans(std::vector<Index> parts) : parts_(std::move(parts)) {
    if (parts_.empty()) {
      throw std::invalid_argument(
          "class means: no list of features; features are made of one list at least");
    }
    for (std::size_t k = 0; k < parts_.size(); ++k) {
      if (parts_[k] < 1 || parts_[k] > std::numeric_limits<Index>::max() - columns_) {
        throw std::invalid_argument("class means: list " + std::to_string(k) + " cannot have " +
                                    std::to_string(parts_[k]) + " values");
      }
      columns_ += parts_[k];
    }
  }

  // From what labels(), counts() and sums() of another gave, for example saved in a file. Throws
  // std::invalid_argument as above, for labels that are not in ascending order or not in
  // [0, 65535], for counts that are not in [1, 2^53], for numbers of labels, counts and rows of
  // sums that differ, and for sums with another number of columns or that so many features cannot
  // have.
  ClassMeans(std::vector<Index> parts, const std::vector<Index>& labels,
             const std::vector<std::int64_t>& counts, const RowMajorMatrix<double>& sums)
      : ClassMeans(std::move(parts)) {
    if (labels.size() != counts.size() || sums.rows() != static_cast<Index>(labels.size()) ||
        sums.cols() != columns_) {
      throw std::invalid_argument("class means: " + std::to_string(labels.size()) + " labels, " +
                                  std::to_string(counts.size()) + " counts and sums of shape " +
                                  detail::shape(sums.rows(), sums.cols()) +
                                  " do not go together with features of " +
                                  std::to_string(columns_) + " values");
    }
    for (std::size_t k = 0; k < labels.size(); ++k) {
      const Index label = labels[k];
      const std::int64_t count = counts[k];
      if (label < 0 || label > largest_label || (k > 0 && label <= labels[k - 1])) {
        throw std::invalid_argument("class means: label " + std::to_string(label) +
                                    " is out of order or not in " + label_range());
      }
      if (count < 1 || count > most_samples) {
        throw std::invalid_argument("class means: class " + std::to_string(label) +
                                    " cannot have " + std::to_string(count) + " samples");
      }
      Class& entry = classes_.try_emplace(label, columns_).first->second;
      entry.count = count;
      for (Index col = 0; col < columns_; ++col) {
        const double sum = sums(static_cast<Index>(k), col);
        // Twice: rounding may have taken it a little past.
        if (!is_within(sum, 2 * largest_feature * static_cast<double>(count))) {
          throw std::invalid_argument("class means: class " + std::to_string(label) + ", column " +
                                      std::to_string(col) + ": sum is " + detail::printed(sum));
        }
        entry.sums[static_cast<std::size_t>(col)].sum = sum;
      }
    }
  }

  // Adds samples of the classes that `labels`, any range of integers, tells. After such an error
  // all is as before. Time O(features). Throws std::invalid_argument for another number of columns
  // than the lists have, for another number of labels than samples, for a label not in [0, 65535],
  // and for a feature that is not finite or past 1e150 in magnitude, where squares overflow.
  template <class Derived, std::ranges::forward_range Labels>
  requires std::integral<std::ranges::range_value_t<Labels>>
  void add(const Eigen::DenseBase<Derived>& features, const Labels& labels) {
    const auto rows = rows_of(features);
    const auto label_count = std::ranges::distance(labels);
    if (label_count != rows.rows()) {
      throw std::invalid_argument("class means: " + std::to_string(label_count) + " labels for " +
                                  std::to_string(rows.rows()) + " samples");
    }
    Index row = 0;
    for (const auto label : labels) {
      if (!in_range(label)) {
        throw std::invalid_argument("class means: label " + std::to_string(label) + " of sample " +
                                    std::to_string(row) + " is not in " + label_range());
      }
      check_features(rows, row);
      ++row;
    }
    row = 0;
    for (const auto label : labels) {
      Class& entry = classes_.try_emplace(static_cast<Index>(label), columns_).first->second;
      ++entry.count;
      const double* const values = rows.data() + row * rows.outerStride();
      for (std::size_t col = 0; col < entry.sums.size(); ++col) entry.sums[col].add(values[col]);
      ++row;
    }
  }

  // Adds the samples that another has seen. Time O(its classes × values). Throws
  // std::invalid_argument where its lists have other lengths, and where a class would have more
  // than 2^53 samples; all is as before then.
  void merge(const ClassMeans& other) {
    if (other.parts_ != parts_) {
      throw std::invalid_argument("class means: cannot be merged with those of other lists");
    }
    for (const auto& [label, from] : other.classes_) {
      const auto found = classes_.find(label);
      if (found != classes_.end() && found->second.count > most_samples - from.count) {
        throw std::invalid_argument("class means: class " + std::to_string(label) +
                                    " would have more than 2^53 samples");
      }
    }
    for (const auto& [label, from] : other.classes_) {
      Class& entry = classes_.try_emplace(label, columns_).first->second;
      entry.count += from.count;
      for (std::size_t col = 0; col < entry.sums.size(); ++col) {
        const auto sum = from.sums[col];  // a copy: `other` may be *this
        entry.sums[col].add(sum.sum);
        entry.sums[col].add(sum.lost);
      }
    }
  }

  // The length of each list in a feature vector.
  const std::vector<Index>& parts() const { return parts_; }

  // The classes with samples, in ascending order.
  std::vector<Index> labels() const {
    std::vector<Index> labels;
    for (const auto& [label, entry] : classes_) labels.push_back(label);
    return labels;
  }

  // The samples of each class, in the order of labels().
  std::vector<std::int64_t> counts() const {
    std::vector<std::int64_t> counts;
    for (const auto& [label, entry] : classes_) counts.push_back(entry.count);
    return counts;
  }

  // The sums and the means of each class's feature vectors (classes × values), in the order of
  // labels(). Time and memory O(classes × values).
  RowMajorMatrix<double> sums() const {
    RowMajorMatrix<double> sums(static_cast<Index>(classes_.size()), columns_);
    Index row = 0;
    for (const auto& [label, entry] : classes_) {
      for (Index col = 0; col < columns_; ++col) {
        const auto& sum = entry.sums[static_cast<std::size_t>(col)];
        sums(row, col) = sum.sum + sum.lost;
      }
      ++row;
    }
    return sums;
  }
  RowMajorMatrix<double> means() const {
    RowMajorMatrix<double> means = sums();
    Index row = 0;
    for (const auto& [label, entry] : classes_) {
      means.row(row++) /= static_cast<double>(entry.count);
    }
    return means;
  }

  // The distance of each sample to the mean of each class (samples × classes, in the order of
  // labels()): Euclidean within each list, the mean over the lists. On several threads where that
  // pays; the result does not depend on them.
  //
  // Time O(samples × classes × values). Throws std::invalid_argument where no class has a sample,
  // for another number of columns than the lists have, and for a feature as in add().
  template <class Derived>
  RowMajorMatrix<double> distances(const Eigen::DenseBase<Derived>& features) const {
    if (classes_.empty()) throw std::invalid_argument("class means: no class has a sample");
    const auto rows = rows_of(features);
    const auto centers = means();
    RowMajorMatrix<double> distances(rows.rows(), centers.rows());
    const double work = static_cast<double>(rows.size()) * static_cast<double>(centers.rows());
    detail::parallel_for(static_cast<std::size_t>(rows.rows()), work, [&](std::size_t sample) {
      const auto row = static_cast<Index>(sample);
      check_features(rows, row);
      for (Index center = 0; center < centers.rows(); ++center) {
        double sum = 0;
        Index begin = 0;
        for (const Index length : parts_) {
          sum += (rows.row(row).segment(begin, length) - centers.row(center).segment(begin, length))
                     .norm();
          begin += length;
        }
        distances(row, center) = sum / static_cast<double>(parts_.size());
      }
    });
    return distances;
  }

 private:
  static constexpr Index largest_label = 65535;
  static constexpr double largest_feature = 1e150;
  static constexpr std::int64_t most_samples = std::int64_t{1} << 53;  // a double counts no further

  struct Class {
    explicit Class(Index columns) : sums(static_cast<std::size_t>(columns)) {}
    std::int64_t count = 0;
    std::vector<detail::CompensatedSum<double>> sums;
  };

  static std::string label_range() { return "[0, " + std::to_string(largest_label) + "]"; }

  // NaN is within nothing: its key exceeds all others.
  static bool is_within(double value, double most) {
    return detail::magnitude_key(value) <= detail::magnitude_key(most);
  }

  template <class Label>
  static bool in_range(Label label) {
    if constexpr (std::is_signed_v<Label>) {
      if (label < 0) return false;
    }
    return static_cast<std::uintmax_t>(label) <= static_cast<std::uintmax_t>(largest_label);
  }

  // Doubles in rows are looked at where they lie, others copied.
  template <class Derived>
  Eigen::Ref<const RowMajorMatrix<double>> rows_of(
      const Eigen::DenseBase<Derived>& features) const {
    if (features.cols() != columns_) {
      throw std::invalid_argument("class means: features of shape " +
                                  detail::shape(features.rows(), features.cols()) + ", but with " +
                                  std::to_string(columns_) + " columns expected");
    }
    const auto& rows = features.derived().matrix();
    if constexpr (std::is_same_v<typename Derived::Scalar, double> &&
                  !detail::lies_in_memory<Derived>) {
      // Eigen would look for these in memory too.
      return rows.unaryExpr([](double feature) { return feature; });
    } else {
      return rows.template cast<double>();
    }
  }

  static void check_features(const Eigen::Ref<const RowMajorMatrix<double>>& rows, Index row) {
    std::uint64_t largest = 0;
    for (Index col = 0; col < rows.cols(); ++col) {
      largest = std::max(largest, detail::magnitude_key(rows(row, col)));
    }
    if (largest <= detail::magnitude_key(largest_feature)) return;
    for (Index col = 0; col < rows.cols(); ++col) {
      if (!is_within(rows(row, col), largest_feature)) {
        throw std::invalid_argument("class means: sample " + std::to_string(row) + ", column " +
                                    std::to_string(col) + ": feature is " +
                                    detail::printed(rows(row, col)));
      }
    }
  }

  std::vector<Index> parts_;
  Index columns_ = 0;
  std::map<Index, Class> classes_;
};

}  // namespace dgp
