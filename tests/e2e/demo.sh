#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# sable demo: its bars and fields, both packings, probabilities, a table of one's own, the roles' folders, what it refuses;
# the data set and the README's example are what they claim. With SABLE_SLOW=1 and SABLE_DATA also MNIST.
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"

export TMPDIR=$work/tmp
mkdir "$TMPDIR"

# demonstration NAME OPTION...: runs, and checks what holds for every run.
demonstration() {
    local name=$1
    shift
    sable demo --json "$@" >"$name.json" 2>"$name.log" || fail "sable demo $*: $(cat "$name.log" "$name.json")"
    [ -z "$(ls -A "$TMPDIR")" ] || fail "sable demo $* left $(ls -A "$TMPDIR")"
    python3 - "$name.json" <<'PYTHON' || fail "sable demo $*"
import json, sys
o = json.load(open(sys.argv[1]))
for key in ("dataset", "params", "backend"):
    assert isinstance(o[key], str) and o[key], key
for key in ("samples", "features", "ciphertext_bytes", "key_bytes", "dataset_bytes", "encrypted_model_bytes", "result_bytes"):
    assert isinstance(o[key], int) and o[key] > 0, key
for key in ("accuracy_plain", "accuracy_encrypted", "accuracy_encrypted_weights"):
    assert 0.9 <= o[key] <= 1, (key, o[key])
assert o["accuracy_encrypted"] == o["accuracy_encrypted_weights"] == o["accuracy_plain"]
assert o["mismatched_predictions"] == 0 and o["passed"] is True and o["insecure"] is False
value = "probability" if o["output"] == "probabilities" else "logit"
for weights in ("", "_encrypted_weights"):
    relative = o[f"max_{value}_error_relative{weights}"]
    assert 0 < relative <= 1e-4, relative
    # The error that inference predicted for its results is about the error that was found, never far below it.
    assert o[f"max_{value}_error{weights}"] <= 2 * o["range"] * 2 ** -o[f"precision_bits{weights}"], o
assert (o["max_logit_error"] is None) == (value == "probability")
roles = [step["role"] for step in o["steps"]]
assert roles.count("evaluator") == 2 and roles.count("data owner") == 4, roles
if "samples_per_s" in o:
    for way in ("", "_portable_1t", "_best_1t", "_best_all"):
        real, full = o["samples_per_s" + way], o["samples_per_s_full" + way]
        assert 0 < real <= full * 1.0001, (way, real, full)
        assert 0 < o["samples_per_s_encrypted_weights" + way]
    assert o["results_equal_on_all_paths"] is True
PYTHON
}
field() { json "$1.json" "o['$2']"; }

demonstration standard --seconds 0.1
[ "$(field standard dataset) $(field standard samples) $(field standard features)" = "breast-cancer 569 30" ] || fail "another data set"
[ "$(field standard params) $(field standard packing)" = "infer13 feature-major" ] || fail "another parameter set or packing"
[ "$(json standard.json "o['accuracy_encrypted_all'] > 0.97 and o['samples_per_s'] > 0")" = True ] || fail "accuracy"
demonstration row --packing row --seconds 0.05
[ "$(field row packing) $(field row samples_per_block)" = "row 128" ] || fail "another packing"
demonstration probabilities --probabilities --seconds 0
[ "$(field probabilities params) $(field probabilities output)" = "infer14 probabilities" ] || fail "no probabilities"
[ "$(json probabilities.json "o['max_sigmoid_polynomial_error'] < 0.01")" = True ] || fail "a coarse sigmoid"
demonstration quick --no-baseline
[ "$(json quick.json "'samples_per_s' in o")" = False ] || fail "timings although there were none"
[ "$(field quick accuracy_encrypted)" = "$(field standard accuracy_encrypted)" ] || fail "two runs differ"
says 'predictions that differ from the clear ones +0 +0$' sable demo --no-baseline
says 'equal bit for bit' sable demo --seconds 0

# A table of one's own, labels in words.
samples own 200 4 1
sed -i '1!s/,1$/,yes/; 1!s/,0$/,no/' own.csv
sable demo --data own.csv --label class --positive yes --id name --no-baseline --json >own.json || true
[ "$(json own.json "o['dataset'], o['samples'], o['features'], o['mismatched_predictions'], o['passed']")" = \
    "('own.csv', 200, 4, 0, True)" ] || fail "own table: $(cat own.json)"

