// Edges that are looked at from the heaviest, neuron by neuron: an edge source.
//
// in:  a kernel (convolution_kernel.hpp, sparse_kernel.hpp), which knows the edges of a channel's
//      neurons, and the vertices of the neurons on both sides
// out: what edge_source.hpp asks for
//
// The neurons of a channel share their edges' values, which are sorted once for all of them, and
// only as far as any of them goes. A neuron runs down this list until no edge further on can do
// better: most do so after a few steps, so that time is about that of the neurons and the kernel,
// and memory that of one channel's list, never that of the edges.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <dgp/detail/edges/convolution_kernel.hpp>
#include <dgp/detail/edges/dense_collect.hpp>
#include <dgp/detail/edges/edge_source.hpp>
#include <dgp/detail/edges/heaviest_first.hpp>
#include <dgp/detail/edges/vertex_table.hpp>
#include <dgp/detail/parallel.hpp>

namespace dgp::detail {

template <class KernelOf>
class SortedEdges {
 public:
  using Kernel = KernelOf;
  using Scalar = typename Kernel::Scalar;
  static constexpr bool finds_best_edges = true;

  SortedEdges(const Kernel& kernel, const VertexTable& source, const VertexTable& target)
      : kernel_(kernel), source_(source), target_(target) {}

  SortedEdges limited(const PathLimits<Scalar>& limits) const {
    SortedEdges edges(*this);
    edges.limits_ = &limits;
    return edges;
  }

  double count() const { return kernel_.count(); }
  double larger_side() const {
    const auto neurons = [&](Side side) {
      return kernel_.channels(side) * kernel_.positions(side);
    };
    return static_cast<double>(std::max(neurons(Side::source), neurons(Side::target)));
  }

  template <class Take>
  void sample(SampleStream& random, double draws, const Take& take) const {
    const auto steps = kernel_.steps(Side::target);
    const auto below = [&](Index bound) {
      return static_cast<Index>(random.below(static_cast<std::uint64_t>(bound)));
    };
    for (auto left = static_cast<Index>(std::ceil(draws)); left > 0; --left) {
      const Index channel = below(kernel_.channels(Side::target));
      const Index entries = kernel_.entry_count(Side::target, channel);
      if (entries == 0) continue;
      const Index position = below(kernel_.positions(Side::target));
      const auto entry = static_cast<std::uint32_t>(below(entries));
      const Vertex source =
          far(Side::target, kernel_.place(Side::target, channel, position), steps[entry]);
      if (source == no_vertex) continue;
      take(edge(kernel_.value(Side::target, channel, entry), near(Side::target, channel, position),
                source));
    }
  }

  void collect_above(Batch<Scalar>& batch, std::size_t limit,
                     const Components* components = nullptr) const {
    const auto channels = static_cast<std::size_t>(kernel_.channels(Side::target));
    const auto steps = kernel_.steps(Side::target);
    collect_by_thread(threads(), channels, batch, limit, [&](auto channel, auto, auto& part) {
      Lists lists(*this, Side::target, static_cast<Index>(channel));
      for_each_neuron(Side::target, static_cast<Index>(channel), [&](Vertex row, Index position) {
        if (limits_ != nullptr && !part.threshold.passes(limit_of(limits_->exit, row))) return;
        run_down(Side::target, static_cast<Index>(channel), position, steps, lists,
                 [&](const Scalar& value, Vertex col) {
                   if (!part.threshold.passes(value)) return false;
                   if (components != nullptr && components->of[row] == components->of[col]) {
                     return true;
                   }
                   const auto candidate = edge(value, row, col);
                   if (part.threshold.passes(candidate.value)) part.edges.push_back(candidate);
                   return true;
                 });
        if (part.edges.size() > limit) part.shrink_to(limit);
      });
    });
  }

