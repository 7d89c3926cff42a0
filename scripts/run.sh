#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds Sable from a fresh checkout and runs its demonstration; arguments go to `sable demo`.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

bash scripts/deps.sh run
{
    step "configure" cmake --preset release
    step "build" cmake --build --preset release --target sable_tool
    say "build/bin/sable demo $*"
} >&2
exec build/bin/sable demo "$@"
