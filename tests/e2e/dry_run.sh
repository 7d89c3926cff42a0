#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --dry-run: what it tells is what the command then takes, it refuses what the command refuses, and it makes nothing.
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"
export OMP_NUM_THREADS=1
insecure=(--allow-insecure)
state() { find "$work" -mindepth 1 ! -name 'quietly.log' -printf '%P %s %m %T@ %i\n' | sort; }

export instrumented=no
if grep -Eq '__(asan|tsan)_init' "$SABLE_BIN"; then instrumented=yes; fi

# alike COMMAND...: a dry run, then the command; the sizes of files, the peak of the backend and the exit status agree.
alike() {
    local before
    before=$(state)
    sable "$@" --dry-run --json >"$work.dry" 2>/dev/null || { rm -f "$work.dry"; fail "dry run of $*"; }
    [ "$(state)" = "$before" ] || fail "a dry run changed files: $*: $(diff <(echo "$before") <(state))"
    mv "$work.dry" dry.json
    sable "$@" --json >real.json 2>err || fail "$*: $(cat err)"
    python3 - "$@" <<'PYTHON'
import json, os, sys
dry, real = json.load(open("dry.json")), json.load(open("real.json"))
what = " ".join(sys.argv[1:])
assert dry["dry_run"] is True and dry["seconds"] > 0 and dry["steps"], what
assert abs(sum(s["seconds"] for s in dry["steps"]) - dry["seconds"]) < 1e-9 * dry["seconds"], what
told = 0
for f in dry["files"]:
    size = os.path.getsize(f["path"])
    assert size == f["bytes"] if f["exact"] else size <= f["bytes"], (what, f, size)
    told += f["bytes"]
assert dry["disk_bytes"] == told and dry["disk_bytes_exact"] == all(f["exact"] for f in dry["files"]), what
assert dry["disk_available_bytes"] is None or dry["disk_available_bytes"] > 0, what
clear = sys.argv[1] in ("fit", "params")  # nothing is encrypted
peak = 0 if clear else real["backend_peak_bytes"]
assert peak <= dry["backend_bytes"] <= 1.5 * peak, (what, dry["backend_bytes"], peak)
assert dry["backend_bytes"] <= dry["memory_bytes"] and (dry["path"] is None) == clear, what
if "peak_bytes" in real:  # the program itself, its libraries and the tables of the ring lie beside it
    assert dry["memory_bytes"] <= real["peak_bytes"], (what, dry["memory_bytes"], real["peak_bytes"])
    if clear and os.environ["instrumented"] == "no":  # sanitizers keep what is freed for a while
        assert real["peak_bytes"] <= dry["memory_bytes"] + (24 << 20), (what, dry["memory_bytes"], real["peak_bytes"])
if sys.argv[1] == "demo":  # every step, and every file
    ran = [(s["name"], s["role"], s["backend_peak_bytes"]) for s in real["steps"]]
    told_of = {s["name"]: s for s in dry["steps"]}
    assert len(ran) == 8 and [n for n, _, _ in ran] == [s["name"] for s in dry["steps"] if s["name"] in dict((r[0], 0) for r in ran)]
    for name, role, most in ran:
        s = told_of[name]
        assert s["role"] == role and most <= s["backend_bytes"] <= 1.5 * most, (what, s, most)
    left = {os.path.join(at, f) for at, _, names in os.walk(real["out"]) for f in names}
    assert left == {f["path"] for f in dry["files"]}, (what, left)
    assert dry["complete"] is True and dry["fetches"] == [] and dry["held_bytes"] > 0, what
    assert all(dry[k] == real[k] for k in ("dataset", "samples", "features", "training_samples", "params", "packing", "level"))
    for kind in ("key", "dataset", "encrypted_model", "result"):
        assert real[kind + "_bytes"] in [f["bytes"] for f in dry["files"]], (what, kind)
print(what, dry["disk_bytes"], "bytes, backend", dry["backend_bytes"], "of", peak)
PYTHON
}

# same STATUS PATTERN COMMAND...: refused with and without --dry-run.
same() {
    refused "$@"
    refused "$@" --dry-run
}

