// dgp-prune as its users meet it: the real program, its figures, its exit codes.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <dgp/dgp.hpp>
#include <dgp/io/activation_graph.hpp>
#include <dgp/io/checkpoint.hpp>
#include <dgp/io/idx.hpp>

#include "../../examples/prune/ranking.hpp"
#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/random_network.hpp"
#include "../support/run_program.hpp"

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

prune::Layers some_layers(unsigned seed) {
  support::Random random(seed);
  prune::Layers layers;
  layers.push_back({"a", support::random_matrix<float>(random, support::Kind::normal, 6, 9)});
  layers.push_back({"b", support::random_matrix<float>(random, support::Kind::normal, 4, 6)});
  return layers;
}

}  // namespace

TEST_CASE("each strategy ranks every weight once, its own first", "[prune]") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    const auto layers = some_layers(seed);
    for (const auto strategy : prune::strategies) {
      CAPTURE(prune::word_of(strategy), seed);
      const auto ranking = prune::ranking_of(layers, strategy, seed);
      REQUIRE(ranking.size() == 2);
      for (std::size_t k = 0; k < 2; ++k) {
        const auto& weights = layers[k].weights;
        auto sorted = ranking[k];
        std::sort(sorted.begin(), sorted.end());
        REQUIRE(sorted.size() == static_cast<std::size_t>(weights.size()));
        for (std::size_t i = 0; i < sorted.size(); ++i) CHECK(sorted[i] == i);
        const auto heavier = [&](std::size_t a, std::size_t b) {
          return std::abs(weights.data()[a]) > std::abs(weights.data()[b]);
        };
        if (strategy == prune::Strategy::magnitude) {
          CHECK(std::is_sorted(ranking[k].begin(), ranking[k].end(), heavier));
        }
        if (strategy == prune::Strategy::forest) {
          // What is kept of so many joins all neurons: persistence is that of the whole.
          const auto tree = static_cast<double>(weights.rows() + weights.cols() - 1);
          const auto kept =
              prune::pruned(layers, ranking, tree / static_cast<double>(weights.size()));
          CHECK(dgp::neural_persistence(kept[k].weights).mean_normalized ==
                dgp::neural_persistence(weights).mean_normalized);
        }
      }
    }
    // The first of paths is whole.
    const auto ranking = prune::ranking_of(layers, prune::Strategy::paths, 1);
    const auto path = dgp::persistent_paths(layers, {.count = 1}).front();
    for (std::size_t k = 0; k < 2; ++k) {
      CHECK(ranking[k].front() ==
            prune::place_of(layers[k].weights, path.neurons[k + 1], path.neurons[k]));
    }
  }
}

TEST_CASE("a share of each layer is kept, and one weight at least", "[prune]") {
  CHECK(prune::kept_of(100, 0.2) == 20);
  CHECK(prune::kept_of(10, 0.01) == 1);
  CHECK(prune::kept_of(7, 1) == 7);
  const auto layers = some_layers(3);
  const auto ranking = prune::ranking_of(layers, prune::Strategy::magnitude, 1);
  const auto kept = prune::pruned(layers, ranking, 0.25);
  for (std::size_t k = 0; k < 2; ++k) {
    const auto left = (kept[k].weights.array() != 0).count();
    CHECK(left == std::llround(0.25 * static_cast<double>(layers[k].weights.size())));
    CHECK(kept[k].weights.cwiseAbs().maxCoeff() == layers[k].weights.cwiseAbs().maxCoeff());
  }
}

TEST_CASE("without arguments the shipped network is pruned", "[prune]") {
  const std::string text = successful({});
  CHECK(holds(text, digits + ": 2,720 weights, 1,797 images"));
  for (const std::string word : {"accuracy", "neural persistence", "deep graph persistence",
                                 "magnitude", "forest", "paths", "random", "Most accuracy"}) {
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

TEST_CASE("curves of pruning are drawn", "[prune]") {
  const support::TemporaryFolder folder;
  const auto picture = (folder / "pruning.svg").string();
  CHECK(holds(successful({"--svg", picture}), "The curves are in " + picture));
  const std::string svg = support::read_file(picture);
  CHECK(svg.rfind("<svg", 0) == 0);
  CHECK(holds(svg, "digits_64-32-16-10.safetensors with fewer weights"));
}

TEST_CASE("pruning's wrong usage and bad files are errors in one line", "[prune]") {
  for (const Arguments& arguments : {Arguments{digits},
                                     {"--images", images},
                                     {"--format", "yaml"},
                                     {"--activation", "gelu"},
                                     {"--seed", "-1"},
                                     {"--white", "0"}}) {
    support::failure(DGP_PRUNE, arguments, 2);
  }
  const std::string mnist = DGP_EXAMPLE_DATA "/mnist_784-100-100-10.safetensors";
  CHECK(holds(support::failure(DGP_PRUNE, {mnist, "--images", images, "--labels", labels}, 1),
              "images of 64 pixels, but " + mnist + " takes 784"));
  CHECK(holds(support::failure(DGP_PRUNE, {"none", "--images", images, "--labels", labels}, 1),
              "none"));
}
