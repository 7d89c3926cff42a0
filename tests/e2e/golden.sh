#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# O18: with a seed, every kind of file is the same, byte for byte, today and on every cpu path and thread count. The digests are frozen in
# tests/support/golden.sha256; a change of the format, of a sampler or of arithmetic shows here. UPDATE_GOLDEN=1 rewrites them. words/: residues
# of 32 bits, as files were before they were packed.
. "$(dirname "$0")/_lib.sh"
[ -x "${SABLE_TEST_BIN:-}" ] || { echo "skipped: no sable-test"; exit 77; }
golden=$SABLE_SOURCE_DIR/tests/support/golden.sha256

cat >model.json <<'J'
{"format": "sable-model", "version": 1, "classes": 2, "features": 3,
 "weights": [[0.5, -1.25, 2], [-0.75, 0.125, 1]], "bias": [0.25, -0.5], "mean": [1, 2, 3], "deviation": [2, 4, 0.5]}
J
python3 - >data.csv <<'P'
print("a,b,c")
for i in range(700):
    print(f"{i % 7 / 4},{i % 11 / 8 - 0.5},{3 + i % 5 / 16}")
P

# run FOLDER [OPTION...]: all files of one deterministic journey. Every command stores residues as the options say.
run() {
    local t=$SABLE_TEST_BIN d=$1
    shift
    mkdir -p "$d"
    for set in T10 infer14; do
        local w=$d/$set
        quietly "$t" keygen --params $set --out "$w" --for infer --features 3 --encrypted-weights --level 4 --allow-insecure --seed "keys $set" "$@"
        for packing in feature-major row; do
            quietly "$t" encrypt --keys "$w" --data data.csv --model model.json --packing $packing --level 4 --bound 4 \
                --out "$w/$packing.data" --allow-insecure --seed "data $packing" "$@"
            quietly "$t" infer --keys "$w" --data "$w/$packing.data" --model model.json --out "$w/$packing.results" --allow-insecure --seed none "$@"
        done
        quietly "$t" encrypt --keys "$w" --data data.csv --model model.json --packing feature-major --public --level 4 --bound 4 \
            --out "$w/public.data" --allow-insecure --seed "data public" "$@"
        quietly "$t" encrypt --keys "$w" --model-weights model.json --packing feature-major --level 4 --range 32 \
            --out "$w/encrypted.model" --allow-insecure --seed model "$@"
        quietly "$t" infer --keys "$w" --data "$w/feature-major.data" --encrypted-model "$w/encrypted.model" \
            --out "$w/encrypted.results" --allow-insecure --seed none "$@"
    done
}
sums() { (cd "$1" && find . -type f ! -name '*.csv' | sort | xargs sha256sum); }

run first
run first/words --residue-bits 32
sums first >first.sums
[ -z "${UPDATE_GOLDEN:-}" ] || cp first.sums "$golden"
diff "$golden" first.sums || fail "files differ from the frozen ones"
export SABLE_CPU=portable OMP_NUM_THREADS=1
run portable
run portable/words --residue-bits 32
sums portable >portable.sums
diff first.sums portable.sums || fail "the portable path or one thread makes other files"
echo "$(wc -l <"$golden") files as frozen, on both paths"
