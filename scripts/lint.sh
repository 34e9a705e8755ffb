#!/usr/bin/env bash
# Formatting (clang-format) and static checks (clang-tidy) with the rules of .clang-format and .clang-tidy.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. scripts/lib/common.sh
. scripts/lib/packages.sh

usage() {
  cat <<'HELP'
scripts/lint.sh [--format | --fix] [FILE...]

  (none)      check the formatting of every C and C++ file, then run clang-tidy over every .cpp file
  --format    the formatting only: seconds instead of minutes
  --fix       format the files
  FILE...     only these (for clang-tidy: those of them that are .cpp)

Changes nothing without --fix; exit 1 if anything is found.
HELP
}

WHAT=all
case ${1:-} in
  -h | --help) usage; exit 0 ;;
  --format | --fix) WHAT=${1#--}; shift ;;
  -*) usage >&2; exit 2 ;;
esac

# shellcheck disable=SC2086  # a list of words
install_packages $LINT_PACKAGES

FILES=("$@")
if [ ${#FILES[@]} = 0 ]; then
  mapfile -t FILES < <(git ls-files '*.h' '*.hpp' '*.c' '*.cpp')
fi

if [ "$WHAT" = fix ]; then
  run_as_user clang-format -i "${FILES[@]}"
  exit 0
fi
FAILED=0
clang-format --dry-run -Werror "${FILES[@]}" || { FAILED=1; say "mend it with: scripts/lint.sh --fix"; }
if [ "$WHAT" = all ]; then
  # A folder of its own: only the compile commands are needed, nothing is built.
  run_as_user cmake --preset dev -B build/lint -DGW_BUILD_BENCH=ON >&2 || die "cmake failed"
  PATTERNS=()
  for file in "${FILES[@]}"; do
    [[ $file != *.cpp ]] || PATTERNS+=("^$(readlink -f "$file")\$")
  done
  if [ ${#PATTERNS[@]} -gt 0 ]; then
    # The commands are g++'s: what clang does not know of them, or warns of besides, is not asked here.
    run_as_user sed -i 's/ -fno-gnu-unique//' build/lint/compile_commands.json
    run-clang-tidy -quiet -p build/lint -j "$(build_jobs)" \
      -extra-arg=-Wno-unknown-warning-option -extra-arg=-Wno-error "${PATTERNS[@]}" || FAILED=1
  fi
fi
exit "$FAILED"
