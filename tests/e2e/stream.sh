#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Data sets as streams of blocks: memory does not grow with them, limits are told before any work, progress for people
# and machines, several readers at once, tables that turn out bad at their end.
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"
# AddressSanitizer keeps freed memory back to find its use: little of it, or that is what is measured below.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1:thread_local_quarantine_size_kb=64

rows() { # FILE ROWS
    awk -v n="$2" 'BEGIN {
        print "a,b,c"
        for (i = 0; i < n; i++) print i % 7 / 4 "," i % 11 / 8 - 0.5 "," i % 5 / 16
    }' >"$1"
}
rows few.csv 5120    # 10 blocks of 512
rows many.csv 204800 # 400: 5 MB of numbers
cat >m.json <<'J'
{"format": "sable-model", "version": 1, "classes": 1, "features": 3,
 "weights": [[0.5, -1.25, 2]], "bias": [0.25]}
J
quietly sable keygen --params T10 --out ws --for infer --features 3 --allow-insecure
go() { # NAME: encrypt, infer and decrypt NAME.csv; the reports are in NAME.*.json
    local o=(--keys ws --memory 64M --allow-insecure --json)
    sable encrypt "${o[@]}" --data "$1.csv" --level 1 --packing feature-major --out "$1.enc" >"$1.1.json" 2>err
    sable infer "${o[@]}" --data "$1.enc" --model m.json --out "$1.res" >"$1.2.json" 2>err
    sable decrypt "${o[@]}" --data "$1.res" --out "$1.out" >"$1.3.json" 2>err
}
go few
go many
for step in 1 2 3; do
    a=$(json few.$step.json "o['peak_bytes']") b=$(json many.$step.json "o['peak_bytes']")
    echo "step $step: $a bytes at 10 blocks, $b at 400"
    # the table of sections takes some dozen bytes a block, the rest is what the system adds
    [ "$b" -lt $((a + 3000000)) ] || fail "memory of step $step grows with the data: $a bytes, then $b"
done
[ "$(json many.1.json "o['blocks'], o['samples'], o['resumed_blocks']")" = "(400, 204800, 0)" ] || fail "report"
[ "$(json many.3.json "sum(o['predicted'])")" = 204800 ] || fail "predictions"
python3 - <<'PYTHON'
import csv
count = 0
for x, y in zip(csv.reader(open("many.csv")), csv.reader(open("many.out"))):
    if count:
        v = [float(t) for t in x]
        want = 0.5 * v[0] - 1.25 * v[1] + 2 * v[2] + 0.25
        assert int(y[0]) == count - 1 and abs(float(y[1]) - want) < 1e-3, (count, want, y)
    count += 1
assert count == 204801, count
PYTHON

# ---- the cap is compared with what a block takes before anything is made ----
o=(--keys ws --allow-insecure)
refused 1 'one block of 3 ciphertexts takes .* --memory is 1\.00 MiB' sable encrypt "${o[@]}" --memory 1M --data few.csv \
    --packing feature-major --out never.enc
quietly sable encrypt "${o[@]}" --data few.csv --packing feature-major --out large.enc
refused 1 'block of .* --memory is 1\.00 MiB' sable infer "${o[@]}" --memory 1M --data large.enc --model m.json \
    --out never.res
refused 1 'block of .* --memory is 1\.00 MiB' sable decrypt "${o[@]}" --memory 1M --data large.enc --out never.csv

# ---- progress ----
sable encrypt "${o[@]}" --data many.csv --level 1 --packing feature-major --out p.enc --progress=json >out 2>lines
python3 - <<'PYTHON'
import json
o = [json.loads(line) for line in open("lines")]
assert all(sorted(x) == ["done", "eta_s", "per_s", "stage", "total"] for x in o), o[:3]
part = [x for x in o if x["stage"] == "encrypting"]
assert part and part[-1]["done"] == part[-1]["total"] == 204800, part[-1:]
assert [x["done"] for x in part] == sorted(x["done"] for x in part)
PYTHON
sable infer --backend cpu "${o[@]}" --data few.enc --model m.json --out p.res >out 2>lines
[ ! -s lines ] || fail "progress where there is no terminal: $(cat lines)"
if script -qec true /dev/null >/dev/null 2>&1; then # no pseudo-terminal in some containers
    script -qec "'$SABLE_BIN' infer ${o[*]} --data many.enc --model m.json --out p.res 2>&1 >/dev/null" typescript >/dev/null
    grep -q 'of 204800 samples' typescript || fail "no progress on a terminal: $(cat typescript)"
    script -qec "'$SABLE_BIN' infer ${o[*]} --progress none --data many.enc --model m.json --out p.res 2>&1 >/dev/null" \
        typescript >/dev/null
    grep -q 'of 204800 samples' typescript && fail "progress although none was asked for"
    cmp p.res many.res || fail "results depend on progress"
fi

# ---- a table that is bad at its end leaves nothing; one that cannot be read twice is refused ----
cp many.csv bad.csv
echo '1,2,x' >>bad.csv
refused 1 'bad.csv:204802' sable encrypt "${o[@]}" --data bad.csv --out never.enc
cp many.csv bad.csv
echo '1,2' >>bad.csv
refused 1 'bad.csv:204802' sable encrypt "${o[@]}" --data bad.csv --id-column a --out never.enc
cp few.csv own.enc.partial
refused 3 'no unfinished file of Sable' sable encrypt "${o[@]}" --data few.csv --out own.enc
refused 2 'read and written by the same command' sable encrypt "${o[@]}" --data own.enc.partial --out own.enc
rm own.enc.partial
mkfifo pipe
refused 3 'regular file' sable encrypt "${o[@]}" --bound 4 --data pipe --out never.enc

# ---- two processes read one data set at once ----
sable infer "${o[@]}" --data many.enc --model m.json --out one.res --quiet &
first=$!
sable infer "${o[@]}" --data many.enc --model m.json --out two.res --quiet
wait $first
cmp one.res many.res && cmp two.res many.res || fail "two readers disturb each other"

# ---- more blocks than a file holds ----
python3 - <<'PYTHON'
import struct
rows = 4096 * 512
head = ("{'descr': '|u1', 'fortran_order': False, 'shape': (%d, 1), }" % rows).ljust(117) + "\n"
with open("long.npy", "wb") as f:
    f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
    f.write(bytes(rows))
PYTHON
refused 1 'a file holds 4095; split the data into files of 2096640 samples' sable encrypt "${o[@]}" --data long.npy \
    --packing feature-major --out never.enc
[ -z "$(find . -name '*.partial*' -o -name '*.tmp')" ] || fail "left behind: $(find . -name '*.partial*' -o -name '*.tmp')"
echo "streams keep their promises"
