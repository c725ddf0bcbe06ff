// The strongest persistent paths of a model: in figures, in words, as JSON and for a picture.
//
// in:  a network of named layers, or a graph
// out: its groups of neurons with their names, and the paths through them
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <dgp/dgp.hpp>

#include "../console.hpp"
#include "../plot/network_picture.hpp"
#include "../words.hpp"

namespace inspect {

struct ShownPath {
  double death;
  std::optional<dgp::WeightPlace> critical_edge;
  std::optional<std::size_t> critical_step;  // from this stop to the next
  std::vector<plot::PathStop> stops;
};

struct NetworkPaths {
  std::vector<std::string> layers;         // the weighted ones
  std::vector<plot::NeuronColumn> groups;  // of neurons, in the order in which data flows
  bool is_graph;
  std::vector<ShownPath> paths;  // descending
};

// As many inputs as a square has pixels are shown as one: from 8×8 on.
inline plot::NeuronColumn input_group(std::size_t count) {
  const auto side = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(count))));
  if (side >= 8 && side * side == count) return {"input", 1, side, side};
  return {"input", count};
}

// Under the default options: those behind the standardised, rescaled variant.
template <class Matrix>
NetworkPaths strongest_paths(const std::vector<dgp::NamedLayer<Matrix>>& layers,
                             std::size_t count) {
  NetworkPaths result{{}, {}, false, {}};
  result.groups.push_back(input_group(static_cast<std::size_t>(layers.front().weights.cols())));
  for (const auto& layer : layers) {
    result.layers.push_back(layer.name);
    result.groups.push_back(
        {layer.name, static_cast<std::size_t>(layer.weights.rows()), 1, 1, true});
  }
  for (const auto& path : dgp::persistent_paths(layers, {.count = count})) {
    ShownPath& shown = result.paths.emplace_back();
    shown.death = static_cast<double>(path.death);
    shown.critical_edge = path.critical_edge;
    shown.critical_step = path.critical_edge.layer;
    for (std::size_t k = 0; k < path.neurons.size(); ++k) {
      shown.stops.push_back({k, static_cast<std::size_t>(path.neurons[k])});
    }
  }
  return result;
}

// What a group without a name does: its edges have no weights.
template <class Scalar>
std::string work_of(const dgp::FeedForwardGraph<Scalar>& graph, std::size_t group) {
  std::size_t sets = 0;
  bool pools = false;
  for (const auto& set : graph.edge_sets()) {
    if (set.target != group) continue;
    ++sets;
    pools = pools || set.window.vertical.size * set.window.horizontal.size > 1;
  }
  return sets == 0 ? "input" : pools ? "pooling" : sets > 1 ? "sum" : "one to one";
}

// Whether all neurons of a group are joined with all of another by one matrix.
template <class Scalar>
bool joins_all(const dgp::FeedForwardGraph<Scalar>& graph, std::size_t from, std::size_t to) {
  const auto& groups = graph.groups();
  for (const auto& set : graph.edge_sets()) {
    const auto& source = groups[set.source];
    const bool is_whole = !source.is_view() && source.first == groups[from].first;
    const bool is_dense = set.is_matrix() && set.source_shape.positions() == 1;
    if (set.target == to && is_whole && is_dense) return true;
  }
  return false;
}

// Groups of one name get numbers: "pooling#1", "pooling#2".
inline void tell_apart(std::vector<plot::NeuronColumn>& groups) {
  std::map<std::string, std::vector<plot::NeuronColumn*>> by_name;
  for (auto& group : groups) by_name[group.name].push_back(&group);
  for (const auto& [name, alike] : by_name) {
    for (std::size_t i = 0; alike.size() > 1 && i < alike.size(); ++i) {
      alike[i]->name = name + "#" + std::to_string(i + 1);
    }
  }
}

template <class Scalar>
NetworkPaths strongest_paths(const dgp::FeedForwardGraph<Scalar>& graph, std::size_t count) {
  const auto paths = dgp::persistent_paths(graph, {.count = count});
  NetworkPaths result{{}, {}, true, {}};
  for (const auto& set : dgp::weighted_sets(graph)) result.layers.push_back(set.name);
  std::vector<std::size_t> groups;
  for (const auto& [neurons, name, shape] : dgp::neuron_groups(graph)) {
    groups.push_back(neurons.group);
    result.groups.push_back({name.empty() ? work_of(graph, neurons.group) : name,
                             static_cast<std::size_t>(shape.channels),
                             static_cast<std::size_t>(shape.height),
                             static_cast<std::size_t>(shape.width)});
  }
  tell_apart(result.groups);
  for (std::size_t k = 1; k < groups.size(); ++k) {
    result.groups[k].joins_all = joins_all(graph, groups[k - 1], groups[k]);
  }
  for (const auto& path : paths) {
    ShownPath& shown = result.paths.emplace_back();
    shown.death = static_cast<double>(path.death);
    shown.critical_edge = path.critical_edge;
    for (const auto& neuron : path.neurons) {
      const auto at = std::lower_bound(groups.begin(), groups.end(), neuron.group);
      shown.stops.push_back(
          {static_cast<std::size_t>(at - groups.begin()), static_cast<std::size_t>(neuron.index)});
    }
    if (!path.critical_edge) continue;
    const auto step = std::find(path.edges.begin(), path.edges.end(), path.critical_edge);
    shown.critical_step = static_cast<std::size_t>(step - path.edges.begin());
  }
  return result;
}

