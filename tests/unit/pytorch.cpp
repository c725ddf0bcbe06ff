// The reader of PyTorch's checkpoints: what sound ones hold, and what is said of broken or hostile
// ones.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/io/pytorch.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/pytorch_writer.hpp"

namespace {

using dgp::io::PytorchFile;
using dgp::io::read_pytorch_layers;
using dgp::io::TensorInfo;
using support::archive;
using support::byte_in;
using support::deflated;
using support::error_of;
using support::f32;
using support::f64;
using support::holds;
using support::little_endian;
using support::pytorch;
using support::pytorch_entries;
using support::Storages;
using support::stored;
using support::TemporaryFolder;
using support::write_file;
using namespace support::pickle;

// The file as bytes, open; gone with the test.
class Opened {
 public:
  explicit Opened(const std::string& bytes) {
    write_file(folder_ / "model.pt", bytes);
    file_ = std::make_unique<PytorchFile>(folder_ / "model.pt");
  }
  PytorchFile* operator->() { return file_.get(); }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<PytorchFile> file_;
};

std::vector<std::string> names(const std::vector<TensorInfo>& tensors) {
  std::vector<std::string> all;
  for (const auto& tensor : tensors) all.push_back(tensor.name);
  return all;
}

// What reading all layers of a file with these bytes says.
std::string refusal(const std::string& bytes) {
  const TemporaryFolder folder;
  const auto path = folder / "broken.pt";
  write_file(path, bytes);
  std::string message;
  REQUIRE_NOTHROW(message = error_of([&] { read_pytorch_layers(path); }));
  CAPTURE(message);
  CHECK(byte_in(message, path) >= 0);
  return message;
}

// The same of one with this pickle and no storages.
std::string refusal_of_pickle(const std::string& instructions) {
  return refusal(archive(pytorch_entries(instructions, {})));
}

// The storage "0", of the numbers 0, 1, … .
std::string counting(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i);
  return f32(values);
}

std::string counted(std::int64_t count) { return storage(storage_type("Float"), "0", count); }

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("the matrices of a state dict are layers in natural order", "[pytorch]") {
  const std::string state =
      ordered({{text("layers.10.weight"), matrix("Float", "0", 1, 2)},
               {text("layers.2.weight"), matrix("Float", "1", 2, 1)},
               {text("layers.2.bias"), tensor(storage(storage_type("Float"), "2", 2), 0, {2}, {1})},
               {text("steps"), tensor(storage(storage_type("Long"), "3", 1), 0, {}, {})}}) +
      dictionary({{text("_metadata"), ordered({{text(""), dictionary({})}})}}) + "b";
  const TemporaryFolder folder;
  const auto path = folder / "model.pt";
  write_file(path, pytorch(state, {{"0", f32({1, 2})},
                                   {"1", f32({3, 4})},
                                   {"2", f32({5, 6})},
                                   {"3", std::string(8, '\1')}}));
  const auto layers = read_pytorch_layers(path);
  REQUIRE(layers.size() == 2);
  CHECK(layers[0].name == "layers.2.weight");
  CHECK(layers[0].weights == Eigen::Vector2f(3, 4));
  CHECK(layers[1].name == "layers.10.weight");
  CHECK(layers[1].weights == Eigen::RowVector2f(1, 2));

  PytorchFile file(path);
  CHECK(file.path() == path);
  CHECK(names(file.tensors()) == Strings{"layers.2.bias", "layers.2.weight", "layers.10.weight"});
  CHECK(file.tensors()[0].type == "float32");
  CHECK(file.tensors()[0].shape == std::vector<std::uint64_t>{2});
  CHECK(file.tensors()[0].begin == 0);
  CHECK(file.tensors()[0].end == 8);
  CHECK(file.read_rows<double>(file.tensors()[0]) == Eigen::Vector2d(5, 6));
  CHECK(file.read_matrix<double>("layers.2.weight") == Eigen::Vector2d(3, 4));
  CHECK(holds(error_of([&] { file.read_matrix<float>(file.tensors()[0]); }), "not a matrix"));
  CHECK(holds(error_of([&] { file.read_matrix<float>("none"); }), "'none'"));
}

TEST_CASE("keys of nested containers are joined to names", "[pytorch]") {
  const std::string weight = matrix("Float", "0", 1, 1);
  Opened file(pytorch(
      dictionary(
          {{text("model"), ordered({{text("layers.0.weight"), weight}})},
           {text("optimizer"),
            dictionary(
                {{text("state"), dictionary({{number(0), dictionary({{text("exp"), weight}})}})},
                 {text("groups"), list({dictionary({{text("lr"), "G" + std::string(8, '\1')}}),
                                        tuple({none, weight})})}})},
           {text("epoch"), number(3)},
           {no, weight}}),
      {{"0", f32({7})}}));
  CHECK(names(file->tensors()) ==
        Strings{"3", "model.layers.0.weight", "optimizer.groups.1.1", "optimizer.state.0.exp"});
  CHECK(file->read_matrix<float>("optimizer.groups.1.1")(0, 0) == 7);
}

TEST_CASE("a tensor that was saved alone is named after the file", "[pytorch]") {
  Opened file(pytorch(matrix("Float", "0", 1, 1), {{"0", f32({7})}}));
  CHECK(names(file->tensors()) == Strings{"model"});
}

