// Reports to read: of one file a table of layers and variants; of several a row each, with their
// layers below it while these fit a screen.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "../checkpoint.hpp"
#include "../console.hpp"
#include "../layer_order.hpp"
#include "../words.hpp"
#include "figures.hpp"
#include "options.hpp"
#include "paths.hpp"

namespace inspect {

using console::number;

// Rows of text, and what each shows: nothing where there is no diagram.
struct Table {
  std::vector<std::vector<std::string>> rows;
  std::vector<const Figures*> measured;

  void add(std::vector<std::string> row, const Figures* figures) {
    rows.push_back(std::move(row));
    measured.push_back(figures);
  }

  void print(bool deaths) const {
    console::print_rows(rows, [&](std::size_t r) {
      if (deaths && measured[r] != nullptr) {
        std::cout << "    deaths: " << console::joined(measured[r]->deaths, "%.6g") << "\n";
      }
    });
  }
};

inline std::string cell(double value) { return number("%.6f", value); }

// The columns that are shown where they are asked for: of a layer, or their headings.
inline void add_wanted(std::vector<std::string>& row, const Options& options,
                       const LayerFigures* layer) {
  if (options.analysis) {
    row.push_back(layer == nullptr ? "concentration" : cell(layer->spatial_concentration));
  }
  if (!options.rounds) return;
  if (layer == nullptr) {
    row.insert(row.end(), {"shuffled", "excess", "p-value"});
  } else if (!layer->shuffled) {
    row.insert(row.end(), {"-", "-", "-"});
  } else {
    const auto& shuffled = *layer->shuffled;
    row.push_back(cell(shuffled.mean));
    const bool drawn = shuffled.rounds > 0;
    row.push_back(drawn ? number("%.2f", shuffled.z_score) : "-");
    row.push_back(drawn ? number("%.4f", shuffled.p_value) : "-");
  }
}

inline std::string shape_of(const LayerFigures& layer) {
  return layer.kernel.empty() ? words::shape(layer.rows, layer.cols) : words::shape(layer.kernel);
}

// Layers whose names differ in their numbers only, and whose weights are of one shape.
struct LayerGroup {
  std::string name;  // with * for the numbers that differ
  std::string shape;
  std::vector<const LayerFigures*> layers;
};

// A name with * for each of its numbers.
inline std::string with_stars(const std::string& name) {
  std::string text;
  for (const char c : name) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit || text.empty() || text.back() != '*') text += digit ? '*' : c;
  }
  return text;
}

// In the order of their first layers.
inline std::vector<LayerGroup> grouped(const std::vector<LayerFigures>& layers) {
  std::vector<LayerGroup> groups;
  std::map<std::pair<std::string, std::string>, std::size_t> places;
  for (const auto& layer : layers) {
    const auto [place, is_new] =
        places.emplace(std::pair(with_stars(layer.name), shape_of(layer)), groups.size());
    if (is_new) groups.push_back({place->first.first, place->first.second, {}});
    groups[place->second].layers.push_back(&layer);
  }
  return groups;
}

// So many rows are read, of more their beginning and end.
inline constexpr std::size_t rows_to_read = 60;

// A row for each group of layers; what is in them, in means and ranges.
inline void print_groups(const Report& report, const Options& options) {
  std::vector<std::vector<std::string>> rows{
      {"neural persistence, normalized", "layers", "weights", "mean", "least", "most", "variance"}};
  if (options.analysis) rows.front().push_back("concentration");
  if (options.rounds) rows.front().push_back("excess");
  const auto groups = grouped(report.layers);
  const auto mean = [](const LayerGroup& group, const auto& figure) {
    double sum = 0;
    for (const auto* layer : group.layers) sum += figure(*layer);
    return sum / static_cast<double>(group.layers.size());
  };
  const auto normalized = [](const LayerFigures& layer) { return layer.persistence.normalized; };
  const auto add = [&](const LayerGroup& group) {
    const auto [least, most] = std::minmax_element(
        group.layers.begin(), group.layers.end(),
        [&](const auto* a, const auto* b) { return normalized(*a) < normalized(*b); });
    const bool single = group.layers.size() == 1;
    rows.push_back(
        {"  " + words::one_line(single ? group.layers.front()->name : group.name),
         std::to_string(group.layers.size()), group.shape, cell(mean(group, normalized)),
         single ? "" : cell(normalized(**least)), single ? "" : cell(normalized(**most)),
         cell(mean(group, [](const LayerFigures& layer) { return layer.weight_variance; }))});
    if (options.analysis) {
      rows.back().push_back(
          cell(mean(group, [](const LayerFigures& layer) { return layer.spatial_concentration; })));
    }
    if (options.rounds) {
      const bool all = std::all_of(group.layers.begin(), group.layers.end(),
                                   [](const auto* layer) { return layer->shuffled.has_value(); });
      const auto excess = [](const LayerFigures& layer) { return layer.shuffled->z_score; };
      rows.back().push_back(all ? number("%.2f", mean(group, excess)) : "-");
    }
  };
  constexpr std::size_t at_end = 10;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (groups.size() > rows_to_read && i == rows_to_read - at_end) {
      i = groups.size() - at_end;
      rows.push_back(std::vector<std::string>(rows.front().size()));
      rows.back().front() = "  … " + std::to_string(groups.size() - rows_to_read) + " more rows …";
    }
    add(groups[i]);
  }
  rows.push_back({"  network", std::to_string(report.layers.size()), "",
                  cell(report.mean_normalized), "", "", cell(report.weight_variance)});
  rows.back().resize(rows.front().size());
  std::cout << words::one_line(report.file) << "\n\n";
  console::print_rows(rows);
  std::cout
      << "\nLayers whose names differ in numbers only share a row; --format csv has a row for "
         "each.\n";
}

