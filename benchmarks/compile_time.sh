#!/usr/bin/env bash
# compile_time.sh [RUNS]: what including and calling the library costs a compiler, as a table in
# Markdown: medians of RUNS compilations (5), in seconds of processor time, which other programs on
# the machine disturb least. CXX is the compiler (g++), CXXFLAGS are its further flags.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

runs=${1:-5}
cxx=${CXX:-g++}
read -ra flags <<<"-std=c++20 ${CXXFLAGS:-} $(pkg-config --cflags eigen3)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(sed -n 's/^ *VERSION \([0-9.]*\)$/\1/p' CMakeLists.txt)
cmake -D VERSION="$version" -D LICENSE=LICENSE -D INCLUDE=include -D HEADER=dgp/dgp.hpp \
  -D OUTPUT="$work/dgp_single.hpp" -P cmake/single_header.cmake

call='#include <vector>
double figures(const std::vector<Eigen::MatrixXf>& layers) {
  return dgp::neural_persistence(layers).sum + dgp::deep_graph_persistence(layers).total;
}'
names=('`#include <Eigen/Core>`' '`#include <dgp/dgp.hpp>`' '`#include <dgp_single.hpp>`'
  'NP and DGP, from the headers of both' 'NP and DGP, from `<dgp/dgp.hpp>`')
sources=('#include <Eigen/Core>' '#include <dgp/dgp.hpp>' '#include <dgp_single.hpp>'
  '#include <dgp/deep_graph_persistence.hpp>'$'\n''#include <dgp/neural_persistence.hpp>'$'\n'"$call"
  '#include <dgp/dgp.hpp>'$'\n'"$call")

TIMEFORMAT='%U %S'
exec 3>&2  # the compiler's own words, apart from what `time` says
# median OPTIMIZATION: of the compilations of $work/program.cpp
median() {
  for ((run = 0; run < runs; ++run)); do
    { time "$cxx" "${flags[@]}" "$1" -Iinclude -I"$work" -c "$work/program.cpp" \
      -o "$work/program.o" 2>&3; } 2>&1
  done | awk '{ printf "%.3f\n", $1 + $2 }' | sort -n | sed -n "$((runs / 2 + 1))p"
}

"$cxx" --version | sed -n 1p
printf '\n| seconds to compile | -O0 | -O2 |\n|---|---:|---:|\n'
for at in "${!names[@]}"; do
  printf '%s\n' "${sources[at]}" >"$work/program.cpp"
  plain=$(median -O0)
  optimized=$(median -O2)
  printf '| %s | %.2f | %.2f |\n' "${names[at]}" "$plain" "$optimized"
done
