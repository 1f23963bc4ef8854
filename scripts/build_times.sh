#!/usr/bin/env bash
# scripts/build_times.sh PRESET [--limit SECONDS]: what the last compilation of each source took, the
# slowest first; fails when one took longer than the limit. Times taken from ccache do not count.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset=${1:?usage: scripts/build_times.sh PRESET [--limit SECONDS]}
limit=0
[[ ${2-} == --limit ]] && limit=${3:?--limit needs a number of seconds}

awk -F'\t' -v limit="$limit" -v preset="$preset" '
  /^#/ { next }
  $4 ~ /\.(o|gch|pch)$/ { seconds[$4] = ($2 - $1) / 1000 }
  END {
    for (file in seconds) { total += seconds[file]; count++ }
    printf "%s: %d sources, %.0f s of compiler time, about %.1f minutes on two cores; the slowest:\n",
      preset, count, total, total / 120
    order = "sort -rn | head -8"
    for (file in seconds) {
      printf "  %6.1f s  %s\n", seconds[file], file | order
      if (limit > 0 && seconds[file] > limit) over++
    }
    close(order)
    if (over) { printf "%d took longer than %d s\n", over, limit; exit 1 }
  }' "build/$preset/.ninja_log"
