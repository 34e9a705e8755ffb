#!/usr/bin/env bash
# run.sh FILE...: runs browser tests. Their modules are installed by scripts/test.sh, or here the first
# time; the lock file pins them.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
[ -f node_modules/.package-lock.json ] || npm ci --no-fund --no-audit
for file in "$@"; do node "$file"; done
