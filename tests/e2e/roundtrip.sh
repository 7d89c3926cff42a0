#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fit, keygen, encrypt, infer, decrypt: CSV and NPY, one and three classes, both packings, weights in the clear and
# encrypted, logits and probabilities; results compared with the model in the clear.
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"

samples bin 300 5 1
samples three 700 7 3
labels=(--id-column name --label-column class)
quietly sable fit --data bin.csv "${labels[@]}" --out bin.json
quietly sable fit --data three.csv "${labels[@]}" --out three.json --hold-out 0.2
quietly sable fit --data bin.npy --labels bin.labels.csv --out npy.json
cmp bin.json npy.json || fail "the same data as CSV and NPY give different models"

# ---- logits with a secure parameter set ----
quietly sable keygen --params infer13 --out ws --for infer --features 7 --encrypted-weights
[ "$(stat -c %a ws/secret)" = 700 ] && [ "$(stat -c %a ws/secret/secret.key)" = 600 ] ||
    fail "the secret is open to others"
for data in bin three; do
    for packing in row feature-major; do
        quietly sable encrypt --keys ws --data $data.csv "${labels[@]}" --model $data.json --packing $packing \
            --out $data.enc
        quietly sable encrypt --keys ws --model-weights $data.json --packing $packing --out $data.model
        for weights in "--model $data.json" "--encrypted-model $data.model"; do
            # shellcheck disable=SC2086 # two words
            quietly sable infer --keys ws --data $data.enc $weights --out $data.res
            quietly sable decrypt --keys ws --data $data.res --rows $data.enc.rows.csv --out $data.out.csv
            same_as_clear $data.json $data.csv $data.out.csv logit 1e-5
        done
    done
done
head -1 three.out.csv | grep -qx 'index,id,label,logit_0,logit_1,logit_2,prediction' ||
    fail "heading: $(head -1 three.out.csv)"
sed -n 2p three.out.csv | grep -q '^0,s0,' || fail "first row: $(sed -n 2p three.out.csv)"
[ "$(stat -c %a three.out.csv)" = 600 ] && [ "$(stat -c %a three.enc.rows.csv)" = 600 ] ||
    fail "private tables are open to others"
says OWNER-ONLY sable decrypt --keys ws --data three.res --out named.csv --class-names red,green,blue
cut -d, -f5 named.csv | sort -u | tr '\n' ' ' | grep -qx 'blue green prediction red ' || fail "class names"

# ---- several blocks, the owner's files apart from the evaluator's ----
samples many 9000 3 1
quietly sable fit --data many.csv "${labels[@]}" --out many.json
mkdir owner evaluator
cp ws/secret/secret.key owner/
cp ws/public/params.json evaluator/
quietly sable encrypt --secret owner/secret.key --params infer13 --data many.csv "${labels[@]}" --model many.json \
    --out evaluator/many.enc \
    --level 1
quietly sable infer --params evaluator/params.json --data evaluator/many.enc --model many.json \
    --out many.res # no keys at all
quietly sable infer --data evaluator/many.enc --model many.json --out many2.res # parameters by the digest of the data
quietly sable decrypt --secret owner/secret.key --data many.res --out many.out.csv
same_as_clear many.json many.csv many.out.csv logit 1e-5
sable inspect many.res --json >inspect.json
[ "$(json inspect.json "o['kind'], o['blocks'], o['samples'], o['params'], o['insecure']")" = \
    "('results', 3, 9000, 'infer13', False)" ] ||
    fail "inspect: $(cat inspect.json)"

# ---- data back, with the public key ----
quietly sable encrypt --keys ws --data bin.npy --public --out data.enc
quietly sable decrypt --keys ws --data data.enc --out data.npy
quietly sable decrypt --keys ws --data data.enc --out data.csv
[ "$(stat -c %a data.npy)" = 600 ] || fail "data.npy is open to others"
python3 - <<'PYTHON'
import csv, struct
def npy(path):
    raw = open(path, "rb").read()
    start = 10 + struct.unpack("<H", raw[8:10])[0]
    return struct.unpack(f"<{(len(raw) - start) // 8}d", raw[start:])
a, b = npy("bin.npy"), npy("data.npy")
c = [float(v) for row in list(csv.reader(open("data.csv")))[1:] for v in row[1:]]
assert len(a) == len(b) and list(b) == c
assert max(abs(x - y) for x, y in zip(a, b)) < 1e-5
PYTHON

# ---- probabilities, on a small insecure ring ----
allow=--allow-insecure
quietly sable keygen $allow --params T10 --out small --for infer --features 7 --encrypted-weights --probabilities \
    --degree 31
for packing in row feature-major; do
    quietly sable encrypt $allow --keys small --data three.csv "${labels[@]}" --model three.json --packing $packing \
        --out p.enc
    sable inspect p.enc --json >inspect.json
    bound=$(json inspect.json "o['ciphertext']['bound']")
    quietly sable encrypt $allow --keys small --model-weights three.json --packing $packing --probabilities \
        --range 30 --out p.model
    for weights in "--model three.json --range 30" "--encrypted-model p.model"; do
        # shellcheck disable=SC2086 # several words
        sable infer $allow --keys small --data p.enc $weights --probabilities --degree 31 --out p.res --json >p.json
        error=$(json p.json "o['sigmoid_error']")
        quietly sable decrypt $allow --keys small --data p.res --out p.out.csv
        same_as_clear three.json three.csv p.out.csv probability "$error"
    done
done
[ "$bound" = 4.0 ] || [ "$bound" = 8.0 ] || fail "declared bound $bound of standardised data"

# ---- more evaluation keys for the same secret ----
refused 1 'exists: --replace' sable keygen --keys ws --for multiply
quietly sable keygen --keys ws --rotations 1,-2 --conjugation --levels 1:2 --keys-out more.keys
sable inspect more.keys --json >inspect.json
[ "$(json inspect.json "len(o['keys']), o['key_id']")" = "(3, '$(sable inspect ws/secret/secret.key --json |
    python3 -c 'import json,sys; print(json.load(sys.stdin)["key_id"])')')" ] || fail "more keys: $(cat inspect.json)"
echo "all round trips agree"
