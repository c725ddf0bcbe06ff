// Distances between diagrams against the definition: a cheapest perfect matching between the points
// of both and as many places on the diagonal, found by algorithms that know nothing of lines or
// sides.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <limits>
#include <vector>

#include <nlohmann/json.hpp>

#include <dgp/analysis/diagram_distance.hpp>

#include "../support/catch.hpp"
#include "../support/random_network.hpp"

namespace {

using support::Random;
using Deaths = std::vector<double>;

dgp::PersistenceDiagram<double> diagram_of(const Deaths& deaths) {
  dgp::PersistenceDiagram<double> diagram;
  for (const double death : deaths) diagram.pairs.push_back({1, death});
  return diagram;
}

// Costs between the points of a and then a place on the diagonal for each of b (rows), and those of
// b and then a place for each of a (columns).
std::vector<Deaths> costs_of(const Deaths& a, const Deaths& b) {
  const std::size_t size = a.size() + b.size();
  std::vector<Deaths> costs(size, Deaths(size, 0));
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < size; ++j) {
      const bool point = i < a.size();
      const bool partner = j < b.size();
      costs[i][j] = point && partner ? std::abs(a[i] - b[j])
                    : point          ? std::abs(1 - a[i]) / 2
                    : partner        ? std::abs(1 - b[j]) / 2
                                     : 0;
    }
  }
  return costs;
}

// Augmenting paths over the edges that cost no more than t.
bool can_match(const std::vector<Deaths>& costs, double t) {
  const std::size_t size = costs.size();
  constexpr std::size_t nobody = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> row_of(size, nobody);
  std::vector<bool> seen;
  const auto augment = [&](const auto& self, std::size_t row) -> bool {
    for (std::size_t col = 0; col < size; ++col) {
      if (seen[col] || costs[row][col] > t) continue;
      seen[col] = true;
      if (row_of[col] == nobody || self(self, row_of[col])) {
        row_of[col] = row;
        return true;
      }
    }
    return false;
  };
  for (std::size_t row = 0; row < size; ++row) {
    seen.assign(size, false);
    if (!augment(augment, row)) return false;
  }
  return true;
}

double naive_bottleneck(const Deaths& a, const Deaths& b) {
  const auto costs = costs_of(a, b);
  Deaths candidates{0};
  for (const auto& row : costs) candidates.insert(candidates.end(), row.begin(), row.end());
  std::sort(candidates.begin(), candidates.end());
  return *std::partition_point(candidates.begin(), candidates.end(),
                               [&](double t) { return !can_match(costs, t); });
}

// The least sum of cost^p, by successive shortest paths found by relaxing all edges in turn.
long double naive_least_sum(const Deaths& a, const Deaths& b, double p) {
  const auto costs = costs_of(a, b);
  const std::size_t size = costs.size();
  constexpr std::size_t nobody = std::numeric_limits<std::size_t>::max();
  constexpr long double far = std::numeric_limits<long double>::infinity();
  std::vector<std::vector<long double>> powers(size);
  for (std::size_t row = 0; row < size; ++row) {
    for (const double cost : costs[row]) {
      powers[row].push_back(std::pow(static_cast<long double>(cost), static_cast<long double>(p)));
    }
  }
  std::vector<std::size_t> row_of(size, nobody);
  std::vector<std::size_t> col_of(size, nobody);
  for (std::size_t start = 0; start < size; ++start) {
    std::vector<long double> to_row(size, far);
    std::vector<long double> to_col(size, far);
    std::vector<std::size_t> from(size, nobody);
    to_row[start] = 0;
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t row = 0; row < size; ++row) {
        if (to_row[row] == far) continue;
        for (std::size_t col = 0; col < size; ++col) {
          const long double distance = to_row[row] + powers[row][col];
          if (col_of[row] == col || !(distance < to_col[col] - 1e-16L)) continue;
          to_col[col] = distance;
          from[col] = row;
          changed = true;
          const std::size_t next = row_of[col];
          if (next != nobody) to_row[next] = distance - powers[next][col];
        }
      }
    }
    std::size_t end = nobody;
    for (std::size_t col = 0; col < size; ++col) {
      if (row_of[col] == nobody && (end == nobody || to_col[col] < to_col[end])) end = col;
    }
    while (end != nobody) {
      const std::size_t row = from[end];
      const std::size_t next = col_of[row];
      row_of[end] = row;
      col_of[row] = end;
      end = next;
    }
  }
  long double sum = 0;
  for (std::size_t row = 0; row < size; ++row) sum += powers[row][col_of[row]];
  return sum;
}

// The same for points on one side, longest lives first, by all paths through the grid of pairs.
long double least_sum_in_order(const Deaths& a, const Deaths& b, double p) {
  const auto power = [p](double cost) {
    return std::pow(static_cast<long double>(cost), static_cast<long double>(p));
  };
  std::vector<long double> row{0};
  for (const double death : b) row.push_back(row.back() + power(std::abs(1 - death) / 2));
  for (const double death : a) {
    long double before = row[0];
    row[0] += power(std::abs(1 - death) / 2);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const long double best = std::min({before + power(std::abs(death - b[j])),
                                         row[j + 1] + power(std::abs(1 - death) / 2),
                                         row[j] + power(std::abs(1 - b[j]) / 2)});
      before = row[j + 1];
      row[j + 1] = best;
    }
  }
  return row.back();
}

