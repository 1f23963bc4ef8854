#!/usr/bin/env bash
# scripts/quickstart.sh [ask's arguments]: from a fresh clone to an answer. Installs what is missing,
# builds the example `ask` and puts a question to this project's own docs/, offline; arguments go to
# `ask` instead, e.g. scripts/quickstart.sh ~/notes "Where did I put the keys?"
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# The build speaks on stderr: stdout is the answer's.
"$root/scripts/setup.sh" >&2
(
  cd "$root"
  mkdir -p build
  cmake --preset release -DLIAN_BUILD_TESTS=OFF >build/configure.log 2>&1 ||
    { cat build/configure.log; exit 1; }
  cmake --build --preset release --target ask --parallel "${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}"
) >&2

ask=$root/build/release/examples/ask
if (($# > 0)); then
  exec "$ask" "$@"
fi
cd "$root"
exec "$ask" docs "How does lian retry a failed call?"
