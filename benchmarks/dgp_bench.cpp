// dgp-bench: every measure beside its baseline and beside the limit, one pass over the weights.
//
// A *pass* is the time of `W.cwiseAbs().maxCoeff()` over the same weights in the same run: the
// least that any exact program must do is read every weight once. All times are medians. Every line
// is "group | input | what | threads | figure | passes", the figure in milliseconds where `what`
// does not say otherwise; benchmarks/run.sh makes tables of them. The tests named [quick] take
// seconds; [small] and [large], together the full run, take minutes.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <new>
#include <numeric>
#include <string>
#include <vector>

#include <dgp/dgp.hpp>

#include "networks.hpp"
#include "support/catch.hpp"
#include "train/perceptron.hpp"
#include "weights.hpp"

#ifdef _OPENMP
#include <omp.h>
#endif

// Counts what containers hold while it is asked to; each block remembers its size in front of it.
// Only asked to on one thread.
namespace {

bool counts_memory = false;
std::size_t bytes_held = 0;
std::size_t most_bytes_held = 0;
std::size_t allocations = 0;
constexpr std::size_t block_front = alignof(std::max_align_t);

}  // namespace

void* operator new(std::size_t size) {
  void* block = std::malloc(size + block_front);
  if (block == nullptr) throw std::bad_alloc();
  *static_cast<std::size_t*>(block) = counts_memory ? size : 0;
  if (counts_memory) {
    ++allocations;
    bytes_held += size;
    most_bytes_held = std::max(most_bytes_held, bytes_held);
  }
  return static_cast<char*>(block) + block_front;
}
void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  void* block = static_cast<char*>(memory) - block_front;
  if (counts_memory) bytes_held -= *static_cast<std::size_t*>(block);
  std::free(block);
}
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

namespace {

using benchmark::families;
using benchmark::Family;
using benchmark::Matrix;
using benchmark::weights;

const Family& normal_family() { return families().front(); }

void set_threads([[maybe_unused]] int count) {
#ifdef _OPENMP
  omp_set_num_threads(count);
#endif
}

// Median milliseconds of the last benchmark that ended, from the listener below.
double last_median = 0;

template <class Stats>
double median_of(const Stats& stats) {
  std::vector<double> samples;
  for (const auto& sample : stats.samples) {
    samples.push_back(std::chrono::duration<double, std::milli>(sample).count());
  }
  std::sort(samples.begin(), samples.end());
  return samples.empty() ? 0 : samples[samples.size() / 2];
}

// One comparison: the limit first, then what is measured against it.
class Comparison {
 public:
  template <class Pass>
  Comparison(std::string group, std::string input, double weight_bytes, Pass pass)
      : group_(std::move(group)), input_(std::move(input)), weight_bytes_(weight_bytes) {
    pass_ = run("one pass", 1, std::move(pass));
  }

  Comparison(std::string group, std::string input, const std::vector<const Matrix*>& layers)
      : group_(std::move(group)), input_(std::move(input)) {
    for (const Matrix* layer : layers) {
      weight_bytes_ += static_cast<double>(layer->size()) * sizeof(float);
    }
    pass_ = run("one pass", 1, [&] {
      float largest = 0;
      for (const Matrix* layer : layers) largest = std::max(largest, layer->cwiseAbs().maxCoeff());
      return largest;
    });
  }

  // The memory that a call takes on one thread, in percent of the weights.
  template <class Call>
  void run_memory(const Call& call) {
    bytes_held = most_bytes_held = 0;
    counts_memory = true;
    call();
    counts_memory = false;
    const auto extra = static_cast<double>(most_bytes_held);
    print("memory, % of the weights", 1, 100 * extra / weight_bytes_, "-");
  }

  // How often containers allocate in a call on one thread; of Eigen's memory tests/allocation
  // tells.
  template <class Call>
  void run_allocations(const std::string& what, const Call& call) {
    allocations = 0;
    counts_memory = true;
    call();
    counts_memory = false;
    print(what + ", allocations", 1, static_cast<double>(allocations), "-");
  }

  void print(const std::string& what, int threads, double figure, const std::string& passes) const {
    std::printf("%s | %s | %s | %d | %.4g | %s\n", group_.c_str(), input_.c_str(), what.c_str(),
                threads, figure, passes.c_str());
    std::fflush(stdout);
  }

  template <class Call>
  double run(const std::string& what, int threads, Call call) {
    set_threads(threads);
    BENCHMARK(group_ + " " + input_ + " " + what + " x" + std::to_string(threads)) {
      return call();
    };
    set_threads(1);
    if (pass_ == 0) pass_ = last_median;
    char passes[32];
    std::snprintf(passes, sizeof passes, "%.2f", last_median / pass_);
    print(what, threads, last_median, passes);
    return last_median;
  }

