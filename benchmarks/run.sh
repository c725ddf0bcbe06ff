#!/usr/bin/env bash
# run.sh [RESULTS]: installs what is missing, builds the benchmarks for this processor, runs them all
# (five minutes) and prints tables of the results, which are those of the README. With RESULTS, the
# output of an earlier run, only the tables are made.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
results=${1:-build/bench/results.txt}

if [ $# -eq 0 ]; then
  examples/install-packages.sh g++ cmake ninja-build libeigen3-dev nlohmann-json3-dev libcli11-dev \
    catch2 >&2
  { cmake --preset bench && cmake --build --preset bench --target dgp-bench; } >&2
  {
    echo "machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(nproc) cores"
    echo "compiler: $(c++ --version | head -1)"
    echo "flags: -O3 -march=native"
    build/bench/benchmarks/dgp-bench '[small]' --benchmark-samples 51 --reporter compact
    build/bench/benchmarks/dgp-bench '[large]' --benchmark-samples 9 --reporter compact
    build/bench/benchmarks/dgp-bench '[graphs]' --benchmark-samples 3 --reporter compact
  } | tee "$results" >&2
fi

awk -F ' [|] ' '
  function figure(group, input, what, threads) { return figures[group, input, what, threads] }
  function ms(value) { return value == "" ? "" : sprintf("%.3g", value) }
  function ratio(value, unit) {
    return value == "" || !unit ? "" : sprintf(value / unit < 9.95 ? "%.1f" : "%.0f", value / unit)
  }
  function table(title, rule) { printf "\n| %s\n|%s\n", title, rule }

  /^machine: / { machine = substr($0, 10) }
  /^compiler: / { compiler = substr($0, 11) }
  /^flags: / { flags = substr($0, 8) }
  NF == 6 {
    if ($3 == "one pass") inputs[$1, ++count[$1]] = $2
    figures[$1, $2, $3, $4] = $5
  }
  END {
    print "Measured on " machine ", " compiler ", `" flags "`, by `benchmarks/run.sh`."

    table("`maximum_spanning_forest` of | one pass, ms | passes | two threads | column-major | `neural_persistence` | memory, % | full sort takes |",
          "---|--:|--:|--:|--:|--:|--:|--:|")
    for (i = 1; i <= count["forest"]; ++i) {
      input = inputs["forest", i]
      pass = figure("forest", input, "one pass", 1)
      forest = figure("forest", input, "maximum_spanning_forest", 1)
      sort = ratio(figure("forest", input, "full sort and union-find", 1), forest)
      print "| " input " | " ms(pass) " | " ratio(forest, pass) \
        " | " ratio(figure("forest", input, "maximum_spanning_forest", 2), pass) \
        " | " ratio(figure("forest by column", input, "maximum_spanning_forest", 1), \
                    figure("forest by column", input, "one pass", 1)) \
        " | " ratio(figure("forest", input, "neural_persistence", 1), pass) \
        " | " ratio(figure("forest", input, "memory, % of the weights", 1), 1) \
        " | " (sort == "" ? "" : sort " times as long") " |"
    }

    table("network | one pass, ms | `deep_graph_persistence`, ms | passes | two threads | memory, % | `neural_persistence` | `weight_variance` | by way of S takes |",
          "---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for (i = 1; i <= count["network"]; ++i) {
      input = inputs["network", i]
      pass = figure("network", input, "one pass", 1)
      deep = figure("network", input, "deep_graph_persistence", 1)
      matrix = ratio(figure("network", input, "neural persistence of S", 1), deep)
      print "| " input " | " ms(pass) " | " ms(deep) " | " ratio(deep, pass) \
        " | " ratio(figure("network", input, "deep_graph_persistence", 2), pass) \
        " | " ratio(figure("network", input, "memory, % of the weights", 1), 1) \
        " | " ratio(figure("network", input, "neural_persistence", 1), pass) \
        " | " ratio(figure("network", input, "weight_variance", 1), pass) \
        " | " (matrix == "" ? "" : matrix " times as long") " |"
    }

    table("graph | neurons | weights, one pass, ms | edges | edges looked at | `neural_persistence`, ms | two threads | `deep_graph_persistence`, both variants, ms | two threads |",
          "---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for (i = 1; i <= count["graph"]; ++i) {
      input = inputs["graph", i]
      print "| " input " | " ms(figure("graph", input, "neurons", 1)) \
        " | " ms(figure("graph", input, "one pass", 1)) \
        " | " ms(figure("graph", input, "edges", 1)) \
        " | " ms(figure("graph", input, "edges looked at", 1)) \
        " | " ms(figure("graph", input, "neural_persistence", 1)) \
        " | " ms(figure("graph", input, "neural_persistence", 2)) \
        " | " ms(figure("graph", input, "deep_graph_persistence, both variants", 1)) \
        " | " ms(figure("graph", input, "deep_graph_persistence, both variants", 2)) " |"
    }

    table("`max_min_product` | random, ms | two threads, ms | hard, ms | two threads, ms | row-by-row loop, ms | billion min+max a second, hard | loop in the first-level cache |",
          "---|--:|--:|--:|--:|--:|--:|--:|")
    for (i = 1; i <= count["product"]; ++i) {
      input = inputs["product", i]
      print "| " input " | " ms(figure("product", input, "max_min_product, random", 1)) \
        " | " ms(figure("product", input, "max_min_product, random", 2)) \
        " | " ms(figure("product", input, "max_min_product, hard", 1)) \
        " | " ms(figure("product", input, "max_min_product, hard", 2)) \
        " | " ms(figure("product", input, "row-by-row loop, random", 1)) \
        " | " ms(figure("product", input, "max_min_product, hard, billion min+max a second", 1)) \
        " | " ms(figure("product", input, \
                        "loop in the first-level cache, billion min+max a second", 1)) " |"
    }

    input = inputs["watching", 1]
    table("watching a training of " input " | ms | % of a quarter epoch of 60,000 images |",
          "---|--:|--:|")
    split("a training step of 32 images;NP, two variants of DGP, variance;excess over 1,000 shuffles;spatial_concentration",
          watched, ";")
    for (i = 1; i <= 4; ++i) {
      print "| " watched[i] " | " ms(figure("watching", input, watched[i], 1)) \
        " | " ms(figure("watching", input, watched[i] ", % of a quarter epoch", 1)) " |"
    }

    table("features of one sample, of | forward pass, ms | `dgp_var`, forward passes | `dgp` | `dgp_var_approximate` | `topological` | allocations of 64 samples | 64 samples, two threads: times faster, `dgp_var` | `topological` |",
          "---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for (i = 1; i <= count["samples"]; ++i) {
      input = inputs["samples", i]
      pass = figure("samples", input, "one pass", 1)
      print "| " input " | " ms(pass) " | " ratio(figure("samples", input, "dgp_var", 1), pass) \
        " | " ratio(figure("samples", input, "dgp", 1), pass) \
        " | " ratio(figure("samples", input, "dgp_var_approximate", 1), pass) \
        " | " ratio(figure("samples", input, "topological", 1), pass) \
        " | " figure("samples", input, "dgp_var, allocations", 1) \
        " | " ratio(figure("samples", input, "dgp_var, batch of 64", 1), \
                    figure("samples", input, "dgp_var, batch of 64", 2)) \
        " | " ratio(figure("samples", input, "topological, batch of 64", 1), \
                    figure("samples", input, "topological, batch of 64", 2)) " |"
    }

    table("growth of `maximum_spanning_forest` | ms | passes | ns per weight |", "---|--:|--:|--:|")
    for (i = 1; i <= count["growth"]; ++i) {
      input = inputs["growth", i]
      forest = figure("growth", input, "maximum_spanning_forest", 1)
      print "| " input " | " ms(forest) \
        " | " ratio(forest, figure("growth", input, "one pass", 1)) \
        " | " ms(figure("growth", input, "nanoseconds per weight", 1)) " |"
    }
  }' "$results"
