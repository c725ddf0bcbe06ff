// A pickle read as data. A pickle is a program for a stack machine that may call anything in
// Python; of its instructions, only those that build plain containers and values are followed.
//
// in:  a program that is not trusted; and a builder, which says what names, calls and persistent
//      ids stand for, and refuses all but the few that it knows. Nothing is ever executed.
// out: the value that the program builds
//
// Nothing here recurses, and each instruction makes at most one value: time and memory O(program).
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <dgp/io/detail/pickle_values.hpp>

namespace dgp::io::detail {

// Builder: name(module, name, outermost), call(callable, arguments) and persistent(id) return a
// value or throw. outermost: the value is made of that name as a whole. Source: fail(byte, what)
// throws; bytes count from the program's start.
template <class Source, class Builder>
class Unpickler {
 public:
  // byte: where the instruction stands that is being followed, for the builder's errors too.
  Unpickler(const Source& source, std::string_view program, PickleHeap& heap, Builder& builder,
            std::uint64_t& byte)
      : source_(source), program_(program), heap_(heap), builder_(builder), byte_(byte) {}

  PickleValue run() {
    for (;;) {
      byte_ = at_;
      const auto code = static_cast<unsigned char>(take(1)[0]);
      if (static_cast<PickleOpcode>(code) == PickleOpcode::stop) break;
      follow(code);
    }
    const PickleValue result = pop();
    if (!stack_.empty() || !marks_.empty()) reject("values are left over at its end");
    if (at_ != program_.size()) source_.fail(at_, "bytes after the pickle's end");
    return result;
  }

 private:
  [[noreturn]] void reject(const std::string& what) const { source_.fail(byte_, what); }

  std::string_view take(std::uint64_t count) {
    if (count > program_.size() - at_) reject("the pickle ends within an instruction");
    const std::string_view bytes = program_.substr(at_, static_cast<std::size_t>(count));
    at_ += static_cast<std::size_t>(count);
    return bytes;
  }

  std::uint64_t number(std::size_t width) {
    const std::string_view bytes = take(width);
    std::uint64_t value = 0;
    for (std::size_t i = width; i-- > 0;) {
      value = value << 8 | static_cast<unsigned char>(bytes[i]);
    }
    return value;
  }

  std::string_view line() {
    const std::size_t end = program_.find('\n', at_);
    if (end == std::string_view::npos) reject("the pickle ends within a name");
    const std::string_view text = program_.substr(at_, end - at_);
    at_ = end + 1;
    return text;
  }

  // Two's complement, lowest byte first.
  void push_long(std::uint64_t width) {
    const std::string_view bytes = take(width);
    if (width > sizeof(std::uint64_t)) return push({PickleKind::opaque, 0});
    const bool negative = width > 0 && (static_cast<unsigned char>(bytes.back()) & 0x80) != 0;
    std::uint64_t value = negative ? std::numeric_limits<std::uint64_t>::max() : 0;
    for (std::size_t i = bytes.size(); i-- > 0;) {
      value = value << 8 | static_cast<unsigned char>(bytes[i]);
    }
    push({PickleKind::integer, value});
  }

  void push(PickleValue value) { stack_.push_back(value); }

  // Values below the last mark belong to what is built later.
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  PickleValue& top() {
    if (stack_.size() <= floor()) reject("an instruction lacks the value that it works on");
    return stack_.back();
  }
  PickleValue pop() {
    const PickleValue value = top();
    stack_.pop_back();
    return value;
  }

