// The reader of .npz archives: what sound ones hold, and what is said of broken or hostile ones.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <dgp/io/npz.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/npy_writer.hpp"

namespace {

using dgp::io::NpzFile;
using dgp::io::read_npz_layers;
using support::archive;
using support::ArchiveEntry;
using support::byte_in;
using support::deflated;
using support::error_of;
using support::f32;
using support::f64;
using support::holds;
using support::npy;
using support::npy_header;
using support::npy_of_floats;
using support::stored;
using support::TemporaryFolder;
using support::write_file;

std::string row(const std::vector<float>& values) {
  return npy_of_floats(1, values.size(), f32(values));
}

// What reading all layers of an archive with these bytes says.
std::string refusal(const std::string& bytes) {
  const TemporaryFolder folder;
  const auto path = folder / "broken.npz";
  write_file(path, bytes);
  std::string message;
  REQUIRE_NOTHROW(message = error_of([&] { read_npz_layers(path); }));
  CAPTURE(message);
  CHECK(byte_in(message, path) >= 0);
  return message;
}

}  // namespace

TEST_CASE("the matrices of an archive are layers in natural order", "[npz]") {
  const TemporaryFolder folder;
  const auto path = folder / "model.npz";
  write_file(path, archive({stored("layers.10.npy", row({1, 2})),
                            deflated("layers.2.npy", npy(npy_header(">f4", "(2, 1)", true),
                                                         std::string("\x3f\x80\0\0\x40\0\0\0", 8))),
                            stored("bias.npy", npy(npy_header("<f4", "(2,)"), f32({3, 4}))),
                            stored("notes.txt", "no array"),
                            stored("names.npy", npy(npy_header("|O", "(1,)"), "pickled"))}));
  const auto layers = read_npz_layers(path);
  REQUIRE(layers.size() == 2);
  CHECK(layers[0].name == "layers.2");
  CHECK(layers[0].weights == Eigen::Vector2f(1, 2));
  CHECK(layers[1].name == "layers.10");
  CHECK(layers[1].weights == Eigen::RowVector2f(1, 2));

  NpzFile file(path);
  CHECK(file.path() == path);
  REQUIRE(file.tensors().size() == 4);
  CHECK(file.tensors()[0].name == "bias");
  CHECK(file.read<double>(file.tensors()[0]).values == std::vector<double>{3, 4});
  CHECK(file.read<double>(file.tensors()[0]).shape == std::vector<std::size_t>{2});
  CHECK(file.read_matrix<double>(file.tensors()[1]) == Eigen::Vector2d(1, 2));
  CHECK(holds(error_of([&] { file.read_matrix<float>(file.tensors()[0]); }), "not a matrix"));
  CHECK(holds(error_of([&] { file.read<float>(file.tensors()[3]); }), "Python objects"));
  CHECK(holds(error_of([&] { file.read<float>({"none", "", {}, 0, 0}); }), "'none'"));
}

TEST_CASE("an archive without arrays has no layers", "[npz]") {
  const TemporaryFolder folder;
  write_file(folder / "empty.npz", archive({}));
  CHECK(read_npz_layers(folder / "empty.npz").empty());
}

