#!/bin/sh
# A second opinion by the vendors' own TypeScript SDKs: their types for what lian sends, their clients for what the
# simulated servers answer. usage: run.sh TEST_MODEL SIMULATED_VENDORS FOLDER. Exits with 77 (skipped) without npm's packages.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
test_model=$1 vendors=$2 folder=$3
mkdir -p "$folder/requests"
cp "$here/package.json" "$here/requests.mjs" "$here/clients.mjs" "$folder/"
cd "$folder"
if ! npm install --no-audit --no-fund --ignore-scripts --silent >npm.log 2>&1; then
  echo "skipped: npm cannot install the SDKs"
  tail -n 5 npm.log
  exit 77
fi

rm -rf requests && mkdir requests
LIAN_REQUESTS="$folder/requests" "$test_model" "conformance*" >conformance.log || { tail -n 40 conformance.log; exit 1; }
node requests.mjs requests requests.ts
npx tsc --noEmit --strict --skipLibCheck --target es2022 --lib es2023,dom,dom.asynciterable,esnext.disposable \
  --module nodenext --moduleResolution nodenext requests.ts

node clients.mjs "$vendors"
