#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Little memory, few descriptors, small files, no threads, a clock at 1970: the work is done and its results are the same,
# or it is refused with status 3, a sentence and nothing left behind.
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"
unset OMP_NUM_THREADS

samples d 100 3 1
quietly sable fit --data d.csv --ignore name --label-column class --out m.json
quietly sable keygen --params infer13 --out ws --for infer --features 3 --encrypted-weights
quietly sable encrypt --keys ws --data d.csv --ignore name,class --model m.json --out d.enc
quietly sable encrypt --keys ws --model-weights m.json --packing row --out m.enc
quietly sable infer --keys ws --data d.enc --encrypted-model m.enc --out d.res
quietly sable decrypt --keys ws --data d.res --out d.out.csv
instrumented=
grep -Eq '__(asan|tsan)_init' "$SABLE_BIN" && instrumented=yes

# One line a command: what it makes and what that must equal (-: it is random), the words.
commands='k - keygen --params infer13 --out k --for infer --features 3
o.enc - encrypt --keys ws --data d.csv --ignore name,class --model m.json --out o.enc
o.res d.res infer --keys ws --data d.enc --encrypted-model m.enc --out o.res
o.csv d.out.csv decrypt --keys ws --data d.res --out o.csv
o.json m.json fit --data d.csv --ignore name --label-column class --out o.json'

# all_within LIMITS: every command under `ulimit LIMITS`; counts in finished and kept_out.
all_within() {
    local out sound words status before
    finished=0 kept_out=0
    while read -r out sound words; do
        before=$(listing)
        status=0
        # shellcheck disable=SC2086 # several words
        bash -c "ulimit $1; exec \"\$@\"" limited "$SABLE_BIN" $words >run.out 2>run.err </dev/null || status=$?
        case $status in
        0)
            [ "$sound" = - ] || cmp "$out" "$sound" || fail "ulimit $1: other results of sable $words"
            rm -rf "$out"
            finished=$((finished + 1))
            ;;
        3)
            grep -q '^sable: ' run.err || fail "ulimit $1: no sentence: sable $words: $(cat run.err)"
            kept_out=$((kept_out + 1))
            ;;
        *) fail "ulimit $1: exit status $status of sable $words: $(cat run.err)" ;;
        esac
        rm run.out run.err
        [ "$(listing)" = "$before" ] || fail "ulimit $1: sable $words left $(diff <(echo "$before") <(listing))"
    done <<<"$commands"
}

# ---- memory ----
if [ -n "$instrumented" ]; then
    echo "memory is not limited: instrumented code reserves terabytes"
else
    least=10000 # KiB in which the program is loaded at all
    until bash -c "ulimit -v $least; exec \"\$0\" --version" "$SABLE_BIN" >/dev/null 2>&1; do least=$((least + 1000)); done
    all_finished=0 all_kept_out=0
    for more in 0 1000 2000 4000 6000 8000 10000 12000 16000 20000 30000 60000; do
        all_within "-v $((least + more))"
        all_finished=$((all_finished + finished)) all_kept_out=$((all_kept_out + kept_out))
    done
    [ $finished = 5 ] || fail "60 MB beside the program are not enough"
    [ $all_kept_out -gt 0 ] || fail "no limit was too low"
    echo "memory: $all_finished done, $all_kept_out refused, the program alone takes $least KiB"
    if ldd "$SABLE_BIN" | grep -Eq 'lib(g|i)?omp'; then # 8 MiB of stack for each thread
        within() { bash -c 'ulimit -s 8192; ulimit -v 1000000; exec "$@"' limited "$@"; }
        refused 3 '1000 threads asked for; the system starts [1-9][0-9]+: ' within "$SABLE_BIN" infer --threads 1000 \
            --keys ws --data d.enc --encrypted-model m.enc --out o.res
        OMP_NUM_THREADS=1000 within "$SABLE_BIN" infer --keys ws --data d.enc --encrypted-model m.enc --out o.res --json \
            >run.json
        [ "$(json run.json "1 < o['threads'] < 200")" = True ] || fail "threads: $(cat run.json)"
        cmp o.res d.res || fail "results depend on the threads that there are"
        rm run.json o.res
    fi
fi
for threads in 0 -1 abc 1.5 ''; do
    OMP_NUM_THREADS=$threads sable infer --keys ws --data d.enc --encrypted-model m.enc --out o.res --quiet 2>/dev/null ||
        fail "OMP_NUM_THREADS=$threads"
    cmp o.res d.res || fail "results depend on OMP_NUM_THREADS=$threads"
    rm o.res
done

# ---- descriptors ----
least=3
until bash -c "ulimit -n $least; exec \"\$0\" --version" "$SABLE_BIN" >/dev/null 2>&1; do least=$((least + 1)); done
for ((n = least; n <= 10; n++)); do
    all_within "-n $n"
    echo "descriptors: $n: $finished done, $kept_out refused"
done
[ $finished = 5 ] || fail "10 descriptors are not enough"

# ---- the size of files ----
all_within '-f 1' # KiB; a model in the clear is smaller
[ $kept_out = 4 ] || fail "files of 1 KiB: $finished done, $kept_out refused"

# ---- a clock at 1970 ----
if ! command -v "${CC:-cc}" >/dev/null; then
    echo "no compiler: the clock is not turned back"
else
    cat >clock.c <<'C'
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
time_t time(time_t *t) { return t ? *t = 0 : 0; }
int gettimeofday(struct timeval *restrict t, void *restrict zone) {
    (void)zone;
    t->tv_sec = t->tv_usec = 0;
    return 0;
}
int clock_gettime(clockid_t clock, struct timespec *t) {
    if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) return (int)syscall(SYS_clock_gettime, clock, t);
    t->tv_sec = t->tv_nsec = 0;
    return 0;
}
C
    "${CC:-cc}" -shared -fPIC -O1 -o clock.so clock.c
    sable_1970() {
        if [ -n "$instrumented" ]; then
            ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=$work/clock.so "$SABLE_BIN" "$@"
        else
            LD_PRELOAD=$work/clock.so "$SABLE_BIN" "$@"
        fi
    }
    [ "$(LD_PRELOAD=$work/clock.so python3 -c 'import time; print(time.time())')" = 0.0 ] || fail "the clock runs"
    touch .sable-0123456789abcdef.tmp # of a killed process, and from the future
    while read -r out sound words; do
        # shellcheck disable=SC2086 # several words
        quietly sable_1970 $words
        [ "$sound" = - ] || cmp "$out" "$sound" || fail "results depend on the clock: sable $words"
    done <<<"$commands"
    [ ! -e .sable-0123456789abcdef.tmp ] || fail "the file of a killed process was not removed"
    quietly sable_1970 inspect k/public/public.key --secret k/secret/secret.key
    quietly sable infer --keys ws --data o.enc --model m.json --out o.res
    quietly sable decrypt --keys ws --data o.res --out o.csv
    same_as_clear m.json d.csv o.csv logit 1e-4
fi
echo "limits are kept"