TEST_CASE("a large array is unpacked whole", "[npz]") {
  std::vector<float> values(300'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  const TemporaryFolder folder;
  write_file(folder / "large.npz",
             archive({deflated("a.npy", row(values)), stored("b.npy", row(values))}));
  for (const auto& layer : read_npz_layers(folder / "large.npz")) {
    CHECK(layer.weights == Eigen::Map<Eigen::RowVectorXf>(values.data(), 300'000));
  }
}

TEST_CASE("what is no whole archive is refused", "[npz]") {
  CHECK(holds(refusal(""), "not a ZIP archive"));
  CHECK(holds(refusal("P"), "not a ZIP archive"));
  CHECK(holds(refusal(row({1})), "not a ZIP archive"));
  const std::string whole = archive({stored("a.npy", row({1, 2})), deflated("b.npy", row({3}))});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(refusal(whole.substr(0, size)).empty());
  }
  const TemporaryFolder folder;
  const auto missing = folder / "missing.npz";
  CHECK(error_of([&] { read_npz_layers(missing); }) ==
        missing.string() + ": cannot be opened: no such file");
  CHECK(error_of([&] { read_npz_layers(folder / ""); }) ==
        (folder / "").string() + ": cannot be opened: not a file");
}

TEST_CASE("an entry whose bytes are not what was packed is refused", "[npz]") {
  const std::string array = row({1, 2});
  for (auto entry : {stored("a.npy", array), deflated("a.npy", array)}) {
    entry.checksum ^= 1;
    CHECK(holds(refusal(archive({entry})), "entry 'a', byte " + std::to_string(array.size())));
    entry.checksum ^= 1;
    entry.packed.back() ^= 1;
    CHECK(holds(refusal(archive({entry})), "is corrupt"));
  }
  auto entry = deflated("a.npy", array);
  entry.packed[0] = 6;  // a block of no kind
  CHECK(holds(refusal(archive({entry})), "cannot be unpacked"));
}

TEST_CASE("an entry that is no .npy file is refused with its name", "[npz]") {
  CHECK(holds(refusal(archive({stored("a.npy", "text, but no array")})), "entry 'a', byte 0"));
  CHECK(holds(refusal(archive({stored("a.npy", "")})), "entry 'a', byte 0"));
  CHECK(holds(refusal(archive({stored("a\nb.npy", "")})), "entry 'a?b', byte 0"));
  CHECK(holds(refusal(archive({stored("a.npy", row({1}) + "x")})), "needs 4 bytes, but has 5"));
}

TEST_CASE("an array of a type that is not read is no layer, and refused when asked for", "[npz]") {
  const TemporaryFolder folder;
  const auto path = folder / "complex.npz";
  write_file(path, archive({stored("c.npy", npy(npy_header("<c8", "(1, 1)"), f32({1, 2})))}));
  CHECK(read_npz_layers(path).empty());
  dgp::io::NpzFile file(path);
  CHECK(holds(error_of([&] { file.read_matrix<float>(file.tensors()[0]); }),
              "'c' (<c8, shape [1,1])"));
}

TEST_CASE("entries that stand twice, are encrypted or oddly packed are refused", "[npz]") {
  const auto entry = stored("a.npy", row({1}));
  CHECK(holds(refusal(archive({entry, entry})), "'a.npy' stands twice"));
  auto encrypted = entry;
  encrypted.flags = 1;
  CHECK(holds(refusal(archive({encrypted})), "encrypted"));
  auto odd = entry;
  odd.method = 12;
  CHECK(holds(refusal(archive({odd})), "a method that is not read"));
}

TEST_CASE("an entry that claims to be larger than it can be is refused before it is unpacked",
          "[npz]") {
  const std::string header = npy_header("<f4", "(30000, 30000)");
  auto entry = deflated("bomb.npy", npy(header, f32({1})));
  entry.size = 10 + header.size() + 3'600'000'000;
  CHECK(holds(refusal(archive({entry})), "claims to unpack"));
  entry = stored("bomb.npy", npy(header, f32({1})));
  entry.size = 10 + header.size() + 3'600'000'000;
  CHECK(holds(refusal(archive({entry})), "claims to unpack"));
}

// Deflate packs at best 1032 bytes into one.
TEST_CASE("an entry may claim as much as its bytes can unpack to, but no more", "[npz]") {
  auto entry = deflated("a.npy", npy(npy_header("<f4", "(1, 500)"), f32(std::vector<float>(500))));
  const auto packed = static_cast<std::uint64_t>(entry.packed.size());
  entry.size = 1032 * packed;
  CHECK_FALSE(holds(refusal(archive({entry})), "claims to unpack"));  // but holds less
  entry.size = 1032 * (packed + 1);
  CHECK(holds(refusal(archive({entry})), "entry 'a.npy' claims to unpack " +
                                             std::to_string(packed) + " bytes to " +
                                             std::to_string(entry.size)));
}

TEST_CASE("an entry that claims another size than it unpacks to is refused", "[npz]") {
  const std::string header = npy_header("<f4", "(1, 100)");
  // Claims what its shape needs, but holds less, or more.
  for (const std::size_t values : {std::size_t{99}, std::size_t{101}}) {
    auto entry = deflated("a.npy", npy(header, f32(std::vector<float>(values, 1.0F))));
    entry.size = 10 + header.size() + 400;
    CHECK_FALSE(refusal(archive({entry})).empty());
  }
  // Claims what it holds, which is not what its shape needs.
  CHECK(holds(refusal(archive({deflated("a.npy", npy(header, std::string(1'000'000, 'x')))})),
              "needs 400 bytes, but has 1000000"));
}

TEST_CASE("entries that share their bytes cannot add up to more than the archive", "[npz]") {
  // Ten names in the directory, all of the one entry at the start.
  std::string first = archive({stored("0.npy", row(std::vector<float>(1000, 1.0F)))});
  const std::size_t directory = first.find("PK\x01\x02");
  const std::string entry = first.substr(directory, first.find("PK\x05\x06") - directory);
  std::string bytes = first.substr(0, directory);
  for (int i = 0; i < 10; ++i) {
    std::string named = entry;
    named[46] = static_cast<char>('0' + i);
    bytes += named;
  }
  bytes += "PK\x05\x06" + support::little_endian(0, 4) + support::little_endian(10, 2) +
           support::little_endian(10, 2) + support::little_endian(10 * entry.size(), 4) +
           support::little_endian(directory, 4) + support::little_endian(0, 2);
  CHECK(holds(refusal(bytes), "claims bytes that the archive does not have"));
}
