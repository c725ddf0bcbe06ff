// What the names, calls and storages in a pickle of torch.save stand for: tensors, plain
// containers, and values of no interest. Any other name is refused.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dgp/detail/messages.hpp>
#include <dgp/io/detail/pickle_values.hpp>
#include <dgp/io/detail/pytorch_names.hpp>

namespace dgp::io::detail {

// Values side by side in an entry of the archive, data/key.
struct PytorchStorage {
  std::string_view dtype;
  std::string_view key;
  std::uint64_t count;  // of values, as the pickle claims
};

// A view of a storage. Where it is read, its places lie within the storage's count.
struct PytorchTensor {
  std::string type;  // "float32" …; of a tensor that is not read also what else keeps it from that
  bool is_read;
  std::vector<std::uint64_t> shape;
  std::vector<std::uint64_t> strides;  // in values, as offset
  std::size_t storage;
  std::uint64_t offset;
  std::uint64_t count;  // of values
  std::uint64_t last;   // the place of the last one, where there is any
};

// The builder for an Unpickler. Source: fail(byte, what) throws.
template <class Source>
class PytorchObjects {
 public:
  // byte: where the pickle's instruction stands that is being followed.
  PytorchObjects(const Source& source, PickleHeap& heap, const std::uint64_t& byte)
      : source_(source), heap_(heap), byte_(byte) {}

  const PytorchTensor& tensor(PickleValue value) const {
    return tensors_[static_cast<std::size_t>(value.number)];
  }
  const PytorchStorage& storage(const PytorchTensor& tensor) const {
    return storages_[tensor.storage];
  }

  PickleValue name(std::string_view module, std::string_view name, bool outermost) const {
    if (const PytorchName* known = find_pytorch_name(module, name)) {
      return {PickleKind::name, static_cast<std::uint64_t>(known - pytorch_names.data())};
    }
    const bool whole_module = outermost || module.starts_with("torch.nn.modules.");
    reject(dgp::detail::quoted(std::string(module) + "." + std::string(name)) +
           " is refused: it is no tensor and no plain container, and nothing is executed. " +
           (whole_module ? "A whole module, as torch.save(model) writes one, is not read: save "
                           "its state_dict instead, in Python: "
                         : "Save the weights without it, in Python: ") +
           "torch.save(model.state_dict(), 'weights.pt')");
  }

  PickleValue call(PickleValue callable, PickleValue arguments) {
    const PytorchName* name = &called(callable);
    if (name->role == PytorchRole::from_type) {
      const PickleValue inner = argument(arguments, 2, PickleKind::tuple);
      name = &called(argument(arguments, 0, PickleKind::name));
      arguments = inner;
    }
    switch (name->role) {
      case PytorchRole::dictionary:
        return heap_.add(PickleKind::dictionary);
      case PytorchRole::opaque:
        return {PickleKind::opaque, 0};
      case PytorchRole::size:
        return argument(arguments, 0, PickleKind::tuple);
      case PytorchRole::first_argument:
        return argument(arguments, 0, PickleKind::tensor);
      case PytorchRole::tensor:
        return add_view(arguments, {}, 6);
      case PytorchRole::tensor_of_dtype:
        return add_view(arguments, dtype(argument(arguments, 6, PickleKind::name)), 7);
      case PytorchRole::not_stored:
        return add_unread(
            std::string(dtype(argument(arguments, 0, PickleKind::name))) + " without values",
            argument(arguments, 1, PickleKind::tuple));
      case PytorchRole::quantized: {
        const PickleValue storage = argument(arguments, 0, PickleKind::storage);
        return add_unread(std::string(storage_of(storage).dtype),
                          argument(arguments, 2, PickleKind::tuple));
      }
      case PytorchRole::sparse: {
        const PickleItems& parts = heap_.items(argument(arguments, 1, PickleKind::tuple));
        const auto size = std::find_if(parts.begin(), parts.end(), [](PickleValue part) {
          return part.kind == PickleKind::tuple;
        });
        if (size == parts.end()) reject("a sparse tensor lacks its size");
        return add_unread("sparse", *size);
      }
      default:
        reject(dgp::detail::quoted(std::string(name->module) + "." + std::string(name->name)) +
               " is called, which builds neither a tensor nor a plain container");
    }
  }

  // ('storage', type, key, where it was, count)
  PickleValue persistent(PickleValue id) {
    if (id.kind != PickleKind::tuple || heap_.items(id).size() != 5 ||
        heap_.text(argument(id, 0, PickleKind::text)) != "storage") {
      reject("a persistent id is not that of a storage");
    }
    const PytorchName& type = named(argument(id, 1, PickleKind::name));
    if (type.role != PytorchRole::storage_type) reject("a storage has a type that is none");
    storages_.push_back({type.dtype, heap_.text(argument(id, 2, PickleKind::text)),
                         whole(argument(id, 4, PickleKind::integer))});
    return {PickleKind::storage, storages_.size() - 1};
  }