 private:
  std::string group_;
  std::string input_;
  double weight_bytes_ = 0;
  double pass_ = 0;
};

// The baseline: lists all edges, sorts them, merges by union-find.
float sort_all_edges(const Matrix& matrix) {
  struct Edge {
    float weight;
    unsigned row;
    unsigned col;
  };
  std::vector<Edge> edges;
  edges.reserve(static_cast<std::size_t>(matrix.size()));
  for (unsigned row = 0; row < matrix.rows(); ++row) {
    for (unsigned col = 0; col < matrix.cols(); ++col) {
      edges.push_back({matrix(row, col), row, col});
    }
  }
  std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) {
    if (a.weight != b.weight) return a.weight > b.weight;
    return a.row != b.row ? a.row < b.row : a.col < b.col;
  });
  std::vector<unsigned> parent(static_cast<std::size_t>(matrix.rows() + matrix.cols()));
  std::iota(parent.begin(), parent.end(), 0U);
  const auto find = [&](unsigned v) {
    while (parent[v] != v) v = parent[v] = parent[parent[v]];
    return v;
  };
  float sum = 0;
  for (const Edge& edge : edges) {
    const unsigned a = find(edge.row);
    const unsigned b = find(static_cast<unsigned>(matrix.rows()) + edge.col);
    if (a == b) continue;
    parent[a] = b;
    sum += edge.weight;
  }
  return sum;
}

// The baseline: row by row, each row of B times an entry of A.
Matrix row_by_row_product(const Matrix& a, const Matrix& b) {
  Matrix product = Matrix::Constant(a.rows(), b.cols(), -1e30F);
  for (int i = 0; i < a.rows(); ++i) {
    for (int k = 0; k < a.cols(); ++k) {
      const float left = a(i, k);
      for (int j = 0; j < b.cols(); ++j) {
        const float weakest = left < b(k, j) ? left : b(k, j);
        product(i, j) = product(i, j) < weakest ? weakest : product(i, j);
      }
    }
  }
  return product;
}

std::string square(int size) { return std::to_string(size) + "x" + std::to_string(size); }

// One call after another on the matrices of a list: small ones come in many, or the processor would
// learn the branches of the one by heart.
template <class Weights, class Call>
auto in_turn(const std::vector<Weights>& matrices, const Call& call) {
  return [&matrices, &call, next = std::size_t{0}]() mutable {
    return call(matrices[next++ % matrices.size()]);
  };
}

void compare_forest(const Family& family, int rows, int cols, bool with_sort) {
  std::vector<Matrix> matrices;
  const bool small = rows * cols <= 1 << 17;
  for (unsigned seed = 1; seed <= (small ? 64U : 1U); ++seed) {
    matrices.push_back(weights(family, rows, cols, seed));
  }
  const std::string name = std::to_string(rows) + "x" + std::to_string(cols) + " " + family.name;
  const auto forest = [](const auto& matrix) { return dgp::maximum_spanning_forest(matrix); };
  const auto pass = [](const auto& matrix) { return matrix.cwiseAbs().maxCoeff(); };
  const auto bytes = static_cast<double>(matrices[0].size()) * sizeof(float);
  {
    Comparison comparison("forest", name, bytes, in_turn(matrices, pass));
    for (const int threads : {1, 2}) {
      comparison.run("maximum_spanning_forest", threads, in_turn(matrices, forest));
    }
    comparison.run_memory([&] { return forest(matrices[0]); });
    const auto persistence = [](const Matrix& matrix) { return dgp::neural_persistence(matrix); };
    comparison.run("neural_persistence", 1, in_turn(matrices, persistence));
    if (with_sort) {
      comparison.run("full sort and union-find", 1, in_turn(matrices, sort_all_edges));
    }
  }
  const std::vector<Eigen::MatrixXf> by_column(matrices.begin(), matrices.end());
  Comparison comparison("forest by column", name, bytes, in_turn(by_column, pass));
  comparison.run("maximum_spanning_forest", 1, in_turn(by_column, forest));
}

// "784-100-10"
std::string name_of(const std::vector<int>& widths) {
  std::string name;
  for (const int width : widths) name += (name.empty() ? "" : "-") + std::to_string(width);
  return name;
}

std::vector<Matrix> normal_network(const std::vector<int>& widths) {
  std::vector<Matrix> layers;
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  for (std::size_t k = 0; k + 1 < widths.size(); ++k) {
    layers.emplace_back(widths[k + 1], widths[k]);
    for (auto& weight : layers.back().reshaped()) weight = normal(random);
  }
  return layers;
}

