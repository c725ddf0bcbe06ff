// dgp-inspect: the neural persistence and deep graph persistence of a checkpoint.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <dgp/dgp.hpp>
#include <dgp/io/tensor_info.hpp>

#include "checkpoint.hpp"
#include "console.hpp"
#include "plot/persistence_chart.hpp"
#include "plot/svg.hpp"
#include "words.hpp"

namespace {

using console::number;

struct Options {
  std::string model = DGP_EXAMPLE_DATA "/digits_64-32-16-10.safetensors";
  std::string layers;
  double p = 2;
  dgp::EssentialClass essential = dgp::EssentialClass::dies_at_zero;
  bool deaths = false;
  bool analysis = false;
  std::string picture;  // file for the diagrams; empty: none
};

// One measure of one graph. `total` and `deaths` are left out where the contract has none.
struct Figures {
  double total;
  double normalized;
  std::vector<double> deaths;
};

struct LayerFigures {
  std::string name;
  dgp::Index rows;
  dgp::Index cols;
  Figures persistence;
  double weight_variance;
  double spatial_concentration;  // with --analysis
};

struct DeepGraphFigures {
  Figures standardized_rescaled;
  Figures standardized;
};

struct Report {
  std::vector<LayerFigures> layers;
  std::vector<dgp::io::TensorInfo> not_measured;
  double mean_normalized;
  double sum;
  std::optional<DeepGraphFigures> standardized;  // nothing where the measure is not defined …
  std::optional<Figures> raw;
  std::string reason;  // … for this reason
  double weight_variance;
};

template <class Scalar>
Figures figures(const dgp::Persistence<Scalar>& persistence) {
  Figures result{persistence.total, persistence.normalized, {}};
  for (const auto& pair : persistence.diagram.pairs) {
    result.deaths.push_back(static_cast<double>(pair.death));
  }
  return result;
}

template <class Scalar, class File>
Report measure(File& file, const std::vector<dgp::io::TensorInfo>& tensors,
               const Options& options) {
  console::Progress progress(file.path().filename().string());
  std::vector<dgp::NamedLayer<dgp::RowMajorMatrix<Scalar>>> layers;
  std::uint64_t bytes = 0;
  std::uint64_t bytes_read = 0;
  for (const auto& tensor : tensors) bytes += tensor.end - tensor.begin;
  for (const auto& tensor : tensors) {
    layers.push_back({tensor.name, file.template read_matrix<Scalar>(tensor)});
    bytes_read += tensor.end - tensor.begin;
    progress.update(
        static_cast<double>(bytes_read) / static_cast<double>(std::max<std::uint64_t>(bytes, 1)),
        "reading " + tensor.name);
  }

  Report report;
  progress.update(0, "neural persistence");
  const auto np = dgp::neural_persistence(layers, {.p = options.p, .essential = options.essential});
  const auto variance = dgp::weight_variance(layers);
  report.mean_normalized = np.mean_normalized;
  report.sum = np.sum;
  report.weight_variance = variance.network;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    report.layers.push_back({layers[k].name, layers[k].weights.rows(), layers[k].weights.cols(),
                             figures(np.layers[k]), variance.layers[k], 0});
  }
  if (options.analysis) {
    for (std::size_t k = 0; k < layers.size(); ++k) {
      progress.update(0, "spatial concentration of " + layers[k].name);
      report.layers[k].spatial_concentration = dgp::spatial_concentration(layers[k]);
    }
  }

  const auto deep_graph = [&](dgp::Normalization normalization, bool rescale) {
    return figures(dgp::deep_graph_persistence(layers, {.p = options.p,
                                                        .essential = options.essential,
                                                        .normalization = normalization,
                                                        .rescale = rescale}));
  };
  try {
    progress.update(0, "deep graph persistence, raw");
    report.raw = deep_graph(dgp::Normalization::none, true);
    progress.update(0, "deep graph persistence, standardised");
    report.standardized = {deep_graph(dgp::Normalization::standardized, true),
                           deep_graph(dgp::Normalization::standardized, false)};
  } catch (const std::invalid_argument& undefined) {
    report.reason = undefined.what();
  } catch (const std::domain_error& undefined) {
    report.reason = undefined.what();
  }
  return report;
}