TEST_CASE("a file without tensors has no layers", "[pytorch]") {
  for (const auto& value : {none, number(3), dictionary({}), list({text("a")}), tuple({})}) {
    Opened file(pytorch(value, {}));
    CHECK(file->tensors().empty());
    CHECK(file->skipped().empty());
  }
}

TEST_CASE("tensors are read as the views of their storages that they are", "[pytorch]") {
  const auto read = [](std::int64_t offset, const std::vector<std::int64_t>& shape,
                       const std::vector<std::int64_t>& strides) {
    Opened file(pytorch(tensor(counted(24), offset, shape, strides), {{"0", counting(24)}}));
    return Eigen::MatrixXd(file->read_rows<double>(file->tensors()[0]));
  };
  CHECK(read(4, {2, 2}, {2, 1}) == (Eigen::Matrix2d() << 4, 5, 6, 7).finished());
  CHECK(read(0, {2, 3}, {1, 2}) == (Eigen::MatrixXd(2, 3) << 0, 2, 4, 1, 3, 5).finished());
  CHECK(read(7, {2, 3}, {6, 2}) == (Eigen::MatrixXd(2, 3) << 7, 9, 11, 13, 15, 17).finished());
  CHECK(read(3, {2, 3}, {0, 1}) == (Eigen::MatrixXd(2, 3) << 3, 4, 5, 3, 4, 5).finished());
  CHECK(read(23, {1, 1}, {100, 100})(0, 0) == 23);
  CHECK(read(0, {2, 2, 2}, {1, 2, 4}) ==
        (Eigen::MatrixXd(2, 4) << 0, 4, 2, 6, 1, 5, 3, 7).finished());
  CHECK(read(99, {0, 4}, {4, 1}).size() == 0);
}

TEST_CASE("tensors may share a storage", "[pytorch]") {
  Opened file(pytorch(list({tensor(counted(7), 0, {2, 3}, {3, 1}), matrix("Float", "1", 1, 1),
                            tensor(counted(7), 1, {3, 2}, {1, 3})}),
                      {{"0", counting(7)}, {"1", f32({9})}}));
  for (int times = 0; times < 2; ++times) {
    CHECK(file->read_matrix<float>("0") == (Eigen::MatrixXf(2, 3) << 0, 1, 2, 3, 4, 5).finished());
    CHECK(file->read_matrix<float>("1")(0, 0) == 9);
    CHECK(file->read_matrix<float>("2") == (Eigen::MatrixXf(3, 2) << 1, 4, 2, 5, 3, 6).finished());
  }
  CHECK(file->tensors()[2].begin == 4);
  CHECK(file->tensors()[2].end == 28);
}

TEST_CASE("floating-point numbers of every width are read, in either order of bytes", "[pytorch]") {
  const std::string value = list({matrix("Half", "0", 1, 2), matrix("BFloat16", "1", 1, 2),
                                  matrix("Float", "2", 1, 2), matrix("Double", "3", 1, 2)});
  const std::vector<std::pair<std::string, std::size_t>> bytes{
      {little_endian({0x3e00, 0xc000}, 2), 2},
      {little_endian({0x3fc0, 0xc000}, 2), 2},
      {f32({1.5, -2}), 4},
      {f64({1.5, -2}), 8}};
  for (const std::string order : {"", "little", "big"}) {
    Storages storages;
    for (auto [stored_bytes, width] : bytes) {
      for (std::size_t at = 0; order == "big" && at < stored_bytes.size(); at += width) {
        const auto begin = stored_bytes.begin() + static_cast<std::ptrdiff_t>(at);
        std::reverse(begin, begin + static_cast<std::ptrdiff_t>(width));
      }
      storages.emplace_back(std::to_string(storages.size()), stored_bytes);
    }
    auto entries = pytorch_entries(program(value), storages);
    if (!order.empty()) entries.push_back(stored("archive/byteorder", order));
    Opened file(archive(entries));
    REQUIRE(file->tensors().size() == 4);
    for (const auto& tensor : file->tensors()) {
      CAPTURE(order, tensor.type);
      CHECK(file->read_matrix<double>(tensor) == Eigen::RowVector2d(1.5, -2));
      CHECK(file->read_matrix<float>(tensor) == Eigen::RowVector2f(1.5, -2));
    }
  }
  auto entries = pytorch_entries(program(none), {});
  entries.push_back(stored("archive/byteorder", "middle"));
  CHECK(holds(refusal(archive(entries)), "entry 'archive/byteorder', byte 0: is neither"));
}

