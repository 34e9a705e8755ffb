#!/usr/bin/env bash
# Builds the gateway if need be, starts it and says where to go. Ctrl-C stops it cleanly.
# The one elevated step is apt, and only if a package is missing.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. scripts/lib/common.sh
. scripts/lib/packages.sh
. scripts/lib/build.sh
. scripts/lib/ports.sh
. scripts/lib/running.sh

usage() {
  cat <<'HELP'
scripts/run.sh [--config FILE] [--port-offset N] [--bind ADDRESS [--insecure]] [--background]
scripts/run.sh --stop

  --config FILE     configuration (default config/gateway.json)
  --port-offset N   add N to every port of the configuration, to run beside something else
  --bind ADDRESS    listen there instead of on loopback: "lan" or an IP address. Refused without TLS,
  --insecure        unless this is given too: passwords can then be read on their way
  --background      return once it is ready; its output goes to build/run/gwhost.log
  --stop            stop the one that --background started
HELP
}

CONFIG=config/gateway.json
OFFSET=0
BIND=
INSECURE=0
BACKGROUND=0
STOP=0
while [ $# -gt 0 ]; do
  case $1 in
    --config) CONFIG=${2:?--config needs a file}; shift ;;
    --port-offset) OFFSET=${2:?--port-offset needs a number}; shift ;;
    --bind) BIND=${2:?--bind needs an address}; shift ;;
    --insecure) INSECURE=1 ;;
    --background) BACKGROUND=1 ;;
    --stop) STOP=1 ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done
[[ $OFFSET =~ ^[0-9]{1,5}$ ]] || die "--port-offset takes a number, not '$OFFSET'"
if [ "$STOP" = 1 ]; then
  stop_host 75
  exit 0
fi

run_as_user mkdir -p build/run
if pid=$(running_host); then
  say "gwhost of this folder is already running (pid $pid): scripts/run.sh --stop stops it"
  exit 1
fi

# shellcheck disable=SC2086  # a list of words
install_packages $RUN_PACKAGES
# Who only wants to run it must not be stopped by a warning of a compiler that we have not met.
build_preset release -DCMAKE_CXX_FLAGS= -DCMAKE_C_FLAGS=
run_as_user ln -sfn build/release/bin/gwctl gwctl

CTL=./gwctl
if [ "$OFFSET" != 0 ] || [ -n "$BIND" ]; then
  CONFIG=$(run_as_user scripts/lib/derive_config.sh "$CONFIG" "$OFFSET" "$BIND" "$INSECURE") || exit 1
  CTL="./gwctl --socket $(dirname "$CONFIG")/state/admin.sock"
fi
PORTS=$(scripts/lib/config_ports.sh "$CONFIG") || exit 1
# shellcheck disable=SC2046
if ! require_free_ports $(awk '{ print $2 }' <<<"$PORTS"); then
  say "Stop that program, or run beside it: scripts/run.sh --port-offset 1000"
  exit 1
fi
HTTP_PORT=$(awk '$1 == "http" { print $2; exit }' <<<"$PORTS")
TELNET_PORT=$(awk '$1 == "telnet" { print $2; exit }' <<<"$PORTS")

HOST=build/release/bin/gwhost
LOG=build/run/gwhost.log
# Started directly, not by a function: $! is then the gateway itself, and --stop reaches it.
if [ "$BACKGROUND" = 1 ]; then
  run_as_user touch "$LOG"
  setsid "${AS_USER[@]}" "$HOST" --config "$CONFIG" >"$LOG" 2>&1 </dev/null &
else
  # Standard output has one line for programs; people get the tour. Its own process group: Ctrl-C reaches this script alone, which then stops the host once, cleanly.
  set -m
  "${AS_USER[@]}" "$HOST" --config "$CONFIG" </dev/null >/dev/null &
  set +m
fi
CHILD=$!
STOPPING=0
on_signal() {
  STOPPING=$((STOPPING + 1))
  kill -TERM "$CHILD" 2>/dev/null || true  # the host skips the grace on the second one
}
trap on_signal INT TERM HUP

# Ready is what the gateway itself says, not a time that has passed.
is_ready() {
  if [ -z "$HTTP_PORT" ]; then port_holder "$TELNET_PORT" >/dev/null; return; fi
  curl -fsS -o /dev/null --max-time 2 "http://127.0.0.1:$HTTP_PORT/readyz" 2>/dev/null
}
DEADLINE=$((SECONDS + 60))
until is_ready; do
  if ! kill -0 "$CHILD" 2>/dev/null; then
    CODE=0
    wait "$CHILD" || CODE=$?
    [ "$BACKGROUND" = 0 ] || tail -n 20 "$LOG" >&2
    [ "$STOPPING" -gt 0 ] && exit 0
    die "gwhost did not start (exit $CODE)"
  fi
  [ "$SECONDS" -lt "$DEADLINE" ] || { on_signal; die "gwhost is not ready after 60 s"; }
  sleep 0.05
done
remember_host "$CHILD"

scripts/lib/tour.sh "$HTTP_PORT" "$TELNET_PORT" "$CTL"
if [ "$BACKGROUND" = 1 ]; then
  say "Runs in the background; its log is $LOG. Stop it with: scripts/run.sh --stop"
  exit 0
fi
say "Ctrl-C stops it."
CODE=0
wait "$CHILD" || CODE=$?
# A signal ends `wait` early; the host is still saying goodbye.
while kill -0 "$CHILD" 2>/dev/null; do
  CODE=0
  wait "$CHILD" || CODE=$?
done
rm -f "$PID_FILE"
exit "$CODE"