nlohmann::ordered_json order_of_norm(double p) {
  if (std::isinf(p)) return "inf";
  return p;
}

const char* name_of(dgp::EssentialClass essential) {
  return essential == dgp::EssentialClass::dies_at_zero ? "dies-at-zero" : "omitted";
}

void print_json(const Report& report, const Options& options) {
  using nlohmann::ordered_json;
  const auto graph = [&](const Figures& measured, bool with_total) {
    ordered_json entry;
    if (with_total) entry["total"] = measured.total;
    entry["normalized"] = measured.normalized;
    if (options.deaths) entry["deaths"] = measured.deaths;
    return entry;
  };
  // Not a number where all weights of a layer are alike.
  const auto or_null = [](double value) {
    return std::isnan(value) ? ordered_json(nullptr) : ordered_json(value);
  };
  ordered_json json;
  json["file"] = options.model;
  json["p"] = order_of_norm(options.p);
  json["essential_class"] = name_of(options.essential);
  json["layers"] = ordered_json::array();
  for (const auto& layer : report.layers) {
    ordered_json entry;
    entry["name"] = layer.name;
    entry["rows"] = layer.rows;
    entry["cols"] = layer.cols;
    entry.update(graph(layer.persistence, true));
    entry["weight_variance"] = layer.weight_variance;
    if (options.analysis) entry["spatial_concentration"] = or_null(layer.spatial_concentration);
    json["layers"].push_back(entry);
  }
  json["not_measured"] = checkpoint::names_of(report.not_measured);
  json["neural_persistence"]["mean_normalized"] = report.mean_normalized;
  json["neural_persistence"]["sum"] = report.sum;
  if (report.standardized) {
    ordered_json& deep = json["deep_graph_persistence"];
    deep["standardized_rescaled"] = graph(report.standardized->standardized_rescaled, true);
    deep["standardized"] = graph(report.standardized->standardized, true);
    deep["raw"] = graph(*report.raw, false);
  } else {
    json["deep_graph_persistence"] = nullptr;
    json["reason"] = report.reason;
    // A constant layer cannot be standardised, but its raw path strengths are defined.
    if (report.raw) json["deep_graph_persistence_raw"] = graph(*report.raw, false);
  }
  json["weight_variance"] = report.weight_variance;
  std::cout << json.dump(2, ' ', false, ordered_json::error_handler_t::replace) << "\n";
}

std::string joined(const std::vector<double>& values, const char* format) {
  std::string text;
  for (const double value : values) text += (text.empty() ? "" : " ") + number(format, value);
  return text;
}

// One row for each layer, one for the network, one for each variant of deep graph persistence; an
// empty field where a measure has no such figure.
void print_csv(const Report& report, const Options& options) {
  const auto quoted = [](const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string field = "\"";
    for (const char c : text) field += c == '"' ? "\"\"" : std::string(1, c);
    return field + "\"";
  };
  const auto exact = [](double value) { return number("%.17g", value); };
  const auto row = [&](const std::vector<std::string>& fields, const std::vector<double>& deaths,
                       const std::string& concentration = "") {
    for (std::size_t i = 0; i < fields.size(); ++i) std::cout << (i == 0 ? "" : ",") << fields[i];
    if (options.analysis) std::cout << "," << concentration;
    if (options.deaths) std::cout << "," << joined(deaths, "%.17g");
    std::cout << "\n";
  };
  const auto deep_graph = [&](const std::string& variant, const Figures& measured, bool total) {
    row({"deep_graph_persistence_" + variant, "", "", "", total ? exact(measured.total) : "",
         exact(measured.normalized), ""},
        measured.deaths);
  };

  std::cout << "measure,layer,rows,cols,total,normalized,weight_variance"
            << (options.analysis ? ",spatial_concentration" : "")
            << (options.deaths ? ",deaths\n" : "\n");
  for (const auto& layer : report.layers) {
    row({"neural_persistence", quoted(layer.name), std::to_string(layer.rows),
         std::to_string(layer.cols), exact(layer.persistence.total),
         exact(layer.persistence.normalized), exact(layer.weight_variance)},
        layer.persistence.deaths,
        std::isnan(layer.spatial_concentration) ? "" : exact(layer.spatial_concentration));
  }
  row({"network_neural_persistence", "", "", "", exact(report.sum), exact(report.mean_normalized),
       exact(report.weight_variance)},
      {});
  if (report.standardized) {
    deep_graph("standardized_rescaled", report.standardized->standardized_rescaled, true);
    deep_graph("standardized", report.standardized->standardized, true);
  }
  if (report.raw) deep_graph("raw", *report.raw, false);
}

