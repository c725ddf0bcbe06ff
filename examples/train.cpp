// dgp-train: trains a multilayer perceptron and records the topology of its weights on the way.
//
// in:  images and labels as IDX files; without any, the handwritten digits beside this program
// out: a folder with the curves (CSV, SVG) and a checkpoint of each epoch; a summary on stdout
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <limits>
#include <numeric>
#include <optional>
#include <regex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <Eigen/Core>

#include <dgp/analysis/early_stopping.hpp>
#include <dgp/analysis/spatial_concentration.hpp>
#include <dgp/dgp.hpp>
#include <dgp/io/idx.hpp>
#include <dgp/io/safetensors_writer.hpp>

#include "console.hpp"
#include "perceptron.hpp"
#include "plot/svg.hpp"

namespace {

using console::number;
using dgp::Index;
using perceptron::Random;

struct Options {
  std::string images = DGP_EXAMPLE_DATA "/digits-images-idx3-ubyte";
  std::string labels = DGP_EXAMPLE_DATA "/digits-labels-idx1-ubyte";
  std::string test_images;  // empty: a part of the images above
  std::string test_labels;
  double test_share = 0.2;
  double validation_share = 0.1;
  std::vector<Index> hidden{64, 32};
  perceptron::Activation activation = perceptron::Activation::relu;
  double dropout = 0;
  bool batch_norm = false;
  std::size_t epochs = 30;
  std::size_t batch = 32;
  double learning_rate = 1e-3;
  std::uint64_t seed = 1;
  std::size_t checks_per_epoch = 4;
  bool early_stopping = false;
  dgp::EarlyStoppingOptions rule;
  std::filesystem::path output = "dgp-train-output";
};

// The signal that asks for an end, or 0. A second one ends the program at once.
volatile std::sig_atomic_t interruption = 0;

void watch_for_interruption() {
  struct sigaction action {};
  action.sa_handler = [](int signal) { interruption = signal; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

// Images and labels as the files hold them.
struct Pictures {
  std::vector<std::uint8_t> pixels;  // image after image
  std::vector<std::uint8_t> labels;
  std::size_t pixels_per_image;

  std::size_t size() const { return labels.size(); }
};

Pictures read_pictures(const std::string& images_path, const std::string& labels_path) {
  dgp::io::IdxArray images = dgp::io::read_idx(images_path);
  dgp::io::IdxArray labels = dgp::io::read_idx(labels_path);
  if (images.shape.size() < 2) {
    throw std::runtime_error(images_path + ": a list of numbers, not of images");
  }
  if (labels.shape.size() != 1) {
    throw std::runtime_error(labels_path + ": not a list of labels");
  }
  const std::size_t count = labels.values.size();
  if (images.shape[0] != count) {
    throw std::runtime_error(labels_path + ": " + std::to_string(count) + " labels, but " +
                             images_path + " has " + std::to_string(images.shape[0]) + " images");
  }
  if (images.values.empty()) throw std::runtime_error(images_path + ": no pixels");
  const std::size_t pixels = images.values.size() / count;
  return {std::move(images.values), std::move(labels.values), pixels};
}

// The data set: what to learn from, and two parts to judge by.
struct Data {
  Pictures pictures;
  Pictures test_pictures;             // empty where the test images are among the others
  std::vector<std::size_t> training;  // numbers of images
  std::vector<std::size_t> validation;
  std::vector<std::size_t> test;
  float largest_pixel;
  Index classes;

  const Pictures& tested() const { return test_pictures.size() > 0 ? test_pictures : pictures; }
};

std::uint8_t largest(const std::vector<std::uint8_t>& values) {
  return *std::max_element(values.begin(), values.end());
}

Data read_data(const Options& options) {
  Data data{read_pictures(options.images, options.labels), {}, {}, {}, {}, 0, 0};
  data.largest_pixel = largest(data.pictures.pixels);
  if (data.largest_pixel == 0) throw std::runtime_error(options.images + ": every pixel is 0");
  data.classes = largest(data.pictures.labels) + 1;
  const auto [least, most] =
      std::minmax_element(data.pictures.labels.begin(), data.pictures.labels.end());
  if (*least == *most) {
    throw std::runtime_error(options.labels + ": every label is " + std::to_string(*most) +
                             ", there is nothing to tell apart");
  }

  data.training.resize(data.pictures.size());
  std::iota(data.training.begin(), data.training.end(), std::size_t{0});
  Random random(options.seed, 0);
  random.shuffle(data.training);
  const auto split_off = [&](double share) {
    const auto count =
        static_cast<std::size_t>(std::round(share * static_cast<double>(data.training.size())));
    const auto first = data.training.end() - static_cast<std::ptrdiff_t>(count);
    std::vector<std::size_t> part(first, data.training.end());
    data.training.erase(first, data.training.end());
    return part;
  };
  if (options.test_images.empty()) {
    data.test = split_off(options.test_share);
  } else {
    data.test_pictures = read_pictures(options.test_images, options.test_labels);
    if (data.test_pictures.pixels_per_image != data.pictures.pixels_per_image) {
      throw std::runtime_error(options.test_images + ": images of " +
                               std::to_string(data.test_pictures.pixels_per_image) +
                               " pixels, but those of " + options.images + " have " +
                               std::to_string(data.pictures.pixels_per_image));
    }
    if (largest(data.test_pictures.labels) >= data.classes) {
      throw std::runtime_error(options.test_labels + ": label " +
                               std::to_string(largest(data.test_pictures.labels)) +
                               " is above all of " + options.labels);
    }
    data.test.resize(data.test_pictures.size());
    std::iota(data.test.begin(), data.test.end(), std::size_t{0});
  }
  data.validation = split_off(options.validation_share);
  if (data.training.size() < 2 || data.validation.empty() || data.test.empty()) {
    throw std::runtime_error(options.images + ": " + std::to_string(data.pictures.size()) +
                             " images are too few to train, validate and test");
  }
  return data;
}

using Batch = std::pair<perceptron::Matrix<float>, std::vector<Index>>;

// Some images as columns of values in [0, 1] (test images may exceed 1), and their labels.
Batch gathered(const Pictures& pictures, const std::size_t* first, std::size_t count,
               float largest_pixel) {
  const auto pixels = static_cast<Index>(pictures.pixels_per_image);
  Batch batch{perceptron::Matrix<float>(pixels, static_cast<Index>(count)), {}};
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* image = pictures.pixels.data() + first[i] * pictures.pixels_per_image;
    for (Index pixel = 0; pixel < pixels; ++pixel) {
      batch.first(pixel, static_cast<Index>(i)) = static_cast<float>(image[pixel]) / largest_pixel;
    }
    batch.second.push_back(pictures.labels[first[i]]);
  }
  return batch;
}

perceptron::Score score_of(const perceptron::Network<float>& network, const Pictures& pictures,
                           const std::vector<std::size_t>& chosen, float largest_pixel) {
  constexpr std::size_t at_once = 256;
  return perceptron::evaluate(
      network, (chosen.size() + at_once - 1) / at_once, [&](std::size_t part) {
        const std::size_t begin = part * at_once;
        return gathered(pictures, chosen.data() + begin, std::min(at_once, chosen.size() - begin),
                        largest_pixel);
      });
}

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

// One row of the curves; undefined where a measure is.
struct Check {
  double epoch;          // steps done, in epochs
  double training_loss;  // mean over the steps since the last check; undefined before the first
  double validation_loss;
  double validation_accuracy;
  double np_mean;
  std::vector<double> np_layers;
  double dgp_standardized_rescaled;
  double dgp_standardized;
  double weight_variance;
  std::vector<double> spatial_concentration;
};

struct Times {
  double training = 0;  // in seconds
  double evaluation = 0;
  double measures = 0;  // but spatial concentration
  double spatial_concentration = 0;
};

// Calls the action and adds the seconds it took.
template <class Action>
auto timed(double& seconds, const Action& action) {
  using Clock = std::chrono::steady_clock;
  struct Stopwatch {
    double& seconds;
    Clock::time_point start = Clock::now();
    ~Stopwatch() { seconds += std::chrono::duration<double>(Clock::now() - start).count(); }
  } const stopwatch{seconds};
  return action();
}

// The value of a measure; undefined for weights that have none, such as constant ones.
template <class Measure>
double value_of(const Measure& measure) {
  try {
    return measure();
  } catch (const std::domain_error&) {
    return undefined;
  }
}

std::string layer_name(std::size_t k) { return "layers." + std::to_string(k); }

// The measures of the network as it is.
void measure(const perceptron::Network<float>& network, Check& check, Times& times) {
  using View = Eigen::Map<const perceptron::Weights<float>>;
  std::vector<dgp::NamedLayer<View>> layers;
  for (std::size_t k = 0; k < network.layers.size(); ++k) {
    const auto& weights = network.layers[k].weights;
    layers.push_back(
        {layer_name(k) + ".weight", View(weights.data(), weights.rows(), weights.cols())});
  }
  timed(times.measures, [&] {
    const auto np = dgp::neural_persistence(layers);
    check.np_mean = np.mean_normalized;
    for (const auto& layer : np.layers) check.np_layers.push_back(layer.normalized);
    check.dgp_standardized_rescaled =
        value_of([&] { return dgp::deep_graph_persistence(layers).normalized; });
    check.dgp_standardized = value_of(
        [&] { return dgp::deep_graph_persistence(layers, {.rescale = false}).normalized; });
    check.weight_variance = dgp::weight_variance(layers).network;
  });
  timed(times.spatial_concentration, [&] {
    for (const auto& layer : layers) {
      check.spatial_concentration.push_back(dgp::spatial_concentration(layer.weights));
    }
  });
}

// Where a rule first asked for the end.
struct Stop {
  double epoch;
  double validation_accuracy;
  double test_accuracy;
};

struct Record {
  std::vector<Check> checks;
  std::optional<Stop> by_persistence;
  std::optional<Stop> by_validation;
  std::size_t epochs = 0;  // that were finished
  Times times;
};

// In the fewest digits that mean this very number; nothing where it is undefined.
std::string exact(double value) {
  if (!std::isfinite(value)) return {};
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

// "1 image", "2 images".
std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

void write_csv(const std::filesystem::path& path, const std::vector<Check>& checks) {
  std::string text = "epoch,training_loss,validation_loss,validation_accuracy,np_mean";
  const auto columns = [&](const std::string& measure, std::size_t count) {
    for (std::size_t k = 0; k < count; ++k) text += "," + measure + "." + layer_name(k);
  };
  columns("np", checks.front().np_layers.size());
  text += ",dgp_standardized_rescaled,dgp_standardized,weight_variance";
  columns("spatial_concentration", checks.front().spatial_concentration.size());
  text += "\n";
  for (const auto& check : checks) {
    text += exact(check.epoch);
    const auto add = [&](double value) { text.append(",").append(exact(value)); };
    for (const double value :
         {check.training_loss, check.validation_loss, check.validation_accuracy, check.np_mean}) {
      add(value);
    }
    for (const double value : check.np_layers) add(value);
    add(check.dgp_standardized_rescaled);
    add(check.dgp_standardized);
    add(check.weight_variance);
    for (const double value : check.spatial_concentration) add(value);
    text += "\n";
  }
  console::write_text(path, text);
}

void write_svg(const std::filesystem::path& path, const Record& record) {
  using plot::Chart;
  using plot::Series;
  std::vector<double> epochs;
  for (const auto& check : record.checks) epochs.push_back(check.epoch);
  const auto series = [&](const std::string& label, const auto& value) {
    Series result{label, epochs, {}};
    for (const auto& check : record.checks) result.y.push_back(value(check));
    return result;
  };
  const auto field = [&](const std::string& label, double Check::*member) {
    return series(label, [member](const Check& check) { return check.*member; });
  };
  const auto layers = [&](std::vector<double> Check::*member) {
    std::vector<Series> all;
    for (std::size_t k = 0; k < (record.checks.front().*member).size(); ++k) {
      all.push_back(series(layer_name(k), [&](const Check& check) { return (check.*member)[k]; }));
    }
    return all;
  };
  std::vector<plot::Rule> rules;
  if (record.by_persistence) rules.push_back({"NP stops", record.by_persistence->epoch});
  if (record.by_validation) rules.push_back({"loss stops", record.by_validation->epoch});
  const auto chart = [&](const std::string& title, const std::string& axis,
                         const std::vector<Series>& all) {
    return Chart{title, {"epoch"}, {axis}, all, rules};
  };
  auto persistence = layers(&Check::np_layers);
  persistence.push_back(field("mean", &Check::np_mean));
  console::write_text(
      path,
      plot::render(
          {chart("Loss", "cross-entropy",
                 {field("training", &Check::training_loss),
                  field("validation", &Check::validation_loss)}),
           chart("Accuracy", "share of images", {field("validation", &Check::validation_accuracy)}),
           chart("Neural persistence", "normalised", persistence),
           chart("Deep graph persistence", "normalised",
                 {field("standardised, rescaled", &Check::dgp_standardized_rescaled),
                  field("standardised", &Check::dgp_standardized)}),
           chart("Weight variance", "of |w| / max |w|",
                 {field("network", &Check::weight_variance)}),
           chart("Spatial concentration", "Kendall's tau", layers(&Check::spatial_concentration))},
          2));
}

// What batch normalisation learns goes along as vectors: to the measures, only matrices are layers.
void write_checkpoint(const std::filesystem::path& folder, std::size_t epoch,
                      const perceptron::Network<float>& network) {
  std::vector<dgp::io::NamedTensor> tensors;
  for (std::size_t k = 0; k < network.layers.size(); ++k) {
    const auto& layer = network.layers[k];
    tensors.push_back(dgp::io::named_tensor(layer_name(k) + ".weight", layer.weights));
    tensors.push_back(dgp::io::named_tensor(layer_name(k) + ".bias", layer.bias));
  }
  for (std::size_t k = 0; k < network.moments.size(); ++k) {
    const std::string name = "norms." + std::to_string(k);
    tensors.push_back(dgp::io::named_tensor(name + ".weight", network.layers[k].scale));
    tensors.push_back(dgp::io::named_tensor(name + ".bias", network.layers[k].shift));
    tensors.push_back(dgp::io::named_tensor(name + ".running_mean", network.moments[k].mean));
    tensors.push_back(dgp::io::named_tensor(name + ".running_var", network.moments[k].variance));
  }
  dgp::io::write_safetensors(folder / ("checkpoint-" + std::to_string(epoch) + ".safetensors"),
                             tensors);
}

// Makes the folder, and clears it of an earlier run's files: those that this run does not come to
// write would pass for its own. A run that was killed may have left one half written.
void prepare_output(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error || !std::filesystem::is_directory(folder)) {
    throw std::runtime_error(folder.string() + ": cannot be made a folder");
  }
  const std::regex ours("(curves\\.(csv|svg)|checkpoint-[0-9]+\\.safetensors)(\\.partial)?");
  std::vector<std::filesystem::path> earlier;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (std::regex_match(entry.path().filename().string(), ours)) earlier.push_back(entry.path());
  }
  for (const auto& path : earlier) std::filesystem::remove(path);
  if (!earlier.empty()) {
    std::cout << folder.string() << " held " << counted(earlier.size(), "file")
              << " of an earlier run, which this one replaces\n";
  }
}

// A line for each epoch; on a terminal, below them one that is rewritten.
class Reporter {
 public:
  explicit Reporter(std::size_t epochs) : epochs_(epochs), progress_("training") {}

