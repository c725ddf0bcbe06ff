// The merges of one sample's activation graph, without a pass over its edges.
//
// in:  presorted layers, the activations of one sample, and its scale for each layer
// out: entry and exit strengths of all neurons, and the deaths of the path strengths between inputs
//      and outputs (deep_graph_persistence.hpp; for a single layer these are the weights of its
//      maximum spanning forest)
//
// The theorem of deep_graph_persistence.hpp, on layers that give away the heaviest edges of each
// input neuron first (presorted_layer.hpp), so that each step ends when what is left cannot matter:
//   1. Entry strengths, forwards: about four edges for each output neuron, those above a sampled
//      threshold, reach nearly all; the others look at all their edges.
//   2. Exit strengths, backwards: an input neuron's edges are read until they are no heavier than
//      the best path found.
//   3. Kruskal's algorithm on the heaviest edges and the best edge of each neuron: its value is the
//      lesser of the neuron's two strengths.
//   4. While inputs and outputs are apart, the best edge out of each component but the one that
//      would cost most to look at (Boruvka).
// For random weights time O(n log n) for n neurons; O(weights · log n) at worst. Nothing is
// allocated once the workspace has served a sample of these layers.
//
// A forest of its own beside path_forest.hpp, since it works on edges in order and not on passes:
// most edges are never looked at, and no memory is asked for. kruskal.hpp says why the heaviest and
// the best edges may come in one batch.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/edges/edge_source.hpp>
#include <dgp/detail/edges/presorted_layer.hpp>
#include <dgp/detail/forest/kruskal.hpp>
#include <dgp/detail/forest/numbering.hpp>
#include <dgp/detail/keys/ordered_bits.hpp>
#include <dgp/detail/keys/special_values.hpp>
#include <dgp/detail/sample_stream.hpp>

namespace dgp::detail {

// By the bits of their values, which are not negative, digit after digit; equal ones keep their
// order. `spare` is for work.
template <class Scalar>
void sort_descending(std::vector<Candidate<Scalar>>& edges, std::vector<Candidate<Scalar>>& spare) {
  if constexpr (!has_ordered_bits<Scalar>) {
    std::sort(edges.begin(), edges.end(), appears_earlier);
  } else {
    using Key = Bits<Scalar>;
    constexpr std::size_t digit_bits = 11;
    constexpr std::size_t digits = (8 * sizeof(Key) + digit_bits - 1) / digit_bits;
    constexpr std::size_t radix = std::size_t{1} << digit_bits;
    const auto digit_of = [](const Candidate<Scalar>& edge, std::size_t which) {
      const auto key = static_cast<Key>(~Eigen::numext::bit_cast<Key>(edge.value));
      return static_cast<std::size_t>(key >> (which * digit_bits)) % radix;
    };
    std::array<std::array<std::uint32_t, radix>, digits> places{};
    for (const auto& edge : edges) {
      for (std::size_t which = 0; which < digits; ++which) ++places[which][digit_of(edge, which)];
    }
    spare.resize(edges.size());
    for (std::size_t which = 0; which < digits; ++which) {
      auto& next = places[which];
      std::exclusive_scan(next.begin(), next.end(), next.begin(), std::uint32_t{0});
      for (const auto& edge : edges) spare[next[digit_of(edge, which)]++] = edge;
      edges.swap(spare);
    }
    if constexpr (digits % 2 == 1) {  // each vector back to its own memory
      edges.swap(spare);
      edges = spare;
    }
  }
}

template <class Scalar>
class SampleForest {
 public:
  using Vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;
  using Array = Eigen::Array<Scalar, Eigen::Dynamic, 1>;

  // The layers first … first + count - 1 of a network; activations[first + k] are those of the
  // inputs of layer first + k. Everything must stay while the results are asked for.
  void set_layers(const std::vector<PresortedLayer<Scalar>>& layers, std::size_t first,
                  std::size_t count, const std::vector<Vector>& activations,
                  const std::vector<ActivationScale<Scalar>>& scales) {
    layers_ = layers.data() + first;
    first_ = first;
    count_ = count;
    activations_ = activations.data() + first;
    scales_ = scales.data() + first;
    numbering_.clear();
    numbering_.add(layers_[0].cols(), Role::input);
    for (std::size_t k = 0; k < count; ++k) {
      numbering_.add(layers_[k].rows(), k + 1 == count ? Role::output : Role::hidden);
    }
    const std::size_t neurons = numbering_.neurons();
    best_edge_.resize(neurons);
    if (entry_.size() != layers.size() + 1) {
      entry_.resize(layers.size() + 1);
      exit_.resize(layers.size() + 1);
      values_.resize(layers.size());
    }
    std::size_t widest = 0;
    for (std::size_t k = 0; k < count; ++k) {
      values_[first + k].resize(layers_[k].cols());
      widest = std::max(widest, static_cast<std::size_t>(layers_[k].rows()));
    }
    batch_.edges.reserve(edges_per_neuron * neurons + widest + neurons);
    spare_.reserve(batch_.edges.capacity());
    component_.resize(neurons);
    cost_.resize(neurons);
    best_.resize(neurons);
    find_entry_strengths();
    find_exit_strengths();
  }