void compare_network(const std::vector<int>& widths, bool with_matrix) {
  const auto layers = normal_network(widths);
  std::vector<const Matrix*> all;
  for (const auto& layer : layers) all.push_back(&layer);
  Comparison comparison("network", name_of(widths), all);
  for (const int threads : {1, 2}) {
    comparison.run("deep_graph_persistence", threads,
                   [&] { return dgp::deep_graph_persistence(layers); });
  }
  comparison.run_memory([&] { return dgp::deep_graph_persistence(layers); });
  comparison.run("neural_persistence", 1, [&] { return dgp::neural_persistence(layers); });
  comparison.run("weight_variance", 1, [&] { return dgp::weight_variance(layers); });
  if (with_matrix) {
    comparison.run("neural persistence of S", 1, [&] {
      return dgp::neural_persistence(
          dgp::path_strength_matrix(layers, {.normalization = dgp::Normalization::standardized}));
    });
  }
}

// A pass over a graph reads every weight once, a kernel's too.
void compare_graph(const std::string& name, const dgp::FeedForwardGraph<float>& graph) {
  const auto sets = dgp::weighted_sets(graph);
  double weights = 0;
  double edges = 0;
  for (const auto& set : sets) {
    weights += static_cast<double>(set.weights.size());
    edges += set.edges;
  }
  Comparison comparison("graph", name, weights * sizeof(float), [&] {
    float largest = 0;
    for (const auto& set : sets) largest = std::max(largest, set.weights.cwiseAbs().maxCoeff());
    return largest;
  });
  comparison.print("neurons", 1, static_cast<double>(graph.neurons()), "-");
  comparison.print("edges", 1, edges, "-");
  comparison.print("edges looked at", 1, benchmark::edges_looked_at(graph), "-");
  for (const int threads : {1, 2}) {
    comparison.run("neural_persistence", threads, [&] { return dgp::neural_persistence(graph); });
    comparison.run("deep_graph_persistence, both variants", threads, [&] {
      const auto plain = dgp::deep_graph_persistence(graph, {.rescale = false});
      return dgp::rescaled(plain).total + plain.total;
    });
  }
}

// The rate of min and max over data in the first-level cache.
float cached_min_max(std::vector<float>& x, std::vector<float>& y) {
  Eigen::Map<Eigen::ArrayXf> from(x.data(), static_cast<Eigen::Index>(x.size()));
  Eigen::Map<Eigen::ArrayXf> to(y.data(), static_cast<Eigen::Index>(y.size()));
  for (int i = 0; i < 1000; ++i) to = to.max(from.min(static_cast<float>(i % 7) - 3));
  return to(0);
}

void compare_product(int size, bool with_baseline) {
  const auto layers = normal_network({size, size, size});
  const Matrix& a = layers[1];
  const Matrix& b = layers[0];
  Matrix hard = b;
  for (int col = 0; col < size; col += 8) hard.col(col).setConstant(-100);
  const double operations = std::pow(static_cast<double>(size), 3);
  std::vector<float> x(1024, 0.5F);
  std::vector<float> y(1024, -9);
  Comparison comparison("product", square(size), {&a, &b});
  const auto rate = [&](const std::string& what, double count, double milliseconds) {
    comparison.print(what + ", billion min+max a second", 1, count / milliseconds * 1e-6, "-");
  };
  rate("loop in the first-level cache", 1024e3,
       comparison.run("loop in the first-level cache", 1, [&] { return cached_min_max(x, y); }));
  for (const int threads : {1, 2}) {
    comparison.run("max_min_product, random", threads, [&] { return dgp::max_min_product(a, b); });
  }
  for (const int threads : {1, 2}) {
    const double time = comparison.run("max_min_product, hard", threads,
                                       [&] { return dgp::max_min_product(a, hard); });
    if (threads == 1) rate("max_min_product, hard", operations, time);
  }
  if (with_baseline) {
    comparison.run("row-by-row loop, random", 1, [&] { return row_by_row_product(a, b); });
  }
}

