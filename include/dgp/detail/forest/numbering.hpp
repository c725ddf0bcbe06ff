// The neurons of a network as numbered vertices, group after group.
//
// in:  groups of neurons, each with its size and its part in the network
// out: the first vertex of each group, and the part of each vertex: inputs and outputs are terminal
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/forest/union_find.hpp>

namespace dgp::detail {

enum class Role : std::uint8_t { input, hidden, output };

class Numbering {
 public:
  struct Group {
    Vertex first;
    Index size;
  };

  // Throws std::length_error for more neurons than a vertex can count.
  void add(Index neurons, Role role) {
    const std::size_t first = roles_.size();
    const std::size_t all = first + static_cast<std::size_t>(neurons);
    if (all > std::numeric_limits<Vertex>::max()) {
      throw std::length_error("the network's " + std::to_string(all) +
                              " neurons are past what the index type holds");
    }
    groups_.push_back({static_cast<Vertex>(first), neurons});
    roles_.resize(all, role);
  }
  void set_role(Vertex vertex, Role role) { roles_[vertex] = role; }
  // The memory stays.
  void clear() {
    groups_.clear();
    roles_.clear();
  }

  std::size_t neurons() const { return roles_.size(); }
  std::size_t count(Role role) const {
    return static_cast<std::size_t>(std::count(roles_.begin(), roles_.end(), role));
  }
  const std::vector<Group>& groups() const { return groups_; }
  const std::vector<Role>& roles() const { return roles_; }  // by vertex

 private:
  std::vector<Group> groups_;
  std::vector<Role> roles_;
};

}  // namespace dgp::detail
