// Errors in loops that are shared out among threads leave them once, and leave nothing broken.
#include <atomic>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <dgp/detail/parallel.hpp>
#include <dgp/dgp.hpp>
#include <dgp/monitoring/activation_graph.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"

#ifdef _OPENMP
#include <omp.h>
#endif

namespace {

using dgp::detail::parallel_for;

constexpr double much_work = 1e9;

// Calls check() on one thread and, where there is OpenMP, on several.
template <class Check>
void on_threads(const Check& check) {
#ifdef _OPENMP
  const int before = omp_get_max_threads();
  for (const int threads : {1, 2, 5}) {
    omp_set_num_threads(threads);
    CAPTURE(threads);
    check();
    CHECK(omp_get_max_threads() == threads);
  }
  omp_set_num_threads(before);
#else
  check();
#endif
}

}  // namespace

TEST_CASE("of the errors in a loop the one of the lowest task is thrown", "[parallel]") {
  on_threads([] {
    for (int round = 0; round < 20; ++round) {
      std::vector<std::atomic<int>> visits(200);
      const auto message = support::error_of([&] {
        parallel_for(visits.size(), much_work, [&](std::size_t task) {
          ++visits[task];
          if (task >= 17) throw std::runtime_error("task " + std::to_string(task));
        });
      });
      CHECK(message == "task 17");
      for (const auto& count : visits) CHECK(count <= 1);
      for (std::size_t task = 0; task <= 17; ++task) CHECK(visits[task] == 1);
    }
  });
}

TEST_CASE("an error keeps its type on its way out of a loop, whatever it is", "[parallel]") {
  on_threads([] {
    const auto fail = [](std::size_t task) {
      if (task == 3) throw std::domain_error("three");
      if (task == 5) throw 5;
    };
    CHECK_THROWS_AS(parallel_for(10, much_work, fail), std::domain_error);
    CHECK_THROWS_AS(parallel_for(10, much_work,
                                 [&](std::size_t task) {
                                   if (task > 3) fail(task);
                                 }),
                    int);
    std::atomic<int> tasks = 0;
    parallel_for(100, much_work, [&](std::size_t) { ++tasks; });
    CHECK(tasks == 100);
  });
}

TEST_CASE("the first bad sample of a batch is named, and good ones are measured afterwards",
          "[parallel]") {
  const std::vector<Eigen::MatrixXf> layers{Eigen::MatrixXf::Random(40, 50),
                                            Eigen::MatrixXf::Random(10, 40)};
  const dgp::ActivationGraphs<float> graphs(layers);
  const Eigen::MatrixXf good = Eigen::MatrixXf::Random(300, 50);
  Eigen::MatrixXf bad = good;
  bad(57, 3) = std::numeric_limits<float>::infinity();
  bad(58, 0) = bad(299, 49) = std::numeric_limits<float>::quiet_NaN();
  const auto method = dgp::FeatureMethod::dgp;
  const Eigen::VectorXf first_bad = bad.row(57).transpose();
  const auto expected = dgp::feature_matrix(graphs, good, method);
  dgp::FeatureWorkspace<float> workspace;
  Eigen::VectorXf features;
  const std::string alone = support::error_of<std::invalid_argument>(
      [&] { graphs.features(first_bad, method, workspace, features); });
  REQUIRE_FALSE(alone.empty());
  on_threads([&] {
    for (int round = 0; round < 3; ++round) {
      CHECK(support::error_of<std::invalid_argument>(
                [&] { dgp::feature_matrix(graphs, bad, method); }) == "sample 57: " + alone);
      CHECK(dgp::feature_matrix(graphs, good, method) == expected);
    }
  });
}

TEST_CASE("of several bad layers the first is named, and good ones are measured afterwards",
          "[parallel]") {
  const std::vector<Eigen::MatrixXf> good(3, Eigen::MatrixXf::Random(500, 500));
  auto bad = good;
  bad[1](499, 2) = bad[2](0, 0) = std::numeric_limits<float>::quiet_NaN();
  const double expected = dgp::neural_persistence(good).sum;
  on_threads([&] {
    for (int round = 0; round < 3; ++round) {
      CHECK(support::error_of<std::invalid_argument>([&] { dgp::neural_persistence(bad); }) ==
            "layer 1, row 499, column 2: weight is nan");
      CHECK(dgp::neural_persistence(good).sum == expected);
    }
  });
}
