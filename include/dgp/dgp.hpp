// dgp: the topology of neural networks. Everything that needs only Eigen; the file readers under
// dgp/io/ are included one by one, and so is dgp/weight_fits.hpp, which needs Boost.Math.
#pragma once

#include <dgp/activation_graph.hpp>
#include <dgp/class_means.hpp>
#include <dgp/concepts.hpp>
#include <dgp/deep_graph_persistence.hpp>
#include <dgp/early_stopping.hpp>
#include <dgp/kolmogorov_smirnov.hpp>
#include <dgp/neural_persistence.hpp>
#include <dgp/normalization.hpp>
#include <dgp/path_strength.hpp>
#include <dgp/persistence_bounds.hpp>
#include <dgp/persistence_diagram.hpp>
#include <dgp/shift_detection.hpp>
#include <dgp/shift_monitor.hpp>
#include <dgp/shuffling.hpp>
#include <dgp/spanning_forest.hpp>
#include <dgp/spatial_concentration.hpp>
#include <dgp/weight_variance.hpp>
