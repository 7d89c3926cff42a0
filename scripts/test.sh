#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds and tests Sable from a fresh checkout.
#   scripts/test.sh           release build with all tests, then the tests with range assertions, then under sanitizers
#   scripts/test.sh --quick   only the release build and its tests
#   scripts/test.sh --full    adds the slow tests, ThreadSanitizer and fuzzing
# SABLE_FUZZ_SECONDS: how long each fuzz target runs (default 600; 0: none of them).
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
# What a target learns stays in build-fuzz/fuzz-corpus; what breaks it is in build-fuzz/fuzz-findings.
run_fuzz() {
    export fuzz_folder=build-fuzz SABLE_FUZZ_SECONDS
    "$fuzz_folder/bin/sable_fuzz_seeds" "$fuzz_folder/fuzz-seeds"
    mkdir -p "$fuzz_folder/fuzz-findings"
    # shellcheck disable=SC2016 # expanded by the inner shell
    find "$fuzz_folder/bin" -name 'fuzz_*' -print0 | sort -z | xargs -0 -n 1 -P "$jobs" bash -c '
        name=${0##*/fuzz_}
        most=64 # MiB in one allocation; containers of the small test set need far less
        case $name in ciphertext | keyset | blocks | encrypted_model | matrix | public_key | secret_key) most=8 ;; esac
        mkdir -p "$fuzz_folder/fuzz-corpus/$name"
        "$0" -max_total_time="$SABLE_FUZZ_SECONDS" -timeout=5 -malloc_limit_mb=$most -rss_limit_mb=2048 \
            -close_fd_mask=3 \
            -artifact_prefix="$fuzz_folder/fuzz-findings/$name-" "$fuzz_folder/fuzz-corpus/$name" \
            "$fuzz_folder/fuzz-seeds/$name" >"$fuzz_folder/fuzz-findings/$name.log" 2>&1 && exit
        tail -n 40 "$fuzz_folder/fuzz-findings/$name.log" >&2
        exit 1'
}
in_process='^(unit|diff|property|reject|emu)$'

bash scripts/deps.sh test

build test
if [ "$extent" = full ]; then
    export SABLE_SLOW=1
    step "tests, slow ones included" run_ctest build
    unset SABLE_SLOW # under the instruments they would take hours
else
    step "tests" run_ctest build
fi

# The tests above run on the best path of this processor (unit and diff on every one); the mathematics of whole operations
# on the others too. What runs on the emulator does not depend on the path.
if [ "$extent" != quick ]; then
    SABLE_EMU_ORDER=all step "kernels on the emulator, in every order of threads" run_ctest build -L '^diff$' -R 'Emu.*EveryShape'

    for path in $(build/bin/sable doctor | sed -n 's/^cpu paths *//p' | tr -d ','); do
        SABLE_CPU=$path step "properties on the path $path" run_ctest build -L '^property$' -E '^property\.emu_'
    done

    build verify
    step "tests with range assertions" run_ctest build-verify -L '^(unit|diff|property)$'

    build asan
    # Not detect_stack_use_after_return: gcc 12 then places objects without their alignment (its bug 110027).
    export ASAN_OPTIONS=${ASAN_OPTIONS:-strict_string_checks=1}
    export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
    step "tests under AddressSanitizer and UndefinedBehaviorSanitizer" run_ctest build-asan
fi

if [ "$extent" = full ]; then
    if grep -q '^SABLE_NVCC:[A-Z]*=/' build/CMakeCache.txt; then
        step "the CUDA plug-in for every architecture" cmake -S . -B build-archs -G Ninja -DCMAKE_BUILD_TYPE=Release \
            -DSABLE_WERROR=ON -DSABLE_CUDA=ON -DSABLE_CUDA_ALL_ARCHS=ON
        step "its kernels" cmake --build build-archs --target sable_cuda
        step "spills on any of them" python3 scripts/kernel_stats.py --check --arch all
    fi

    build tsan
    step "tests under ThreadSanitizer" run_ctest build-tsan -L "$in_process"

    if [ "${SABLE_FUZZ_SECONDS:=600}" -gt 0 ]; then
        build fuzz
        step "fuzzing ($SABLE_FUZZ_SECONDS s a target)" run_fuzz
    fi
fi
say "all tests passed ($SECONDS s)"