void print_table(const Report& report, const Options& options) {
  using Row = std::vector<std::string>;
  const auto cell = [](double value) { return number("%.6f", value); };
  std::vector<Row> rows{{"neural persistence", "out x in", "total", "normalized", "variance"}};
  if (options.analysis) rows.front().push_back("concentration");
  std::vector<const Figures*> measured{nullptr};
  const auto add = [&](const std::string& name, const std::string& shape, const std::string& total,
                       const std::string& normalized, const std::string& variance,
                       const Figures* figures, const std::string& concentration = "") {
    rows.push_back({name, shape, total, normalized, variance});
    if (options.analysis) rows.back().push_back(concentration);
    measured.push_back(figures);
  };
  for (const auto& layer : report.layers) {
    add("  " + words::one_line(layer.name), words::shape(layer.rows, layer.cols),
        cell(layer.persistence.total), cell(layer.persistence.normalized),
        cell(layer.weight_variance), &layer.persistence, cell(layer.spatial_concentration));
  }
  add("  network (sum, mean)", "", cell(report.sum), cell(report.mean_normalized),
      cell(report.weight_variance), nullptr);
  if (report.raw) add("deep graph persistence", "", "", "", "", nullptr);
  if (report.standardized) {
    const auto& [rescaled, plain] = *report.standardized;
    add("  standardised, rescaled", "", cell(rescaled.total), cell(rescaled.normalized), "",
        &rescaled);
    add("  standardised", "", cell(plain.total), cell(plain.normalized), "", &plain);
  }
  if (report.raw) add("  raw", "", "", cell(report.raw->normalized), "", &*report.raw);

  std::cout << words::one_line(options.model) << "\n\n";
  console::print_rows(rows, [&](std::size_t r) {
    if (options.deaths && measured[r] != nullptr) {
      std::cout << "    deaths: " << joined(measured[r]->deaths, "%.6g") << "\n";
    }
  });
  std::cout << checkpoint::not_measured_note(report.not_measured);
  if (!report.standardized) {
    std::cout << "\nNo " << (report.raw ? "standardised " : "")
              << "deep graph persistence: " << report.reason << "\n";
  }
  std::cout << "\np = " << number("%g", options.p) << ", the essential class "
            << (options.essential == dgp::EssentialClass::dies_at_zero ? "dies at zero"
                                                                       : "is omitted")
            << ". Variance is that of |w| / max |w|, the max over all layers shown:\n"
               "neural persistence mostly tracks it, so compare networks only with both in view.\n";
  if (options.analysis) {
    std::cout
        << "Concentration tells how far large weights gather in few rows and columns: 0 for\n"
           "weights in random places of a large layer, 1 where they are sorted along it, as those\n"
           "of a single row or column always are.\n";
  }
  if (!options.picture.empty()) std::cout << "The diagrams are in " << options.picture << ".\n";
}

plot::NamedDiagram<double> named_diagram(const std::string& name, const Figures& measured) {
  dgp::PersistenceDiagram<double> diagram;
  for (const double death : measured.deaths) diagram.pairs.push_back({1, death});
  return {name, diagram};
}

