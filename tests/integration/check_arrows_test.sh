#!/usr/bin/env bash
# Does scripts/check_arrows.sh find each kind of wrong include, and pass what is right?
# Usage: check_arrows_test.sh CHECK
set -euo pipefail
CHECK=$1
TREE=$(mktemp -d)
trap 'rm -rf "$TREE"' EXIT
mkdir -p "$TREE"/host/{base,net,store,plugin,session,broadcast,channel,backend/lobby,health,admin,config} \
  "$TREE"/plugins/{telnet,sse} "$TREE"/cli "$TREE"/sdk/elf
for folder in base net store plugin session broadcast channel backend/lobby health admin config; do
  echo '#pragma once' >"$TREE/host/$folder/part.h"
done
echo '#pragma once' | tee "$TREE/host/gateway.h" "$TREE/plugins/telnet/telnet_codec.h" "$TREE/plugins/sse/sse_codec.h" >/dev/null
FAILED=0

# expect ok|wrong FILE INCLUDED: only this one include in the tree.
expect() {
  local verdict=$1 file=$2 included=$3 out
  printf '// first line\n#include "%s"\n' "$included" >"$TREE/$file"
  if out=$("$CHECK" "$TREE" 2>&1); then found=ok; else found=wrong; fi
  rm "$TREE/$file"
  if [ "$found" != "$verdict" ]; then
    echo "$file including $included: expected $verdict, found $found"
    FAILED=1
  elif [ "$verdict" = wrong ] && ! grep -q "$file:2: includes \"$included\"" <<<"$out"; then
    echo "$file including $included: the message does not name file and line: $out"
    FAILED=1
  fi
}

expect ok host/main.cpp config/part.h
expect ok host/gateway_stop.cpp gateway.h
expect ok host/admin/a.cpp health/part.h
expect ok host/session/a.cpp session/part.h
expect ok host/channel/a.cpp net/part.h
expect ok host/store/a.cpp base/part.h
expect ok host/backend/lobby/a.cpp session/part.h
expect ok plugins/telnet/a.cpp telnet_codec.h
expect ok plugins/telnet/a.cpp gw/event.h
expect ok sdk/elf/a.cpp elf/elf_inspect.h
expect ok host/plugin/a.cpp elf/elf_inspect.h
expect wrong host/health/a.cpp admin/part.h
expect wrong host/session/a.cpp broadcast/part.h
expect wrong host/plugin/a.cpp session/part.h
expect wrong host/net/a.cpp store/part.h
expect wrong host/store/a.cpp net/part.h
expect wrong host/base/a.cpp net/part.h
expect wrong host/session/a.h backend/lobby/part.h
expect wrong host/admin/a.cpp config/part.h
expect wrong host/net/a.cpp gateway.h
expect wrong host/config/a.cpp net/part.h
expect wrong host/net/a.cpp ../base/part.h
expect wrong host/channel/a.cpp telnet/telnet_codec.h
expect wrong plugins/telnet/a.cpp base/part.h
expect wrong plugins/telnet/a.cpp sse_codec.h
expect wrong plugins/telnet/a.cpp plugins/sse/sse_codec.h
expect wrong cli/a.cpp admin/part.h
expect wrong cli/a.cpp sse_codec.h
expect wrong sdk/elf/a.cpp base/part.h
expect wrong sdk/elf/a.cpp telnet/telnet_codec.h
exit "$FAILED"
