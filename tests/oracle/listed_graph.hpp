// Random feed-forward graphs, and beside each the list of all its edges.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <Eigen/SparseCore>

#include <dgp/feed_forward_graph.hpp>

#include "../support/random_network.hpp"
#include "naive.hpp"

namespace listed {

using Eigen::Index;
using support::Random;

template <class Scalar>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

// An edge of a listed graph, and where its set stores its weight.
struct ListedEdge {
  int from;
  int to;
  Index row;
  Index col;
};

template <class Scalar>
struct ListedSet {
  std::vector<int> neurons;  // of source and target, each once
  std::vector<ListedEdge> edges;
  Matrix<Scalar> stored;  // its weights; empty where it has none
};

// What a graph shows of itself to who lists it: a group is a list of neurons, -1 for none.
struct ListedGroup {
  dgp::Neurons handle;
  dgp::NeuronShape shape;
  std::vector<int> neurons;
};

template <class Scalar>
class Builder {
 public:
  explicit Builder(Random& random) : random_(random) {}

  dgp::FeedForwardGraph<Scalar> graph;
  std::vector<ListedSet<Scalar>> sets;
  std::vector<int> inputs;
  std::vector<int> outputs;
  int neurons = 0;

  const std::vector<ListedGroup>& groups() const { return groups_; }

  // Its sets' weights under a normalisation; none where the definition leaves last bits open.
  std::vector<naive::Matrix<Scalar>> values(bool standardize) const {
    std::vector<naive::Matrix<Scalar>> stored;
    for (const auto& set : sets) {
      if (set.stored.size() > 0) stored.push_back(set.stored);
    }
    if (!standardize) return naive::scaled_together(stored);
    if (std::any_of(stored.begin(), stored.end(), naive::constant<Scalar>)) return {};
    return naive::standardized(stored);
  }

  void build(int steps) {
    do {
      const dgp::NeuronShape shape{1 + random_.below(3), 1 + random_.below(4),
                                   1 + random_.below(4)};
      groups_.push_back({graph.input(shape), shape, fresh(shape)});
      inputs.insert(inputs.end(), groups_.back().neurons.begin(), groups_.back().neurons.end());
    } while (random_.below(4) == 0);
    for (int step = 0; step < steps || graph.weights().size() == 0; ++step) add_some();
    // The last group that is no input, and now and then another.
    bool any = false;
    for (std::size_t g = groups_.size(); g-- > 0;) {
      const bool is_input = std::any_of(
          groups_[g].neurons.begin(), groups_[g].neurons.end(),
          [&](int neuron) { return std::count(inputs.begin(), inputs.end(), neuron) > 0; });
      const bool none = std::all_of(groups_[g].neurons.begin(), groups_[g].neurons.end(),
                                    [](int neuron) { return neuron < 0; });
      if (is_input || none || (any && random_.below(5) > 0)) continue;
      any = true;
      graph.output(groups_[g].handle);
      for (const int neuron : groups_[g].neurons) {
        if (neuron >= 0 && std::count(outputs.begin(), outputs.end(), neuron) == 0) {
          outputs.push_back(neuron);
        }
      }
    }
  }

