// A monitor of batches: what it notices, what it does not, and what must not matter to it.
#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <dgp/io/activation_graph.hpp>
#include <dgp/io/idx.hpp>
#include <dgp/monitoring/feature_matrix.hpp>
#include <dgp/monitoring/feature_method.hpp>
#include <dgp/monitoring/shift_monitor.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/random_network.hpp"

#ifdef _OPENMP
#include <omp.h>
#endif

namespace {

using Images = dgp::RowMajorMatrix<float>;
using support::error_of;
using support::holds;

struct Digits {
  Images images;
  std::vector<dgp::Index> labels;
};

Digits digits() {
  const auto pixels = dgp::io::read_idx(DGP_EXAMPLE_DATA "/digits-images-idx3-ubyte");
  const auto labels = dgp::io::read_idx(DGP_EXAMPLE_DATA "/digits-labels-idx1-ubyte");
  Digits all{Images(static_cast<dgp::Index>(labels.values.size()), 64), {}};
  for (dgp::Index i = 0; i < all.images.size(); ++i) {
    all.images.data()[i] = static_cast<float>(pixels.values[static_cast<std::size_t>(i)]) / 16;
  }
  all.labels.assign(labels.values.begin(), labels.values.end());
  return all;
}

dgp::ActivationGraphs<float> network() {
  return dgp::io::read_activation_graphs(DGP_EXAMPLE_DATA "/digits_64-32-16-10.safetensors");
}

Images noisy(Images images) {
  support::Random random(3);
  for (float& pixel : images.reshaped()) {
    pixel = std::clamp(pixel + 0.4F * static_cast<float>(random.normal()), 0.0F, 1.0F);
  }
  return images;
}

}  // namespace

TEST_CASE("a monitor tells noisy digits from clean ones", "[shift_monitor]") {
  const Digits all = digits();
  dgp::ShiftMonitor<float> monitor(network());
  const Images clean = all.images.bottomRows(797);
  monitor.fit(all.images.topRows(1000),
              std::vector<dgp::Index>(all.labels.begin(), all.labels.begin() + 1000));
  CHECK(monitor.labels() == std::vector<dgp::Index>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});

  const auto shifted = monitor.check(noisy(clean.topRows(100)));
  CHECK(shifted.shifted);
  CHECK(shifted.level == 0.005);
  REQUIRE(!shifted.moved.empty());
  for (const dgp::Index label : shifted.moved) {
    CHECK(shifted.p_values[static_cast<std::size_t>(label)] < shifted.level);
  }
  CHECK(shifted.smallest_p_value ==
        *std::min_element(shifted.p_values.begin(), shifted.p_values.end()));

  // Of clean batches one in twenty may be flagged; of fifteen, four would be very unlikely.
  int flagged = 0;
  for (int batch = 0; batch < 15; ++batch) {
    flagged += monitor.check(clean.middleRows(50 * batch, 50)).shifted ? 1 : 0;
  }
  CHECK(flagged < 4);
}

TEST_CASE("a monitor takes the steps that one could take oneself", "[shift_monitor]") {
  const Digits all = digits();
  const auto graphs = network();
  const auto method = dgp::FeatureMethod::topological_var;
  dgp::ClassMeans means(graphs.feature_parts(method));
  std::vector<dgp::Index> seen(10);
  std::vector<dgp::Index> others;
  for (dgp::Index row = 0; row < 400; ++row) {
    const dgp::Index label = all.labels[static_cast<std::size_t>(row)];
    if (seen[static_cast<std::size_t>(label)]++ % 2 == 0) {
      const std::vector<dgp::Index> one{label};
      means.add(dgp::feature_matrix(graphs, all.images.row(row), method), one);
    } else {
      others.push_back(row);
    }
  }
  const auto distances = [&](const Images& images) {
    return means.distances(dgp::feature_matrix(graphs, images, method));
  };
  const Images batch = noisy(all.images.bottomRows(60));
  const auto expected = dgp::detect_shift(distances(all.images(others, Eigen::indexing::all)),
                                          distances(batch), 0.01);

  dgp::ShiftMonitor<float> monitor(network(), method, 0.01);
  monitor.fit(all.images.topRows(400),
              std::vector<dgp::Index>(all.labels.begin(), all.labels.begin() + 400));
  for (int times = 0; times < 2; ++times) {
    const auto verdict = monitor.check(batch);
    CHECK(verdict.p_values == expected.p_values);
    CHECK(verdict.moved == expected.moved);
    CHECK(verdict.level == expected.level);
  }
}

