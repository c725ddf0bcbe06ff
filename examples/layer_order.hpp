// In which order and orientation a checkpoint's matrices are layers.
//
// A file of tensors has no order of its own. Names tell it where they are one numbered sequence:
// equal but for a single number, which increases (layers.0.weight, layers.2.weight; fc1, fc2). With
// any other name among them, a head.weight behind layers.N.weight for one, it would be a guess
// where that belongs, and deep graph persistence of layers in a wrong order looks like any other
// figure: so then it takes a user to say.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <regex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <dgp/concepts.hpp>

#include "words.hpp"

namespace layer_order {

// Who tells the order.
enum class ToldBy { names, user, nobody, graph };

struct Layer {
  std::string name;
  dgp::Index rows;         // as it is measured: out …
  dgp::Index cols;         // … and in
  bool is_kernel = false;  // of a convolution, measured as a matrix
};

// A name with '0' for each of its numbers, and these; nothing where one has more than 64 bits.
struct NameParts {
  std::string text;
  std::vector<std::uint64_t> numbers;
};
inline std::optional<NameParts> parts_of(const std::string& name) {
  NameParts parts;
  for (std::size_t i = 0; i < name.size();) {
    if (name[i] < '0' || name[i] > '9') {
      parts.text += name[i++];
      continue;
    }
    parts.text += '0';
    std::uint64_t number = 0;
    const char* end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + i, end, number);
    if (error != std::errc()) return std::nullopt;
    parts.numbers.push_back(number);
    i = static_cast<std::size_t>(stop - name.data());
  }
  return parts;
}

// The number by which each name differs from the others; nothing where they differ in more than
// that, where it does not increase, or where there is but one name.
inline std::optional<std::vector<std::uint64_t>> numbers_in_sequence(
    const std::vector<std::string>& names) {
  if (names.size() < 2) return std::nullopt;
  std::vector<NameParts> all;
  for (const auto& name : names) {
    auto parts = parts_of(name);
    if (!parts || (!all.empty() && parts->text != all[0].text)) return std::nullopt;
    all.push_back(std::move(*parts));
  }
  std::optional<std::size_t> place;
  for (std::size_t n = 0; n < all[0].numbers.size(); ++n) {
    const bool differs = std::any_of(all.begin(), all.end(), [&](const NameParts& parts) {
      return parts.numbers[n] != all[0].numbers[n];
    });
    if (differs && place) return std::nullopt;
    if (differs) place = n;
  }
  if (!place) return std::nullopt;
  std::vector<std::uint64_t> numbers;
  for (const auto& parts : all) {
    if (!numbers.empty() && parts.numbers[*place] <= numbers.back()) return std::nullopt;
    numbers.push_back(parts.numbers[*place]);
  }
  return numbers;
}

// Whether a name has another number where these, which are one sequence in ascending order, or a
// single name, have theirs. Of a sequence what comes behind the number may be anything.
inline bool continues(const std::vector<std::string>& names, const std::string& name) {
  if (names.size() == 1) {
    const bool before = name < names[0];
    return numbers_in_sequence({before ? name : names[0], before ? names[0] : name}).has_value();
  }
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const std::string& first = names.front();
  const std::string& last = names.back();
  const auto differ = std::mismatch(first.begin(), first.end(), last.begin(), last.end()).first;
  auto at = static_cast<std::size_t>(differ - first.begin());
  while (at > 0 && is_digit(first[at - 1])) --at;
  const auto number_of = [&](const std::string& text) {
    std::uint64_t number = 0;
    const bool there =
        text.size() > at && is_digit(text[at]) && text.compare(0, at, first, 0, at) == 0;
    if (!there ||
        std::from_chars(text.data() + at, text.data() + text.size(), number).ec != std::errc()) {
      return std::optional<std::uint64_t>();
    }
    return std::optional(number);
  };
  const auto number = number_of(name);
  return number && std::none_of(names.begin(), names.end(), [&](const std::string& other) {
           return number_of(other) == number;
         });
}

inline std::vector<std::string> names_of(const std::vector<Layer>& layers) {
  std::vector<std::string> names;
  for (const auto& layer : layers) names.push_back(layer.name);
  return names;
}

