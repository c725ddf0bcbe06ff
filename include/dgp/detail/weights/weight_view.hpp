// From whatever the caller passes to plain views of its weights.
//
// in:  any layer or range of layers (see concepts.hpp)
// out: NetworkWeights: one strided view per layer. A layer whose entries lie in memory is
//      viewed where it is; any other expression, and any matrix handed over as a temporary by the
//      range, is evaluated once into storage that NetworkWeights owns. What is no network is viewed
//      likewise, and then named in messages by what it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/concepts.hpp>
#include <dgp/detail/keys/special_values.hpp>
#include <dgp/detail/messages.hpp>

namespace dgp::detail {

// A matrix of weights in memory, whatever its storage order.
template <class Scalar>
struct WeightView {
  const Scalar* data;
  Index rows;
  Index cols;
  Index row_stride;
  Index col_stride;

  const Scalar& operator()(Index row, Index col) const {
    return data[row * row_stride + col * col_stride];
  }

  WeightView transposed() const { return {data, cols, rows, col_stride, row_stride}; }
};

template <class Derived>
inline constexpr bool is_unary_view = false;
template <class Function, class Nested>
inline constexpr bool is_unary_view<Eigen::CwiseUnaryView<Function, Nested>> = true;

// Whether an expression's entries lie in memory at fixed strides. Eigen says so (DirectAccessBit)
// of some that do not: of views through index lists that are as good as strides, of views through a
// function of the entries, and of expressions of these.
template <class Derived>
constexpr bool has_entries_in_memory() {
  if constexpr ((Eigen::internal::traits<Derived>::Flags & Eigen::DirectAccessBit) == 0 ||
                is_unary_view<Derived> || !requires(const Derived& matrix) {
                  matrix.data();
                  matrix.innerStride();
                  matrix.outerStride();
                }) {
    return false;
  } else if constexpr (requires(const Derived& matrix) { matrix.nestedExpression(); }) {
    using Nested = decltype(std::declval<const Derived&>().nestedExpression());
    return has_entries_in_memory<std::remove_cvref_t<Nested>>();
  } else {
    return true;
  }
}

template <class Derived>
inline constexpr bool lies_in_memory = has_entries_in_memory<Derived>();

template <class T>
inline constexpr bool is_map = false;
template <class Plain, int Options, class Stride>
inline constexpr bool is_map<Eigen::Map<Plain, Options, Stride>> = true;

template <class Derived>
WeightView<typename Derived::Scalar> view_of(const Eigen::DenseBase<Derived>& weights) {
  const Derived& matrix = weights.derived();
  const Index inner = matrix.innerStride();
  const Index outer = matrix.outerStride();
  return Derived::IsRowMajor ? WeightView<typename Derived::Scalar>{matrix.data(), matrix.rows(),
                                                                    matrix.cols(), outer, inner}
                             : WeightView<typename Derived::Scalar>{matrix.data(), matrix.rows(),
                                                                    matrix.cols(), inner, outer};
}

// Throws std::invalid_argument for an empty matrix, std::length_error for one whose neurons do not
// fit 32 bits or whose weights do not fit Index.
inline void check_shape(const std::string& label, Index rows, Index cols) {
  if (rows <= 0 || cols <= 0) {
    throw std::invalid_argument(label + ": empty weight matrix (" + shape(rows, cols) + ")");
  }
  constexpr Index most_weights = std::numeric_limits<Index>::max();
  constexpr auto most_neurons =
      static_cast<std::uintmax_t>(std::numeric_limits<std::uint32_t>::max());
  if (rows > most_weights / cols ||
      static_cast<std::uintmax_t>(rows) + static_cast<std::uintmax_t>(cols) > most_neurons) {
    throw std::length_error(label + ": " + shape(rows, cols) +
                            " is past what the index type holds (at most " +
                            std::to_string(most_neurons) + " neurons and " +
                            std::to_string(most_weights) + " weights)");
  }
}

template <class Scalar>
bool all_finite(const WeightView<Scalar>& weights) {
  for (Index row = 0; row < weights.rows; ++row) {
    for (Index col = 0; col < weights.cols; ++col) {
      if (!is_finite(weights(row, col))) return false;
    }
  }
  return true;
}

// Throws std::invalid_argument for the first weight, row by row, that is NaN or infinite; of a
// block, whose first weight is there in its matrix.
template <class Scalar>
void check_finite(const std::string& label, const WeightView<Scalar>& weights, Index first_row = 0,
                  Index first_col = 0) {
  for (Index row = 0; row < weights.rows; ++row) {
    for (Index col = 0; col < weights.cols; ++col) {
      if (!is_finite(weights(row, col))) {
        throw std::invalid_argument(label + ", row " + std::to_string(first_row + row) +
                                    ", column " + std::to_string(first_col + col) + ": weight is " +
                                    printed(weights(row, col)));
      }
    }
  }
}

struct LayerShape {
  std::string label;
  Index rows;
  Index cols;
};

// Throws std::invalid_argument unless the second layer takes as many inputs as the first has
// outputs.
inline void check_chained(const LayerShape& first, const LayerShape& second) {
  if (second.cols == first.rows) return;
  throw std::invalid_argument("layers do not chain: " + first.label + " is " +
                              shape(first.rows, first.cols) + " but " + second.label + " is " +
                              shape(second.rows, second.cols) + " (fan_out x fan_in)");
}

// The layers of a network as views, checked for shape: not empty, of countable size.
template <class Scalar>
class NetworkWeights {
  static_assert(!Eigen::NumTraits<Scalar>::IsComplex && !Eigen::NumTraits<Scalar>::IsInteger,
                "dgp: weights must be real floating-point numbers; cast the matrix first, for "
                "example with W.template cast<float>()");

