// Names that are too long for their place, cut so that what tells them apart remains.
//
// in:  the names of everything that is named beside each other, and the room of each
// out: as many names, none wider; different ones stay different
//
// What all begin with is left out of all, up to a separator, then what all end with:
// model.layers.7.weight, …7.weight, …7…. Where this does not suffice or not all are of one kind,
// names of the same separators lose the parts in which they do not differ, the last ones first:
// run.epoch=10-step=1370, run.epoch=10…1370. What is still too long loses its middle, and is
// numbered where that makes it like another. Time O(characters · separators).
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text.hpp"

namespace plot {

inline bool separates(char32_t c) {
  return std::u32string_view(U"./_-=: ").find(c) != std::u32string_view::npos;
}

// How many characters all begin with, and end with, up to a separator.
struct CommonEnds {
  std::size_t head;
  std::size_t tail;
};

inline CommonEnds common_ends(const std::vector<std::u32string>& names) {
  const std::u32string& first = names[0];
  std::size_t head = first.size();
  std::size_t tail = first.size();
  for (const auto& name : names) {
    const auto differs = std::mismatch(name.begin(), name.end(), first.begin(), first.end()).first;
    head = std::min(head, static_cast<std::size_t>(differs - name.begin()));
    const auto back = std::mismatch(name.rbegin(), name.rend(), first.rbegin(), first.rend()).first;
    tail = std::min(tail, static_cast<std::size_t>(back - name.rbegin()));
  }
  while (head > 0 && !separates(first[head - 1])) --head;
  while (tail > 0 && !separates(first[first.size() - tail])) --tail;
  return {head, tail};
}

// All without those ends; a name that is nothing else stays as it is.
inline std::vector<std::u32string> without_ends(const std::vector<std::u32string>& names,
                                                const CommonEnds& ends) {
  std::vector<std::u32string> result;
  for (const auto& name : names) {
    if (ends.head + ends.tail >= name.size()) {
      result.push_back(name);
      continue;
    }
    std::u32string text = name.substr(ends.head, name.size() - ends.head - ends.tail);
    if (ends.head > 0) text.insert(0, 1, U'\u2026');
    if (ends.tail > 0) text += U'\u2026';
    result.push_back(std::move(text));
  }
  return result;
}

// A name between its separators, of which there is one more part.
struct NameParts {
  std::vector<std::u32string> parts{U""};
  std::u32string separators;

  explicit NameParts(const std::u32string& name) {
    for (const char32_t c : name) {
      if (separates(c)) {
        separators += c;
        parts.emplace_back();
      } else {
        parts.back() += c;
      }
    }
  }

  // An ellipsis for each row of parts that are left out.
  std::u32string without(const std::vector<bool>& left_out) const {
    std::u32string text;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (!left_out[i]) {
        if (i > 0 && !left_out[i - 1]) text += separators[i - 1];
        text += parts[i];
      } else if (i == 0 || !left_out[i - 1]) {
        text += U'\u2026';
      }
    }
    return text;
  }
};

// Each kind of names, those of the same separators, without as many of the parts in which they do
// not differ as is needed for all of that kind to fit, from the last one on.
inline std::vector<std::u32string> without_common_parts(const std::vector<std::u32string>& names,
                                                        double size, double most) {
  std::map<std::u32string, std::vector<std::size_t>> kinds;
  std::vector<NameParts> all;
  for (const auto& name : names) {
    all.emplace_back(name);
    kinds[all.back().separators].push_back(all.size() - 1);
  }
  std::vector<std::u32string> result = names;
  for (const auto& kind : kinds) {
    const auto& members = kind.second;
    const auto& first = all[members[0]].parts;
    std::vector<bool> left_out(first.size(), false);
    const auto fits = [&](std::size_t i) { return width(result[i], size) <= most; };
    const auto is_common = [&](std::size_t part) {
      return std::all_of(members.begin(), members.end(),
                         [&](std::size_t i) { return all[i].parts[part] == first[part]; });
    };
    std::vector<std::size_t> common;
    for (std::size_t part = 0; part < first.size(); ++part) {
      if (is_common(part)) common.push_back(part);
    }
    if (common.size() == first.size()) continue;  // a single name
    while (!common.empty() && !std::all_of(members.begin(), members.end(), fits)) {
      left_out[common.back()] = true;
      common.pop_back();
      for (const std::size_t i : members) result[i] = all[i].without(left_out);
    }
  }
  return result;
}

// Each by itself: its middle left out where it is too long, a number before it where another would
// be written alike.
inline std::vector<std::u32string> numbered(const std::vector<std::u32string>& names,
                                            const std::vector<std::u32string>& texts, double size,
                                            double most) {
  std::map<std::u32string, std::set<std::size_t>> meanings;  // by the first of each name
  std::map<std::u32string, std::size_t> first;
  std::vector<std::u32string> result;
  for (std::size_t i = 0; i < names.size(); ++i) {
    result.push_back(shortened(texts[i], size, most));
    meanings[result[i]].insert(first.emplace(names[i], i).first->second);
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (meanings[result[i]].size() == 1) continue;
    const std::u32string number = decimal(static_cast<long long>(first[names[i]]) + 1, 0) + U": ";
    result[i] = number + shortened(texts[i], size, most - width(number, size));
  }
  return result;
}

inline std::vector<std::u32string> shortened(const std::vector<std::u32string>& names, double size,
                                             double most) {
  const auto all_fit = [&](const std::vector<std::u32string>& texts) {
    return std::all_of(texts.begin(), texts.end(),
                       [&](const auto& text) { return width(text, size) <= most; });
  };
  if (names.empty() || all_fit(names)) return names;
  const CommonEnds ends = common_ends(names);
  auto texts = without_ends(names, {ends.head, 0});
  if (all_fit(texts)) return texts;
  texts = without_ends(names, ends);
  if (all_fit(texts)) return texts;
  return numbered(names, without_common_parts(texts, size, most), size, most);
}

}  // namespace plot
