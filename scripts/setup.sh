#!/usr/bin/env bash
# scripts/setup.sh [test] [clang] [bench] [peers]: installs what a build of lian needs and this machine
# lacks. Debian and Ubuntu by apt, as root or with sudo; elsewhere it names what is needed. Says nothing
# and returns at once when nothing is missing.
set -euo pipefail

packages=(
  g++ cmake ninja-build pkg-config ccache mold ca-certificates
  libcurl4-openssl-dev libuv1-dev libsimdjson-dev nlohmann-json3-dev libfmt-dev libspdlog-dev
  libssl-dev zlib1g-dev libutf8proc-dev libwslay-dev
  libsqlite3-dev libxml2-dev # lian::sqlite, lian::html
  libcli11-dev               # examples
)
for purpose in "$@"; do
  case $purpose in
    test) packages+=(catch2 libnghttp2-dev) ;;
    clang) packages+=(clang-16 libclang-rt-16-dev) ;;
    bench) packages+=(python3) ;;
    peers) packages+=(nodejs npm) ;;
    *) echo "setup.sh: unknown purpose \"$purpose\"; known are test, clang, bench and peers" >&2; exit 2 ;;
  esac
done

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  for tool in c++ cmake ninja; do
    command -v "$tool" >/dev/null && continue
    {
      echo "This machine has no apt, so lian cannot install what it needs. Please install the like of"
      echo "these Debian packages by your own package manager, then run this again:"
      printf '  %s\n' "${packages[@]}"
    } >&2
    exit 1
  done
  echo "No apt here: taking it that the libraries are installed; CMake names any that is not." >&2
  exit 0
fi

installed=$(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' "${packages[@]}" 2>/dev/null || true)
missing=()
for package in "${packages[@]}"; do
  grep -qxE "ii +$(sed 's/+/\\+/g' <<<"$package")" <<<"$installed" || missing+=("$package")
done

if ((${#missing[@]} > 0)); then
  as_root=()
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "lian needs packages that only root can install. As root, run:" >&2
      echo "  apt-get install ${missing[*]}" >&2
      exit 1
    fi
    as_root=(sudo)
  fi
  echo "Installing: ${missing[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null
fi
