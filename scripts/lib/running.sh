# shellcheck shell=bash disable=SC2034
# The gwhost that run.sh started; sourced, needs common.sh. Its pid and start time are kept in a file:
# a number alone could belong to another program after a reboot.

PID_FILE=build/run/gwhost.pid

start_time_of() { awk '{ sub(/.*\) /, ""); print $20 }' "/proc/$1/stat" 2>/dev/null; }

remember_host() { rm -f "$PID_FILE" && echo "$1 $(start_time_of "$1")" >"$PID_FILE"; }

# running_host: prints its pid; fails if it is not running.
running_host() {
  local pid started
  [ -f "$PID_FILE" ] && read -r pid started <"$PID_FILE" || return 1
  [ -n "$started" ] && [ "$(start_time_of "$pid")" = "$started" ] || return 1
  echo "$pid"
}

# stop_host SECONDS: asks for a clean stop and waits for its end.
stop_host() {
  local pid deadline=$((SECONDS + $1))
  pid=$(running_host) || { say "no gwhost of this folder is running"; return 0; }
  kill -TERM "$pid" || die "cannot stop pid $pid: it belongs to another user"
  while running_host >/dev/null; do
    [ "$SECONDS" -lt "$deadline" ] || die "gwhost (pid $pid) is still stopping; it writes its store. Look again later."
    sleep 0.1
  done
  rm -f "$PID_FILE"
  say "stopped"
}
