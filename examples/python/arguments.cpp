#include "arguments.hpp"

#include <algorithm>
#include <cstddef>
#include <stdexcept>

namespace python {

namespace {

std::string words_of(const py::handle& object) { return py::str(object).cast<std::string>(); }

// A tensor of PyTorch as an array, without importing PyTorch.
py::object array_of_tensor(const py::handle& tensor) {
  py::object plain = tensor.attr("detach")().attr("cpu")();
  const std::string type = words_of(plain.attr("dtype"));
  if (type == "torch.bfloat16") plain = plain.attr("float")();
  return plain.attr("numpy")();
}

bool is_double(const py::array& array) { return array.itemsize() == sizeof(double); }

}  // namespace

std::optional<py::array> floating_point_array(const py::handle& object) {
  const py::object given = py::hasattr(object, "detach")
                               ? array_of_tensor(object)
                               : py::reinterpret_borrow<py::object>(object);
  py::array array = py::array::ensure(given);
  if (!array) throw std::invalid_argument("'" + words_of(py::type::of(object)) + "' is no array");
  if (array.dtype().kind() != 'f') return std::nullopt;
  if (array.itemsize() == 2) array = array.attr("astype")("float32");
  if (array.itemsize() > static_cast<py::ssize_t>(sizeof(double))) {
    array = array.attr("astype")("float64");
  }
  return array;
}

template <class Scalar>
py::array_t<Scalar> with_plain_strides(const py::array& array) {
  auto numbers = py::array_t<Scalar>::ensure(array);  // of the other type, and byte order, a copy
  if (!numbers) throw py::error_already_set();
  for (py::ssize_t k = 0; k < numbers.ndim(); ++k) {
    const py::ssize_t stride = numbers.strides(k);
    if (stride > 0 && stride % static_cast<py::ssize_t>(sizeof(Scalar)) == 0) continue;
    return py::array_t<Scalar, py::array::c_style>(numbers.attr("copy")("C"));
  }
  return numbers;
}
template py::array_t<float> with_plain_strides<float>(const py::array&);
template py::array_t<double> with_plain_strides<double>(const py::array&);

template <class Scalar>
View<Scalar> view_of(const py::array_t<Scalar>& array) {
  constexpr auto size = static_cast<py::ssize_t>(sizeof(Scalar));
  return {array.data(), array.shape(0), array.shape(1),
          Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>(array.strides(1) / size,
                                                        array.strides(0) / size)};
}
template View<float> view_of<float>(const py::array_t<float>&);
template View<double> view_of<double>(const py::array_t<double>&);

Layers::Layers(const py::object& layers) {
  std::vector<std::pair<std::string, py::array>> arrays;
  const auto add = [&](const std::string& name, const py::array& array) {
    if (array.ndim() == 2) {
      arrays.emplace_back(name, array);
    } else {  // a convolution's kernel: (out × all else)
      arrays.emplace_back(name, array.attr("reshape")(array.shape(0), -1));
    }
  };
  if (py::hasattr(layers, "items")) {
    std::string left_out;
    for (const auto& item : layers.attr("items")()) {
      const auto pair = py::reinterpret_borrow<py::tuple>(item);
      const std::string name = words_of(pair[0]);
      const auto array = floating_point_array(pair[1]);
      const auto dimensions = py::len(pair[1].attr("shape"));
      if (dimensions < 2 || dimensions > 5) continue;
      if (array) add(name, *array);
      if (!array) left_out += (left_out.empty() ? "" : ", ") + name;
    }
    if (!left_out.empty()) {
      const std::string warning = "dgp: not measured, as no floating-point numbers: " + left_out;
      if (PyErr_WarnEx(PyExc_UserWarning, warning.c_str(), 1) != 0) throw py::error_already_set();
    }
    if (arrays.empty()) throw std::invalid_argument("no array of 2 to 5 dimensions among them");
  } else {
    const bool is_one = py::hasattr(layers, "ndim") && layers.attr("ndim").cast<int>() == 2;
    const py::object all = is_one ? py::make_tuple(layers) : layers;
    std::size_t number = 0;
    for (const auto& item : all) {
      const std::string name = "layers[" + std::to_string(number++) + "]";
      const auto array = floating_point_array(item);
      if (!array) throw std::invalid_argument(name + ": no floating-point numbers");
      if (array->ndim() != 2) {
        throw std::invalid_argument(name + ": of " + std::to_string(array->ndim()) +
                                    " dimensions, but layers are matrices (fan_out x fan_in)");
      }
      add(name, *array);
    }
  }
  const auto take = [&](auto scalar) {
    using Scalar = decltype(scalar);
    NamedViews<Scalar> views;
    for (const auto& [name, array] : arrays) {
      const auto numbers = with_plain_strides<Scalar>(array);
      kept_.push_back(numbers);
      views.push_back({name, view_of<Scalar>(numbers)});
    }
    views_ = std::move(views);
  };
  const bool wide = std::any_of(arrays.begin(), arrays.end(),
                                [](const auto& one) { return is_double(one.second); });
  if (wide) {
    take(double{});
  } else {
    take(float{});
  }
}

dgp::EssentialClass essential_of(const std::string& word) {
  if (word == "dies_at_zero") return dgp::EssentialClass::dies_at_zero;
  if (word == "omitted") return dgp::EssentialClass::omitted;
  throw std::invalid_argument("essential is 'dies_at_zero' or 'omitted', not '" + word + "'");
}

dgp::Normalization normalization_of(const std::string& word) {
  if (word == "none") return dgp::Normalization::none;
  if (word == "max_abs") return dgp::Normalization::max_abs;
  if (word == "standardized") return dgp::Normalization::standardized;
  throw std::invalid_argument("normalization is 'none', 'max_abs' or 'standardized', not '" + word +
                              "'");
}

}  // namespace python
