// dgp: the topology of neural networks. Everything that needs only Eigen; the file readers under
// dgp/io/ are included one by one, and so is dgp/analysis/weight_fits.hpp, which needs Boost.Math.
#pragma once

#include <dgp/analysis/diagram_distance.hpp>
#include <dgp/analysis/early_stopping.hpp>
#include <dgp/analysis/shuffle_null.hpp>
#include <dgp/analysis/shuffling.hpp>
#include <dgp/analysis/spatial_concentration.hpp>
#include <dgp/analysis/weight_variance.hpp>
#include <dgp/blocked_layers.hpp>
#include <dgp/blocked_network.hpp>
#include <dgp/concepts.hpp>
#include <dgp/deep_graph_persistence.hpp>
#include <dgp/feed_forward_graph.hpp>
#include <dgp/forest_merger.hpp>
#include <dgp/gradients.hpp>
#include <dgp/graph_gradients.hpp>
#include <dgp/graph_measures.hpp>
#include <dgp/monitoring/activation.hpp>
#include <dgp/monitoring/activation_graph.hpp>
#include <dgp/monitoring/class_means.hpp>
#include <dgp/monitoring/feature_matrix.hpp>
#include <dgp/monitoring/feature_method.hpp>
#include <dgp/monitoring/kolmogorov_smirnov.hpp>
#include <dgp/monitoring/shift_detection.hpp>
#include <dgp/monitoring/shift_monitor.hpp>
#include <dgp/neural_persistence.hpp>
#include <dgp/normalization.hpp>
#include <dgp/path_strength.hpp>
#include <dgp/persistence_bounds.hpp>
#include <dgp/persistence_diagram.hpp>
#include <dgp/persistent_paths.hpp>
#include <dgp/spanning_forest.hpp>
#include <dgp/weighted_sets.hpp>
#include <dgp/window.hpp>
