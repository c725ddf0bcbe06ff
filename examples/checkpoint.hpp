// Checkpoints as the example programs take them: files of several formats, the tensors that are
// layers, their order and orientation, and the words for those that are not.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <optional>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <dgp/concepts.hpp>
#include <dgp/io/checkpoint.hpp>
#include <dgp/io/file_format.hpp>
#include <dgp/io/natural_order.hpp>
#include <dgp/io/safetensors_shards.hpp>
#include <dgp/io/tensor_info.hpp>

#include "layer_order.hpp"
#include "words.hpp"

namespace checkpoint {

using dgp::io::FileFormat;
using dgp::io::TensorInfo;

// One network: a file, or all parts of one that lies in several.
struct Model {
  std::string name;
  std::vector<std::string> files;
};

// Parts of one checkpoint, by their names, are one model, where its first part stands.
inline std::vector<Model> models_of(const std::vector<std::string>& files) {
  std::vector<Model> models;
  for (const auto& file : files) {
    const auto shard = dgp::io::shard_name(file);
    if (!shard || shard->count == 1) {
      models.push_back({file, {file}});
      continue;
    }
    const std::string whole = shard->whole.string();
    const auto there = std::find_if(models.begin(), models.end(),
                                    [&](const Model& model) { return model.name == whole; });
    if (there == models.end()) {
      models.push_back({whole, {file}});
    } else {
      there->files.push_back(file);
    }
  }
  return models;
}

// The same in natural order of their names (checkpoint-10 after checkpoint-9) where these differ in
// numbers only, as a shell's * does not have it; as given where they do not.
inline std::vector<Model> models_in_order(std::vector<std::string> files) {
  if (layer_order::differ_in_numbers_only(files)) {
    std::stable_sort(files.begin(), files.end(), dgp::io::natural_less);
  }
  return models_of(files);
}

// The number by which their names differ, where it is only one and increases.
inline std::optional<std::vector<std::uint64_t>> steps_of(const std::vector<Model>& models) {
  std::vector<std::string> names;
  for (const auto& model : models) names.push_back(model.name);
  return layer_order::numbers_in_sequence(names);
}

// Files as they are shown beside each other: without their folders, where that tells them apart,
// and without the extension that all have.
inline std::vector<std::string> names_apart(const std::vector<std::string>& files) {
  const auto different = [](const std::vector<std::string>& names) {
    return std::set<std::string>(names.begin(), names.end()).size();
  };
  const auto all_named = [](const std::vector<std::string>& paths, const auto& part) {
    std::vector<std::string> names;
    for (const std::filesystem::path path : paths) names.push_back(part(path).string());
    return names;
  };
  std::vector<std::string> names =
      all_named(files, [](const auto& path) { return path.filename(); });
  if (different(names) < different(files)) names = files;
  const auto extensions = all_named(names, [](const auto& path) { return path.extension(); });
  if (different(extensions) > 1 || files.size() < 2) return names;
  return all_named(names, [](auto path) { return path.replace_extension(); });
}

[[noreturn]] inline void refuse_folder(const std::filesystem::path& path) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    const std::string name = entry.path().filename().string();
    const auto format = dgp::io::file_format(name, "?");
    const bool is_read = format != FileFormat::unknown && dgp::io::words_of(format).advice.empty();
    if (is_read) files.push_back(name);
  }
  std::sort(files.begin(), files.end(), dgp::io::natural_less);
  throw std::runtime_error(
      words::one_line(path.string()) + ": cannot be opened: not a file but a folder; give a file" +
      (files.empty() ? ", a checkpoint" : " in it, for example " + words::one_line(files[0])));
}

// The open file, or all parts of one; "-" is the standard input.
inline dgp::io::CheckpointFile open(const Model& model) {
  if (dgp::io::shard_name(model.files[0]).value_or(dgp::io::ShardName{{}, 1, 1}).count > 1) {
    return dgp::io::CheckpointFile(
        std::vector<std::filesystem::path>(model.files.begin(), model.files.end()));
  }
  const std::filesystem::path path = model.files[0] == "-" ? "/dev/stdin" : model.files[0];
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) refuse_folder(path);
  return dgp::io::CheckpointFile(path);
}

// Which tensors are layers, and how they stand: what the options below say.
struct Choice {
  std::string layers;                    // a regular expression; empty: all
  std::vector<std::string> order;        // regular expressions; none: by the numbers in the names
  std::optional<std::string> transpose;  // a regular expression: those stored (in × out)

  bool is_default() const { return layers.empty() && order.empty() && !transpose; }
};