  PickleItems pop_to_mark() {
    if (marks_.empty()) reject("an instruction lacks the mark that it works on");
    const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    PickleItems items(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return items;
  }

  void push_tuple(std::size_t count) {
    PickleItems items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = pop();
    push(heap_.add(PickleKind::tuple, std::move(items)));
  }

  void push_name(std::string_view module, std::string_view name) {
    push(builder_.name(module, name, stack_.empty()));
  }

  // Adds to the container on top of the stack.
  void extend(PickleKind kind, const PickleItems& items) {
    const PickleValue target = top();
    if (target.kind != kind) reject("items are added to a value that does not take them");
    if (kind == PickleKind::dictionary && items.size() % 2 != 0) reject("a key lacks its value");
    PickleItems& all = heap_.items(target);
    all.insert(all.end(), items.begin(), items.end());
  }

  void remember(std::uint64_t place) { memo_.insert_or_assign(place, top()); }

  void recall(std::uint64_t place) {
    const auto found = memo_.find(place);
    if (found == memo_.end()) {
      reject("value " + std::to_string(place) + " of the memo is used before it is there");
    }
    push(found->second);
  }

  void follow(unsigned char code) {
    using Code = PickleOpcode;
    switch (static_cast<Code>(code)) {
      case Code::proto:
        if (number(1) > 5) reject("a protocol of pickle that is not read (2 to 5 are)");
        return;
      case Code::frame:
        if (number(8) > program_.size() - at_) reject("a frame is longer than the pickle");
        return;
      case Code::mark:
        return marks_.push_back(stack_.size());

      case Code::none:
        return push({PickleKind::none, 0});
      case Code::new_true:
        return push({PickleKind::boolean, 1});
      case Code::new_false:
        return push({PickleKind::boolean, 0});
      case Code::binint:
        return push_long(4);
      case Code::binint1:
        return push({PickleKind::integer, number(1)});
      case Code::binint2:
        return push({PickleKind::integer, number(2)});
      case Code::long1:
        return push_long(number(1));
      case Code::long4:
        return push_long(number(4));
      case Code::binfloat:
        take(8);
        return push({PickleKind::opaque, 0});

      case Code::short_binunicode:
        return push(heap_.add_text(take(number(1))));
      case Code::binunicode:
        return push(heap_.add_text(take(number(4))));
      case Code::binunicode8:
        return push(heap_.add_text(take(number(8))));
      case Code::short_binbytes:
        take(number(1));
        return push({PickleKind::opaque, 0});
      case Code::binbytes:
        take(number(4));
        return push({PickleKind::opaque, 0});
      case Code::binbytes8:
      case Code::bytearray8:
        take(number(8));
        return push({PickleKind::opaque, 0});

      case Code::empty_list:
        return push(heap_.add(PickleKind::list));
      case Code::append:
        return extend(PickleKind::list, {pop()});
      case Code::appends:
        return extend(PickleKind::list, pop_to_mark());
      case Code::empty_tuple:
        return push_tuple(0);
      case Code::tuple:
        return push(heap_.add(PickleKind::tuple, pop_to_mark()));
      case Code::tuple1:
        return push_tuple(1);
      case Code::tuple2:
        return push_tuple(2);
      case Code::tuple3:
        return push_tuple(3);
      case Code::empty_dict:
        return push(heap_.add(PickleKind::dictionary));
      case Code::setitem: {
        const PickleValue value = pop();
        const PickleValue key = pop();
        return extend(PickleKind::dictionary, {key, value});
      }
      case Code::setitems:
        return extend(PickleKind::dictionary, pop_to_mark());
      case Code::empty_set:
        return push({PickleKind::opaque, 0});
      case Code::additems:
        pop_to_mark();
        if (top().kind != PickleKind::opaque) reject("items are added to a value that is no set");
        return;
      case Code::frozenset:
        pop_to_mark();
        return push({PickleKind::opaque, 0});

      case Code::global: {
        const std::string_view module = line();
        return push_name(module, line());
      }
      case Code::stack_global: {
        const PickleValue name = pop();
        const PickleValue module = pop();
        if (name.kind != PickleKind::text || module.kind != PickleKind::text) {
          reject("a name is not made of two texts");
        }
        return push_name(heap_.text(module), heap_.text(name));
      }
      case Code::reduce: {
        const PickleValue arguments = pop();
        const PickleValue callable = pop();
        if (arguments.kind != PickleKind::tuple) reject("a call's arguments are no tuple");
        return push(builder_.call(callable, arguments));
      }
      case Code::build:  // attributes: a state dict's _metadata for one; of no interest
        pop();
        if (top().kind != PickleKind::dictionary && top().kind != PickleKind::opaque) {
          reject("attributes are given to a value that has none");
        }
        return;
      case Code::binpersid:
        return push(builder_.persistent(pop()));

      case Code::binput:
        return remember(number(1));
      case Code::long_binput:
        return remember(number(4));
      case Code::memoize:
        return remember(memo_.size());
      case Code::binget:
        return recall(number(1));
      case Code::long_binget:
        return recall(number(4));
      case Code::stop:
        break;
    }
    reject(refused_opcode(code));
  }

  const Source& source_;
  std::string_view program_;
  PickleHeap& heap_;
  Builder& builder_;
  std::uint64_t& byte_;
  std::size_t at_ = 0;
  PickleItems stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, PickleValue> memo_;
};

}  // namespace dgp::io::detail
