#!/usr/bin/env bash
# mutants.sh [COUNT [SEED [PATH...]]]: installs what is missing and tries COUNT (60) mutants of the
# library's headers, drawn by SEED (1), of those headers in include/dgp whose paths begin with PATH
# where these are told. See mutants.py. One that survives takes minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

examples/install-packages.sh g++ libeigen3-dev nlohmann-json3-dev catch2 libmpfrc++-dev libzip-dev \
  libonnx-dev libprotobuf-dev libboost-dev pkg-config python3
/usr/bin/python3 tests/mutants.py "${1:-60}" "${2:-1}" "${@:3}"