// Per-sample graphs beside inference: here one pass is a forward pass of the sample, Eigen's
// matrix-vector products.
void compare_samples(const std::vector<int>& widths, double lit, const std::string& kind) {
  auto layers = normal_network(widths);
  for (auto& layer : layers) layer *= std::sqrt(2 / static_cast<float>(layer.cols()));
  const dgp::ActivationGraphs graphs(layers);
  constexpr int batch = 64;
  std::mt19937 random(3);
  std::uniform_real_distribution<float> uniform;
  Matrix images(batch, widths.front());
  for (auto& pixel : images.reshaped()) pixel = uniform(random) < lit ? uniform(random) : 0;
  std::vector<Eigen::VectorXf> samples;
  for (int i = 0; i < batch; ++i) samples.emplace_back(images.row(i));

  std::vector<Eigen::VectorXf> activations(widths.size());
  const auto forward = [&](const Eigen::VectorXf& sample) {
    activations[0] = sample;
    for (std::size_t k = 0; k < layers.size(); ++k) {
      activations[k + 1].noalias() = layers[k] * activations[k];
      if (k + 1 < layers.size()) activations[k + 1] = activations[k + 1].cwiseMax(0.F);
    }
    return activations.back()(0);
  };
  const double bytes = static_cast<double>(graphs.weight_count()) * sizeof(float);
  Comparison comparison("samples", name_of(widths) + ", " + kind, bytes, in_turn(samples, forward));
  for (const auto method :
       {dgp::FeatureMethod::dgp, dgp::FeatureMethod::dgp_var,
        dgp::FeatureMethod::dgp_var_approximate, dgp::FeatureMethod::topological}) {
    const std::string what(dgp::name_of(method));
    dgp::FeatureWorkspace<float> workspace;
    Eigen::VectorXf features;
    const auto call = [&](const Eigen::VectorXf& sample) {
      graphs.features(sample, method, workspace, features);
      return features(0);
    };
    comparison.run(what, 1, in_turn(samples, call));
    comparison.run_allocations(what, [&] {
      for (const auto& sample : samples) call(sample);
    });
    if (method == dgp::FeatureMethod::dgp_var || method == dgp::FeatureMethod::topological) {
      for (const int threads : {1, 2}) {
        comparison.run(what + ", batch of 64", threads,
                       [&] { return dgp::feature_matrix(graphs, images, method); });
      }
    }
  }
}

}  // namespace

TEST_CASE("forests of every family, small", "[quick]") {
  for (const auto& family : families()) compare_forest(family, 64, 64, true);
  compare_forest(normal_family(), 64, 32, true);
  compare_forest(normal_family(), 100, 784, true);
}

TEST_CASE("networks, small", "[quick]") { compare_network({784, 100, 100, 10}, true); }

TEST_CASE("products, small", "[quick]") { compare_product(128, true); }

TEST_CASE("forests of small layers", "[small]") {
  compare_forest(normal_family(), 64, 32, true);
  compare_forest(normal_family(), 100, 784, true);
  for (const int size : {64, 256, 1024}) compare_forest(normal_family(), size, size, true);
}

TEST_CASE("forests of every family, 4096x4096", "[large]") {
  for (const auto& family : families()) {
    compare_forest(family, 4096, 4096, &family == &normal_family());
  }
}

TEST_CASE("small networks", "[small]") {
  compare_network({64, 32, 16, 10}, true);
  compare_network({784, 100, 100, 10}, true);
  compare_network({784, 650, 650, 650, 10}, true);
  compare_network({1024, 1024, 1024, 1024, 1024}, false);
}

TEST_CASE("large networks", "[large]") { compare_network({4096, 4096, 4096, 4096, 4096}, false); }

TEST_CASE("graphs, small", "[quick]") {
  const auto convolution = benchmark::single_convolution(4, 8);
  compare_graph("4 to 4 channels, 3x3, 8x8", convolution);
  compare_graph("the same, unrolled", benchmark::unrolled(convolution));
}

TEST_CASE("a convolution, and its edges one by one", "[graphs]") {
  const auto convolution = benchmark::single_convolution(64, 32);
  compare_graph("64 to 64 channels, 3x3, 32x32", convolution);
  const auto sparse = benchmark::unrolled(convolution);
  Comparison comparison(
      "graph", "the same, unrolled", dgp::weighted_sets(sparse).front().edges * sizeof(float),
      [&] { return dgp::weighted_sets(sparse).front().weights.cwiseAbs().maxCoeff(); });
  comparison.print("edges", 1, dgp::weighted_sets(sparse).front().edges, "-");
  comparison.run("neural_persistence", 1, [&] { return dgp::neural_persistence(sparse); });
}

TEST_CASE("convolutional networks", "[graphs]") {
  compare_graph("ResNet-50, 224x224", benchmark::resnet50());
  compare_graph("VGG-16, 224x224", benchmark::vgg16());
  compare_graph("MobileNetV2, 224x224", benchmark::mobilenet_v2());
}

TEST_CASE("small products", "[small]") {
  for (const int size : {64, 256}) compare_product(size, true);
}

