#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# sable-test: with one seed all files are equal byte for byte, whatever the path and the number of threads; they are
# marked, and the released tool refuses them.
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"
[ -x "${SABLE_TEST_BIN:-}" ] || { echo "skipped: no sable-test"; exit 77; }

samples d 600 5 1
quietly sable fit --data d.csv --ignore name --label-column class --out m.json
run() { # folder, seed, then options
    local folder=$1 seed=$2
    shift 2
    mkdir "$folder"
    tool() { quietly "$SABLE_TEST_BIN" "$@"; }
    tool keygen --allow-insecure --seed "$seed" --params T10 --out "$folder/ws" --for infer --features 5 \
        --encrypted-weights "$@"
    tool encrypt --allow-insecure --seed "$seed" --keys "$folder/ws" --data d.csv --ignore name,class --model m.json \
        --out "$folder/d.enc" "$@"
    tool encrypt --allow-insecure --seed "$seed" --keys "$folder/ws" --data d.csv --ignore name,class --model m.json \
        --public --out "$folder/p.enc" "$@"
    tool encrypt --allow-insecure --seed "$seed" --keys "$folder/ws" --model-weights m.json --out "$folder/m.enc" "$@"
    tool infer --allow-insecure --keys "$folder/ws" --data "$folder/d.enc" --encrypted-model "$folder/m.enc" \
        --out "$folder/d.res" "$@"
    tool decrypt --allow-insecure --keys "$folder/ws" --data "$folder/d.res" --out "$folder/d.csv" "$@"
}
run a first
run b first --threads 1
SABLE_CPU=portable run c first
run d second
diff -r a b || fail "the number of threads changes files"
diff -r a c || fail "the cpu path changes files"
for file in ws/secret/secret.key ws/public/public.key d.enc d.res; do
    cmp -s "a/$file" "d/$file" && fail "$file does not depend on the seed"
done
same_as_clear m.json d.csv a/d.csv logit 1e-5

# Marked, and refused by the released tool: the key is known to everyone who knows the seed.
for file in ws/secret/secret.key ws/public/public.key ws/eval/keys.sable d.enc m.enc d.res; do
    says INSECURE sable inspect "a/$file"
done
says TEST_RNG sable inspect a/ws/secret/secret.key
refused 1 'seeded generator' sable decrypt --allow-insecure --keys a/ws --data a/d.res --out never.csv
refused 1 '' sable infer --keys a/ws --data a/d.enc --model m.json --out never.res
# Also where the parameters are secure.
quietly "$SABLE_TEST_BIN" keygen --seed x --params infer13 --out secure --for infer --features 5
says TEST_RNG sable inspect secure/secret/secret.key
refused 1 '' sable encrypt --keys secure --data d.npy --out never.enc
refused 1 '' sable encrypt --allow-insecure --keys secure --data d.npy --public --out never.enc
echo "equal files from equal seeds"
