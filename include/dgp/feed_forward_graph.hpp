// A feed-forward graph: groups of neurons joined by sets of edges, of any shape.
//
// It is built forwards: each edge set makes its target from groups that exist, so there can be no
// cycle. What measures a network of layers measures a graph too (graph_measures.hpp):
//
//   dgp::FeedForwardGraph<float> graph;
//   const auto image = graph.input({3, 32, 32});
//   const auto first = graph.convolution(image, kernel, dgp::square_window(3, 1, 1));
//   const auto pooled = graph.all_positions(first);
//   graph.output(graph.dense(pooled, W));
//
// Weights are viewed where they are, as those of layers: what lies in memory must outlive the
// graph; temporaries are kept by it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/SparseCore>

#include <dgp/concepts.hpp>
#include <dgp/detail/edges/sparse_kernel.hpp>
#include <dgp/detail/forest/numbering.hpp>
#include <dgp/detail/forest/union_find.hpp>
#include <dgp/detail/keys/special_values.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/window.hpp>

namespace dgp {

// A group of neurons of one graph: what its functions return and take.
struct Neurons {
  std::size_t group;  // counted from 0 in the order in which groups were made, views included
};

namespace detail {

enum class EdgeKind { dense, sparse, convolution, unweighted };

// What a group shows: neurons of its own, or a view of others'.
struct NeuronGroup {
  std::string name;
  NeuronShape shape;
  Vertex first;                   // of neurons of its own
  std::vector<Vertex> vertices;   // of a view; none where it shows no neuron
  std::vector<Vertex> by_vertex;  // of a view: its places that show one, ascending by vertex, place
  Index shown;                    // so many neurons, each once

  bool is_view() const { return !vertices.empty(); }
  bool repeats() const { return is_view() && shown < static_cast<Index>(by_vertex.size()); }
  Vertex operator[](Index neuron) const {
    return is_view() ? vertices[static_cast<std::size_t>(neuron)]
                     : first + static_cast<Vertex>(neuron);
  }
};

template <class Scalar>
struct EdgeSet {
  EdgeKind kind;
  std::size_t source;  // groups
  std::size_t target;
  NeuronShape source_shape;  // in which the window sees them: of a matrix, channels only
  NeuronShape target_shape;
  Window window;
  std::size_t weights;                 // number among the weighted sets
  std::optional<Scalar> strength;      // of a set without weights, where it is given
  std::optional<SparsePlaces> places;  // of a sparse set

  // Whether its weights are a matrix that joins all neurons of a position with all of another.
  bool is_matrix() const {
    return !places && window.groups == 1 && window.vertical.size * window.horizontal.size == 1;
  }
};

}  // namespace detail

// Groups of neurons and the edge sets that join them. It can be moved, not copied. What takes
// Neurons throws std::out_of_range for a group that the graph has not; what makes a group
// std::length_error where it would have more neurons, or a kernel or a sparse matrix more entries,
// than 32 bits count; all stays as it was then.
template <class Scalar>
class FeedForwardGraph {
 public:
  // New neurons that data enters by. Throws std::invalid_argument for a shape without neurons.
  Neurons input(const NeuronShape& shape, std::string name = "") {
    return add_group(std::move(name), shape, detail::Role::input);
  }

  // All pairs. weights: (fan_out × fan_in), fan_in the size of `from`, any dense expression. Throws
  // std::invalid_argument where it is another.
  template <WeightMatrix Weights>
  Neurons dense(Neurons from, Weights&& weights, std::string name = "") {
    check_fan_in(from, weights, name);
    const NeuronShape source{weights.cols()};
    const NeuronShape target{weights.rows()};
    return add_weighted(detail::EdgeKind::dense, from, source, target, {}, std::move(name),
                        std::forward<Weights>(weights));
  }

  // The stored entries, zeros included. weights: (fan_out × fan_in), copied. Throws
  // std::invalid_argument for another fan-in than the size of `from`, and for no entry.
  template <int options, class StorageIndex>
  Neurons sparse(Neurons from, const Eigen::SparseMatrix<Scalar, options, StorageIndex>& weights,
                 std::string name = "") {
    check_fan_in(from, weights, name);
    require(weights.nonZeros() > 0, name, "a sparse matrix without an entry");
    check_entries(static_cast<double>(weights.nonZeros()));
    RowMajorMatrix<Scalar> values(1, weights.nonZeros());
    detail::SparsePlaces places = places_of(weights, values);
    const NeuronShape source{weights.cols()};
    const NeuronShape target{weights.rows()};
    const Neurons to = add_weighted(detail::EdgeKind::sparse, from, source, target, {},
                                    std::move(name), std::move(values));
    sets_.back().places = std::move(places);
    return to;
  }