TEST_CASE("a monitor names classes by their labels", "[shift_monitor]") {
  const Digits all = digits();
  dgp::ShiftMonitor<float> monitor(network());
  std::vector<int> labels(all.labels.begin(), all.labels.begin() + 1000);
  for (int& label : labels) label = 10 * label + 7;
  monitor.fit(all.images.topRows(1000), labels);
  const auto verdict = monitor.check(noisy(all.images.bottomRows(200)));
  REQUIRE(!verdict.moved.empty());
  for (const dgp::Index label : verdict.moved) CHECK(label % 10 == 7);
}

TEST_CASE("verdicts depend on which samples were clean, not on their order or threads",
          "[shift_monitor]") {
  const Digits all = digits();
  const Images batch = noisy(all.images.bottomRows(60));
  dgp::ShiftMonitor<float> monitor(network());
  std::vector<dgp::Index> labels(all.labels.begin(), all.labels.begin() + 1000);
  monitor.fit(all.images.topRows(1000), labels);
  const auto verdict = monitor.check(batch);

  // The same in the order of their classes.
  std::vector<dgp::Index> rows;
  std::vector<dgp::Index> sorted_labels;
  for (dgp::Index label = 9; label >= 0; --label) {
    for (dgp::Index row = 0; row < 1000; ++row) {
      if (labels[static_cast<std::size_t>(row)] != label) continue;
      rows.push_back(row);
      sorted_labels.push_back(label);
    }
  }
  const Images sorted_images = all.images(rows, Eigen::indexing::all);
  dgp::ShiftMonitor<float> by_class(network());
  by_class.fit(sorted_images, sorted_labels);
  const Images reversed = batch.colwise().reverse();
  CHECK(by_class.check(reversed).p_values == verdict.p_values);

#ifdef _OPENMP
  const int threads = omp_get_max_threads();
  for (const int count : {1, 2, 3}) {
    omp_set_num_threads(count);
    dgp::ShiftMonitor<float> again(network());
    again.fit(all.images.topRows(1000), labels);
    CHECK(again.check(batch).p_values == verdict.p_values);
  }
  omp_set_num_threads(threads);
#endif
}

TEST_CASE("a monitor says what it cannot do", "[shift_monitor]") {
  CHECK(holds(error_of<std::invalid_argument>(
                  [] { dgp::ShiftMonitor<float>(network(), dgp::FeatureMethod::dgp_var, 1); }),
              "alpha is 1"));
  dgp::ShiftMonitor<float> monitor(network());
  const Images images = Images::Random(4, 64).cwiseAbs();
  CHECK(holds(error_of<std::logic_error>([&] { monitor.check(images); }), "fit() comes first"));
  const auto refusal = [&](const Images& samples, const std::vector<dgp::Index>& labels) {
    return error_of<std::invalid_argument>([&] { monitor.fit(samples, labels); });
  };
  CHECK(holds(refusal(images, {1, 2, 3}), "3 labels for 4 samples"));
  CHECK(holds(refusal(images, {1, 1, 1, 2}), "one sample of class 2"));
  CHECK(holds(refusal(images, {1, 1, -1, -1}), "label -1"));
  CHECK(holds(refusal(images.leftCols(3), {1, 1, 2, 2}), "samples of 3 values"));
  monitor.fit(images, std::vector<int>{1, 1, 2, 2});
  CHECK(holds(error_of<std::invalid_argument>([&] { monitor.check(images.leftCols(3)); }),
              "samples of 3 values"));
}
