# shellcheck shell=bash disable=SC2034
# Configure and build a preset; sourced, needs common.sh.

# targets_of_labels CTEST-ARGUMENTS...: what must be built for `-L unit` or `-L 'unit|contract'`; nothing
# (everything) without such a choice.
targets_of_labels() {
  local labels='' label
  while [ $# -gt 0 ]; do
    [ "$1" = -L ] && labels=${2:-}
    shift
  done
  for label in ${labels//|/ }; do
    case $label in
      unit | contract | integration) printf 'gw_tests_%s ' "$label" ;;
      *) return 0 ;;
    esac
  done
}

# build_preset NAME [CMAKE OPTIONS...]: builds $BUILD_TARGETS, or everything. CMake only when never configured before; ninja knows itself when
# to do it again.
build_preset() {
  local preset=$1 jobs
  shift
  # A clone in another folder finds what this one has compiled.
  export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
  jobs=$(build_jobs)
  if [ ! -f "build/$preset/build.ninja" ]; then
    run_as_user cmake --preset "$preset" "$@" >&2 || die "cmake --preset $preset failed"
  fi
  # shellcheck disable=SC2086  # a list of words
  run_as_user ninja -C "build/$preset" -j "$jobs" ${BUILD_TARGETS:-} >&2 || die "the build of preset $preset failed"
}
