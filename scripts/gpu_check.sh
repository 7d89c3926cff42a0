#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks and measures Sable on a machine with a GPU. Three stages, each below five minutes; each prints a verdict, also when
# it is cut short, and leaves its files in the output folder.
#   correctness   the tool's self test; every function of the backend against the cpu at all N up to 2^16; the demonstration
#                 on the GPU and on the cpu with the same results
#   sanitize      compute-sanitizer's memcheck, racecheck, initcheck and synccheck on the smallest set
#   bench         the device's own limits (gpu_probe) and the benchmark, as JSON and as a table
# usage: scripts/gpu_check.sh [--bundle DIR] [--backend NAME] [--out DIR] [--seconds S] correctness|sanitize|bench
#   --bundle   folder made by scripts/gpu_bundle.sh; default: the one this script lies in, else build/
#   --backend  cuda (default), cuda:1, ..., or emu to exercise this script without a GPU
#   --out      default: $OUT, else bench/results in a checkout, else the current folder
#   --seconds  limit of the stage, default 290
# Status: 0 verdict is good; 1 a mismatch or an error; 2 usage; 3 no such device; 75 good so far, but cut short.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
usage() {
    sed -n 's/^# usage: /usage: /p' "${BASH_SOURCE[0]}" >&2
    exit 2
}
bundle='' backend=cuda out=${OUT:-} seconds=290 stage=''
while [ $# -gt 0 ]; do
    case $1 in
    --bundle | --backend | --out | --seconds)
        [ $# -ge 2 ] || usage
        declare "${1#--}=$2"
        shift
        ;;
    correctness | sanitize | bench) stage=$1 ;;
    *) usage ;;
    esac
    shift
done
[ -n "$stage" ] || usage
if [ -z "$bundle" ]; then
    if [ -x "$here/bin/sable" ]; then bundle=$here; else bundle=$here/build; fi
fi
bundle=$(cd "$bundle" 2>/dev/null && pwd) || { echo "gpu_check: no folder $bundle" >&2 && exit 2; }
[ -x "$bundle/bin/sable" ] || { echo "gpu_check: $bundle/bin/sable is missing: run scripts/gpu_bundle.sh" >&2 && exit 2; }
if [ -z "$out" ]; then
    if [ -d "$here/bench/results" ]; then out=$here/bench/results; else out=$PWD; fi
fi
mkdir -p "$out" || exit 2

export LD_LIBRARY_PATH=$bundle/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
# The plug-in lies beside libsable; in a build tree the emulated one has a folder of its own.
if [ -d "$bundle/lib/test-plugins" ] && [ "${backend%%:*}" = emu ]; then
    export SABLE_PLUGIN_DIR=$bundle/lib/test-plugins
else
    export SABLE_PLUGIN_DIR=$bundle/lib
fi

end=$((SECONDS + seconds))
status=0 cut=0 worked=0 lines=() # worked: something ran on the device, so it is there
trap 'cut=1; verdict' TERM INT

verdict() {
    trap - TERM INT
    local word=GOOD
    [ $status -ne 3 ] || [ $worked -eq 0 ] || status=1
    if [ $status -eq 3 ]; then
        word="NO DEVICE"
    elif [ $status -ne 0 ]; then
        word=BAD
    elif [ $cut -eq 1 ]; then
        word="GOOD SO FAR, CUT SHORT" status=75
    fi
    printf '\n%s after %d s on backend %s\n' "$stage" "$SECONDS" "$backend"
    printf '  %s\n' "${lines[@]}"
    printf 'VERDICT: %s\n' "$word"
    exit $status
}

# run NAME SHARE COMMAND...: at most SHARE percent of the stage, and never beyond its end.
run() {
    local name=$1 share=$2 start=$SECONDS left=$((end - SECONDS)) result
    shift 2
    if [ $left -le 2 ]; then
        cut=1
        lines+=("$name: not reached")
        return 0
    fi
    local most=$((seconds * share / 100))
    [ $most -lt $left ] || most=$left
    timeout --signal=TERM --kill-after=5 "$most" "$@"
    result=$?
    case $result in
    0)
        lines+=("$name: good ($((SECONDS - start)) s)")
        [ "$name" = doctor ] || worked=1
        ;;
    75 | 124 | 137)
        cut=1 worked=1
        lines+=("$name: good so far, cut short after $((SECONDS - start)) s")
        ;;
    3) # no device, or one that failed
        [ $status -eq 1 ] || status=3
        lines+=("$name: no device, or it failed: see above")
        ;;
    *)
        status=1
        lines+=("$name: FAILED, status $result")
        ;;
    esac
    return $result
}

