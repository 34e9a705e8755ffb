#!/usr/bin/env bash
# config_ports.sh FILE: "http PORT" of each HTTP listener, "CHANNEL PORT" of each account with a socket
# of its own. Port 0 (any) is left out. Reads JSON with awk, because a fresh Debian has no jq: good for
# the layout of the shipped files ("port" after "name" or "channel" of its object).
set -euo pipefail
[ -r "$1" ] || { echo "error: cannot read $1" >&2; exit 1; }
# shellcheck disable=SC2020  # two characters, both to newlines
tr -d '\n' <"$1" | tr '{}' '\n\n' | awk '
  match($0, /"name"[ ]*:[ ]*"[^"]*"/) { kind = "http" }
  match($0, /"channel"[ ]*:[ ]*"[^"]*"/) {
    kind = substr($0, RSTART, RLENGTH); sub(/.*:[ ]*"/, "", kind); sub(/"$/, "", kind)
  }
  kind != "" && match($0, /"port"[ ]*:[ ]*[0-9]+/) {
    port = substr($0, RSTART, RLENGTH); sub(/.*:[ ]*/, "", port)
    if (port + 0 > 0) print kind, port + 0
    kind = ""
  }'
