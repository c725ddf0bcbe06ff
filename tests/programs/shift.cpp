// dgp-shift as its users meet it: the real program, its files, its output, its exit codes.
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <dgp/io/activation_graph.hpp>
#include <dgp/io/idx.hpp>
#include <dgp/io/npy.hpp>
#include <dgp/monitoring/activation_graph.hpp>
#include <dgp/monitoring/feature_matrix.hpp>
#include <dgp/monitoring/feature_method.hpp>

#include "../../examples/shift/corruptions.hpp"
#include "../../examples/shift/summary.hpp"
#ifdef DGP_WITH_ONNX
#include "../support/onnx_writer.hpp"
#endif
#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/idx_writer.hpp"
#include "../support/npy_writer.hpp"
#include "../support/run_program.hpp"
#include "../support/safetensors_writer.hpp"

namespace {

using nlohmann::json;
using support::holds;
using support::lines_of;
using support::read_file;
using support::TemporaryFolder;
using support::write_file;
using Arguments = std::vector<std::string>;
using Images = dgp::RowMajorMatrix<float>;
using Path = std::filesystem::path;

const std::string model = DGP_EXAMPLE_DATA "/digits_64-32-16-10.safetensors";
const std::string digits = DGP_EXAMPLE_DATA "/digits-images-idx3-ubyte";
const std::string digit_labels = DGP_EXAMPLE_DATA "/digits-labels-idx1-ubyte";

std::string successful(const Arguments& arguments) {
  return support::successful(DGP_SHIFT, arguments);
}

std::string failure(const Arguments& arguments, int exit_code = 1) {
  return support::failure(DGP_SHIFT, arguments, exit_code);
}

Arguments joined(Arguments first, const Arguments& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

json as_json(const Arguments& arguments) {
  return json::parse(successful(joined(arguments, {"--format", "json"})));
}

std::set<std::string> keys_of(const json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}

// The shipped digits, as the network takes them.
Images network_inputs() {
  const auto array = dgp::io::read_idx(digits);
  Images images(static_cast<Eigen::Index>(array.shape[0]), 64);
  std::transform(array.values.begin(), array.values.end(), images.data(),
                 [](std::uint8_t value) { return static_cast<float>(value) / 16; });
  return images;
}

std::string bytes_of(const Images& images) {
  return support::f32(std::vector<float>(images.data(), images.data() + images.size()));
}

// Pictures of 8x8 as an array of floats.
std::string npy_of(const Images& images) {
  return support::npy(support::npy_header("<f4", "(" + std::to_string(images.rows()) + ", 8, 8)"),
                      bytes_of(images));
}

// The path of a file made for one test.
std::string made(const TemporaryFolder& folder, const std::string& name, const std::string& bytes) {
  write_file(folder / name, bytes);
  return (folder / name).string();
}

// A short study.
Arguments study(const Path& output, const Arguments& more = {}) {
  return joined({"evaluate", "--methods", "dgp_var", "softmax", "--corruptions", "gaussian_noise",
                 "--batch-sizes", "10", "20", "--rounds", "4", "--output", output.string()},
                more);
}

// Three kinds of tests on two sizes of batches; six intensities and three shares, and false alarms.
constexpr std::size_t cells_of_study = 3 * 2 * (6 * 3 + 1);

}  // namespace

TEST_CASE("shift's help explains every command and option", "[shift]") {
  const auto teaches = [](const Arguments& arguments, const Arguments& words) {
    const std::string help = successful(joined(arguments, {"--help"}));
    for (const auto& word : words) {
      CAPTURE(arguments, word);
      CHECK(holds(help, word));
    }
  };
  teaches({}, {"features", "evaluate", "monitor", "Exit code"});
  const Arguments methods{
      "dgp_var_normalize", "dgp_var_approximate", "topological_var", "magdiff", "softmax", "logit",
      "input_activation"};
  teaches({"features"}, joined(methods, {"--model", "--images", "--method", "--output", "--threads",
                                         "--activation", "--white", ".npy", "IDX", "safetensors"}));
  teaches({"evaluate"},
          joined(methods,
                 {"--model", "--images", "--labels", "--methods", "--corruptions", "--batch-sizes",
                  "--reference", "--tested", "--rounds", "--seed", "--output", "--format",
                  "pixel_shuffle", "rates.csv", "rates.svg", "settings.json", "interrupted"}));
  teaches({"monitor"}, joined(methods, {"--model", "--reference-images", "--reference-labels",
                                        "--method", "--batch-size", "--format", "FILE"}));
}

TEST_CASE("bytes mean the same in every file, however few its images", "[shift]") {
  // What is white is told by the kind of the bytes, not by the largest that happens to be there,
  // and the program says what it took.
  const TemporaryFolder folder;
  struct Case {
    int largest;
    float white;
  };
  for (const auto& [largest, white] : {Case{0, 1}, Case{1, 1}, Case{2, 16}, Case{16, 16},
                                       Case{17, 255}, Case{254, 255}, Case{255, 255}}) {
    CAPTURE(largest);
    const std::string bytes = std::string(63, '\0') + static_cast<char>(largest);
    const std::string of_bytes =
        made(folder, "bytes.npy", support::npy(support::npy_header("|u1", "(1, 64)"), bytes));
    Images image = Images::Zero(1, 64);
    image(0, 63) = static_cast<float>(largest) / white;
    const std::string of_floats = made(folder, "floats.npy", npy_of(image));
    const std::string expected = successful({"features", "--images", of_floats});
    const auto result = support::run_program(DGP_SHIFT, {"features", "--images", of_bytes});
    CHECK(result.exit_code == 0);
    CHECK(result.out == expected);
    const std::string divided_by = std::to_string(static_cast<int>(white));
    CHECK(result.err == "dgp-shift: " + of_bytes + ": bytes up to " + std::to_string(largest) +
                            ", which are divided by " + divided_by + "; --white says otherwise\n");
    // Who says it is told nothing.
    CHECK(successful({"features", "--images", of_bytes, "--white", divided_by}) == expected);
    const std::string idx_file = made(folder, "bytes-idx3", support::idx({1, 8, 8}, bytes));
    CHECK(successful({"features", "--images", idx_file, "--white", divided_by}) == expected);
  }
  const std::string help = successful({"features", "--help"});
  for (const std::string word : {"255", "by 16 where none is larger", "by 1 where", "--white"}) {
    CHECK(holds(help, word));
  }
  const std::string floats = made(folder, "floats.npy", npy_of(network_inputs().topRows(1)));
  CHECK(holds(failure({"features", "--images", floats, "--white", "16"}), "--white is for bytes"));
}

TEST_CASE("features are those of the library, to the last bit", "[shift]") {
  const Images images = network_inputs();
  const auto graphs = dgp::io::read_activation_graphs(model);
  for (const auto method : {dgp::FeatureMethod::dgp_var, dgp::FeatureMethod::topological,
                            dgp::FeatureMethod::input_activation}) {
    const std::string name(dgp::name_of(method));
    CAPTURE(name);
    const Images expected = dgp::feature_matrix(graphs, images, method);
    const TemporaryFolder folder;
    const std::string npy = (folder / "features.npy").string();
    CHECK(successful({"features", "--method", name, "--output", npy}).empty());
    const auto written = dgp::io::read_npy(npy);
    REQUIRE(written.shape == std::vector<std::size_t>{1797, written.values.size() / 1797});
    REQUIRE(static_cast<Eigen::Index>(written.values.size()) == expected.size());
    CHECK(std::equal(written.values.begin(), written.values.end(), expected.data()));

    const std::string printed = successful({"features", "--method", name});
    const std::string csv = (folder / "features.csv").string();
    CHECK(successful({"features", "--method", name, "--output", csv}).empty());
    CHECK(read_file(csv) == printed);
    const auto lines = lines_of(printed);
    REQUIRE(lines.size() == 1797);
    std::size_t equal = 0;
    for (std::size_t row = 0; row < lines.size(); ++row) {
      const char* at = lines[row].c_str();
      for (Eigen::Index col = 0; col < expected.cols(); ++col) {
        char* end = nullptr;
        if (std::strtof(at, &end) == expected(static_cast<Eigen::Index>(row), col)) ++equal;
        at = *end == ',' ? end + 1 : end;
      }
      if (*at != '\0') --equal;
    }
    CHECK(equal == static_cast<std::size_t>(expected.size()));
  }
}

TEST_CASE("the same images in any format have the same features", "[shift]") {
  const TemporaryFolder folder;
  const auto bytes = dgp::io::read_idx(digits).values;
  const Images images = network_inputs();
  const std::string expected = successful({"features"});
  const Arguments files{
      made(folder, "floats.npy", npy_of(images)),
      made(folder, "bytes.npy",
           support::npy(support::npy_header("|u1", "(1797, 64)"), {bytes.begin(), bytes.end()})),
      made(folder, "tensor.safetensors",
           support::safetensors({{"x", "F32", {1797, 1, 8, 8}, bytes_of(images)}}))};
  for (const auto& file : files) {
    CAPTURE(file);
    CHECK(support::run_program(DGP_SHIFT, {"features", "--images", file}).out == expected);
  }
  CHECK(successful({"features", "--threads", "1"}) == expected);
  CHECK(successful({"features", "--threads", "2"}) == expected);
  CHECK(successful({"features", "--activation", "tanh"}) != expected);
}

TEST_CASE("a bias that is missing counts as zero", "[shift]") {
  const TemporaryFolder folder;
  const support::Tensor first{"fc1.weight", "F32", {2, 2}, support::f32({1, 2, -1, 1})};
  const support::Tensor second{"fc2.weight", "F32", {1, 2}, support::f32({1, 10})};
  const std::string images = made(
      folder, "x.npy", support::npy(support::npy_header("<f4", "(1, 2)"), support::f32({0.5F, 1})));
  const auto logit = [&](const std::vector<support::Tensor>& tensors) {
    return successful({"features", "--model",
                       made(folder, "m.safetensors", support::safetensors(tensors)), "--images",
                       images, "--method", "logit"});
  };
  CHECK(logit({first, second}) == "7.5\n");
  CHECK(logit({first, second, {"fc2.bias", "F32", {1}, support::f32({-7})}}) == "0.5\n");
  CHECK(logit({first, second, {"fc1.bias", "F32", {2}, support::f32({0, -0.5F})}}) == "2.5\n");
}

TEST_CASE("a study gives a figure for each cell", "[shift]") {
  const TemporaryFolder folder;
  const Path output = folder / "out";
  const auto document = as_json(study(output));
  CHECK(keys_of(document) == std::set<std::string>{"model", "images", "labels", "activation",
                                                   "white", "reference", "tested", "rounds", "seed",
                                                   "alpha", "summary", "powerless", "false_alarms",
                                                   "rates"});
  CHECK(document["white"] == 16);
  CHECK(document["powerless"].empty());
  CHECK(document["reference"] == 898);
  CHECK(document["tested"] == 899);
  REQUIRE(document["rates"].size() == 3 * 2 * 6 * 3);
  REQUIRE(document["false_alarms"].size() == 3 * 2);
  const std::set<std::string> of_result{"rate", "lowest", "highest", "flagged", "rounds"};
  for (const auto& entry : document["rates"]) {
    std::set<std::string> keys{"corruption", "intensity", "method", "test", "batch_size", "share"};
    keys.insert(of_result.begin(), of_result.end());
    CHECK(keys_of(entry) == keys);
    CHECK(entry["flagged"].get<double>() == entry["rate"].get<double>() * 4);
    CHECK(entry["lowest"] <= entry["rate"]);
    CHECK(entry["rate"] <= entry["highest"]);
  }
  for (const auto& entry : document["false_alarms"]) {
    std::set<std::string> keys{"method", "test", "batch_size"};
    keys.insert(of_result.begin(), of_result.end());
    CHECK(keys_of(entry) == keys);
  }
  const json& summary = document["summary"];
  CHECK(keys_of(summary) ==
        std::set<std::string>{"batch_size", "share", "best", "methods", "too_many_false_alarms"});
  CHECK(summary["batch_size"] == 20);  // the largest, as 50 is not among them
  CHECK(summary["best"] == json{{"method", "dgp_var"}, {"test", "class_means"}});
  REQUIRE(summary["methods"].size() == 3);
  CHECK(keys_of(summary["methods"][0]) ==
        std::set<std::string>{"method", "test", "mean_rate", "rates"});
  double sum = 0;
  for (const auto& entry : document["rates"]) {
    if (entry["method"] == "dgp_var" && entry["batch_size"] == 20 && entry["share"] == 1) {
      sum += entry["rate"].get<double>();
    }
  }
  CHECK(summary["methods"][0]["mean_rate"].get<double>() == Approx(sum / 6));
  CHECK(summary["methods"][0]["rates"]["gaussian_noise"].get<double>() == Approx(sum / 6));

  const auto lines = lines_of(read_file(output / "rates.csv"));
  REQUIRE(lines.size() == 1 + cells_of_study);
  CHECK(lines[0] ==
        "corruption,intensity,method,test,batch_size,share,rate,lowest,highest,flagged,rounds");
  CHECK(lines[1].rfind("none,0,dgp_var,class_means,10,0,", 0) == 0);
  CHECK(lines.back().rfind("gaussian_noise,5,softmax,values,20,1,", 0) == 0);
  const std::string svg = read_file(output / "rates.svg");
  CHECK(holds(svg, "</svg>"));
  CHECK(holds(svg, "gaussian_noise"));
  CHECK(holds(svg, "softmax (values)"));
  // A picture tells whose rates these are, of what, and how far they can be trusted: each of three
  // methods has bands, and a sample of one in the legend.
  CHECK(holds(svg, "batches of 20 images that each method"));
  CHECK(holds(svg, "digits_64-32-16-10.safetensors"));
  std::size_t bands = 0;
  for (std::size_t at = 0; (at = svg.find("fill-opacity", at)) != std::string::npos; ++at) ++bands;
  CHECK(bands == 6);
}

TEST_CASE("a study's table tells what is best and what is not", "[shift]") {
  const TemporaryFolder folder;
  const Path output = folder / "out";
  const std::string text = successful({"evaluate", "--methods", "dgp_var,softmax", "--corruptions",
                                       "gaussian_noise,pixel_shuffle", "--batch-sizes", "50",
                                       "--rounds", "10", "--output", output.string()});
  CHECK(holds(text, "Best over all corruptions: "));
  CHECK(holds(text, "Better noticed by others, beyond chance: pixel_shuffle (dgp_var 0."));
  CHECK(holds(text, "No method raises more false alarms than 0.05"));
  CHECK(holds(text, "false alarms"));
  CHECK(holds(text, output.string() + " holds rates.csv"));
  CHECK_FALSE(holds(text, " of 111 figures"));  // progress is no result
}

TEST_CASE("a study leaves out methods that a network has no features for", "[shift]") {
  const TemporaryFolder folder;
  const Images weights = network_inputs().topRows(10);
  const std::string one_layer =
      made(folder, "one.safetensors",
           support::safetensors({{"weight", "F32", {10, 64}, bytes_of(weights)}}));
  const Arguments arguments{
      "evaluate",      "--model", one_layer,  "--batch-sizes",          "5", "--rounds", "1",
      "--corruptions", "affine",  "--output", (folder / "out").string()};
  const std::string text = successful(arguments);
  CHECK(holds(text, "\nlogit (values)"));
  CHECK_FALSE(holds(text, "input_activation"));
  CHECK(holds(failure(joined(arguments, {"--methods", "input_activation"})),
              "input_activation: the network has no such features"));
}

#ifdef DGP_WITH_ONNX
TEST_CASE("a model whose operators would have to be followed is refused", "[shift]") {
  const TemporaryFolder folder;
  support::OnnxModel perceptron;
  perceptron.input("x", {0, 64});
  const auto path = made(folder, "model.onnx", perceptron.bytes());
  CHECK(holds(failure({"evaluate", "--model", path, "--output", (folder / "out").string()}),
              path + ": an ONNX model, whose operators are not followed here"));
}
#endif

TEST_CASE("a study is the same on any number of threads, and another with any seed", "[shift]") {
  const TemporaryFolder folder;
  const auto rates = [&](const std::string& name, const Arguments& more) {
    successful(study(folder / name, more));
    return read_file(folder / name / "rates.csv");
  };
  const std::string one = rates("one", {"--threads", "1"});
  CHECK(rates("two", {"--threads", "2"}) == one);
  CHECK(rates("other", {"--seed", "2"}) != one);
}

TEST_CASE("a study goes on where it stopped", "[shift]") {
  const TemporaryFolder folder;
  const Path rates = folder / "out" / "rates.csv";
  successful(study(folder / "out"));
  const std::string whole = read_file(rates);
  const auto lines = lines_of(whole);
  REQUIRE(lines.size() == 1 + cells_of_study);

  // As if the figure of line 20 had come out otherwise: it is not worked out again.
  std::string head;
  std::string expected;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::size_t field = 0;
    for (int commas = 0; commas < 6; ++commas) field = lines[i].find(',', field) + 1;
    const std::string line = i == 20 ? lines[i].substr(0, field) + "0.125,0,1,1,8" : lines[i];
    expected += line + "\n";
    if (i < 41) head += line + "\n";
  }
  write_file(rates, head + lines[41].substr(0, 30));
  const std::string text = successful(study(folder / "out"));
  CHECK(holds(text, "holds 40 of " + std::to_string(cells_of_study) + " figures already"));
  CHECK(read_file(rates) == expected);
  // All is there: nothing is left to work out.
  CHECK(holds(successful(study(folder / "out")), "holds " + std::to_string(cells_of_study)));
  CHECK(read_file(rates) == expected);
  // Stopped before the first figure.
  for (const std::string& start : {std::string(), std::string("corrup")}) {
    write_file(rates, start);
    successful(study(folder / "out"));
    CHECK(read_file(rates) == whole);
  }
}

