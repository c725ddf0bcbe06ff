// dgp-distributed: what dgp-inspect measures of a checkpoint, by several processes on one machine
// or many.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <streambuf>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <dgp/blocked_network.hpp>
#include <dgp/io/stored_layers.hpp>

#include "../checkpoint.hpp"
#include "../console.hpp"
#include "../inspect/blocked_report.hpp"
#include "../inspect/csv.hpp"
#include "../inspect/json.hpp"
#include "../inspect/options.hpp"
#include "../inspect/report.hpp"
#include "../inspect/table.hpp"
#include "processes.hpp"
#include "shared_layers.hpp"

namespace {

using distributed::Processes;

// A checkpoint that is open, and what to measure of it.
struct Opened {
  dgp::io::CheckpointFile file;
  checkpoint::Selection selection;
  bool in_double;
};

Opened open(const checkpoint::Model& model, const inspect::Options& options) {
  auto file = checkpoint::open(model);
  auto selection = checkpoint::select(file, options.choice);
  const std::string path = words::one_line(model.name);
  for (const auto& [tensor, transposed] : selection.layers) {
    if (transposed || !file.stored_rows(tensor)) {
      throw std::runtime_error(path + ": tensor '" + words::one_line(tensor.name) +
                               "' does not lie row by row in the file, as those of safetensors, "
                               "PyTorch's and .npy files do" +
                               (transposed ? " without --transpose" : "") +
                               "; dgp-inspect measures it in memory");
    }
  }
  const bool in_double = std::any_of(
      selection.layers.begin(), selection.layers.end(),
      [](const auto& layer) { return layer.tensor.floating_point_bytes == sizeof(double); });
  return {std::move(file), std::move(selection), in_double};
}

template <class Scalar>
inspect::Report measure(const Opened& opened, const inspect::Options& options, Processes& processes,
                        console::Progress* progress) {
  inspect::Report report = inspect::report_of(opened.selection);
  std::vector<dgp::io::TensorInfo> tensors;
  double bytes = 0;
  for (const auto& layer : opened.selection.layers) {
    tensors.push_back(layer.tensor);
    bytes += static_cast<double>(layer.tensor.end - layer.tensor.begin);
  }
  // This process's part of about four reads.
  const double all = 4 * bytes / processes.count();
  const auto start = std::chrono::steady_clock::now();
  double read = 0;
  const auto on_block = [&](std::size_t k, std::uint64_t block_bytes) {
    read += static_cast<double>(block_bytes);
    if (progress == nullptr) return;
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    progress->update(std::min(0.999, read / all),
                     console::number("%.2f GB/s by each process, ", read / 1e9 / time.count()) +
                         tensors[k].name);
  };
  distributed::SharedLayers<Scalar> layers(
      dgp::io::StoredLayers<Scalar>(opened.file, tensors, {.on_block = on_block}), processes);
  const auto summaries = dgp::summaries_of_layers(layers);
  layers.work(distributed::Together::on_each_layer);
  inspect::add_blocked_figures(layers, summaries, options, report);
  return report;
}

// What a process prints that does not speak for all goes nowhere.
class Silence {
 public:
  explicit Silence(bool silent) {
    if (!silent) return;
    out_ = std::cout.rdbuf(&nowhere_);
    err_ = std::cerr.rdbuf(&nowhere_);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
  ~Silence() {
    speak_of_errors();
    if (out_ != nullptr) std::cout.rdbuf(out_);
  }
  void speak_of_errors() {
    if (err_ != nullptr) std::cerr.rdbuf(err_);
  }

 private:
  struct Nowhere : std::streambuf {
    int overflow(int c) override { return c == EOF ? 0 : c; }
  };
  Nowhere nowhere_;
  std::streambuf* out_ = nullptr;
  std::streambuf* err_ = nullptr;
};

}  // namespace

int main(int argc, char** argv) {
  Processes processes(argc, argv);
  const bool speaks = processes.rank() == 0;
  Silence silence(!speaks);

  inspect::Options options;
  options.files.clear();
  std::string essential = "dies-at-zero";
  bool traffic = false;
  CLI::App app(
      "Measures the topology of a checkpoint as dgp-inspect does, by all processes that MPI "
      "starts:\n"
      "each reads its part of the rows, and they exchange sums, strengths and forests. The "
      "figures\n"
      "do not depend on how many they are.\n"
      "\n"
      "MODEL is a checkpoint in safetensors, in one file or in parts, or a .npy array, that all\n"
      "processes can open. Weights are read block by block and need not fit any memory.",
      "dgp-distributed");
  app.footer(
      "Examples:\n"
      "  mpirun -n 4 dgp-distributed model-*.safetensors\n"
      "  srun --nodes 64 --ntasks-per-node 1 dgp-distributed /shared/model.safetensors.index.json\n"
      "\n"
      "Exit code: 0, 1 for an error, 2 for wrong usage.");
  app.add_option("MODEL", options.files, "One model: .safetensors, its parts or index, or .npy")
      ->required();
  checkpoint::add_choice(app, options.choice);
  app.add_option("--p", options.p, "Order of the norm, at least 1; inf is allowed (default: 2)")
      ->type_name("P")
      ->check(console::order_of_norm);
  app.add_option("--essential", essential,
                 "The class that never dies: dies-at-zero (as in the papers, the default) or\n"
                 "omitted")
      ->type_name("CONVENTION")
      ->check(CLI::IsMember({"dies-at-zero", "omitted"}));
  app.add_option("--format", options.format, "table (default), json or csv")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json", "csv"}));
  app.add_flag("--deaths", options.deaths,
               "Show each graph's deaths, descending, without the essential class");
  app.add_flag("--traffic", traffic,
               "Tell on stderr how often the processes have met, with how many bytes each");
  console::add_threads(app);

  return console::run(app, argc, argv, [&] {
    if (essential == "omitted") options.essential = dgp::EssentialClass::omitted;
    const auto models = checkpoint::models_of(options.files);
    // A file that some process cannot open ends all, with the first one's message.
    std::optional<Opened> opened;
    std::string refused;
    if (models.size() > 1) {
      refused = "one model at a time, not " + std::to_string(models.size());
    } else {
      try {
        opened.emplace(open(models.front(), options));
      } catch (const std::exception& error) {
        refused = error.what();
      }
    }
    const int at_fault = processes.lowest_where(!refused.empty());
    if (at_fault < processes.count()) {
      if (at_fault == processes.rank()) silence.speak_of_errors();
      const std::string rank = at_fault > 0 ? "process " + std::to_string(at_fault) + ": " : "";
      throw std::runtime_error(rank + refused);
    }
    try {
      std::optional<console::Progress> progress;
      if (speaks) progress.emplace("dgp-distributed");
      auto report =
          opened->in_double
              ? measure<double>(*opened, options, processes, progress ? &*progress : nullptr)
              : measure<float>(*opened, options, processes, progress ? &*progress : nullptr);
      progress.reset();
      report.file = models.front().name;
      if (options.format == "json") inspect::print_json({report}, options);
      if (options.format == "csv") inspect::print_csv({report}, options);
      if (options.format == "table") inspect::print_table({report}, options);
      if (traffic) {
        std::cerr << "dgp-distributed: " << processes.count() << " processes met "
                  << processes.traffic().meetings << " times, with " << processes.traffic().bytes
                  << " bytes each\n";
      }
    } catch (const std::exception& error) {
      // The others wait for this one: nothing but their end helps.
      silence.speak_of_errors();
      const bool of_weights = dynamic_cast<const std::logic_error*>(&error) != nullptr;
      console::complain(app, "process " + std::to_string(processes.rank()) + ": " +
                                 (of_weights ? words::one_line(models.front().name) + ": " : "") +
                                 error.what());
      Processes::abort();
    }
  });
}