 private:
  std::vector<int> fresh(const dgp::NeuronShape& shape) {
    std::vector<int> numbers;
    for (Index i = 0; i < shape.size(); ++i) numbers.push_back(neurons++);
    return numbers;
  }
  const ListedGroup& some_group() {
    // The later ones more often, so that graphs are deep.
    const int count = static_cast<int>(groups_.size());
    const int a = random_.below(count);
    const int b = random_.below(count);
    return groups_[static_cast<std::size_t>(std::max(a, b))];
  }
  dgp::WindowSide some_side(Index length) {
    dgp::WindowSide side;
    do {
      side.size = 1 + random_.below(3);
      side.stride = 1 + random_.below(3);
      side.padding_before = random_.below(4);
      side.padding_after = random_.below(4);
      side.dilation = 1 + random_.below(2);
    } while ((side.size - 1) * side.dilation + 1 >
             length + side.padding_before + side.padding_after);
    return side;
  }
  Matrix<Scalar> some_weights(Index rows, Index cols) {
    const auto kind =
        static_cast<support::Kind>(random_.below(static_cast<int>(support::Kind::count) - 1));
    Matrix<Scalar> weights = support::random_matrix<Scalar>(random_, kind, static_cast<int>(rows),
                                                            static_cast<int>(cols));
    if (weights.minCoeff() == weights.maxCoeff()) weights(0, 0) = Scalar(0.75);
    return weights;
  }
  ListedSet<Scalar> set_of(const ListedGroup& from, const std::vector<int>& to) {
    ListedSet<Scalar> set;
    for (const int neuron : from.neurons) {
      if (neuron >= 0) set.neurons.push_back(neuron);
    }
    std::sort(set.neurons.begin(), set.neurons.end());
    set.neurons.erase(std::unique(set.neurons.begin(), set.neurons.end()), set.neurons.end());
    set.neurons.insert(set.neurons.end(), to.begin(), to.end());
    return set;
  }
  void list(ListedSet<Scalar>& set, int from, int to, Index row = 0, Index col = 0) {
    if (from >= 0) set.edges.push_back({from, to, row, col});
  }
  // The edges of a window.
  void list_window(ListedSet<Scalar>& set, const ListedGroup& from, const dgp::NeuronShape& shape,
                   const std::vector<int>& to, const dgp::Window& window) {
    const Index seen = from.shape.channels / window.groups;
    const Index made = shape.channels / window.groups;
    for (Index o = 0; o < shape.channels; ++o) {
      for (Index c = o / made * seen; c < (o / made + 1) * seen; ++c) {
        for (Index i = 0; i < window.vertical.size; ++i) {
          for (Index j = 0; j < window.horizontal.size; ++j) {
            for (Index y = 0; y < shape.height; ++y) {
              for (Index x = 0; x < shape.width; ++x) {
                const Index row = y * window.vertical.stride + i * window.vertical.dilation -
                                  window.vertical.padding_before;
                const Index col = x * window.horizontal.stride + j * window.horizontal.dilation -
                                  window.horizontal.padding_before;
                if (row < 0 || col < 0 || row >= from.shape.height || col >= from.shape.width) {
                  continue;
                }
                const Index place =
                    ((c % seen) * window.vertical.size + i) * window.horizontal.size + j;
                const Index source = (c * from.shape.height + row) * from.shape.width + col;
                const Index target = (o * shape.height + y) * shape.width + x;
                list(set, from.neurons[static_cast<std::size_t>(source)],
                     to[static_cast<std::size_t>(target)], o, place);
              }
            }
          }
        }
      }
    }
  }
  static Index along(const dgp::WindowSide& side, Index length) {
    return (length + side.padding_before + side.padding_after - (side.size - 1) * side.dilation -
            1) /
               side.stride +
           1;
  }

