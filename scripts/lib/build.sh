# shellcheck shell=bash disable=SC2034
# Configure and build a preset; sourced, needs common.sh.

# build_preset NAME [CMAKE OPTIONS...]: CMake only when never configured before; ninja knows itself when
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
  run_as_user ninja -C "build/$preset" -j "$jobs" >&2 || die "the build of preset $preset failed"
}
