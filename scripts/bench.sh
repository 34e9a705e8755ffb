#!/usr/bin/env bash
# Measures the gateway against the ceiling (tests/bench) and prints a table in markdown. docs/performance.md
# says what the rows mean. Both servers run at the same time; each row takes them in alternation.
# Exit 1 if a row lost, doubled or refused anything, or a gateway did not stop cleanly.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. scripts/lib/postgres.sh
. scripts/lib/servers.sh

usage() {
  cat <<'HELP'
scripts/bench.sh [--build DIR] [--rounds N] [--seconds S] [--clients N] [--strict] [--postgres] [ROW...]

  --build DIR   a build with GW_BUILD_BENCH (default build/bench; built with the preset "bench" if missing)
  --rounds, --seconds, --clients   instead of each row's own
  --strict      the gateway with store.durability strict, on SQLite in a folder of the system's own for
                temporary files (TMPDIR moves it to another disk)
  --postgres    the store on a PostgreSQL server that is started for it, in the same folder
  ROW           fanout1 fanout16 paced echo ping memory connects cycles sse telnet stalled (default: all)

scripts/bench.sh [--build DIR] [--strict] link [WORLD...]

  What a backend behind the link costs: commands through a program that says them again (cpp, python, node; default: all
  three), beside the same commands through the built-in lobby of another gateway, in alternation; then 20,000 lines a
  second of simulated players, and how long each waited for its answer.

scripts/bench.sh [--build DIR] reload-soak [OPTIONS]

  Plugins are replaced 200 times under 5,000 clients that talk, some by broken ones. It starts its own gateway; exit 1
  if anything was lost, dropped, left behind or took too long. reload-soak --help tells the options.
HELP
}

# Replaces this script by the soak of reloads; $@ its options.
reload_soak() {
  [ -x "$BUILD/bin/gw_reload_soak" ] || {
    cmake --preset bench >&2
    cmake --build --preset bench --target gw_reload_soak >&2
  }
  exec "$BUILD/bin/gw_reload_soak" "$@"
}

# Replaces this script by the rows of the link; $@ worlds.
link_rows() {
  [ -x "$BUILD/bin/gw_echo_world" ] && [ -x "$BUILD/bin/gw_load" ] || {
    cmake --preset bench >&2
    cmake --build --preset bench --target gwhost gwctl gw_telnet gw_websocket gw_sse gw_load gw_echo_world >&2
  }
  BUILD=$BUILD DURABILITY=$DURABILITY exec tests/bench/link/run.sh "$@"
}

BUILD=build/bench
ARGS=()
ROWS=()
DURABILITY=relaxed
DRIVER=sqlite
while [ $# -gt 0 ]; do
  case $1 in
    --build) BUILD=${2:?--build needs a folder}; shift ;;
    --rounds | --seconds | --clients) ARGS+=("$1" "${2:?$1 needs a number}"); shift ;;
    --strict) DURABILITY=strict ;;
    --postgres) DRIVER=postgres ;;
    -h | --help) usage; exit 0 ;;
    link) shift; [ $# -gt 0 ] || set -- cpp python node; link_rows "$@" ;;
    reload-soak) shift; reload_soak "$@" ;;
    -*) usage >&2; exit 2 ;;
    *) ROWS+=("$1") ;;
  esac
  shift
done
[ ${#ROWS[@]} -gt 0 ] || ROWS=(fanout1 fanout16 paced echo ping memory connects cycles sse telnet stalled)

if [ ! -x "$BUILD/bin/gw_load" ]; then
  cmake --preset bench >&2
  cmake --build --preset bench --target gwhost gw_telnet gw_websocket gw_sse gw_load gw_ceiling >&2
fi

ulimit -n "$(ulimit -Hn)"
work=$(mktemp -d)
gateway=
ceiling=
# A gateway that does not stop cleanly measured nothing worth keeping: its build may be broken.
stop() {
  local code=0
  [ -z "$ceiling" ] || { kill "$ceiling" 2>/dev/null; wait "$ceiling" 2>/dev/null || true; }
  [ -z "$gateway" ] || { kill "$gateway" 2>/dev/null; wait "$gateway" 2>/dev/null || code=$?; }
  gateway= ceiling=
  [ $code -eq 0 ] || { echo "bench: the gateway ended with code $code" >&2; cat "$work/gateway.err" >&2; return 1; }
}
trap 'stop || true; stop_postgres; rm -rf "$work"' EXIT
chmod 711 "$work"  # PostgreSQL runs as a user of its own

# The first port after a word of the ready line.
port() { sed -E "s/.*\"$2\":[^0-9]*(127\.0\.0\.1:)?([0-9]+).*/\2/" "$1"; }

echo "| work | reach | gateway | ceiling | ratio | server CPU s per million, gateway / ceiling | gateway RSS | remarks |"
echo "|---|---|---|---|---|---|---|---|"
failed=0
for row in "${ROWS[@]}"; do
  # New servers for each row: what one leaves behind (sessions that may be resumed) is not the next one's.
  rm -rf "${work:?}"/*
  store="\"durability\": \"$DURABILITY\", \"driver\": \"$DRIVER\""
  if [ "$DRIVER" = postgres ]; then
    start_postgres "$work/postgres"
    store+=", \"postgres\": { \"host\": \"127.0.0.1\", \"port\": $postgres_port }"
  fi
  sed "s/\"stateDir\"/\"store\": { $store },\n  &/" config/bench.json >"$work/bench.json"
  "$BUILD/bin/gwhost" --config "$work/bench.json" >"$work/gateway.out" 2>"$work/gateway.err" &
  gateway=$!
  "$BUILD/bin/gw_ceiling" >"$work/ceiling.out" 2>"$work/ceiling.err" &
  ceiling=$!
  ready "$work/gateway.out" "$gateway"
  ready "$work/ceiling.out" "$ceiling"
  echo "bench: $row" >&2
  "$BUILD/bin/gw_load" "$row" \
    --gateway-http "$(sed -E 's/.*"http":\["http:\/\/127\.0\.0\.1:([0-9]+)".*/\1/' "$work/gateway.out")" \
    --gateway-telnet "$(sed -E 's/.*"telnet:default":\["127\.0\.0\.1:([0-9]+)".*/\1/' "$work/gateway.out")" \
    --gateway-pid "$gateway" \
    --ceiling-http "$(port "$work/ceiling.out" http)" --ceiling-telnet "$(port "$work/ceiling.out" telnet)" \
    --ceiling-pid "$ceiling" "${ARGS[@]}" || { failed=1; cat "$work/gateway.err" >&2; }
  stop || failed=1
  stop_postgres
done
exit $failed