samples d 700 5 2
samples broad 20000 40 3
samples few 3 5 2
quietly sable fit --data d.csv --ignore name --label-column class --out m.json
table=(--data d.csv --id-column name --label-column class --model m.json)
for set in T10 T12 infer13; do
    level=() deep=()
    [ $set = infer13 ] || level=(--level 7) deep=(--probabilities --degree 15)
    w=(--keys ws.$set "${insecure[@]}")
    alike keygen --params $set --out ws.$set --for infer --features 5 --encrypted-weights "${level[@]}" "${deep[@]}" \
        "${insecure[@]}"
    alike keygen "${w[@]}" --rotations 1,-2 --conjugation --levels 0:1 --keys-out more.$set
    alike encrypt "${w[@]}" "${table[@]}" "${level[@]}" --packing feature-major --out $set.enc
    alike encrypt "${w[@]}" "${table[@]}" "${level[@]}" --packing feature-major --public --out $set.penc
    alike encrypt "${w[@]}" --data few.csv --ignore name,class "${level[@]}" --packing row --out $set.row
    alike encrypt "${w[@]}" --model-weights m.json "${level[@]}" --range 32 --out $set.model
    alike encrypt "${w[@]}" --model-weights m.json "${level[@]}" --packing row --public --out $set.rowmodel
    alike infer "${w[@]}" --data $set.enc --model m.json --out $set.res
    alike infer "${w[@]}" --data $set.penc --encrypted-model $set.model "${deep[@]}" --out $set.pres
    alike infer "${w[@]}" --data $set.row --model m.json --out $set.rowres
    alike infer "${w[@]}" --data $set.row --encrypted-model $set.rowmodel --out $set.rowres
    alike decrypt "${w[@]}" --data $set.res --rows $set.enc.rows.csv --class-names no,yes --out $set.csv
    alike decrypt "${w[@]}" --data $set.pres --out $set.npy
    alike decrypt "${w[@]}" --data $set.enc --out $set.data.npy
done
for circuit in folded lowdepth; do
    alike train --data d.csv --ignore name --label-column class --circuit $circuit --iterations 2 --minibatch 8 \
        --keys ws.T10 "${insecure[@]}" --out $circuit.model --weights-out $circuit.json
done
says 'nothing was made' sable train --data d.csv --ignore name --label-column class --iterations 1 --minibatch 16 --params-out set.json --dry-run
[ ! -e set.json ] || fail "a dry run wrote parameters"
alike fit --data d.csv --ignore name --label-column class --out d.json
alike fit --data broad.csv --id-column name --label-column class --hold-out 0.25 --iterations 20 --out broad.json
alike fit --data broad.npy --labels broad.labels.csv --no-standardise --iterations 20 --out broad.model
alike params plan --recipe infer13 --out infer13.json
alike params plan --name own --log-n 13 --base 10 --steps 8,10 --alpha 1 --specials 2
# ---- a demonstration: its steps and files; what it would fetch ----
mkdir tmp
export TMPDIR=$work/tmp
alike demo --seconds 0 --out kept
alike demo --packing row --no-baseline --out kept.row/
alike demo --probabilities --no-baseline --out kept.prob
alike demo --data d.csv --label class --id name --params T10 --allow-insecure --packing feature-major --seconds 0 --out kept.T10
[ "$(json dry.json "o['samples'], o['samples_per_block'], o['insecure']")" = '(700, 512, True)' ] || fail "one block only"
export XDG_CACHE_HOME=$work/cache
url=file://$work/d.csv
sum=$(sha256sum d.csv | cut -d' ' -f1)
before=$(state)
sable demo --data "$url" --sha256 "$sum" --label class --id name --dry-run --json >"$work.dry"
[ "$(state)" = "$before" ] || fail "a dry run fetched something"
mv "$work.dry" dry.json
[ "$(json dry.json "o['complete'], o['fetches'] == [{'url': '$url', 'path': '$work/cache/sable/$sum', 'bytes': $(stat -c %s d.csv), 'most_bytes': 256 << 20}]")" = \
    '(False, True)' ] || fail "what would be fetched: $(cat dry.json)"
