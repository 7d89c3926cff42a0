#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing to build and run Sable (deps.sh run) or to test and check it too (deps.sh test), with apt-get
# on Debian and Ubuntu. Elsewhere, or without the right to install, it prints what is missing and exits 3.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# One line a need: package, then the probe that tells whether it is there already, however it was installed.
run_needs='
gcc                  command cc
cmake                cmake_version
ninja-build          command ninja
pkg-config           command pkg-config
libsodium-dev        module libsodium
libjansson-dev       module jansson
zlib1g-dev           module zlib
libcurl4-openssl-dev module libcurl
'
test_needs='
g++                  command c++
libgmp-dev           header gmp.h
libntl-dev           header NTL/ZZ.h
libgtest-dev         module gtest_main
python3              command python3
git                  command git
clang                command clang++
libclang-rt-dev      thread_sanitizer
libomp-dev           clang_openmp
clang-format         command clang-format
clang-tidy           command clang-tidy
'

probe_command() { command -v "$1" >/dev/null; }
probe_module() { pkg-config --exists "$1" 2>/dev/null; }
probe_header() { echo "#include <$1>" | c++ -x c++ -E - >/dev/null 2>&1; }
probe_clang_openmp() { echo '#include <omp.h>' | clang -x c -fopenmp -E - >/dev/null 2>&1; }
probe_thread_sanitizer() {
    echo 'int main(void) { return 0; }' | clang -x c -fsanitize=thread -o /dev/null - >/dev/null 2>&1
}
probe_cmake_version() {
    local version
    version=$(cmake --version 2>/dev/null | sed -n 's/^cmake version \([0-9.]*\).*/\1/p') || return 1
    [ -n "$version" ] && [ "$(printf '%s\n' 3.25 "$version" | sort -V | head -n 1)" = 3.25 ]
}

missing_packages() {
    local package probe argument
    while read -r package probe argument; do
        [ -n "$package" ] || continue
        "probe_$probe" "$argument" || printf '%s ' "$package"
    done <<<"$needs"
}

case "${1:-}" in
run) needs=$run_needs ;;
test) needs=$run_needs$test_needs ;;
*)
    echo "usage: scripts/deps.sh run|test" >&2
    exit 2
    ;;
esac

missing=$(missing_packages)
[ -n "$missing" ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo)
    # Without a terminal nobody can answer a password prompt.
    [ -t 0 ] || as_root=(sudo -n)
fi
if ! command -v apt-get >/dev/null || { [ ${#as_root[@]} -gt 0 ] && ! command -v sudo >/dev/null; }; then
    printf 'error: missing: %s\n(names of Debian packages); install them and start again\n' "$missing" >&2
    exit 3
fi

say "installing: $missing"
{
    # An index that cannot be refreshed may still be good enough to install from.
    "${as_root[@]}" apt-get update -q || true
    # shellcheck disable=SC2086 # the list is split on purpose
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $missing || true
} >&2

missing=$(missing_packages)
if [ -n "$missing" ]; then
    printf 'error: still missing after apt-get: %s\n' "$missing" >&2
    exit 3
fi
