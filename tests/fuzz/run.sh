#!/bin/sh
# Builds the fuzz targets by clang and runs each of them for so many minutes, one after the other:
#   tests/fuzz/run.sh [minutes [target...]]        (10 minutes, and all targets, unless told otherwise)
# What libFuzzer learns is kept in $BUILD/corpora (BUILD is build/fuzz) and begun with the next time,
# beside tests/data/fuzz. Prints a table, and ends with 1 if there are findings: the bytes that do it
# are then in $BUILD/findings, and `$BUILD/tests/fuzz/targets/fuzz-TARGET FILE` shows what they do.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build/fuzz}
minutes=${1:-10}
[ $# -eq 0 ] || shift

mkdir -p "$build"
cmake -S . -B "$build" -G Ninja -DCMAKE_CXX_COMPILER="${CXX:-clang++-14}" -DDGP_BUILD_FUZZERS=ON \
  -DDGP_BUILD_TESTS=OFF -DDGP_BUILD_EXAMPLES=OFF -DDGP_BUILD_BENCHMARKS=OFF >"$build.log" ||
  { cat "$build.log"; exit 1; }
programs=$build/tests/fuzz/targets
if [ $# -eq 0 ]; then
  cmake --build "$build" --target fuzzers
  for program in "$programs"/fuzz-*; do set -- "$@" "${program##*/fuzz-}"; done
else
  for target; do cmake --build "$build" --target "fuzz-$target"; done
fi

# The longest file, and the words that mean something in it.
options_of() {
  words=tests/fuzz/targets
  case $1 in
    engine_*) echo -max_len=600 ;;
    npy | npz) echo -max_len=1024 -dict=$words/npy.dict ;;
    pytorch) echo -max_len=2048 -dict=$words/pytorch.dict ;;
    idx) echo -max_len=64 ;;
    onnx) echo -max_len=4096 ;;
    *) echo -max_len=2048 -dict=$words/safetensors.dict ;;
  esac
}

mkdir -p "$build/logs" "$build/findings"
table=$build/logs/table
rm -f "$table.failed" # of the last time
{
  printf '%-18s %12s %7s %9s %7s %9s %9s\n' target runs edges features files bytes findings
  failed=0
  for target; do
    corpus=$build/corpora/$target
    log=$build/logs/$target
    mkdir -p "$corpus" "tests/data/fuzz/$target"
    found=0
    # The limits are far above what any of these files takes.
    # shellcheck disable=SC2046
    "$programs/fuzz-$target" $(options_of "$target") -max_total_time=$((60 * minutes)) -timeout=20 \
      -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$build/findings/$target-" "$corpus" \
      "tests/data/fuzz/$target" >"$log" 2>&1 || found=1
    [ $found -eq 0 ] || failed=1
    awk -v target="$target" -v found=$found '
      / cov: / { for (i = 1; i < NF; ++i) { if ($i == "cov:") edges = $(i + 1)
                                            if ($i == "ft:") features = $(i + 1)
                                            if ($i == "corp:") split($(i + 1), corpus, "/") }
                 runs = substr($1, 2) }
      /stat::number_of_executed_units/ { runs = $2 }
      END { printf "%-18s %12s %7s %9s %7s %9s %9s\n", target, runs, edges, features, corpus[1],
                   corpus[2], found }' "$log"
  done
  [ $failed -eq 0 ] || ls -l "$build/findings"
  echo $failed >"$table.failed"
} | tee "$table"
exit "$(cat "$table.failed")"
