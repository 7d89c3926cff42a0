# SPDX-License-Identifier: Apache-2.0
# Sourced by the other scripts: they work from any directory and write their messages to stderr, so that the output of a
# program they start stays clean.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

jobs=$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)

say() { printf '\n==> %s\n' "$*" >&2; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# step NAME COMMAND...: runs the command, reports how long it took; a failure ends the script.
step() {
    local name=$1 start=$SECONDS
    shift
    say "$name"
    if "$@"; then
        printf '    %s: done in %d s\n' "$name" $((SECONDS - start)) >&2
    else
        local status=$?
        printf '    %s: FAILED (status %d) after %d s\n' "$name" "$status" $((SECONDS - start)) >&2
        exit "$status"
    fi
}

# A compiler cache is used where there is one and never needed.
if command -v ccache >/dev/null && [ -z "${CMAKE_C_COMPILER_LAUNCHER:-}" ]; then
    export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi
