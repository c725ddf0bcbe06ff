// What a file is, told by its first bytes and by the end of its name; and, of a format that is not
// read here, what to do about it.
//
// in:  a name, and the bytes that the file starts with (4096 are enough)
// out: one of the formats below; for people, its name and a line that converts it
//
// Bytes come before names: a file that was renamed, or is a page of errors instead of the download,
// is told for what it is.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include <dgp/detail/requirements.hpp>

namespace dgp::io {

// What a file can be told for; words_of says in words what each is.
enum class FileFormat {
  unknown,
  empty,
  safetensors,
  npy,
  npz,
  pytorch,         // a ZIP archive, as torch.save has written since version 1.6
  pytorch_legacy,  // a sequence of pickles, as it did before
  pickle,
  hdf5,
  keras,
  onnx,
  tensorflow_graph,
  tensorflow_checkpoint,
  tflite,
  gguf,
  flax,
  matlab,
  idx,
  shard_index,
  json,
  zip,
  gzip,
  bzip2,
  xz,
  zstandard,
  tar,
  git_lfs_pointer,
  web_page
};

// A format in words.
struct FileFormatWords {
  FileFormat format;        // that they are of
  std::string_view what;    // a PyTorch checkpoint, for instance
  std::string_view advice;  // empty for the formats that are read
};

namespace detail {

inline constexpr FileFormatWords file_format_words[] = {
    {FileFormat::unknown, "a file of an unknown format",
     "safetensors files, PyTorch's .pt, ONNX models and NumPy's .npz and .npy files are read"},
    {FileFormat::empty, "an empty file", "see whether it was downloaded or written whole"},
    {FileFormat::safetensors, "a safetensors file", ""},
    {FileFormat::npy, "a NumPy array (.npy)", ""},
    {FileFormat::npz, "an archive of NumPy arrays (.npz)", ""},
    {FileFormat::pytorch, "a PyTorch checkpoint", ""},
    {FileFormat::pytorch_legacy, "a PyTorch checkpoint of the format before version 1.6",
     "save it anew, in Python with a newer one: import torch; torch.save(torch.load('old.pt', "
     "map_location='cpu'), 'new.pt')"},
    {FileFormat::pickle, "a Python pickle",
     "if you trust where it comes from, convert it in Python: of a PyTorch model, "
     "torch.save(model.state_dict(), 'model.pt'); of a dictionary of arrays, import pickle, numpy "
     "as np; np.savez('model.npz', **pickle.load(open('model.pkl', 'rb')))"},
    {FileFormat::hdf5, "an HDF5 file, as Keras writes them",
     "convert it in Python: import h5py, numpy as np; a = {}; "
     "h5py.File('model.h5').visititems(lambda n, d: a.update({n: d[()]}) if isinstance(d, "
     "h5py.Dataset) else None); np.savez('model.npz', **a); Keras stores layers (in x out)"},
    {FileFormat::keras, "a Keras model",
     "convert it in Python: import keras, numpy as np; np.savez('model.npz', "
     "*keras.models.load_model('model.keras').get_weights()); Keras stores layers (in x out)"},
    {FileFormat::onnx, "an ONNX model", ""},
    {FileFormat::tensorflow_graph, "a TensorFlow graph",
     "convert the folder that it lies in, in Python: import tensorflow as tf, numpy as np; "
     "np.savez('model.npz', **{v.name: v.numpy() for v in "
     "tf.saved_model.load('folder').variables}); TensorFlow stores layers (in x out)"},
    {FileFormat::tensorflow_checkpoint, "a part of a TensorFlow checkpoint",
     "convert the checkpoint in Python: import tensorflow as tf, numpy as np; r = "
     "tf.train.load_checkpoint('model.ckpt'); np.savez('model.npz', **{n: r.get_tensor(n) for n in "
     "r.get_variable_to_shape_map()}); TensorFlow stores layers (in x out)"},
    {FileFormat::tflite, "a TensorFlow Lite model",
     "convert its weights in Python: import tensorflow as tf, numpy as np; i = "
     "tf.lite.Interpreter('model.tflite'); i.allocate_tensors(); np.savez('model.npz', "
     "**{t['name']: i.get_tensor(t['index']) for t in i.get_tensor_details()})"},
    {FileFormat::gguf, "a GGUF model",
     "convert the weights that are not quantised in Python: import gguf, numpy as np; "
     "np.savez('model.npz', **{t.name: t.data for t in gguf.GGUFReader('model.gguf').tensors if "
     "t.data.dtype.kind == 'f'})"},
    {FileFormat::flax, "a MessagePack file, as Flax writes them",
     "convert it in Python: import numpy as np; from flax import serialization as s, traverse_util "
     "as t; np.savez('model.npz', **t.flatten_dict(s.msgpack_restore(open('model.msgpack', "
     "'rb').read()), sep='/')); Flax stores layers (in x out)"},
    {FileFormat::matlab, "a MATLAB file",
     "convert it in Python: import numpy as np, scipy.io; np.savez('model.npz', **{k: v for k, v "
     "in scipy.io.loadmat('model.mat').items() if k[0] != '_'})"},
    {FileFormat::idx, "an IDX file of data, such as images or labels",
     "give the network's checkpoint instead"},
    {FileFormat::shard_index, "the index of a checkpoint in several files", ""},
    {FileFormat::json, "a JSON file, without any weights", "give the checkpoint instead"},
    {FileFormat::zip, "a ZIP archive without NumPy arrays", "unpack it first, with unzip"},
    {FileFormat::gzip, "a compressed file", "unpack it first, with gunzip"},
    {FileFormat::bzip2, "a compressed file", "unpack it first, with bunzip2"},
    {FileFormat::xz, "a compressed file", "unpack it first, with unxz"},
    {FileFormat::zstandard, "a compressed file", "unpack it first, with unzstd"},
    {FileFormat::tar, "a tar archive", "unpack it first, with tar -xf"},
    {FileFormat::git_lfs_pointer, "a Git LFS pointer instead of the file itself",
     "fetch the file with git lfs pull"},
    {FileFormat::web_page, "a web page",
     "see whether the address of the download was that of the file itself"}};

struct FileSignature {
  FileFormat format;
  std::size_t at;
  std::string_view bytes;
};

inline constexpr FileSignature file_signatures[] = {
    {FileFormat::npy, 0, "\x93NUMPY"},
    {FileFormat::pytorch_legacy, 0, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"},
    {FileFormat::pickle, 0, "\x80\x02"},
    {FileFormat::pickle, 0, "\x80\x03"},
    {FileFormat::pickle, 0, "\x80\x04\x95"},
    {FileFormat::pickle, 0, "\x80\x05\x95"},
    {FileFormat::hdf5, 0, "\x89HDF\r\n\x1a\n"},
    {FileFormat::tflite, 4, "TFL3"},
    {FileFormat::gguf, 0, "GGUF"},
    {FileFormat::matlab, 0, "MATLAB 5.0 MAT-file"},
    {FileFormat::gzip, 0, "\x1f\x8b"},
    {FileFormat::bzip2, 0, "BZh"},
    {FileFormat::xz, 0, std::string_view("\xfd\x37zXZ\0", 6)},
    {FileFormat::zstandard, 0, "\x28\xb5\x2f\xfd"},
    {FileFormat::tar, 257, "ustar"},
    {FileFormat::git_lfs_pointer, 0, "version https://git-lfs.github.com/spec/"}};

struct FileNameEnd {
  FileFormat format;
  std::string_view end;
};

// Where the bytes leave it open. Of ".index.json" and ".json" the longer one comes first.
inline constexpr FileNameEnd file_name_ends[] = {{FileFormat::safetensors, ".safetensors"},
                                                 {FileFormat::npy, ".npy"},
                                                 {FileFormat::npz, ".npz"},
                                                 {FileFormat::pytorch, ".pt"},
                                                 {FileFormat::pytorch, ".pth"},
                                                 {FileFormat::pytorch, ".ckpt"},
                                                 {FileFormat::pickle, ".pkl"},
                                                 {FileFormat::pickle, ".pickle"},
                                                 {FileFormat::pickle, ".joblib"},
                                                 {FileFormat::hdf5, ".h5"},
                                                 {FileFormat::hdf5, ".hdf5"},
                                                 {FileFormat::keras, ".keras"},
                                                 {FileFormat::onnx, ".onnx"},
                                                 {FileFormat::tensorflow_graph, ".pb"},
                                                 {FileFormat::tensorflow_checkpoint, ".index"},
                                                 {FileFormat::tensorflow_checkpoint, ".meta"},
                                                 {FileFormat::tflite, ".tflite"},
                                                 {FileFormat::gguf, ".gguf"},
                                                 {FileFormat::flax, ".msgpack"},
                                                 {FileFormat::matlab, ".mat"},
                                                 {FileFormat::shard_index, ".index.json"},
                                                 {FileFormat::json, ".json"}};

inline FileFormat format_by_name(std::string_view name) {
  for (const auto& [format, end] : file_name_ends) {
    if (name.ends_with(end)) return format;
  }
  // model.ckpt-100.data-00000-of-00001
  const std::size_t at = name.rfind(".data-");
  return at != std::string_view::npos && name.find("-of-", at) != std::string_view::npos
             ? FileFormat::tensorflow_checkpoint
             : FileFormat::unknown;
}

// The first 8 bytes count those of a JSON object; no header comes near 2^40 of them.
inline bool starts_like_safetensors(std::string_view start) {
  return start.size() > 8 && start[8] == '{' && start.substr(5, 3) == std::string_view("\0\0\0", 3);
}

// A ZIP archive by the names of its first entries, which stand before their bytes.
inline FileFormat format_of_zip(std::string_view name, std::string_view start) {
  const auto has = [&](std::string_view entry) {
    return start.find(entry) != std::string_view::npos;
  };
  if (has("/data.pkl") || has("/.format_version") || has("/constants.pkl")) {
    return FileFormat::pytorch;
  }
  if (has(".npyPK") || has(".npy\x93NUMPY") || name.ends_with(".npz")) return FileFormat::npz;
  if (has("model.weights.h5") || (has("metadata.json") && has("keras"))) return FileFormat::keras;
  if (has(".npy")) return FileFormat::npz;
  const FileFormat named = format_by_name(name);
  return named == FileFormat::pytorch || named == FileFormat::keras ? named : FileFormat::zip;
}

inline FileFormat format_of_json(std::string_view name, std::string_view start) {
  return name.ends_with(".index.json") || start.find("\"weight_map\"") != std::string_view::npos
             ? FileFormat::shard_index
             : FileFormat::json;
}

}  // namespace detail

// What a file is. The name may hold folders; `start` is all of the file where that is short. Time
// O(start).
inline FileFormat file_format(std::string_view name, std::string_view start) {
  if (start.empty()) return FileFormat::empty;
  if (detail::starts_like_safetensors(start)) return FileFormat::safetensors;
  for (const auto& [format, at, bytes] : detail::file_signatures) {
    if (start.size() >= at && start.substr(at).starts_with(bytes)) return format;
  }
  if (start.starts_with("PK\x03\x04") || start.starts_with("PK\x05\x06")) {
    return detail::format_of_zip(name, start);
  }
  const auto byte = [&](std::size_t i) {
    return i < start.size() ? static_cast<unsigned char>(start[i]) : 0;
  };
  // Two zeros, a type of numbers, how many dimensions.
  if (start.size() >= 8 && byte(0) == 0 && byte(1) == 0 && byte(2) >= 8 && byte(2) <= 14 &&
      byte(3) >= 1 && byte(3) <= 8) {
    return FileFormat::idx;
  }
  // ONNX has no signature of its own: its version, then who made it, or at once the graph.
  if (byte(0) == 8 && byte(1) >= 1 && byte(1) < 32 && (byte(2) == 0x12 || byte(2) == 0x3a)) {
    return FileFormat::onnx;
  }

  std::string text(start.substr(0, 64));
  text.erase(0, text.find_first_not_of(" \t\r\n"));
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (text.starts_with("<!doctype html") || text.starts_with("<html")) return FileFormat::web_page;
  const FileFormat named = detail::format_by_name(name);
  const bool braced = text.starts_with("{") || text.starts_with("[");
  if (braced && (named == FileFormat::json || named == FileFormat::shard_index ||
                 text.find('"') != std::string::npos)) {
    return detail::format_of_json(name, start);
  }
  return named;
}

// What it is called, and what to do where it is not read.
inline FileFormatWords words_of(FileFormat format) {
  return *std::find_if(std::begin(detail::file_format_words), std::end(detail::file_format_words),
                       [&](const FileFormatWords& words) { return words.format == format; });
}

namespace detail {

// ": it is a PyTorch checkpoint; convert it …", to follow "not a .npy file"; empty where nothing
// more is known. Source is a file with start().
template <class Source>
std::string but_it_is(Source& source) {
  // By its bytes alone: its name has been believed already.
  const FileFormat format = file_format("", source.start());
  if (format == FileFormat::unknown || format == FileFormat::empty) return "";
  const FileFormatWords words = words_of(format);
  return ": it is " + std::string(words.what) +
         (words.advice.empty() ? "" : "; " + std::string(words.advice));
}

}  // namespace detail
}  // namespace dgp::io
