// dgp-prune as its users meet it: the real program, its figures, its exit codes.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <nlohmann/json.hpp>

#include <dgp/dgp.hpp>
#include <dgp/io/activation_graph.hpp>
#include <dgp/io/checkpoint.hpp>
#include <dgp/io/idx.hpp>
#include <dgp/io/safetensors_writer.hpp>

#include "../../examples/prune/chance.hpp"
#include "../../examples/prune/ranking.hpp"
#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/idx_writer.hpp"
#include "../support/random_network.hpp"
#include "../support/run_program.hpp"
#include "../support/safetensors_writer.hpp"

namespace {

using nlohmann::json;
using support::holds;
using support::lines_of;
using Arguments = std::vector<std::string>;

const std::string digits = DGP_EXAMPLE_DATA "/digits_64-32-16-10.safetensors";
const std::string images = DGP_EXAMPLE_DATA "/digits-images-idx3-ubyte";
const std::string labels = DGP_EXAMPLE_DATA "/digits-labels-idx1-ubyte";

std::string successful(const Arguments& arguments) {
  return support::successful(DGP_PRUNE, arguments);
}

json json_of(Arguments arguments) {
  arguments.insert(arguments.end(), {"--format", "json"});
  return json::parse(successful(arguments));
}

prune::Layers some_layers(unsigned seed) {
  support::Random random(seed);
  prune::Layers layers;
  layers.push_back({"fc1", support::random_matrix<float>(random, support::Kind::normal, 6, 9)});
  layers.push_back({"fc2", support::random_matrix<float>(random, support::Kind::normal, 4, 6)});
  return layers;
}

// Weights by layer, row and column.
using Weights = std::set<std::tuple<std::size_t, Eigen::Index, Eigen::Index>>;

Weights weights_of(const prune::Layers& layers) {
  Weights there;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const auto& weights = layers[k].weights;
    for (Eigen::Index row = 0; row < weights.rows(); ++row) {
      for (Eigen::Index col = 0; col < weights.cols(); ++col) {
        if (weights(row, col) != 0) there.emplace(k, row, col);
      }
    }
  }
  return there;
}

bool hold(const Weights& all, const Weights& some) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

Weights without(const Weights& all, const Weights& some) {
  Weights rest;
  std::set_difference(all.begin(), all.end(), some.begin(), some.end(),
                      std::inserter(rest, rest.end()));
  return rest;
}

std::vector<float> magnitudes_of(const prune::Layers& layers, const Weights& some) {
  std::vector<float> magnitudes;
  for (const auto& [k, row, col] : some) {
    magnitudes.push_back(std::abs(layers[k].weights(row, col)));
  }
  std::sort(magnitudes.rbegin(), magnitudes.rend());
  return magnitudes;
}

// Of one layer, or of all.
prune::Layers those_of(const prune::Layers& layers, std::size_t k, prune::Scope scope) {
  if (scope == prune::Scope::network) return layers;
  return {layers[k]};
}

// A model file, twenty images of 3x3 pixels with labels below 4, and the options that name them.
struct Made {
  support::TemporaryFolder folder;

  Arguments arguments(const prune::Layers& layers, bool biases, char first_label = 0) const {
    std::vector<dgp::io::NamedTensor> tensors;
    for (const auto& [name, weights] : layers) {
      tensors.push_back(dgp::io::named_tensor(name + ".weight", weights));
      if (!biases) continue;
      const Eigen::VectorXf bias = Eigen::VectorXf::Unit(weights.rows(), 0) * 100;
      tensors.push_back(dgp::io::named_tensor(name + ".bias", bias));
    }
    dgp::io::write_safetensors(folder / "model.safetensors", tensors);
    std::string pixels;
    std::string classes;
    for (int i = 0; i < 20; ++i) {
      for (int p = 0; p < 9; ++p) pixels += static_cast<char>((31 * i + 17 * p) % 97);
      classes += static_cast<char>(first_label + i % 4);
    }
    support::write_file(folder / "images", support::idx({20, 3, 3}, pixels));
    support::write_file(folder / "labels", support::idx({20}, classes));
    return {(folder / "model.safetensors").string(),
            "--images",
            (folder / "images").string(),
            "--labels",
            (folder / "labels").string(),
            "--white",
            "97"};
  }
};

}  // namespace

