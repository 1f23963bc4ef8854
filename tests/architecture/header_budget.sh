#!/bin/bash
# header_budget.sh <include folder> <room or "umbrella"> <compiler>: each public header of the room
# compiles alone, under a strict user's warnings, and stays within the budget of its class, counted in
# preprocessed lines (exact, whatever the load of the machine; measured with GCC's library).
set -u
include=$1 room=$2 compiler=$3
warnings=(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)

values=' error json usage message document values function describe '
tiny=' version export fwd '

budget_of() {  # <header> <preprocessed text>
  local name
  name=$(basename "$1" .hpp)
  if [[ $1 == lian/lian.hpp ]]; then
    echo 90000 umbrella
  elif [[ $1 == *nlohmann* ]]; then
    echo 1000000 'opt-in bridge'
  elif [[ $1 == lian/core/* && $tiny == *" $name "* ]]; then
    echo 1500 tiny
  elif [[ $1 == lian/core/* && $values == *" $name "* ]]; then
    echo 45000 value
  elif grep -q '^# 1 ".*/coroutine"' <<<"$2"; then
    echo 85000 asynchronous
  else
    echo 78000 interface
  fi
}

if [[ $room == umbrella ]]; then
  headers=(lian/lian.hpp)
else
  mapfile -t headers < <(cd "$include" && find "lian/$room" -name '*.hpp' | sort)
fi

failed=0
for header in "${headers[@]}"; do
  if ! "$compiler" -std=c++20 "${warnings[@]}" -I "$include" -fsyntax-only -x c++ - <<<"#include <$header>"; then
    echo "$header: does not compile alone"
    failed=1
    continue
  fi
  text=$("$compiler" -std=c++20 -I "$include" -E -x c++ - <<<"#include <$header>")
  lines=$(grep -vc '^#' <<<"$text")
  read -r budget class < <(budget_of "$header" "$text")
  verdict=ok
  if ((lines > budget)); then
    verdict='OVER BUDGET'
    failed=1
  fi
  printf '%7d of %7d  %-13s %s  %s\n' "$lines" "$budget" "$class" "$header" "$verdict"
done
exit "$failed"