TEST_CASE("a study that is killed goes on", "[shift]") {
  const TemporaryFolder folder;
  const auto long_study = [&](const std::string& name) {
    return Arguments{"evaluate",
                     "--methods",
                     "dgp_var",
                     "--corruptions",
                     "gaussian_noise",
                     "--batch-sizes",
                     "20",
                     "--rounds",
                     "3000",
                     "--output",
                     (folder / name).string()};
  };
  const std::string rates = support::quoted((folder / "out" / "rates.csv").string());
  // Killed once five figures are there.
  const auto killed = support::run_program(
      DGP_SHIFT, long_study("out"),
      "exec 2>/dev/null; PROGRAM & pid=$!; turns=0; until [ \"$(wc -l <" + rates +
          ")\" -gt 5 ] || [ $turns -gt 3000 ]; do sleep 0.01; turns=$((turns + 1)); done; "
          "kill -KILL $pid; wait $pid");
  REQUIRE(killed.exit_code == 137);
  CHECK(holds(successful(long_study("out")), " of 19 figures already"));
  successful(long_study("whole"));
  CHECK(read_file(folder / "out" / "rates.csv") == read_file(folder / "whole" / "rates.csv"));
}

TEST_CASE("a folder with another study is refused, and left as it is", "[shift]") {
  const TemporaryFolder folder;
  const Path output = folder / "out";
  successful(study(output));
  const std::string rates = read_file(output / "rates.csv");
  const std::string settings = read_file(output / "settings.json");
  const std::string other_images = made(folder, "images.npy", npy_of(network_inputs()));
  for (const auto& [more, name] : std::vector<std::pair<Arguments, std::string>>{
           {{"--rounds", "5"}, "rounds"},
           {{"--seed", "2"}, "seed"},
           {{"--batch-sizes", "10"}, "batch_sizes"},
           {{"--reference", "500"}, "reference"},
           {{"--tested", "500"}, "tested"},
           {{"--methods", "logit"}, "methods"},
           {{"--corruptions", "affine"}, "corruptions"},
           {{"--activation", "tanh"}, "activation"},
           {{"--images", other_images, "--labels", digit_labels}, "images"}}) {
    Arguments arguments{"evaluate", "--output", output.string()};
    const Arguments same = study(output);
    // What is told twice would be added up.
    const auto told = std::find(same.begin(), same.end(), more[0]);
    for (auto at = same.begin() + 1; at != same.end(); ++at) {
      if (at == told) {
        while (at + 1 != same.end() && (at + 1)->rfind("--", 0) != 0) ++at;
      } else if (*at != "--output" && *at != output.string()) {
        arguments.push_back(*at);
      }
    }
    const std::string message = failure(joined(arguments, more));
    CAPTURE(arguments, message);
    CHECK(holds(message, output.string() + " holds a study with other settings (" + name + ")"));
  }
  CHECK(read_file(output / "rates.csv") == rates);
  CHECK(read_file(output / "settings.json") == settings);

  write_file(output / "rates.csv", rates + "gaussian_noise,6\n");
  CHECK(holds(failure(study(output)), "rates.csv, line 116"));
  write_file(output / "rates.csv", "mine\n");
  CHECK(holds(failure(study(output)), "rates.csv, line 1:"));
  std::filesystem::remove(output / "settings.json");
  CHECK(holds(failure(study(output)), "belongs to no study"));
  CHECK(read_file(output / "rates.csv") == "mine\n");
}

