// Entry and exit strengths of all neurons, by a sweep over all edge sources each.
//
// in:  edge sources in the order of execution, and the numbering of the neurons they join
// out: by vertex, the strength of the best path from any input, or to any output
#pragma once

#include <cstddef>
#include <vector>

#include <dgp/detail/edges/edge_source.hpp>
#include <dgp/detail/forest/numbering.hpp>

namespace dgp::detail {

template <class Scalar>
BestPaths<Scalar> paths_from(const Numbering& numbering, Role unlimited) {
  BestPaths<Scalar> paths;
  paths.strength.setConstant(static_cast<Index>(numbering.neurons()),
                             Eigen::NumTraits<Scalar>::lowest());
  paths.through.resize(numbering.neurons(), no_vertex);
  for (Vertex v = 0; v < numbering.neurons(); ++v) {
    if (numbering.roles()[v] != unlimited) continue;
    paths.strength(static_cast<Index>(v)) = Eigen::NumTraits<Scalar>::infinity();
  }
  return paths;
}

// From any input to each neuron; to inputs of strength infinity.
template <EdgeSource Source, class Scalar = typename Source::Scalar>
BestPaths<Scalar> entry_paths(const std::vector<Source>& sources, const Numbering& numbering) {
  auto entry = paths_from<Scalar>(numbering, Role::input);
  for (const Source& source : sources) source.forward(entry);
  return entry;
}

// From each neuron to any output; from outputs of strength infinity.
template <EdgeSource Source, class Scalar = typename Source::Scalar>
BestPaths<Scalar> exit_paths(const std::vector<Source>& sources, const Numbering& numbering) {
  auto exit = paths_from<Scalar>(numbering, Role::output);
  for (auto source = sources.rbegin(); source != sources.rend(); ++source) source->backward(exit);
  return exit;
}

template <class Scalar>
std::vector<Scalar> strengths_of(const BestPaths<Scalar>& paths, const Numbering& numbering,
                                 Role role) {
  std::vector<Scalar> strengths;
  for (Vertex v = 0; v < numbering.neurons(); ++v) {
    if (numbering.roles()[v] == role) strengths.push_back(paths.strength(static_cast<Index>(v)));
  }
  return strengths;
}

// A missing edge counts as one of value 0: so does a path that does not exist.
template <class Scalar>
void raise_to_zero(BestPaths<Scalar>& paths) {
  paths.strength = paths.strength.cwiseMax(Scalar(0));
}

}  // namespace dgp::detail
