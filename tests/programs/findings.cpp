// dgp-findings as its users meet it: the real program, its output, its report, its exit codes.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <dgp/dgp.hpp>
#include <dgp/io/checkpoint.hpp>
#include <dgp/io/safetensors_writer.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/npy_writer.hpp"
#include "../support/random_network.hpp"
#include "../support/run_program.hpp"
#include "../support/safetensors_writer.hpp"

#ifdef DGP_FINDINGS

namespace {

using nlohmann::json;
using support::f32;
using support::holds;
using Arguments = std::vector<std::string>;
using Matrix = support::Matrix<float>;

const std::string digits = DGP_EXAMPLE_DATA "/digits_64-32-16-10.safetensors";

std::string successful(const Arguments& arguments) {
  return support::successful(DGP_FINDINGS, arguments);
}

std::string failure(const Arguments& arguments, int exit_code) {
  return support::failure(DGP_FINDINGS, arguments, exit_code);
}

// Writes a network and returns its path.
std::string written(const std::filesystem::path& path, const std::vector<Matrix>& layers) {
  std::vector<dgp::io::NamedTensor> tensors;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    tensors.push_back(dgp::io::named_tensor("layers." + std::to_string(k) + ".weight", layers[k]));
  }
  dgp::io::write_safetensors(path, tensors);
  return path.string();
}

// What the program makes of the claim that starts with these words.
std::string verdict(Arguments arguments, const std::string& start) {
  arguments.insert(arguments.end(), {"--format", "json"});
  const auto document = json::parse(successful(arguments));
  for (const auto& claim : document["claims"]) {
    if (claim["claim"].get<std::string>().rfind(start, 0) == 0) return claim["verdict"];
  }
  FAIL("there is no such claim: " << start);
  return {};
}

}  // namespace

TEST_CASE("dgp-findings gives the figures of the library", "[programs]") {
  const auto document = json::parse(successful({digits, "--format", "json"}));
  const auto layers = dgp::io::read_layers<double>(digits);
  CHECK(document["file"] == digits);
  CHECK(document["weight_variance"].get<double>() ==
        Approx(dgp::weight_variance(layers).network).epsilon(1e-12));
  REQUIRE(document["layers"].size() == layers.size());
  const auto bounds = dgp::neural_persistence_bounds(layers);
  const auto significance = dgp::shuffle_significance(layers);
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const json& layer = document["layers"][k];
    CHECK(layer["name"] == layers[k].name);
    CHECK(layer["spatial_concentration"].get<double>() == dgp::spatial_concentration(layers[k]));
    CHECK(layer["bounds"]["lower"]["total"].get<double>() == bounds[k].lower.total);
    CHECK(layer["bounds"]["upper"]["normalized"].get<double>() == bounds[k].upper.normalized);
    for (const std::string fit :
         {"beta", "truncated_pareto", "truncated_normal", "truncated_exponential"}) {
      CHECK(layer["fits"][fit]["loss"].is_number());
    }
    CHECK(layer["fits"]["beta"]["a"].is_number());
    CHECK(layer["fits"]["truncated_pareto"]["b"].is_number());
    CHECK(layer["fits"]["truncated_normal"]["scale"].is_number());
    const json& shuffled = layer["shuffled"]["neural_persistence"];
    CHECK(shuffled["original"] == layer["neural_persistence"]);
    const auto& drawn = significance[k];
    CHECK(shuffled["mean_change"].get<double>() == Approx(drawn.mean - drawn.original));
    CHECK(shuffled["z_score"] == drawn.z_score);
    CHECK(shuffled["p_value"] == drawn.p_value);
    CHECK(shuffled["rounds"] == 1000);
    const json& moved = layer["shuffled"]["spatial_concentration"];
    CHECK(moved["min_change"] <= moved["mean_change"]);
    CHECK(layer["shuffled"]["deep_graph_persistence"]["z_score"].is_number());
  }
  CHECK(document["random_networks"]["gaussian"]["neural_persistence"].is_number());
  CHECK(document["claims"].size() >= 4);
}

