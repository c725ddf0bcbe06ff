// Layers that stay in their file: read block by block, the same as at once, and only as long as the
// file stays what it was.
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <dgp/io/checkpoint.hpp>
#include <dgp/io/npy_writer.hpp>
#include <dgp/io/safetensors_writer.hpp>
#include <dgp/io/stored_layers.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/npy_writer.hpp"
#include "../support/pytorch_writer.hpp"
#include "../support/random_network.hpp"
#include "../support/safetensors_writer.hpp"

namespace {

using dgp::io::CheckpointFile;
using dgp::io::StoredLayers;
using support::error_of;
using support::holds;
using support::TemporaryFolder;

template <class Measured>
dgp::RowMajorMatrix<Measured> gathered(StoredLayers<Measured>& layers, std::size_t k,
                                       std::vector<dgp::Index>& firsts) {
  dgp::RowMajorMatrix<Measured> all(layers.rows(k), layers.cols(k));
  firsts.clear();
  layers.for_each_block(k, [&](const auto& block, dgp::Index first_row) {
    all.middleRows(first_row, block.rows()) = block.template cast<Measured>();
    firsts.push_back(first_row);
  });
  return all;
}

// A file of four types, whose matrices are larger than a block of a few bytes.
std::filesystem::path written(const TemporaryFolder& folder, const std::string& name) {
  support::Random random(5);
  const auto matrix = [&](int rows, int cols) {
    return support::random_matrix<float>(random, support::Kind::normal, rows, cols);
  };
  const auto path = folder / name;
  dgp::io::write_safetensors(path,
                             {dgp::io::named_tensor("a", matrix(9, 5).cast<Eigen::half>()),
                              dgp::io::named_tensor("b", matrix(7, 9).cast<Eigen::bfloat16>()),
                              dgp::io::named_tensor("c", matrix(1, 7)),
                              dgp::io::named_tensor("d", matrix(3, 1).cast<double>())});
  return path;
}

}  // namespace

TEST_CASE("blocks hold what the file holds, whatever their size", "[stored_layers]") {
  const TemporaryFolder folder;
  CheckpointFile file(written(folder, "model.safetensors"));
  for (const std::size_t bytes : {1U, 20U, 36U, 100U, 1000000U}) {
    CAPTURE(bytes);
    std::uint64_t told = 0;
    StoredLayers<double> layers(file, file.tensors(),
                                {bytes, [&](std::size_t, std::uint64_t count) { told += count; }});
    REQUIRE(layers.size() == 4);
    std::vector<dgp::Index> firsts;
    for (std::size_t k = 0; k < 4; ++k) {
      CHECK(layers.name(k) == file.tensors()[k].name);
      CHECK(gathered(layers, k, firsts) == file.read_rows<double>(file.tensors()[k]));
    }
    CHECK(told == 9 * 5 * 2 + 7 * 9 * 2 + 7 * 4 + 3 * 8);
    gathered(layers, 1, firsts);
    // Rows of 18 bytes, one at least.
    const std::vector<dgp::Index> pairs{0, 2, 4, 6};
    if (bytes == 1) CHECK(firsts.size() == 7);
    if (bytes == 36) CHECK(firsts == pairs);
    if (bytes == 1000000) CHECK(firsts == std::vector<dgp::Index>{0});
  }
}

TEST_CASE("parts and arrays are read block by block too", "[stored_layers]") {
  const TemporaryFolder folder;
  std::filesystem::rename(written(folder, "x"), folder / "m-1-of-1.safetensors");
  std::vector<dgp::Index> firsts;
  const std::vector<std::filesystem::path> parts{folder / "m-1-of-1.safetensors"};
  CheckpointFile shards(parts);
  StoredLayers<double> layers(shards, shards.tensors(), {8, {}});
  CHECK(gathered(layers, 0, firsts) == shards.read_rows<double>(shards.tensors()[0]));

  support::Random random(6);
  const dgp::RowMajorMatrix<float> matrix =
      support::random_matrix<float>(random, support::Kind::normal, 6, 4);
  dgp::io::write_npy(folder / "w.npy", matrix);
  CheckpointFile array(folder / "w.npy");
  StoredLayers<float> single(array, array.tensors(), {40, {}});
  CHECK(gathered(single, 0, firsts) == matrix);
  CHECK(firsts == std::vector<dgp::Index>{0, 2, 4});

  const auto refused = [&](const std::string& header) {
    support::write_file(folder / "o.npy", support::npy(header, std::string(48, '\0')));
    CheckpointFile other(folder / "o.npy");
    return error_of([&] { StoredLayers<double>(other, other.tensors()); });
  };
  CHECK(holds(refused("{'descr': '<f4', 'fortran_order': True, 'shape': (3, 4), }"),
              "cannot be read block by block"));
  CHECK(holds(refused("{'descr': '>f4', 'fortran_order': False, 'shape': (3, 4), }"),
              "cannot be read block by block"));
  CHECK(holds(refused("{'descr': '<i4', 'fortran_order': False, 'shape': (3, 4), }"),
              "cannot be read block by block"));
  CHECK(refused("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }").empty());
}