TEST_CASE("a monitor tells shifted batches from clean ones", "[shift]") {
  const TemporaryFolder folder;
  const Images images = network_inputs();
  const Images clean = images.bottomRows(200);
  const Images noisy =
      corruptions::corrupted(clean, 8, 8, corruptions::Corruption::gaussian_noise, 5, 1);
  const auto labels = dgp::io::read_idx(digit_labels).values;
  const Arguments command{"monitor",
                          "--model",
                          model,
                          "--reference-images",
                          made(folder, "reference.npy", npy_of(images.topRows(1500))),
                          "--reference-labels",
                          made(folder, "labels.npy",
                               support::npy(support::npy_header("|u1", "(1500,)"),
                                            {labels.begin(), labels.begin() + 1500}))};
  const std::string clean_file = made(folder, "clean.npy", npy_of(clean));
  const std::string noisy_file = made(folder, "noisy.npy", npy_of(noisy));

  const auto document = as_json(joined(command, {clean_file, noisy_file}));
  CHECK(keys_of(document) == std::set<std::string>{"model", "reference_images", "method", "white",
                                                   "smallest_batch", "batches"});
  CHECK(document["method"] == "dgp_var");
  CHECK(document["white"] == 1);
  REQUIRE(document["batches"].size() == 2);
  for (const auto& batch : document["batches"]) {
    CHECK(keys_of(batch) ==
          std::set<std::string>{"file", "first", "images", "shifted", "smallest_p_value", "level",
                                "smallest_possible_p_value", "has_power", "moved"});
    CHECK(batch["has_power"] == true);
    CHECK(batch["images"] == 200);
    CHECK(batch["level"].get<double>() == Approx(0.005));
    CHECK(batch["shifted"] == (batch["smallest_p_value"] < batch["level"]));
    CHECK(batch["shifted"] == !batch["moved"].empty());
  }
  CHECK(document["batches"][0]["file"] == clean_file);
  CHECK(document["batches"][0]["shifted"] == false);
  CHECK(document["batches"][1]["shifted"] == true);

  const auto lines =
      lines_of(successful(joined(command, {"--batch-size", "80", noisy_file, "--method", "dgp"})));
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].rfind(noisy_file + ", images 0 to 79: shifted, smallest p-value ", 0) == 0);
  CHECK(holds(lines[0], ", level 0.005, classes "));
  CHECK(lines[2].rfind(noisy_file + ", images 160 to 199: ", 0) == 0);
  CHECK(successful(joined(command, {clean_file, noisy_file, "--threads", "1"})) ==
        successful(joined(command, {clean_file, noisy_file, "--threads", "2"})));
}