TEST_CASE("tensors are rebuilt from each form that torch.save gives them", "[pytorch]") {
  const auto utils = [](const std::string& function) { return name("torch._utils", function); };
  const std::string data = matrix("Float", "0", 1, 2);
  const std::string bytes_of_storage = storage(name("torch.storage", "UntypedStorage"), "0", 8);
  const Strings view{bytes_of_storage,        number(0), numbers({1, 2}),
                     numbers({2, 1}),         no,        ordered({}),
                     name("torch", "float32")};
  const Strings first_view{counted(2), number(0), numbers({1, 2}), numbers({2, 1})};
  Strings second_view = first_view;
  second_view.insert(second_view.end(), {no, ordered({}), dictionary({})});
  const std::string type = name("torch", "Tensor");
  const std::string from_type = name("torch._tensor", "_rebuild_from_type_v2");
  for (const std::string& value :
       {data, call(utils("_rebuild_parameter"), {data, no, ordered({})}),
        call(utils("_rebuild_parameter_with_state"), {data, no, ordered({}), dictionary({})}),
        call(utils("_rebuild_tensor"), first_view), call(utils("_rebuild_tensor_v2"), second_view),
        call(utils("_rebuild_tensor_v3"), view),
        call(from_type, {utils("_rebuild_tensor_v2"), type, tuple(second_view), dictionary({})}),
        call(utils("_rebuild_tensor"),
             {counted(2), number(0), call(name("torch", "Size"), {numbers({1, 2})}),
              numbers({2, 1})})}) {
    Opened file(pytorch(value, {{"0", f32({3, 4})}}));
    CHECK(file->read_matrix<float>("model") == Eigen::RowVector2f(3, 4));
  }
}

TEST_CASE("tensors of other values are listed as skipped, and keep nothing else from being read",
          "[pytorch]") {
  const auto utils = [](const std::string& function) { return name("torch._utils", function); };
  Items items_of_file{{text("w"), matrix("Float", "0", 1, 1)}};
  const Strings types{"Long",         "Int",           "Short", "Char",   "Byte",  "Bool",
                      "ComplexFloat", "ComplexDouble", "QInt8", "QInt32", "QUInt8"};
  for (const auto& type : types) {
    items_of_file.emplace_back(text("x" + type), matrix(type, "missing", 2, 2));
  }
  const std::string bytes_of_storage = storage(name("torch", "UntypedStorage"), "0", 4);
  const std::string view = number(0) + numbers({2, 2}) + numbers({2, 1}) + no + ordered({});
  items_of_file.emplace_back(
      text("y0"),
      call(utils("_rebuild_tensor_v3"), {bytes_of_storage, view, name("torch", "float8_e4m3fn")}));
  items_of_file.emplace_back(
      text("y1"),
      call(utils("_rebuild_tensor_v2"), {counted(4), view, dictionary({{text("neg"), "\x88"}})}));
  items_of_file.emplace_back(
      text("y2"), call(utils("_rebuild_meta_tensor_no_storage"),
                       {name("torch", "float32"), numbers({2, 2}), numbers({2, 1}), no}));
  items_of_file.emplace_back(
      text("y3"),
      call(utils("_rebuild_sparse_tensor"),
           {call(name("torch.serialization", "_get_layout"), {text("torch.sparse_coo")}),
            tuple({matrix("Long", "1", 2, 2), tensor(counted(1), 0, {1}, {1}), numbers({2, 2})})}));
  items_of_file.emplace_back(
      text("y4"),
      call(utils("_rebuild_qtensor"),
           {storage(storage_type("QInt8"), "7", 4), number(0), numbers({2, 2}), numbers({2, 1}),
            tuple({name("torch", "per_tensor_affine"), none, none}), no, ordered({})}));
  Opened file(pytorch(dictionary(items_of_file), {{"0", f32({5})}}));
  CHECK(names(file->tensors()) == Strings{"w"});
  CHECK(file->read_matrix<float>("w")(0, 0) == 5);
  REQUIRE(file->skipped().size() == types.size() + 5);
  Strings types_found;
  for (const auto& tensor : file->skipped()) {
    types_found.push_back(tensor.type);
    CHECK(tensor.shape == std::vector<std::uint64_t>{2, 2});
    CHECK(tensor.begin == tensor.end);
  }
  CHECK(types_found == Strings{"bool", "uint8", "int8", "complex128", "complex64", "int32", "int64",
                               "qint8", "qint32", "quint8", "int16", "float8_e4m3fn",
                               "float32 with metadata", "float32 without values", "sparse",
                               "qint8"});
  CHECK(holds(error_of([&] { file->read_matrix<float>("xLong"); }), "no tensor of floating-point"));
}

TEST_CASE("plain values beside the tensors are passed over", "[pytorch]") {
  const std::string numpy_type = call(name("numpy", "dtype"), {text("f8"), no, "\x88"}) +
                                 tuple({number(3), text("<"), none}) + "b";
  const std::string bytes = call(name("_codecs", "encode"), {text("abc"), text("latin1")});
  const Strings values{none,
                       no,
                       number(-1),
                       "J\xff\xff\xff\xff",
                       "K\x01",
                       "M\x01\x01",
                       "\x8a\x09" + std::string(9, '\1'),
                       std::string("\x8b\x01\0\0\0\x01", 6),
                       "G" + std::string(8, '\1'),
                       text("text"),
                       bytes,
                       call(name("__builtin__", "set"), {list({number(1)})}),
                       call(name("builtins", "frozenset"), {list({number(1)})}),
                       call(name("__builtin__", "bytearray"), {text("x"), text("latin-1")}),
                       call(name("__builtin__", "complex"), {number(1), number(2)}),
                       call(name("__builtin__", "xrange"), {number(1), number(2), number(3)}),
                       call(name("collections", "defaultdict"), {name("__builtin__", "list")}),
                       call(name("collections", "Counter"), {dictionary({})}),
                       call(name("torch", "device"), {text("cuda"), number(0)}),
                       call(name("torch", "Size"), {numbers({1, 2})}),
                       name("torch", "float16"),
                       call(name("numpy.core.multiarray", "scalar"), {numpy_type, bytes}),
                       call(name("numpy._core.multiarray", "_reconstruct"),
                            {name("numpy", "ndarray"), numbers({0}), bytes}) +
                           tuple({number(1), numbers({2}), numpy_type, no, bytes}) + "b",
                       counted(4),
                       tuple({"\x8f(K\x01\x90"}),
                       "(K\x01\x91"};
  Items all{{text("w"), matrix("Float", "0", 1, 1)}};
  for (const auto& value : values) all.emplace_back(text("v" + std::to_string(all.size())), value);
  Opened file(pytorch(dictionary(all), {{"0", f32({5})}}));
  CHECK(names(file->tensors()) == Strings{"w"});
  CHECK(file->skipped().empty());
}