TEST_CASE("dgp-findings reads NumPy's files, and only the layers it is told to", "[programs]") {
  const support::TemporaryFolder folder;
  support::Random random(25);
  const std::vector<Matrix> layers{
      support::random_matrix<float>(random, support::Kind::normal, 6, 9),
      support::random_matrix<float>(random, support::Kind::normal, 4, 6)};
  const auto figures = [](const Arguments& arguments) {
    Arguments all = arguments;
    all.insert(all.end(), {"--format", "json", "--shuffles", "10"});
    json document = json::parse(successful(all));
    document.erase("file");
    document.erase("training");
    return document;
  };
  const auto both = written(folder / "both.safetensors", layers);
  const json expected = figures({both});
  REQUIRE(expected["layers"].size() == 2);

  const json first = figures({both, "--layers", "0.weight"});
  CHECK(first["layers"].size() == 1);
  CHECK(first == figures({written(folder / "first", {layers[0]})}));
  CHECK(holds(failure({both, "--layers", "attention"}, 1),
              "no tensor of 2 to 5 dimensions matches 'attention'"));
  failure({both, "--layers", "["}, 2);

#ifdef DGP_WITH_NPZ
  std::vector<support::ArchiveEntry> entries;
  for (std::size_t k = layers.size(); k-- > 0;) {
    const auto rows = layers[k].reshaped<Eigen::RowMajor>();
    const std::string array = support::npy_of_floats(static_cast<std::size_t>(layers[k].rows()),
                                                     static_cast<std::size_t>(layers[k].cols()),
                                                     f32({rows.begin(), rows.end()}));
    entries.push_back(support::deflated("layers." + std::to_string(k) + ".weight.npy", array));
  }
  support::write_file(folder / "both.npz", support::archive(entries));
  CHECK(figures({(folder / "both.npz").string()}) == expected);
#endif
}

TEST_CASE("dgp-findings without arguments shows the shipped network, twice alike", "[programs]") {
  const std::string text = successful({});
  CHECK(text.find("layers.0.weight") != std::string::npos);
  CHECK(text.find("z shuffled") != std::string::npos);
  CHECK(successful({}) == text);
  CHECK(successful({"--threads", "1"}) == text);
  CHECK(successful({"--seed", "2"}) != text);
}

TEST_CASE("dgp-findings of a training, with a report", "[programs]") {
  const support::TemporaryFolder folder;
  const std::string report = (folder / "report.html").string();
  const auto document = json::parse(successful(
      {digits, digits, digits, "--shuffles", "2", "--format", "json", "--report", report}));
  CHECK(document["training"].size() == 3);
  CHECK(document["claims"][0]["verdict"] == "not tested");
  const std::string html = support::read_file(report);
  CHECK(html.rfind("<!DOCTYPE html>", 0) == 0);
  CHECK(html.find("<svg") != std::string::npos);
  CHECK(html.find("nan") == std::string::npos);
  CHECK(html.find("http-equiv") == std::string::npos);
  CHECK(html.find("src=") == std::string::npos);  // self-contained
  // Each table is scrolled by itself.
  std::size_t tables = 0;
  for (std::size_t at = 0; (at = html.find("<table>", at)) != std::string::npos; ++at) {
    const std::size_t box = html.rfind("<div", at);
    CHECK(html.substr(box, 19) == "<div class=\"scroll\"");
    ++tables;
  }
  CHECK(tables == 2);
}

TEST_CASE("dgp-findings tests nothing where nothing can be told", "[programs]") {
  // The same network over and over does not correlate; two shuffles tell nothing, but those of
  // neural persistence are always many.
  const Arguments alike(10, digits);
  Arguments arguments = alike;
  arguments.insert(arguments.end(), {"--shuffles", "2", "--format", "json"});
  const auto document = json::parse(successful(arguments));  // must outlive the loop
  REQUIRE(document["claims"].size() >= 4);
  for (const auto& claim : document["claims"]) {
    if (holds(claim["claim"], "in the neural persistence of")) {
      CHECK(claim["verdict"] != "not tested");
      continue;
    }
    CHECK(claim["verdict"] == "not tested");
    CHECK(holds(claim["figures"], "needs at least "));
  }
  const support::TemporaryFolder folder;
  const auto file = folder / "model.safetensors";
  support::write_file(
      file, support::safetensors({{"a\n\x1b[31m", "F32", {2, 3}, support::f32({0, 0, 0, 0, 0, 0})},
                                  {"b", "F32", {2, 2}, support::f32({0, 0, 0, 0})}}));
  const std::string text = successful({file.string()});
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("\nholds") == std::string::npos);
  CHECK(text.find("does not hold") == std::string::npos);
}