TEST_CASE("a batch that could never be flagged gets no verdict", "[shift]") {
  const TemporaryFolder folder;
  const Images images = network_inputs();
  const auto labels = dgp::io::read_idx(digit_labels).values;
  // Nothing like a digit.
  const Images strange = Images::Random(30, 64) * 100;
  const Arguments command{"monitor",
                          "--model",
                          model,
                          "--reference-images",
                          made(folder, "reference.npy", npy_of(images.topRows(200))),
                          "--reference-labels",
                          made(folder, "labels.npy",
                               support::npy(support::npy_header("|u1", "(200,)"),
                                            {labels.begin(), labels.begin() + 200})),
                          made(folder, "strange.npy", npy_of(strange))};
  const auto of_size = [&](Eigen::Index size) {
    return joined(command, {"--batch-size", std::to_string(size)});
  };
  const auto document = as_json(of_size(1));
  const auto smallest = document["smallest_batch"].get<Eigen::Index>();
  REQUIRE(smallest > 1);
  REQUIRE(smallest < 30);
  REQUIRE(document["batches"].size() == 30);
  for (const auto& batch : document["batches"]) {
    CHECK(batch["has_power"] == false);
    CHECK(batch["shifted"] == false);
    CHECK(batch["smallest_possible_p_value"] >= batch["level"]);
    CHECK(batch["smallest_p_value"] >= batch["smallest_possible_p_value"]);
  }
  const auto line_of = [&](Eigen::Index size) { return lines_of(successful(of_size(size)))[0]; };
  for (const Eigen::Index size : {Eigen::Index{1}, smallest - 1}) {
    const std::string line = line_of(size);
    CAPTURE(line);
    CHECK(holds(line, ": no verdict: too few images"));
    CHECK(holds(line, "give " + std::to_string(smallest) + " or more"));
    CHECK_FALSE(holds(line, "shifted"));
  }
  CHECK(holds(line_of(smallest), ": shifted, "));
  CHECK(as_json(of_size(smallest))["batches"][0]["has_power"] == true);

  const Arguments small_study = {"evaluate", "--methods", "softmax", "--corruptions",
                                 "affine",   "--rounds",  "2",       "--batch-sizes"};
  const std::string text =
      successful(joined(small_study, {"5", "6", "--output", (folder / "small").string()}));
  CHECK(holds(text, "\nBatches of 5 are too small to be noticed, whatever the shift: "));
  CHECK_FALSE(holds(text, "Batches of 6 are too small"));
  const auto powerless = as_json(
      joined(small_study, {"5", "6", "--output", (folder / "small").string()}))["powerless"];
  REQUIRE(powerless.size() == 2);
  CHECK(keys_of(powerless[0]) == std::set<std::string>{"method", "test", "batch_size", "level",
                                                       "smallest_possible_p_value"});
  CHECK(powerless[0]["batch_size"] == 5);
}

