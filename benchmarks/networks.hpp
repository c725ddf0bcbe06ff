// Well-known convolutional networks as graphs, with random weights: what is measured of them hangs
// on their shapes. Batch normalisations are folded into the kernels before them, as a reader of
// ONNX does.
#pragma once

#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include <dgp/dgp.hpp>

namespace benchmark {

using Kernel = dgp::RowMajorMatrix<float>;

class NetworkBuilder {
 public:
  explicit NetworkBuilder(const dgp::NeuronShape& image) : at_(graph_.input(image)) {}

  dgp::Neurons at() const { return at_; }
  void go_on_from(dgp::Neurons neurons) { at_ = neurons; }

  NetworkBuilder& convolution(dgp::Index channels, dgp::Index size, dgp::Index stride = 1,
                              dgp::Index groups = 1) {
    const dgp::Index seen = graph_.shape(at_).channels / groups;
    at_ = graph_.convolution(at_, random(channels, seen * size * size),
                             dgp::square_window(size, stride, size / 2, groups));
    return *this;
  }
  NetworkBuilder& pooling(dgp::Index size, dgp::Index stride, dgp::Index padding = 0) {
    at_ = graph_.pooling(at_, dgp::square_window(size, stride, padding));
    return *this;
  }
  NetworkBuilder& mean() {
    at_ = graph_.all_positions(at_);
    return *this;
  }
  NetworkBuilder& dense(dgp::Index neurons) {
    const dgp::Index size = graph_.shape(at_).size();
    at_ = graph_.dense(graph_.reshaped(at_, {size}), random(neurons, size));
    return *this;
  }
  NetworkBuilder& add(dgp::Neurons skipped) {
    at_ = graph_.sum({at_, skipped});
    return *this;
  }
  dgp::FeedForwardGraph<float> finish() {
    graph_.output(at_);
    return std::move(graph_);
  }

 private:
  Kernel random(dgp::Index rows, dgp::Index cols) {
    std::normal_distribution<float> normal(0, std::sqrt(2 / static_cast<float>(cols)));
    Kernel weights(rows, cols);
    for (auto& weight : weights.reshaped()) weight = normal(random_);
    return weights;
  }

