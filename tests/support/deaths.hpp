// The deaths of a diagram, in its order.
#pragma once

#include <vector>

#include <dgp/persistence_diagram.hpp>

namespace support {

template <class Scalar>
std::vector<Scalar> deaths_of(const dgp::PersistenceDiagram<Scalar>& diagram) {
  std::vector<Scalar> deaths;
  for (const auto& pair : diagram.pairs) deaths.push_back(pair.death);
  return deaths;
}
template <class Scalar>
std::vector<Scalar> deaths_of(const dgp::Persistence<Scalar>& measured) {
  return deaths_of(measured.diagram);
}

}  // namespace support
