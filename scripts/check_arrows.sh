#!/usr/bin/env bash
# Do the folders depend on each other in one direction only? Reads #include lines:
#   host:    gateway → {admin → health → backend → channel} → {broadcast → session → plugin} → {store, net} → base
#            (left may include right, also within braces that have arrows; store and net not each other)
#   config   is read by main and gateway alone, and includes no other part than base
#   host     includes no plugin; plugins include no host file and not each other
#   sdk      includes no host file and no plugin
#   cli      includes no host file and no plugin
# Usage: check_arrows.sh [ROOT]. Names file and line of each that is wrong; exit 1 then.
set -euo pipefail
cd "${1:-$(dirname "$(readlink -f "$0")")/..}"

# "file:line:included" of each include below the given folders.
includes() {
  local folder
  for folder in "$@"; do
    [ -d "$folder" ] || continue
    { grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]' "$folder" \
      --include='*.h' --include='*.hpp' --include='*.c' --include='*.cpp' || true; } |
      sed -E 's/^([^:]+:[0-9]+):[^"<]*["<]([^">]+)[">].*/\1:\2/'
  done
}

{
  includes host | sed 's/^/host /'
  includes plugins | sed 's/^/plugins /'
  includes cli | sed 's/^/cli /'
  includes sdk | sed 's/^/sdk /'
} | awk -F: '
  # A host folder may include those of a lower level, and itself.
  BEGIN {
    split("admin:10 health:9 backend:8 channel:7 broadcast:6 session:5 plugin:4 store:2 net:2 base:0", pairs, " ")
    for (i in pairs) { split(pairs[i], pair, ":"); level[pair[1]] = pair[2] }
    level["config"] = 1
    isPlugin["telnet"]; isPlugin["websocket"]; isPlugin["sse"]
  }
  function exists(path,   line) {
    if (!(path in known)) {
      known[path] = (getline line < path) >= 0
      close(path)
    }
    return known[path]
  }
  function isInOtherPlugin(name, own,   plugin) {
    for (plugin in isPlugin) if (plugin != own && exists("plugins/" plugin "/" name)) return 1
    return 0
  }
  function wrong(why) { print place ": includes \"" target "\": " why; bad = 1 }
  {
    tree = $1; sub(/ .*/, "", tree)
    file = $1; sub(/^[a-z]+ /, "", file)
    place = file ":" $2; target = $3
    split(file, parts, "/")
    split(target, wanted, "/")
    if (target !~ /^[A-Za-z0-9_.\/+-]+$/) { wrong("odd characters in a path"); next }
    isTop = target !~ /\// && target ~ /^(main|gateway)/ && exists("host/" target)
    isHostFile = isTop || ((wanted[1] in level) && exists("host/" target))
    if (target ~ /(^|\/)\.\.\//) wrong("paths with .. hide where a file belongs")
    else if (target ~ /^(host|plugins)\// ) wrong("folders of the tree are not include paths")
    else if (tree == "host") host()
    else if (isHostFile) wrong(tree " may not know the host")
    else if (tree == "plugins") plugin()
    else if (wanted[1] in isPlugin || isInOtherPlugin(target, "")) wrong(tree " may not know a plugin")
  }
  function host(   from, to) {
    from = parts[2]; to = wanted[1]
    if (to in isPlugin) { wrong("the host may not know a plugin"); return }
    if (!isHostFile || !(from in level) || from == to) return  # main and gateway know every part
    if (isTop) wrong("only main and gateway know the whole")
    else if (to == "config") wrong("config is read by main and gateway alone")
    else if (from == "config" && to != "base") wrong("config may know base only")
    else if (level[to] >= level[from]) wrong(from " may not know " to)
  }
  function plugin(   from, to) {
    from = parts[2]; to = wanted[1]
    if (to != from && to in isPlugin) wrong("plugins may not know each other")
    else if (wanted[2] == "" && !exists("plugins/" from "/" target) && isInOtherPlugin(target, from)) {
      wrong("plugins may not know each other")
    }
  }
  END { exit bad }
' || { echo "the arrows are broken; docs/ARCHITECTURE.md draws them"; exit 1; }
echo "the arrows hold"