  void step(double epoch) {
    const auto now = Clock::now();
    if (now - last_ < std::chrono::milliseconds(100)) return;
    last_ = now;
    progress_.update(epoch / static_cast<double>(epochs_),
                     "epoch " + number("%.1f", epoch) + " of " + std::to_string(epochs_) + step_);
  }

  void check(const Check& check) {
    step_ = ", validation accuracy " + number("%.1f %%", 100 * check.validation_accuracy) +
            ", NP " + number("%.4f", check.np_mean);
  }

  void epoch(std::size_t epoch, const Check& check) {
    progress_.clear();
    std::cout << "epoch " << epoch << ": training loss " << number("%.4f", check.training_loss)
              << ", validation loss " << number("%.4f", check.validation_loss) << ", accuracy "
              << number("%.1f %%", 100 * check.validation_accuracy) << ", NP "
              << number("%.4f", check.np_mean);
    if (std::isfinite(check.dgp_standardized_rescaled)) {
      std::cout << ", DGP " << number("%.4f", check.dgp_standardized_rescaled);
    }
    std::cout << std::endl;  // whoever reads the pipe follows the training
  }

 private:
  using Clock = std::chrono::steady_clock;

  std::size_t epochs_;
  console::Progress progress_;
  Clock::time_point last_{};
  std::string step_;
};

// Trains the network, from the initial weights to the last epoch, an early stop or an interruption;
// the files of finished epochs are there whenever it ends.
Record train(perceptron::Network<float>& network, const Data& data, const Options& options) {
  const std::size_t images = data.training.size();
  // Batches of even size, so that none is too small to be normalised.
  const std::size_t steps = (images + options.batch - 1) / options.batch;
  const std::size_t checks = std::min(options.checks_per_epoch, steps);
  std::vector<std::size_t> order = data.training;
  Random shuffling(options.seed, 2);
  Random dropout(options.seed, 3);
  perceptron::Adam<float> adam(network.layers, options.learning_rate);
  auto gradient = perceptron::zeros_like(network.layers);
  dgp::EarlyStopping persistence_rule(options.rule);
  dgp::EarlyStopping validation_rule(options.rule);
  Reporter reporter(options.epochs);
  Record record;
  Times& times = record.times;

  const auto refuse_numbers = [](double epoch) {
    throw std::runtime_error("the training has come to numbers that are not finite in epoch " +
                             number("%.2f", epoch) + "; try a smaller --learning-rate");
  };
  const auto check_now = [&](double epoch, double training_loss) {
    Check check{epoch, training_loss, 0, 0, 0, {}, 0, 0, 0, {}};
    timed(times.evaluation, [&] {
      const auto score = score_of(network, data.pictures, data.validation, data.largest_pixel);
      check.validation_loss = score.loss;
      check.validation_accuracy = score.accuracy;
    });
    if (!std::isfinite(check.validation_loss)) refuse_numbers(epoch);
    measure(network, check, times);
    record.checks.push_back(check);
    reporter.check(check);
  };
  const auto consult = [&](dgp::EarlyStopping& rule, double value, std::optional<Stop>& stop) {
    if (stop || !rule.check(value).stop) return;
    const Check& check = record.checks.back();
    timed(times.evaluation, [&] {
      const auto score = score_of(network, data.tested(), data.test, data.largest_pixel);
      stop = {check.epoch, check.validation_accuracy, score.accuracy};
    });
  };
  const auto write_epoch = [&](std::size_t epoch) {
    write_checkpoint(options.output, epoch, network);
    write_csv(options.output / "curves.csv", record.checks);
    record.epochs = epoch;
  };

  check_now(0, undefined);
  write_epoch(0);
  for (std::size_t epoch = 0; epoch < options.epochs; ++epoch) {
    shuffling.shuffle(order);
    double loss = 0;
    std::size_t losses = 0;
    std::size_t checked = 0;
    for (std::size_t step = 0; step < steps; ++step) {
      if (interruption != 0) return record;
      timed(times.training, [&] {
        const std::size_t begin = step * images / steps;
        const std::size_t end = (step + 1) * images / steps;
        const auto [inputs, labels] =
            gathered(data.pictures, order.data() + begin, end - begin, data.largest_pixel);
        loss += perceptron::backpropagate(network, inputs, labels, dropout, gradient);
        ++losses;
        adam.update(network.layers, gradient);
      });
      const double done =
          static_cast<double>(epoch * steps + step + 1) / static_cast<double>(steps);
      const bool finite = std::isfinite(loss) &&
                          std::all_of(network.layers.begin(), network.layers.end(),
                                      [](const auto& layer) { return layer.weights.allFinite(); });
      if (!finite) refuse_numbers(done);
      reporter.step(done);
      if ((step + 1) * checks / steps == checked) continue;
      ++checked;
      check_now(done, loss / static_cast<double>(losses));
      loss = 0;
      losses = 0;
      const Check& check = record.checks.back();
      consult(persistence_rule, check.np_mean, record.by_persistence);
      consult(validation_rule, -check.validation_loss, record.by_validation);
      if (options.early_stopping && record.by_persistence && step + 1 < steps) {
        // Inside an epoch: its checkpoint shows the weights at the stop.
        write_epoch(epoch + 1);
        return record;
      }
    }
    write_epoch(epoch + 1);
    reporter.epoch(epoch + 1, record.checks.back());
    if (options.early_stopping && record.by_persistence) return record;
  }
  return record;
}

void print_stop(const std::string& rule, const std::optional<Stop>& stop, bool stopped) {
  std::cout << rule;
  if (stop) {
    std::cout << (stopped ? " stopped the training" : " would have stopped") << " at epoch "
              << number("%.2f", stop->epoch) << ": validation accuracy "
              << number("%.2f %%", 100 * stop->validation_accuracy) << ", test accuracy "
              << number("%.2f %%", 100 * stop->test_accuracy) << "\n";
  } else {
    std::cout << " would not have stopped by then\n";
  }
}

void print_times(const Times& times) {
  const auto share = [&](double seconds) {
    return number("%.2f s", seconds) + " (" +
           number("%.1f %%", times.training > 0 ? 100 * seconds / times.training : 0) +
           " of training)";
  };
  std::cout << "time: training " << number("%.2f s", times.training) << ", evaluation "
            << number("%.2f s", times.evaluation) << ", measures " << share(times.measures)
            << ", spatial concentration " << share(times.spatial_concentration) << "\n";
}

// Returns whether it was interrupted.
bool run(const Options& options) {
  watch_for_interruption();
  // One thread and set cache sizes: the order of additions, and so every bit, stays the same.
  Eigen::setNbThreads(1);
  Eigen::setCpuCacheSizes(32 << 10, 512 << 10, 4 << 20);
  const Data data = read_data(options);
  perceptron::Design design{{static_cast<Index>(data.pictures.pixels_per_image)},
                            options.activation,
                            options.dropout,
                            options.batch_norm};
  design.widths.insert(design.widths.end(), options.hidden.begin(), options.hidden.end());
  design.widths.push_back(data.classes);
  Random random(options.seed, 1);
  auto network = perceptron::initialized<float>(design, random);
  prepare_output(options.output);

  std::string widths;
  for (const Index width : design.widths) {
    widths.append(widths.empty() ? "" : "-").append(std::to_string(width));
  }
  std::cout << "a " << widths << " network, " << counted(data.training.size(), "image")
            << " to train, " << data.validation.size() << " to validate, " << data.test.size()
            << " to test" << std::endl;
  const Record record = train(network, data, options);
  write_csv(options.output / "curves.csv", record.checks);
  write_svg(options.output / "curves.svg", record);
  if (interruption != 0) {
    std::cout.flush();
    std::cerr << "dgp-train: interrupted after epoch " << record.epochs << " of " << options.epochs
              << "; " << options.output.string() << " holds what there is up to here\n";
    return true;
  }
  const auto score = score_of(network, data.tested(), data.test, data.largest_pixel);
  std::cout << "test accuracy " << number("%.2f %%", 100 * score.accuracy) << " at epoch "
            << number("%.2f", record.checks.back().epoch) << "\n";
  print_stop("neural persistence", record.by_persistence, options.early_stopping);
  print_stop("validation loss", record.by_validation, false);
  print_times(record.times);
  std::cout << options.output.string() << " holds curves.csv, curves.svg and "
            << counted(record.epochs + 1, "checkpoint") << "\n";
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  std::string output = options.output.string();
  std::string activation = "relu";
  constexpr std::size_t many = 1'000'000'000;
  const auto share = [](const std::string& text) -> std::string {
    const double value = console::value_of(text);
    if (value > 0 && value < 1) return {};
    return "'" + text + "' is no number between 0 and 1";
  };
  // Without its bounds in the help: only the lower ones mean anything, and they say themselves.
  const auto range = [](auto least, auto most) { return CLI::Range(least, most).description(""); };
  CLI::App app(
      "Trains a multilayer perceptron and records the topology of its weights on the way:\n"
      "neural persistence (NP), deep graph persistence (DGP), weight variance and spatial\n"
      "concentration. Says where a rule that only watches NP would have stopped the\n"
      "training, and where one that watches the validation loss would have.\n"
      "\n"
      "Without arguments a 64-64-32-10 network learns 1,797 handwritten digits of 8x8\n"
      "pixels, in a few seconds. --images and --labels take any IDX files of bytes: MNIST,\n"
      "Fashion-MNIST, EMNIST (gunzipped).",
      "dgp-train");
  app.footer(
      "Files in the output folder (an earlier run's are replaced):\n"
      "  curves.csv                   a row for each check, the first before any training\n"
      "  curves.svg                   the same as pictures\n"
      "  checkpoint-EPOCH.safetensors layers.K.weight (out x in) and layers.K.bias; 0 is the\n"
      "                               initial network; after an early stop, the last is not of a\n"
      "                               whole epoch\n"
      "\n"
      "Examples:\n"
      "  dgp-train --epochs 100 --early-stopping\n"
      "  dgp-train --images train-images-idx3-ubyte --labels train-labels-idx1-ubyte \\\n"
      "            --test-images t10k-images-idx3-ubyte --test-labels t10k-labels-idx1-ubyte \\\n"
      "            --hidden 100 100 --output mnist\n"
      "  dgp-inspect dgp-train-output/checkpoint-30.safetensors\n"
      "\n"
      "The same arguments give the same files, byte for byte. An interruption (Ctrl-C)\n"
      "leaves whole files.\n"
      "\n"
      "Exit code: 0, 1 for an error, 2 for wrong usage, 130 after Ctrl-C.");
  auto* images =
      app.add_option("--images", options.images, "Images to learn from")->type_name("FILE");
  auto* labels =
      app.add_option("--labels", options.labels, "Their labels, from 0")->type_name("FILE");
  images->needs(labels);
  labels->needs(images);
  auto* test_images =
      app.add_option("--test-images", options.test_images, "Images to test on")->type_name("FILE");
  auto* test_labels =
      app.add_option("--test-labels", options.test_labels, "Their labels")->type_name("FILE");
  test_images->needs(test_labels)->needs(images);
  test_labels->needs(test_images);
  app.add_option("--test-share", options.test_share,
                 "Share of the images kept for the test, without --test-images (default: 0.2)")
      ->type_name("SHARE")
      ->check(share)
      ->excludes(test_images);
  app.add_option("--validation-share", options.validation_share,
                 "Share of the others kept for validation (default: 0.1)")
      ->type_name("SHARE")
      ->check(share);
  app.add_option("--hidden", options.hidden,
                 "Neurons of each hidden layer (default: 64 32); the option without a number: no "
                 "hidden layer")
      ->type_name("N")
      ->expected(0, 100)
      ->check(range(1, 16384));
  app.add_option("--activation", activation, "relu (default), tanh or sigmoid")
      ->type_name("NAME")
      ->check([](const std::string& name) -> std::string {
        if (name == "relu" || name == "tanh" || name == "sigmoid") return {};
        return "'" + name + "' is none of relu, tanh, sigmoid";
      });
  app.add_option("--dropout", options.dropout,
                 "Share of hidden neurons left out in training (default: 0)")
      ->type_name("SHARE")
      ->check([](const std::string& text) -> std::string {
        const double value = console::value_of(text);
        if (value >= 0 && value < 1) return {};
        return "dropout must be at least 0 and below 1, not '" + text + "'";
      });
  app.add_flag("--batch-norm", options.batch_norm,
               "Batch normalisation of hidden layers; its parameters are no edges to the measures");
  app.add_option("--epochs", options.epochs, "Passes over the training images (default: 30)")
      ->type_name("N")
      ->check(range(std::size_t{1}, std::size_t{1'000'000}));
  app.add_option("--batch", options.batch,
                 "Images per step, at most: an epoch is cut evenly (default: 32)")
      ->type_name("N")
      ->check(range(std::size_t{1}, many));
  app.add_option("--learning-rate", options.learning_rate, "Of Adam (default: 0.001)")
      ->type_name("RATE")
      ->check([](const std::string& text) -> std::string {
        const double value = console::value_of(text);
        if (value > 0 && std::isfinite(value)) return {};
        return "the learning rate must be above 0, not '" + text + "'";
      });
  app.add_option("--seed", options.seed,
                 "Of the split, the initial weights and the order of images (default: 1)")
      ->type_name("N")
      ->check(console::whole_number);
  app.add_option("--checks-per-epoch", options.checks_per_epoch,
                 "How often to validate and measure, at most once a step (default: 4)")
      ->type_name("N")
      ->check(range(std::size_t{1}, many));
  app.add_flag("--early-stopping", options.early_stopping,
               "Stop when the mean NP of the layers no longer rises");
  app.add_option("--burn-in", options.rule.burn_in,
                 "Checks before either rule may count (default: 10)")
      ->type_name("N")
      ->check(range(std::size_t{0}, many));
  app.add_option("--patience", options.rule.patience,
                 "Checks without a rise of NP, or a fall of the loss, until the stop (default: 4)")
      ->type_name("N")
      ->check(range(std::size_t{1}, many));
  app.add_option("--delta", options.rule.delta, "A change must exceed this to count (default: 0)")
      ->type_name("CHANGE")
      ->check([](const std::string& text) -> std::string {
        const double value = console::value_of(text);
        if (value >= 0 && std::isfinite(value)) return {};
        return "delta must be at least 0, not '" + text + "'";
      });
  app.add_option("--output", output, "Folder for the files (default: dgp-train-output)")
      ->type_name("DIR")
      ->check([](const std::string& text) -> std::string {
        return text.empty() ? "the output folder needs a name" : "";
      });
  app.parse_complete_callback([&] {
    // To the parser, no number at all is a zero.
    options.hidden.erase(std::remove(options.hidden.begin(), options.hidden.end(), Index{0}),
                         options.hidden.end());
    // Smaller batches could leave a single image in one, which has no variance.
    if (options.batch_norm && options.batch < 3) {
      throw CLI::ValidationError("--batch-norm", "needs a --batch of at least 3");
    }
  });

  bool interrupted = false;
  const int code = console::run(app, argc, argv, [&] {
    options.output = output;
    options.activation = activation == "tanh"      ? perceptron::Activation::tanh
                         : activation == "sigmoid" ? perceptron::Activation::sigmoid
                                                   : perceptron::Activation::relu;
    interrupted = run(options);
  });
  return code == 0 && interrupted ? 128 + interruption : code;
}
