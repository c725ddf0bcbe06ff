// dgp-compare as its users meet it: the real program, its output, its picture, its exit codes.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <dgp/dgp.hpp>
#include <dgp/io/safetensors_writer.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/random_network.hpp"
#include "../support/run_program.hpp"
#include "../support/safetensors_writer.hpp"

namespace {

using nlohmann::json;
using support::holds;
using Arguments = std::vector<std::string>;
using Matrix = support::Matrix<float>;
using Network = std::vector<Matrix>;

const std::string digits = DGP_EXAMPLE_DATA "/digits_64-32-16-10.safetensors";
const std::string mnist = DGP_EXAMPLE_DATA "/mnist_784-100-100-10.safetensors";

std::string successful(const Arguments& arguments) {
  return support::successful(DGP_COMPARE, arguments);
}

std::string failure(const Arguments& arguments, int exit_code) {
  return support::failure(DGP_COMPARE, arguments, exit_code);
}

json json_of(Arguments arguments) {
  arguments.insert(arguments.end(), {"--format", "json"});
  return json::parse(successful(arguments));
}

void write(const std::string& path, const Network& network) {
  std::vector<dgp::io::NamedTensor> tensors;
  for (std::size_t k = 0; k < network.size(); ++k) {
    tensors.push_back(dgp::io::named_tensor("layers." + std::to_string(k) + ".weight", network[k]));
  }
  dgp::io::write_safetensors(path, tensors);
}

// Networks of a training whose weights drift, and their files: step-0, step-5, step-10, …
struct Training {
  support::TemporaryFolder folder;
  std::vector<Network> networks;
  Arguments files;

  explicit Training(std::size_t count, std::uint64_t seed = 3) {
    support::Random random(seed);
    const auto drawn = [&](int rows, int cols) {
      return support::random_matrix<float>(random, support::Kind::normal, rows, cols);
    };
    Network network{drawn(7, 5), drawn(4, 7)};
    for (std::size_t i = 0; i < count; ++i) {
      networks.push_back(network);
      files.push_back((folder / ("step-" + std::to_string(5 * i) + ".safetensors")).string());
      write(files.back(), network);
      for (auto& layer : network) {
        layer += 0.2F * drawn(static_cast<int>(layer.rows()), static_cast<int>(layer.cols()));
      }
    }
  }