#ifdef DGP_WITH_NPZ
TEST_CASE("tensors of torch.save are read block by block too", "[stored_layers]") {
  using namespace support::pickle;
  const TemporaryFolder folder;
  const auto path = folder / "model.pt";
  const auto write = [&](const std::vector<support::ArchiveEntry>& entries) {
    support::write_file(path, support::archive(entries));
  };
  std::vector<float> counting;
  for (int i = 0; i < 60; ++i) counting.push_back(static_cast<float>(i) - 7.5F);
  const std::string numbers = support::f32(counting);
  const auto shared = storage(storage_type("Float"), "0", 60);
  const auto model = program(dictionary({{text("all"), tensor(shared, 0, {12, 5}, {5, 1})},
                                         {text("some"), tensor(shared, 10, {8, 3, 2}, {6, 2, 1})},
                                         {text("turned"), tensor(shared, 0, {5, 12}, {1, 5})},
                                         {text("one"), tensor(shared, 3, {1, 4}, {9, 1})}}));
  const auto entries = support::pytorch_entries(model, {{"0", numbers}});
  write(entries);
  CheckpointFile file(path);
  const auto tensor_of = [&](const std::string& name) {
    for (const auto& info : file.tensors()) {
      if (info.name == name) return std::vector{info};
    }
    throw std::logic_error(name);
  };
  for (const std::string name : {"all", "some", "one"}) {
    for (const std::size_t bytes : {1U, 50U, 100000U}) {
      CAPTURE(name, bytes);
      StoredLayers<float> layers(file, tensor_of(name), {bytes, {}});
      std::vector<dgp::Index> firsts;
      const auto expected = file.read_rows<float>(tensor_of(name).front());
      CHECK(gathered(layers, 0, firsts) == expected);
      if (name == "one") continue;
      layers.for_each_block(0, 3, 7, [&](const auto& block, dgp::Index first_row) {
        CHECK(block.template cast<float>() == expected.middleRows(first_row, block.rows()));
      });
    }
  }
  const auto refused = [&](const std::string& name) {
    return error_of([&] { StoredLayers<float>(file, tensor_of(name)); });
  };
  CHECK(holds(refused("turned"), "cannot be read block by block"));

  // Bytes that are not those of the checksum.
  auto damaged = entries;
  damaged[1].packed[99] = static_cast<char>(damaged[1].packed[99] ^ 1);
  write(damaged);
  file = CheckpointFile(path);
  StoredLayers<float> layers(file, tensor_of("all"), {40, {}});
  std::vector<dgp::Index> firsts;
  CHECK(holds(error_of([&] { gathered(layers, 0, firsts); }), "is corrupt"));

  auto packed = entries;
  packed[1] = support::deflated(packed[1].name, numbers);
  write(packed);
  file = CheckpointFile(path);
  CHECK(holds(refused("all"), "cannot be read block by block"));
  auto other_order = entries;
  other_order.push_back(support::stored("archive/byteorder", "big"));
  write(other_order);
  file = CheckpointFile(path);
  CHECK(holds(refused("all"), "cannot be read block by block"));
}
#endif

TEST_CASE("doubles are not measured in single precision", "[stored_layers]") {
  const TemporaryFolder folder;
  const CheckpointFile file(written(folder, "model.safetensors"));
  CHECK(holds(error_of([&] { StoredLayers<float>(file, file.tensors()); }),
              "tensor 'd' (F64, shape [3,1]) is to be measured in double precision"));
}

TEST_CASE("a file that changes while it is read gives no figures", "[stored_layers]") {
  const TemporaryFolder folder;
  const auto path = written(folder, "model.safetensors");
  const std::string bytes = support::read_file(path);
  const auto refusal = [&](const auto& change, bool at_once) {
    support::write_file(path, bytes);
    const CheckpointFile file(path);
    StoredLayers<double> layers(file, file.tensors(), {20, {}});
    if (at_once) change();
    bool changed = at_once;
    const std::string message = error_of([&] {
      layers.for_each_block(1, [&](const auto&, dgp::Index) {
        if (!changed) change();
        changed = true;
      });
    });
    CHECK(message.rfind(path.string(), 0) == 0);
    return message;
  };
  const auto touch = [&] {
    std::filesystem::last_write_time(
        path, std::filesystem::last_write_time(path) + std::chrono::seconds(1));
  };
  const auto cut = [&] { std::filesystem::resize_file(path, bytes.size() - 60); };
  const auto remove = [&] { std::filesystem::remove(path); };
  const auto replace = [&] {
    support::write_file(folder / "other", bytes + "more");
    std::filesystem::rename(folder / "other", path);
  };
  CHECK(holds(refusal(touch, false), "the file has changed while it is read"));
  CHECK_FALSE(refusal(cut, false).empty());
  CHECK(holds(refusal(remove, false), "the file is gone while it is read"));
  CHECK(holds(refusal(replace, false), "the file has changed while it is read"));
  CHECK(holds(refusal(touch, true), "the file has changed since it was opened first"));
  CHECK(holds(refusal(cut, true), "the file has changed since it was opened first"));
  CHECK(holds(refusal(remove, true), "no such file"));
  CHECK(holds(refusal(replace, true), "the file has changed since it was opened first"));
}

TEST_CASE("what looks at a block may fail", "[stored_layers]") {
  const TemporaryFolder folder;
  const CheckpointFile file(written(folder, "model.safetensors"));
  StoredLayers<double> layers(file, file.tensors(), {20, {}});
  CHECK(error_of([&] {
          layers.for_each_block(
              1, [](const auto&, dgp::Index) { throw std::runtime_error("seen enough"); });
        }) == "seen enough");
  std::vector<dgp::Index> firsts;
  gathered(layers, 1, firsts);
  CHECK(firsts.size() == 7);
}
