# shellcheck shell=bash disable=SC2034
# Debian packages; sourced, needs common.sh.

BUILD_PACKAGES="cmake ninja-build ccache g++ pkg-config libpoco-dev libpq-dev libcli11-dev nlohmann-json3-dev libsodium-dev prometheus-cpp-dev
  libhttp-parser-dev libicu-dev libssl-dev zlib1g-dev"
RUN_PACKAGES="$BUILD_PACKAGES inetutils-telnet curl"
TEST_PACKAGES="$RUN_PACKAGES libgtest-dev libgmock-dev libtelnet-dev libwslay-dev tintin++ chromium gcovr tmux
  netcat-openbsd openssl python3 python3-websockets python3-jsonschema binutils postgresql haproxy lynx abigail-tools make"
LINT_PACKAGES="$BUILD_PACKAGES libgtest-dev libgmock-dev clang-format clang-tidy python3"
FUZZ_PACKAGES="$BUILD_PACKAGES clang libclang-rt-14-dev"

# Prints those that are not installed. nodejs and npm count as present if a recent node is on the PATH.
missing_packages() {
  local wanted installed
  wanted=$(printf '%s\n' "$@" | sort -u)
  installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null | awk '$1 == "ii" { print $2 }' | sort -u)
  comm -23 <(echo "$wanted") <(echo "$installed") | tr '\n' ' '
}

has_recent_node() {
  command -v npm >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge 18 ]
}

# install_packages NAME...: installs what is missing. Only this step is elevated; it waits for another
# apt or dpkg to finish. Without root and without sudo: says what to type and stops.
install_packages() {
  local missing elevate=()
  command -v apt-get >/dev/null || { say "no apt-get here: assuming that the packages are installed"; return 0; }
  missing=$(missing_packages "$@")
  [ -n "${missing// /}" ] || return 0
  if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
      elevate=(sudo)
    else
      say "These Debian packages are missing. Install them as root, then run this again:"
      say "  apt-get install -y --no-install-recommends $missing"
      exit 1
    fi
  fi
  say "installing: $missing"
  local apt=("${elevate[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600)
  # shellcheck disable=SC2086  # a list of words
  "${apt[@]}" install -y --no-install-recommends $missing >&2 ||
    { "${apt[@]}" update >&2 && "${apt[@]}" install -y --no-install-recommends $missing >&2; } ||
    die "apt-get could not install: $missing"
}