  // Of the outputs: the row maxima of S. Of the inputs: its column maxima.
  const Vector& entry_strengths() const { return entry_[first_ + count_]; }
  const Vector& exit_strengths() const { return exit_[first_]; }

  // The edges whose values are the deaths, descending; n_in + n_out - 1 of them.
  const std::vector<Candidate<Scalar>>& terminal_merges() {
    forest_.reset(numbering_);
    replay_.reset(numbering_);
    collect_heaviest();
    sort_descending(batch_.edges, spare_);
    forest_.add_descending(batch_.edges);
    if (forest_.finished()) return forest_.terminal_merges();
    while (!forest_.finished()) {
      collect_best();
      if (batch_.edges.empty()) throw std::logic_error("activation graph: no edge leads on");
      forest_.add(batch_.edges);
    }
    // Batches did not come in order, so the merges are replayed from the heaviest.
    sort_descending(forest_.accepted(), spare_);
    replay_.add_descending(forest_.accepted());
    return replay_.terminal_merges();
  }

 private:
  static constexpr double entry_edges_per_row = 4;    // of which e^-4 of the rows get none
  static constexpr std::size_t edges_per_neuron = 8;  // at most, in step 3

  // Of each layer of neurons in a place of its own, as memory of another size would be given back.
  Vector& entry(std::size_t k) { return entry_[first_ + k]; }
  Vector& exit(std::size_t k) { return exit_[first_ + k]; }

  Vertex first_vertex(std::size_t k) const { return numbering_.groups()[k].first; }
  Vertex col_vertex(std::size_t k, Index col) const {
    return first_vertex(k) + static_cast<Vertex>(col);
  }
  Vertex row_vertex(std::size_t k, Index row) const {
    return first_vertex(k + 1) + static_cast<Vertex>(row);
  }

  // The values, under the entry strengths, of all edges into one output neuron.
  const Array& row_values(std::size_t k, Index row) {
    Array& values = values_[first_ + k];
    values = scales_[k]
                 .values(layers_[k].weights().row(row).transpose().array(), activations_[k].array())
                 .min(entry(k).array());
    return values;
  }

  // A value that about `wanted` edges of a layer lie above, under the entry strengths; one that all
  // are above where that is most of them.
  Scalar sampled_threshold(std::size_t k, double wanted) {
    constexpr double rank = 8;  // of the threshold in the sample: its accuracy is 1 / sqrt(rank)
    constexpr Index side_by_side = 8;  // fetched from memory together
    const auto& weights = layers_[k].weights();
    const auto all = static_cast<double>(weights.size());
    if (all < 4 * wanted) return Scalar(-1);
    SampleStream random;  // its numbers decide the order of the work, never the result
    const auto below = [&](Index bound) {
      return static_cast<Index>(((random() >> 32) * static_cast<std::uint64_t>(bound)) >> 32);
    };
    const Index count = std::min(side_by_side, weights.cols());
    drawn_.clear();
    for (auto left = static_cast<Index>(std::ceil(rank / wanted * all)); left > 0; left -= count) {
      drawn_.emplace_back(below(weights.rows()), below(weights.cols() - count + 1));
      Eigen::internal::prefetch(&weights(drawn_.back().first, drawn_.back().second));
    }
    sample_.clear();
    for (const auto& [row, col] : drawn_) {
      for (Index i = col; i < col + count; ++i) {
        sample_.push_back(std::min(entry(k)(i), scales_[k](weights(row, i), activations_[k](i))));
      }
    }
    // With so few in front, this looks at most values once.
    const auto nth = sample_.begin() + static_cast<std::ptrdiff_t>(rank);
    std::partial_sort(sample_.begin(), nth + 1, sample_.end(), std::greater<Scalar>());
    return *nth;
  }