  // kernel: (channels out × channels in per group · window height · window width), the window's
  // places counted row by row: PyTorch's kernel with its last dimensions flattened. Throws
  // std::invalid_argument where it does not fit `from`, or no position is left.
  template <WeightMatrix Kernel>
  Neurons convolution(Neurons from, Kernel&& kernel, const Window& window, std::string name = "") {
    const auto& source = group(from);
    check_window(source, window, name);
    const Index seen = source.shape.channels / window.groups;
    const Index expected = seen * window.vertical.size * window.horizontal.size;
    require(kernel.cols() == expected && kernel.rows() % window.groups == 0, name,
            "a kernel of " + detail::shape(kernel.rows(), kernel.cols()) + " on " +
                described(source) + ", which takes (a multiple of " +
                std::to_string(window.groups) + ") x " + std::to_string(expected));
    check_entries(static_cast<double>(kernel.rows()) * static_cast<double>(kernel.cols()));
    const NeuronShape shape = slid(source.shape, kernel.rows(), window);
    return add_weighted(detail::EdgeKind::convolution, from, source.shape, shape, window,
                        std::move(name), std::forward<Kernel>(kernel));
  }

  // Each position of the window to the output position, within a channel, whatever the window's
  // groups: pooling. Unweighted edges are as strong as the network's largest weight, so that they
  // are no bottleneck. Only where weights are taken as given (Normalization::none) does their
  // strength play a part; it must be said then. Throws std::invalid_argument for one that is
  // negative or not finite, and where no position is left.
  Neurons pooling(Neurons from, Window window, std::optional<Scalar> strength = std::nullopt) {
    const auto& source = group(from);
    window.groups = source.shape.channels;
    check_window(source, window, "");
    check_strength(strength);
    const NeuronShape source_shape = source.shape;
    const NeuronShape shape = slid(source_shape, source_shape.channels, window);
    const Neurons to = add_group("", shape, detail::Role::hidden);
    join(from, to, source_shape, shape, window, strength);
    return to;
  }
  // All positions of a channel to one neuron: global pooling.
  Neurons all_positions(Neurons from, std::optional<Scalar> strength = std::nullopt) {
    const NeuronShape& shape = group(from).shape;
    return pooling(from, {{shape.height}, {shape.width}, 1}, strength);
  }
  // Neuron i to a new neuron i.
  Neurons one_to_one(Neurons from, std::optional<Scalar> strength = std::nullopt) {
    return pooling(from, {}, strength);
  }
  // Neuron i of each group to a new neuron i. Throws std::invalid_argument for groups of different
  // sizes, or none.
  Neurons sum(const std::vector<Neurons>& parts, std::optional<Scalar> strength = std::nullopt) {
    require(!parts.empty(), "", "a sum of nothing");
    for (const Neurons part : parts) {
      require(group(part).shape.size() == group(parts.front()).shape.size(), "",
              "a sum of " + described(group(parts.front())) + " and " + described(group(part)));
    }
    const Neurons to = one_to_one(parts.front(), strength);
    const NeuronShape line{1, 1, group(to).shape.size()};
    for (std::size_t i = 1; i < parts.size(); ++i) join(parts[i], to, line, line, {}, strength);
    return to;
  }

  // The channels of several groups one after the other; no new neurons. Throws
  // std::invalid_argument for grids of different sizes, or none, std::length_error for more places
  // than 32 bits count.
  Neurons concatenation(const std::vector<Neurons>& parts) {
    require(!parts.empty(), "", "a concatenation of nothing");
    NeuronShape shape = group(parts.front()).shape;
    shape.channels = 0;
    std::vector<detail::Vertex> vertices;
    for (const Neurons part : parts) {
      const auto& view = group(part);
      require(view.shape.height == shape.height && view.shape.width == shape.width, "",
              "a concatenation of " + described(group(parts.front())) + " and " + described(view));
      shape.channels += view.shape.channels;
      check_room(shape, "");
    }
    for (const Neurons part : parts) {
      const auto& view = group(part);
      for (Index i = 0; i < view.shape.size(); ++i) vertices.push_back(view[i]);
    }
    return add_view(shape, std::move(vertices));
  }
  // The same neurons in another shape and order: place i shows neuron from[i], or none where that
  // is -1 (padding). No new neurons. Throws std::invalid_argument where the sizes differ, and
  // std::out_of_range for a neuron that does not exist.
  Neurons rearranged(Neurons from, const NeuronShape& shape, const std::vector<Index>& places) {
    const auto& source = group(from);
    check_room(shape, "");
    require(
        shape.size() == static_cast<Index>(places.size()), "",
        std::to_string(places.size()) + " places for a shape of " + std::to_string(shape.size()));
    std::vector<detail::Vertex> vertices;
    for (const Index place : places) {
      if (place < -1 || place >= source.shape.size()) {
        throw std::out_of_range("feed-forward graph: neuron " + std::to_string(place) + " of " +
                                described(source));
      }
      vertices.push_back(place < 0 ? detail::no_vertex : source[place]);
    }
    return add_view(shape, std::move(vertices));
  }
  // The same neurons in another shape. Throws std::invalid_argument for one of another size.
  Neurons reshaped(Neurons from, const NeuronShape& shape) {
    check_room(shape, "");
    require(
        shape.size() == group(from).shape.size(), "",
        "a shape of " + std::to_string(shape.size()) + " neurons for " + described(group(from)));
    detail::NeuronGroup same = group(from);
    same.shape = shape;
    groups_.push_back(std::move(same));
    return {groups_.size() - 1};
  }

