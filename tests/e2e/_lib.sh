# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts beside it: a folder of their own, sample data, and checks of what the tool refuses.
set -euo pipefail
export LC_ALL=C
unset SABLE_BACKEND SABLE_CPU
: "${SABLE_BIN:?}" "${SABLE_SOURCE_DIR:?}"

command -v python3 >/dev/null || { echo "skipped: no python3"; exit 77; }
[ -x "$SABLE_BIN" ] || { echo "skipped: no $SABLE_BIN"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
sable() { "$SABLE_BIN" "$@"; }

# quietly COMMAND...: must succeed; its output is shown only if it does not.
quietly() {
    local status=0
    "$@" >quietly.log 2>&1 || status=$?
    [ $status = 0 ] || { cat quietly.log >&2; fail "exit status $status of: $*"; }
    rm -f quietly.log
}

# says PATTERN COMMAND...: must succeed and print this, on stdout or stderr.
says() {
    local pattern=$1 text status=0
    shift
    text=$("$@" 2>&1) || status=$?
    [ $status = 0 ] || fail "exit status $status of: $*: $text"
    grep -Eq -- "$pattern" <<<"$text" || fail "no \"$pattern\" in what $* says: $text"
}

listing() { find "$work" -mindepth 1 -printf '%P %s %m\n' | sort; }

# refused STATUS PATTERN COMMAND...: this exit status (a glob), one line of stderr that matches, nothing on stdout, no
# file made, changed or left behind.
refused() {
    local wanted=$1 pattern=$2 before status=0
    shift 2
    before=$(listing)
    out=$("$@" 2>"$work.err") || status=$?
    err=$(cat "$work.err")
    rm -f "$work.err"
    [[ $status == $wanted ]] || fail "exit status $status instead of $wanted: $*: $err"
    grep -Eq "^sable: .*$pattern" <<<"$err" || fail "no \"$pattern\" in: $err ($*)"
    [ -z "$out" ] || fail "standard output although it was refused: $out"
    [ "$(listing)" = "$before" ] || fail "files changed by a refused command: $*: $(diff <(echo "$before") <(listing))"
}

# killed_midway FILE COMMAND...: killed as soon as FILE.partial.journal tells of three blocks.
killed_midway() {
    local file=$1 try
    shift
    for try in {1..30}; do # on a fast machine a run may end before it is seen
        rm -f "$file" "$file.partial" "$file.partial.journal"
        python3 - "$file" "$@" <<'PYTHON'
import os, subprocess, sys, time
journal = sys.argv[1] + ".partial.journal"
child = subprocess.Popen(sys.argv[2:])
def size():
    try: return os.path.getsize(journal)
    except FileNotFoundError: return 0
limit, first = time.time() + 60, 0
while child.poll() is None and time.time() < limit:
    first = first or size()
    if first and size() > first + 300: break
child.kill()
child.wait()
PYTHON
        # the journal alone outlives a finished run for a moment
        if [ -e "$file.partial.journal" ] && [ -e "$file.partial" ]; then return 0; fi
    done
    fail "$file: it was too fast to be stopped in $try runs"
}

# json FILE EXPRESSION: the value of a Python expression over the object `o`.
json() { python3 -c 'import json,sys; o=json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"; }

# samples NAME ROWS FEATURES CLASSES: NAME.csv with columns name, f0.., class; NAME.npy and NAME.labels.csv likewise.
samples() {
    python3 - "$@" <<'PYTHON'
import math, random, struct, sys
name, rows, features, classes = sys.argv[1], *map(int, sys.argv[2:])
random.seed(rows * 1000 + features)
weights = [[random.gauss(0, 0.6) for _ in range(features)] for _ in range(max(classes, 1))]
table, labels = [], []
for i in range(rows):
    x = [random.gauss(3, 2) for _ in range(features)]
    scores = [sum(w * (v - 3) for w, v in zip(row, x)) for row in weights]
    labels.append(scores.index(max(scores)) if classes > 1 else int(random.random() < 1 / (1 + math.exp(-scores[0]))))
    table.append(x)
with open(name + ".csv", "w") as f:
    f.write("name," + ",".join(f"f{j}" for j in range(features)) + ",class\n")
    for i, x in enumerate(table):
        f.write(f"s{i}," + ",".join(map(repr, x)) + f",{labels[i]}\n")
with open(name + ".labels.csv", "w") as f:
    f.write("class\n" + "".join(f"{y}\n" for y in labels))
head = "{'descr': '<f8', 'fortran_order': False, 'shape': (%d, %d), }" % (rows, features)
head += " " * (-(len(head) + 11) % 64) + "\n"
with open(name + ".npy", "wb") as f:
    f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
    for x in table:
        f.write(struct.pack(f"<{features}d", *x))
PYTHON
}

# same_as_clear MODEL.json DATA.csv RESULTS.csv logit|probability ERROR: compares decrypted results with the model in
# the clear, row by row, and predictions wherever the clear decision is not within ERROR of a tie.
same_as_clear() {
    python3 - "$@" <<'PYTHON'
import csv, json, math, sys
model, data, results, kind, limit = *sys.argv[1:5], float(sys.argv[5])
m = json.load(open(model))
rows = list(csv.DictReader(open(data)))
out = list(csv.DictReader(open(results)))
assert len(rows) == len(out), f"{len(out)} results of {len(rows)} samples"
names = [k for k in rows[0] if k not in ("name", "class")]
worst = 0
for i, (row, got) in enumerate(zip(rows, out)):
    assert int(got["index"]) == i
    z = [(float(row[n]) - mu) / s for n, mu, s in zip(names, m["mean"], m["deviation"])]
    logits = [sum(a * b for a, b in zip(w, z)) + c for w, c in zip(m["weights"], m["bias"])]
    want = [1 / (1 + math.exp(-x)) for x in logits] if kind == "probability" else logits
    have = [float(got[kind])] if len(want) == 1 else [float(got[f"{kind}_{c}"]) for c in range(len(want))]
    worst = max([worst] + [abs(a - b) for a, b in zip(want, have)])
    tie = 0.5 if kind == "probability" else 0
    margin = abs(want[0] - tie) if len(want) == 1 else sorted(want)[-1] - sorted(want)[-2]
    clear = int(logits[0] > 0) if len(want) == 1 else logits.index(max(logits))
    assert margin <= 2 * limit or clear == int(got["prediction"]), f"row {i}: {got} instead of {want}"
assert worst <= limit, f"{results}: off by {worst}, {limit} is allowed"
print(f"{results}: {len(out)} rows, off by {worst:.2g}")
PYTHON
}