 public:
  template <Network Layers>
  explicit NetworkWeights(Layers&& network) : NetworkWeights(std::forward<Layers>(network), "") {}

  // `what`: the name of a matrix that is no layer.
  template <Network Layers>
  NetworkWeights(Layers&& network, std::string what) : what_(std::move(what)) {
    if constexpr (Layer<Layers>) {
      add(network);
    } else {
      for (auto&& layer : network) add(std::forward<decltype(layer)>(layer));
    }
    if (views_.empty()) throw std::invalid_argument("empty network: it has no layers");
  }

  // None yet: layers are added one by one.
  NetworkWeights() = default;

  NetworkWeights(const NetworkWeights&) = delete;
  NetworkWeights& operator=(const NetworkWeights&) = delete;
  NetworkWeights(NetworkWeights&&) noexcept = default;
  NetworkWeights& operator=(NetworkWeights&&) noexcept = default;

  // A matrix that lies in memory and is no temporary is viewed where it is.
  template <class T>
  void add(std::string name, T&& weights) {
    names_.push_back(std::move(name));
    try {
      add_matrix(std::forward<T>(weights));
    } catch (...) {
      names_.pop_back();
      throw;
    }
  }

  std::size_t size() const { return views_.size(); }
  const WeightView<Scalar>& operator[](std::size_t k) const { return views_[k]; }
  const std::vector<WeightView<Scalar>>& views() const { return views_; }
  std::string label(std::size_t k) const {
    return what_.empty() ? layer_label(k, names_[k]) : what_;
  }

  // Throws std::invalid_argument for the first weight that is not finite. A pass of its own:
  // callers that pass over the weights anyway call it once they have seen such a weight.
  void check_finite(std::size_t k) const { detail::check_finite(label(k), views_[k]); }

  // Throws std::invalid_argument unless layer k+1 takes as many inputs as layer k has outputs.
  void check_chain() const {
    const auto shaped = [&](std::size_t k) {
      return LayerShape{label(k), views_[k].rows, views_[k].cols};
    };
    for (std::size_t k = 0; k + 1 < size(); ++k) check_chained(shaped(k), shaped(k + 1));
  }

 private:
  template <class T>
  void add(T&& layer) {
    using Plain = std::remove_cvref_t<T>;
    if constexpr (is_reference_wrapper<Plain>) {
      add(layer.get());
    } else if constexpr (is_named_layer<Plain>) {
      // A name is only needed for messages; a temporary hands its matrix over.
      names_.push_back(layer.name);
      if constexpr (std::is_lvalue_reference_v<T&&>) {
        add_matrix(layer.weights);
      } else {
        add_matrix(std::move(layer.weights));
      }
    } else {
      names_.emplace_back();
      add_matrix(std::forward<T>(layer));
    }
  }

  template <class T>
  void add_matrix(T&& weights) {
    using Matrix = std::remove_cvref_t<T>;
    static_assert(std::is_same_v<typename Matrix::Scalar, Scalar>,
                  "dgp: all layers of a network must have the same scalar type");
    const std::string name = label(views_.size());
    check_shape(name, weights.rows(), weights.cols());
    if constexpr (lies_in_memory<Matrix> && (std::is_lvalue_reference_v<T&&> || is_map<Matrix>)) {
      views_.push_back(view_of(weights));
    } else {
      storage_.emplace_back(std::forward<T>(weights));
      views_.push_back(view_of(storage_.back()));
    }
  }

  std::string what_;
  std::vector<std::string> names_;
  std::vector<RowMajorMatrix<Scalar>> storage_;  // moving a matrix leaves its entries in place
  std::vector<WeightView<Scalar>> views_;
};

}  // namespace dgp::detail