  // Where the network answers; edges may go on from there. Throws std::invalid_argument for an
  // input.
  void output(Neurons neurons) {
    const auto& view = group(neurons);
    for (Index i = 0; i < view.shape.size(); ++i) {
      if (view[i] == detail::no_vertex) continue;
      require(numbering_.roles()[view[i]] != detail::Role::input, "",
              described(view) + " is an input, and cannot be an output too");
      numbering_.set_role(view[i], detail::Role::output);
    }
  }

  // How a group lies.
  const NeuronShape& shape(Neurons neurons) const { return group(neurons).shape; }
  // Neurons in all, each once.
  Index neurons() const { return static_cast<Index>(numbering_.neurons()); }

  // For the measures.
  const detail::Numbering& numbering() const { return numbering_; }
  const std::vector<detail::NeuronGroup>& groups() const { return groups_; }
  const std::vector<detail::EdgeSet<Scalar>>& edge_sets() const { return sets_; }
  const detail::NetworkWeights<Scalar>& weights() const { return weights_; }

 private:
  const detail::NeuronGroup& group(Neurons neurons) const {
    if (neurons.group >= groups_.size()) {
      throw std::out_of_range("feed-forward graph: group " + std::to_string(neurons.group) +
                              " of " + std::to_string(groups_.size()));
    }
    return groups_[neurons.group];
  }

  static void require(bool fits, const std::string& name, const std::string& what) {
    if (fits) return;
    throw std::invalid_argument("feed-forward graph: " +
                                (name.empty() ? what : detail::one_line(name) + ": " + what));
  }

  std::string described(const detail::NeuronGroup& view) const {
    std::string text = "group " + std::to_string(&view - groups_.data());
    if (!view.name.empty()) text += " (" + detail::one_line(view.name) + ")";
    text += " of " + std::to_string(view.shape.channels);
    if (view.shape.positions() != 1) {
      text += "x" + std::to_string(view.shape.height) + "x" + std::to_string(view.shape.width);
    }
    return text + " neurons";
  }

  void check_window(const detail::NeuronGroup& source, const Window& window,
                    const std::string& name) const {
    require(detail::is_sound(window.vertical) && detail::is_sound(window.horizontal), name,
            "a window's size, stride and dilation are at least 1, its padding at least 0");
    require(window.groups >= 1 && source.shape.channels % window.groups == 0, name,
            std::to_string(window.groups) + " groups of channels in " + described(source));
    require(detail::positions_along(window.vertical, source.shape.height) > 0 &&
                detail::positions_along(window.horizontal, source.shape.width) > 0,
            name, "a window that is larger than " + described(source));
  }
  static NeuronShape slid(const NeuronShape& source, Index channels, const Window& window) {
    return {channels, detail::positions_along(window.vertical, source.height),
            detail::positions_along(window.horizontal, source.width)};
  }

  template <class Matrix>
  void check_fan_in(Neurons from, const Matrix& weights, const std::string& name) const {
    require(weights.cols() == group(from).shape.size(), name,
            "a matrix of " + detail::shape(weights.rows(), weights.cols()) + " on " +
                described(group(from)));
  }
  static void check_entries(double count) {
    if (count >= 0x1p32) {
      throw std::length_error("feed-forward graph: more entries of a set than 32 bits count");
    }
  }
  static void check_strength(const std::optional<Scalar>& strength) {
    const bool sound = !strength || (detail::is_finite(*strength) && !(*strength < Scalar(0)));
    require(sound, "",
            "a strength of " + detail::printed(strength.value_or(Scalar(0))) +
                ", but it must be a number of at least 0");
  }
  // Whether new neurons of this shape can be counted.
  void check_room(const NeuronShape& shape, const std::string& name) const {
    require(shape.channels > 0 && shape.height > 0 && shape.width > 0, name,
            "a group without neurons");
    const double size = static_cast<double>(shape.channels) * static_cast<double>(shape.height) *
                        static_cast<double>(shape.width);
    if (size + static_cast<double>(numbering_.neurons()) >= 0x1p32) {
      throw std::length_error("feed-forward graph: more neurons than 32 bits count");
    }
  }