  template <class Consider>
  void best_leaving(const Components& components, const Consider& consider) const {
    // What is no better than the best of a component so far is not looked at.
    std::vector<Scalar> known(components.sizes.size(), Eigen::NumTraits<Scalar>::lowest());
    for (const Side side : {Side::source, Side::target}) {
      const auto steps = kernel_.steps(side);
      for (Index channel = 0; channel < kernel_.channels(side); ++channel) {
        Lists lists(*this, side, channel);
        for_each_neuron(side, channel, [&](Vertex vertex, Index position) {
          const Vertex component = components.of[vertex];
          if (component == components.largest) return;
          std::optional<Candidate<Scalar>> best;
          Scalar& bound = known[component];
          run_down(side, channel, position, steps, lists, [&](const Scalar& value, Vertex other) {
            if (!(bound < value)) return false;
            if (components.of[other] == component) return true;
            const auto leaving =
                side == Side::target ? edge(value, vertex, other) : edge(value, other, vertex);
            if (bound < leaving.value) {
              bound = leaving.value;
              best = leaving;
            }
            return true;
          });
          if (best) consider(*best);
        });
      }
    }
  }

  Vertex first_output() const { return target_[0]; }
  // The heaviest of the edges between two neurons, if there is one. A look at each of these, of a
  // sparse matrix at all of the output's.
  std::optional<StoredEdge<Scalar>> between(Vertex output, Vertex input) const {
    const auto neuron = static_cast<Index>(output) - static_cast<Index>(first_output());
    const Index positions = kernel_.positions(Side::target);
    const Index channel = neuron / positions;
    if (neuron < 0 || channel >= kernel_.channels(Side::target)) return std::nullopt;
    std::optional<StoredEdge<Scalar>> heaviest;
    source_.for_each_neuron(input, [&](Index source) {
      kernel_.for_each_entry_to(channel, neuron % positions, source, [&](std::uint32_t entry) {
        const auto edge = kernel_.stored(channel, entry);
        if (!heaviest || heaviest->value < edge.value) heaviest = edge;
      });
    });
    return heaviest;
  }

  void forward(BestPaths<Scalar>& entry) const { sweep(Side::target, entry); }
  void backward(BestPaths<Scalar>& exit) const { sweep(Side::source, exit); }
  void forward(PathLimits<Scalar>& limits, Batch<Scalar>& batch, std::size_t limit) const {
    forward(limits.entry);
    limited(limits).collect_above(batch, limit);
  }
  void backward(PathLimits<Scalar>& limits, Batch<Scalar>& batch, std::size_t limit) const {
    backward(limits.exit);
    limited(limits).collect_above(batch, limit);
  }

  const Kernel& kernel() const { return kernel_; }

  // All edges in descending order of their values, those of one value in the order of the entries;
  // visit(value, row, col, stored) says whether to go on, stored() is where the weight is.
  template <class Visit>
  void for_each_descending(const Visit& visit) const {
    std::vector<Numbered<Scalar>> values;
    std::vector<std::size_t> first{0};  // of each channel, among all entries
    for (Index channel = 0; channel < kernel_.channels(Side::target); ++channel) {
      const Index entries = kernel_.entry_count(Side::target, channel);
      for (std::uint32_t entry = 0; entry < static_cast<std::uint32_t>(entries); ++entry) {
        values.push_back({kernel_.value(Side::target, channel, entry),
                          static_cast<std::uint32_t>(values.size())});
      }
      first.push_back(values.size());
    }
    HeaviestFirst<Scalar> list(std::move(values));
    for (std::size_t rank = 0; rank < list.size(); ++rank) {
      const Scalar value = list[rank].value;
      const std::uint32_t number = list[rank].number;
      const auto after = std::upper_bound(first.begin(), first.end(), number);
      const auto channel = static_cast<Index>(after - first.begin() - 1);
      const auto entry = static_cast<std::uint32_t>(number - after[-1]);
      const auto stored = [&] { return kernel_.stored(channel, entry); };
      const bool go_on = kernel_.for_each_edge(channel, entry, [&](Index target, Index from) {
        const Vertex row = target_[target];
        const Vertex col = source_[from];
        return row == no_vertex || col == no_vertex || visit(value, row, col, stored);
      });
      if (!go_on) return;
    }
  }

 private:
  const VertexTable& vertices(Side side) const { return side == Side::source ? source_ : target_; }
  Vertex near(Side side, Index channel, Index position) const {
    return vertices(side)[channel * kernel_.positions(side) + position];
  }
  Vertex far(Side side, const typename Kernel::Place& place,
             const typename Kernel::Step& step) const {
    const Index other = kernel_.other(side, place, step);
    if (other < 0) return no_vertex;
    return vertices(side == Side::source ? Side::target : Side::source)[other];
  }

