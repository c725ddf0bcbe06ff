#!/usr/bin/env bash
# lint.sh [--all | FILE...]: installs what is missing, then reads library and programs with cppcheck,
# and translation units with clang-tidy: one that includes every public header; those that are
# named; or with --all all of them, which takes hours. The tests' build folder is only
# configured.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# libomp-dev: clang's omp.h.
examples/install-packages.sh clang-tidy cppcheck libomp-dev

echo "== cppcheck"
mapfile -t sources < <(find include examples -name '*.hpp' -o -name '*.cpp')
cppcheck --std=c++20 --language=c++ --enable=warning,performance,portability -I include --quiet \
  --suppressions-list=tests/cppcheck-suppressions.txt --error-exitcode=1 "${sources[@]}"

echo "== clang-tidy"
cmake --preset tests >/dev/null
units=("$@")
case ${1-} in
  "") units=(tests/link/main.cpp) ;;
  --all) mapfile -t units < <(sed -n "s|^  \"file\": \"$PWD/\(.*\)\"$|\1|p" build/tests/compile_commands.json |
    grep -v '^build/' | sort -u) ;;
esac
# The compile commands are g++'s, with warnings that only it has.
for unit in "${units[@]}"; do
  clang-tidy-14 -p build/tests --extra-arg=-Wno-unknown-warning-option --quiet "$unit"
done
