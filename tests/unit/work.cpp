// How much the engine looks at: results do not show a pass too many, since later ones mend what an
// earlier one has missed. Layers are small enough for one thread, so that counts are the same
// everywhere.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"
#include "../support/random_network.hpp"

namespace {

using dgp::detail::Candidate;
using Matrix = dgp::RowMajorMatrix<float>;

struct Work {
  double keys = 0;       // weights looked at
  double values = 0;     // filtration values computed
  double looks = 0;      // passes for edges above a threshold
  double collected = 0;  // edges that these found
  double rounds = 0;     // passes for best edges
  double steps = 0;      // of best paths, through one layer in one direction
};

// Magnitudes, counted.
struct CountedMap {
  static constexpr bool rounds = false;
  static constexpr bool is_signed = false;
  Work* work;
  float operator()(const float& weight) const {
    ++work->values;
    return std::abs(weight);
  }
  std::uint32_t key(const float& weight) const {
    ++work->keys;
    return dgp::detail::magnitude_key(weight);
  }
  float value_of(std::uint32_t key) const { return dgp::detail::magnitude_of<float>(key); }
};

class CountedEdges {
 public:
  using Scalar = float;
  static constexpr bool finds_best_edges = false;
  using Edges = dgp::detail::DenseEdges<float, CountedMap>;

  CountedEdges(const Edges& edges, Work& work) : edges_(edges), work_(&work) {}

  double count() const { return edges_.count(); }
  double larger_side() const { return edges_.larger_side(); }
  template <class Take>
  void sample(dgp::detail::SampleStream& random, double draws, const Take& take) const {
    edges_.sample(random, draws, take);
  }
  void collect_above(dgp::detail::Batch<float>& batch, std::size_t limit,
                     const dgp::detail::Components* components = nullptr) const {
    const auto before = static_cast<double>(batch.edges.size());
    edges_.collect_above(batch, limit, components);
    ++work_->looks;
    work_->collected += static_cast<double>(batch.edges.size()) - before;
  }
  template <class Consider>
  void best_leaving(const dgp::detail::Components& components, const Consider& consider) const {
    ++work_->rounds;
    edges_.best_leaving(components, consider);
  }
  void forward(dgp::detail::BestPaths<float>& paths) const {
    ++work_->steps;
    edges_.forward(paths);
  }
  void backward(dgp::detail::BestPaths<float>& paths) const {
    ++work_->steps;
    edges_.backward(paths);
  }
  void forward(dgp::detail::PathLimits<float>& limits, dgp::detail::Batch<float>& batch,
               std::size_t limit) const {
    const auto before = static_cast<double>(batch.edges.size());
    edges_.forward(limits, batch, limit);
    ++work_->steps;
    work_->collected += static_cast<double>(batch.edges.size()) - before;
  }
  void backward(dgp::detail::PathLimits<float>& limits, dgp::detail::Batch<float>& batch,
                std::size_t limit) const {
    const auto before = static_cast<double>(batch.edges.size());
    edges_.backward(limits, batch, limit);
    ++work_->steps;
    work_->collected += static_cast<double>(batch.edges.size()) - before;
  }
  CountedEdges limited(const dgp::detail::PathLimits<float>& limits) const {
    return {edges_.limited(limits), *work_};
  }

 private:
  Edges edges_;
  Work* work_;
};

static_assert(dgp::detail::EdgeSource<CountedEdges>);

// A convolution that counts how often somebody asks where one of its entries leads, or lies.
struct CountedKernel : dgp::detail::ConvolutionKernel<float, dgp::detail::Magnitude<float>> {
  using Kernel = dgp::detail::ConvolutionKernel<float, dgp::detail::Magnitude<float>>;
  CountedKernel(const Kernel& kernel, double& looks) : Kernel(kernel), looks_(&looks) {}

  Steps steps(dgp::detail::Side side) const {
    const auto all = Kernel::steps(side);
    *looks_ += static_cast<double>(all.size());
    return all;
  }
  dgp::Index other(dgp::detail::Side side, const Place& place, const Step& step) const {
    ++*looks_;
    return Kernel::other(side, place, step);
  }
  dgp::detail::StoredEdge<float> stored(dgp::Index channel, std::uint32_t entry) const {
    ++*looks_;
    return Kernel::stored(channel, entry);
  }

