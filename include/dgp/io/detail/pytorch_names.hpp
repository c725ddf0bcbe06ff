// The names that a pickle of torch.save may hold: those that build tensors, plain containers, and
// plain values beside them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace dgp::io::detail {

// What a name does when it is called.
enum class PytorchRole : std::uint8_t {
  not_called,       // a type, or a constant
  dtype,            //
  storage_type,     // also a dtype's name
  dictionary,       // gives an empty one
  size,             // torch.Size: gives its argument, a tuple
  opaque,           // gives a value of no interest
  tensor,           // (storage, offset, size, stride, …)
  tensor_of_dtype,  // (storage, offset, size, stride, …, …, dtype, …)
  first_argument,   // gives it: a parameter is its tensor
  from_type,        // (callable, type, arguments, state): calls it
  not_stored,       // (dtype, size, …): a tensor without values; not read, as the next two
  quantized,        // (storage, offset, size, …)
  sparse            // (layout, (tensors, …, size, …))
};

struct PytorchName {
  std::string_view module;
  std::string_view name;
  PytorchRole role;
  std::string_view dtype = {};
};

inline constexpr auto pytorch_names = std::to_array<PytorchName>({
    {"torch._utils", "_rebuild_tensor", PytorchRole::tensor},
    {"torch._utils", "_rebuild_tensor_v2", PytorchRole::tensor},
    {"torch._utils", "_rebuild_tensor_v3", PytorchRole::tensor_of_dtype},
    {"torch._utils", "_rebuild_parameter", PytorchRole::first_argument},
    {"torch._utils", "_rebuild_parameter_with_state", PytorchRole::first_argument},
    {"torch._utils", "_rebuild_meta_tensor_no_storage", PytorchRole::not_stored},
    {"torch._utils", "_rebuild_qtensor", PytorchRole::quantized},
    {"torch._utils", "_rebuild_sparse_tensor", PytorchRole::sparse},
    {"torch._utils", "_rebuild_sparse_csr_tensor", PytorchRole::sparse},
    {"torch._tensor", "_rebuild_from_type_v2", PytorchRole::from_type},
    {"torch", "Tensor", PytorchRole::not_called},
    {"torch.nn.parameter", "Parameter", PytorchRole::not_called},
    {"torch.nn.parameter", "Buffer", PytorchRole::not_called},
    {"torch", "Size", PytorchRole::size},
    {"torch", "device", PytorchRole::opaque},
    {"torch.serialization", "_get_layout", PytorchRole::opaque},
    {"torch", "per_tensor_affine", PytorchRole::not_called},
    {"torch", "per_channel_affine", PytorchRole::not_called},
    {"torch", "per_channel_affine_float_qparams", PytorchRole::not_called},

    {"torch", "FloatStorage", PytorchRole::storage_type, "float32"},
    {"torch", "DoubleStorage", PytorchRole::storage_type, "float64"},
    {"torch", "HalfStorage", PytorchRole::storage_type, "float16"},
    {"torch", "BFloat16Storage", PytorchRole::storage_type, "bfloat16"},
    {"torch", "LongStorage", PytorchRole::storage_type, "int64"},
    {"torch", "IntStorage", PytorchRole::storage_type, "int32"},
    {"torch", "ShortStorage", PytorchRole::storage_type, "int16"},
    {"torch", "CharStorage", PytorchRole::storage_type, "int8"},
    {"torch", "ByteStorage", PytorchRole::storage_type, "uint8"},
    {"torch", "BoolStorage", PytorchRole::storage_type, "bool"},
    {"torch", "ComplexFloatStorage", PytorchRole::storage_type, "complex64"},
    {"torch", "ComplexDoubleStorage", PytorchRole::storage_type, "complex128"},
    {"torch", "QInt8Storage", PytorchRole::storage_type, "qint8"},
    {"torch", "QInt32Storage", PytorchRole::storage_type, "qint32"},
    {"torch", "QUInt8Storage", PytorchRole::storage_type, "quint8"},
    {"torch", "QUInt4x2Storage", PytorchRole::storage_type, "quint4x2"},
    {"torch", "QUInt2x4Storage", PytorchRole::storage_type, "quint2x4"},
    // In bytes, as _rebuild_tensor_v3 takes them.
    {"torch", "UntypedStorage", PytorchRole::storage_type, "uint8"},
    {"torch.storage", "UntypedStorage", PytorchRole::storage_type, "uint8"},

    {"torch", "float32", PytorchRole::dtype, "float32"},
    {"torch", "float64", PytorchRole::dtype, "float64"},
    {"torch", "float16", PytorchRole::dtype, "float16"},
    {"torch", "bfloat16", PytorchRole::dtype, "bfloat16"},
    {"torch", "float8_e4m3fn", PytorchRole::dtype, "float8_e4m3fn"},
    {"torch", "float8_e4m3fnuz", PytorchRole::dtype, "float8_e4m3fnuz"},
    {"torch", "float8_e5m2", PytorchRole::dtype, "float8_e5m2"},
    {"torch", "float8_e5m2fnuz", PytorchRole::dtype, "float8_e5m2fnuz"},
    {"torch", "float8_e8m0fnu", PytorchRole::dtype, "float8_e8m0fnu"},
    {"torch", "float4_e2m1fn_x2", PytorchRole::dtype, "float4_e2m1fn_x2"},
    {"torch", "int64", PytorchRole::dtype, "int64"},
    {"torch", "int32", PytorchRole::dtype, "int32"},
    {"torch", "int16", PytorchRole::dtype, "int16"},
    {"torch", "int8", PytorchRole::dtype, "int8"},
    {"torch", "uint64", PytorchRole::dtype, "uint64"},
    {"torch", "uint32", PytorchRole::dtype, "uint32"},
    {"torch", "uint16", PytorchRole::dtype, "uint16"},
    {"torch", "uint8", PytorchRole::dtype, "uint8"},
    {"torch", "bool", PytorchRole::dtype, "bool"},
    {"torch", "complex32", PytorchRole::dtype, "complex32"},
    {"torch", "complex64", PytorchRole::dtype, "complex64"},
    {"torch", "complex128", PytorchRole::dtype, "complex128"},
    {"torch", "qint8", PytorchRole::dtype, "qint8"},
    {"torch", "qint32", PytorchRole::dtype, "qint32"},
    {"torch", "quint8", PytorchRole::dtype, "quint8"},

    {"collections", "OrderedDict", PytorchRole::dictionary},
    {"collections", "defaultdict", PytorchRole::dictionary},
    {"collections", "Counter", PytorchRole::opaque},
    {"_codecs", "encode", PytorchRole::opaque},
    {"builtins", "set", PytorchRole::opaque},
    {"builtins", "frozenset", PytorchRole::opaque},
    {"builtins", "bytes", PytorchRole::opaque},
    {"builtins", "bytearray", PytorchRole::opaque},
    {"builtins", "complex", PytorchRole::opaque},
    {"builtins", "range", PytorchRole::opaque},
    {"builtins", "slice", PytorchRole::opaque},
    {"builtins", "dict", PytorchRole::not_called},
    {"builtins", "list", PytorchRole::not_called},
    {"builtins", "tuple", PytorchRole::not_called},
    {"builtins", "int", PytorchRole::not_called},
    {"builtins", "float", PytorchRole::not_called},
    {"builtins", "bool", PytorchRole::not_called},
    {"builtins", "str", PytorchRole::not_called},
    // Scores and the states of random numbers.
    {"numpy", "dtype", PytorchRole::opaque},
    {"numpy", "ndarray", PytorchRole::not_called},
    {"numpy.core.multiarray", "scalar", PytorchRole::opaque},
    {"numpy.core.multiarray", "_reconstruct", PytorchRole::opaque},
    {"numpy.core.numeric", "_frombuffer", PytorchRole::opaque},
    {"numpy._core.multiarray", "scalar", PytorchRole::opaque},
    {"numpy._core.multiarray", "_reconstruct", PytorchRole::opaque},
    {"numpy._core.numeric", "_frombuffer", PytorchRole::opaque},
});

// Protocol 2 calls Python's own by the names that they had in Python 2.
inline const PytorchName* find_pytorch_name(std::string_view module, std::string_view name) {
  if (module == "__builtin__") {
    module = "builtins";
    if (name == "xrange") name = "range";
    if (name == "unicode") name = "str";
  }
  const auto* found = std::find_if(
      pytorch_names.begin(), pytorch_names.end(),
      [&](const PytorchName& known) { return known.module == module && known.name == name; });
  return found == pytorch_names.end() ? nullptr : found;
}

// Bytes per value of the types that are read; 0 for the others.
inline std::uint64_t pytorch_width(std::string_view dtype) {
  if (dtype == "float16" || dtype == "bfloat16") return 2;
  if (dtype == "float32") return 4;
  return dtype == "float64" ? 8 : 0;
}

}  // namespace dgp::io::detail
