#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The device backend, run by the emulator: the demo, the same files byte for byte as on cpu, and what is said where a plug-in,
# a driver or a device is missing. A process in which the emulator saw a defect ends with status 86.
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"
[ -x "${SABLE_TEST_BIN:-}" ] || { echo "skipped: no sable-test"; exit 77; }
plugins=$SABLE_LIB_DIR/test-plugins
export SABLE_PLUGIN_DIR=$plugins
field() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$1" "$2"; }

SABLE_BACKEND=emu sable demo --no-baseline --json >demo.json 2>demo.err || fail "demo: $(cat demo.err)"
[ "$(field demo.json backend) $(field demo.json mismatched_predictions)" = "emu 0" ] || fail "demo: $(cat demo.json)"

sable selftest --backend emu --log-n 10 --json >selftest.json || fail "selftest: $(cat selftest.json)"
[ "$(field selftest.json equal) $(field selftest.json different)" = "True 0" ] || fail "selftest: $(cat selftest.json)"
SABLE_EMU_FAIL=launch:20 refused 3 'emu, .* on device 0' sable selftest --backend emu --log-n 4

samples d 300 5 1
quietly sable fit --data d.csv --ignore name --label-column class --out m.json
run() { # folder, backend
    local folder=$1
    export SABLE_BACKEND=$2
    mkdir "$folder"
    tool() { quietly "$SABLE_TEST_BIN" "$@"; }
    tool keygen --allow-insecure --seed one --params T12 --out "$folder/ws" --for infer --features 5 \
        --encrypted-weights
    for packing in feature-major row; do
        tool encrypt --allow-insecure --seed one --keys "$folder/ws" --data d.csv --ignore name,class --packing $packing \
            --model m.json --out "$folder/$packing.enc"
        tool infer --allow-insecure --keys "$folder/ws" --data "$folder/$packing.enc" --model m.json --out "$folder/$packing.res"
    done
    tool encrypt --allow-insecure --seed one --keys "$folder/ws" --model-weights m.json --out "$folder/m.enc"
    tool infer --allow-insecure --keys "$folder/ws" --data "$folder/feature-major.enc" --encrypted-model "$folder/m.enc" \
        --out "$folder/encrypted.res"
    tool decrypt --allow-insecure --keys "$folder/ws" --data "$folder/encrypted.res" --out "$folder/d.csv"
    unset SABLE_BACKEND
}
run cpu cpu
run emu emu
diff -r cpu emu || fail "the emulated device makes other files"

# The same plug-in where the library looks for cuda.
mkdir cuda relative
cp "$plugins"/*.so cuda
mv cuda/libsable_emu.so cuda/libsable_cuda.so
export SABLE_PLUGIN_DIR=$PWD/cuda
backend() { sable doctor --json 2>&1 | python3 -c 'import json, sys; print(json.load(sys.stdin)["backend"])'; }
[ "$(backend)" = emu ] || fail "auto does not take the device"
[ "$(SABLE_EMU_DEVICES=0 backend)" = cpu ] || fail "auto without a device is not cpu"
says 'computed on cpu: the CUDA driver finds no device' env SABLE_EMU_DEVICES=0 "$SABLE_TEST_BIN" infer --allow-insecure \
    --keys cpu/ws --data cpu/row.enc --model m.json --out auto.res
SABLE_EMU_DEVICES=0 refused 3 'finds no device' sable infer --allow-insecure --keys cpu/ws --data cpu/row.enc --model m.json \
    --out never.res --backend cuda
refused 3 'device "1" is not there' sable infer --allow-insecure --keys cpu/ws --data cpu/row.enc --model m.json \
    --out never.res --backend cuda:1
SABLE_EMU_MEMORY=3000000 refused 3 'bytes of device memory asked for' sable infer --allow-insecure --keys cpu/ws \
    --data cpu/row.enc --model m.json --out never.res --backend cuda
SABLE_PLUGIN_DIR=/nonexistent refused 3 'no plug-in libsable_emu.so' sable infer --allow-insecure --keys cpu/ws \
    --data cpu/row.enc --model m.json --out never.res --backend emu
cp "$plugins"/*.so relative
SABLE_PLUGIN_DIR=relative refused 3 'no plug-in libsable_emu.so' sable infer --allow-insecure --keys cpu/ws \
    --data cpu/row.enc --model m.json --out never.res --backend emu
mkdir broken
echo "not a library" >broken/libsable_emu.so
SABLE_PLUGIN_DIR=$PWD/broken refused 3 'does not load' sable infer --allow-insecure --keys cpu/ws --data cpu/row.enc \
    --model m.json --out never.res --backend emu
SABLE_PLUGIN_DIR=$plugins-stale refused 3 'speaks version [0-9]+ of the backend table' sable infer --allow-insecure --keys cpu/ws \
    --data cpu/row.enc --model m.json --out never.res --backend emu
echo "the emulated device makes the files of the cpu"