TEST_CASE("dgp-findings sees whether neural persistence tracks the spread", "[programs]") {
  const support::TemporaryFolder folder;
  const std::string claim = "Neural persistence tracks";
  support::Random random(1);
  Matrix depth = support::random_matrix<float>(random, support::Kind::uniform, 8, 6);
  depth(0, 0) = 0;
  Arguments spreading;
  Arguments unrelated;
  for (int i = 1; i <= 6; ++i) {
    const std::string name = "checkpoint-" + std::to_string(i);
    // From 1 - i/10 to 1: deaths move away from 1 as weights do from their mean.
    const float spread = 0.1F * static_cast<float>(i);
    spreading.push_back(written(folder / name, {1 - spread * depth.array()}));
    unrelated.push_back(
        written(folder / ("other-" + std::to_string(i)),
                {support::random_matrix<float>(random, support::Kind::uniform, 8, 6)}));
  }
  CHECK(verdict(spreading, claim) == "holds");
  CHECK(verdict(unrelated, claim) == "does not hold");
  spreading.pop_back();
  CHECK(verdict(spreading, claim) == "not tested");
}

TEST_CASE("dgp-findings tells which measure tracks the spread less", "[programs]") {
  const support::TemporaryFolder folder;
  const std::string claim = "Deep graph persistence tracks";
  constexpr int count = 12;
  std::set<std::string> verdicts;
  for (unsigned seed = 1; seed <= 6; ++seed) {
    support::Random random(seed);
    Arguments training;
    for (int i = 0; i < count; ++i) {
      const float at = static_cast<float>(i) / count;
      const auto drawn = [&](int rows, int cols) {
        return Eigen::MatrixXf(
            support::random_matrix<float>(random, support::Kind::normal, rows, cols));
      };
      std::vector<Eigen::MatrixXf> layers{drawn(8, 6), drawn(5, 8)};
      if (seed % 2 == 0) layers[1] *= 1 - 0.9F * at;
      training.push_back(
          written(folder / (std::to_string(seed) + "-" + std::to_string(i)), layers));
    }
    Arguments arguments = training;
    arguments.insert(arguments.end(), {"--shuffles", "2", "--format", "json"});
    const auto document = json::parse(successful(arguments));
    std::map<std::string, Eigen::ArrayXd> figures;
    for (const std::string measure :
         {"neural_persistence", "deep_graph_persistence", "weight_variance"}) {
      Eigen::ArrayXd& values = figures[measure] = Eigen::ArrayXd(count);
      for (Eigen::Index i = 0; i < count; ++i) {
        values(i) = document["training"][static_cast<std::size_t>(i)][measure].get<double>();
      }
      if (measure == "weight_variance") values = values.sqrt().eval();
      values -= values.mean();
      values /= std::sqrt(values.square().sum());
    }
    const auto tracks = [&](const std::string& measure) {
      const double r = std::abs((figures[measure] * figures["weight_variance"]).sum());
      return 0.5 * std::log((1 + r) / (1 - r));  // Fisher's z
    };
    const double less = tracks("neural_persistence") - tracks("deep_graph_persistence");
    const double chance = 1.96 * std::sqrt(1.0 / (count - 3) + 1.0 / (count - 3));
    CAPTURE(seed, tracks("neural_persistence"), tracks("deep_graph_persistence"));
    verdicts.insert(verdict(training, claim));
    CHECK(verdict(training, claim) == (less > chance    ? "holds"
                                       : less < -chance ? "does not hold"
                                                        : "undecided"));
  }
  CHECK(verdicts == std::set<std::string>{"holds", "undecided"});
  // Two networks by turns: both correlations are 1, up to rounding.
  Arguments two;
  for (int i = 0; i < 6; ++i) {
    support::Random random(static_cast<unsigned>(i % 2));
    two.push_back(written(
        folder / ("two-" + std::to_string(i)),
        {Eigen::MatrixXf(support::random_matrix<float>(random, support::Kind::normal, 8, 6)),
         Eigen::MatrixXf(support::random_matrix<float>(random, support::Kind::normal, 5, 8))}));
  }
  CHECK(verdict(two, claim) == "undecided");
  // One layer alone: standardised, it is the same at any spread.
  Arguments alike;
  for (int i = 1; i <= 6; ++i) {
    const Matrix weights = (Matrix(2, 2) << 1, 0.75F, 0.5F, 0.25F).finished();
    alike.push_back(written(folder / ("alike-" + std::to_string(i)),
                            {(1 - weights.array() / static_cast<float>(1 << i)).matrix()}));
  }
  CHECK(verdict(alike, claim) == "not tested");
}