 private:
  [[noreturn]] void reject(const std::string& what) const { source_.fail(byte_, what); }

  static const PytorchName& named(PickleValue name) {
    return pytorch_names[static_cast<std::size_t>(name.number)];
  }

  const PytorchName& called(PickleValue callable) const {
    if (callable.kind != PickleKind::name) reject("a value is called that is no name");
    return named(callable);
  }

  std::string_view dtype(PickleValue name) const {
    if (named(name).role != PytorchRole::dtype) reject("a tensor's type is none");
    return named(name).dtype;
  }

  const PytorchStorage& storage_of(PickleValue value) const {
    return storages_[static_cast<std::size_t>(value.number)];
  }

  PickleValue argument(PickleValue arguments, std::size_t place, PickleKind kind) const {
    const PickleItems& items = heap_.items(arguments);
    if (place >= items.size() || items[place].kind != kind) {
      reject("argument " + std::to_string(place) + " is not what belongs there");
    }
    return items[place];
  }

  std::uint64_t whole(PickleValue number) const {
    if (number.number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      reject("a negative number stands where none belongs");
    }
    return number.number;
  }

  std::vector<std::uint64_t> whole_numbers(PickleValue tuple) const {
    std::vector<std::uint64_t> numbers;
    numbers.reserve(heap_.items(tuple).size());
    for (std::size_t i = 0; i < heap_.items(tuple).size(); ++i) {
      numbers.push_back(whole(argument(tuple, i, PickleKind::integer)));
    }
    return numbers;
  }

  PickleValue add(PytorchTensor tensor) {
    tensors_.push_back(std::move(tensor));
    return {PickleKind::tensor, tensors_.size() - 1};
  }

  PickleValue add_unread(std::string type, PickleValue size) {
    return add({std::move(type), false, whole_numbers(size), {}, 0, 0, 0, 0});
  }

  // (storage, offset, size, stride, …): of the storage's type, or of one given. The metadata, where
  // there are any, say that the values are not those that are stored.
  PickleValue add_view(PickleValue arguments, std::string_view type, std::size_t metadata) {
    const PickleValue storage_value = argument(arguments, 0, PickleKind::storage);
    const PytorchStorage& storage = storage_of(storage_value);
    PytorchTensor tensor{std::string(type.empty() ? storage.dtype : type),
                         true,
                         whole_numbers(argument(arguments, 2, PickleKind::tuple)),
                         whole_numbers(argument(arguments, 3, PickleKind::tuple)),
                         static_cast<std::size_t>(storage_value.number),
                         whole(argument(arguments, 1, PickleKind::integer)),
                         1,
                         0};
    const PickleItems& items = heap_.items(arguments);
    if (items.size() > metadata && items[metadata].kind == PickleKind::dictionary &&
        !heap_.items(items[metadata]).empty()) {
      tensor.type += " with metadata";
    }
    const std::uint64_t width = pytorch_width(tensor.type);
    tensor.is_read = width > 0;
    if (!tensor.is_read) return add(std::move(tensor));
    if (storage.dtype != tensor.type && storage.dtype != "uint8") {
      reject("a tensor of " + tensor.type + " lies in a storage of " + std::string(storage.dtype));
    }
    measure(tensor, storage.dtype == tensor.type ? storage.count : storage.count / width);
    return add(std::move(tensor));
  }

  // Counts the tensor's values and finds the last one's place. Neither number passes 63 bits.
  void measure(PytorchTensor& tensor, std::uint64_t stored) const {
    if (tensor.strides.size() != tensor.shape.size())
      reject("a tensor has not a stride per extent");
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (std::find(tensor.shape.begin(), tensor.shape.end(), 0) != tensor.shape.end()) {
      tensor.count = 0;
      return;
    }
    bool fits = true;
    tensor.last = tensor.offset;
    for (std::size_t d = 0; d < tensor.shape.size(); ++d) {
      const std::uint64_t extent = tensor.shape[d];
      const std::uint64_t stride = tensor.strides[d];
      fits = fits && tensor.count <= most / extent &&
             (extent == 1 || stride <= (most - tensor.last) / (extent - 1));
      tensor.count *= extent;
      tensor.last += (extent - 1) * stride;
    }
    if (!fits || tensor.last >= stored) {
      reject("a tensor reaches past its storage of " + std::to_string(stored) + " values");
    }
  }

  const Source& source_;
  PickleHeap& heap_;
  const std::uint64_t& byte_;
  std::vector<PytorchStorage> storages_;
  std::vector<PytorchTensor> tensors_;
};

}  // namespace dgp::io::detail
