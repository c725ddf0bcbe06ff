// The constants of an ONNX model: their types, shapes and values.
//
// in:  a tensor's message, and the path of the model that it belongs to
// out: a description; the values as a matrix, or as whole numbers
//
// Values are in raw bytes, in typed fields, or in a file of their own. Such a file is opened only
// inside the model's own folder, whatever its links say.
#pragma once

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <onnx/onnx_pb.h>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/concepts.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/io/detail/input_file.hpp>
#include <dgp/io/detail/onnx_model.hpp>
#include <dgp/io/detail/stored_values.hpp>
#include <dgp/io/tensor_info.hpp>

namespace dgp::io::detail {

// Of the types that are read as weights; 0 for others.
inline std::size_t onnx_floating_point_bytes(int type) {
  switch (type) {
    case onnx::TensorProto::FLOAT:
      return 4;
    case onnx::TensorProto::DOUBLE:
      return 8;
    case onnx::TensorProto::FLOAT16:
    case onnx::TensorProto::BFLOAT16:
      return 2;
    default:
      return 0;
  }
}

// FLOAT, BFLOAT16, INT64 …
inline std::string onnx_type_name(int type) {
  if (onnx::TensorProto::DataType_IsValid(type)) {
    return onnx::TensorProto::DataType_Name(static_cast<onnx::TensorProto::DataType>(type));
  }
  return "type " + std::to_string(type);
}

inline bool is_external(const onnx::TensorProto& tensor) {
  return tensor.data_location() == onnx::TensorProto::EXTERNAL;
}

inline std::uint64_t value_count(const TensorInfo& info) {
  std::uint64_t count = 1;
  for (const auto extent : info.shape) count *= extent;
  return count;
}

// The byte range is that of the values themselves, from 0 on. Throws std::runtime_error by
// place.fail for a negative extent, or more values than can be counted.
inline TensorInfo onnx_tensor_info(const onnx::TensorProto& tensor, const std::string& name,
                                   const OnnxPlace& place) {
  TensorInfo info{name, onnx_type_name(tensor.data_type()), {}, 0, 0};
  info.floating_point_bytes = onnx_floating_point_bytes(tensor.data_type());
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max() / sizeof(double);
  constexpr int most_dimensions = 64;
  if (tensor.dims_size() > most_dimensions) {
    place.fail("tensor " + dgp::detail::quoted(name) + " has more than 64 dimensions");
  }
  std::uint64_t bound = 1;  // a 0 must not hide what the others come to
  for (const std::int64_t extent : tensor.dims()) {
    info.shape.push_back(static_cast<std::uint64_t>(extent));
    const std::uint64_t factor = std::max<std::uint64_t>(info.shape.back(), 1);
    if (extent < 0 || bound > most / factor) {
      place.fail(describe(info) + " has an impossible shape");
    }
    bound *= factor;
  }
  info.end = value_count(info) * info.floating_point_bytes;
  return info;
}

// Where a tensor's values lie in a file of their own.
struct ExternalValues {
  std::filesystem::path path;
  std::uint64_t offset = 0;
};

// Throws std::runtime_error for a file outside the model's folder, and for fields that make no
// sense; `bytes` is what the values need.
inline ExternalValues external_values(const onnx::TensorProto& tensor, std::uint64_t bytes,
                                      const OnnxPlace& place) {
  ExternalValues values;
  std::string location;
  for (const auto& field : tensor.external_data()) {
    std::uint64_t number = 0;
    const char* end = field.value().data() + field.value().size();
    const auto [stop, error] = std::from_chars(field.value().data(), end, number);
    const bool is_number = error == std::errc() && stop == end;
    if (field.key() == "location") location = field.value();
    if (field.key() != "offset" && field.key() != "length") continue;
    if (!is_number) place.fail("external data with an impossible " + field.key());
    if (field.key() == "offset") values.offset = number;
    if (field.key() == "length" && number != bytes) {
      place.fail("needs " + std::to_string(bytes) + " bytes, but has " + std::to_string(number) +
                 " of external data");
    }
  }
  const std::string shown = dgp::detail::quoted(location);
  const std::filesystem::path relative(location);
  bool inside = !location.empty() && relative.is_relative() && !relative.has_root_path() &&
                location.find('\0') == std::string::npos;
  for (const auto& part : relative) inside = inside && part != "..";
  if (!inside) place.fail("external data at " + shown + ", which is not in the model's folder");

  const auto model_folder = place.path().parent_path();
  std::error_code error;
  const auto folder = std::filesystem::canonical(model_folder.empty() ? "." : model_folder, error);
  if (error) place.fail("external data: the model's folder cannot be read: " + error.message());
  values.path = std::filesystem::canonical(folder / relative, error);
  if (error) place.fail("external data at " + shown + " cannot be opened: " + error.message());
  if (!std::filesystem::is_regular_file(values.path, error)) {
    place.fail("external data at " + shown + " is not a file");
  }
  const auto there = values.path.lexically_relative(folder);
  if (there.empty() || *there.begin() == "..") {
    place.fail("external data at " + shown + ", a link that leads out of the model's folder");
  }
  return values;
}

// Reads the bytes of a tensor's values where they are bytes; those of typed fields as they stand in
// memory. Throws std::runtime_error where they are not as many as the shape needs.
template <class Stored>
class OnnxBytes {
 public:
  OnnxBytes(const onnx::TensorProto& tensor, const TensorInfo& info, const OnnxPlace& place)
      : tensor_(tensor) {
    const std::uint64_t count = value_count(info);
    const auto expect = [&](std::uint64_t there) {
      if (there == count) return;
      place.fail(describe(info) + " needs " + std::to_string(count) + " values, but has " +
                 std::to_string(there));
    };
    if (tensor.has_segment()) place.fail(describe(info) + " comes in segments, which are not read");
    if (is_external(tensor)) {
      const std::uint64_t bytes = count * sizeof(Stored);
      const auto values = external_values(tensor, bytes, place);
      InputFile file(values.path);
      if (values.offset > file.size() || bytes > file.size() - values.offset) {
        file.fail(values.offset, describe(info) + " claims bytes that the file does not have");
      }
      read_.resize(static_cast<std::size_t>(bytes));
      file.read(values.offset, read_.data(), bytes);
      bytes_ = read_;
    } else if (tensor.has_raw_data()) {
      bytes_ = tensor.raw_data();
      if (bytes_.size() % sizeof(Stored) != 0) place.fail(describe(info) + " ends within a value");
      expect(bytes_.size() / sizeof(Stored));
    } else {
      expect(static_cast<std::uint64_t>(typed_count()));
    }
  }

