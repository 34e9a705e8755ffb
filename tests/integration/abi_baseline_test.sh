#!/usr/bin/env bash
# scripts/abi-baseline.sh --check holds for the headers as they are, and notices each kind of change that would break a
# plugin, or that has not been looked at yet. Usage: abi_baseline_test.sh SCRIPT HEADERS-FOLDER
set -uo pipefail
SCRIPT=$1
INCLUDE=$2
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
FAILED=0

"$SCRIPT" --check --include "$INCLUDE" || { echo "FAILED: the headers differ from the baseline"; FAILED=1; }

# notices WORD HEADER SED-SCRIPT: the changed header must fail the check, and WORD must be in what it says.
notices() {
  local word=$1 header=$2 change=$3
  rm -rf "${WORK:?}/include"
  cp -r "$INCLUDE" "$WORK/include"
  sed -E -i "$change" "$WORK/include/gw/$header"
  if cmp -s "$WORK/include/gw/$header" "$INCLUDE/gw/$header"; then
    echo "FAILED: nothing was changed in $header by: $change"
    FAILED=1
  elif "$SCRIPT" --check --include "$WORK/include" >"$WORK/said" 2>&1; then
    echo "FAILED: not noticed in $header: $change"
    FAILED=1
  elif ! grep -q -- "$word" "$WORK/said"; then
    echo "FAILED: noticed, but nothing says $word: $change"
    sed 's/^/  /' "$WORK/said"
    FAILED=1
  fi
}

# shellcheck disable=SC2016
{
  notices gw_span event.h 's/^  uint32_t len;/  uint32_t added; uint32_t len;/'                 # a member between others
  notices gw_hello host.h 's/^  uint64_t last_seq;//'                                          # a member less
  notices gw_open_info stream.h 's/^  uint32_t is_tls;/  uint64_t is_tls;/'                    # a wider member
  notices gw_note_desc note.h 's/^  uint32_t abi_version;/  int32_t abi_version;/'             # a signed member
  notices gw_stream_ext stream.h 's/\(\*eof\)\(gw_conn\* conn\)/(*eof)(gw_conn* conn, int why)/'  # a parameter more
  notices gw_host_base host.h 's/^  void \(\*buf_ref\)/  int32_t (*buf_ref)/'                  # another result
  notices gw_encode_ext encode.h 's/^\} gw_encode_ext;/  void (*added)(void);\n} gw_encode_ext;/'  # a function more
  notices gw_added health.h 's/^typedef struct gw_health_sink/typedef struct gw_added {\n  int of;\n} gw_added;\n&/'
  notices GW_E_PROTO types.h 's/GW_E_PROTO = -4/GW_E_PROTO = -9/'                              # another value
  notices GW_KIND_PROMPT event.h 's/^  GW_KIND_PROMPT = 1,.*//'                                # a value less
  notices GW_EXT_HTTP http.h 's#gw.http/1#gw.http/2#'                                          # another id
  notices GW_CAP_ADDED host.h 's/^  GW_CAP_UTF8 = /  GW_CAP_ADDED = 1u << 9,\n&/'              # only new, not looked at
}
[ $FAILED -eq 0 ] && echo "ok"
exit $FAILED