  // A value that the best edges of a twentieth of the neurons lie above, by every eighth neuron:
  // the heaviest edges connect these, and most others hang on them by their best edge.
  Scalar threshold_of_best() {
    constexpr Index step = 8;
    sample_.clear();
    for (std::size_t k = 0; k <= count_; ++k) {
      for (Index i = 0; i < entry(k).size(); i += step) {
        sample_.push_back(std::min(entry(k)(i), exit(k)(i)));
      }
    }
    const auto nth = sample_.begin() + static_cast<std::ptrdiff_t>(sample_.size() / 20);
    std::nth_element(sample_.begin(), nth, sample_.end(), std::greater<Scalar>());
    return *nth;
  }

  void find_entry_strengths() {
    entry(0).setConstant(layers_[0].cols(), Eigen::NumTraits<Scalar>::infinity());
    for (std::size_t k = 0; k < count_; ++k) {
      const PresortedLayer<Scalar>& layer = layers_[k];
      entry_threshold_ =
          sampled_threshold(k, entry_edges_per_row * static_cast<double>(layer.rows()));
      const Scalar threshold = entry_threshold_;
      Vector& reached = entry(k + 1);
      reached.setConstant(layer.rows(), Scalar(-1));
      Scalar* best = reached.data();
      for (Index col = 0; col < layer.cols(); ++col) {
        const Scalar cap = entry(k)(col);
        if (!(threshold < cap)) continue;
        const auto visit = [&](const Scalar& value, Vertex row) {
          if (!(threshold < value)) return false;
          best[row] = std::max(best[row], std::min(cap, value));
          return true;
        };
        layer.visit_edges(col, activations_[k](col), scales_[k], visit);
      }
      for (Index row = 0; row < layer.rows(); ++row) {
        if (!(reached(row) < Scalar(0))) continue;
        Index col = 0;
        reached(row) = row_values(k, row).maxCoeff(&col);
        best_edge_[row_vertex(k, row)] = col_vertex(k, col);
      }
    }
  }

  void find_exit_strengths() {
    exit(count_).setConstant(layers_[count_ - 1].rows(), Eigen::NumTraits<Scalar>::infinity());
    for (std::size_t k = count_; k-- > 0;) {
      const PresortedLayer<Scalar>& layer = layers_[k];
      const Vector& beyond = exit(k + 1);
      Index strongest = 0;
      const Scalar most = beyond.maxCoeff(&strongest);
      exit(k).resize(layer.cols());
      for (Index col = 0; col < layer.cols(); ++col) {
        const Scalar activation = activations_[k](col);
        // One to begin with; without activation all edges are equal, and it is the best.
        auto best_row = static_cast<Vertex>(strongest);
        Scalar best = std::min(most, scales_[k](layer.weights()(strongest, col), activation));
        const auto visit = [&](const Scalar& value, Vertex row) {
          if (!(best < value)) return false;
          const Scalar strength = std::min(value, beyond(static_cast<Index>(row)));
          if (best < strength) {
            best = strength;
            best_row = row;
          }
          return true;
        };
        if (activation != Scalar(0)) layer.visit_edges(col, activation, scales_[k], visit);
        exit(k)(col) = best;
        best_edge_[col_vertex(k, col)] = first_vertex(k + 1) + best_row;
      }
    }
  }

  // The edges above a threshold, and the best one of each neuron.
  void collect_heaviest() {
    const auto limit = edges_per_neuron * numbering_.neurons();
    batch_.edges.clear();
    // In a single layer no strength is a limit, and the edges that gave the strengths serve.
    batch_.threshold = {count_ == 1 ? entry_threshold_ : threshold_of_best(), true};
    for (std::size_t k = 0; k < count_; ++k) {
      const PresortedLayer<Scalar>& layer = layers_[k];
      const Vector& beyond = exit(k + 1);
      for (Index col = 0; col < layer.cols(); ++col) {
        const Scalar above = batch_.threshold.value;
        const Scalar cap = entry(k)(col);
        if (!(above < std::min(cap, exit(k)(col)))) continue;
        const auto visit = [&](const Scalar& value, Vertex row) {
          if (!(above < value)) return false;
          const Scalar strength = std::min(std::min(cap, value), beyond(static_cast<Index>(row)));
          if (above < strength) {
            batch_.edges.push_back({strength, first_vertex(k + 1) + row, col_vertex(k, col)});
          }
          return true;
        };
        layer.visit_edges(col, activations_[k](col), scales_[k], visit);
        batch_.shrink_to(limit);
      }
    }
    // Where the best edge passes, it is among these. That of a hidden neuron is the best one out
    // of it.
    const auto add_best = [&](const Scalar& strength, Vertex row, Vertex col) {
      if (!batch_.threshold.passes(strength)) batch_.edges.push_back({strength, row, col});
    };
    for (std::size_t k = 0; k < count_; ++k) {
      for (Index col = 0; col < layers_[k].cols(); ++col) {
        const Vertex vertex = col_vertex(k, col);
        add_best(std::min(entry(k)(col), exit(k)(col)), best_edge_[vertex], vertex);
      }
    }
    const std::size_t last = count_ - 1;
    for (Index row = 0; row < layers_[last].rows(); ++row) {
      const Scalar strength = entry(count_)(row);
      if (batch_.threshold.passes(strength)) continue;
      const Vertex vertex = row_vertex(last, row);
      if (entry_threshold_ < strength) {  // else it is known
        Index col = 0;
        row_values(last, row).maxCoeff(&col);
        best_edge_[vertex] = col_vertex(last, col);
      }
      add_best(strength, vertex, best_edge_[vertex]);
    }
  }