 private:
  double* looks_;
};

Matrix normal_matrix(support::Random& random, Eigen::Index rows, Eigen::Index cols) {
  Matrix matrix(rows, cols);
  for (auto& weight : matrix.reshaped()) weight = static_cast<float>(random.normal());
  return matrix;
}

// The work of the forest of one layer.
Work forest_work(const Matrix& matrix) {
  Work work;
  const auto weights = dgp::detail::view_of(matrix);
  const auto numbering = dgp::detail::numbering_of(dgp::detail::NetworkWeights<float>(matrix));
  const auto& groups = numbering.groups();
  const std::vector<CountedEdges> edges{
      {CountedEdges::Edges(weights, CountedMap{&work}, groups[1].first, groups[0].first), work}};
  dgp::detail::ForestBuilder<float> forest(numbering);
  auto batch = dgp::detail::heaviest_edges(edges);
  forest.add(batch.edges);
  dgp::detail::finish_forest(forest, edges, numbering.neurons());
  CHECK(forest.accepted().size() == numbering.neurons() - 1);
  return work;
}

// The work of a network's terminal merges.
Work path_work(const std::vector<Matrix>& layers) {
  Work work;
  const dgp::detail::NetworkWeights<float> network(layers);
  const auto numbering = dgp::detail::numbering_of(network);
  const std::vector<CountedMap> maps(layers.size(), CountedMap{&work});
  std::vector<CountedEdges> edges;
  for (const auto& layer : dgp::detail::edges_of(network, maps, numbering)) {
    edges.emplace_back(layer, work);
  }
  const auto merges = dgp::detail::path_forest(edges, numbering).merges;
  CHECK(merges.size() ==
        static_cast<std::size_t>(layers.front().cols() + layers.back().rows()) - 1);
  return work;
}

}  // namespace

