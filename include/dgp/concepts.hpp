// What a weight matrix is, and what a network is.
//
// A *weight matrix* is any dense Eigen expression with a real floating-point scalar: a matrix, an
// array, a Map with strides, a block, a product; row- or column-major. Its shape is
// (fan_out × fan_in), as in `y = W x`: entry (r, c) is the edge from input neuron c to output
// neuron r. A *layer* is a weight matrix, one with a name (NamedLayer), or a std::reference_wrapper
// of either. A *network* is a range of layers in forward order, or a single layer; what takes one
// takes `{first, second}` too, of layers of one type.
#pragma once

#include <concepts>
#include <functional>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>

#include <Eigen/Core>

#include <dgp/detail/requirements.hpp>

// Neural persistence and deep graph persistence of neural networks.
namespace dgp {

// Counts rows, columns and neurons: std::ptrdiff_t, unless Eigen was told otherwise.
using Eigen::Index;

// A matrix row by row, as checkpoints, PyTorch and NumPy hold it: what is read from files and what
// is computed comes so. Take it for your own where whole rows are passed over, samples for
// instance.
template <class Scalar>
using RowMajorMatrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

namespace detail {

template <class Derived>
std::true_type derives_from_dense(const Eigen::DenseBase<Derived>*);
std::false_type derives_from_dense(const void*);

}  // namespace detail

// Any dense Eigen expression. What takes weights refuses, as it is compiled, those whose scalars
// are no real floating-point numbers.
template <class T>
concept WeightMatrix =
    decltype(detail::derives_from_dense(std::declval<const std::remove_cvref_t<T>*>()))::value;

// A weight matrix that knows its name, so that error messages can say it.
template <WeightMatrix Matrix>
struct NamedLayer {
  std::string name;  // as a checkpoint spells it, for instance
  Matrix weights;    // (fan_out × fan_in)
};

namespace detail {

template <class T>
inline constexpr bool is_named_layer = false;
template <class Matrix>
inline constexpr bool is_named_layer<NamedLayer<Matrix>> = true;

}  // namespace detail

namespace detail {

template <class T>
inline constexpr bool is_reference_wrapper = false;
template <class T>
inline constexpr bool is_reference_wrapper<std::reference_wrapper<T>> = true;

// What a reference refers to, else the type itself.
template <class T>
using Referred = std::remove_cvref_t<std::unwrap_reference_t<std::remove_cvref_t<T>>>;

}  // namespace detail

// A weight matrix or a NamedLayer, or a std::reference_wrapper of either.
template <class T>
concept Layer = WeightMatrix<detail::Referred<T>> || detail::is_named_layer<detail::Referred<T>>;

// Layers in forward order, any forward range of them; or a single one. What takes a network throws
// std::invalid_argument where it has no layers or one without weights, and std::length_error for a
// layer of more neurons than 32 bits count.
template <class T>
concept Network = Layer<T> ||
    (std::ranges::forward_range<T>&& Layer<std::ranges::range_reference_t<T>>);

namespace detail {

template <class T>
struct NetworkScalar {};
template <class T>
requires(std::ranges::range<T> && !WeightMatrix<T>) struct NetworkScalar<T>
    : NetworkScalar<std::remove_cvref_t<std::ranges::range_reference_t<T>>> {
};
template <WeightMatrix T>
struct NetworkScalar<T> {
  using type = typename T::Scalar;
};
template <class Matrix>
struct NetworkScalar<NamedLayer<Matrix>> {
  using type = typename Matrix::Scalar;
};
template <class T>
struct NetworkScalar<std::reference_wrapper<T>> : NetworkScalar<std::remove_cv_t<T>> {};

template <class Scalar>
struct SumOf {
  static constexpr bool fits_double =
      std::is_same_v<Scalar, float> || std::is_same_v<Scalar, double>;
  using type = std::conditional_t<fits_double, double, Scalar>;
};
template <>
struct SumOf<Eigen::half> {
  using type = double;
};
template <>
struct SumOf<Eigen::bfloat16> {
  using type = double;
};

}  // namespace detail

// The scalar type of a layer's or a network's weights.
template <class T>
using scalar_t = typename detail::NetworkScalar<std::remove_cvref_t<T>>::type;

// The type in which sums over weights are accumulated and measures are returned:
// double, or Scalar where that is wider.
template <class Scalar>
using sum_t = typename detail::SumOf<Scalar>::type;

}  // namespace dgp
