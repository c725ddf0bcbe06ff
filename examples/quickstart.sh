#!/usr/bin/env bash
# quickstart.sh [ARGUMENT...]: from a bare Debian 12 to the first result. Installs what is missing,
# builds the example programs and calls dgp-inspect with the arguments; without a model among them
# it takes examples/data/digits_64-32-16-10.safetensors. Results go to stdout, all else to stderr.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

"$root/examples/install-packages.sh" g++ cmake ninja-build libeigen3-dev nlohmann-json3-dev \
  libcli11-dev libzip-dev libonnx-dev libprotobuf-dev libboost-dev >&2

echo "== configuring and building the example programs in $root/build/default" >&2
(
  cd "$root"
  cmake --preset default
  cmake --build --preset default
) >&2

if [ $# -eq 0 ]; then
  cd "$root"
  set -- examples/data/digits_64-32-16-10.safetensors
fi
echo "== running dgp-inspect $*" >&2
exec "$root/build/default/examples/dgp-inspect" "$@"