TEST_CASE("each strategy keeps its own weights first, then the largest", "[prune]") {
  using prune::Strategy;
  for (unsigned seed = 1; seed <= 3; ++seed) {
    const auto network = some_layers(seed);
    for (const auto scope : {prune::Scope::network, prune::Scope::layer}) {
      // A layer that is cut on its own is a network of one.
      for (std::size_t only = 0; only < (scope == prune::Scope::layer ? 2 : 1); ++only) {
        const auto layers = those_of(network, only, scope);
        const Weights all = weights_of(layers);
        Weights forest;
        for (std::size_t k = 0; k < layers.size(); ++k) {
          const auto tree = dgp::maximum_spanning_forest(layers[k].weights.cwiseAbs());
          for (const auto& edge : tree.edges) forest.emplace(k, edge.row, edge.col);
        }
        std::vector<Weights> paths{{}};  // with ever more of them
        for (const auto& path : dgp::persistent_paths(layers, {.count = 100})) {
          paths.push_back(paths.back());
          for (std::size_t k = 0; k < layers.size(); ++k) {
            paths.back().emplace(k, path.neurons[k + 1], path.neurons[k]);
          }
        }
        for (std::size_t count = 1; count <= all.size(); ++count) {
          CAPTURE(seed, count, layers.size());
          const auto kept = [&](Strategy strategy) {
            const auto ranking = prune::ranking_of(layers, strategy, scope, seed);
            const double share = static_cast<double>(count) / static_cast<double>(all.size());
            auto found = weights_of(prune::pruned(layers, ranking, share));
            REQUIRE(found.size() == count);
            return found;
          };
          const auto check_rest = [&](const Weights& found, const Weights& first) {
            if (count < first.size()) return;
            auto largest = magnitudes_of(layers, without(all, first));
            largest.resize(count - first.size());
            CHECK(magnitudes_of(layers, without(found, first)) == largest);
          };
          check_rest(kept(Strategy::magnitude), {});
          const Weights by_forest = kept(Strategy::forest);
          CHECK((count < forest.size() ? hold(forest, by_forest) : hold(by_forest, forest)));
          check_rest(by_forest, forest);
          const Weights by_paths = kept(Strategy::paths);
          for (const Weights& some : paths) {
            CHECK((count < some.size() ? hold(some, by_paths) : hold(by_paths, some)));
          }
          check_rest(by_paths, paths.back());
          CHECK(hold(all, kept(Strategy::random)));
        }
        CHECK(prune::ranking_of(layers, Strategy::magnitude, scope, 1).first == 0);
        CHECK(prune::ranking_of(layers, Strategy::forest, scope, 1).first == forest.size());
        CHECK(prune::ranking_of(layers, Strategy::paths, scope, 1).first == paths.back().size());
      }
    }
  }
}

TEST_CASE("a share of each layer is kept, and one weight at least", "[prune]") {
  CHECK(prune::kept_of(100, 0.2) == 20);
  CHECK(prune::kept_of(10, 0.01) == 1);
  CHECK(prune::kept_of(7, 1) == 7);
  const auto layers = some_layers(3);
  for (const auto strategy : prune::strategies) {
    for (const double share : {0.5, 0.25, 0.001}) {
      const auto ranking = prune::ranking_of(layers, strategy, prune::Scope::layer, 1);
      const auto kept = prune::pruned(layers, ranking, share);
      for (std::size_t k = 0; k < 2; ++k) {
        CAPTURE(prune::word_of(strategy), share, k);
        const auto size = static_cast<double>(layers[k].weights.size());
        CHECK((kept[k].weights.array() != 0).count() == std::max(1LL, std::llround(share * size)));
      }
    }
  }
}

