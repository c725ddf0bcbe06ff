// dgp-train as its users meet it: the real program, its files, its output, its exit codes.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <dgp/dgp.hpp>
#include <dgp/io/checkpoint.hpp>
#include <dgp/io/safetensors.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/idx_writer.hpp"
#include "../support/run_program.hpp"
#include "../support/safetensors_writer.hpp"

namespace {

using support::holds;
using support::idx;
using support::lines_of;
using support::read_file;
using support::TemporaryFolder;
using support::write_file;
using Arguments = std::vector<std::string>;
using Path = std::filesystem::path;

using Result = support::RunResult;

Result train(const Arguments& arguments, const std::string& around = "PROGRAM") {
  return support::run_program(DGP_TRAIN, arguments, around);
}

// In place of what an earlier run left in the folder.
std::string successful(Arguments arguments, const Path& output,
                       const std::string& around = "PROGRAM") {
  arguments.insert(arguments.end(), {"--overwrite", "--output", output.string()});
  return support::successful(DGP_TRAIN, arguments, around);
}

std::string failure(const Arguments& arguments, int exit_code) {
  return support::failure(DGP_TRAIN, arguments, exit_code);
}

// The number behind a text.
double number_after(const std::string& text, const std::string& part) {
  CAPTURE(text, part);
  REQUIRE(holds(text, part));
  return std::stod(text.substr(text.find(part) + part.size()));
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields{""};
  for (const char c : line) {
    if (c == ',') {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

struct Curves {
  std::vector<std::string> columns;
  std::vector<std::map<std::string, std::string>> rows;
};

// Every row is whole, to the end of the last.
Curves curves_of(const Path& folder) {
  const std::string text = read_file(folder / "curves.csv");
  REQUIRE_FALSE(text.empty());
  CHECK(text.back() == '\n');
  const auto lines = lines_of(text);
  Curves curves{fields_of(lines[0]), {}};
  for (std::size_t r = 1; r < lines.size(); ++r) {
    const auto fields = fields_of(lines[r]);
    REQUIRE(fields.size() == curves.columns.size());
    curves.rows.emplace_back();
    for (std::size_t i = 0; i < fields.size(); ++i)
      curves.rows.back()[curves.columns[i]] = fields[i];
  }
  return curves;
}

std::map<std::string, std::string> files_in(const Path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files[entry.path().filename().string()] = read_file(entry.path());
  }
  return files;
}

std::set<std::string> names_in(const Path& folder) {
  std::set<std::string> names;
  for (const auto& [name, bytes] : files_in(folder)) names.insert(name);
  return names;
}

std::string checkpoint(std::size_t epoch) {
  return "checkpoint-" + std::to_string(epoch) + ".safetensors";
}

// 60 images of 2x3 pixels: each class lights one of the first `classes` pixels.
struct Lights {
  std::string images;
  std::string labels;
};
Lights lights(char first_class, char classes) {
  Lights made;
  for (char i = 0; i < 60; ++i) {
    const char label = static_cast<char>(i % classes);
    for (char pixel = 0; pixel < 6; ++pixel) made.images += pixel == label ? '\x64' : '\x03';
    made.labels += static_cast<char>(first_class + label);
  }
  return made;
}

// Paths of a data set made for one test.
Arguments made(const TemporaryFolder& folder, const std::string& name, const std::string& images,
               const std::string& labels, const std::string& option = "") {
  write_file(folder / (name + "-images"), images);
  write_file(folder / (name + "-labels"), labels);
  return {"--" + option + "images", (folder / (name + "-images")).string(),
          "--" + option + "labels", (folder / (name + "-labels")).string()};
}

Arguments joined(Arguments first, const Arguments& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace

TEST_CASE("training's help explains every option", "[train]") {
  const Result result = train({"--help"});
  CHECK(result.exit_code == 0);
  for (const std::string word : {"--images",
                                 "--labels",
                                 "--test-images",
                                 "--test-labels",
                                 "--test-share",
                                 "--validation-share",
                                 "--hidden",
                                 "--activation",
                                 "relu",
                                 "tanh",
                                 "sigmoid",
                                 "--dropout",
                                 "--batch-norm",
                                 "--epochs",
                                 "--batch",
                                 "--learning-rate",
                                 "--regularize",
                                 "--strength",
                                 "--seed",
                                 "--checks-per-epoch",
                                 "--early-stopping",
                                 "--burn-in",
                                 "--patience",
                                 "--delta",
                                 "--white",
                                 "--output",
                                 "--overwrite",
                                 "dgp-train-output",
                                 "curves.csv",
                                 "curves.svg",
                                 "checkpoint-EPOCH.safetensors"}) {
    CAPTURE(word);
    CHECK(holds(result.out, word));
  }
}

TEST_CASE("without arguments digits are learned", "[train]") {
  const TemporaryFolder folder;
  const std::string out = successful({}, folder / "out");
  CHECK(holds(lines_of(out)[0], "64-64-32-10 network"));
  CHECK(number_after(out, "test accuracy ") >= 95);
  CHECK(holds(out, "neural persistence would "));
  CHECK(holds(out, "validation loss would "));
  CHECK(holds(out, "measures "));
  CHECK(holds(out, "spatial concentration "));
  std::size_t epochs = 0;
  for (const auto& line : lines_of(out)) {
    if (line.rfind("epoch ", 0) == 0) ++epochs;
  }
  CHECK(epochs == 30);
}

TEST_CASE("the same arguments give the same files, byte for byte", "[train]") {
  const TemporaryFolder folder;
  for (const Arguments& arguments :
       {Arguments{"--epochs", "3"},
        Arguments{"--epochs", "3", "--batch-norm", "--dropout", "0.2", "--activation", "tanh"}}) {
    CAPTURE(arguments);
    successful(arguments, folder / "first", "OMP_NUM_THREADS=1 PROGRAM");
    successful(arguments, folder / "second", "OMP_NUM_THREADS=2 PROGRAM");
    const auto first = files_in(folder / "first");
    const auto second = files_in(folder / "second");
    CHECK(names_in(folder / "first") == std::set<std::string>{"curves.csv", "curves.svg",
                                                              checkpoint(0), checkpoint(1),
                                                              checkpoint(2), checkpoint(3)});
    REQUIRE(names_in(folder / "first") == names_in(folder / "second"));
    for (const auto& [name, bytes] : first) {
      CAPTURE(name);
      CHECK((second.at(name) == bytes));
    }
    successful(joined(arguments, {"--seed", "2"}), folder / "other");
    for (const auto& [name, bytes] : files_in(folder / "other")) {
      CAPTURE(name);
      CHECK_FALSE((first.at(name) == bytes));
    }
  }
}

TEST_CASE("curves have the promised columns and a row for each check", "[train]") {
  const TemporaryFolder folder;
  successful({"--epochs", "2", "--checks-per-epoch", "3", "--hidden", "20", "12"}, folder / "out");
  const Curves curves = curves_of(folder / "out");
  CHECK(curves.columns ==
        std::vector<std::string>{"epoch", "training_loss", "validation_loss", "validation_accuracy",
                                 "np_mean", "np.layers.0", "np.layers.1", "np.layers.2",
                                 "excess.layers.0", "excess.layers.1", "excess.layers.2",
                                 "dgp_standardized_rescaled", "dgp_standardized", "weight_variance",
                                 "spatial_concentration.layers.0", "spatial_concentration.layers.1",
                                 "spatial_concentration.layers.2"});
  REQUIRE(curves.rows.size() == 1 + 2 * 3);
  for (std::size_t r = 0; r < curves.rows.size(); ++r) {
    for (const auto& [column, field] : curves.rows[r]) {
      CAPTURE(r, column, field);
      // Before any step there is no loss of one.
      CHECK(field.empty() == (r == 0 && column == "training_loss"));
      if (!field.empty()) CHECK(std::isfinite(std::stod(field)));
    }
    const double epoch = std::stod(curves.rows[r].at("epoch"));
    CHECK(std::abs(epoch - static_cast<double>(r) / 3) < 0.05);
    if (r % 3 == 0) CHECK(epoch == static_cast<double>(r / 3));
  }
  CHECK(std::stod(curves.rows.back().at("validation_loss")) <
        std::stod(curves.rows.front().at("validation_loss")));
}

TEST_CASE("curves hold the measures of the checkpoints, to the last bit", "[train]") {
  const TemporaryFolder folder;
  successful({"--epochs", "2", "--checks-per-epoch", "1"}, folder / "out");
  const Curves curves = curves_of(folder / "out");
  REQUIRE(curves.rows.size() == 3);
  for (std::size_t epoch = 0; epoch < 3; ++epoch) {
    CAPTURE(epoch);
    const auto layers = dgp::io::read_layers(folder / "out" / checkpoint(epoch));
    REQUIRE(layers.size() == 3);
    const auto figure = [&](const std::string& column) {
      return std::stod(curves.rows[epoch].at(column));
    };
    const auto np = dgp::neural_persistence(layers);
    CHECK(figure("np_mean") == np.mean_normalized);
    const auto shuffled = dgp::shuffle_significance(layers);
    for (std::size_t k = 0; k < 3; ++k) {
      CHECK(figure("excess.layers." + std::to_string(k)) == shuffled[k].z_score);
      CHECK(layers[k].name == "layers." + std::to_string(k) + ".weight");
      CHECK(figure("np.layers." + std::to_string(k)) == np.layers[k].normalized);
    }
    CHECK(figure("dgp_standardized_rescaled") == dgp::deep_graph_persistence(layers).normalized);
    CHECK(figure("dgp_standardized") ==
          dgp::deep_graph_persistence(layers, {.rescale = false}).normalized);
    CHECK(figure("weight_variance") == dgp::weight_variance(layers).network);
  }
}

TEST_CASE("checkpoints hold the network's shape", "[train]") {
  const TemporaryFolder folder;
  using Shapes = std::map<std::string, std::vector<std::uint64_t>>;
  const auto shapes = [&](const Arguments& arguments) {
    successful(joined(arguments, {"--epochs", "1"}), folder / "out");
    Shapes found;
    for (const std::size_t epoch : {std::size_t{0}, std::size_t{1}}) {
      const dgp::io::SafetensorsFile file(folder / "out" / checkpoint(epoch));
      Shapes here;
      for (const auto& tensor : file.tensors()) {
        CHECK(tensor.type == "F32");
        here[tensor.name] = tensor.shape;
      }
      CHECK((epoch == 0 || here == found));
      found = here;
    }
    return found;
  };
  CHECK(shapes({"--hidden", "5"}) == Shapes{{"layers.0.weight", {5, 64}},
                                            {"layers.0.bias", {5}},
                                            {"layers.1.weight", {10, 5}},
                                            {"layers.1.bias", {10}}});
  CHECK(shapes({"--hidden"}) == Shapes{{"layers.0.weight", {10, 64}}, {"layers.0.bias", {10}}});
  CHECK(shapes({"--hidden", "5", "--batch-norm"}) == Shapes{{"layers.0.weight", {5, 64}},
                                                            {"layers.0.bias", {5}},
                                                            {"layers.1.weight", {10, 5}},
                                                            {"layers.1.bias", {10}},
                                                            {"norms.0.weight", {5}},
                                                            {"norms.0.bias", {5}},
                                                            {"norms.0.running_mean", {5}},
                                                            {"norms.0.running_var", {5}}});
}

TEST_CASE("every kind of network learns", "[train]") {
  const TemporaryFolder folder;
  for (const Arguments& arguments :
       std::vector<Arguments>{{"--activation", "tanh"},
                              {"--activation", "sigmoid", "--learning-rate", "0.01"},
                              {"--batch-norm"},
                              {"--batch-norm", "--dropout", "0.2", "--batch", "16"},
                              {"--dropout", "0.2"},
                              {"--hidden", "--learning-rate", "0.01"}}) {
    CAPTURE(arguments);
    const std::string out = successful(joined(arguments, {"--epochs", "12"}), folder / "out");
    CHECK(number_after(out, "test accuracy ") >= 88);
  }
}

TEST_CASE("persistence in the loss rises and falls as it is told", "[train]") {
  const support::TemporaryFolder folder;
  const auto last_of = [&](const Arguments& arguments) {
    Arguments all{"--epochs", "4", "--checks-per-epoch", "1"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    successful(all, folder / "out");
    return curves_of(folder / "out").rows.back();
  };
  const auto plain = last_of({});
  for (const auto& [measure, column] : std::map<std::string, std::string>{
           {"np", "np_mean"}, {"dgp", "dgp_standardized_rescaled"}}) {
    CAPTURE(measure);
    const double between = std::stod(plain.at(column));
    const auto raised = last_of({"--regularize", measure});
    const auto lowered = last_of({"--regularize", measure, "--strength", "-1"});
    CHECK(std::stod(raised.at(column)) > between + 0.05);
    CHECK(std::stod(lowered.at(column)) < between - 0.005);
    // It learns all the same, and what adds nothing changes nothing.
    CHECK(std::stod(raised.at("validation_accuracy")) > 0.6);
    CHECK(last_of({"--regularize", measure, "--strength", "0"}) == plain);
  }
  const std::string told = successful({"--epochs", "1", "--regularize", "dgp"}, folder / "out");
  CHECK(number_after(told, ", regularisation ") >= 0);
  CHECK(number_after(told, " of training), ") >= 0);
  CHECK(number_after(told, " ms beside ") >= 0);
  CHECK(holds(told, " ms a step, evaluation "));
  CHECK_FALSE(holds(successful({"--epochs", "1"}, folder / "out"), "regularisation"));
}

TEST_CASE("persistence in the loss gives the same files on any number of threads", "[train]") {
  const TemporaryFolder folder;
  for (const std::string measure : {"np", "dgp"}) {
    const Arguments arguments{"--regularize", measure, "--epochs", "2", "--hidden", "40"};
    successful(arguments, folder / "one", "OMP_NUM_THREADS=1 PROGRAM");
    successful(arguments, folder / "three", "OMP_NUM_THREADS=3 PROGRAM");
    const auto files = files_in(folder / "one");
    CHECK(files.size() == 5);
    CHECK(files == files_in(folder / "three"));
  }
}

TEST_CASE("a layer without a measure leaves its field empty", "[train]") {
  const TemporaryFolder folder;
  // Nor has it a gradient: there is nothing to add.
  successful({"--hidden", "1", "1", "--epochs", "1", "--regularize", "dgp"}, folder / "out");
  const auto regularized = files_in(folder / "out");
  successful({"--hidden", "1", "1", "--epochs", "1"}, folder / "out");
  CHECK(files_in(folder / "out") == regularized);
  // A single weight is constant, and cannot be standardised.
  for (const auto& row : curves_of(folder / "out").rows) {
    CHECK(row.at("dgp_standardized_rescaled").empty());
    CHECK(row.at("dgp_standardized").empty());
    CHECK(row.at("spatial_concentration.layers.1").empty());
    CHECK(row.at("excess.layers.1").empty());  // as its shuffles are
    CHECK_FALSE(row.at("np_mean").empty());
  }
  CHECK_FALSE(holds(read_file(folder / "out" / "curves.svg"), "nan\""));
}

TEST_CASE("early stopping ends the training where the summary had said", "[train]") {
  const TemporaryFolder folder;
  const Arguments rule{"--burn-in", "2", "--patience", "1"};
  const std::string whole = successful(rule, folder / "whole");
  const std::string stopped = successful(joined(rule, {"--early-stopping"}), folder / "stopped");
  const auto all = curves_of(folder / "whole");
  const auto some = curves_of(folder / "stopped");
  REQUIRE(all.rows.size() == 1 + 30 * 4);
  REQUIRE(some.rows.size() < all.rows.size());
  CHECK(std::equal(some.rows.begin(), some.rows.end(), all.rows.begin()));
  const double epoch = number_after(whole, "neural persistence would have stopped at epoch ");
  CHECK(epoch == number_after(stopped, "neural persistence stopped the training at epoch "));
  CHECK(std::abs(std::stod(some.rows.back().at("epoch")) - epoch) < 0.01);
  CHECK(number_after(stopped, "test accuracy ") ==
        number_after(whole.substr(whole.find("neural persistence would")), "test accuracy "));
  // NP did not rise at the check that stopped it.
  const auto np = [&](std::size_t back) {
    return std::stod(some.rows[some.rows.size() - 1 - back].at("np_mean"));
  };
  CHECK(np(0) <= np(1));
  // The last checkpoint has the weights of the stop.
  const auto last = static_cast<std::size_t>(std::ceil(epoch));
  CHECK(names_in(folder / "stopped").count(checkpoint(last + 1)) == 0);
  const auto layers = dgp::io::read_layers(folder / "stopped" / checkpoint(last));
  CHECK(dgp::neural_persistence(layers).mean_normalized == np(0));
}

TEST_CASE("rules that are never met leave the training alone", "[train]") {
  const TemporaryFolder folder;
  const std::string out =
      successful({"--epochs", "2", "--burn-in", "1000", "--early-stopping"}, folder / "out");
  CHECK(holds(out, "neural persistence would not have stopped"));
  CHECK(holds(out, "validation loss would not have stopped"));
  CHECK(curves_of(folder / "out").rows.size() == 1 + 2 * 4);
}

TEST_CASE("any IDX files are learned", "[train]") {
  const TemporaryFolder folder;
  const Lights data = lights(0, 4);
  const Arguments images =
      made(folder, "some", idx({60, 2, 3}, data.images), idx({60}, data.labels));
  const Arguments short_run{"--epochs", "150", "--hidden", "8", "--learning-rate", "0.01"};
  const std::string out = successful(joined(images, short_run), folder / "out");
  CHECK(holds(out, "6-8-4 network, 43 images to train, 5 to validate, 12 to test"));
  CHECK(number_after(out, "test accuracy ") == 100);

  // Tested on images whose labels are all wrong.
  Lights wrong = data;
  for (char& label : wrong.labels) label = static_cast<char>((label + 1) % 4);
  const Arguments test =
      made(folder, "wrong", idx({60, 2, 3}, wrong.images), idx({60}, wrong.labels), "test-");
  const std::string tested = successful(joined(joined(images, test), short_run), folder / "out");
  CHECK(holds(tested, "54 images to train, 6 to validate, 60 to test"));
  CHECK(number_after(tested, "test accuracy ") == 0);

  // Labels that start at 1, as EMNIST's letters do.
  const Lights letters = lights(1, 4);
  const std::string from_one = successful(
      joined(made(folder, "letters", idx({60, 6}, letters.images), idx({60}, letters.labels)),
             short_run),
      folder / "out");
  CHECK(holds(from_one, "6-8-5 network"));
  CHECK(number_after(from_one, "test accuracy ") == 100);
}

TEST_CASE("data that does not fit together is an error, and no file is touched", "[train]") {
  const TemporaryFolder folder;
  const Path output = folder / "out";
  const Lights data = lights(0, 4);
  const std::string images = idx({60, 2, 3}, data.images);
  const std::string labels = idx({60}, data.labels);
  const auto message = [&](const Arguments& arguments) {
    return failure(joined(arguments, {"--output", output.string()}), 1);
  };
  CHECK(holds(message(made(folder, "few", images, idx({59}, data.labels.substr(1)))), "59 labels"));
  CHECK(holds(message(made(folder, "flat", idx({360}, data.images), labels)), "flat-images"));
  CHECK(holds(message(made(folder, "deep", images, idx({60, 1}, data.labels))), "deep-labels"));
  CHECK(holds(message(made(folder, "dark", idx({60, 6}, std::string(360, '\0')), labels)),
              "every pixel is 0"));
  CHECK(holds(message(made(folder, "same", images, idx({60}, std::string(60, '\x05')))),
              "every label is 5"));
  CHECK(holds(message(made(folder, "none", idx({0, 6}, ""), idx({0}, ""))), "none-images"));
  CHECK(holds(message(made(folder, "two", idx({2, 6}, data.images.substr(0, 12)),
                           idx({2}, data.labels.substr(0, 2)))),
              "2 images are too few"));
  CHECK(holds(message(made(folder, "cut", images.substr(0, 300), labels)), "cut-images"));
  CHECK(holds(message({"--images", (folder / "missing").string(), "--labels",
                       (folder / "few-labels").string()}),
              "missing"));

  const Arguments sound = made(folder, "sound", images, labels);
  CHECK(holds(message(joined(sound, made(folder, "wide", idx({36, 2, 5}, data.images),
                                         idx({36}, data.labels.substr(24)), "test-"))),
              "10 pixels"));
  CHECK(holds(
      message(joined(sound, made(folder, "more", images, idx({60}, lights(1, 4).labels), "test-"))),
      "label 4 is above all"));
  CHECK_FALSE(std::filesystem::exists(output));
}

TEST_CASE("training's wrong usage is an error with exit code 2", "[train]") {
  for (const Arguments& arguments :
       std::vector<Arguments>{{"--epochs", "0"},
                              {"--epochs", "-1"},
                              {"--epochs", "many"},
                              {"--epochs", "1.5"},
                              {"--batch", "0"},
                              {"--hidden", "0"},
                              {"--hidden", "20", "-3"},
                              {"--hidden", "99999999"},
                              {"--activation", "gelu"},
                              {"--dropout", "1"},
                              {"--dropout", "-0.1"},
                              {"--dropout", "nan"},
                              {"--batch-norm", "--batch", "2"},
                              {"--learning-rate", "0"},
                              {"--learning-rate", "nan"},
                              {"--learning-rate", "inf"},
                              {"--regularize", "variance"},
                              {"--regularize"},
                              {"--strength", "2"},
                              {"--regularize", "np", "--strength", "inf"},
                              {"--seed", "-1"},
                              {"--seed", "18446744073709551616"},
                              {"--checks-per-epoch", "0"},
                              {"--patience", "0"},
                              {"--burn-in", "-1"},
                              {"--delta", "-1"},
                              {"--delta", "nan"},
                              {"--test-share", "0"},
                              {"--test-share", "1"},
                              {"--validation-share", "nan"},
                              {"--output", ""},
                              {"--images", "alone"},
                              {"--labels", "alone"},
                              {"--test-images", "alone"},
                              {"--unknown"},
                              {"model.safetensors"}}) {
    failure(arguments, 2);
  }
}

TEST_CASE("a training that diverges says so", "[train]") {
  const TemporaryFolder folder;
  const Result result = train({"--learning-rate", "1e30", "--output", (folder / "out").string()});
  CHECK(result.exit_code == 1);
  CHECK(holds(result.err, "not finite"));
  CHECK(holds(result.err, "--learning-rate"));
  CHECK(lines_of(result.err).size() == 1);
}

TEST_CASE("a folder that cannot be made is an error", "[train]") {
  const TemporaryFolder folder;
  write_file(folder / "file", "");
  for (const auto& output : {folder / "file", folder / "file" / "out"}) {
    CHECK(holds(failure({"--epochs", "1", "--output", output.string()}, 1), output.string()));
  }
}

TEST_CASE("a shorter run leaves none of an earlier run's files, and all others", "[train]") {
  const TemporaryFolder folder;
  successful({"--epochs", "3"}, folder / "out");
  write_file(folder / "out" / "notes.txt", "mine");
  write_file(folder / "out" / "checkpoint-best.safetensors", "mine too");
  // What a run that was killed leaves.
  write_file(folder / "out" / ".dgp-0123456789abcdef.partial", "half");
  write_file(folder / "out" / ".dgp-lock", "");
  // What it does not leave.
  write_file(folder / "out" / "checkpoint-7.safetensors.partial", "mine as well");
  const auto out = successful({"--epochs", "1"}, folder / "out");
  CHECK(holds(out, "out held 7 files of an earlier run, which this one replaces"));
  CHECK(names_in(folder / "out") ==
        std::set<std::string>{"curves.csv", "curves.svg", checkpoint(0), checkpoint(1), "notes.txt",
                              "checkpoint-best.safetensors", "checkpoint-7.safetensors.partial"});
}

TEST_CASE("an earlier run's files are replaced only where that is told", "[train]") {
  const TemporaryFolder folder;
  const Path output = folder / "out";
  const Arguments run{"--epochs", "1", "--output", output.string()};
  CHECK(train(run).exit_code == 0);
  const auto earlier = files_in(output);
  const std::string message = failure(joined(run, {"--seed", "2"}), 1);
  CAPTURE(message);
  CHECK(holds(message, output.string() + " holds 4 files of an earlier run, "));
  CHECK(holds(message, "--overwrite"));
  CHECK(holds(message, "--output"));
  CHECK((files_in(output) == earlier));
  CHECK(train(joined(run, {"--seed", "2", "--overwrite"})).exit_code == 0);
  CHECK_FALSE((files_in(output) == earlier));

  // One file is enough; others, and folders with nothing but these, are no run's.
  for (const std::string name : {"curves.csv", "curves.svg", "checkpoint-12.safetensors"}) {
    std::filesystem::remove_all(output);
    std::filesystem::create_directory(output);
    write_file(output / name, "mine");
    CHECK(holds(failure(run, 1), name));
    CHECK(read_file(output / name) == "mine");
  }
  std::filesystem::remove_all(output);
  std::filesystem::create_directory(output);
  write_file(output / "notes.txt", "mine");
  CHECK(train(run).exit_code == 0);
  CHECK(read_file(output / "notes.txt") == "mine");
}

TEST_CASE("two trainings in one folder do not meet", "[train]") {
  const TemporaryFolder folder;
  const std::string output = support::quoted((folder / "out").string());
  // The first is at work until the second has ended.
  const Result second =
      train({"--epochs", "1", "--overwrite", "--output", (folder / "out").string()},
            support::quoted(DGP_TRAIN) + " --epochs 1000000 --output " + output +
                " >/dev/null 2>&1 & first=$!; turns=0; until [ -e " + output +
                "/checkpoint-1.safetensors ] || [ $turns -gt 600 ]; do sleep 0.1; "
                "turns=$((turns + 1)); done; PROGRAM; code=$?; kill -KILL $first; wait $first "
                "2>/dev/null; exit $code");
  CHECK(second.exit_code == 1);
  CHECK(second.out.find("epoch") == std::string::npos);
  CHECK(holds(second.err, "another program is at work in this folder"));
  // The first is gone, and so is its claim.
  successful({"--epochs", "1"}, folder / "out");
}

TEST_CASE("bytes are divided by what is white, not by the largest that there is", "[train]") {
  const TemporaryFolder folder;
  const Lights data = lights(0, 4);  // of bytes up to 100
  const Arguments images =
      made(folder, "some", idx({60, 2, 3}, data.images), idx({60}, data.labels));
  const auto weights = [&](const Arguments& more) {
    const std::string out =
        successful(joined(joined(images, {"--epochs", "1"}), more), folder / "out");
    return lines_of(out).at(more.empty() ? 0 : 1) + read_file(folder / "out" / checkpoint(1));
  };
  const std::string by_rule = weights({});
  CHECK(holds(by_rule, "12 to test, bytes divided by 255"));
  const std::string told = weights({"--white", "100"});
  CHECK(holds(told, "bytes divided by 100"));
  CHECK_FALSE((told == by_rule));
  failure({"--white", "0"}, 2);
  failure({"--white", "256"}, 2);
}

TEST_CASE("a disk that is full ends the training in one line", "[train]") {
  const TemporaryFolder folder;
  const Result result =
      train({"--output", (folder / "out").string()}, "trap '' XFSZ; ulimit -f 2; PROGRAM");
  CHECK(result.exit_code == 1);
  CHECK(holds(result.err, "checkpoint-0.safetensors, byte "));
  CHECK(lines_of(result.err).size() == 1);
  CHECK(names_in(folder / "out").empty());
}

TEST_CASE("an interruption leaves whole files", "[train]") {
  const TemporaryFolder folder;
  const Path output = folder / "out";
  struct Signal {
    std::string name;
    int exit_code;
    bool heeded;
  };
  for (const Signal& signal :
       {Signal{"INT", 130, true}, Signal{"TERM", 143, true}, Signal{"KILL", 137, false}}) {
    CAPTURE(signal.name);
    // Sent once two epochs are done; an hour of training is left then. The shell's own word on a
    // process that was killed belongs elsewhere.
    const Result result =
        train({"--epochs", "1000000", "--output", output.string()},
              "rm -rf " + support::quoted(output.string()) +
                  "; exec 2>/dev/null; PROGRAM & pid=$!; turns=0; while [ ! -e " +
                  support::quoted((output / checkpoint(2)).string()) +
                  " ] && [ $turns -lt 600 ]; do sleep 0.1; turns=$((turns + 1)); done; kill -" +
                  signal.name + " $pid; wait $pid");
    CAPTURE(result.err);
    CHECK(result.exit_code == signal.exit_code);
    std::size_t checkpoints = 0;
    for (const auto& [name, bytes] : files_in(output)) {
      CAPTURE(name);
      if (name.rfind("checkpoint-", 0) == 0 && name.size() > 12 && name.back() == 's') {
        CHECK(dgp::io::read_layers(output / name).size() == 3);
        ++checkpoints;
      }
      if (signal.heeded) CHECK_FALSE(holds(name, "partial"));
    }
    CHECK(checkpoints >= 3);
    const std::size_t rows = curves_of(output).rows.size();
    if (signal.heeded) {
      CHECK(result.err.rfind("dgp-train: interrupted after epoch ", 0) == 0);
      CHECK(result.err.find('\n') + 1 == result.err.size());
      const double epochs = number_after(result.err, "after epoch ");
      CHECK(static_cast<double>(checkpoints) == epochs + 1);
      // All checks of whole epochs, and those of the one that was cut short.
      CHECK(static_cast<double>(rows) >= 1 + 4 * epochs);
      CHECK(static_cast<double>(rows) < 1 + 4 * (epochs + 1));
      const std::string svg = read_file(output / "curves.svg");
      CHECK(svg.find("</svg>") != std::string::npos);
    }
  }
}