// The variants of deep graph persistence in a table of their own.
inline void print_deep(const Report& report) {
  std::vector<std::vector<std::string>> rows{{"deep graph persistence", "total", "normalized"}};
  if (report.standardized) {
    const auto& [rescaled, plain] = *report.standardized;
    rows.push_back({"  standardised, rescaled", cell(rescaled.total), cell(rescaled.normalized)});
    rows.push_back({"  standardised", cell(plain.total), cell(plain.normalized)});
  }
  if (report.raw) rows.push_back({"  raw", "", cell(report.raw->normalized)});
  if (rows.size() == 1) return;
  std::cout << "\n";
  console::print_rows(rows);
}

inline bool is_grouped(const Report& report, const Options& options) {
  return report.layers.size() > rows_to_read && !options.deaths;
}

inline void print_one(const Report& report, const Options& options) {
  if (is_grouped(report, options)) {
    print_groups(report, options);
    return print_deep(report);
  }
  Table table;
  const auto add = [&](std::vector<std::string> row, const Figures* figures) {
    if (!table.rows.empty()) row.resize(table.rows.front().size());
    table.add(std::move(row), figures);
  };
  const auto shapes = shapes_of(report);
  std::vector<std::string> headings{"neural persistence",
                                    layer_order::has_kernel(shapes) ? "weights" : "out x in",
                                    "total", "normalized", "variance"};
  add_wanted(headings, options, nullptr);
  add(headings, nullptr);
  for (const auto& layer : report.layers) {
    std::vector<std::string> row{"  " + words::one_line(layer.name), shape_of(layer),
                                 cell(layer.persistence.total), cell(layer.persistence.normalized),
                                 cell(layer.weight_variance)};
    add_wanted(row, options, &layer);
    add(std::move(row), &layer.persistence);
  }
  add({"  network (sum, mean)", "", cell(report.sum), cell(report.mean_normalized),
       cell(report.weight_variance)},
      nullptr);
  if (report.raw || report.standardized) {
    add({"deep graph persistence", "", "", "", ""}, nullptr);
  }
  if (report.standardized) {
    const auto& [rescaled, plain] = *report.standardized;
    add({"  standardised, rescaled", "", cell(rescaled.total), cell(rescaled.normalized), ""},
        &rescaled);
    add({"  standardised", "", cell(plain.total), cell(plain.normalized), ""}, &plain);
  }
  if (report.raw) add({"  raw", "", "", cell(report.raw->normalized), ""}, &*report.raw);

  std::cout << words::one_line(report.file) << "\n\n";
  table.print(options.deaths);
}

// Whether layers have rows of their own below their file's.
inline bool shows_layers(const std::vector<Report>& reports, const Options& options) {
  constexpr std::size_t rows_of_a_screen = 50;
  std::size_t rows = 0;
  for (const auto& report : reports) rows += 1 + report.layers.size();
  return options.deaths || rows <= rows_of_a_screen;
}

inline void print_several(const std::vector<Report>& reports, const Options& options) {
  const bool with_layers = shows_layers(reports, options);
  Table table;
  const auto add = [&](std::vector<std::string> row, const Figures* figures) {
    if (!table.rows.empty()) row.resize(table.rows.front().size());
    table.add(std::move(row), figures);
  };
  std::vector<std::string> headings{"file",     "out x in", "NP total",   "NP",
                                    "variance", "DGP",      "DGP, plain", "DGP, raw"};
  if (with_layers) add_wanted(headings, options, nullptr);
  add(headings, nullptr);
  for (const auto& report : reports) {
    const auto& deep = report.standardized;
    const std::size_t layers = report.layers.size();
    add({words::one_line(report.file),
         std::to_string(layers) + (layers == 1 ? " layer" : " layers"), cell(report.sum),
         cell(report.mean_normalized), cell(report.weight_variance),
         deep ? cell(deep->standardized_rescaled.normalized) : "-",
         deep ? cell(deep->standardized.normalized) : "-",
         report.raw ? cell(report.raw->normalized) : "-"},
        nullptr);
    if (!with_layers) continue;
    for (const auto& layer : report.layers) {
      std::vector<std::string> row{"  " + words::one_line(layer.name),
                                   shape_of(layer),
                                   cell(layer.persistence.total),
                                   cell(layer.persistence.normalized),
                                   cell(layer.weight_variance),
                                   "",
                                   "",
                                   ""};
      add_wanted(row, options, &layer);
      add(std::move(row), &layer.persistence);
    }
  }
  table.print(options.deaths);
  std::cout
      << "\nNP is neural persistence, of a file the sum of its layers' and the mean of their\n"
         "normalised ones. DGP is deep graph persistence, normalised: standardised and\n"
         "rescaled, standardised only, and raw.\n";
}

