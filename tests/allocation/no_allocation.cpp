// What is promised to services: a sample after the first of a method takes no memory.
#include <cstddef>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <vector>

// A program of its own, in which Eigen asks before it takes memory, and throws where it may not.
#define EIGEN_RUNTIME_NO_MALLOC
#define eigen_assert(condition) \
  if (!(condition)) throw std::logic_error("Eigen: " #condition)
#include <Eigen/Core>

#include <dgp/monitoring/activation_graph.hpp>
#include <dgp/monitoring/feature_method.hpp>

#include "../support/catch.hpp"
#include "../support/random_network.hpp"

namespace {

thread_local std::size_t allocations = 0;  // of containers

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size > 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size > 0 ? size : 1);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

TEST_CASE("a workspace that has served takes no more memory", "[activation_graph]") {
  support::Random random(2);
  std::vector<Eigen::MatrixXf> layers;
  layers.push_back(support::random_matrix<float>(random, support::Kind::normal, 90, 200));
  layers.push_back(support::random_matrix<float>(random, support::Kind::normal, 80, 90));
  layers.push_back(support::random_matrix<float>(random, support::Kind::normal, 10, 80));
  const dgp::ActivationGraphs<float> graphs(layers);
  std::vector<Eigen::VectorXf> samples;
  for (int i = 0; i < 30; ++i) {
    samples.emplace_back(support::random_matrix<float>(random, support::Kind::zeros, 200, 1));
  }
  for (const auto method : dgp::feature_methods) {
    CAPTURE(dgp::name_of(method));
    dgp::FeatureWorkspace<float> workspace;
    Eigen::VectorXf features;
    graphs.features(samples.front(), method, workspace, features);
    const std::size_t before = allocations;
    Eigen::internal::set_is_malloc_allowed(false);
    for (const auto& sample : samples) graphs.features(sample, method, workspace, features);
    Eigen::internal::set_is_malloc_allowed(true);
    const std::size_t after = allocations;
    CHECK(after == before);
  }
}
