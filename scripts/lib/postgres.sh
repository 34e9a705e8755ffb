# shellcheck shell=bash
# A PostgreSQL server of one's own for a measurement: in a folder, on a free port of the loopback, as durable as
# one for production (fsync is on). Sourced. Needs Debian's package postgresql.

# start_postgres FOLDER: sets postgres_pid and postgres_port. The database is "gatehouse", its owner too.
start_postgres() {
  local bin folder=$1 tries=0 as=()
  bin=$(find /usr/lib/postgresql -path '*/bin/postgres' 2>/dev/null | sort -V | tail -1)
  [ -n "$bin" ] || { echo "PostgreSQL is not installed (apt-get install postgresql)" >&2; return 1; }
  bin=$(dirname "$bin")
  mkdir -p "$folder"
  if [ "$(id -u)" -eq 0 ]; then  # it refuses root
    chown postgres: "$folder"
    as=(setpriv --reuid=postgres --regid=postgres --init-groups)
  fi
  "${as[@]}" "$bin/initdb" --pgdata="$folder/data" --username=gatehouse --auth=trust --encoding=UTF8 \
    >"$folder.log" 2>&1
  postgres_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  "${as[@]}" "$bin/postgres" -D "$folder/data" -p "$postgres_port" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories="$folder" >>"$folder.log" 2>&1 &
  postgres_pid=$!
  until "$bin/createdb" --host=127.0.0.1 --port="$postgres_port" --username=gatehouse gatehouse 2>/dev/null; do
    if ! kill -0 "$postgres_pid" 2>/dev/null || [ $((tries += 1)) -ge 300 ]; then
      cat "$folder.log" >&2
      return 1
    fi
    sleep 0.1
  done
}

stop_postgres() {
  [ -z "${postgres_pid:-}" ] || { kill -INT "$postgres_pid" 2>/dev/null; wait "$postgres_pid" 2>/dev/null || true; }
  postgres_pid=
}