TEST_CASE("pickles of later protocols are read", "[pytorch]") {
  const std::string short_text =
      "\x8c\x01"
      "w";
  const std::string long_text = "\x8d" + little_endian(1, 8) + "v";
  const std::string rebuild = text("torch._utils") + text("_rebuild_tensor") + "\x93";
  // The storage comes from the memo, where it is the first that was put there.
  const std::string from_memo =
      "(" + counted(2) + "\x94" + number(0) + numbers({1, 2}) + numbers({2, 1}) + "t";
  const std::string from_memo_again =
      std::string("(h\0", 3) + number(1) + numbers({1, 1}) + numbers({1, 1}) + "t";
  const std::string body =
      "}(" + short_text + rebuild + from_memo + "R" + long_text + rebuild + from_memo_again + "Ru.";
  const std::string whole = "\x80\x04\x95" + little_endian(body.size(), 8) + body;
  Opened file(archive(pytorch_entries(whole, {{"0", f32({3, 4})}})));
  CHECK(names(file->tensors()) == Strings{"v", "w"});
  CHECK(file->read_matrix<float>("w") == Eigen::RowVector2f(3, 4));
  CHECK(file->read_matrix<float>("v")(0, 0) == 4);
  CHECK(holds(refusal_of_pickle("\x80\x04\x95" + little_endian(body.size() + 1, 8) + body),
              "longer than the pickle"));
}

TEST_CASE("the archive may be packed, and its folder have any name", "[pytorch]") {
  const std::string value = program(list({matrix("Float", "0", 1, 2)}));
  for (const std::string folder : {"", "archive/", "my model (1)/", "a/b/"}) {
    Opened file(archive({deflated(folder + "data/0", f32({1, 2})), stored(folder, ""),
                         deflated(folder + "data.pkl", value)}));
    CHECK(file->read_matrix<float>("0") == Eigen::RowVector2f(1, 2));
  }
}

TEST_CASE("files of other formats are refused with what to do", "[pytorch]") {
  CHECK(holds(refusal(""), "not a ZIP archive"));
  CHECK(holds(refusal(f32({1, 2, 3, 4})), "not a ZIP archive"));
  CHECK(holds(refusal(archive({})), "not a file of torch.save"));
  CHECK(holds(refusal(archive({stored("a.npy", "")})), "not a file of torch.save"));
  CHECK(holds(refusal(archive({stored("a/data.pkl", ""), stored("b/data.pkl", "")})),
              "more than one data.pkl"));
  const std::string legacy("\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.");
  CHECK(
      holds(refusal(legacy),
            "not a ZIP archive: it is a PyTorch checkpoint of the format before version 1.6; save "
            "it anew, in Python with a newer one: import torch; torch.save(torch.load('old.pt', "
            "map_location='cpu'), 'new.pt')"));
  const std::string bare = refusal(program(list({text("a bare pickle")})));
  CHECK(holds(bare, "not a ZIP archive: it is a Python pickle; if you trust where it comes from"));
  CHECK(holds(bare, "torch.save(model.state_dict(), 'model.pt')"));
  for (const std::string name_of_entry : {"constants.pkl", "code/__torch__.py"}) {
    auto entries = pytorch_entries(program(none), {});
    entries.push_back(stored("archive/" + name_of_entry, ""));
    CHECK(holds(refusal(archive(entries)), "torch.jit.load('model.pt').state_dict()"));
  }
  const TemporaryFolder folder;
  CHECK(error_of([&] { read_pytorch_layers(folder / "missing.pt"); }) ==
        (folder / "missing.pt").string() + ": cannot be opened: no such file");
}

