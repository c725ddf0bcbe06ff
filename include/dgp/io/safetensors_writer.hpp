// Writing safetensors checkpoints, which SafetensorsFile and other readers of the format take.
//
// in:  vectors and matrices, any dense Eigen expressions of half, bfloat16, float or double, with
//      the names they shall have
// out: a file that is there whole or not at all
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <ostream>
#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <dgp/concepts.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/io/whole_file.hpp>

namespace dgp::io {

// A tensor as the file will hold it.
struct NamedTensor {
  std::string name;                  // in UTF-8
  std::string type;                  // F16, BF16, F32 or F64
  std::vector<std::uint64_t> shape;  // one number for a vector, {rows, cols} for a matrix
  std::string bytes;                 // row by row, little-endian
};

// Takes the values of a vector or a matrix, whatever their order in memory. Time and memory O(its
// entries).
template <class Derived>
NamedTensor named_tensor(std::string name, const Eigen::DenseBase<Derived>& values) {
  using Scalar = typename Derived::Scalar;
  constexpr bool is_half = std::is_same_v<Scalar, Eigen::half>;
  constexpr bool is_bfloat16 = std::is_same_v<Scalar, Eigen::bfloat16>;
  constexpr bool is_float = std::is_same_v<Scalar, float>;
  static_assert(is_half || is_bfloat16 || is_float || std::is_same_v<Scalar, double>,
                "dgp: tensors are written as half, bfloat16, float or double; cast the matrix "
                "first, for example with W.template cast<float>()");
  const char* const type = is_half ? "F16" : is_bfloat16 ? "BF16" : is_float ? "F32" : "F64";
  const auto extent = [](Eigen::Index count) { return static_cast<std::uint64_t>(count); };

  NamedTensor tensor{std::move(name), type, {}, {}};
  if constexpr (Derived::IsVectorAtCompileTime) {
    tensor.shape = {extent(values.size())};
  } else {
    tensor.shape = {extent(values.rows()), extent(values.cols())};
  }
  const RowMajorMatrix<Scalar>& rows = values.derived();  // a copy only of what lies otherwise
  tensor.bytes.resize(static_cast<std::size_t>(rows.size()) * sizeof(Scalar));
  if (!tensor.bytes.empty()) {
    std::memcpy(tensor.bytes.data(), rows.data(), tensor.bytes.size());
  }
  if constexpr (std::endian::native == std::endian::big) {
    for (auto at = tensor.bytes.begin(); at != tensor.bytes.end(); at += sizeof(Scalar)) {
      std::reverse(at, at + sizeof(Scalar));
    }
  }
  return tensor;
}

// Writes the tensors, those of wider types first, so that all lie aligned to their type in a file
// mapped to memory; else in the order given. The same tensors make the same bytes.
//
// Time O(bytes); memory O(header). Throws std::invalid_argument for a tensor of another type than
// named_tensor gives or whose bytes do not fill its shape, for two tensors of one name, for
// the name the format keeps to itself, "__metadata__", and for one that is not UTF-8;
// std::runtime_error where the file cannot be written: a file that
// stood there stays as it was.
inline void write_safetensors(const std::filesystem::path& path,
                              const std::vector<NamedTensor>& tensors) {
  const auto width_of = [](const NamedTensor& tensor) -> std::uint64_t {
    if (tensor.type == "F64") return 8;
    if (tensor.type == "F32") return 4;
    return tensor.type == "F16" || tensor.type == "BF16" ? 2 : 0;
  };
  for (const auto& tensor : tensors) {
    std::uint64_t bytes = width_of(tensor);
    for (const std::uint64_t length : tensor.shape) bytes *= length;
    if (width_of(tensor) == 0 || bytes != tensor.bytes.size()) {
      throw std::invalid_argument("tensor " + dgp::detail::quoted(tensor.name) +
                                  " is not of type F16, BF16, F32 or F64, or its bytes do not "
                                  "fill its shape");
    }
  }
  std::vector<const NamedTensor*> ordered;
  for (const auto& tensor : tensors) ordered.push_back(&tensor);
  std::stable_sort(ordered.begin(), ordered.end(),
                   [&](const auto* a, const auto* b) { return width_of(*a) > width_of(*b); });

  std::string header = "{";
  std::set<std::string> names{"__metadata__"};
  std::uint64_t end = 0;
  for (const auto* tensor : ordered) {
    if (!names.insert(tensor->name).second) {
      throw std::invalid_argument("no tensor can be named " + dgp::detail::quoted(tensor->name) +
                                  ": the name is taken already");
    }
    const std::uint64_t begin = end;
    end += tensor->bytes.size();
    const nlohmann::ordered_json entry{
        {"dtype", tensor->type}, {"shape", tensor->shape}, {"data_offsets", {begin, end}}};
    try {
      if (header.size() > 1) header += ',';
      header.append(nlohmann::json(tensor->name).dump()).append(":").append(entry.dump());
    } catch (const nlohmann::json::exception&) {
      throw std::invalid_argument("a tensor's name is not UTF-8");
    }
  }
  header += '}';
  constexpr std::size_t alignment = 8;
  header.append((alignment - header.size() % alignment) % alignment, ' ');

  write_whole_file(path, [&](std::ostream& stream) {
    const std::uint64_t length = header.size();
    for (unsigned shift = 0; shift < 64; shift += 8) {
      stream.put(static_cast<char>(length >> shift & 0xff));
    }
    stream << header;
    for (const auto* tensor : ordered) {
      stream.write(tensor->bytes.data(), static_cast<std::streamsize>(tensor->bytes.size()));
    }
  });
}

}  // namespace dgp::io
