# shellcheck shell=bash disable=SC2034
# Shared by scripts/*.sh; sourced, bash. Words to people go to stderr, so that output can be piped.

say() { printf '%s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Started by sudo: only apt needs that. Everything else runs as the person who typed it, so that no
# file of root's is left in the tree. setpriv becomes the command, so that its pid is the command's.
AS_USER=()
if [ "$(id -u)" = 0 ] && [ -n "${SUDO_UID:-}" ] && [ "${SUDO_UID:-0}" != 0 ]; then
  AS_USER=(setpriv --reuid "$SUDO_UID" --regid "$SUDO_GID" --init-groups
    env "HOME=$(getent passwd "$SUDO_UID" | cut -d: -f6)" "USER=$SUDO_USER" "LOGNAME=$SUDO_USER")
fi
run_as_user() { "${AS_USER[@]}" "$@"; }

# One compiler needs up to 1.5 GiB: more jobs than memory would make the machine swap.
build_jobs() {
  local cores memory_kib by_memory
  cores=$(nproc)
  memory_kib=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
  by_memory=$((memory_kib / (1536 * 1024)))
  [ "$by_memory" -ge 1 ] || by_memory=1
  if [ "$cores" -lt "$by_memory" ]; then echo "$cores"; else echo "$by_memory"; fi
}