TEST_CASE("dgp-findings tells structure from chance", "[programs]") {
  const support::TemporaryFolder folder;
  support::Random of_block(44);
  Matrix block = support::random_matrix<float>(of_block, support::Kind::uniform, 20, 20);
  block *= 0.1F;
  block.block(3, 4, 6, 6).setConstant(1);
  const auto path = written(folder / "block", {block});
  CHECK(verdict({path}, "Large weights are gathered") == "holds");
  CHECK(verdict({path}, "Shuffling a layer shows structure in deep") == "holds");

  // By this seed no z-score comes close to what would be news.
  support::Random random(3);
  const Arguments chance{written(
      folder / "chance", {support::random_matrix<float>(random, support::Kind::normal, 20, 20),
                          support::random_matrix<float>(random, support::Kind::normal, 20, 20)})};
  CHECK(verdict(chance, "Large weights are gathered") == "does not hold");
  CHECK(verdict(chance, "Shuffling shows no structure in the neural persistence of later") ==
        "holds");
  CHECK(verdict(chance, "Shuffling shows structure in the neural persistence of the first") ==
        "does not hold");
  CHECK(verdict(chance, "Shuffling a layer shows structure in deep") == "does not hold");
}

TEST_CASE("dgp-findings names what it does not measure", "[programs]") {
  const support::TemporaryFolder folder;
  const auto file = folder / "model.safetensors";
  support::write_file(file,
                      support::safetensors({{"conv<1>", "F32", {1, 1, 1, 1, 1, 2}, f32({1, 2})},
                                            {"dense", "F32", {2, 3}, f32({1, 2, 3, 4, 5, 6})},
                                            {"bias", "F32", {2}, f32({1, 2})}}));
  const auto document = json::parse(successful({file.string(), "--format", "json"}));
  CHECK(document["not_measured"] == json::array({"conv<1>"}));
  CHECK(json::parse(successful({digits, "--format", "json"}))["not_measured"] == json::array());
  const std::string report = (folder / "report.html").string();
  const std::string note = "Not measured (more than five dimensions): ";
  CHECK(holds(successful({file.string(), "--report", report}), note + "conv<1> [1,1,1,1,1,2]\n"));
  CHECK(holds(support::read_file(report), note + "conv&lt;1&gt; [1,1,1,1,1,2]"));
  CHECK_FALSE(holds(successful({digits, "--report", report}), "Not measured"));
  CHECK_FALSE(holds(support::read_file(report), "Not measured"));
}

TEST_CASE("dgp-findings shows a training over its steps, layer by layer", "[programs]") {
  const support::TemporaryFolder folder;
  support::Random random(7);
  Arguments arguments;
  for (const int step : {100, 20, 3}) {
    arguments.push_back(
        written(folder / ("step-" + std::to_string(step) + ".safetensors"),
                {support::random_matrix<float>(random, support::Kind::normal, 4, 3),
                 support::random_matrix<float>(random, support::Kind::normal, 2, 4)}));
  }
  std::vector<std::string> files(arguments.rbegin(), arguments.rend());
  const std::string report = (folder / "report.html").string();
  arguments.insert(arguments.end(), {"--shuffles", "2", "--report", report});
  auto of_format = [&](const std::string& format) {
    Arguments all = arguments;
    all.insert(all.end(), {"--format", format});
    return successful(all);
  };
  const auto document = json::parse(of_format("json"));
  CHECK(document["order"] == "names");
  REQUIRE(document["training"].size() == 3);
  const auto rows = support::lines_of(of_format("csv"));
  CHECK(rows[0] == "file,step,layer,measure,value");
  for (std::size_t i = 0; i < 3; ++i) {
    const json& snapshot = document["training"][i];
    CHECK(snapshot["file"] == files[i]);
    CHECK(snapshot["step"] == (std::vector<int>{3, 20, 100})[i]);
    const auto np = dgp::neural_persistence(dgp::io::read_layers<double>(files[i]));
    REQUIRE(snapshot["layers"].size() == 2);
    for (std::size_t k = 0; k < 2; ++k) {
      const std::string name = "layers." + std::to_string(k) + ".weight";
      CHECK(snapshot["layers"][k]["name"] == name);
      CHECK(snapshot["layers"][k]["neural_persistence"] == np.layers[k].normalized);
      const std::string start =
          files[i] + "," + snapshot["step"].dump() + "," + name + ",neural_persistence,";
      const auto row = std::find_if(rows.begin(), rows.end(), [&](const std::string& line) {
        return line.rfind(start, 0) == 0;
      });
      REQUIRE(row != rows.end());
      CHECK(std::stod(row->substr(start.size())) == np.layers[k].normalized);
    }
  }
  CHECK(holds(of_format("table"), "NP of layers.1.weight"));
  CHECK(holds(support::read_file(report), "Neural persistence of each layer over the training"));
  // Names that do not tell have no step.
  const auto alike =
      json::parse(successful({digits, digits, "--shuffles", "2", "--format", "json"}));
  CHECK(alike["training"][1]["step"].is_null());
}