// The options --layers, --order and --transpose.
inline void add_choice(CLI::App& app, Choice& choice) {
  const auto regular_expression = [](const std::string& text) -> std::string {
    try {
      const std::regex valid(text);
      return {};
    } catch (const std::regex_error&) {
      return "'" + text + "' is not a regular expression";
    }
  };
  app.add_option("--layers", choice.layers,
                 "Take only tensors whose name holds a match of this regular expression")
      ->type_name("REGEX")
      ->check(regular_expression);
  app.add_option("--order", choice.order,
                 "The order of the layers, from inputs to outputs: a regular expression for each\n"
                 "(after the files), or for several, which then keep the order of the numbers in\n"
                 "their names. Needed for deep graph persistence where names are not one numbered\n"
                 "sequence, such as layers.0.weight, layers.2.weight")
      ->type_name("REGEX")
      ->expected(1, 1 << 20)
      ->check(regular_expression);
  app.add_option("--transpose", choice.transpose,
                 "Layers stored (in x out), as Keras and Flax do: those whose name holds a match;\n"
                 "'.' for all")
      ->type_name("REGEX")
      ->check(regular_expression);
}

// The standard library matches by recursion; a name longer than any real one could exhaust it.
inline bool matches(const std::string& name, const std::regex& pattern) {
  constexpr std::size_t longest_name = 1000;
  return name.size() <= longest_name && std::regex_search(name, pattern);
}

// "conv1.weight [2,1,3,3], conv2.weight [4,2,3,3] and 5 more"; with types, "ids [1,16] I64".
inline std::string listed(const std::vector<TensorInfo>& tensors, bool with_types = false) {
  constexpr std::size_t most = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(tensors.size(), most); ++i) {
    std::string shape;
    for (const auto extent : tensors[i].shape) {
      shape.append(shape.empty() ? "" : ",").append(std::to_string(extent));
    }
    text.append(text.empty() ? "" : ", ").append(words::one_line(tensors[i].name));
    text.append(" [").append(shape).append("]");
    if (with_types) text.append(" ").append(words::one_line(tensors[i].type));
  }
  if (tensors.size() > most) text += " and " + std::to_string(tensors.size() - most) + " more";
  return text;
}

struct ChosenTensor {
  TensorInfo tensor;
  bool transposed;  // stored (in × out)
};

// What a checkpoint holds for the measures.
struct Selection {
  std::vector<ChosenTensor> layers;  // in the order in which data is taken to flow
  layer_order::ToldBy told;
  // Of more dimensions than layers have, or no floating-point numbers that are read.
  std::vector<TensorInfo> not_measured;
  // The first of these that is a layer by its name, with its shape and type; empty: none is.
  std::string missing;
};

// The layers as they are measured.
inline std::vector<layer_order::Layer> shapes_of(const Selection& selection) {
  std::vector<layer_order::Layer> layers;
  for (const auto& [tensor, transposed] : selection.layers) {
    dgp::Index others = 1;
    for (const auto extent : tensor.shape) others *= static_cast<dgp::Index>(extent);
    const auto out =
        static_cast<dgp::Index>(transposed ? tensor.shape.back() : tensor.shape.front());
    layers.push_back({tensor.name, out, out == 0 ? 0 : others / out, dgp::io::is_kernel(tensor)});
  }
  return layers;
}

// By the first of the expressions that each matches.
inline void put_in_order(std::vector<ChosenTensor>& layers, const std::vector<std::string>& order,
                         const std::string& path) {
  const std::vector<std::regex> patterns(order.begin(), order.end());
  std::vector<std::vector<ChosenTensor>> groups(order.size());
  std::vector<bool> used(order.size(), false);
  for (auto& layer : layers) {
    std::size_t first = order.size();
    for (std::size_t i = order.size(); i-- > 0;) {
      if (!matches(layer.tensor.name, patterns[i])) continue;
      first = i;
      used[i] = true;
    }
    if (first == order.size()) {
      throw std::runtime_error(path + ": --order says nothing of layer '" +
                               words::one_line(layer.tensor.name) +
                               "'; name it there, or leave it out with --layers");
    }
    groups[first].push_back(std::move(layer));
  }
  const auto unused = std::find(used.begin(), used.end(), false);
  if (unused != used.end()) {
    const std::string& pattern = order[static_cast<std::size_t>(unused - used.begin())];
    std::error_code error;
    throw std::runtime_error(
        path + ": no layer matches '" + pattern + "' of --order" +
        (std::filesystem::exists(pattern, error) ? "; files are to be given before --order" : ""));
  }
  layers.clear();
  for (auto& group : groups) std::move(group.begin(), group.end(), std::back_inserter(layers));
}

// The first of the tensors that are not measured that belongs among the layers, with its shape and
// type: its name continues the numbered sequence of all their names (fc1, fc3 and fc2.qweight) or,
// where --order is given, of those that the same expression matches. Empty: none does.
inline std::string missing_among(const Selection& selection,
                                 const std::vector<std::string>& order) {
  const std::vector<std::string> one_for_all{""};
  for (const auto& text : order.empty() ? one_for_all : order) {
    const std::regex pattern(text);
    std::vector<std::string> names;
    for (const auto& layer : selection.layers) {
      if (matches(layer.tensor.name, pattern)) names.push_back(layer.tensor.name);
    }
    std::sort(names.begin(), names.end(), dgp::io::natural_less);
    // No name continues what is none.
    if (names.empty() || (names.size() > 1 && !layer_order::numbers_in_sequence(names))) continue;
    for (const auto& tensor : selection.not_measured) {
      if (!matches(tensor.name, pattern)) continue;
      if (layer_order::continues(names, tensor.name)) return listed({tensor}, true);
    }
  }
  return "";
}