  static Scalar limit_of(const BestPaths<Scalar>& paths, Vertex vertex) {
    return paths.strength(static_cast<Index>(vertex));
  }
  Candidate<Scalar> edge(Scalar value, Vertex row, Vertex col) const {
    if (limits_ != nullptr) {
      value = std::min({value, limit_of(limits_->exit, row), limit_of(limits_->entry, col)});
    }
    return {value, row, col};
  }

  std::size_t threads() const {
    return threads_for(static_cast<std::size_t>(kernel_.channels(Side::target)), kernel_.count());
  }

  // The entries of a channel from the heaviest: of each class of its neurons those that they see,
  // made where a neuron asks.
  class Lists {
   public:
    Lists(const SortedEdges& edges, Side side, Index channel)
        : edges_(edges),
          side_(side),
          channel_(channel),
          lists_(static_cast<std::size_t>(edges.kernel_.classes(side))) {}

    HeaviestFirst<Scalar>& of(Index position) {
      const Kernel& kernel = edges_.kernel_;
      const Index neuron_class = kernel.class_of(side_, position);
      auto& list = lists_[static_cast<std::size_t>(neuron_class)];
      if (list) return *list;
      std::vector<Numbered<Scalar>> values;
      kernel.for_each_entry(side_, channel_, neuron_class, [&](std::uint32_t entry) {
        values.push_back({kernel.value(side_, channel_, entry), entry});
      });
      return list.emplace(std::move(values));
    }

   private:
    const SortedEdges& edges_;
    Side side_;
    Index channel_;
    std::vector<std::optional<HeaviestFirst<Scalar>>> lists_;
  };

  template <class Visit>
  void for_each_neuron(Side side, Index channel, const Visit& visit) const {
    for (Index position = 0; position < kernel_.positions(side); ++position) {
      const Vertex vertex = near(side, channel, position);
      if (vertex != no_vertex) visit(vertex, position);
    }
  }

  // Calls visit(value, vertex) for the edges of a neuron, from the heaviest, as long as it says so.
  template <class Visit>
  void run_down(Side side, Index channel, Index position, const typename Kernel::Steps& steps,
                Lists& lists, const Visit& visit) const {
    HeaviestFirst<Scalar>& list = lists.of(position);
    const auto place = kernel_.place(side, channel, position);
    for (std::size_t rank = 0; rank < list.size(); ++rank) {
      const auto& [value, entry] = list[rank];
      const Vertex other = far(side, place, steps[entry]);
      if (other != no_vertex && !visit(value, other)) return;
    }
  }

  // One step of best paths to the neurons of a side. No path is better than the best one known on
  // the other side.
  void sweep(Side side, BestPaths<Scalar>& paths) const {
    const Side from = side == Side::source ? Side::target : Side::source;
    Scalar most = Eigen::NumTraits<Scalar>::lowest();
    for (Index channel = 0; channel < kernel_.channels(from); ++channel) {
      for_each_neuron(from, channel, [&](Vertex vertex, Index) {
        most = std::max(most, limit_of(paths, vertex));
      });
    }
    const auto channels = static_cast<std::size_t>(kernel_.channels(side));
    const auto steps = kernel_.steps(side);
    // Two threads must not raise one neuron.
    const double work = vertices(side).repeats() ? 0 : kernel_.count();
    parallel_for(channels, work, [&](std::size_t number) {
      const auto channel = static_cast<Index>(number);
      Lists lists(*this, side, channel);
      for_each_neuron(side, channel, [&](Vertex vertex, Index position) {
        run_down(side, channel, position, steps, lists, [&](const Scalar& value, Vertex other) {
          const Scalar known = limit_of(paths, vertex);
          if (!(known < value && known < most)) return false;
          const Scalar through = limit_of(paths, other);
          paths.raise(vertex, through < value ? through : value, other);
          return true;
        });
      });
    });
  }

  Kernel kernel_;
  VertexTable source_;
  VertexTable target_;
  const PathLimits<Scalar>* limits_ = nullptr;
};

}  // namespace dgp::detail
