# shellcheck shell=bash
# Servers that a measurement starts. Sourced; needs $work, the folder with their output (NAME.out, NAME.err).

# ready FILE PID: waits for the first line of a server's output.
ready() {
  local tries=0
  until [ -s "$1" ]; do
    kill -0 "$2" 2>/dev/null || { echo "bench: a server ended before it was ready" >&2; cat "$work"/*.err >&2; exit 1; }
    [ $((tries += 1)) -lt 300 ] || { echo "bench: no ready line after 30 s" >&2; exit 1; }
    sleep 0.1
  done
}
