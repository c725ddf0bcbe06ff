// The engine for every scalar type, compiled once (engine_of.cpp) and not in every source of the
// tests and programs. The build includes this before everything else in each of them.
#pragma once

#include <optional>
#include <vector>

#include <Eigen/Core>

#include <dgp/graph_measures.hpp>

namespace dgp::detail {

// `linkage` is extern, or nothing.
#define DGP_INSTANCES_OF_CHAINS(linkage, Scalar, Map)                                              \
  linkage template PathForest<Scalar> path_forest(const std::vector<DenseEdges<Scalar, Map>>&,     \
                                                  const Numbering&);                               \
  linkage template BestPaths<Scalar> entry_paths(const std::vector<DenseEdges<Scalar, Map>>&,      \
                                                 const Numbering&);                                \
  linkage template BestPaths<Scalar> exit_paths(const std::vector<DenseEdges<Scalar, Map>>&,       \
                                                const Numbering&);
#define DGP_INSTANCES_OF_MAP(linkage, Scalar, Map)                                                 \
  DGP_INSTANCES_OF_CHAINS(linkage, Scalar, Map)                                                    \
  linkage template PathForest<Scalar> path_forest(const std::vector<GraphEdges<Scalar, Map>>&,     \
                                                  const Numbering&);                               \
  linkage template BestPaths<Scalar> entry_paths(const std::vector<GraphEdges<Scalar, Map>>&,      \
                                                 const Numbering&);                                \
  linkage template BestPaths<Scalar> exit_paths(const std::vector<GraphEdges<Scalar, Map>>&,       \
                                                const Numbering&);                                 \
  linkage template std::optional<std::vector<Candidate<Scalar>>> layer_forest(                     \
      const WeightView<Scalar>&, const Map&);                                                      \
  linkage template RowMajorMatrix<Scalar> path_strength_matrix(const NetworkWeights<Scalar>&,      \
                                                               const std::vector<Map>&);
#define DGP_INSTANCES(linkage, Scalar)                                                             \
  DGP_INSTANCES_OF_MAP(linkage, Scalar, AsGiven<Scalar>)                                           \
  DGP_INSTANCES_OF_MAP(linkage, Scalar, Magnitude<Scalar>)                                         \
  DGP_INSTANCES_OF_MAP(linkage, Scalar, StandardizedMagnitude<Scalar>)                             \
  DGP_INSTANCES_OF_CHAINS(linkage, Scalar, PositivePart<Scalar>)                                   \
  linkage template Moments<Scalar> moments<Of::weights>(const WeightView<Scalar>&);                \
  linkage template Scalar largest_magnitude(const NetworkWeights<Scalar>&);                        \
  linkage template PersistenceDiagram<Scalar> deep_graph_diagram(const NetworkWeights<Scalar>&,    \
                                                                 Normalization, bool);

#ifndef DGP_ENGINE_OF
DGP_INSTANCES(extern, float)
DGP_INSTANCES(extern, double)
DGP_INSTANCES(extern, long double)
DGP_INSTANCES(extern, Eigen::half)
DGP_INSTANCES(extern, Eigen::bfloat16)
#endif

}  // namespace dgp::detail
