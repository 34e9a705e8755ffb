#!/usr/bin/env bash
# tour.sh HTTP_PORT TELNET_PORT GWCTL: where to go now. Everything printed works as printed, from this folder.
set -euo pipefail
HTTP_PORT=$1 TELNET_PORT=$2 GWCTL=$3
URL=http://localhost:$HTTP_PORT
echo
echo "Gatehouse is ready."
[ -z "$TELNET_PORT" ] || echo "  telnet      telnet localhost $TELNET_PORT"
if [ -n "$HTTP_PORT" ]; then
  cat <<TEXT
  browser     $URL/
  curl (SSE)  a new visitor with a name of random letters; the first line logs in, the second listens:
    NAME=\$(tr -dc a-z </dev/urandom | head -c 8); TOKEN=\$(curl -sS $URL/rpc -H 'Content-Type: application/json' -d '{"type":"req","id":"1","method":"connect","params":{"auth":{"username":"'\$NAME'","password":"'\$NAME\$NAME'","register":true},"character":"'\$NAME'","createCharacter":true,"device":{"id":"curl"}}}' | grep -o '"accessToken":"[^"]*' | cut -d'"' -f4)
    curl -N $URL/events -H "Authorization: Bearer \$TOKEN"
TEXT
fi
echo "  operator    $GWCTL status"
if [ -n "${SSH_CONNECTION:-}" ]; then
  echo
  echo "You are here by ssh. To play from your own machine, type there:"
  read -r _ _ address port <<<"$SSH_CONNECTION"
  echo "  ssh${HTTP_PORT:+ -L $HTTP_PORT:localhost:$HTTP_PORT}${TELNET_PORT:+ -L $TELNET_PORT:localhost:$TELNET_PORT} -p $port ${SUDO_USER:-$(id -un)}@$address"
fi
echo
