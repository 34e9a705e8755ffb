#!/usr/bin/env bash
# The rows of scripts/bench.sh link; $@ worlds: cpp, python, node. BUILD, DURABILITY: from there.
# Exit 1 if something was lost, doubled or refused.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../../.."
BUILD=${BUILD:-build/bench}
DURABILITY=${DURABILITY:-relaxed}
. scripts/lib/servers.sh

work=$(mktemp -d)
pids=()
stop() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  pids=()
}
trap 'stop; rm -rf "$work"' EXIT

http_port() { sed -E 's/.*"http":\["http:\/\/127\.0\.0\.1:([0-9]+)".*/\1/' "$1"; }

# start_gateway NAME BACKEND-JSON: sets gateway_pid; its lines are in NAME.out.
start_gateway() {
  mkdir "$work/$1"
  sed "s/\"stateDir\"/\"store\": { \"durability\": \"$DURABILITY\" }, \"backend\": $2,\n  &/" config/bench.json >"$work/$1/gateway.json"
  [ "$1" = lobby ] || (umask 077; "$BUILD/bin/gwhost" --config "$work/$1/gateway.json" --create-backend-token world >"$work/token" 2>/dev/null)
  "$BUILD/bin/gwhost" --config "$work/$1/gateway.json" >"$work/$1.out" 2>"$work/$1.err" &
  gateway_pid=$!
  pids+=("$gateway_pid")
  ready "$work/$1.out" "$gateway_pid"
}

start_world() {
  local url
  url=$(sed -E 's/.*"link":\["([^"]+)".*/\1/' "$work/link.out")
  local program=()
  case $1 in
    cpp) program=("$BUILD/bin/gw_echo_world") ;;
    python) program=(/usr/bin/python3 tests/bench/link/echo_world.py) ;;
    node) program=(node tests/bench/link/echo_world.mjs) ;;
    *) echo "bench: there are the worlds cpp, python and node" >&2; exit 2 ;;
  esac
  "${program[@]}" --url "$url" --token-file "$work/token" --db "$work/world.db" >"$work/world.out" 2>"$work/world.err" &
  pids+=($!)
  ready "$work/world.out" $!
}

failed=0
for world in "$@"; do
  rm -rf "${work:?}"/*
  start_gateway lobby '{ "mode": "lobby" }'
  lobby=$gateway_pid
  start_gateway link '{ "mode": "link", "listen": { "port": 0 } }'
  link=$gateway_pid
  start_world "$world"
  echo "bench: link, $world" >&2
  echo "| work | reach | link ($world) | lobby | ratio | server CPU s per million, link / lobby | gateway RSS | remarks |"
  echo "|---|---|---|---|---|---|---|---|"
  "$BUILD/bin/gw_load" link --gateway-http "$(http_port "$work/link.out")" --gateway-telnet 0 --gateway-pid "$link" \
    --ceiling-http "$(http_port "$work/lobby.out")" --ceiling-telnet 0 --ceiling-pid "$lobby" || failed=1
  echo
  "$BUILD/bin/gwctl" --socket "$(sed -E 's/.*"adminSocket":"([^"]+)".*/\1/' "$work/link.out")" \
    backend simulate world --players 1000 --lines-per-minute 1200 --for 10s || failed=1
  echo
  stop
done
exit $failed
