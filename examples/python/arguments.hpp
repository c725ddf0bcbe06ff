// What Python gives as the layers of a network, seen as matrices.
//
// in:  a sequence of 2-D arrays, one such array, or a mapping from names to arrays or to tensors of
//      PyTorch, such as a state dict
// out: views of the arrays' own memory where it is laid out as floats or doubles; else of copies
#pragma once

#include <optional>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <Eigen/Core>

#include <dgp/concepts.hpp>
#include <dgp/normalization.hpp>
#include <dgp/persistence_diagram.hpp>

namespace python {

namespace py = pybind11;

template <class Scalar>
using View = Eigen::Map<const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>, 0,
                        Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;
template <class Scalar>
using NamedViews = std::vector<dgp::NamedLayer<View<Scalar>>>;

// An array of NumPy, of a tensor of PyTorch too, of floats or doubles; nothing for one of other
// numbers. Half precision becomes single, as NumPy has no arithmetic for it.
std::optional<py::array> floating_point_array(const py::handle& object);

// Strides are positive multiples of a number's size afterwards; a copy where they were not.
template <class Scalar>
py::array_t<Scalar> with_plain_strides(const py::array& array);

// Of an array of two dimensions; it must outlive the view.
template <class Scalar>
View<Scalar> view_of(const py::array_t<Scalar>& array);

class Layers {
 public:
  // Throws std::invalid_argument for what holds no layers, and for an array that is none.
  explicit Layers(const py::object& layers);

  // use(views) without Python's lock; then with it finish(result of that).
  template <class Use, class Finish>
  auto measure(const Use& use, const Finish& finish) const {
    return std::visit(
        [&](const auto& views) {
          auto result = [&] {
            const py::gil_scoped_release others_may_run;
            return use(views);
          }();
          return finish(std::move(result));
        },
        views_);
  }

 private:
  std::vector<py::array> kept_;  // what the views look at
  std::variant<NamedViews<float>, NamedViews<double>> views_;
};

// "dies_at_zero" or "omitted"; "none", "max_abs" or "standardized". Throw std::invalid_argument for
// another word.
dgp::EssentialClass essential_of(const std::string& word);
dgp::Normalization normalization_of(const std::string& word);

// A matrix as a new array, which takes its memory over.
template <class Matrix>
py::object array_of(Matrix matrix) {
  auto* owned = new Matrix(std::move(matrix));
  const py::capsule owner(owned, [](void* memory) { delete static_cast<Matrix*>(memory); });
  using Scalar = typename Matrix::Scalar;
  constexpr auto size = static_cast<py::ssize_t>(sizeof(Scalar));
  return py::array_t<Scalar>({owned->rows(), owned->cols()},
                             {owned->rowStride() * size, owned->colStride() * size}, owned->data(),
                             owner);
}

void add_measures(py::module_& module);
void add_graphs(py::module_& module);
void add_monitoring(py::module_& module);
void add_files(py::module_& module);

}  // namespace python