TEST_CASE("dgp-findings takes no two networks for one at two moments", "[programs]") {
  const support::TemporaryFolder folder;
  const auto named = [&](const std::string& file, const std::string& tensor) {
    support::write_file(folder / file,
                        support::safetensors({{tensor, "F32", {2, 2}, f32({1, 2, 3, 4})}}));
    return (folder / file).string();
  };
  const auto first = named("a1", "layers.0.w");
  const auto other = named("a2", "layers.6.w");
  CHECK(holds(failure({first, other}, 1), other + ": its layers differ from those of " + first +
                                              ": layer 0 is layers.6.w (2x2), there layers.0.w"));
  // Parts of one are one.
  const auto one = named("m-1-of-2.safetensors", "layers.0.w");
  const auto two = named("m-2-of-2.safetensors", "layers.1.w");
  const auto whole = json::parse(successful({two, one, "--shuffles", "2", "--format", "json"}));
  CHECK(whole["training"].size() == 1);
  CHECK(whole["layers"].size() == 2);
}

TEST_CASE("dgp-findings shuffles some of a great many layers for deep graph persistence",
          "[programs]") {
  const support::TemporaryFolder folder;
  support::Random random(1);
  std::vector<Eigen::MatrixXf> layers;
  for (int k = 0; k < 130; ++k) {
    layers.emplace_back(support::random_matrix<float>(random, support::Kind::normal, 3, 3));
  }
  const auto path = written(folder / "deep", layers);
  const auto document = json::parse(successful({path, "--shuffles", "10", "--format", "json"}));
  std::size_t shuffled = 0;
  for (const auto& layer : document["layers"]) {
    if (!layer["shuffled"]["deep_graph_persistence"].is_null()) ++shuffled;
  }
  CHECK(shuffled == 50);
  CHECK(document["layers"][0]["shuffled"]["deep_graph_persistence"].is_object());
  CHECK(holds(document["claims"].back()["figures"], " of 50 layers show structure"));
  const auto report = (folder / "report.html").string();
  CHECK(holds(successful({path, "--shuffles", "2", "--report", report}), "Pictures are in"));
  CHECK(
      holds(support::failure(DGP_FINDINGS, {"--report", path}, 2), "does not start as HTML does"));
}

TEST_CASE("dgp-findings needs to know the order of layers", "[programs]") {
  const support::TemporaryFolder folder;
  const auto path = (folder / "autoencoder").string();
  support::write_file(
      path, support::safetensors({{"encoder", "F32", {2, 3}, f32({1, -2, 3, 4, 0.5, 6})},
                                  {"decoder", "F32", {3, 2}, f32({-1, 0.5, 0.25, 2, 7, -8})}}));
  const auto document = json::parse(successful({path, "--shuffles", "2", "--format", "json"}));
  CHECK(document["order"] == "unknown");
  CHECK(document["deep_graph_persistence"].is_null());
  CHECK(document["random_networks"]["gaussian"]["deep_graph_persistence"].is_null());
  CHECK(holds(document["reason"], "--order"));
  // Nobody knows which layer is the first.
  std::size_t of_places = 0;
  for (const auto& claim : document["claims"]) {
    if (!holds(claim["claim"], "later layers") && !holds(claim["claim"], "first layer")) continue;
    ++of_places;
    CHECK(claim["verdict"] == "not tested");
    CHECK(holds(claim["figures"], "--order"));
  }
  CHECK(of_places == 2);
  const auto given = json::parse(
      successful({path, "--shuffles", "2", "--format", "json", "--order", "enc", "dec"}));
  CHECK(given["order"] == "given");
  CHECK(given["layers"][0]["name"] == "encoder");
  CHECK(given["deep_graph_persistence"].is_number());
}

