#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# However files are stored, results decrypt to the same values; infer reads the keys that it needs and no others.
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"

samples d 30 4 1
quietly sable fit --data d.csv --ignore name --label-column class --out m.json
quietly sable keygen --params infer13 --out ws --for infer --features 4 --packing row

# ---- a file with many keys beside one with those that are needed ----
quietly sable keygen --keys ws --rotations 1,2,4,8,16,32,64,128 --relin --keys-out many.keys
encrypt() { quietly sable encrypt --keys ws --data d.csv --ignore name,class --model m.json --packing row "$@"; }
infer() { sable infer --params infer13 --model m.json --json "$@" >infer.json 2>infer.log || fail "infer $*: $(cat infer.log)"; }
encrypt --out d.enc
infer --keys ws/eval/keys.sable --data d.enc --out few.res
[ "$(json infer.json "o['keys_loaded'], o['keys_in_file']")" = '(2, 2)' ] || fail "few keys: $(cat infer.json)"
infer --keys many.keys --data d.enc --out many.res
[ "$(json infer.json "o['keys_loaded'], o['keys_in_file']")" = '(2, 9)' ] || fail "many keys: $(cat infer.json)"
# b halves in 30 bits: 15/32 of what lies in memory
[ "$(json infer.json "o['key_file_bytes_read'] * 32 == o['key_bytes'] * 15")" = True ] || fail "read: $(cat infer.json)"
[ "$(json infer.json "o['key_file_bytes_read']")" -lt $(($(stat -c %s many.keys) / 4)) ] || fail "most of the file was read"

# ---- every way to store: the same values, and sizes in the stated relation ----
quietly sable decrypt --keys ws --data few.res --out few.csv
for bits in 30 32; do
    for seeds in '' --no-seeds; do
        quietly sable keygen --keys ws --for infer --features 4 --packing row --residue-bits $bits $seeds --keys-out k.keys
        encrypt --residue-bits $bits $seeds --out e.enc
        infer --keys k.keys --data e.enc --residue-bits $bits --out r.res
        quietly sable decrypt --keys ws --data r.res --out r.csv
        python3 - "$bits" "$seeds" <<'P'
import csv, sys
a, b = (list(csv.DictReader(open(f))) for f in ("few.csv", "r.csv"))
assert len(a) == len(b) == 30
worst = max(abs(float(x["logit"]) - float(y["logit"])) for x, y in zip(a, b))
assert worst < 1e-3, f"{sys.argv[1:]}: off by {worst}"
P
        echo "$bits $seeds $(stat -c %s e.enc) $(stat -c %s k.keys)" >>sizes
        rm -f k.keys
    done
done
python3 - <<'P'
rows = [line.split() for line in open("sizes")]
size = {(r[0], len(r) == 4): (int(r[-2]), int(r[-1])) for r in rows}
for kind in 0, 1:
    slack = 2048  # heads
    packed, words, packed_full, words_full = (size[k][kind] for k in (("30", False), ("32", False), ("30", True), ("32", True)))
    assert abs(words * 15 - packed * 16) < 16 * slack and abs(words_full - 2 * words) < slack, size
    assert abs(words_full * 15 - packed_full * 16) < 16 * slack, size
P

# ---- a key that is damaged and not needed does no harm; one that is needed is refused ----
python3 - <<'P'
raw = bytearray(open("many.keys", "rb").read())
raw[-5] ^= 1  # rotation by 128
open("many.keys", "wb").write(raw)
P
infer --keys many.keys --data d.enc --out again.res
cmp many.res again.res || fail "other results"
refused 4 'digest differs' sable inspect many.keys --verify --quiet
refused 2 'residue-bits' sable encrypt --keys ws --data d.csv --out x --residue-bits 31
echo "four ways to store, $(json infer.json "o['keys_loaded']") keys of $(json infer.json "o['keys_in_file']") read"
