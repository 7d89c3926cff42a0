#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# sable train: every circuit gives the weights of its twin in the clear; a model goes into inference without being decrypted;
# what cannot work is refused before any work.
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"

small=(--params T10 --allow-insecure)
for circuit in baseline folded lowdepth "lowdepth --chains 2"; do
    # shellcheck disable=SC2086 # two words
    quietly sable train --data breast-cancer "${small[@]}" --circuit $circuit --iterations 2 --minibatch 16
    # shellcheck disable=SC2086
    sable train --data breast-cancer "${small[@]}" --circuit $circuit --iterations 2 --minibatch 16 --json \
        >report.json 2>/dev/null
    [ "$(json report.json "o['passed'] and o['accuracy'] > 0.85 and o['auroc'] > 0.95 and o['bootstraps'] == 0")" = True ] ||
        fail "$circuit: $(cat report.json)"
    json report.json "o['depth']" >>depths
done
[ "$(tr '\n' ' ' <depths)" = "10 8 6 6 " ] || fail "depths of two minibatches: $(cat depths)"

# ---- a table of one's own, and a secure set of exactly the levels needed ----
samples table 400 5 1
labels=(--id-column name --label-column class)
says 'wrote set.json' sable train --data table.csv "${labels[@]}" --circuit folded --iterations 1 --minibatch 32 \
    --infer-range 32 --params-out set.json
sable params show ./set.json --json >set.report
[ "$(json set.report "o['top_level'], o['secure']")" = "(6, True)" ] || fail "$(cat set.report)"

# ---- a model, from its workspace to encrypted results ----
cancer=(--data "$SABLE_SOURCE_DIR/data/breast_cancer.csv" --label-column diagnosis --id-column id)
quietly sable keygen "${small[@]}" --out ws --for infer --features 30 --packing row --encrypted-weights --level 2
quietly sable train "${cancer[@]}" --keys ws --allow-insecure --iterations 2 --minibatch 16 --weights-out weights.json \
    --out model.sable
says 'encrypted model' sable inspect model.sable
quietly sable encrypt "${cancer[@]}" --keys ws --allow-insecure --model weights.json --packing row --level 2 --out data.sable
quietly sable infer --keys ws --allow-insecure --data data.sable --encrypted-model model.sable --out results.sable
quietly sable decrypt --keys ws --allow-insecure --data results.sable --out results.csv
sed 's/^id,/name,/; 1s/diagnosis/class/' "$SABLE_SOURCE_DIR/data/breast_cancer.csv" >cancer.csv
same_as_clear weights.json cancer.csv results.csv logit 1e-5

# ---- refusals ----
data=(--data table.csv "${labels[@]}")
refused 1 'needs level 16 .*infer13 is 2' sable train "${data[@]}" --params infer13 --minibatch 16
refused 1 'at most 64' sable train "${data[@]}" --params infer13 --minibatch 65
refused 1 'minibatch of 300 samples, and there are 280' sable train "${data[@]}" --minibatch 300
refused 1 'smaller --rate' sable train "${data[@]}" --rate 1e4
refused 2 'goes with --circuit lowdepth' sable train "${data[@]}" --circuit folded --chains 2
refused 2 'needs --label-column' sable train --data table.csv
refused 2 'its own labels' sable train --data breast-cancer --label-column class
refused 2 'needs --keys' sable train "${data[@]}" --out model2.sable
refused 2 'stops before' sable train "${data[@]}" --keys ws --out model2.sable --params-out set2.json
refused 2 'holds a secret key' sable train "${data[@]}" --keys ws --out ws/secret/secret.key --allow-insecure