void write_picture(const Report& report, const Options& options) {
  std::vector<plot::NamedDiagram<double>> layers;
  for (const auto& layer : report.layers) {
    layers.push_back(named_diagram(layer.name, layer.persistence));
  }
  std::vector<plot::Chart> charts{plot::persistence_chart(layers, "Neural persistence")};
  std::vector<plot::NamedDiagram<double>> deep;
  if (report.standardized) {
    deep.push_back(
        named_diagram("standardised, rescaled", report.standardized->standardized_rescaled));
    deep.push_back(named_diagram("standardised", report.standardized->standardized));
  }
  if (report.raw) deep.push_back(named_diagram("raw", *report.raw));
  if (!deep.empty()) {
    charts.push_back(plot::persistence_chart(deep, "Deep graph persistence"));
  }
  console::write_text(options.picture, plot::render(charts));
}

Report inspect(const Options& options) {
  return checkpoint::open(options.model, [&](auto file) {
    auto [layers, not_measured] = checkpoint::select(file, options.layers);
    const bool wide = std::any_of(layers.begin(), layers.end(), [](const auto& tensor) {
      return tensor.type == "F64" || tensor.type == "<f8" || tensor.type == ">f8";
    });
    Report report =
        wide ? measure<double>(file, layers, options) : measure<float>(file, layers, options);
    report.not_measured = std::move(not_measured);
    return report;
  });
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  std::string essential = "dies-at-zero";
  std::string format = "table";
  const auto one_of = [](const std::vector<std::string>& names) {
    return [names](const std::string& text) -> std::string {
      if (std::find(names.begin(), names.end(), text) != names.end()) return {};
      std::string list;
      for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
      return "'" + text + "' is none of " + list;
    };
  };
  CLI::App app(
      "Measures the topology of a trained network: the neural persistence of each layer\n"
      "and of the network, its deep graph persistence, and the variance of its weights.\n"
      "\n"
      "MODEL is a checkpoint: a safetensors file, or a NumPy .npz archive or .npy array. Its\n"
      "layers are the 2-D tensors, each (fan_out x fan_in), in natural order of their names:\n"
      "F16, BF16, F32 and F64 in safetensors; f2, f4, f8, integers and bool in NumPy's files.\n"
      "Without MODEL, a small network trained on handwritten digits is shown. Weights stored\n"
      "as F64 or f8 are measured in double precision, all others in single precision.",
      "dgp-inspect");
  app.footer(
      "Examples:\n"
      "  dgp-inspect model.safetensors\n"
      "  dgp-inspect model.safetensors --layers 'mlp.*weight' --format json --deaths\n"
      "\n"
      "Deep graph persistence needs layers that chain: the fan-in of each is the fan-out of\n"
      "the one before. Where they do not, or where a layer is constant and cannot be\n"
      "standardised, it is null in JSON, with the reason beside it.\n"
      "\n"
      "Exit code: 0, 1 for an error, 2 for wrong usage.");
  app.add_option("MODEL", options.model, "Checkpoint: .safetensors, .npz or .npy");
  checkpoint::add_layers(app, options.layers);
  app.add_option("--p", options.p, "Order of the norm, at least 1; inf is allowed (default: 2)")
      ->type_name("P")
      ->check([](const std::string& text) -> std::string {
        const double p = console::value_of(text);
        if (p >= 1) return {};
        return "p must be a number of at least 1, not '" + text + "'";
      });
  app.add_option("--essential", essential,
                 "The class that never dies: dies-at-zero (as in the papers, the default) or\n"
                 "omitted")
      ->type_name("CONVENTION")
      ->check(one_of({"dies-at-zero", "omitted"}));
  app.add_option("--format", format, "table (default), json or csv")
      ->type_name("FORMAT")
      ->check(one_of({"table", "json", "csv"}));
  app.add_flag("--deaths", options.deaths,
               "Show each graph's deaths, descending, without the essential class");
  app.add_flag("--analysis", options.analysis,
               "Show each layer's spatial concentration too (it takes a sort of all weights)");
  app.add_option("--svg", options.picture, "Draw the persistence diagrams to this file")
      ->type_name("FILE");
  console::add_threads(app);

  return console::run(app, argc, argv, [&] {
    if (essential == "omitted") options.essential = dgp::EssentialClass::omitted;
    const Report report = inspect(options);
    if (!options.picture.empty()) write_picture(report, options);
    if (format == "json") return print_json(report, options);
    if (format == "csv") return print_csv(report, options);
    return print_table(report, options);
  });
}
