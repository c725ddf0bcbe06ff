// The edges of a sparse matrix: its stored entries, zeros included.
//
// in:  a compressed sparse matrix (fan_out × fan_in), and a map from weight to filtration value
// out: what sorted_edges.hpp asks of a kernel: every neuron is a channel of its own
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/edges/convolution_kernel.hpp>
#include <dgp/detail/edges/edge_source.hpp>

namespace dgp::detail {

// Where the stored entries of a sparse matrix are, by row and by column.
struct SparsePlaces {
  struct Line {
    std::vector<std::size_t> begin;    // of each row's (column's) entries; one more
    std::vector<std::uint32_t> other;  // their columns (rows)
    std::vector<std::uint32_t> entry;  // their numbers among all entries
  };
  Index rows;
  Index cols;
  Line by_row;
  Line by_col;
};

template <class Weight, class MapOf>
class SparseKernel {
 public:
  using Scalar = Weight;

  // `values` are the weights in the order of entries; both must outlive it.
  SparseKernel(const SparsePlaces& places, const Scalar* values, const MapOf& map)
      : places_(&places), values_(values), map_(map) {}

  Index channels(Side side) const { return side == Side::source ? places_->cols : places_->rows; }
  Index positions(Side) const { return 1; }
  double count() const { return static_cast<double>(places_->by_row.other.size()); }
  // At least so many components are left by all edges together; more are not sought.
  Index components() const { return 1; }

  Index entry_count(Side side, Index channel) const {
    const auto& begin = line(side).begin;
    const auto at = static_cast<std::size_t>(channel);
    return static_cast<Index>(begin[at + 1] - begin[at]);
  }
  Scalar value(Side side, Index channel, std::uint32_t entry) const {
    return map_(values_[line(side).entry[at(side, channel, entry)]]);
  }
  // An entry of a row.
  StoredEdge<Scalar> stored(Index channel, std::uint32_t entry) const {
    return {value(Side::target, channel, entry), true, 0,
            static_cast<Index>(places_->by_row.entry[at(Side::target, channel, entry)])};
  }
  Index classes(Side) const { return 1; }
  Index class_of(Side, Index) const { return 0; }
  template <class Visit>
  void for_each_entry(Side side, Index channel, Index, const Visit& visit) const {
    const auto entries = static_cast<std::uint32_t>(entry_count(side, channel));
    for (std::uint32_t entry = 0; entry < entries; ++entry) visit(entry);
  }
  template <class Visit>
  bool for_each_edge(Index channel, std::uint32_t entry, const Visit& visit) const {
    return visit(channel, other(Side::target, place(Side::target, channel, 0), entry));
  }
  template <class Visit>
  void for_each_entry_to(Index channel, Index, Index source, const Visit& visit) const {
    const Place first = place(Side::target, channel, 0);
    for_each_entry(Side::target, channel, 0, [&](std::uint32_t entry) {
      if (other(Side::target, first, entry) == source) visit(entry);
    });
  }
  // Where an entry leads: all that differs between neurons is where their entries begin.
  using Step = std::uint32_t;
  struct Steps {
    Step operator[](std::size_t entry) const { return static_cast<Step>(entry); }
  };
  Steps steps(Side) const { return {}; }
  using Place = std::size_t;
  Place place(Side side, Index channel, Index) const { return at(side, channel, 0); }
  Index other(Side side, Place place, Step entry) const {
    return static_cast<Index>(line(side).other[place + entry]);
  }

 private:
  const SparsePlaces::Line& line(Side side) const {
    return side == Side::source ? places_->by_col : places_->by_row;
  }
  std::size_t at(Side side, Index channel, std::uint32_t entry) const {
    return line(side).begin[static_cast<std::size_t>(channel)] + entry;
  }

  const SparsePlaces* places_;
  const Scalar* values_;
  MapOf map_;
};

}  // namespace dgp::detail