TEST_CASE("the forest of random weights takes one look and seldom a round", "[work]") {
  support::Random random(71);
  for (const auto& [rows, cols] : {std::pair{500, 500}, {100, 784}, {784, 300}, {30, 2'000}}) {
    const Matrix matrix = normal_matrix(random, rows, cols);
    const Work work = forest_work(matrix);
    const double larger = std::max(rows, cols);
    const double wanted = larger * (std::log(larger) + 1.5);
    const auto weights = static_cast<double>(matrix.size());
    INFO(rows << " x " << cols << ": " << work.keys / weights << " keys a weight, "
              << work.values / wanted << " values a wanted edge");
    CHECK(work.looks == 1);
    CHECK(work.rounds <= 1);
    CHECK(work.collected > 0.6 * wanted);
    CHECK(work.collected < 1.5 * wanted + 64);
    // Each weight once, those of blocks from which an edge is taken once more, the few of a round.
    CHECK(work.keys >= weights);
    CHECK(work.keys < 2.3 * weights + 32 * larger);
    // Of those that pass, of the sample, and of what a round finds.
    const double sample = 32 * weights / wanted;
    CHECK(work.values < 1.8 * wanted + 1.5 * sample + 2 * larger);
  }
}

TEST_CASE("the forest of a layer too small for a sample takes one look at all", "[work]") {
  support::Random random(72);
  for (const auto& [rows, cols] : {std::pair{10, 100}, {4, 4}, {1, 1'000}, {10, 512}}) {
    const Work work = forest_work(normal_matrix(random, rows, cols));
    INFO(rows << " x " << cols);
    CHECK(work.looks == 1);
    CHECK(work.collected > 0);
    CHECK(work.rounds <= 1);
  }
}

TEST_CASE("the forest of hard weights takes few passes", "[work]") {
  const Eigen::Index n = 300;
  std::vector<Matrix> hard;
  hard.push_back(Matrix::Constant(n, n, 0.5F));
  hard.push_back(Matrix::Zero(n, n));
  // Blocks along the diagonal, each heavier than the next: few large components.
  hard.push_back(Matrix::NullaryExpr(n, n, [](Eigen::Index row, Eigen::Index col) {
    return row / 30 == col / 30 ? 1.0F / static_cast<float>(1 + row / 30)
                                : 1e-3F / static_cast<float>(1 + row + col);
  }));
  // One heavy row: the others are reached one by one.
  hard.push_back(Matrix::NullaryExpr(n, n, [](Eigen::Index row, Eigen::Index col) {
    return (row == 0 ? 1.0F : 1e-3F) / static_cast<float>(1 + row * 7 % 300 + col);
  }));
  for (const Matrix& matrix : hard) {
    const Work work = forest_work(matrix);
    INFO(work.looks << " looks, " << work.rounds << " rounds");
    CHECK(work.looks + work.rounds <= 1 + 2 * std::log2(2.0 * n));
    CHECK(work.rounds <= 5);
  }
}

TEST_CASE("path forests of wide layers take one look", "[work]") {
  support::Random random(74);
  constexpr double width = 3200;
  const std::vector<Matrix> layers{normal_matrix(random, 3200, 3200),
                                   normal_matrix(random, 3200, 3200)};
  const double weights = 2 * width * width;
  const double connecting = 2 * width * (std::log(width) + 1.5);
  const Work work = path_work(layers);
  INFO(work.collected / connecting << " of the connecting edges, " << work.keys / weights
                                   << " keys a weight, " << work.values / connecting << " values");
  CHECK(work.looks == 2);
  CHECK(work.steps == 0);
  CHECK(work.rounds == 0);
  CHECK(work.collected < 2 * connecting);
  CHECK(work.keys < 1.3 * weights);
  CHECK(work.values < 4 * connecting);
}

TEST_CASE("path forests take two steps through each layer", "[work]") {
  support::Random random(73);
  for (const auto& widths :
       {std::vector{784, 100, 100, 10}, {300, 300, 300, 300}, {64, 500, 64}, {400, 20, 400}}) {
    std::vector<Matrix> layers;
    double weights = 0;
    double neurons = widths.front();
    for (std::size_t k = 1; k < widths.size(); ++k) {
      layers.push_back(normal_matrix(random, widths[k], widths[k - 1]));
      weights += static_cast<double>(dgp::detail::whole_blocks(widths[k - 1]) *
                                     static_cast<std::size_t>(widths[k]));
      neurons += widths[k];
    }
    const auto count = static_cast<double>(layers.size());
    const Work work = path_work(layers);
    INFO(work.collected / neurons << " edges a neuron, " << work.keys / weights
                                  << " keys a weight, " << work.values / weights
                                  << " values a weight, " << work.rounds << " rounds");
    CHECK(work.steps == 2 * count);
    CHECK(work.looks == 0);       // the second step takes the edges along
    CHECK(work.rounds <= count);  // one of the whole network
    CHECK(work.collected < 2.2 * neurons);
    CHECK(work.keys < 4.5 * weights);
    CHECK(work.values < 1.2 * weights);
  }
}

TEST_CASE("the merges of a convolution know their entries", "[work]") {
  support::Random random(75);
  const dgp::NeuronShape source{8, 12, 12};
  const dgp::NeuronShape target{16, 12, 12};
  const Matrix weights = normal_matrix(random, 16, 8 * 9);
  double looks = 0;
  const CountedKernel kernel(
      {dgp::detail::view_of(weights), {}, source, target, dgp::square_window(3, 1, 1)}, looks);
  const auto inputs = static_cast<dgp::detail::Vertex>(source.size());
  const dgp::detail::SortedEdges edges(kernel, dgp::detail::VertexTable(0),
                                       dgp::detail::VertexTable(inputs));
  dgp::detail::ForestBuilder<float> forest(
      dgp::detail::layer_numbering(source.size(), target.size()));
  const auto merges = static_cast<std::size_t>(source.size() + target.size()) - 1;
  std::vector<dgp::detail::StoredEdge<float>> known;
  double visited = 0;
  edges.for_each_descending([&](const float& value, auto row, auto col, const auto& stored) {
    ++visited;
    if (forest.merge({value, row, col})) known.push_back(stored());
    return known.size() < merges;
  });
  INFO(visited / edges.count() << " of all edges");
  REQUIRE(known.size() == merges);
  CHECK(visited < 0.5 * edges.count());
  CHECK(looks == static_cast<double>(merges));
  // And so does who asks for them later.
  looks = 0;
  for (std::size_t i = 0; i < merges; ++i) {
    const auto& merge = forest.accepted()[i];
    const auto found = edges.between(merge.row, merge.col);
    REQUIRE(found);
    REQUIRE(found->row == known[i].row);
    REQUIRE(found->col == known[i].col);
    REQUIRE(found->value == merge.value);
  }
  CHECK(looks == static_cast<double>(merges));
}