TEST_CASE("whatever else a pickle names is refused by its name, and where it stands", "[pytorch]") {
  const std::string start = "\x80\x02}(" + text("a");
  const auto place = ", byte " + std::to_string(start.size()) + ": ";
  for (const auto& [module, function] :
       std::vector<std::pair<std::string, std::string>>{{"os", "system"},
                                                        {"posix", "system"},
                                                        {"builtins", "eval"},
                                                        {"__builtin__", "getattr"},
                                                        {"torch", "load"},
                                                        {"torch._utils", "_import_dotted_name"},
                                                        {"numpy", "load"},
                                                        {"collections", "namedtuple"},
                                                        {"argparse", "Namespace"},
                                                        {"a\tb", "c"}}) {
    const std::string message = refusal_of_pickle(start + name(module, function) + "u.");
    CAPTURE(message);
    CHECK(holds(message, place));
    CHECK(holds(message, (module == "a\tb" ? "'a?b.c'" : "'" + module + "." + function + "'") +
                             " is refused"));
    CHECK(holds(message, "torch.save(model.state_dict(), 'weights.pt')"));
    CHECK_FALSE(holds(message, "whole module"));
  }
  CHECK(holds(refusal_of_pickle("\x80\x02" + name("__main__", "Net") + ")\x81."), "whole module"));
  CHECK(holds(refusal_of_pickle(start + name("torch.nn.modules.linear", "Linear") + "u."),
              "whole module"));
  CHECK(holds(refusal_of_pickle("\x80\x04" + text("os") + text("system") + "\x93."),
              "'os.system' is refused"));
}

TEST_CASE("instructions that build neither tensors nor containers are refused by their names",
          "[pytorch]") {
  const std::vector<std::pair<std::string, std::string>> refused{{"0", "POP"},
                                                                 {"1", "POP_MARK"},
                                                                 {"2", "DUP"},
                                                                 {"F", "FLOAT"},
                                                                 {"I", "INT"},
                                                                 {"L", "LONG"},
                                                                 {"P", "PERSID"},
                                                                 {"S", "STRING"},
                                                                 {"T", "BINSTRING"},
                                                                 {"U", "SHORT_BINSTRING"},
                                                                 {"V", "UNICODE"},
                                                                 {"d", "DICT"},
                                                                 {"l", "LIST"},
                                                                 {"g", "GET"},
                                                                 {"p", "PUT"},
                                                                 {"i", "INST"},
                                                                 {"o", "OBJ"},
                                                                 {"\x81", "NEWOBJ"},
                                                                 {"\x92", "NEWOBJ_EX"},
                                                                 {"\x82", "EXT1"},
                                                                 {"\x83", "EXT2"},
                                                                 {"\x84", "EXT4"},
                                                                 {"\x97", "NEXT_BUFFER"},
                                                                 {"\x98", "READONLY_BUFFER"}};
  for (const auto& [byte, opcode] : refused) {
    CHECK(holds(refusal_of_pickle("\x80\x02N" + byte + "."),
                ", byte 3: opcode " + opcode + " is refused"));
  }
  CHECK(holds(refusal_of_pickle("\x80\x02\x07."), ", byte 2: byte 7 is no opcode"));
  CHECK(holds(refusal_of_pickle("\x80\x06N."), "a protocol of pickle that is not read"));
}

TEST_CASE("names that build tensors are called with what belongs to them only", "[pytorch]") {
  const auto called = [](const std::string& module, const std::string& function,
                         const Strings& arguments) {
    return refusal_of_pickle(program(call(name(module, function), arguments)));
  };
  const std::string shape = numbers({1, 1});
  CHECK(holds(called("torch._utils", "_rebuild_tensor_v2", {}), "argument 0"));
  CHECK(holds(called("torch._utils", "_rebuild_tensor_v2", {number(1), number(0), shape, shape}),
              "argument 0"));
  CHECK(holds(called("torch._utils", "_rebuild_tensor_v2", {counted(1), none, shape, shape}),
              "argument 1"));
  CHECK(
      holds(called("torch._utils", "_rebuild_tensor_v2", {counted(1), number(0), list({}), shape}),
            "argument 2"));
  CHECK(holds(
      called("torch._utils", "_rebuild_tensor_v2", {counted(1), number(0), tuple({none}), shape}),
      "argument 0"));
  CHECK(holds(called("torch._utils", "_rebuild_tensor_v2",
                     {counted(1), number(0), numbers({-1, 1}), shape}),
              "negative"));
  CHECK(holds(called("torch._utils", "_rebuild_tensor_v2", {counted(1), number(-1), shape, shape}),
              "negative"));
  CHECK(holds(
      called("torch._utils", "_rebuild_tensor_v2", {counted(1), number(0), shape, numbers({1})}),
      "stride"));
  CHECK(holds(called("torch._utils", "_rebuild_parameter", {none, no, none}), "argument 0"));
  CHECK(holds(called("torch._utils", "_rebuild_tensor_v3",
                     {counted(1), number(0), shape, shape, no, none, name("torch", "Tensor")}),
              "type"));
  CHECK(holds(called("torch._utils", "_rebuild_tensor_v3",
                     {counted(1), number(0), shape, shape, no, none, name("torch", "float64")}),
              "a tensor of float64 lies in a storage of float32"));
  const std::string from_type = name("torch._tensor", "_rebuild_from_type_v2");
  CHECK(holds(called("torch._tensor", "_rebuild_from_type_v2",
                     {from_type, none, tuple({from_type, none, tuple({})}), none}),
              "is called"));
  CHECK(holds(called("torch._utils", "_rebuild_sparse_tensor", {none, tuple({none})}), "its size"));
  CHECK(holds(called("torch", "Tensor", {}), "'torch.Tensor' is called"));
  CHECK(holds(called("torch", "float32", {}), "'torch.float32' is called"));
  CHECK(holds(called("torch", "FloatStorage", {}), "'torch.FloatStorage' is called"));
  CHECK(holds(refusal_of_pickle(program(text("f") + ")R")), "no name"));
  CHECK(holds(refusal_of_pickle(program(name("torch", "Size") + "NR")), "no tuple"));
}