// Whether a model says itself that a matrix is stored (in × out).
inline bool is_stored_in_first([[maybe_unused]] const dgp::io::CheckpointFile& file,
                               [[maybe_unused]] const TensorInfo& tensor) {
#ifdef DGP_WITH_ONNX
  const auto* onnx = file.get_if<dgp::io::OnnxFile>();
  return onnx != nullptr && tensor.shape.size() == 2 && onnx->is_stored_in_first(tensor);
#else
  return false;
#endif
}

// Throws std::runtime_error where no tensor that the choice takes is a layer, and where an
// expression for their order or orientation fits none.
inline Selection select(const dgp::io::CheckpointFile& file, const Choice& choice) {
  const std::string path = words::one_line(file.path().string());
  const std::regex wanted(choice.layers);
  Selection selection;
  std::vector<TensorInfo> of_other_shapes;
  std::vector<TensorInfo> of_other_types;
  auto tensors = file.tensors();
  const auto skipped = file.skipped();
  tensors.insert(tensors.end(), skipped.begin(), skipped.end());
  for (const auto& tensor : tensors) {
    if (!choice.layers.empty() && !matches(tensor.name, wanted)) continue;
    if (!dgp::io::is_layer(tensor)) {
      of_other_shapes.push_back(tensor);
    } else if (tensor.floating_point_bytes == 0) {
      of_other_types.push_back(tensor);
    } else {
      selection.layers.push_back({tensor, is_stored_in_first(file, tensor)});
    }
  }
  if (selection.layers.empty()) {
    throw std::runtime_error(
        path + ": no tensor of 2 to 5 dimensions" +
        (of_other_types.empty() ? "" : " of F16, BF16, F32 or F64, NumPy's f2, f4 or f8") +
        (choice.layers.empty() ? "" : " matches '" + choice.layers + "'") +
        (of_other_shapes.empty() ? "" : "; of other shapes: " + listed(of_other_shapes)) +
        (of_other_types.empty() ? "" : "; of other types: " + listed(of_other_types, true)) +
        (tensors.empty() ? ": it holds no tensors at all" : ""));
  }
  std::copy_if(of_other_shapes.begin(), of_other_shapes.end(),
               std::back_inserter(selection.not_measured),
               [](const TensorInfo& tensor) { return tensor.shape.size() > 5; });
  std::copy(of_other_types.begin(), of_other_types.end(),
            std::back_inserter(selection.not_measured));
  selection.missing = missing_among(selection, choice.order);

  if (!choice.order.empty()) put_in_order(selection.layers, choice.order, path);
  if (choice.transpose) {
    const std::regex stored_otherwise(*choice.transpose);
    bool any = false;
    for (auto& layer : selection.layers) {
      if (!matches(layer.tensor.name, stored_otherwise)) continue;
      layer.transposed = !layer.transposed;
      any = true;
    }
    if (!any) {
      throw std::runtime_error(path + ": no layer matches '" + *choice.transpose +
                               "' of --transpose");
    }
  }
  selection.told =
      layer_order::told_by(layer_order::names_of(shapes_of(selection)), !choice.order.empty());
  return selection;
}

// As a matrix (out × in), of a kernel (out × all else).
template <class Scalar>
dgp::RowMajorMatrix<Scalar> read(dgp::io::CheckpointFile& file, const ChosenTensor& layer) {
  auto stored = file.read_rows<Scalar>(layer.tensor);
  if (!layer.transposed) return stored;
  const auto out = static_cast<dgp::Index>(layer.tensor.shape.back());
  return Eigen::Map<const dgp::RowMajorMatrix<Scalar>>(stored.data(),
                                                       out == 0 ? 0 : stored.size() / out, out)
      .transpose();
}

inline std::vector<std::string> names_of(const std::vector<TensorInfo>& tensors) {
  std::vector<std::string> names;
  for (const auto& tensor : tensors) names.push_back(tensor.name);
  return names;
}

// A sentence on each kind of them; none where there are none.
inline std::vector<std::string> not_measured_notes(const std::vector<TensorInfo>& tensors) {
  std::vector<TensorInfo> of_more_dimensions;
  std::vector<TensorInfo> of_other_types;
  for (const auto& tensor : tensors) {
    (dgp::io::is_layer(tensor) ? of_other_types : of_more_dimensions).push_back(tensor);
  }
  std::vector<std::string> notes;
  if (!of_more_dimensions.empty()) {
    notes.push_back("Not measured (more than five dimensions): " + listed(of_more_dimensions));
  }
  if (!of_other_types.empty()) {
    notes.push_back("Not measured (no numbers of F16, BF16, F32 or F64): " +
                    listed(of_other_types, true));
  }
  return notes;
}

}  // namespace checkpoint