  void add_some() {
    const ListedGroup from = some_group();
    const Index size = from.shape.size();
    switch (random_.below(10)) {
      case 0:
      case 1: {  // dense
        const dgp::NeuronShape shape{1 + random_.below(6)};
        auto weights = some_weights(shape.channels, size);
        const auto handle = graph.dense(from.handle, Matrix<Scalar>(weights));
        const auto to = fresh(shape);
        auto set = set_of(from, to);
        for (Index r = 0; r < weights.rows(); ++r) {
          for (Index c = 0; c < size; ++c) {
            list(set, from.neurons[static_cast<std::size_t>(c)], to[static_cast<std::size_t>(r)], r,
                 c);
          }
        }
        set.stored = weights;
        sets.push_back(set);
        groups_.push_back({handle, shape, to});
        return;
      }
      case 2: {  // sparse
        const dgp::NeuronShape shape{1 + random_.below(6)};
        auto weights = some_weights(shape.channels, size);
        std::vector<Eigen::Triplet<Scalar>> entries;
        for (Index r = 0; r < weights.rows(); ++r) {
          for (Index c = 0; c < size; ++c) {
            if (random_.below(3) > 0 || r + c == 0) {
              entries.emplace_back(static_cast<int>(r), static_cast<int>(c), weights(r, c));
            }
          }
        }
        Eigen::SparseMatrix<Scalar> matrix(weights.rows(), size);
        matrix.setFromTriplets(entries.begin(), entries.end());
        const auto handle = graph.sparse(from.handle, matrix);
        const auto to = fresh(shape);
        auto set = set_of(from, to);
        set.stored.resize(1, static_cast<Index>(entries.size()));
        // Sums of the values depend on their order: row by row.
        for (std::size_t i = 0; i < entries.size(); ++i) {
          set.stored(0, static_cast<Index>(i)) = entries[i].value();
          list(set, from.neurons[static_cast<std::size_t>(entries[i].col())],
               to[static_cast<std::size_t>(entries[i].row())], 0, static_cast<Index>(i));
        }
        sets.push_back(set);
        groups_.push_back({handle, shape, to});
        return;
      }
      case 3:
      case 4:
      case 5: {  // convolution
        dgp::Window window{some_side(from.shape.height), some_side(from.shape.width), 1};
        if (random_.below(3) == 0) window.groups = from.shape.channels;
        const dgp::NeuronShape shape{window.groups * (1 + random_.below(2)),
                                     along(window.vertical, from.shape.height),
                                     along(window.horizontal, from.shape.width)};
        if (shape.size() > 60) return;
        auto kernel =
            some_weights(shape.channels, from.shape.channels / window.groups *
                                             window.vertical.size * window.horizontal.size);
        const auto handle = graph.convolution(from.handle, Matrix<Scalar>(kernel), window);
        const auto to = fresh(shape);
        auto set = set_of(from, to);
        list_window(set, from, shape, to, window);
        set.stored = kernel;
        sets.push_back(set);
        groups_.push_back({handle, shape, to});
        return;
      }
      case 6: {  // pooling, or all positions
        dgp::Window window{some_side(from.shape.height), some_side(from.shape.width), 1};
        dgp::Neurons handle{};
        if (random_.below(3) == 0) {
          window = {{from.shape.height}, {from.shape.width}, 1};
          handle = graph.all_positions(from.handle);
        } else {
          handle = graph.pooling(from.handle, window);
        }
        window.groups = from.shape.channels;
        const dgp::NeuronShape shape{from.shape.channels, along(window.vertical, from.shape.height),
                                     along(window.horizontal, from.shape.width)};
        const auto to = fresh(shape);
        auto set = set_of(from, to);
        list_window(set, from, shape, to, window);
        sets.push_back(set);
        groups_.push_back({handle, shape, to});
        return;
      }
      case 7: {  // sum
        std::vector<dgp::Neurons> parts{from.handle};
        std::vector<ListedGroup> listed{from};
        for (const auto& group : groups_) {
          if (group.shape.size() == size && random_.below(2) == 0) {
            parts.push_back(group.handle);
            listed.push_back(group);
          }
        }
        const auto handle = graph.sum(parts);
        const auto to = fresh(from.shape);
        for (const auto& group : listed) {
          auto set = set_of(group, to);
          for (std::size_t i = 0; i < to.size(); ++i) list(set, group.neurons[i], to[i]);
          sets.push_back(set);
        }
        groups_.push_back({handle, from.shape, to});
        return;
      }
      case 8: {  // concatenation
        ListedGroup all{from.handle, from.shape, from.neurons};
        std::vector<dgp::Neurons> parts{from.handle};
        for (const auto& group : groups_) {
          const bool fits = group.shape.height == from.shape.height &&
                            group.shape.width == from.shape.width && random_.below(2) == 0;
          if (!fits || all.neurons.size() > 60) continue;
          parts.push_back(group.handle);
          all.shape.channels += group.shape.channels;
          all.neurons.insert(all.neurons.end(), group.neurons.begin(), group.neurons.end());
        }
        all.handle = graph.concatenation(parts);
        groups_.push_back(all);
        return;
      }
      default: {  // another order, with places that are no neurons
        ListedGroup view;
        std::vector<Index> places;
        for (Index i = 0; i < size; ++i) {
          const Index place = random_.below(4) == 0 ? -1 : random_.below(static_cast<int>(size));
          places.push_back(place);
          view.neurons.push_back(place < 0 ? -1 : from.neurons[static_cast<std::size_t>(place)]);
        }
        view.shape = {from.shape.width, from.shape.channels, from.shape.height};
        view.handle = graph.rearranged(from.handle, view.shape, places);
        groups_.push_back(view);
        return;
      }
    }
  }

  Random& random_;
  std::vector<ListedGroup> groups_;
};

template <class Scalar>
struct ValuedEdge {
  int from;
  int to;
  Scalar value;
};

}  // namespace listed
