// The methods by which one sample becomes a feature vector, and their names.
#pragma once

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

#include <dgp/detail/messages.hpp>

namespace dgp {

// What a sample is described by, under the published names. G_k are the layers of the sample's
// activation graph (activation_graph.hpp), S is the path-strength matrix (path_strength.hpp) of all
// abs(G_k).
enum class FeatureMethod {
  dgp,                  // the deaths of S, descending: n_in + n_out - 1 values
  dgp_normalize,        // the same, divided by the sample's largest abs(G)
  dgp_var,              // the same of abs((G - mean) / (std + 1e-8)), per layer, std with n - 1
  dgp_var_normalize,    // the same as dgp_var, divided by the sample's largest value
  dgp_approximate,      // maxima of S by input, then by output: n_in + n_out values
  dgp_var_approximate,  // those of dgp_var's S
  topological,       // per layer, weights of the maximum spanning forest of abs(G_k), descending:
                     // fan_in + fan_out - 1 values (Topological Uncertainty, Lacombe et al. 2021)
  topological_var,   // the same of abs((G - mean) / (std + 1e-8)), population std
  magdiff,           // the last G, row by row
  softmax,           // of the network's outputs
  logit,             // the network's outputs
  input_activation,  // the activations of each hidden layer
};

// All of them, in this order.
inline constexpr std::array<FeatureMethod, 12> feature_methods{FeatureMethod::dgp,
                                                               FeatureMethod::dgp_normalize,
                                                               FeatureMethod::dgp_var,
                                                               FeatureMethod::dgp_var_normalize,
                                                               FeatureMethod::dgp_approximate,
                                                               FeatureMethod::dgp_var_approximate,
                                                               FeatureMethod::topological,
                                                               FeatureMethod::topological_var,
                                                               FeatureMethod::magdiff,
                                                               FeatureMethod::softmax,
                                                               FeatureMethod::logit,
                                                               FeatureMethod::input_activation};

// The published name of a method, as of the enumerator.
constexpr std::string_view name_of(FeatureMethod method) {
  constexpr std::array<std::string_view, feature_methods.size()> names{"dgp",
                                                                       "dgp_normalize",
                                                                       "dgp_var",
                                                                       "dgp_var_normalize",
                                                                       "dgp_approximate",
                                                                       "dgp_var_approximate",
                                                                       "topological",
                                                                       "topological_var",
                                                                       "magdiff",
                                                                       "softmax",
                                                                       "logit",
                                                                       "input_activation"};
  return names[static_cast<std::size_t>(method)];
}

// The method of that name. Throws std::invalid_argument for any other name.
inline FeatureMethod feature_method(std::string_view name) {
  for (const FeatureMethod method : feature_methods) {
    if (name_of(method) == name) return method;
  }
  std::string message =
      "unknown feature method '" + detail::one_line(std::string(name)) + "'; one of";
  for (const FeatureMethod method : feature_methods) message += " " + std::string(name_of(method));
  throw std::invalid_argument(message);
}

}  // namespace dgp