# ---- who has what ----
quietly sable demo --out kept --no-baseline
wanted='keys.sable model.json model.sable params.json plain.results encrypted.results samples.sable'
[ "$(ls kept/evaluator)" = "$(tr ' ' '\n' <<<"$wanted" | sort)" ] || fail "the evaluator's folder: $(ls kept/evaluator)"
for file in kept/evaluator/*.sable kept/evaluator/*.results; do
    sable inspect "$file" --json >inspect.json
    [ "$(json inspect.json "'secret' in o['kind']")" = False ] || fail "$file is a secret"
done
[ "$(find kept -name secret.key -printf '%P %m')" = "data-owner/keys/secret/secret.key 600" ] || fail "secret keys: $(find kept -name '*secret*')"
[ "$(stat -c %a kept)" = 700 ] || fail "the kept folder is open to others"
grep -Eq '^ *\[(0, )+0\]' kept/data-owner/standardisation.json || fail "the data owner has the weights"

# ---- the bars are real: a parameter set with too small a scale misses them ----
quietly sable params plan --name low --log-n 13 --base 10 --steps 8,10 --alpha 1 --specials 2 --base-scale-log2 14 --out low.json
status=0
sable demo --params low.json --no-baseline --json >low.out 2>low.err || status=$?
[ $status = 1 ] || fail "a missed bar gives exit status $status"
grep -q 'the demonstration failed: ' low.err || fail "a missed bar is not named: $(cat low.err)"
[ "$(json low.out "o['passed'], o['max_logit_error_relative'] > 1e-4, o['mismatched_predictions'] > 0")" = '(False, True, True)' ] ||
    fail "$(cat low.out)"

# ---- refusals ----
refused 1 'a new folder is needed' sable demo --out kept
refused 2 'needs --label' sable demo --data own.csv
refused 2 'needs --sha256' sable demo --data https://localhost/x.csv --label class
refused 2 'goes with --probabilities' sable demo --degree 7
refused 2 'go with --data mnist-3v8' sable demo --all
refused 3 'no-such' sable demo --data no-such.csv --label class
refused 1 'no number' sable demo --data own.csv --label class
refused 1 'levels' sable demo --probabilities --params infer13
refused 1 '' sable demo --params T10

# An interrupted run keeps no secret and no block of a long step.
# demo_until PATTERN SIGNAL FOLDER OPTION...: a demonstration of several blocks, ended when such a file is in the folder;
# its status in $status.
samples long 60000 2 1
demo_until() {
    local pid
    "$SABLE_BIN" demo --data long.csv --label class --id name --no-baseline --quiet "${@:4}" >/dev/null 2>&1 &
    pid=$!
    for _ in $(seq 3000); do
        [ -z "$(find "$3" -name "$1" 2>/dev/null)" ] || break
        sleep 0.01
    done
    kill "-$2" $pid
    status=0
    wait $pid 2>/dev/null || status=$?
}
for there in 'samples.sable.partial.journal' 'plain.results.partial.journal' 'encrypted.csv*' secret.key; do
    for _ in {1..10}; do # on a fast machine a run may end before it is seen
        demo_until "$there" TERM "$TMPDIR"
        [ $status = 0 ] || break
    done
    [ $status = 143 ] || fail "exit status $status after SIGTERM"
    [ -z "$(ls -A "$TMPDIR")" ] || fail "interrupted at $there, left $(find "$TMPDIR")"
done

# The same with a folder to keep: it gets its name when all is in it.
mkdir outs
for there in 'samples.sable.partial.journal' 'encrypted.results.partial.journal'; do
    for _ in {1..10}; do
        demo_until "$there" HUP outs --out outs/made
        [ $status = 0 ] || break
        rm -r outs/made
    done
    [ $status = 129 ] || fail "exit status $status after SIGHUP"
    [ -z "$(ls -A outs)" ] || fail "interrupted at $there, left $(find outs)"
done
for _ in {1..10}; do # a step that has no block yet takes its file away
    demo_until 'samples.sable.partial.journal' KILL outs --out outs/made
    sleep 0.3 # its step ends
    [ $status = 0 ] || [ -z "$(find outs -name 'samples.sable*')" ] || break
    rm -rf outs && mkdir outs
done
[ -n "$(find outs -name 'samples.sable*')" ] || fail "nothing is left of a killed run: nothing to remove"
quietly sable demo --no-baseline --out outs/made
[ "$(ls -A outs)" = made ] || fail "after the next run: $(ls -A outs)"
refused 1 'step "sable keygen" failed' sable demo --memory 1M --out outs/other

# What a killed run leaves goes with the next one; the folder of a living one stays.
demo_until secret.key KILL "$TMPDIR"
sleep 0.3 # its step ends
[ -n "$(ls -A "$TMPDIR")" ] || fail "nothing is left of a killed run: nothing to remove"
mkdir -m 700 "$TMPDIR/living" "$TMPDIR/.sable-demo-abcdef" "$TMPDIR/.sable-demo-abcdefg" "$TMPDIR/sable-demo-abcdef"
mkdir -m 755 "$TMPDIR/.sable-demo-ABCDEF"
(
    flock -x 9
    quietly sable demo --no-baseline
) 9<"$TMPDIR/.sable-demo-abcdef"
[ "$(ls -A "$TMPDIR" | tr '\n' ' ')" = ".sable-demo-ABCDEF .sable-demo-abcdef .sable-demo-abcdefg living sable-demo-abcdef " ] ||
    fail "after the next run: $(ls -A "$TMPDIR")"
rm -r "${TMPDIR:?}"/*

# ---- what the project says of itself ----
sum=$(sha256sum <"$SABLE_SOURCE_DIR/data/breast_cancer.csv" | cut -d' ' -f1)
grep -q "$sum" "$SABLE_SOURCE_DIR/data/README.md" || fail "data/README.md has another SHA-256 than $sum"
python3 - "$SABLE_SOURCE_DIR" <<'PYTHON' || fail "README.md"
import sys
readme = open(sys.argv[1] + "/README.md").read()
example = open(sys.argv[1] + "/examples/encrypted_sum.c").read()
assert "```c\n" + example + "```\n" in readme, "the example differs from examples/encrypted_sum.c"
PYTHON

# ---- MNIST ----
if [ -n "${SABLE_SLOW:-}" ] && [ -n "${SABLE_DATA:-}" ]; then
    demonstration mnist --data mnist-3v8 --seconds 0.2
    [ "$(field mnist samples) $(field mnist features)" = "1984 196" ] || fail "another MNIST"
    [ "$(json mnist.json "o['accuracy_encrypted'] > 0.96")" = True ] || fail "accuracy $(field mnist accuracy_encrypted)"
    demonstration mnist_all --data mnist-3v8 --all --no-baseline
    [ "$(field mnist_all samples)" = 13966 ] || fail "not all samples"
fi
echo "demo: all checks passed"
