#!/usr/bin/env bash
# run.sh [CTEST-ARGUMENT...]: installs what is missing, builds the library's tests and runs them.
# For example `tests/run.sh -R unit` runs only the tests with "unit" in their names.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

examples/install-packages.sh g++ cmake ninja-build libeigen3-dev nlohmann-json3-dev libcli11-dev \
  catch2 libmpfrc++-dev libzip-dev libonnx-dev libprotobuf-dev libboost-dev libopenmpi-dev openmpi-bin \
  doxygen pybind11-dev python3-dev python3-numpy

echo "== configuring and building the tests in build/tests"
cmake --preset tests
cmake --build --preset tests

echo "== running the tests"
ctest --preset tests --output-on-failure -j2 "$@"