before=$(state)
SABLE_DATA='' sable demo --data mnist-3v8 --all --dry-run --json >"$work.dry"
[ "$(state)" = "$before" ] || fail "a dry run fetched something"
mv "$work.dry" dry.json
python3 - <<'PYTHON'
import json
o = json.load(open("dry.json"))
assert o["complete"] is True and len(o["fetches"]) == 4 and o["samples"] == 13966 and o["features"] == 196
assert all(f["url"].startswith("https://") and 0 < f["bytes"] <= f["most_bytes"] for f in o["fetches"])
assert sum(f["kind"] == "download" for f in o["files"]) == 4 and o["steps"][0]["name"].startswith("fetch")
assert o["seconds"] > 0 and o["backend_bytes"] > 0
PYTHON
SABLE_DATA='' sable demo --data mnist-3v8 --mirror https://localhost/mnist --dry-run --json >dry.json
[ "$(json dry.json "o['fetches'][0]['url']")" = https://localhost/mnist/train-images-idx3-ubyte.gz ] || fail "another mirror"
same 1 'a new folder is needed' sable demo --out kept
same 1 'removed by the next demonstration' sable demo --out .sable-demo-abcdef
same 3 'folder' sable demo --out nowhere/never
same 2 'needs --label' sable demo --data d.csv
same 1 'smaller --rate' sable train --data d.csv --ignore name --label-column class --minibatch 8 --rate 1e4
same 3 'folder' sable train --data d.csv --ignore name --label-column class --minibatch 8 --weights-out nowhere/w.json
same 3 'no-such' sable demo --data no-such.csv --label class
same 1 'levels' sable demo --probabilities --params infer13
same 1 'step "sable keygen" failed.*--memory is 1\.00 MiB' sable demo --memory 1M
[ -z "$(ls -A "$TMPDIR")" ] || fail "left in the folder of temporaries: $(ls -A "$TMPDIR")"
w=(--keys ws.T10 "${insecure[@]}")
alike keygen --params T10 --out ws.plain --relin --no-seeds --residue-bits 32 "${insecure[@]}"
alike encrypt "${w[@]}" "${table[@]}" --no-seeds --out plain.enc
alike encrypt "${w[@]}" --model-weights m.json --residue-bits 32 --out words.model
alike infer "${w[@]}" --data plain.enc --model m.json --residue-bits 32 --out words.res
says 'nothing was made' sable infer --keys ws.T10 --data T10.enc --model m.json --out never "${insecure[@]}" --dry-run

# ---- rows of the benchmark: each with the time that one run should take ----
before=$(state)
sable bench --params T10,infer13 --filter 'ntt|infer|rotate$' --dry-run --json >"$work.dry"
[ "$(state)" = "$before" ] || fail "a dry run of bench made files"
mv "$work.dry" dry.json
sable bench --params T10,infer13 --filter 'ntt|infer|rotate$' --seconds 0 --json >real.json
python3 - <<'PYTHON'
import json
dry, real = json.load(open("dry.json")), json.load(open("real.json"))
assert [(r["name"], r["params"]) for r in dry["rows"]] == [(r["name"], r["params"]) for r in real["rows"]]
assert len(dry["steps"]) == len(dry["rows"]) + 2 and dry["disk_bytes"] == 0 and dry["memory_bytes"] > 0
assert all(r["expected_us"] > 0 for r in dry["rows"])
PYTHON
for mode in '' --dry-run; do
    status=0
    # shellcheck disable=SC2086 # no word, or one
    sable bench --params infer14 --memory 1M --seconds 0 $mode >/dev/null 2>err || status=$?
    [ $status = 3 ] && grep -q 'memory' err || fail "bench in 1 MiB $mode: status $status, $(cat err)"
done

# ---- the same refusals ----
w=(--keys ws.T10 "${insecure[@]}")
same 1 'exists: a workspace is never overwritten' sable keygen --params T10 --out ws.T10 "${insecure[@]}"
same 1 'exists: --replace' sable keygen "${w[@]}" --relin --levels 0:1
same 1 'no evaluation key is asked for' sable keygen "${w[@]}" --keys-out none
same 1 'INSECURE|below|bits' sable keygen --params T10 --out never
same 3 'missing' sable encrypt --keys missing "${table[@]}" --out never
same 1 'above the bound' sable encrypt "${w[@]}" "${table[@]}" --bound 0.001 --out never
same 1 'top level' sable encrypt "${w[@]}" "${table[@]}" --level 99 --out never
same 3 'folder' sable encrypt "${w[@]}" --data d.npy --out nowhere/never
same 3 'folder' sable infer "${w[@]}" --data T10.enc --model m.json --out nowhere/never
same 2 'read and written' sable infer "${w[@]}" --data T10.enc --model m.json --out T10.enc
same 1 'evaluation key' sable infer --params T10 "${insecure[@]}" --data T10.row --model m.json --out never
same 4 'other parameters' sable decrypt --keys ws.T12 "${insecure[@]}" --data T10.res --out never
same 1 'label 2 of sample .* a model of 1 classes takes 0..1' sable fit --data broad.csv --id-column name \
    --label-column class --classes 1 --out never
same 1 'no labels' sable fit --data d.npy --out never
same 1 'no number|not a number' sable fit --data d.csv --label-column class --out never
same 3 'folder' sable fit --data d.npy --labels d.labels.csv --out nowhere/never
same 3 'folder' sable params plan --recipe infer13 --out nowhere/never
same 1 'INSECURE|security|bits' sable params plan --name low --log-n 11 --base 10 --steps 8,10 --alpha 1 \
    --specials 2 --out never
same 1 'names' sable decrypt "${w[@]}" --data T10.res --class-names a,b,c --out never
quietly sable encrypt "${w[@]}" --data d.npy --level 0 --packing feature-major --out low.enc
same 1 'takes 1 levels, the data are at level 0' sable infer "${w[@]}" --data low.enc --model m.json --out never
same 1 'one block of .* --memory is 1\.00 MiB' sable infer "${w[@]}" --data T10.enc --model m.json --memory 1M --out never
same 1 'one block of .* --memory is 1\.00 MiB' sable encrypt "${w[@]}" "${table[@]}" --packing feature-major --memory 1M \
    --out never
same 1 'one block of .* --memory is 1\.00 MiB' sable decrypt "${w[@]}" --data T10.enc --memory 1M --out never
same 1 'keys take .* --memory is 1\.00 MiB' sable keygen --params T10 --out never --relin --memory 1M "${insecure[@]}"
chmod 644 ws.T10/secret/secret.key
same '[14]' 'secret.key' sable decrypt "${w[@]}" --data T10.res --out never
chmod 600 ws.T10/secret/secret.key

# ---- no room on the disk ----
mkdir small
cat >full.sh <<'S'
mount -t tmpfs -o size=64k tmpfs small || exit 77
status=0
"$SABLE_BIN" encrypt --keys ws.T10 --allow-insecure --data d.npy --packing feature-major --out small/x $1 2>err || status=$?
[ -z "$(ls small)" ] || exit 99
exit $status
S
if unshare -rm bash full.sh --dry-run; then fail "a disk of 64 KiB is large enough"; else status=$?; fi
if [ $status = 3 ]; then
    grep -q 'room for' err || fail "no room: $(cat err)"
    if unshare -rm bash full.sh; then fail "a disk of 64 KiB is large enough"; else status=$?; fi
    [ $status = 3 ] || fail "no room: exit status $status of the command: $(cat err)"
else
    echo "a full disk: left out, this user cannot mount one (status $status)"
fi

# ---- time: processor time of the command, in memory, so that nothing waits for a disk ----
if [ -w /dev/shm ] && shm=$(mktemp -d -p /dev/shm); then
    trap 'rm -rf "$work" "$shm"' EXIT
    samples long 12000 20 2
    quietly sable keygen --params infer13 --out "$shm/ws" --for infer --features 20 --encrypted-weights
    timed() {
        python3 - "$SABLE_BIN" "$@" <<'PYTHON'
import json, resource, subprocess, sys
def tell():
    words = sys.argv[1:] + ["--dry-run", "--json"]
    return json.loads(subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout)["seconds"]
told = tell()
before = resource.getrusage(resource.RUSAGE_CHILDREN)
subprocess.run(sys.argv[1:] + ["--json"], stdout=subprocess.DEVNULL, check=True)
after = resource.getrusage(resource.RUSAGE_CHILDREN)
took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
# a twentieth of a second is what starts, measurements and other programs may add to either
for _ in range(2):  # other programs make what is measured dearer, never cheaper
    if told >= 4 * took + 0.05:
        told = min(told, tell())
print("%s: told %.3f s, took %.3f s, %.2f times" % (sys.argv[2], told, took, took / told))
assert told < 4 * took + 0.05 and took < 4 * told + 0.05, sys.argv
PYTHON
    }
    k=(--keys "$shm/ws")
    timed encrypt "${k[@]}" --data long.npy --packing feature-major --out "$shm/d"
    timed encrypt "${k[@]}" --data long.npy --packing feature-major --public --out "$shm/p"
    timed encrypt "${k[@]}" --data long.csv --ignore name,class --packing feature-major --out "$shm/d"
    cat >wide.json <<J
{"format": "sable-model", "version": 1, "classes": 1, "features": 20, "weights": [[$(printf '0.1,%.0s' {1..19})0.2]], "bias": [0.5]}
J
    timed encrypt "${k[@]}" --model-weights wide.json --out "$shm/m"
    timed infer "${k[@]}" --data "$shm/d" --model wide.json --out "$shm/r"
    timed infer "${k[@]}" --data "$shm/d" --encrypted-model "$shm/m" --out "$shm/r"
    timed decrypt "${k[@]}" --data "$shm/r" --out "$shm/c.csv"
    timed decrypt "${k[@]}" --data "$shm/d" --out "$shm/c.npy"
    timed fit --data long.csv --ignore name --label-column class --out "$shm/m.json"
    timed fit --data long.npy --labels long.labels.csv --classes 3 --out "$shm/m.json"
    export TMPDIR=$shm
    timed demo --no-baseline
    timed demo --packing row --seconds 0
    timed keygen --params train15 --out "$shm/large" --relin
else
    echo "times: left out, there is no /dev/shm to write to"
fi
