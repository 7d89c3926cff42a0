#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds and tests Sable from a fresh checkout.
#   scripts/test.sh           release build with all tests, then the tests with range assertions, then under sanitizers
#   scripts/test.sh --quick   only the release build and its tests
#   scripts/test.sh --full    adds the slow tests and ThreadSanitizer
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

usage() { echo "usage: scripts/test.sh [--quick | --full]" >&2; }
extent=normal
case "${1:-}" in
'') ;;
--quick) extent=quick ;;
--full) extent=full ;;
-h | --help)
    usage
    exit 0
    ;;
*)
    usage
    exit 2
    ;;
esac

run_ctest() { # folder, then more arguments of ctest
    local folder=$1
    shift
    ctest --test-dir "$folder" --output-on-failure --no-tests=error -j "$jobs" "$@"
}
build() { # preset
    step "configure ($1)" cmake --preset "$1"
    step "build ($1)" cmake --build --preset "$1"
}
in_process='^(unit|diff|property|reject)$'

bash scripts/deps.sh test

build test
if [ "$extent" = full ]; then
    export SABLE_SLOW=1
    step "tests, slow ones included" run_ctest build
    unset SABLE_SLOW # under the instruments they would take hours
else
    step "tests" run_ctest build
fi

if [ "$extent" != quick ]; then
    build verify
    step "tests with range assertions" run_ctest build-verify -L '^(unit|diff|property)$'

    build asan
    # Not detect_stack_use_after_return: gcc 12 then places objects without their alignment (its bug 110027).
    export ASAN_OPTIONS=${ASAN_OPTIONS:-strict_string_checks=1}
    export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
    step "tests under AddressSanitizer and UndefinedBehaviorSanitizer" run_ctest build-asan
fi

if [ "$extent" = full ]; then
    build tsan
    step "tests under ThreadSanitizer" run_ctest build-tsan -L "$in_process"
fi
say "all tests passed ($SECONDS s)"