TEST_CASE("two studies in one folder do not meet", "[shift]") {
  const TemporaryFolder folder;
  Arguments first = study(folder / "out");
  *(std::find(first.begin(), first.end(), "--rounds") + 1) = "20000";
  std::string command = support::quoted(DGP_SHIFT);
  for (const auto& word : first) command.append(" ").append(support::quoted(word));
  const std::string rates = support::quoted((folder / "out" / "rates.csv").string());
  const std::string wait_for_first = "turns=0; until [ -s " + rates +
                                     " ] || [ $turns -gt 3000 ]; do sleep 0.01; "
                                     "turns=$((turns + 1)); done; ";
  const auto second = support::run_program(
      DGP_SHIFT, first,
      command + " >/dev/null 2>&1 & first=$!; " + wait_for_first +
          "PROGRAM; code=$?; kill -KILL $first; wait $first 2>/dev/null; exit $code");
  CHECK(second.exit_code == 1);
  CHECK(second.out.empty());
  CHECK(second.err == "dgp-shift: " + (folder / "out").string() +
                          ": another program is at work in this folder; wait until it has ended, "
                          "or choose another --output\n");

  // Ctrl-C: what is done stays, and the next run, which no lock hinders, goes on.
  const auto interrupted = support::run_program(
      DGP_SHIFT, first,
      "exec 2>/dev/null; PROGRAM & pid=$!; turns=0; until [ \"$(wc -l <" + rates +
          ")\" -gt 6 ] || [ $turns -gt 3000 ]; do sleep 0.01; turns=$((turns + 1)); done; "
          "kill -INT $pid; wait $pid");
  CAPTURE(interrupted.err);
  CHECK(interrupted.exit_code == 130);
  const std::size_t done = lines_of(read_file(folder / "out" / "rates.csv")).size() - 1;
  // A slow machine has shown progress by then.
  const std::string told = interrupted.err.substr(interrupted.err.find("dgp-shift: "));
  CHECK(told == "dgp-shift: interrupted with " + std::to_string(done) + " of " +
                    std::to_string(cells_of_study) + " figures done; " + (folder / "out").string() +
                    " holds them, and the same command goes on from there\n");
  CHECK_FALSE(std::filesystem::exists(folder / "out" / "rates.svg"));
  CHECK_FALSE(std::filesystem::exists(folder / "out" / ".dgp-lock"));
}

