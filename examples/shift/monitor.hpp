// dgp-shift monitor.
//
// in:  clean labelled images, batches of others, a network
// out: a verdict on each batch
#pragma once

#include <algorithm>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include <dgp/monitoring/feature_method.hpp>
#include <dgp/monitoring/shift_detection.hpp>
#include <dgp/monitoring/shift_monitor.hpp>

#include "../console.hpp"
#include "../words.hpp"
#include "inputs.hpp"
#include "output.hpp"
#include "study.hpp"

namespace shift {

using console::number;

struct MonitorOptions {
  std::string method = "dgp_var";
  std::vector<std::string> batches;
  Index batch_size = 0;  // 0: each file is a batch
};

inline std::string verdict_in_words(const dgp::ShiftVerdict& verdict, Index images,
                                    Index smallest_batch) {
  if (!verdict.has_power()) {
    return "no verdict: too few images, as " + std::to_string(images) +
           " can have no p-value below " + number("%.3g", verdict.smallest_possible_p_value) +
           ", and level " + number("%.3g", verdict.level) + " asks for less; give " +
           std::to_string(smallest_batch) + " or more";
  }
  std::vector<std::string> classes;
  for (const Index label : verdict.moved) classes.push_back(std::to_string(label));
  return std::string(verdict.shifted ? "shifted" : "not shifted") + ", smallest p-value " +
         number("%.3g", verdict.smallest_p_value) + ", level " + number("%.3g", verdict.level) +
         (classes.empty() ? "" : ", classes " + joined(classes, " "));
}

inline void monitor(const Inputs& inputs, const MonitorOptions& options,
                    const std::string& format) {
  Graphs graphs = read_graphs(inputs);
  const Pictures reference = read_pictures(inputs.images);
  check_pixels(reference, graphs, inputs);
  const float white = white_of(reference, inputs);
  if (format != "json") tell_white("dgp-shift", reference, inputs);
  dgp::ShiftMonitor<float> monitor(graphs, dgp::feature_method(options.method), alpha);
  monitor.fit(scaled(reference, white), read_labels(inputs.labels, reference));

  // What is wrong with the last file is told before the first is judged.
  std::vector<Pictures> files;
  for (const auto& path : options.batches) {
    const Pictures& pictures = files.emplace_back(read_pictures(path));
    check_pixels(pictures, graphs, inputs);
    if (pictures.bytes != reference.bytes) {
      throw std::runtime_error(path + " and " + reference.path +
                               ": one holds bytes, the other does not, and what is white in both "
                               "is not known; give both alike");
    }
  }
  ordered_json batches = ordered_json::array();
  for (const Pictures& pictures : files) {
    const std::string& path = pictures.path;
    const Matrix images = scaled(pictures, white);
    const Index size = options.batch_size > 0 ? options.batch_size : images.rows();
    for (Index first = 0; first < images.rows(); first += size) {
      const Index count = std::min(size, images.rows() - first);
      const auto verdict = monitor.check(images.middleRows(first, count));
      if (format == "json") {
        batches.push_back({{"file", path},
                           {"first", first},
                           {"images", count},
                           {"shifted", verdict.shifted},
                           {"smallest_p_value", verdict.smallest_p_value},
                           {"level", verdict.level},
                           {"smallest_possible_p_value", verdict.smallest_possible_p_value},
                           {"has_power", verdict.has_power()},
                           {"moved", verdict.moved}});
      } else {
        std::cout << one_line(path) << ", images " << first << " to " << first + count - 1 << ": "
                  << verdict_in_words(verdict, count, monitor.smallest_batch())
                  << std::endl;  // a verdict is told when it is there
      }
    }
  }
  if (format != "json") return;
  print_json({{"model", inputs.model},
              {"reference_images", inputs.images},
              {"method", options.method},
              {"white", white},
              {"smallest_batch", monitor.smallest_batch()},
              {"batches", batches}});
}

}  // namespace shift