// Whether they are equal but for their numbers, of which several may differ: epoch=9-step=90,
// epoch=10-step=100.
inline bool differ_in_numbers_only(const std::vector<std::string>& names) {
  const auto first = parts_of(names.front());
  return first && std::all_of(names.begin(), names.end(), [&](const std::string& name) {
           const auto parts = parts_of(name);
           return parts && parts->text == first->text;
         });
}

inline ToldBy told_by(const std::vector<std::string>& names, bool by_user) {
  if (by_user) return ToldBy::user;
  return names.size() == 1 || numbers_in_sequence(names) ? ToldBy::names : ToldBy::nobody;
}

inline const char* word_of(ToldBy told) {
  return told == ToldBy::names   ? "names"
         : told == ToldBy::user  ? "given"
         : told == ToldBy::graph ? "graph"
                                 : "unknown";
}

// "layers.0.weight, layers.1.weight, layers.2.weight"; of many, the first and the last.
inline std::string listed(const std::vector<Layer>& layers) {
  constexpr std::size_t most = 6;
  std::string text;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    if (layers.size() > most && k == most - 2) {
      k = layers.size() - 1;
      text += ", …";
    }
    text.append(text.empty() ? "" : ", ").append(words::one_line(layers[k].name));
  }
  return text;
}

// Whether each layer takes as many values as the one before gives.
inline bool chain(const std::vector<Layer>& layers) {
  return std::adjacent_find(layers.begin(), layers.end(), [](const Layer& from, const Layer& to) {
           return to.cols != from.rows;
         }) == layers.end();
}

inline std::vector<Layer> transposed(std::vector<Layer> layers) {
  for (auto& layer : layers) std::swap(layer.rows, layer.cols);
  return layers;
}

inline bool has_kernel(const std::vector<Layer>& layers) {
  return std::any_of(layers.begin(), layers.end(),
                     [](const Layer& layer) { return layer.is_kernel; });
}

// A layer that takes its values beside others of the same numbers, not from them: a projection of
// attention, or what a recurrence hands on to itself. Null where no name tells of one.
inline const Layer* side_by_side(const std::vector<Layer>& layers) {
  static const std::regex telling(
      "(^|[._/])([qkvo]_proj|[qkv]_lin|qkv|query|key|value|in_proj|out_proj|c_attn|qkv_proj|"
      "query_key_value|(self_|cross_)?attn|(self_|cross_)?attention|weight_[ih]h_l|"
      "recurrent_kernel)([._/0-9]|$)",
      std::regex::icase);
  const auto found = std::find_if(layers.begin(), layers.end(), [&](const Layer& layer) {
    return layer.name.size() <= 1000 && std::regex_search(layer.name, telling);
  });
  return found == layers.end() ? nullptr : &*found;
}

// What an optimizer keeps of each layer, in its shape. Null where no name tells of it.
inline const Layer* of_optimizer(const std::vector<Layer>& layers) {
  static const std::regex telling(
      "(^|[./])(optimizers?[-_a-z]*|optim|opt_state|adamw?|momentum)([./0-9]|$)|"
      "(^|[._/])(exp_avg|exp_avg_sq|max_exp_avg_sq|square_avg|momentum_buffer|acc_delta|"
      "master_param)([._/0-9]|$)",
      std::regex::icase);
  const auto found = std::find_if(layers.begin(), layers.end(), [&](const Layer& layer) {
    return layer.name.size() <= 1000 && std::regex_search(layer.name, telling);
  });
  return found == layers.end() ? nullptr : &*found;
}