  Neurons add_group(std::string name, const NeuronShape& shape, detail::Role role) {
    check_room(shape, name);
    const auto first = static_cast<detail::Vertex>(numbering_.neurons());
    numbering_.add(shape.size(), role);
    groups_.push_back({std::move(name), shape, first, {}, {}, shape.size()});
    return {groups_.size() - 1};
  }
  Neurons add_view(const NeuronShape& shape, std::vector<detail::Vertex> vertices) {
    std::vector<detail::Vertex> by_vertex;
    for (std::size_t place = 0; place < vertices.size(); ++place) {
      if (vertices[place] == detail::no_vertex) continue;
      by_vertex.push_back(static_cast<detail::Vertex>(place));
    }
    const auto earlier = [&](detail::Vertex a, detail::Vertex b) {
      return vertices[a] != vertices[b] ? vertices[a] < vertices[b] : a < b;
    };
    // As concatenations often are.
    if (!std::is_sorted(by_vertex.begin(), by_vertex.end(), earlier)) {
      std::sort(by_vertex.begin(), by_vertex.end(), earlier);
    }
    Index shown = 0;
    for (std::size_t i = 0; i < by_vertex.size(); ++i) {
      shown += i == 0 || vertices[by_vertex[i]] != vertices[by_vertex[i - 1]];
    }
    groups_.push_back({"", shape, 0, std::move(vertices), std::move(by_vertex), shown});
    return {groups_.size() - 1};
  }

  // Where anything throws, the graph is as it was.
  template <class Weights>
  Neurons add_weighted(detail::EdgeKind kind, Neurons from, NeuronShape source, NeuronShape target,
                       const Window& window, std::string name, Weights&& weights) {
    check_room(target, name);
    weights_.add(name, std::forward<Weights>(weights));
    const Neurons to = add_group(std::move(name), target, detail::Role::hidden);
    sets_.push_back({kind, from.group, to.group, source, target, window, weights_.size() - 1,
                     std::nullopt, std::nullopt});
    return to;
  }
  // Edges without weight.
  void join(Neurons from, Neurons to, const NeuronShape& source, const NeuronShape& target,
            const Window& window, std::optional<Scalar> strength) {
    sets_.push_back({detail::EdgeKind::unweighted, from.group, to.group, source, target, window, 0,
                     strength, std::nullopt});
  }

  // Entries row by row, whatever the matrix's order.
  template <class Sparse>
  static detail::SparsePlaces places_of(const Sparse& weights, RowMajorMatrix<Scalar>& values) {
    const Eigen::SparseMatrix<Scalar, Eigen::RowMajor, std::ptrdiff_t> rows(weights);
    detail::SparsePlaces places{rows.rows(), rows.cols(), {}, {}};
    std::vector<std::vector<std::pair<std::uint32_t, std::uint32_t>>> cols(
        static_cast<std::size_t>(rows.cols()));
    std::uint32_t number = 0;
    for (Index row = 0; row < rows.rows(); ++row) {
      places.by_row.begin.push_back(number);
      for (typename std::remove_cvref_t<decltype(rows)>::InnerIterator entry(rows, row); entry;
           ++entry, ++number) {
        values(0, number) = entry.value();
        places.by_row.other.push_back(static_cast<std::uint32_t>(entry.col()));
        places.by_row.entry.push_back(number);
        cols[static_cast<std::size_t>(entry.col())].emplace_back(row, number);
      }
    }
    places.by_row.begin.push_back(number);
    for (const auto& col : cols) {
      places.by_col.begin.push_back(places.by_col.other.size());
      for (const auto& [row, entry] : col) {
        places.by_col.other.push_back(row);
        places.by_col.entry.push_back(entry);
      }
    }
    places.by_col.begin.push_back(places.by_col.other.size());
    return places;
  }

  detail::Numbering numbering_;
  std::vector<detail::NeuronGroup> groups_;
  std::vector<detail::EdgeSet<Scalar>> sets_;  // in the order of execution
  detail::NetworkWeights<Scalar> weights_;
};

}  // namespace dgp