TEST_CASE("without arguments the shipped network is pruned", "[prune]") {
  const std::string text = successful({});
  CHECK(holds(text, digits + ": 2,720 weights, 1,797 images"));
  for (const std::string word :
       {"accuracy", "neural persistence", "deep graph persistence", "magnitude", "forest", "paths",
        "random", "The forests hold 167 weights, 6.1 % of all.\n",
        "Neural persistence stays within 1 % down to: magnitude ", "\n  forest: ", "\n  paths: "}) {
    CHECK(holds(text, word));
  }
  CHECK(successful({}) == text);
  CHECK(successful({"--threads", "1"}) == text);
  CHECK(successful({"--seed", "2"}) != text);
}

TEST_CASE("figures of pruning are the library's", "[prune]") {
  const auto document = json::parse(successful({"--format", "json"}));
  const auto layers = dgp::io::read_layers<float>(digits);
  CHECK(document["images"] == 1797);
  CHECK(document["weights"] == 2720);
  const json& whole = document["shares"][0];
  CHECK(whole["share"] == 1);
  CHECK(whole["weights"] == 2720);

  // The accuracy of the whole network, by a forward pass written out.
  const auto network = dgp::io::read_perceptron<float>(digits);
  const auto pictures = dgp::io::read_idx(images);
  const auto answers = dgp::io::read_idx(labels);
  std::size_t right = 0;
  for (std::size_t i = 0; i < answers.values.size(); ++i) {
    Eigen::VectorXf values(64);
    for (Eigen::Index p = 0; p < 64; ++p) {
      values(p) = static_cast<float>(pictures.values[i * 64 + static_cast<std::size_t>(p)]) / 16;
    }
    for (std::size_t k = 0; k < 3; ++k) {
      values = (network.layers[k].weights * values + network.biases[k]).eval();
      if (k < 2) values = values.cwiseMax(0).eval();
    }
    Eigen::Index answer = 0;
    values.maxCoeff(&answer);
    right += answer == answers.values[i];
  }
  for (const auto strategy : prune::strategies) {
    const json& figures = whole[prune::word_of(strategy)];
    CHECK(figures["accuracy"].get<double>() * 1797 == Approx(right));
    CHECK(figures["neural_persistence"].get<double>() ==
          Approx(dgp::neural_persistence(layers).mean_normalized));
    CHECK(figures["deep_graph_persistence"].get<double>() ==
          Approx(dgp::deep_graph_persistence(layers).normalized));
  }
  const auto rows = lines_of(successful({"--format", "csv"}));
  CHECK(rows[0] == "share,weights,strategy,accuracy,neural_persistence,deep_graph_persistence");
  CHECK(rows.size() == 1 + 4 * document["shares"].size());
  CHECK(rows[1].rfind("1,2720,magnitude,0.", 0) == 0);
}

TEST_CASE("neural persistence stays while the whole forest does", "[prune]") {
  const auto document =
      json_of({"--scope", "network", "--shares", "0.3,0.1", "1", "0.07", "0.05", "0.5", "0.3"});
  CHECK(document["scope"] == "network");
  REQUIRE(document["shares"].size() == 6);
  CHECK(document["against_magnitude"]["forest"]["weights_first"] == 95 + 47 + 25);
  const json& whole = document["shares"][0];
  for (const json& row : document["shares"]) {
    const auto weights = row["weights"].get<std::size_t>();
    CHECK(static_cast<double>(weights) == std::round(row["share"].get<double>() * 2720));
    CHECK((weights >= 167) == (row["forest"]["neural_persistence"].get<double>() ==
                               Approx(whole["forest"]["neural_persistence"].get<double>())));
  }
  // The larger half of the weights does, half of them, at random, do not.
  CHECK(document["shares"][1]["share"] == 0.5);
  CHECK(document["shares"][1]["magnitude"]["accuracy"] > 0.8);
  CHECK(document["shares"][1]["random"]["accuracy"] < 0.6);
}

