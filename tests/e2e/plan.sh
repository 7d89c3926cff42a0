#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# sable plan: what it foretells is what happens, its keys are the ones that keygen makes, and what it refuses.
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"
field() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$@"; }

# The list, and a circuit: the fastest set that can do it is taken.
sable plan --json >list.json
for circuit in infer-plain infer-encrypted matrix-vector train-baseline train-folded train-lowdepth; do
    grep -q "\"$circuit\"" list.json || fail "$circuit is not listed"
done
sable plan infer-encrypted --features 30 --samples 100 --packing row --data-bound 8 --params infer13 --out plan.json --json >plan.out
python3 - <<'PYTHON' || fail "plan.json"
import json
plan, out = json.load(open("plan.json")), json.load(open("plan.out"))
assert plan["format"] == "sable-plan" and plan["params"] == "infer13" and plan["secure"] and not plan["planned"]
assert all(out[k] == v for k, v in plan.items())
assert [k["kind"] for k in plan["keys"]].count("relinearisation") == 1 and len(plan["keys"]) == 6
assert sorted(k["steps"] for k in plan["keys"] if "steps" in k) == [1, 2, 4, 8, 16]
assert plan["level"] == 2 and plan["depth"] == 2 and plan["runs"] == 1 and plan["seconds"] > 0
PYTHON
says 'infer-encrypted with infer13, 6 keys' sable inspect plan.json

# Keys as foretold, byte for byte, and they serve the computation.
sable keygen --plan plan.json --out keys --json >keygen.json
[ "$(field keygen.json evaluation_keys)" = 6 ] || fail "$(cat keygen.json)"
[ "$(field keygen.json evaluation_key_bytes)" = "$(field plan.json key_bytes)" ] || fail "bytes of keys"
[ "$(stat -c %s keys/eval/keys.sable)" = "$(field plan.json key_file_bytes)" ] || fail "bytes of the file of keys"
python3 - <<'PYTHON'
import random
random.seed(1)
with open("table.csv", "w") as table:
    table.write(",".join(f"f{i}" for i in range(30)) + ",y\n")
    for _ in range(100): table.write(",".join(f"{random.uniform(-2, 2):.4f}" for _ in range(30)) + f",{random.randint(0, 1)}\n")
PYTHON
quietly sable fit --data table.csv --label-column y --out model.json --iterations 5
quietly sable encrypt --keys keys --data table.csv --label-column y --model model.json --packing row --level 2 --out data.sable
quietly sable encrypt --keys keys --model-weights model.json --packing row --level 2 --out model.sable
quietly sable infer --keys keys --data data.sable --encrypted-model model.sable --out results.sable

# A set that the planner makes for the circuit is written, and keygen finds it.
sable plan infer-plain --features 4 --samples 10 --params-out set.json --out small.json --json >small.out
if [ "$(field small.out planned)" = True ]; then
    quietly sable keygen --plan small.json --out small
    quietly sable params show set.json
fi

# A graph: every choice of lowering by itself, counts exact.
sable plan matrix-vector --rows 8 --cols 8 --params infer14 --json >graph.json
python3 - <<'PYTHON' || fail "graph.json"
import json
plan = json.load(open("graph.json"))
off = {p["off"]: p for p in plan["passes"]}
assert list(off) == ["nothing", "lazy relinearisation", "lazy rescaling", "sharing", "hoisting", "fusion", "ordering", "everything"]
assert off["nothing"]["count"] == plan["count"]
assert off["nothing"]["count"]["rotate_add"] > 0 and off["fusion"]["count"]["rotate_add"] == 0
assert off["fusion"]["count"]["rotate"] == off["nothing"]["count"]["rotate"]
PYTHON

# Refusals: usage, then what no set can do, with numbers; plans of another set, and what is no plan.
refused 2 'did you mean infer-plain' sable plan infer-plan
refused 2 'needs --features' sable plan infer-plain
refused 2 'takes no --rows' sable plan infer-plain --features 3 --rows 2
refused 2 'takes no --features' sable plan matrix-vector --rows 3 --features 2
refused 2 'goes without --params' sable plan infer-plain --features 3 --params infer13 --params-out x.json
refused 1 'inference takes 6 levels, infer13 has 2' sable plan infer-plain --features 3 --probabilities --params infer13 --packing row
refused 1 'bits after the point, 90' sable plan infer-plain --features 3 --params infer13 --precision 90
refused 1 'minibatch of 20000 samples does not fit' sable plan train-folded --features 30 --minibatch 20000 --params train15
refused 1 'needs level [0-9]*' sable plan train-baseline --features 30 --minibatch 32 --params infer14
refused 4 'made for set infer13' sable keygen --plan plan.json --params infer14 --out other
refused 4 'no plan' sable keygen --plan model.json --out other
refused 3 'cannot be read' sable keygen --plan missing.json --out other
sed 's/"galois": 5,/"galois": 4,/' plan.json >bad.json
refused 1 'Galois element 4' sable keygen --plan bad.json --out other
sed 's/"limbs": [0-9]*/"limbs": 77/' plan.json >bad.json
refused 1 'positions' sable keygen --plan bad.json --out other
