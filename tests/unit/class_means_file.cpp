// Class means in a file: what was written is read back, and nothing else is taken.
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <dgp/io/class_means.hpp>
#include <dgp/monitoring/class_means.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/random_network.hpp"
#include "../support/safetensors_writer.hpp"

namespace {

using dgp::ClassMeans;
using dgp::io::read_class_means;
using dgp::io::write_class_means;
using support::f64;
using support::TemporaryFolder;
using support::Tensor;
using RowMajor = dgp::RowMajorMatrix<double>;

bool same_bits(const RowMajor& a, const RowMajor& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(double)) == 0;
}

// A sound file's tensors: two lists, of 1 and 2 values; classes 3 and 8.
std::vector<Tensor> sound() {
  return {{"parts", "F64", {1, 2}, f64({1, 2})},
          {"labels", "F64", {1, 2}, f64({3, 8})},
          {"counts", "F64", {1, 2}, f64({2, 1})},
          {"sums", "F64", {2, 3}, f64({1, 2, 3, 4, 5, 6})}};
}

}  // namespace

TEST_CASE("class means are read back bit by bit", "[class_means]") {
  const TemporaryFolder folder;
  const auto path = folder / "means.safetensors";
  support::Random random(71);
  ClassMeans means({4, 1, 6});
  for (int batch = 0; batch < 3; ++batch) {
    std::vector<int> labels;
    for (int i = 0; i < 40; ++i) labels.push_back(random.below(5) * 7);
    means.add(support::random_matrix<double>(random, support::Kind::heavy_tails, 40, 11), labels);
  }
  means.add(RowMajor::Constant(1, 11, std::numeric_limits<double>::denorm_min()),
            std::vector<int>{65535});
  means.add(RowMajor::Constant(3, 11, -1e150), std::vector<int>{65534, 65534, 65534});
  write_class_means(path, means);
  const ClassMeans read = read_class_means(path);
  CHECK(read.parts() == means.parts());
  CHECK(read.labels() == means.labels());
  CHECK(read.counts() == means.counts());
  CHECK(same_bits(read.sums(), means.sums()));
  CHECK(same_bits(read.means(), means.means()));
  const RowMajor samples =
      support::random_matrix<double>(random, support::Kind::normal, 9, 11).cast<double>();
  CHECK(same_bits(read.distances(samples), means.distances(samples)));

  const std::string bytes = support::read_file(path);
  write_class_means(path, read);
  CHECK(support::read_file(path) == bytes);

  write_class_means(path, ClassMeans({2, 5}));
  CHECK(read_class_means(path).parts() == std::vector<dgp::Index>{2, 5});
  CHECK(read_class_means(path).labels().empty());
}

TEST_CASE("a sound file is taken, whoever wrote it", "[class_means]") {
  const TemporaryFolder folder;
  const auto path = folder / "means.safetensors";
  support::write_file(path, support::safetensors(sound()));
  const ClassMeans means = read_class_means(path);
  CHECK(means.labels() == std::vector<dgp::Index>{3, 8});
  CHECK(means.means()(0, 2) == 1.5);
  CHECK(means.means()(1, 2) == 6);
}

TEST_CASE("files that hold anything but class means are refused", "[class_means]") {
  const TemporaryFolder folder;
  const auto path = folder / "means.safetensors";
  const auto refused = [&](const std::string& what, const std::vector<Tensor>& tensors) {
    support::write_file(path, support::safetensors(tensors));
    const std::string message = support::error_of([&] { read_class_means(path); });
    INFO(what << ": " << message);
    CHECK(support::byte_in(message, path) >= 0);
  };
  const auto changed = [&](const std::string& what, std::size_t tensor, const Tensor& with) {
    auto tensors = sound();
    tensors[tensor] = with;
    refused(what, tensors);
  };
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  constexpr double infinity = std::numeric_limits<double>::infinity();

  for (std::size_t missing = 0; missing < 4; ++missing) {
    auto tensors = sound();
    tensors.erase(tensors.begin() + static_cast<std::ptrdiff_t>(missing));
    refused("a tensor is missing", tensors);
  }
  auto more = sound();
  more.push_back({"weight", "F64", {1, 1}, f64({1})});
  refused("a tensor too many", more);
  changed("another type", 3, {"sums", "F32", {2, 3}, support::f32({1, 2, 3, 4, 5, 6})});
  changed("whole numbers", 2, {"counts", "I64", {1, 2}, support::little_endian({2, 1}, 8)});
  changed("a vector", 1, {"labels", "F64", {2}, f64({3, 8})});
  changed("a column", 1, {"labels", "F64", {2, 1}, f64({3, 8})});

  for (const double number : {nan, infinity, -infinity, 0.5, -1.0, 1e300, 0x1p53}) {
    INFO(number);
    changed("a part", 0, {"parts", "F64", {1, 2}, f64({number, 2})});
    changed("a label", 1, {"labels", "F64", {1, 2}, f64({3, number})});
    if (number != 0x1p53) changed("a count", 2, {"counts", "F64", {1, 2}, f64({number, 1})});
  }
  changed("no list", 0, {"parts", "F64", {1, 0}, ""});
  changed("an empty list", 0, {"parts", "F64", {1, 3}, f64({0, 1, 2})});
  changed("more values", 0, {"parts", "F64", {1, 2}, f64({2, 2})});
  changed("large lists", 0, {"parts", "F64", {1, 2}, f64({0x1p53, 0x1p53})});
  changed("a label too large", 1, {"labels", "F64", {1, 2}, f64({3, 65536})});
  changed("labels out of order", 1, {"labels", "F64", {1, 2}, f64({8, 3})});
  changed("a label twice", 1, {"labels", "F64", {1, 2}, f64({3, 3})});
  changed("a label too few", 1, {"labels", "F64", {1, 1}, f64({3})});
  changed("a count too many", 2, {"counts", "F64", {1, 3}, f64({2, 1, 1})});
  changed("a class without samples", 2, {"counts", "F64", {1, 2}, f64({2, 0})});
  changed("a row too few", 3, {"sums", "F64", {1, 3}, f64({1, 2, 3})});
  changed("a transposed matrix", 3, {"sums", "F64", {3, 2}, f64({1, 2, 3, 4, 5, 6})});
  changed("no columns", 3, {"sums", "F64", {2, 0}, ""});
  changed("rows without end", 3, {"sums", "F64", {std::uint64_t{1} << 62, 0}, ""});
  for (const double number : {nan, infinity, 1e200}) {
    changed("a sum", 3, {"sums", "F64", {2, 3}, f64({1, 2, 3, 4, 5, number})});
  }

  support::write_file(path, "no such format");
  CHECK(support::byte_in(support::error_of([&] { read_class_means(path); }), path) >= 0);
  const auto missing = folder / "missing.safetensors";
  CHECK(support::error_of([&] { read_class_means(missing); }) ==
        missing.string() + ": cannot be opened: no such file");
  const auto nowhere = folder / "missing" / "means.safetensors";
  CHECK(support::holds(support::error_of([&] { write_class_means(nowhere, ClassMeans({1})); }),
                       nowhere.string() + ": cannot be opened for writing"));
}
