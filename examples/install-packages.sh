#!/usr/bin/env bash
# install-packages.sh PACKAGE...: installs those of the given Debian packages that are missing, by
# apt-get, as root or with sudo. Says nothing where none is missing. Where it cannot install, it says
# what is needed in one line, and fails only if a program to build with is missing too: libraries
# may well lie elsewhere, and what CMake does not find it fetches.
set -euo pipefail

missing=()
for package in "$@"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  if [ "$status" != installed ]; then missing+=("$package"); fi
done
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

cannot_install() {
  local package program
  for package in "${missing[@]}"; do
    case $package in
      cmake | g++) program=$package ;;
      clang) program=clang++-14 ;;
      ninja-build) program=ninja ;;
      *) continue ;;
    esac
    if ! command -v "$program" >/dev/null; then
      echo "install-packages.sh: $1, and $program is not here; needed: ${missing[*]}" >&2
      exit 1
    fi
  done
  echo "install-packages.sh: $1; going on with what is here (wanted: ${missing[*]})" >&2
  exit 0
}

if ! command -v apt-get >/dev/null; then cannot_install "no apt-get to install packages with"; fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then cannot_install "neither root nor sudo to install packages"; fi
  as_root=(sudo)
fi

echo "== installing packages: ${missing[*]}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt_get() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@" &>"$log" </dev/null; }
if ! apt_get update || ! apt_get install --no-install-recommends "${missing[@]}"; then
  tail -n 5 "$log" >&2
  cannot_install "apt-get failed"
fi