TEST_CASE("large products", "[large]") {
  for (const int size : {1024, 2048}) compare_product(size, true);
}

// What it costs to watch a training: measures at every quarter epoch of MNIST's 60,000 images,
// beside the training steps between them.
TEST_CASE("watching a training", "[small]") {
  perceptron::Random random(1, 0);
  perceptron::Design design;
  design.widths = {784, 650, 650, 650, 10};
  auto network = perceptron::initialized<float>(design, random);
  auto gradient = perceptron::zeros_like(network.layers);
  perceptron::Adam<float> adam(network.layers, 1e-3);
  constexpr int batch = 32;
  const perceptron::Matrix<float> images = perceptron::Matrix<float>::Random(784, batch).cwiseAbs();
  std::vector<Eigen::Index> labels;
  for (Eigen::Index i = 0; i < batch; ++i) labels.push_back(i % 10);
  std::vector<Matrix> layers;
  std::vector<const Matrix*> all;
  for (const auto& layer : network.layers) layers.emplace_back(layer.weights);
  for (const auto& layer : layers) all.push_back(&layer);

  Comparison comparison("watching", "784-650-650-650-10", all);
  const double step = comparison.run("a training step of 32 images", 1, [&] {
    const double loss = perceptron::backpropagate(network, images, labels, random, gradient);
    adam.update(network.layers, gradient);
    return loss;
  });
  const double quarter_epoch = step * 60'000 / batch / 4;
  const auto share = [&](const std::string& what, double milliseconds) {
    comparison.print(what + ", % of a quarter epoch", 1, 100 * milliseconds / quarter_epoch, "-");
  };
  const std::string measures = "NP, two variants of DGP, variance";
  share(measures, comparison.run(measures, 1, [&] {
    return dgp::neural_persistence(layers).mean_normalized +
           dgp::deep_graph_persistence(layers).normalized +
           dgp::deep_graph_persistence(layers, {.rescale = false}).normalized +
           dgp::weight_variance(layers).network;
  }));
  dgp::ShuffleNulls nulls;
  dgp::shuffle_significance(layers, nulls);  // draws the ranks, once for a training
  const std::string excess = "excess over 1,000 shuffles";
  share(excess, comparison.run(excess, 1, [&] {
    return dgp::shuffle_significance(layers, nulls).front().z_score;
  }));
  share("spatial_concentration", comparison.run("spatial_concentration", 1, [&] {
    double sum = 0;
    for (const auto& layer : layers) sum += dgp::spatial_concentration(layer);
    return sum;
  }));
}

TEST_CASE("per-sample graphs, small", "[quick]") {
  compare_samples({784, 100, 100, 10}, 0.2, "a fifth of the pixels lit");
}

TEST_CASE("per-sample graphs", "[small]") {
  for (const auto& widths : {std::vector{784, 100, 100, 10}, {784, 650, 650, 650, 10}}) {
    compare_samples(widths, 0.2, "a fifth of the pixels lit");
    compare_samples(widths, 1, "all pixels lit");
  }
}

TEST_CASE("growth: time per weight from 10^5 to 10^8 weights", "[large]") {
  for (const int size : {316, 1000, 3162, 10'000}) {
    const Matrix matrix = weights(normal_family(), size, size);
    Comparison comparison("growth", square(size) + " " + normal_family().name, {&matrix});
    const double time = comparison.run("maximum_spanning_forest", 1,
                                       [&] { return dgp::maximum_spanning_forest(matrix); });
    comparison.print("nanoseconds per weight", 1, time * 1e6 / static_cast<double>(matrix.size()),
                     "-");
  }
}

namespace {

#if __has_include(<catch2/catch_all.hpp>)
struct MedianListener : Catch::EventListenerBase {
  using Catch::EventListenerBase::EventListenerBase;
  void benchmarkEnded(const Catch::BenchmarkStats<>& stats) override {
    last_median = median_of(stats);
  }
};
#else
struct MedianListener : Catch::TestEventListenerBase {
  using Catch::TestEventListenerBase::TestEventListenerBase;
  void benchmarkEnded(const Catch::BenchmarkStats<>& stats) override {
    last_median = median_of(stats);
  }
};
#endif
CATCH_REGISTER_LISTENER(MedianListener)

}  // namespace

int main(int argc, char** argv) {
  Catch::Session session;
  auto& config = session.configData();
  config.benchmarkSamples = 7;
  config.benchmarkNoAnalysis = true;
  config.benchmarkWarmupTime = 10;
  const int usage = session.applyCommandLine(argc, argv);
  if (usage != 0) return usage;
  return session.run();
}
