#!/usr/bin/env bash
# scripts/bench.sh [arguments of benchmarks/run.py]: installs what is missing, builds the benchmarks
# optimised and prints one table: workload, lian, limit, ratio, goal, held or not held. With --peers
# LangChain.js runs beside.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

purposes=(bench)
[[ " $* " == *" --peers "* ]] && purposes+=(peers)
scripts/setup.sh "${purposes[@]}"
cmake --preset release -DLIAN_BUILD_TESTS=OFF -DLIAN_BUILD_BENCHMARKS=ON
cmake --build --preset release --target lian_benchmarks \
  --parallel "${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}"
exec python3 benchmarks/run.py --build build/release/benchmarks "$@"