  // The best edge out of each component but the one that would cost most to look at.
  void collect_best() {
    const std::size_t neurons = numbering_.neurons();
    cost_.assign(neurons, 0);
    for (std::size_t k = 0; k <= count_; ++k) {
      // All edges into a neuron are looked at, but only a few of those out of it.
      const double cost = 8 + (k == 0 ? 0 : static_cast<double>(layers_[k - 1].cols()));
      for (Index i = 0; i < entry(k).size(); ++i) {
        const Vertex v = col_vertex(k, i);
        component_[v] = forest_.component(v);
        cost_[component_[v]] += cost;
      }
    }
    const auto dearest = std::max_element(cost_.begin(), cost_.end()) - cost_.begin();
    best_.assign(neurons, {Scalar(-1), 0, 0});
    // No edge is better than infinity.
    best_[static_cast<std::size_t>(dearest)].value = Eigen::NumTraits<Scalar>::infinity();

    for (std::size_t k = 0; k < count_; ++k) {
      const PresortedLayer<Scalar>& layer = layers_[k];
      const Vector& beyond = exit(k + 1);
      const Vertex* row_components = component_.data() + first_vertex(k + 1);
      const Vertex* col_components = component_.data() + first_vertex(k);
      for (Index col = 0; col < layer.cols(); ++col) {
        Candidate<Scalar>& best = best_[col_components[col]];
        const Scalar cap = entry(k)(col);
        if (!(best.value < cap)) continue;
        const auto visit = [&](const Scalar& value, Vertex row) {
          if (!(best.value < value)) return false;
          if (row_components[row] == col_components[col]) return true;
          const Scalar strength = std::min(std::min(cap, value), beyond(static_cast<Index>(row)));
          if (best.value < strength) {
            best = {strength, first_vertex(k + 1) + row, col_vertex(k, col)};
          }
          return true;
        };
        layer.visit_edges(col, activations_[k](col), scales_[k], visit);
      }
      for (Index row = 0; row < layer.rows(); ++row) {
        Candidate<Scalar>& best = best_[row_components[row]];
        if (!(best.value < beyond(row))) continue;
        const Array& values = row_values(k, row);
        for (Index col = 0; col < layer.cols(); ++col) {
          if (best.value < values(col) && col_components[col] != row_components[row]) {
            best = {std::min<Scalar>(values(col), beyond(row)), row_vertex(k, row),
                    col_vertex(k, col)};
            if (!(best.value < beyond(row))) break;
          }
        }
      }
    }
    batch_.edges.clear();
    for (const Candidate<Scalar>& best : best_) {
      const bool found = best.value >= Scalar(0) && is_finite(best.value);
      if (found) batch_.edges.push_back(best);
    }
  }

  const PresortedLayer<Scalar>* layers_ = nullptr;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  const Vector* activations_ = nullptr;
  const ActivationScale<Scalar>* scales_ = nullptr;
  Numbering numbering_;
  std::vector<Vector> entry_;  // strengths by layer of neurons
  std::vector<Vector> exit_;
  Scalar entry_threshold_{0};      // of the last layer
  std::vector<Vertex> best_edge_;  // the other end of each neuron's best edge
  std::vector<Array> values_;      // by layer: of the edges into one neuron
  std::vector<std::pair<Index, Index>> drawn_;
  std::vector<Scalar> sample_;
  std::vector<Candidate<Scalar>> spare_;
  Batch<Scalar> batch_;
  std::vector<Vertex> component_;
  std::vector<double> cost_;             // by component
  std::vector<Candidate<Scalar>> best_;  // by component
  ForestBuilder<Scalar> forest_;
  ForestBuilder<Scalar> replay_;
};

}  // namespace dgp::detail