TEST_CASE("a lead counts where only one of two networks knows an image", "[prune]") {
  // So many images that the one network knows only, the other only, both, and neither.
  const auto lead = [](std::size_t one, std::size_t other) {
    std::vector<bool> first(200, false);
    std::vector<bool> second(200, false);
    for (std::size_t i = 0; i < one; ++i) first[i] = true;
    for (std::size_t i = one; i < one + other; ++i) second[i] = true;
    for (std::size_t i = 150; i < 180; ++i) first[i] = second[i] = true;
    const int found = prune::lead_beyond_chance(first, second);
    CHECK(prune::lead_beyond_chance(second, first) == -found);
    return found;
  };
  CHECK(lead(0, 0) == 0);
  CHECK(lead(3, 0) == 0);  // 3 is less than 1.96 times the root of 3
  CHECK(lead(4, 0) == 1);
  CHECK(lead(60, 40) == 1);
  CHECK(lead(59, 41) == 0);
  CHECK(lead(40, 60) == -1);
}

TEST_CASE("networks without biases and with a constant layer are pruned", "[prune]") {
  const Made made;
  auto layers = some_layers(7);
  layers[0].name = "layers.0";
  layers[1].name = "layers.1";
  const std::string none = "The file holds no biases but 0.\n";
  CHECK(holds(successful(made.arguments(layers, false)), none));
  CHECK_FALSE(holds(successful(made.arguments(layers, true)), none));
  // The first class's outweighs all.
  CHECK(json_of(made.arguments(layers, true))["shares"][0]["magnitude"]["accuracy"] == 0.25);

  layers[1].weights.setConstant(0.5F);
  const auto arguments = made.arguments(layers, true);
  const auto document = json_of(arguments);
  CHECK(holds(document["reason"].get<std::string>(), "layers.1.weight"));
  CHECK(document["against_magnitude"].size() == 1);
  CHECK(document["shares"][0]["paths"]["accuracy"].is_null());
  CHECK(document["shares"][0]["forest"]["accuracy"] == 0.25);
  CHECK(document["shares"][0]["forest"]["deep_graph_persistence"].is_null());
  CHECK(holds(successful(arguments), "There are no paths: "));
}

TEST_CASE("curves of pruning are drawn", "[prune]") {
  const support::TemporaryFolder folder;
  const auto picture = (folder / "pruning.svg").string();
  CHECK(holds(successful({"--svg", picture}), "The curves are in " + picture));
  const std::string svg = support::read_file(picture);
  CHECK(svg.rfind("<svg", 0) == 0);
  for (const std::string title : {"Accuracy: digits_64-32-16-10.safetensors", "Neural persistence",
                                  "Deep graph persistence"}) {
    CHECK(holds(svg, ">" + title + "<"));
  }
  // Of the three, one says why its lines end.
  const std::string note = "A line ends where the measure is not defined";
  CHECK(holds(svg, note));
  CHECK(svg.find(note) == svg.rfind(note));
  CHECK(svg.find(note) > svg.find(">Deep graph persistence<"));
}

TEST_CASE("pruning's wrong usage and bad files are errors in one line", "[prune]") {
  for (const Arguments& arguments : {Arguments{digits},
                                     {"--images", images},
                                     {"--format", "yaml"},
                                     {"--activation", "gelu"},
                                     {"--seed", "-1"},
                                     {"--scope", "all"},
                                     {"--shares", "0"},
                                     {"--shares", "1.01"},
                                     {"--shares", "nan"},
                                     {"--white", "0"}}) {
    support::failure(DGP_PRUNE, arguments, 2);
  }
  const std::string mnist = DGP_EXAMPLE_DATA "/mnist_784-100-100-10.safetensors";
  CHECK(holds(support::failure(DGP_PRUNE, {mnist, "--images", images, "--labels", labels}, 1),
              "images of 64 pixels, but " + mnist + " takes 784"));
  CHECK(holds(support::failure(DGP_PRUNE, {"none", "--images", images, "--labels", labels}, 1),
              "none"));
  const Made made;
  CHECK(holds(support::failure(DGP_PRUNE, made.arguments(some_layers(1), true, 2), 1), "label 5"));
}
