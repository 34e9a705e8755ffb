#!/usr/bin/env bash
# Runs the tests of the Node library. Its modules are installed the first time; the lock file pins them.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
if [ ! -f node_modules/.package-lock.json ]; then
  # better-sqlite3 is compiled here where its binary cannot be fetched. Debian's node-gyp knows where Debian's headers
  # are; those of another Node lie beside it.
  prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  [ ! -f "$prefix/include/node/node.h" ] || export npm_config_nodedir=$prefix
  # For tests it need not be fast, but soon there: at -O3 SQLite alone takes the compiler minutes.
  CFLAGS=-O1 CXXFLAGS=-O1 npm ci --no-fund --no-audit
fi
node --test test/*.test.js
