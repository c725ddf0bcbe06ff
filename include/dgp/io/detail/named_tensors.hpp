// The tensors of an unpickled checkpoint by name: the keys that lead to each, joined with dots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <dgp/io/detail/pickle_values.hpp>

namespace dgp::io::detail {

// Walks nested dictionaries by their keys (texts and whole numbers; by place under other keys),
// lists and tuples by place.
//
// Containers may be shared, and each way to a tensor names it; so names can be many more than
// containers. What the walk may spend is bounded by a budget: a unit for each step, each character
// of a name and each byte of what is listed of a tensor.
class NamedTensors {
 public:
  NamedTensors(const PickleHeap& heap, std::uint64_t budget)
      : heap_(heap), budget_(budget), states_(heap.containers(), State::unknown) {}

  // Calls visit(name, tensor) for each, which returns what it costs to list the tensor.
  // refuse(what) throws, for a container within itself and for an exhausted budget.
  template <class Visit, class Refuse>
  void walk(PickleValue root, const std::string& name_of_root, const Visit& visit,
            const Refuse& refuse) {
    const auto spend = [&](std::uint64_t cost) {
      if (cost > budget_) {
        refuse(
            "its containers share so much that its tensors have more names than it has room for");
      }
      budget_ -= cost;
    };
    std::string name;
    const auto enter = [&](PickleValue value) {
      if (value.kind == PickleKind::tensor) {
        if (levels_.empty()) name = name_of_root;
        spend(visit(name, value) + name.size());
        if (!levels_.empty()) levels_.back().holds_tensors = true;
      } else {
        if (state(value) == State::open) refuse("a container holds itself");
        state(value) = State::open;
        levels_.push_back({value, name.size()});
      }
    };
    if (may_hold_tensors(root)) enter(root);
    while (!levels_.empty()) {
      Level& level = levels_.back();
      const PickleItems& items = heap_.items(level.container);
      const bool keyed = level.container.kind == PickleKind::dictionary;
      if (level.next * (keyed ? 2 : 1) == items.size()) {
        leave();
        continue;
      }
      const std::size_t place = level.next++;
      const PickleValue value = items[keyed ? 2 * place + 1 : place];
      spend(1);
      if (!may_hold_tensors(value)) continue;
      name.resize(level.name_size);
      if (levels_.size() > 1) name += '.';
      name += keyed ? key(items[2 * place], place) : std::to_string(place);
      spend(name.size() - level.name_size);
      enter(value);
    }
  }

 private:
  enum class State : std::uint8_t { unknown, open, without_tensors, with_tensors };

  struct Level {
    PickleValue container;
    std::size_t name_size;
    std::size_t next = 0;
    bool holds_tensors = false;
  };

  State& state(PickleValue container) {
    return states_[static_cast<std::size_t>(container.number)];
  }

  bool may_hold_tensors(PickleValue value) {
    return value.kind == PickleKind::tensor ||
           (is_container(value) && state(value) != State::without_tensors);
  }

  std::string key(PickleValue key, std::size_t place) const {
    if (key.kind == PickleKind::text) return std::string(heap_.text(key));
    if (key.kind == PickleKind::integer) {
      return std::to_string(static_cast<std::int64_t>(key.number));
    }
    return std::to_string(place);
  }

  void leave() {
    const Level level = levels_.back();
    levels_.pop_back();
    state(level.container) = level.holds_tensors ? State::with_tensors : State::without_tensors;
    if (level.holds_tensors && !levels_.empty()) levels_.back().holds_tensors = true;
  }

  const PickleHeap& heap_;
  std::uint64_t budget_;
  std::vector<State> states_;
  std::vector<Level> levels_;
};

}  // namespace dgp::io::detail