TEST_CASE("a record that cannot be taken up is kept", "[shift]") {
  const TemporaryFolder folder;
  const Path output = folder / "out";
  successful(study(output));
  const Path rates = output / "rates.csv";
  const std::string whole = read_file(rates);
  const auto refused = [&](const std::string& part) {
    const std::string message = failure(study(output));
    CAPTURE(message, part);
    CHECK(holds(message, rates.string()));
    CHECK(holds(message, part));
  };
  // Neither is it that this study was stopped in such a line.
  const std::string head = whole.substr(0, whole.find('\n', whole.find('\n') + 1) + 1);
  for (const std::string& text :
       {std::string("my notes, without an end"), head + "my notes", head + std::string(20, '\0'),
        whole + "none", whole.substr(0, 200) + std::string(10, 'x')}) {
    write_file(rates, text);
    refused("not what this study writes there");
    CHECK(read_file(rates) == text);
  }
  std::filesystem::remove(rates);
  std::filesystem::create_directory(rates);
  refused("it is no file");
  CHECK(std::filesystem::is_directory(rates));
  std::filesystem::remove(rates);
  if (std::filesystem::exists("/dev/full")) {
    std::filesystem::create_symlink("/dev/full", rates);
    refused("it is no file");
    std::filesystem::remove(rates);
  }
  std::filesystem::create_symlink("rates.csv", rates);
  refused("cannot be read");
  std::filesystem::remove(rates);
  write_file(rates, head);
  std::filesystem::permissions(rates, std::filesystem::perms::none);
  if (::access(rates.c_str(), R_OK) != 0) {  // root may read every file
    refused("make it readable, or choose another --output");
    refused(std::generic_category().message(EACCES));
  }
  std::filesystem::permissions(rates, std::filesystem::perms::owner_all);
  CHECK(read_file(rates) == head);
  successful(study(output));
  CHECK(read_file(rates) == whole);

  write_file(output / "settings.json", "{");
  CHECK(holds(failure(study(output)), "settings.json: not JSON"));
  std::filesystem::remove(output / "settings.json");
  std::filesystem::create_directory(output / "settings.json");
  CHECK(holds(failure(study(output)), "settings.json: cannot be read (it is no file)"));
  CHECK(read_file(rates) == whole);
}

TEST_CASE("a disk that is full ends a study in one line, and it goes on later", "[shift]") {
  const TemporaryFolder folder;
  const Path rates = folder / "out" / "rates.csv";
  const auto full =
      support::run_program(DGP_SHIFT, study(folder / "out"), "trap '' XFSZ; ulimit -f 2; PROGRAM");
  CAPTURE(full.err);
  CHECK(full.exit_code == 1);
  CHECK(holds(full.err, rates.string() + ": cannot be written on ("));
  CHECK(lines_of(full.err).size() == 1);
  CHECK(read_file(rates).size() <= 2048);
  CHECK(holds(successful(study(folder / "out")), " figures already"));
  CHECK(lines_of(read_file(rates)).size() == 1 + cells_of_study);

  if (!std::filesystem::exists("/dev/full")) return;
  for (const std::string arguments :
       {"features --method softmax", "--help", "features --method softmax --output /dev/full"}) {
    CAPTURE(arguments);
    const std::string command = support::quoted(DGP_SHIFT) + " " + arguments + " >/dev/full 2>" +
                                support::quoted((folder / "err").string());
    CHECK(support::run_program("true", {}, "PROGRAM; " + command).exit_code == 1);
    CHECK(lines_of(read_file(folder / "err")).size() == 1);
  }
}

TEST_CASE("features go to the standard output by its name too", "[shift]") {
  const std::string expected = successful({"features", "--method", "softmax"});
  const TemporaryFolder folder;
  std::filesystem::create_symlink("/dev/stdout", folder / "out.csv");
  CHECK(successful({"features", "--method", "softmax", "--output",
                    (folder / "out.csv").string()}) == expected);
  CHECK(std::filesystem::is_symlink(folder / "out.csv"));
}

