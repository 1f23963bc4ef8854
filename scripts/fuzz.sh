#!/usr/bin/env bash
# scripts/fuzz.sh [--seconds N] [--only NAME]...: builds the fuzz targets of tests/fuzz/targets.def with
# Clang 16 and runs each for N seconds (60) over seeds made of tests/data/wire; --only by a part of the
# name. Prints a line a target. What it has learnt stays in build/fuzz/corpus, what fails goes to
# build/fuzz/crashes/<target>; the exit code is 1 when anything did. Put what was fixed into
# tests/data/fuzz/<target>: test_fuzz replays it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=60
only=()
while (($#)); do
  case $1 in
    --seconds) seconds=$2; shift 2 ;;
    --only) only+=("$2"); shift 2 ;;
    *) sed -n '2,6s/^# //p' "$0"; exit 2 ;;
  esac
done

wanted() {
  local name
  [[ ${#only[@]} -eq 0 ]] && return
  for name in "${only[@]}"; do [[ $1 == *"$name"* ]] && return; done
  return 1
}

mapfile -t targets < <(sed -n 's/^LIAN_FUZZ(\([a-z0-9_]*\),.*/\1/p' tests/fuzz/targets.def)
programs=()
for target in "${targets[@]}"; do wanted "$target" && programs+=("fuzz_$target"); done
if [[ ${#programs[@]} -eq 0 ]]; then
  echo "no target is named like ${only[*]}; there are: ${targets[*]}" >&2
  exit 2
fi

cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target fuzz_seeds "${programs[@]}" \
  --parallel "${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}" | tail -n 1
work=build/fuzz
mkdir -p "$work"/{corpus,crashes,log}
"$work/tests/fuzz/fuzz_seeds" "$work/seeds"

export ASAN_OPTIONS=detect_leaks=1:malloc_context_size=6
failed=0
for program in "${programs[@]}"; do
  target=${program#fuzz_}
  mkdir -p "$work/corpus/$target" "$work/crashes/$target"
  log=$work/log/$target.txt
  result=ok
  "$work/tests/fuzz/$program" "$work/corpus/$target" "$work/seeds/$target" \
    -max_total_time="$seconds" -max_len=20000 -timeout=10 -rss_limit_mb=2048 \
    -dict="$work/seeds/$target.dict" -artifact_prefix="$work/crashes/$target/" -print_final_stats=1 \
    >"$log" 2>&1 || result="FAILED (exit $?), see $log and $work/crashes/$target"
  [[ $result == ok ]] || failed=1
  coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
  printf '%-24s %10s execs %8s exec/s %7s edges  %s\n' \
    "$target" "${executions:--}" "${rate:--}" "${coverage:--}" "$result"
done
exit "$failed"