  // The library's own.
  std::vector<double> layers(std::size_t i, std::size_t j, double p) const {
    const auto a = dgp::neural_persistence(networks[i]);
    const auto b = dgp::neural_persistence(networks[j]);
    std::vector<double> distances;
    for (std::size_t k = 0; k < a.layers.size(); ++k) {
      distances.push_back(dgp::wasserstein_distance(a.layers[k].diagram, b.layers[k].diagram, p));
    }
    return distances;
  }
  double mean(std::size_t i, std::size_t j, double p) const {
    double sum = 0;
    for (const double distance : layers(i, j, p)) sum += distance;
    return sum / 2;
  }
  double deep(std::size_t i, std::size_t j, double p) const {
    return dgp::wasserstein_distance(dgp::deep_graph_persistence(networks[i]).diagram,
                                     dgp::deep_graph_persistence(networks[j]).diagram, p);
  }
};

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("dgp-compare gives the distances of the library", "[programs]") {
  const Training training(4);
  for (const double p : {infinity, 2.0, 3.0}) {
    Arguments arguments = training.files;
    std::swap(arguments[0], arguments[2]);  // the numbers in the names put them in order
    if (p == 2) arguments.insert(arguments.end(), {"--p", "2"});
    if (p == 3) arguments.insert(arguments.end(), {"--p", "3"});
    const json document = json_of(arguments);
    CHECK(document.at("distance") == (p == infinity ? "bottleneck" : "wasserstein"));
    CHECK(document.at("p") == (p == infinity ? json("inf") : json(p)));
    CHECK(document.at("order") == "steps");
    REQUIRE(document.at("layers").size() == 2);
    CHECK(document.at("layers")[1] ==
          json({{"name", "layers.1.weight"}, {"rows", 4}, {"cols", 7}}));
    REQUIRE(document.at("files").size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
      CAPTURE(p, i);
      const json& file = document.at("files")[i];
      CHECK(file.at("file") == training.files[i]);
      CHECK(file.at("step") == 5 * i);
      const auto np = dgp::neural_persistence(training.networks[i]);
      CHECK(file.at("neural_persistence").at("mean_normalized").get<double>() ==
            Approx(np.mean_normalized).epsilon(1e-14));
      CHECK(file.at("neural_persistence").at("layers")[1].get<double>() ==
            Approx(np.layers[1].normalized).epsilon(1e-14));
      CHECK(file.at("deep_graph_persistence").get<double>() ==
            Approx(dgp::deep_graph_persistence(training.networks[i]).normalized).epsilon(1e-14));
      if (i == 0) {
        CHECK(file.at("to_previous").is_null());
        CHECK(file.at("to_first").is_null());
        continue;
      }
      for (const auto& [key, other] :
           {std::pair<std::string, std::size_t>("to_previous", i - 1), {"to_first", 0}}) {
        const json& distance = file.at(key);
        CHECK(distance.at("neural_persistence").get<double>() ==
              Approx(training.mean(i, other, p)).epsilon(1e-14));
        const auto layers = training.layers(i, other, p);
        REQUIRE(distance.at("layers").size() == 2);
        CHECK(distance.at("layers")[0].get<double>() == Approx(layers[0]).epsilon(1e-14));
        CHECK(distance.at("layers")[1].get<double>() == Approx(layers[1]).epsilon(1e-14));
        CHECK(distance.at("deep_graph_persistence").get<double>() ==
              Approx(training.deep(i, other, p)).epsilon(1e-14));
      }
      for (std::size_t j = 0; j < 4; ++j) {
        const json& matrix = document.at("matrix");
        CHECK(matrix.at("neural_persistence")[i][j].get<double>() ==
              Approx(i == j ? 0 : training.mean(i, j, p)).epsilon(1e-14));
        CHECK(matrix.at("deep_graph_persistence")[i][j].get<double>() ==
              Approx(i == j ? 0 : training.deep(i, j, p)).epsilon(1e-14));
      }
    }
  }
}

TEST_CASE("dgp-compare shows two files layer by layer", "[programs]") {
  const Training training(2);
  const auto lines = support::lines_of(successful(training.files));
  REQUIRE(lines.size() > 5);
  CHECK(lines[0].rfind("neural persistence", 0) == 0);
  CHECK(holds(lines[0], " step-0 "));
  CHECK(holds(lines[0], " step-5  distance"));
  CHECK(lines[1].rfind("  layers.0.weight", 0) == 0);
  CHECK(lines[3].rfind("  mean", 0) == 0);
  char cell[32];
  std::snprintf(cell, sizeof cell, "  %.6f", training.mean(0, 1, infinity));
  CHECK(holds(lines[3], cell));
  std::snprintf(cell, sizeof cell, "  %.6f", training.deep(0, 1, infinity));
  CHECK(lines[4].rfind("deep graph persistence", 0) == 0);
  CHECK(holds(lines[4], cell));
  // Names too long for headings stand above.
  const std::string renamed =
      (training.folder / "after-a-fine-tuning-of-the-head.safetensors").string();
  write(renamed, training.networks[1]);
  const auto named = support::lines_of(successful({training.files[0], renamed}));
  CHECK(named[0] == "first:  step-0");
  CHECK(named[1] == "second: after-a-fine-tuning-of-the-head");
  CHECK(holds(named[6], support::lines_of(successful(training.files))[3].substr(30)));
  // The same file twice is no sequence, and no distance.
  const std::string same = successful({training.files[0], training.files[0]});
  CHECK(holds(same, "The files stand as they were given."));
  CHECK(holds(support::lines_of(same)[3], "0.000000"));
}

TEST_CASE("dgp-compare takes files in the order of their numbers", "[programs]") {
  const Training training(3);
  const support::TemporaryFolder folder;
  std::vector<std::string> files;
  for (const int epoch : {10, 8, 9}) {
    const auto name = "epoch=" + std::to_string(epoch) + "-step=" + std::to_string(137 * epoch);
    files.push_back((folder / name).string());
    std::filesystem::copy_file(training.files[static_cast<std::size_t>(epoch) % 3], files.back());
  }
  const auto lines = support::lines_of(successful(files));
  CHECK(lines[1].rfind("epoch=8-step=1096 ", 0) == 0);
  CHECK(lines[2].rfind("epoch=9-step=1233 ", 0) == 0);
  CHECK(lines[3].rfind("epoch=10-step=1370 ", 0) == 0);
}

TEST_CASE("dgp-compare shows a run in one table, and all pairs where they are asked for",
          "[programs]") {
  const Training training(12);
  const auto lines = support::lines_of(successful(training.files));
  CHECK(lines[0].rfind("file ", 0) == 0);
  CHECK(lines[1].rfind("step-0 ", 0) == 0);
  CHECK(lines[12].rfind("step-55 ", 0) == 0);
  CHECK(lines[13].empty());
  const std::string heading = "neural persistence, mean";
  CHECK_FALSE(holds(successful(training.files), heading));
  Arguments asked = training.files;
  asked.emplace_back("--matrix");
  CHECK(holds(successful(asked), heading));
  CHECK(holds(successful({training.files.begin(), training.files.begin() + 3}), heading));
  CHECK_FALSE(json_of(training.files).contains("matrix"));
  CHECK(json_of(asked).at("matrix").at("neural_persistence").size() == 12);

  Arguments csv = training.files;
  csv.insert(csv.end(), {"--format", "csv"});
  const auto rows = support::lines_of(successful(csv));
  REQUIRE(rows.size() == 1 + 12 * 4);
  CHECK(rows[0] == "file,step,measure,layer,normalized,to_previous,to_first");
  CHECK(rows[1].rfind(training.files[0] + ",0,neural_persistence,layers.0.weight,0.", 0) == 0);
  CHECK(rows[1].substr(rows[1].size() - 2) == ",,");
  CHECK(rows[7].rfind(training.files[1] + ",5,network_neural_persistence,,0.", 0) == 0);
  CHECK(std::stod(rows[7].substr(rows[7].rfind(',') + 1)) ==
        Approx(training.mean(1, 0, infinity)).epsilon(1e-14));
  csv.emplace_back("--matrix");
  const auto pairs = support::lines_of(successful(csv));
  REQUIRE(pairs.size() == 1 + 12 * 11 / 2);
  CHECK(pairs[1].rfind(training.files[0] + "," + training.files[1] + ",0.", 0) == 0);
}

TEST_CASE("dgp-compare draws the distances", "[programs]") {
  const Training training(3);
  const std::string path = (training.folder / "distances.svg").string();
  Arguments arguments = training.files;
  arguments.insert(arguments.end(), {"--svg", path, "--p", "2"});
  const std::string printed = successful(arguments);
  CHECK(holds(printed, "are in " + path));
  const std::string svg = support::read_file(path);
  CHECK(svg.rfind("<svg ", 0) == 0);
  CHECK(holds(svg, "<title>0, 5: "));
  CHECK(holds(svg, "2-Wasserstein distance"));
  CHECK(holds(svg, "Deep graph persistence"));
  CHECK(holds(svg, "prefers-color-scheme: dark"));
  arguments[4] = (training.folder / "no/such/folder.svg").string();
  const auto lost = support::run_program(DGP_COMPARE, arguments);
  CHECK(lost.exit_code == 1);
  CHECK(holds(lost.err, arguments[4] + ": cannot be opened for writing"));
  CHECK(lost.out + "The distances of all pairs are in " + path + ".\n" == printed);
}

TEST_CASE("dgp-compare goes without deep graph persistence where it is not defined", "[programs]") {
  const support::TemporaryFolder folder;
  support::Random random(9);
  Arguments files;
  for (int i = 0; i < 3; ++i) {
    files.push_back((folder / ("epoch" + std::to_string(i) + ".safetensors")).string());
    const auto drawn = [&](int rows, int cols) {
      return support::random_matrix<float>(random, support::Kind::normal, rows, cols);
    };
    // Of the second file, a layer is constant.
    write(files.back(), {drawn(3, 2), i == 1 ? Matrix::Constant(4, 3, 0.5F) : drawn(4, 3)});
  }
  const json document = json_of(files);
  CHECK(document.at("files")[0].at("deep_graph_persistence").is_number());
  CHECK(document.at("files")[1].at("deep_graph_persistence").is_null());
  CHECK(holds(document.at("files")[1].at("reason"), "standard deviation is 0"));
  CHECK(document.at("files")[1].at("to_previous").at("deep_graph_persistence").is_null());
  CHECK(document.at("files")[1].at("to_previous").at("neural_persistence").is_number());
  CHECK(document.at("files")[2].at("to_previous").at("deep_graph_persistence").is_null());
  CHECK(document.at("files")[2].at("to_first").at("deep_graph_persistence").is_number());
  CHECK(document.at("matrix").at("deep_graph_persistence")[0][1].is_null());
  CHECK(holds(successful(files), files[1] + ": no deep graph persistence: "));
  // One layer is a chain; without a second the constant one is not in the way.
  Arguments first = files;
  first.insert(first.end(), {"--layers", "layers.0"});
  CHECK(json_of(first).at("files")[1].at("deep_graph_persistence").is_number());
}

TEST_CASE("dgp-compare fails in one line", "[programs]") {
  CHECK(holds(failure({}, 2), "MODEL is required"));
  CHECK(holds(failure({digits}, 2), "it takes two models to compare"));
  CHECK(holds(failure({digits, mnist}, 1),
              mnist + ": its layers differ from those of " + digits + ": layer 0 is "));
  CHECK(holds(failure({digits, "no-such-file.npy"}, 1), "no-such-file.npy"));
  CHECK(holds(failure({digits, digits, "--p", "0.5"}, 2), "p must be a number of at least 1"));
  for (const std::string name : {"", "-"}) {
    CHECK(holds(failure({digits, digits, "--svg", name}, 2), "the name of a file to write"));
  }
  CHECK(holds(failure({digits, digits, "--layers", "none"}, 1), "none"));
  CHECK(holds(failure({digits, digits, "--format", "xml"}, 2), "xml"));
  CHECK(holds(successful({"--help"}), "dgp-compare before.safetensors after.safetensors"));
  CHECK(json_of({digits, digits, "--p", "inf"}).at("distance") == "bottleneck");
}