TEST_CASE("bytes are as bright in a batch as in the reference", "[shift]") {
  const TemporaryFolder folder;
  const auto bytes = dgp::io::read_idx(digits).values;
  std::string half;
  for (const std::uint8_t value : bytes) half += static_cast<char>(value / 2);
  const auto document = as_json(
      {"monitor", "--model", model, "--reference-images", digits, "--reference-labels",
       digit_labels, digits,
       made(folder, "half.npy", support::npy(support::npy_header("|u1", "(1797, 8, 8)"), half))});
  CHECK(document["batches"][0]["shifted"] == false);
  CHECK(document["batches"][1]["shifted"] == true);
}

TEST_CASE("images flow through the layers in an order that is known", "[shift]") {
  const TemporaryFolder folder;
  dgp::io::SafetensorsFile file(model);
  std::vector<support::Tensor> tensors;
  // The shipped network under other names, whose first layer is stored (in x out).
  const std::vector<std::string> names{"stem", "body", "head"};
  for (std::size_t k = 0; k < names.size(); ++k) {
    for (const std::string part : {"weight", "bias"}) {
      const auto name = "layers." + std::to_string(k) + "." + part;
      const auto& all = file.tensors();
      const auto tensor =
          std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
      REQUIRE(tensor != all.end());
      Images values = file.read_rows<float>(*tensor);
      auto shape = tensor->shape;
      if (k == 0 && part == "weight") {
        values = values.transpose().eval();
        std::swap(shape[0], shape[1]);
      }
      tensors.push_back({names[k] + "." + part, "F32", shape, bytes_of(values)});
    }
  }
  const auto renamed = made(folder, "renamed", support::safetensors(tensors));
  CHECK(holds(failure({"features", "--model", renamed}), "--order"));
  CHECK(holds(failure({"features", "--model", renamed, "--order", "stem", "body", "head"}),
              "32 values, but its layer has 64 neurons"));
  CHECK(successful({"features", "--model", renamed, "--order", "stem", "body", "head",
                    "--transpose", "stem"}) == successful({"features"}));

  // A layer that cannot be read would leave another network.
  tensors[2].type = "I8";
  tensors[2].bytes.resize(tensors[2].bytes.size() / 4);
  for (auto& tensor : tensors) {
    const auto at = std::find_if(names.begin(), names.end(),
                                 [&](const auto& name) { return tensor.name.starts_with(name); });
    tensor.name = "fc" + std::to_string(at - names.begin()) + tensor.name.substr(at->size());
  }
  CHECK(holds(
      failure({"features", "--model", made(folder, "quantised", support::safetensors(tensors))}),
      "fc1.weight [16,32] I8: no layer that can be followed"));
}

TEST_CASE("layers of Keras's names have their biases, and none is left out", "[shift]") {
  const TemporaryFolder folder;
  dgp::io::SafetensorsFile file(model);
  std::vector<support::Tensor> tensors;
  for (const auto& tensor : file.tensors()) {
    const bool is_bias = tensor.shape.size() == 1;
    Images values = file.read_rows<float>(tensor);
    auto shape = tensor.shape;
    if (!is_bias) {
      values = values.transpose().eval();
      std::swap(shape[0], shape[1]);
    }
    const auto number = tensor.name.substr(std::string("layers.").size(), 1);
    tensors.push_back(
        {"dense_" + number + (is_bias ? ".bias" : ".kernel"), "F32", shape, bytes_of(values)});
  }
  const auto features = [&] {
    return Arguments{"features", "--transpose", ".", "--model",
                     made(folder, "keras.safetensors", support::safetensors(tensors))};
  };
  CHECK(successful(features()) == successful({"features"}));
  CHECK(successful(joined(features(), {"--layers", "kernel"})) == successful({"features"}));
  // Of a layer that is chosen, even where --layers does not match it.
  tensors.push_back({"dense_1.gamma", "F32", {1}, support::f32({1})});
  for (const Arguments& more : {Arguments{}, Arguments{"--layers", "kernel"}}) {
    CHECK(holds(failure(joined(features(), more)), "'dense_1.gamma' is neither the weights"));
  }
}

TEST_CASE("so many false alarms come by chance as binomial tails tell", "[shift]") {
  const auto chance = [](dgp::Index flagged, dgp::Index rounds) {
    return shift::chance_of_so_many({0, 0, 0, flagged, rounds}, 0.05);
  };
  CHECK(chance(0, 50) == Approx(1));
  CHECK(chance(1, 50) == Approx(1 - std::pow(0.95, 50)));
  CHECK(chance(2, 3) == Approx(3 * 0.05 * 0.05 * 0.95 + std::pow(0.05, 3)));
  CHECK(chance(50, 50) == Approx(std::pow(0.05, 50)));
  CHECK(chance(1000, 20000) == Approx(0.5).margin(0.02));
  CHECK(chance(20000, 20000) < 1e-300);
  CHECK(chance(1100, 20000) == Approx(0.0007).epsilon(0.2));
}

TEST_CASE("features are not written over a file of another kind, or one that is read", "[shift]") {
  const TemporaryFolder folder;
  const auto network = made(folder, "model.safetensors", read_file(model));
  CHECK(holds(failure({"features", "--output", network}, 2),
              "does not start as an array of NumPy does"));
  const auto images = made(folder, "images.npy", npy_of(network_inputs()));
  CHECK(holds(failure({"features", "--images", images, "--output", images}),
              images + " is what is read here"));
  CHECK(read_file(network) == read_file(model));
  CHECK(read_file(images) == npy_of(network_inputs()));
  for (const std::string name : {"features.csv", "features.npy"}) {
    const auto output = (folder / name).string();
    successful({"features", "--output", output});
    const std::string first = read_file(output);
    successful({"features", "--method", "softmax", "--output", output});
    CHECK(read_file(output) != first);
  }
  CHECK(holds(failure({"features", "--output", made(folder, "notes.csv", "name,age\n")}, 2),
              "does not start as numbers in CSV does"));
}