TEST_CASE("persistent ids are those of storages only", "[pytorch]") {
  const std::string type = storage_type("Float");
  const std::string key = text("0");
  for (const auto& id : {none, text("storage"), list({}), tuple({}),
                         tuple({text("module"), type, key, text("cpu"), number(1)}),
                         tuple({text("storage"), type, key, text("cpu"), number(1), none})}) {
    CHECK(holds(refusal_of_pickle(program(id + "Q")), "a persistent id is not that of a storage"));
  }
  const auto with = [](const std::string& type_of_it, const std::string& key_of_it,
                       const std::string& count) {
    return program(tuple({text("storage"), type_of_it, key_of_it, text("cpu"), count}) + "Q");
  };
  CHECK(holds(refusal_of_pickle(with(none, key, number(1))), "argument 1"));
  CHECK(holds(refusal_of_pickle(with(name("torch", "float32"), key, number(1))), "a storage"));
  CHECK(holds(refusal_of_pickle(with(type, none, number(1))), "argument 2"));
  CHECK(holds(refusal_of_pickle(with(type, key, none)), "argument 4"));
  CHECK(holds(refusal_of_pickle(with(type, key, number(-1))), "negative"));
}

TEST_CASE("a pickle that is not well-formed is refused where it breaks", "[pytorch]") {
  CHECK(holds(refusal_of_pickle(""), "byte 0: the pickle ends"));
  CHECK(holds(refusal_of_pickle("\x80\x02."), "lacks the value"));
  CHECK(holds(refusal_of_pickle("\x80\x02NN."), "left over"));
  CHECK(holds(refusal_of_pickle("\x80\x02(N."), "left over"));
  CHECK(holds(refusal_of_pickle("\x80\x02N.N"), "byte 4: bytes after the pickle's end"));
  CHECK(holds(refusal_of_pickle("\x80\x02]N(a."), "lacks the value"));
  CHECK(holds(refusal_of_pickle("\x80\x02Nt."), "lacks the mark"));
  CHECK(holds(refusal_of_pickle("\x80\x02NNa."), "does not take"));
  CHECK(holds(refusal_of_pickle("\x80\x02}(Nu."), "a key lacks its value"));
  CHECK(holds(refusal_of_pickle("\x80\x02](NNu."), "does not take"));
  CHECK(holds(refusal_of_pickle("\x80\x02NNb."), "has none"));
  CHECK(holds(refusal_of_pickle("\x80\x02](N\x90."), "no set"));
  CHECK(holds(refusal_of_pickle("\x80\x02NN\x93."), "two texts"));
  CHECK(holds(refusal_of_pickle("\x80\x02h\x05."), "value 5 of the memo"));
  CHECK(holds(refusal_of_pickle("\x80\x02Nr\xff\xff\xff\xffj\xfe\xff\xff\xff."), "4294967294"));
  CHECK(holds(refusal_of_pickle("\x80\x02"
                                "cos\nsystem"),
              "ends within a name"));
  for (const std::string claim :
       {"X\xff\xff\xff\x7f", "B\xff\xff\xff\xff", "\x8c\xff", "C\xff",
        "\x8d\xff\xff\xff\xff\xff\xff\xff\xff", "\x8e\xff\xff\xff\xff\xff\xff\xff\xff",
        "\x96\xff\xff\xff\xff\xff\xff\xff\x7f", "\x8b\xff\xff\xff\xff", "\x8a\xff", "M\x01",
        "G\x01"}) {
    CHECK(holds(refusal_of_pickle("\x80\x02" + claim), ", byte 2: the pickle ends within"));
  }
  const std::string whole = program(list({matrix("Float", "0", 1, 1), text("t"), dictionary({})}));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_FALSE(refusal_of_pickle(whole.substr(0, size)).empty());
  }
}

TEST_CASE("containers may nest deeply, but not hold themselves", "[pytorch]") {
  const std::size_t depth = 100'000;
  const std::string deep = "\x80\x02" + std::string(depth, ']') + matrix("Float", "0", 1, 1) +
                           std::string(depth, 'a') + ".";
  Opened file(archive(pytorch_entries(deep, {{"0", f32({5})}})));
  REQUIRE(file->tensors().size() == 1);
  CHECK(file->tensors()[0].name.size() == 2 * depth - 1);
  CHECK(file->read_matrix<float>(file->tensors()[0])(0, 0) == 5);

  CHECK(holds(refusal_of_pickle(std::string("\x80\x02]q\0h\0a.", 9)), "holds itself"));
  CHECK(holds(refusal_of_pickle(std::string("\x80\x02}q\0Nh\0s.", 10)), "holds itself"));
  CHECK(holds(refusal_of_pickle(std::string("\x80\x02]q\0(h\0Nta.", 12)), "holds itself"));
}