  Stored operator[](std::size_t i) const {
    constexpr bool turned = std::endian::native == std::endian::big;
    if (!bytes_.empty()) {
      return stored_value<Stored>(bytes_.data() + i * sizeof(Stored), turned);
    }
    const int at = static_cast<int>(i);
    if constexpr (std::is_same_v<Stored, float>) {
      return tensor_.float_data(at);
    } else if constexpr (std::is_same_v<Stored, double>) {
      return tensor_.double_data(at);
    } else if constexpr (std::is_same_v<Stored, std::int64_t>) {
      return tensor_.int64_data(at);
    } else if constexpr (std::is_same_v<Stored, std::int32_t>) {
      return tensor_.int32_data(at);
    } else {
      // The bits of a half type.
      return Eigen::numext::bit_cast<Stored>(static_cast<std::uint16_t>(tensor_.int32_data(at)));
    }
  }

 private:
  int typed_count() const {
    if constexpr (std::is_same_v<Stored, float>) {
      return tensor_.float_data_size();
    } else if constexpr (std::is_same_v<Stored, double>) {
      return tensor_.double_data_size();
    } else if constexpr (std::is_same_v<Stored, std::int64_t>) {
      return tensor_.int64_data_size();
    } else {
      return tensor_.int32_data_size();
    }
  }

  const onnx::TensorProto& tensor_;
  std::string read_;
  std::string_view bytes_;
};

// As a row-major matrix, (first extent × all others together); one value without dimensions: 1 × 1.
// Throws std::runtime_error for a type that is not read and for missing values.
template <class Scalar>
RowMajorMatrix<Scalar> onnx_rows(const onnx::TensorProto& tensor, const TensorInfo& info,
                                 const OnnxPlace& place) {
  const MatrixShape shape = info.shape.empty() ? MatrixShape{1, 1} : shape_by_rows(place, info);
  const auto read = [&]<class Stored>(Stored) {
    const OnnxBytes<Stored> values(tensor, info, place);
    RowMajorMatrix<Scalar> matrix(shape.rows, shape.cols);
    for (Index i = 0; i < matrix.size(); ++i) {
      matrix.data()[i] = static_cast<Scalar>(values[static_cast<std::size_t>(i)]);
    }
    return matrix;
  };
  switch (tensor.data_type()) {
    // NOLINTNEXTLINE(bugprone-branch-clone): each reads another type
    case onnx::TensorProto::FLOAT:
      return read(float());
    case onnx::TensorProto::DOUBLE:
      return read(double());
    case onnx::TensorProto::FLOAT16:
      return read(Eigen::half());
    case onnx::TensorProto::BFLOAT16:
      return read(Eigen::bfloat16());
    default:
      break;
  }
  place.fail(describe(info) +
             " has a type that is not read (FLOAT16, BFLOAT16, FLOAT and DOUBLE are)");
}

// Of INT64 and INT32: shapes, axes and the like.
inline std::vector<std::int64_t> onnx_integers(const onnx::TensorProto& tensor,
                                               const TensorInfo& info, const OnnxPlace& place) {
  const auto read = [&]<class Stored>(Stored) {
    const OnnxBytes<Stored> values(tensor, info, place);
    std::vector<std::int64_t> integers;
    for (std::size_t i = 0; i < value_count(info); ++i) integers.push_back(values[i]);
    return integers;
  };
  if (tensor.data_type() == onnx::TensorProto::INT64) return read(std::int64_t());
  if (tensor.data_type() == onnx::TensorProto::INT32) return read(std::int32_t());
  place.fail(describe(info) + " should hold whole numbers");
}

}  // namespace dgp::io::detail
