// What an unpickled file consists of: values, in containers that hold each other by index, and the
// instructions that build them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dgp::io::detail {

enum class PickleKind : std::uint8_t {
  none,
  boolean,     // number: 0 or 1
  integer,     // number: its bits; wider ones are opaque
  text,        // number: its index among the texts
  tuple,       // number: its index among the containers, as of the next two
  list,        //
  dictionary,  // keys and values alternate
  name,        // number: of the builder's choice, as of the next two
  storage,
  tensor,
  opaque  // a value that is of no interest: floating-point numbers, bytes, sets …
};

struct PickleValue {
  PickleKind kind = PickleKind::none;
  std::uint64_t number = 0;
};

using PickleItems = std::vector<PickleValue>;

// What values hold.
class PickleHeap {
 public:
  std::string_view text(PickleValue value) const {
    return texts_[static_cast<std::size_t>(value.number)];
  }
  PickleItems& items(PickleValue value) {
    return containers_[static_cast<std::size_t>(value.number)];
  }
  const PickleItems& items(PickleValue value) const {
    return containers_[static_cast<std::size_t>(value.number)];
  }
  std::size_t containers() const { return containers_.size(); }

  PickleValue add_text(std::string_view text) {
    texts_.push_back(text);
    return {PickleKind::text, texts_.size() - 1};
  }
  PickleValue add(PickleKind kind, PickleItems items = {}) {
    containers_.push_back(std::move(items));
    return {kind, containers_.size() - 1};
  }

 private:
  std::vector<std::string_view> texts_;
  std::deque<PickleItems> containers_;  // a reference to one stays good while others are added
};

inline bool is_container(PickleValue value) {
  return value.kind == PickleKind::tuple || value.kind == PickleKind::list ||
         value.kind == PickleKind::dictionary;
}

// The instructions that are followed, those of protocols 2 to 5 as Python's pickler writes them.
enum class PickleOpcode : unsigned char {
  mark = '(',
  stop = '.',
  none = 'N',
  new_true = 0x88,
  new_false = 0x89,
  binint = 'J',
  binint1 = 'K',
  binint2 = 'M',
  long1 = 0x8a,
  long4 = 0x8b,
  binfloat = 'G',
  binunicode = 'X',
  short_binunicode = 0x8c,
  binunicode8 = 0x8d,
  binbytes = 'B',
  short_binbytes = 'C',
  binbytes8 = 0x8e,
  bytearray8 = 0x96,
  empty_list = ']',
  append = 'a',
  appends = 'e',
  empty_tuple = ')',
  tuple = 't',
  tuple1 = 0x85,
  tuple2 = 0x86,
  tuple3 = 0x87,
  empty_dict = '}',
  setitem = 's',
  setitems = 'u',
  empty_set = 0x8f,
  additems = 0x90,
  frozenset = 0x91,
  global = 'c',
  stack_global = 0x93,
  reduce = 'R',
  build = 'b',
  binput = 'q',
  long_binput = 'r',
  memoize = 0x94,
  binget = 'h',
  long_binget = 'j',
  binpersid = 'Q',
  proto = 0x80,
  frame = 0x95
};

// Of the others, by name.
inline std::string refused_opcode(unsigned char code) {
  static constexpr std::array<std::pair<unsigned char, std::string_view>, 24> known{
      {{'0', "POP"},          {'1', "POP_MARK"},
       {'2', "DUP"},          {'F', "FLOAT"},
       {'I', "INT"},          {'L', "LONG"},
       {'P', "PERSID"},       {'S', "STRING"},
       {'T', "BINSTRING"},    {'U', "SHORT_BINSTRING"},
       {'V', "UNICODE"},      {'d', "DICT"},
       {'l', "LIST"},         {'g', "GET"},
       {'p', "PUT"},          {'i', "INST"},
       {'o', "OBJ"},          {0x81, "NEWOBJ"},
       {0x92, "NEWOBJ_EX"},   {0x82, "EXT1"},
       {0x83, "EXT2"},        {0x84, "EXT4"},
       {0x97, "NEXT_BUFFER"}, {0x98, "READONLY_BUFFER"}}};
  for (const auto& [byte, name] : known) {
    if (byte == code) {
      return "opcode " + std::string(name) +
             " is refused: it is none of those that build tensors and plain containers in the "
             "protocols 2 to 5";
    }
  }
  return "byte " + std::to_string(code) + " is no opcode";
}

}  // namespace dgp::io::detail
