// dgp-shift features.
//
// in:  images, a network
// out: the feature vector of each, as CSV or as an array in a .npy file
#pragma once

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <ostream>
#include <string>

#include <dgp/io/npy_writer.hpp>
#include <dgp/io/whole_file.hpp>
#include <dgp/monitoring/feature_matrix.hpp>
#include <dgp/monitoring/feature_method.hpp>

#include "../console.hpp"
#include "inputs.hpp"
#include "output.hpp"

namespace shift {

using dgp::FeatureMethod;

struct FeatureOptions {
  std::string method = "dgp_var";
  std::string output;  // empty: CSV on stdout
};

inline void print_features(const Inputs& inputs, const FeatureOptions& options) {
  console::check_not_read(options.output, {inputs.model, inputs.images});
  const Graphs graphs = read_graphs(inputs);
  const Pictures pictures = read_pictures(inputs.images);
  check_pixels(pictures, graphs, inputs);
  tell_white("dgp-shift", pictures, inputs);
  const Matrix images = scaled(pictures, white_of(pictures, inputs));
  const FeatureMethod method = dgp::feature_method(options.method);

  console::Progress progress("features");
  Matrix features(images.rows(), graphs.feature_count(method));
  constexpr Index at_once = 64;
  for (Index done = 0; done < images.rows();) {
    const Index count = std::min(at_once, images.rows() - done);
    features.middleRows(done, count) =
        dgp::feature_matrix(graphs, images.middleRows(done, count), method);
    done += count;
    progress.update(static_cast<double>(done) / static_cast<double>(images.rows()),
                    std::to_string(done) + " images");
  }
  const auto print = [&](std::ostream& stream) {
    for (const auto& row : features.rowwise()) {
      std::string line;
      for (const float value : row) {
        line.append(line.empty() ? "" : ",").append(exact(value));
      }
      stream << line << "\n";
    }
  };
  if (options.output.empty()) return print(std::cout);
  if (console::is_csv(options.output)) {
    return dgp::io::write_whole_file(options.output, print);
  }
  dgp::io::write_npy(options.output, features);
}

}  // namespace shift