// Each of thirty pairs holds the one before twice: a thousand million ways to what is innermost.
TEST_CASE("sharing does not multiply what a file costs", "[pytorch]") {
  const auto shared = [](std::string value) {
    for (char place = 0; place < 30; ++place) {
      value += std::string{'q', place, 'h', place, '\x86'};
    }
    return value;
  };
  Opened without_tensors(pytorch(shared(list({number(1)})), {}));
  CHECK(without_tensors->tensors().empty());
  CHECK(holds(refusal(pytorch(shared(matrix("Float", "0", 1, 1)), {{"0", f32({5})}})),
              "share so much"));
  CHECK(holds(refusal(pytorch(shared(matrix("Long", "0", 1, 1)), {})), "share so much"));

  // One long key, over and over.
  std::string long_names =
      dictionary({{text(std::string(20'000, 'k')) + "q\x01", matrix("Float", "0", 1, 1)}});
  for (int i = 0; i < 1000; ++i) long_names = "}h\x01" + long_names + "s";
  CHECK(holds(refusal(pytorch(
                  text(std::string(20'000, 'k')) + "q\x01" + "}h\x01" + long_names + "s\x86", {})),
              "share so much"));
  // What real files share: a whole state dict under two keys, a layer used many times.
  std::string state = ordered({{text("a"), matrix("Float", "0", 1, 1) + "q\x01"}});
  for (int i = 0; i < 24; ++i) state += text("b" + std::to_string(i)) + "h\x01s";
  Opened file(
      pytorch("}(" + text("model") + state + "q\x02" + text("best") + "h\x02u", {{"0", f32({5})}}));
  CHECK(file->tensors().size() == 50);
}

TEST_CASE("two tensors of one name in a checkpoint of PyTorch are refused", "[pytorch]") {
  const std::string weight = matrix("Float", "0", 1, 1);
  CHECK(holds(refusal(pytorch(dictionary({{text("a.b"), weight},
                                          {text("a"), dictionary({{text("b"), weight}})}}),
                              {{"0", f32({5})}})),
              "entry 'archive/data.pkl', byte 0: two tensors are named 'a.b'"));
}

TEST_CASE("a tensor reaches no further than its storage, and a storage than its entry",
          "[pytorch]") {
  const auto refused = [](std::int64_t offset, const std::vector<std::int64_t>& shape,
                          const std::vector<std::int64_t>& strides) {
    return holds(refusal(pytorch(tensor(counted(6), offset, shape, strides), {{"0", counting(6)}})),
                 "a tensor reaches past its storage of 6 values");
  };
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  CHECK(refused(1, {2, 3}, {3, 1}));
  CHECK(refused(0, {2, 3}, {4, 1}));
  CHECK(refused(0, {3, 3}, {3, 1}));
  CHECK(refused(6, {1, 1}, {1, 1}));
  CHECK(refused(most, {1, 1}, {1, 1}));
  CHECK(refused(0, {2, 1}, {most, 1}));
  CHECK(refused(0, {3, 3}, {most, most}));
  CHECK(refused(most, {most, most}, {most, most}));
  CHECK(refused(0, {most, most}, {0, 0}));
  CHECK(refused(0, {most, 1, most, 4}, {0, 0, 0, 0}));

  const std::string whole = matrix("Float", "0", 2, 3);
  for (const std::size_t size : {std::size_t{0}, std::size_t{23}, std::size_t{28}}) {
    CHECK(holds(refusal(pytorch(whole, {{"0", std::string(size, '\0')}})),
                "entry 'archive/data/0', byte 0: has " + std::to_string(size) +
                    " bytes, but should hold 6 values of float32"));
  }
  CHECK(holds(refusal(pytorch(whole, {{"1", counting(6)}})),
              "tensor 'broken' (float32, shape [2,3]) lacks its entry 'archive/data/0'"));
  CHECK(holds(refusal(pytorch(matrix("Float", "../data.pkl", 2, 3), {})), "lacks its entry"));
  CHECK(
      holds(refusal(pytorch(tensor(counted(most), 0, {most / 4, 4}, {4, 1}), {{"0", counting(6)}})),
            "should hold"));
}

TEST_CASE("tensors that repeat stored values are read as far as the file justifies it",
          "[pytorch]") {
  const auto repeated = [](std::int64_t times) {
    return pytorch(tensor(counted(1), 0, {times, 1000}, {0, 0}), {{"0", f32({5})}});
  };
  Opened file(repeated(5));
  CHECK(file->read_matrix<float>("model") == Eigen::MatrixXf::Constant(5, 1000, 5));
  CHECK(holds(refusal(repeated(100)), "'broken' (float32, shape [100,1000]) repeats the stored"));
  CHECK(holds(refusal(repeated(std::numeric_limits<std::int64_t>::max() / 1000)), "repeats"));
  // Many tensors, each small enough.
  const std::string one = tensor(counted(1), 0, {5, 1000}, {0, 0}) + "q\x01";
  std::string many;
  for (int i = 0; i < 40; ++i) many += "h\x01";
  CHECK(holds(refusal(pytorch("](" + one + many + "e", {{"0", f32({5})}})), "repeats"));
}

TEST_CASE("an entry that is corrupt, or larger than it can be, is refused", "[pytorch]") {
  const std::string value = program(matrix("Float", "0", 1, 2));
  for (const bool packed : {false, true}) {
    const auto packing = packed ? deflated : stored;
    auto storage_entry = packing("a/data/0", f32({1, 2}));
    auto pickle_entry = packing("a/data.pkl", value);
    storage_entry.checksum ^= 1;
    CHECK(holds(refusal(archive({pickle_entry, storage_entry})), "entry 'a/data/0', byte 8: is"));
    storage_entry.checksum ^= 1;
    pickle_entry.checksum ^= 1;
    CHECK(holds(refusal(archive({pickle_entry, storage_entry})), "entry 'a/data.pkl', byte"));
  }
  auto bomb = deflated("a/data.pkl", std::string(100, 'N'));
  bomb.size = 50'000;
  CHECK(holds(refusal(archive({bomb})), "claims to unpack to 50000 bytes, more than a pickle can"));
  bomb.size = 5'000'000;
  CHECK(holds(refusal(archive({bomb})), "claims to unpack"));
  const std::string whole = pytorch(matrix("Float", "0", 1, 2), {{"0", f32({1, 2})}});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(refusal(whole.substr(0, size)).empty());
  }
}

// The files in tests/data/pytorch are PyTorch's own; make.py beside them says how they were made.
TEST_CASE("a state dict and a checkpoint that PyTorch wrote are read", "[pytorch]") {
  const std::filesystem::path folder = DGP_TEST_DATA "/pytorch";
  const Eigen::MatrixXf first = (Eigen::MatrixXf(2, 3) << 0, 1, 2, 3, 4, 5).finished() / 8;
  const Eigen::MatrixXf second = (Eigen::MatrixXf(2, 2) << 0, 1, 2, 3).finished() / 8;

  const auto layers = read_pytorch_layers(folder / "state_dict.pt");
  REQUIRE(layers.size() == 3);
  CHECK(layers[0].name == "layers.0.weight");
  CHECK(layers[0].weights == first);
  CHECK(layers[1].name == "layers.1.weight");
  CHECK(layers[1].weights == second);
  CHECK(layers[2].name == "tied");
  CHECK(layers[2].weights == first);

  PytorchFile file(folder / "checkpoint.pt");
  Strings matrices;
  for (const auto& tensor : file.tensors()) {
    if (dgp::io::is_layer(tensor)) matrices.push_back(tensor.name);
  }
  CHECK(matrices == Strings{"groups.ema.0", "model.layers.0.weight", "model.layers.1.weight",
                            "model.tied", "optimizer.state.0.exp_avg",
                            "optimizer.state.0.exp_avg_sq", "optimizer.state.2.exp_avg",
                            "optimizer.state.2.exp_avg_sq"});
  CHECK(file.read_matrix<float>("model.layers.0.weight") == first);
  CHECK(file.read_matrix<float>("groups.ema.0") == second);
  CHECK(names(file.skipped()) == Strings{"model.norm.num_batches_tracked", "model.positions"});
}

TEST_CASE("views that PyTorch wrote are read as it shows them", "[pytorch]") {
  PytorchFile file(DGP_TEST_DATA "/pytorch/views.pt");
  const Eigen::VectorXf all = Eigen::VectorXf::LinSpaced(24, 0, 23) / 8;
  const Eigen::MatrixXf matrix =
      Eigen::Map<const Eigen::Matrix<float, 4, 6, Eigen::RowMajor>>(all.data());
  const Eigen::MatrixXf small = (Eigen::MatrixXf(2, 2) << 0, 1, 2, 3).finished() / 8;
  const auto tensor = [&](const std::string& wanted) -> Eigen::MatrixXf {
    for (const auto& info : file.tensors()) {
      if (info.name == wanted) return file.read_rows<float>(info);
    }
    FAIL(wanted + " is missing");
    return {};
  };
  CHECK(tensor("all") == all);
  CHECK(tensor("matrix") == matrix);
  CHECK(tensor("transposed") == matrix.transpose());
  CHECK(tensor("every other") == (Eigen::MatrixXf(2, 3) << 6, 8, 10, 12, 14, 16).finished() / 8);
  CHECK(tensor("expanded") == (Eigen::MatrixXf(2, 3) << 0, 1, 2, 0, 1, 2).finished() / 8);
  for (Eigen::Index i = 0; i < 4; ++i) {  // [i, j, k] was [j, k, i]
    const Eigen::MatrixXf row = tensor("permuted").row(i);
    for (Eigen::Index jk = 0; jk < 6; ++jk) CHECK(row(jk) == all[4 * jk + i]);
  }
  CHECK(tensor("half") == small);
  CHECK(tensor("bfloat16") == small);
  CHECK(tensor("double") == small.transpose());
  CHECK(tensor("named") == small);
  CHECK(names(file.skipped()) == Strings{"bool", "complex", "meta", "quantized", "sparse"});
}

TEST_CASE("other files that PyTorch wrote are refused with what to do", "[pytorch]") {
  const std::string folder = DGP_TEST_DATA "/pytorch/";
  const auto said = [&](const std::string& file) {
    return error_of([&] { read_pytorch_layers(folder + file); });
  };
  CHECK(holds(said("legacy.pt"),
              "it is a PyTorch checkpoint of the format before version 1.6; save it anew"));
  CHECK(holds(said("scripted.pt"), "a TorchScript archive is not read"));
  CHECK(holds(said("module.pt"), "byte 2: '__main__.Net' is refused"));
  CHECK(holds(said("module.pt"), "torch.save(model.state_dict(), 'weights.pt')"));
}
