#!/usr/bin/env bash
# Fuzzing with libFuzzer, AddressSanitizer and UBSan: what peers send, and states and files that nobody wrote.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. scripts/lib/common.sh
. scripts/lib/packages.sh
. scripts/lib/build.sh

usage() {
  cat <<'HELP'
scripts/fuzz.sh [--seconds N] [TARGET...]

  TARGET...     only these; see --list (default: all, one after another)
  --seconds N   how long each runs (default 40)
  --list        prints the targets

Builds preset fuzz with clang. Each run begins with the target's seeds, the inputs kept in tests/fuzz/corpus/TARGET
and what earlier runs have learned (build/fuzz/corpus/TARGET). Ends with a line a target: runs, and findings.
Exit 1 if something was found: the input is in build/fuzz/findings/TARGET. Try it again with
  GW_FUZZ_TARGET=TARGET build/fuzz/bin/gw_fuzz FILE
and keep it, once it is mended, in tests/fuzz/corpus/TARGET: the tests replay it (unit_fuzz_corpus).
HELP
}

SECONDS_EACH=40
LIST=
TARGETS=()
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit 0 ;;
    --list) LIST=1 ;;
    --seconds) [ $# -ge 2 ] || die "--seconds takes a number"; SECONDS_EACH=$2; shift ;;
    -*) usage >&2; exit 2 ;;
    *) TARGETS+=("$1") ;;
  esac
  shift
done
[[ $SECONDS_EACH =~ ^[1-9][0-9]{0,5}$ ]] || die "--seconds takes a number"

# shellcheck disable=SC2086  # a list of words
install_packages $FUZZ_PACKAGES
# shellcheck disable=SC2034  # read by build_preset
BUILD_TARGETS=gw_fuzz
build_preset fuzz
FUZZ=$PWD/build/fuzz/bin/gw_fuzz
mapfile -t KNOWN < <(GW_FUZZ_LIST=1 "$FUZZ")
[ -z "$LIST" ] || { printf '%s\n' "${KNOWN[@]}"; exit 0; }
[ ${#TARGETS[@]} -gt 0 ] || TARGETS=("${KNOWN[@]}")
for target in "${TARGETS[@]}"; do
  [[ " ${KNOWN[*]} " == *" $target "* ]] || die "no target $target; there are: ${KNOWN[*]}"
done

# fuzz_target NAME: runs it; adds a line to SUMMARY. Memory, the length of inputs and the time of one are bounded.
fuzz_target() {
  local target=$1 code=0 longest=4096 kept=tests/fuzz/corpus/$1
  local corpus=build/fuzz/corpus/$target findings=build/fuzz/findings/$target log=build/fuzz/$target.log
  [ "$target" != elf ] || longest=32768  # a plugin is as long as that
  run_as_user mkdir -p "$corpus" "$findings"
  run_as_user env GW_FUZZ_TARGET="$target" GW_FUZZ_SEEDS="$corpus" "$FUZZ" || die "$target: the seeds cannot be written"
  local folders=("$corpus")
  [ ! -d "$kept" ] || folders+=("$kept")
  run_as_user env GW_FUZZ_TARGET="$target" "$FUZZ" -max_total_time="$SECONDS_EACH" -max_len="$longest" -timeout=20 \
    -rss_limit_mb=1500 -malloc_limit_mb=512 -print_final_stats=1 -artifact_prefix="$findings/" "${folders[@]}" \
    >"$log" 2>&1 || code=$?
  local runs found
  runs=$(awk '/^stat::number_of_executed_units:/ { print $2 }' "$log")
  found=$(find "$findings" -type f | wc -l)
  printf '%-14s %10s runs in %s s, %s\n' "$target" "${runs:-?}" "$SECONDS_EACH" \
    "$([ "$code" = 0 ] && echo "nothing found" || echo "FOUND: $found in $findings, told in $log")" >>"$SUMMARY"
  [ "$code" = 0 ] || { tail -60 "$log" >&2; return 1; }
}

SUMMARY=$(mktemp)
trap 'rm -f "$SUMMARY"' EXIT
FAILED=0
for target in "${TARGETS[@]}"; do
  say "fuzzing $target for $SECONDS_EACH s"
  fuzz_target "$target" || FAILED=1
done
cat "$SUMMARY"
exit "$FAILED"