TEST_CASE("a bias of another size is refused", "[shift]") {
  const TemporaryFolder folder;
  const auto path =
      made(folder, "model",
           support::safetensors({{"fc.weight", "F32", {1, 64}, std::string(256, '\0')},
                                 {"fc.bias", "F32", {2}, support::f32({1, 2})}}));
  CHECK(holds(failure({"features", "--model", path}), "has 2 values, but its layer has 1 neurons"));
}

TEST_CASE("shift fails in one line", "[shift]") {
  const TemporaryFolder folder;
  const auto fails = [&](const Arguments& arguments, const std::string& part) {
    const std::string message = failure(arguments);
    CAPTURE(message, part);
    CHECK(holds(message, part));
  };
  const auto file = [&](const std::string& name, const std::string& bytes) {
    return made(folder, name, bytes);
  };
  fails({"features", "--images", (folder / "none").string()}, "none");
  fails({"features", "--model", (folder / "none").string()}, "none");
  fails({"features", "--images", digit_labels}, "not of images");
  fails({"features", "--model", DGP_EXAMPLE_DATA "/mnist_784-100-100-10.safetensors"},
        "images of 64 pixels, but ");
  fails({"features", "--images",
         file("y.safetensors", support::safetensors({{"y", "F32", {1, 1}, support::f32({1})}}))},
        "no tensor is named 'x'");
  fails({"features", "--model",
         file("norm.safetensors",
              support::safetensors({{"a.weight", "F32", {1, 64}, std::string(256, '\0')},
                                    {"norms.0.weight", "F32", {1}, support::f32({1})}}))},
        "norms.0.weight");
  fails({"features", "--output", (folder / "no" / "folder.npy").string()}, "folder.npy");

  const auto evaluation = [&](const std::string& images, const std::string& labels) {
    return Arguments{
        "evaluate", "--images", images, "--labels", labels, "--output", (folder / "out").string()};
  };
  const std::string few =
      file("few.npy", support::npy(support::npy_header("|u1", "(2,)"), "\x01\x02"));
  fails(evaluation(digits, few), "2 labels, but ");
  fails(evaluation(digits, digits), "not a list of labels");
  fails(evaluation(digits, file("real.npy", support::npy(support::npy_header("<f4", "(1,)"),
                                                         support::f32({0.5F})))),
        "0.5 is no label");
  const Images bright = 2 * network_inputs();
  fails(evaluation(file("bright.npy", npy_of(bright)), digit_labels), "[0, 1]");
  fails(joined(evaluation(digits, digit_labels), {"--batch-sizes", "500"}),
        "batches of 500 images need twice as many to test, but there are 899; --batch-sizes");
  fails(joined(evaluation(digits, digit_labels), {"--reference", "899"}),
        "--reference 899: of these 1797 images it can be at most 898");
  fails(joined(evaluation(digits, digit_labels), {"--reference", "797", "--tested", "1001"}),
        "--tested 1001: of these 1797 images it can be at most 1000");
  CHECK_FALSE(std::filesystem::exists(folder / "out"));
  write_file(folder / "file", "");
  fails(study(folder / "file"), "cannot be made a folder");

  const Arguments monitor{
      "monitor",   "--model", model, "--reference-images", digits, "--reference-labels",
      digit_labels};
  fails(joined(monitor, {file("float.npy", npy_of(network_inputs()))}), "one holds bytes");
  fails(joined(monitor, {(folder / "none").string()}), "none");
}

TEST_CASE("shift's wrong usage is an error with exit code 2", "[shift]") {
  for (const Arguments& arguments :
       std::vector<Arguments>{{},
                              {"unknown"},
                              {"features", "--method", "magic"},
                              {"features", "--activation", "gelu"},
                              {"features", "--threads", "0"},
                              {"features", "--format", "json"},
                              {"evaluate", "--methods", "magic"},
                              {"evaluate", "--corruptions", "fog"},
                              {"evaluate", "--batch-sizes", "0"},
                              {"evaluate", "--rounds", "0"},
                              {"evaluate", "--seed", "-1"},
                              {"evaluate", "--format", "csv"},
                              {"evaluate", "--images", digits},
                              {"evaluate", "--labels", digit_labels},
                              {"evaluate", "--output", ""},
                              {"monitor", digits},
                              {"monitor", "--model", model, "--reference-images", digits,
                               "--reference-labels", digit_labels},
                              {"monitor", "--model", model, "--reference-images", digits,
                               "--reference-labels", digit_labels, "--batch-size", "0", digits}}) {
    failure(arguments, 2);
  }
  CHECK(holds(failure({"evalute"}, 2), "evalute; did you mean evaluate?"));
  CHECK(holds(failure({"moniter", "x"}, 2), "did you mean monitor?"));
  CHECK(holds(failure({"feat"}, 2), "did you mean features?"));
  CHECK_FALSE(holds(failure({"unknown"}, 2), "did you mean"));
  CHECK(holds(failure({"features", "--methods", "dgp"}, 2), "did you mean --method?"));
  CHECK(holds(failure({"evaluate", "--batchsizes=3"}, 2), "did you mean --batch-sizes?"));
  CHECK(holds(failure({}, 2), "subcommand is required"));
  CHECK(holds(failure({"monitor", "--modle", "x"}, 2), "--modle"));
}