sable() { "$bundle/bin/sable" "$@"; }
# Values of some keys of a JSON report: enough for what the tool prints, on machines without a JSON tool.
fields() { # file, key...
    local file=$1 key
    shift
    for key; do tr ',{}' '\n\n\n' <"$file" | sed -n "s/^ *\"$key\": *//p" | tr -d '"' | head -n 1; done
}

# The demonstration gives the same results on the backend as on the cpu.
demo_agrees() {
    local keys=(dataset samples features accuracy_encrypted accuracy_encrypted_weights mismatched_predictions) ours theirs
    sable demo --json --backend "$backend" >"$out/demo-gpu.json" || return
    sable demo --json --backend cpu >"$out/demo-cpu.json" || return
    ours=$(fields "$out/demo-gpu.json" "${keys[@]}")
    theirs=$(fields "$out/demo-cpu.json" "${keys[@]}")
    printf 'demo: %s\n' "$(tr '\n' ' ' <<<"$ours")"
    [ -n "$ours" ] && [ "$ours" = "$theirs" ]
}

correctness() {
    local small=16
    case $backend in emu*) small=11 ;; esac # the emulator is slow, and these degrees take every kernel
    run "doctor" 5 "$bundle/bin/sable" doctor
    run "self test" 30 "$bundle/bin/sable" selftest --backend "$backend"
    run "comparison with the cpu" 50 "$bundle/bin/sable_table_runner" --backend "$backend" --log-n $small \
        --seconds $((seconds * 45 / 100))
    export -f sable fields demo_agrees
    export bundle backend out
    run "demonstration" 30 bash -c demo_agrees
}

sanitize() {
    local tool=${COMPUTE_SANITIZER:-$(command -v compute-sanitizer || echo /usr/local/cuda/bin/compute-sanitizer)} check
    if [ ! -x "$tool" ]; then
        lines+=("compute-sanitizer is not on this machine (set COMPUTE_SANITIZER)")
        status=3
        return
    fi
    for check in memcheck racecheck initcheck synccheck; do
        run "$check" 25 "$tool" --tool $check --error-exitcode 1 --print-limit 20 \
            "$bundle/bin/sable_table_runner" --backend "$backend" --quick --log-n 10 --seconds $((seconds * 22 / 100)) \
            >"$out/sanitize-$check.log" 2>&1 || tail -n 20 "$out/sanitize-$check.log"
    done
}

# One report from those of single sets: the head of the first, the rows of all. Relies on the tool's layout, a line a value.
merge() { # file...
    awk '
        /^  "rows": \[$/ { inside = 1; if (!seen++) print; else if (rows) pending = 1; next }
        inside && /^  \]/ { inside = 0; if (FNR != NR) next; next }
        inside { if (pending) { print "    ,"; pending = 0 } print; rows = 1; next }
        !seen { print }
        END { print "  ]"; print "}" }' "$@"
}

bench() {
    local device date set files=()
    date=$(date -u +%Y-%m-%d)
    if [ -x "$bundle/bin/gpu_probe" ] && [ "${backend%%:*}" = cuda ]; then
        run "device limits" 15 "$bundle/bin/gpu_probe" >"$out/gpu-probe.json"
    fi
    # The largest first: its rows are those that matter. Each set is a report of its own until all are in.
    for set in ${SABLE_CHECK_SETS:-A40 infer14 infer13 train15}; do
        run "benchmark of $set" 60 "$bundle/bin/sable" bench --backend "$backend" --params "$set" --seconds 0.2 --json \
            >"$out/gpu-bench-$set.json" && [ -s "$out/gpu-bench-$set.json" ] && files+=("$out/gpu-bench-$set.json")
    done
    [ ${#files[@]} -gt 0 ] || return
    merge "${files[@]}" >"$out/gpu-bench.json"
    rm -f "$out"/gpu-bench-*.json
    device=$(fields "$out/gpu-bench.json" device | tr '[:upper:]' '[:lower:]' | sed 's/[^a-z0-9]\+/-/g; s/^-//; s/-$//')
    [ -n "$device" ] || return
    mv "$out/gpu-bench.json" "$out/$device-$date.json"
    [ ! -f "$out/gpu-probe.json" ] || mv "$out/gpu-probe.json" "$out/$device-probe-$date.json"
    printf '%-28s %-12s %7s %6s %12s %8s\n' row set N batch 'median us' GB/s
    awk -F'": ' '
        { gsub(/[",]/, "", $2); sub(/^ *"/, "", $1); v[$1] = $2 }
        $1 == "peer" { printf "%-28s %-12s %7s %6s %12.1f %8.0f\n", v["name"], v["params"], v["n"], v["batch"], v["median_us"], v["gb_per_s"] }' \
        "$out/$device-$date.json"
    lines+=("rows in $out/$device-$date.json")
}

"$stage"
verdict