  dgp::FeedForwardGraph<float> graph_;
  dgp::Neurons at_;
  std::mt19937 random_{7};
};

// He et al. 2016, with the stride in the blocks' 3×3 convolutions.
inline dgp::FeedForwardGraph<float> resnet50() {
  NetworkBuilder network({3, 224, 224});
  network.convolution(64, 7, 2).pooling(3, 2, 1);
  dgp::Index stage = 0;
  for (const int blocks : {3, 4, 6, 3}) {
    const dgp::Index channels = dgp::Index{64} << stage;
    for (int block = 0; block < blocks; ++block) {
      const dgp::Index stride = stage > 0 && block == 0 ? 2 : 1;
      const dgp::Neurons before = network.at();
      network.convolution(channels, 1)
          .convolution(channels, 3, stride)
          .convolution(4 * channels, 1);
      const dgp::Neurons made = network.at();
      network.go_on_from(before);
      if (block == 0) network.convolution(4 * channels, 1, stride);
      const dgp::Neurons shortcut = network.at();
      network.go_on_from(made);
      network.add(shortcut);
    }
    ++stage;
  }
  return network.mean().dense(1000).finish();
}

// Simonyan and Zisserman 2015, configuration D.
inline dgp::FeedForwardGraph<float> vgg16() {
  NetworkBuilder network({3, 224, 224});
  for (const auto& [channels, count] :
       std::vector<std::pair<dgp::Index, int>>{{64, 2}, {128, 2}, {256, 3}, {512, 3}, {512, 3}}) {
    for (int i = 0; i < count; ++i) network.convolution(channels, 3);
    network.pooling(2, 2);
  }
  return network.dense(4096).dense(4096).dense(1000).finish();
}

// Sandler et al. 2018.
inline dgp::FeedForwardGraph<float> mobilenet_v2() {
  struct Stage {
    dgp::Index expansion, channels;
    int blocks;
    dgp::Index stride;
  };
  NetworkBuilder network({3, 224, 224});
  network.convolution(32, 3, 2);
  dgp::Index channels = 32;
  for (const Stage& stage : {Stage{1, 16, 1, 1},
                             {6, 24, 2, 2},
                             {6, 32, 3, 2},
                             {6, 64, 4, 2},
                             {6, 96, 3, 1},
                             {6, 160, 3, 2},
                             {6, 320, 1, 1}}) {
    for (int block = 0; block < stage.blocks; ++block) {
      const dgp::Neurons before = network.at();
      const dgp::Index wide = stage.expansion * channels;
      const dgp::Index stride = block == 0 ? stage.stride : 1;
      if (stage.expansion != 1) network.convolution(wide, 1);
      network.convolution(wide, 3, stride, wide).convolution(stage.channels, 1);
      if (stride == 1 && channels == stage.channels) network.add(before);
      channels = stage.channels;
    }
  }
  return network.convolution(1280, 1).mean().dense(1000).finish();
}

// A convolution of an image alone.
inline dgp::FeedForwardGraph<float> single_convolution(dgp::Index channels, dgp::Index size) {
  return NetworkBuilder({channels, size, size}).convolution(channels, 3).finish();
}

// The same, of a convolution's graph with every edge as an entry of a sparse matrix.
inline dgp::FeedForwardGraph<float> unrolled(const dgp::FeedForwardGraph<float>& graph) {
  const auto& set = graph.edge_sets().front();
  const auto weights = dgp::weighted_sets(graph).front().weights;
  const auto& [vertical, horizontal, groups] = set.window;
  const dgp::NeuronShape& from = set.source_shape;
  const dgp::NeuronShape& to = set.target_shape;
  Eigen::SparseMatrix<float, Eigen::RowMajor> edges(to.size(), from.size());
  edges.reserve(
      Eigen::VectorXi::Constant(static_cast<int>(to.size()), static_cast<int>(weights.cols())));
  for (dgp::Index o = 0; o < to.channels; ++o) {
    for (dgp::Index y = 0; y < to.height; ++y) {
      for (dgp::Index x = 0; x < to.width; ++x) {
        const dgp::Index row = (o * to.height + y) * to.width + x;
        for (dgp::Index entry = 0; entry < weights.cols(); ++entry) {
          const dgp::Index place = entry % (vertical.size * horizontal.size);
          const auto v =
              dgp::detail::source_along(vertical, place / horizontal.size, y, from.height);
          const auto h =
              dgp::detail::source_along(horizontal, place % horizontal.size, x, from.width);
          if (!v || !h) continue;
          const dgp::Index c = entry / (vertical.size * horizontal.size);
          edges.insert(row, (c * from.height + *v) * from.width + *h) = weights(o, entry);
        }
      }
    }
  }
  edges.makeCompressed();
  dgp::FeedForwardGraph<float> sparse;
  sparse.output(sparse.sparse(sparse.input({from.size()}), edges));
  return sparse;
}

// So many edges does neural persistence come to: of a convolution, those of all entries down to the
// one that joins the last neurons; of a matrix, all.
inline double edges_looked_at(const dgp::FeedForwardGraph<float>& graph) {
  const auto np = dgp::neural_persistence(graph, {.normalization = dgp::Normalization::max_abs});
  const auto sets = dgp::weighted_sets(graph);
  double largest = 0;
  for (const auto& set : sets) {
    largest = std::max(largest, static_cast<double>(set.weights.cwiseAbs().maxCoeff()));
  }
  double edges = 0;
  for (std::size_t k = 0; k < sets.size(); ++k) {
    const auto& set = sets[k];
    const bool slides = set.kind == dgp::WeightedKind::convolution &&
                        set.window.vertical.size * set.window.horizontal.size > 1;
    if (!slides) {
      edges += static_cast<double>(set.weights.size());
      continue;
    }
    double last = 0;
    for (const auto& pair : np.layers[k].diagram.pairs) {
      if (pair.death > 0) last = static_cast<double>(pair.death);
    }
    const auto above = (set.weights.array().abs().cast<double>() / largest >= last).count();
    edges += set.edges / static_cast<double>(set.weights.size()) * static_cast<double>(above);
  }
  return edges;
}

}  // namespace benchmark