// "12", or of a grid "3 (12, 7)": channel and place. Inputs that are merely shown as a square have
// their number.
inline std::string neuron_words(const NetworkPaths& network, const plot::PathStop& stop) {
  const auto& group = network.groups[stop.column];
  const bool has_places = group.height > 1 || group.width > 1;
  if (!network.is_graph || !has_places) return std::to_string(stop.neuron);
  const std::size_t place = stop.neuron % (group.height * group.width);
  return std::to_string(stop.neuron / (group.height * group.width)) + " (" +
         std::to_string(place / group.width) + ", " + std::to_string(place % group.width) + ")";
}

// Of a deep network, the first and the last neurons.
inline std::string stops_in_words(const NetworkPaths& network, const ShownPath& path) {
  constexpr std::size_t most = 24;
  constexpr std::size_t shown = 4;  // of more, at either end
  const std::size_t count = path.stops.size();
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    if (!text.empty()) text += " → ";
    if (count > most && i == shown) {
      text += "… (" + std::to_string(count - 2 * shown) + " more) → ";
      i = count - shown;
    }
    const auto& stop = path.stops[i];
    text += words::one_line(network.groups[stop.column].name) + " " + neuron_words(network, stop);
  }
  return text;
}

inline void print_paths(const NetworkPaths& network) {
  if (network.paths.empty()) {
    std::cout << "\nNo persistent paths: nothing joins an input and an output.\n";
    return;
  }
  std::vector<std::vector<std::string>> rows{{"persistent paths", "death", "critical edge"}};
  for (std::size_t k = 0; k < network.paths.size(); ++k) {
    const auto& path = network.paths[k];
    const auto& edge = path.critical_edge;
    rows.push_back({"  " + std::to_string(k + 1), console::number("%.6f", path.death),
                    edge ? words::one_line(network.layers[edge->layer]) + " (" +
                               std::to_string(edge->row) + ", " + std::to_string(edge->col) + ")"
                         : "-"});
  }
  std::cout << "\n";
  console::print_rows(rows, [&](std::size_t r) {
    if (r > 0) std::cout << "    " << stops_in_words(network, network.paths[r - 1]) << "\n";
  });
}

inline const char* paths_note() {
  return "Each persistent path is the strongest from an input to an output that those before it\n"
         "leave apart. It is as strong as its weakest edge, the critical one, whose value is the\n"
         "death of a pair of deep graph persistence, standardised and rescaled; (row, column) is\n"
         "the place of its weight. Neurons count from 0.\n";
}

inline nlohmann::ordered_json json_of(const NetworkPaths& network) {
  using nlohmann::ordered_json;
  ordered_json list = ordered_json::array();
  for (const auto& path : network.paths) {
    ordered_json entry;
    entry["death"] = path.death;
    entry["critical_edge"] = nullptr;
    if (const auto& edge = path.critical_edge) {
      entry["critical_edge"] = {
          {"layer", network.layers[edge->layer]}, {"row", edge->row}, {"col", edge->col}};
    }
    entry["neurons"] = ordered_json::array();
    for (const auto& stop : path.stops) {
      if (network.is_graph) {
        entry["neurons"].push_back({{"group", network.groups[stop.column].name},
                                    {"number", stop.column},
                                    {"index", stop.neuron}});
      } else {
        entry["neurons"].push_back(stop.neuron);
      }
    }
    list.push_back(std::move(entry));
  }
  return list;
}

inline plot::NetworkPicture picture_of(const NetworkPaths& network, const std::string& name) {
  const std::size_t count = network.paths.size();
  plot::NetworkPicture picture;
  picture.title = (count == 0 ? "No paths through " : "Strongest paths through ") + name;
  picture.note = "Nothing joins an input and an output.";
  if (count > 0) {
    picture.note =
        std::to_string(count) + (count == 1 ? " path that joins" : " paths, each of which joins") +
        " an input and an output that no stronger paths join. A path is as strong as its weakest "
        "edge: a death of deep graph persistence.";
  }
  picture.columns = network.groups;
  if (!network.is_graph && picture.columns.front().is_image()) {
    picture.columns.front().name =
        std::to_string(network.groups.front().size()) + " inputs, drawn as";
  }
  for (const auto& path : network.paths) {
    picture.paths.push_back({path.death, path.stops, path.critical_step});
  }
  return picture;
}

}  // namespace inspect