// Why layers that chain, or do not, are no chain to measure, and what to do about it; empty where
// they are one as far as names and shapes can tell. `missing` is what belongs among them by its
// name and is not measured; empty: nothing.
inline std::string advice(const std::vector<Layer>& layers, ToldBy told,
                          const std::string& missing) {
  std::string text;
  const auto add = [&](const std::string& sentence) {
    text.append(text.empty() ? "" : "; ").append(sentence);
  };
  if (!missing.empty()) {
    add(missing +
        " is one of these layers by its name, but is not measured, and the others are no network "
        "without it: choose those that are a chain of their own, with --layers, or store it as a "
        "matrix of floating-point numbers");
    return text;
  }
  if (const Layer* layer = of_optimizer(layers); layer != nullptr && told != ToldBy::user) {
    add("by its name " + words::one_line(layer->name) +
        " is what an optimizer keeps, no layer: leave it out with --layers, '^model' for one (the "
        "largest weight of all is the scale of every figure)");
    return text;
  }
  if (has_kernel(layers)) {
    add("kernels of convolutions are measured as matrices, and only a graph tells what follows on "
        "them: an ONNX model holds it (in PyTorch, torch.onnx.export), and gets measured by it "
        "where no layers are chosen; or choose layers that are matrices, with --layers");
    return text;
  }
  if (const Layer* layer = side_by_side(layers); layer != nullptr && told != ToldBy::user) {
    add("by its name " + words::one_line(layer->name) +
        " belongs to attention or a recurrence, whose matrices are no chain, whatever their "
        "shapes: take others with --layers, or say their order with --order");
    return text;
  }
  if (!chain(layers) && chain(transposed(layers))) {
    add("they would chain transposed: give --transpose . where they are stored (in x out), as "
        "Keras "
        "and Flax do, and leave it out where they are not");
  }
  if (told == ToldBy::nobody) {
    add("the names do not tell the order of the layers (here alphabetical: " + listed(layers) +
        "): give it with --order, a regular expression for each in the order in which data flows, "
        "or "
        "one for all whose numbers tell it");
  }
  return text;
}

// Whether shapes that chain must not be measured as a chain; where they do not, the measure says it
// better.
inline bool refutes(const std::vector<Layer>& layers, const std::string& advice) {
  return !advice.empty() && (chain(layers) || has_kernel(layers));
}

// Whether shapes leave it open how the layers are stored: they chain both ways.
inline bool chain_either_way(const std::vector<Layer>& layers) {
  return chain(layers) && chain(transposed(layers));
}

// Refuses two networks that are not one at two moments of its training.
inline void check_same_layers(const std::vector<Layer>& layers, const std::string& file,
                              const std::vector<Layer>& before, const std::string& file_before) {
  const auto words_of = [](const Layer& layer) {
    return words::one_line(layer.name) + " (" + words::shape(layer.rows, layer.cols) + ")";
  };
  const auto refuse = [&](const std::string& what) {
    throw std::runtime_error(words::one_line(file) + ": its layers differ from those of " +
                             words::one_line(file_before) + ": " + what +
                             "; checkpoints of one training have the same layers");
  };
  for (std::size_t k = 0; k < std::min(layers.size(), before.size()); ++k) {
    const Layer& now = layers[k];
    const Layer& then = before[k];
    if (now.name != then.name || now.rows != then.rows || now.cols != then.cols) {
      refuse("layer " + std::to_string(k) + " is " + words_of(now) + ", there " + words_of(then));
    }
  }
  if (layers.size() != before.size()) {
    refuse(std::to_string(layers.size()) + " layers, there " + std::to_string(before.size()));
  }
}

// What is assumed of them, for a table's foot; nothing of a single layer.
inline std::string assumption(const std::vector<Layer>& layers, ToldBy told, bool transposes) {
  const char* source = told == ToldBy::user ? ", as given by --order"
                       : told == ToldBy::names
                           ? ", by the numbers in their names"
                           : " (alphabetical, which may not be that in which data flows)";
  if (layers.size() == 1) {
    return has_kernel(layers)
               ? "The kernel of a convolution is measured as a matrix (out x all else)."
               : "";
  }
  std::string text = "Order of layers: " + listed(layers) + source + ".";
  if (has_kernel(layers)) {
    text += "\nKernels of convolutions are measured as matrices (out x all else).";
  }
  if (transposes) text += "\nThose that --transpose names are taken as stored (in x out).";
  if (!transposes && chain_either_way(layers)) {
    text +=
        "\nThey chain either way, so that shapes cannot tell how they are stored: (out x in) is\n"
        "assumed; give --transpose . for (in x out), as Keras and Flax store them.";
  }
  return text;
}

}  // namespace layer_order