inline std::string graph_note(const Report& report) {
  double edges = 0;
  for (const auto& layer : report.layers) edges += layer.edges;
  return "The graph is that of the model: " + words::counted(static_cast<double>(report.neurons)) +
         " neurons, " + words::counted(edges) + " edges with weights" +
         (layer_order::has_kernel(shapes_of(report))
              ? ";\nconvolutions are measured at all their positions."
              : ".");
}

inline void print_significance_notes(const std::vector<Report>& reports, const Options& options) {
  std::cout << "Excess is how far a layer lies above the mean of its shuffles, in their standard\n"
               "deviations: what the weights' distribution does not explain.";
  if (options.several || !is_grouped(reports.front(), options)) {
    std::cout << " Shuffled is that\nmean, the p-value the share of shuffles that are at least as "
                 "persistent.";
  }
  std::cout << "\n";
  const auto any = [&](const auto& is_so) {
    return std::any_of(reports.begin(), reports.end(), [&](const Report& report) {
      return std::any_of(report.layers.begin(), report.layers.end(), is_so);
    });
  };
  if (any([](const LayerFigures& layer) { return !layer.shuffled; })) {
    std::cout << "Only a dense edge set that reads its neurons as they are is shuffled: elsewhere\n"
                 "edges share weights, or are missing.\n";
  }
  if (any([](const LayerFigures& layer) {
        return layer.shuffled && layer.shuffled->rounds == 0;
      })) {
    std::cout << "Where no p-value is, the layer is too large for "
              << words::counted(static_cast<double>(*options.rounds))
              << " rounds, and shuffled is what the\nmean tends to as layers grow.\n";
  }
}

inline void print_table(const std::vector<Report>& reports, const Options& options) {
  const bool several = options.several;
  if (several) {
    print_several(reports, options);
  } else {
    print_one(reports.front(), options);
  }
  for (const auto& report : reports) {
    if (!report.paths) continue;
    if (several) std::cout << "\n" << words::one_line(report.file) << "\n";
    print_paths(*report.paths);
  }
  const auto assumed_of = [&](const Report& report) {
    return report.is_graph ? graph_note(report)
                           : layer_order::assumption(shapes_of(report), report.told,
                                                     options.choice.transpose.has_value());
  };
  // Of several files, each note says of which, unless all are alike.
  const std::string of_first = assumed_of(reports.front());
  const bool alike = std::all_of(reports.begin(), reports.end(), [&](const Report& report) {
    return assumed_of(report) == of_first;
  });
  const auto print_note = [](const std::string& note) {
    std::cout << "\n" << console::wrapped(note) << "\n";
  };
  if (alike && !of_first.empty()) print_note(of_first);
  for (const auto& report : reports) {
    const std::string file = several ? words::one_line(report.file) + ": " : "";
    const std::string assumed = alike ? "" : assumed_of(report);
    if (!assumed.empty()) print_note(file + assumed);
    for (const auto& note : checkpoint::not_measured_notes(report.not_measured)) {
      print_note(file + note);
    }
    if (!report.standardized) {
      print_note(file + "No " + (report.raw ? "standardised " : "") +
                 "deep graph persistence: " + report.reason);
    }
  }
  for (const auto& report : reports) {
    if (report.no_raw.empty()) continue;
    print_note((several ? words::one_line(report.file) + ": " : "") +
               "No raw deep graph persistence: " + report.no_raw);
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
  if (options.rounds && (!several || shows_layers(reports, options))) {
    print_significance_notes(reports, options);
  }
  if (std::any_of(reports.begin(), reports.end(), has_paths)) std::cout << paths_note();
}

// Where the picture is.
inline void print_where(const std::vector<Report>& reports, const Options& options) {
  const bool any_paths = std::any_of(reports.begin(), reports.end(), has_paths);
  std::cout << (options.paths == 0 ? "The diagrams are"
                : any_paths        ? "The paths are"
                                   : "The picture, without paths, is")
            << " in " << options.picture << ".\n";
}

}  // namespace inspect
