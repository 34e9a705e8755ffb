#!/usr/bin/env bash
# Builds and runs the tests; the last lines are ctest's summary.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. scripts/lib/common.sh
. scripts/lib/packages.sh
. scripts/lib/build.sh

usage() {
  cat <<'HELP'
scripts/test.sh [FORM] [ctest arguments]

  (none)      all tests, preset dev
  asan        with AddressSanitizer and UBSan
  tsan        with ThreadSanitizer
  soak        only the tests labelled soak, which are left out otherwise
  coverage    with line coverage of host/, plugins/ and cli/ (build/coverage/coverage.txt)

Examples: scripts/test.sh -L unit            only the unit tests
          scripts/test.sh asan -R Telnet     matching names, under AddressSanitizer
          scripts/test.sh soak -R Survival   random steps against the promises about sessions, 100,000 a run

Each survival run prints its seed. By hand, unit_session_survival takes GW_PROPERTY_SEED (random if not set),
GW_PROPERTY_STEPS (2,500) and GW_PROPERTY_TRACE (set: tells every step).
HELP
}

PRESET=dev
SELECT=(-LE soak)
case ${1:-} in
  -h | --help) usage; exit 0 ;;
  asan | tsan | coverage) PRESET=$1; shift ;;
  soak) SELECT=(-L soak); shift ;;
esac

# shellcheck disable=SC2086,SC2046  # a list of words
install_packages $TEST_PACKAGES $(has_recent_node || echo nodejs npm)

# The browser tests' modules, only when the lock file has changed since.
WEB=tests/integration/web
if [ ! -f $WEB/node_modules/.package-lock.json ] || [ $WEB/package-lock.json -nt $WEB/node_modules/.package-lock.json ]; then
  (cd $WEB && run_as_user npm ci --no-fund --no-audit >&2) || die "npm ci failed in $WEB"
  touch $WEB/node_modules/.package-lock.json
fi

BUILD_TARGETS=$(targets_of_labels "$@")
build_preset "$PRESET"
if [ "$PRESET" = coverage ]; then
  # Counts of an earlier run would be added to this one's.
  run_as_user find build/coverage -name '*.gcda' -delete
fi

export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:strict_string_checks=1}
export LSAN_OPTIONS=${LSAN_OPTIONS:-print_suppressions=0:suppressions=$PWD/tests/data/lsan.supp}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1:suppressions=$PWD/tests/data/tsan.supp}
CODE=0
run_as_user ctest --test-dir "build/$PRESET" -j "${GW_TEST_JOBS:-2}" --output-on-failure --no-tests=error \
  "${SELECT[@]}" "$@" || CODE=$?

if [ "$PRESET" = coverage ]; then
  run_as_user gcovr --root . --filter 'host/' --filter 'plugins/' --filter 'cli/' --exclude '.*_test\.cpp' \
    --gcov-ignore-parse-errors --exclude-throw-branches -j "$(build_jobs)" \
    --txt build/coverage/coverage.txt --print-summary build/coverage || CODE=$?
fi
exit "$CODE"
