#!/usr/bin/env bash
# scripts/test.sh [--tsan | --clang] [ctest's arguments]: installs what is missing, builds lian with
# AddressSanitizer and UndefinedBehaviorSanitizer (or ThreadSanitizer, or both of the first by Clang 16)
# and runs the whole suite. E.g. scripts/test.sh -R test_core
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset=asan
purposes=(test)
case ${1-} in
  --tsan) preset=tsan; shift ;;
  --clang) preset=clang-asan; purposes+=(clang); shift ;;
  --help) sed -n '2,4s/^# //p' "$0"; exit 0 ;;
esac
jobs=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}

scripts/setup.sh "${purposes[@]}"
cmake --preset "$preset"
cmake --build --preset "$preset" --parallel "$jobs"

# ThreadSanitizer cannot place its shadow memory on kernels that randomise addresses widely.
run=()
if [[ $preset == tsan ]] && setarch "$(uname -m)" -R true 2>/dev/null; then
  run=(setarch "$(uname -m)" -R)
fi
exec "${run[@]}" ctest --preset "$preset" --parallel "$jobs" "$@"
