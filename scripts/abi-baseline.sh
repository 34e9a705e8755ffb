#!/usr/bin/env bash
# Is the plugin ABI what it was when it was released? Compares sdk/include/gw/*.h with the baseline in sdk/abi/:
# every struct and function type (abidw, of a probe library with a function for each struct), every constant and id.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. scripts/lib/common.sh

usage() {
  cat <<'HELP'
scripts/abi-baseline.sh --check | --update   [--include DIR] [--baseline DIR]

  --check      exit 1 and what differs, if anything does: what is only new, too
  --update     writes the baseline; its diff is what a reviewer looks at
  --include    the headers' folder (default sdk/include)
  --baseline   structs.abi and constants.txt (default sdk/abi/1.0)

A change of what a baseline has breaks plugins that are out there: give it another extension id instead. What is
only new (an extension, a member at the end of a struct with a struct_size, an enum's value) is added with --update.
HELP
}

INCLUDE=sdk/include
BASELINE=sdk/abi/1.0
MODE=
while [ $# -gt 0 ]; do
  case $1 in
    --check | --update) MODE=$1 ;;
    --include) INCLUDE=${2:?--include needs a folder}; shift ;;
    --baseline) BASELINE=${2:?--baseline needs a folder}; shift ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done
[ -n "$MODE" ] || { usage >&2; exit 2; }
command -v abidw >/dev/null || die "abidw is missing: apt-get install abigail-tools"

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
HEADERS=$(find "$INCLUDE/gw" -name '*.h' | LC_ALL=C sort)
includes() { for header in $HEADERS; do echo "#include \"${header#"$INCLUDE"/}\""; done; }

# A function for each struct: behind `const void* get_extension` no tool would see one.
structs() {
  {
    includes
    # shellcheck disable=SC2086  # a list of files
    sed -nE 's/^typedef struct (gw_[a-z0-9_]+) \{.*/void probe_\1(\1* of); void probe_\1(\1* of) { (void)of; }/p' $HEADERS
    echo 'gw_plugin_entry_fn probe_entry(void); gw_plugin_entry_fn probe_entry(void) { return 0; }'
  } >"$WORK/probe.c"
  ${CC:-cc} -std=c11 -g -O0 -fPIC -shared -I "$INCLUDE" -o "$WORK/libgw_abi_probe.so" "$WORK/probe.c"
  abidw --no-show-locs --no-comp-dir-path --no-corpus-path --type-id-style hash "$WORK/libgw_abi_probe.so"
}

# "NAME value" of every enumerator and of every macro that is a number or a text; not the version, which moves.
constants() {
  local names
  # shellcheck disable=SC2086
  names=$({
    sed -nE 's/^#define (GW_[A-Z0-9_]+) ["0-9(].*/\1/p' $HEADERS
    grep -ohE '\bGW_[A-Z0-9_]+ = ' $HEADERS | sed 's/ = //'
  } | grep -vx GW_SDK_VERSION | LC_ALL=C sort -u)
  {
    echo '#include <stdio.h>'
    includes
    echo 'static void text(const char* name, const char* is) { printf("%s \"%s\"\n", name, is); }'
    echo 'static void number(const char* name, long long is) { printf("%s %lld\n", name, is); }'
    echo 'int main(void) {'
    for name in $names; do
      echo "  _Generic(($name), char*: text, const char*: text, default: number)(\"$name\", $name);"
    done
    echo '}'
  } >"$WORK/constants.c"
  ${CC:-cc} -std=c11 -w -I "$INCLUDE" -o "$WORK/constants" "$WORK/constants.c"
  "$WORK/constants"
}

structs >"$WORK/structs.abi"
constants >"$WORK/constants.txt"
if [ "$MODE" = --update ]; then
  mkdir -p "$BASELINE"
  cp "$WORK/structs.abi" "$WORK/constants.txt" "$BASELINE/"
  exit 0
fi

CODE=0
# abidiff: bits 4 and 8 are changes, the lower ones its own failures.
abidiff --no-show-locs "$BASELINE/structs.abi" "$WORK/structs.abi" || CODE=1
diff -u --label "$BASELINE" "$BASELINE/constants.txt" --label "$INCLUDE" "$WORK/constants.txt" || CODE=1
[ $CODE -eq 0 ] || say "The plugin ABI is not that of $BASELINE; see scripts/abi-baseline.sh --help."
exit $CODE
