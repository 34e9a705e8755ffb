#!/usr/bin/env bash
# derive_config.sh FILE OFFSET BIND INSECURE: writes a copy of FILE and prints its name. In the copy
#   - every port that is not 0 is OFFSET higher;
#   - with BIND, every "loopback" listener is there instead, and its names are accepted Host headers;
#   - with INSECURE=1, listeners say insecureBeyondLoopback.
# The copy has a folder and thereby a state of its own: two gateways never share a database. Made for the
# layout of the shipped files; relative paths in FILE would be looked for beside the copy.
set -euo pipefail
FILE=$1 OFFSET=$2 BIND=$3 INSECURE=$4
[[ $BIND =~ ^[A-Za-z0-9.:]*$ ]] || { echo "error: --bind takes \"lan\" or an IP address" >&2; exit 1; }
FOLDER=$(dirname "$FILE")/state/run-$OFFSET${BIND:+-${BIND//:/_}}

# What people may type into a browser to come here.
hosts='"localhost", "127.0.0.1", "[::1]"'
if [ -n "$BIND" ]; then
  for name in $(hostname) $(if [ "$BIND" = lan ]; then hostname -I 2>/dev/null; else echo "$BIND"; fi); do
    case $name in *:*) name="[$name]" ;; esac
    hosts="$hosts, \"$name\""
  done
fi

umask 077
mkdir -p "$FOLDER"
awk -v offset="$OFFSET" -v bind="$BIND" -v insecure="$INSECURE" -v hosts="${hosts//\"/\\\"}" '
  { text = text $0 "\n" }
  END {
    rest = text; text = ""
    while (match(rest, /"port"[ ]*:[ ]*[0-9]+/)) {
      port = substr(rest, RSTART, RLENGTH); sub(/.*:[ ]*/, "", port)
      if (port + 0 > 0) port += offset
      if (port > 65535) { print "error: port " port " is above 65535" > "/dev/stderr"; exit 1 }
      text = text substr(rest, 1, RSTART - 1) "\"port\": " port
      rest = substr(rest, RSTART + RLENGTH)
    }
    text = text rest
    sub(/"\$schema"[^,]*,/, "", text)
    if (bind != "") {
      gsub(/"bind"[ ]*:[ ]*"loopback"/, "\"bind\": \"" bind "\"", text)
      if (text !~ /"allowedHosts"/) gsub(/"playClient"[ ]*:/, "\"allowedHosts\": [" hosts "], &", text)
      if (insecure && text !~ /"insecureBeyondLoopback"/) {
        gsub(/"listen"[ ]*:/, "\"insecureBeyondLoopback\": true, &", text)
      }
    }
    printf "%s", text
  }' "$FILE" >"$FOLDER/gateway.json"
echo "$FOLDER/gateway.json"