TEST_CASE("dgp-findings finds the same without biases", "[programs]") {
  const support::TemporaryFolder folder;
  std::vector<Matrix> layers;
  for (const auto& layer : dgp::io::read_layers<float>(digits)) layers.push_back(layer.weights);
  const std::string bare = written(folder / "bare.safetensors", layers);
  const Arguments quick{"--shuffles", "5", "--format", "json"};
  const auto document = [&](const std::vector<std::string>& files) {
    Arguments arguments = files;
    arguments.insert(arguments.end(), quick.begin(), quick.end());
    return json::parse(successful(arguments));
  };
  json expected = document({digits});
  expected["file"] = bare;
  expected["training"][0]["file"] = bare;
  CHECK(document({bare}) == expected);
  // Beside each other too, as checkpoints of one training.
  CHECK(document({digits, bare})["claims"] == document({bare, digits})["claims"]);
}

TEST_CASE("dgp-findings where deep graph persistence is not defined", "[programs]") {
  const support::TemporaryFolder folder;
  const auto file = folder / "model.safetensors";
  support::write_file(
      file, support::safetensors({{"a", "F32", {2, 3}, support::f32({1, 2, 3, 4, 5, 6})},
                                  {"b", "F32", {2, 3}, support::f32({1, 1, 1, 1, 1, 1})}}));
  const auto document = json::parse(successful({file.string(), "--format", "json"}));
  CHECK(document["deep_graph_persistence"].is_null());
  CHECK(document["reason"].get<std::string>().find("do not chain") != std::string::npos);
  CHECK(document["layers"][1]["spatial_concentration"].is_null());
  successful({file.string()});
}

TEST_CASE("dgp-findings fails in one line", "[programs]") {
  CHECK(failure({"no-such-file"}, 1).find("no-such-file") != std::string::npos);
  failure({digits, "--shuffles", "1"}, 2);
  failure({digits, "--seed", "-1"}, 2);
  failure({digits, "--format", "yaml"}, 2);
  const std::string nowhere = "/no/such/folder/report.html";
  const auto lost = support::run_program(DGP_FINDINGS, {digits, "--report", nowhere});
  CHECK(lost.exit_code == 1);
  CHECK(lost.out == successful({digits}));  // the findings are not lost with it
  CHECK(holds(lost.err, nowhere + ": cannot be opened for writing"));
}

TEST_CASE("dgp-findings says which of many checkpoints is at fault", "[programs]") {
  const support::TemporaryFolder folder;
  const Matrix weights = Matrix::Identity(2, 3);
  Matrix broken = weights;
  broken(1, 0) = std::numeric_limits<float>::quiet_NaN();
  const auto sound = written(folder / "a", {weights});
  const auto nan = written(folder / "b", {broken});
  CHECK(holds(failure({sound, nan}, 1), nan + ": layer 0 (layers.0.weight), row 1, column 0"));
  for (const auto& layers : std::vector<std::vector<Matrix>>{
           {Matrix::Identity(3, 2)}, {Matrix::Identity(2, 4)}, {weights, Matrix::Ones(1, 2)}}) {
    const auto other = written(folder / "c", layers);
    CHECK(holds(failure({sound, other}, 1), other + ": its layers differ from those of " + sound));
  }
  const auto bias = (folder / "d").string();
  support::write_file(bias, support::safetensors({{"bias", "F32", {2}, f32({1, 2})}}));
  CHECK(holds(failure({sound, bias}, 1),
              bias + ": no tensor of 2 to 5 dimensions; of other shapes: bias [2]"));
}

#endif
