# shellcheck shell=bash disable=SC2034
# Which TCP ports are taken, and by whom; sourced, needs common.sh. Reads /proc: nothing to install.

# listeners: "port inode" of each listening socket on any address.
listeners() {
  awk '$4 == "0A" { split($2, at, ":"); print at[length(at)], $10 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    while read -r hex inode; do echo "$((16#$hex)) $inode"; done
}

# port_holder PORT: "name (pid N)"; "another user's program" if /proc does not tell; fails if free.
port_holder() {
  local inode link pid
  inode=$(listeners | awk -v port="$1" '$1 == port { print $2; exit }')
  [ -n "$inode" ] || return 1
  for link in /proc/[0-9]*/fd/*; do
    if [ "$(readlink "$link" 2>/dev/null)" = "socket:[$inode]" ]; then
      pid=${link#/proc/}
      pid=${pid%%/*}
      echo "$(cat "/proc/$pid/comm" 2>/dev/null || echo unknown) (pid $pid)"
      return 0
    fi
  done
  echo "another user's program"
}

# require_free_ports PORT...: names every holder, then stops.
require_free_ports() {
  local port holder taken=0
  for port in "$@"; do
    if holder=$(port_holder "$port"); then
      say "port $port is in use by $holder"
      taken=1
    fi
  done
  [ "$taken" = 0 ] || return 1
}
