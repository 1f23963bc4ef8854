#!/bin/sh
# lian's MCP client against npm's reference servers. usage: run.sh TEST_MCP_SERVERS FOLDER. Exits with 77 (skipped)
# without npm's packages.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
program=$1 folder=$2
mkdir -p "$folder"
cp "$here/package.json" "$folder/"
cd "$folder"
if ! npm install --no-audit --no-fund --ignore-scripts --silent >npm.log 2>&1; then
  echo "skipped: npm cannot install the servers"
  tail -n 5 npm.log
  exit 77
fi
LIAN_MCP_MODULES="$folder/node_modules" exec "$program"
