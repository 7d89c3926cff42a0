#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What checks and measures Sable on a machine with a GPU, exercised with the emulator: verdicts, exit statuses, and whose figures
# they are.
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"
tree=$(dirname "$(dirname "$SABLE_BIN")")
[ -x "$tree/bin/sable_table_runner" ] || { echo "skipped: no sable_table_runner"; exit 77; }
[ -d "$tree/lib/test-plugins" ] || { echo "skipped: no emulator"; exit 77; }

# check STATUSES VERDICT ARGUMENT...: one of these exit statuses, and this last line.
check() {
    local wanted=$1 verdict=$2 status=0 text
    shift 2
    text=$(bash "$SABLE_SOURCE_DIR/scripts/gpu_check.sh" --bundle "$tree" --backend emu --out out "$@" 2>&1) || status=$?
    [[ $status =~ ^($wanted)$ ]] || fail "exit status $status instead of $wanted: gpu_check $*: $text"
    [[ $(tail -n 1 <<<"$text") =~ ^VERDICT:\ $verdict$ ]] || fail "no verdict \"$verdict\": $text"
}

check '0|75' 'GOOD.*' --seconds 25 correctness # slow builds are cut short
SABLE_EMU_DEVICES=0 check 3 'NO DEVICE' --seconds 60 correctness
# A device that fails in the middle is not a missing one.
SABLE_EMU_FAIL=launch:50 check 1 BAD --seconds 60 correctness

# Rows say which device they are of.
export SABLE_PLUGIN_DIR=$tree/lib/test-plugins
measure() { sable bench --backend "$1" --params infer13 --filter '^add$' --seconds 0.01 --json; }
device() { python3 -c 'import json, sys; r = json.load(sys.stdin); print(r["device"], "|", r["rows"][0]["path"])'; }
[ "$(measure cpu | device | cut -d ' ' -f 1)" = cpu ] || fail "of the cpu: $(measure cpu | device)"
[ "$(measure emu | device)" = "CUDA emulator 0 | sm_80, CUDA emulator 0" ] || fail "of the device: $(measure emu | device)"
echo "gpu_check says what it found"
