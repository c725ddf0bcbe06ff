#!/usr/bin/env bash
# run.sh [RESULTS]: installs what is missing, builds the benchmarks for this processor, runs them all
# and prints a table of the results. With RESULTS, the output of an
# earlier run, only the table is made.
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
    build/bench/benchmarks/dgp-bench '[full]' --reporter compact
  } | tee "$results" >&2
fi

awk -F ' [|] ' '
  /^machine: / { machine = substr($0, 10) }
  /^compiler: / { compiler = substr($0, 11) }
  /^flags: / { flags = substr($0, 8) }
  NF == 6 && $3 !~ /billion|nanoseconds/ {
    key = $1 " | " $2
    if ($3 == "one pass") pass[key] = $5
    if ($3 ~ /^full sort|^neural persistence of S|^row-by-row/) baseline[key] = $5
    rows[++count] = $0
  }
  $3 ~ /billion|nanoseconds/ { notes[++note_count] = "| " $2 " | " $3 " | " $5 " |" }
  END {
    print "Measured on " machine ", " compiler ", `" flags "`, by `benchmarks/run.sh`.\n"
    print "| input | call | threads | ms | passes | baseline / call |"
    print "|---|---|---|---|---|---|"
    for (i = 1; i <= count; ++i) {
      split(rows[i], field, " [|] ")
      key = field[1] " | " field[2]
      ratio = (key in baseline) && field[3] != "one pass" ? sprintf("%.1f", baseline[key] / field[5]) : ""
      print "| " field[2] " | " field[3] " | " field[4] " | " field[5] " | " field[6] " | " ratio " |"
    }
    print "\n| input | figure | value |\n|---|---|---|"
    for (i = 1; i <= note_count; ++i) print notes[i]
  }' "$results"