enum class Kind { uniform, ties, both_sides, powers, cluster, count };

Deaths random_deaths(Random& random, Kind kind, int count) {
  Deaths deaths;
  for (int i = 0; i < count; ++i) {
    double death = random.uniform();
    if (kind == Kind::ties) death = 0.125 * random.below(9);
    if (kind == Kind::both_sides) death = 0.0625 * random.below(40);
    if (kind == Kind::powers) death = 1 - std::pow(10.0, -5 * random.uniform());
    if (kind == Kind::cluster) {
      death = (random.below(3) == 0 ? 0.2 : 0.7) + 0.1 * random.normal();
    }
    deaths.push_back(death);
  }
  return deaths;
}

// A second diagram: of its own, or the first with something done to it.
Deaths random_other(Random& random, const Deaths& first, Kind kind, int count) {
  if (random.below(3) > 0) return random_deaths(random, kind, count);
  const double size = std::pow(10.0, -random.below(10));
  Deaths other;
  for (const double death : first) {
    if (random.below(10) == 0) continue;
    other.push_back(random.below(3) == 0 ? death : death + size * random.normal());
  }
  return other;
}

}  // namespace

TEST_CASE("distances of small diagrams are those of a cheapest matching", "[distance]") {
  Random random(1);
  for (int round = 0; round < 6000; ++round) {
    const auto kind = static_cast<Kind>(random.below(static_cast<int>(Kind::count)));
    const Deaths a = random_deaths(random, kind, random.below(8));
    const Deaths b = random_other(random, a, kind, random.below(8));
    CAPTURE(round, a, b);
    const auto first = diagram_of(a);
    const auto second = diagram_of(b);
    for (const auto essential : {dgp::EssentialClass::dies_at_zero, dgp::EssentialClass::omitted}) {
      Deaths all_a = a;
      Deaths all_b = b;
      if (essential == dgp::EssentialClass::dies_at_zero) {
        all_a.push_back(0);
        all_b.push_back(0);
      }
      // Bit for bit: it is one of the costs.
      REQUIRE(dgp::bottleneck_distance(first, second, essential) == naive_bottleneck(all_a, all_b));
      const double p = std::vector<double>{1, 1.5, 2, 3, 7}[static_cast<std::size_t>(round % 5)];
      const double expected = static_cast<double>(
          std::pow(naive_least_sum(all_a, all_b, p), 1 / static_cast<long double>(p)));
      const double distance = dgp::wasserstein_distance(first, second, p, essential);
      // The naive sums are rounded to 1e-16 as they are compared.
      REQUIRE(std::abs(std::pow(distance, p) - std::pow(expected, p)) <=
              1e-13 * std::pow(expected, p) + 1e-14);
      if (p == 1 && (kind == Kind::ties || kind == Kind::both_sides) &&
          std::all_of(b.begin(), b.end(), [](double d) { return 16 * d == std::floor(16 * d); })) {
        REQUIRE(distance == expected);
      }
    }
  }
}

TEST_CASE("distances of larger diagrams are those of the best path through all pairs",
          "[distance]") {
  Random random(2);
  for (int round = 0; round < 500; ++round) {
    auto kind = static_cast<Kind>(random.below(static_cast<int>(Kind::count)));
    if (kind == Kind::both_sides) kind = Kind::uniform;
    const bool below = random.below(4) == 0;  // the diagonal
    Deaths a = random_deaths(random, kind, random.below(200));
    Deaths b = random_other(random, a, kind, random.below(200));
    for (auto* deaths : {&a, &b}) {
      for (double& death : *deaths) {
        death = std::min(death, 1.0);
        if (below) death = 2 - death;
      }
      std::sort(deaths->begin(), deaths->end(),
                [&](double x, double y) { return below ? x > y : x < y; });
    }
    const double p =
        std::vector<double>{1, 1.01, 1.5, 2, 3, 10}[static_cast<std::size_t>(round % 6)];
    CAPTURE(round, a.size(), b.size(), p);
    const auto expected =
        static_cast<double>(std::pow(least_sum_in_order(a, b, p), 1 / static_cast<long double>(p)));
    const double distance =
        dgp::wasserstein_distance(diagram_of(a), diagram_of(b), p, dgp::EssentialClass::omitted);
    REQUIRE(std::abs(distance - expected) <= 1e-13 * expected);
  }
}

// tests/data/distances/make.py says how they were computed.
TEST_CASE("distances are GUDHI's", "[distance]") {
  std::ifstream stream(DGP_TEST_DATA "/distances/gudhi.json");
  const auto document = nlohmann::json::parse(stream);
  REQUIRE(document.at("cases").size() >= 100);
  for (const auto& entry : document.at("cases")) {
    const auto first = diagram_of(entry.at("a").get<Deaths>());
    const auto second = diagram_of(entry.at("b").get<Deaths>());
    constexpr auto omitted = dgp::EssentialClass::omitted;
    CHECK(dgp::bottleneck_distance(first, second, omitted) ==
          Approx(entry.at("bottleneck").get<double>()).epsilon(1e-12).margin(1e-15));
    for (const auto& [p, expected] : entry.at("wasserstein").items()) {
      CHECK(dgp::wasserstein_distance(first, second, std::stod(p), omitted) ==
            Approx(expected.get<double>()).epsilon(1e-9).margin(1e-12));
    }
  }
}
