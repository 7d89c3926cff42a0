#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# sable inspect on every kind of file that Sable writes or reads, whole and cut: a table of files, kinds and facts.
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"

samples good 40 4 1
quietly sable fit --data good.csv --ignore name --label-column class --out good.json
quietly sable keygen --params infer13 --out ws --for infer --features 4 --encrypted-weights
encrypt() { quietly sable encrypt --keys ws --data good.csv --id-column name --label-column class --model good.json "$@"; }
encrypt --packing row --out good.enc
encrypt --packing feature-major --out columns.enc --residue-bits 32 --no-seeds
encrypt --packing feature-major --out public.enc --public
quietly sable encrypt --keys ws --model-weights good.json --packing row --out good.model
quietly sable infer --keys ws --data good.enc --model good.json --out good.res
quietly sable decrypt --keys ws --data good.res --rows good.enc.rows.csv --out good.out.csv
quietly sable decrypt --keys ws --data good.enc --out good.out.npy
quietly sable keygen --keys ws --rotations 1,2 --levels 1:2 --no-seeds --residue-bits 32 --keys-out plain.keys
sable bench --json --filter '^add$' --params infer13 --seconds 0 >bench.json 2>/dev/null
python3 - <<'P'
import gzip, json, struct
open("labels.idx", "wb").write(bytes([0, 0, 8, 1]) + struct.pack(">I", 5) + bytes(5))
open("images.idx", "wb").write(bytes([0, 0, 8, 3]) + struct.pack(">III", 5, 2, 3) + bytes(30))
open("images.idx.gz", "wb").write(gzip.compress(open("images.idx", "rb").read()))
open("good.csv.gz", "wb").write(gzip.compress(open("good.csv", "rb").read()))
open("semicolon.csv", "w").write("1;2;a\n3;4;b\n")
P

# A run that was killed: its blocks and their journal.
python3 - <<'P'
with open("long.csv", "w") as f:
    f.write("name,f0,f1,f2,f3,class\n")
    for i in range(30000):
        f.write(f"s{i},{i % 7},{i % 5},{i % 3},{i % 2},{i % 2}\n")
P
killed_midway long.enc "$SABLE_BIN" encrypt --keys ws --data long.csv --ignore name,class --model good.json \
    --packing row --out long.enc --quiet

# ---- kind by kind: file | kind | a Python expression over the JSON object ----
table='good.enc|dataset|o["packing"] == "row" and o["samples"] == 40 and o["ciphertext"]["seeded"] and o["residue_bits"] == 30
columns.enc|dataset|o["packing"] == "feature-major" and not o["ciphertext"]["seeded"] and o["residue_bits"] == 32
public.enc|dataset|not o["ciphertext"]["seeded"] and o["residue_bits"] == 30 and o["blocks"] == 1
good.res|results|o["output"] == "logits" and o["classes"] == 1 and o["factor"] > 0
good.model|encrypted model|o["weights"]["level"] == o["bias"]["level"] + 1 and o["features"] == 4
ws/eval/keys.sable|key-set manifest|o["seeded"] and len(o["keys"]) == 3 and {k["kind"] for k in o["keys"]} == {"relinearisation", "Galois"}
plain.keys|key-set manifest|not o["seeded"] and o["residue_bits"] == 32 and len(o["keys"]) == 2
ws/public/public.key|public key|o["seeded"] and o["log_n"] == 13 and o["limbs"] > 2
ws/secret/secret.key|secret key|[s["digest"] is None for s in o["sections"]] == [False, True] and "residue_bits" not in o
ws/public/params.json|parameters|o["name"] == "infer13" and o["log_n"] == 13 and o["secure"]
good.json|model|o["classes"] == 1 and o["features"] == 4 and o["standardises"]
bench.json|bench results|o["rows"] >= 1 and o["commit"]
good.csv|table|o["format"] == "csv" and (o["rows"], o["columns"], o["numeric_columns"]) == (40, 6, 5) and o["names"][0] == "name"
good.csv.gz|table|o["gzip"] and o["rows"] == 40
semicolon.csv|table|o["delimiter"] == ";" and not o["header"] and o["names"] is None and o["numeric_columns"] == 2
good.npy|table|o["format"] == "npy" and o["type"] == "f8" and o["shape"] == [40, 4]
good.out.npy|table|o["type"] == "f8" and o["shape"] == [40, 4]
labels.idx|table|o["format"] == "idx" and o["type"] == "u1" and o["shape"] == [5]
images.idx|table|o["shape"] == [5, 2, 3] and o["columns"] == 6 and not o["gzip"]
images.idx.gz|table|o["shape"] == [5, 2, 3] and o["gzip"]
good.enc.rows.csv|names and labels|o["rows"] == 40 and o["names"] == ["index", "id", "label"] and o["owner_only"]
good.out.csv|decrypted values|o["rows"] == 40 and "prediction" in o["names"] and o["owner_only"]
long.enc.partial|unfinished file|o["of"] == "dataset" and o["blocks_complete"] >= 1 and o["samples"] == 30000 and o["params"] == "infer13"
long.enc.partial.journal|journal|o["of"] == "dataset" and o["bytes_complete"] > 0 and o["resumable"]'
while IFS='|' read -r file kind fact; do
    sable inspect "$file" --json >out.json || fail "inspect $file"
    [ "$(json out.json "(o['kind'], o['bytes'], bool($fact))")" = "('$kind', $(stat -c %s "$file"), True)" ] ||
        fail "$file: not $kind with $fact: $(cat out.json)"
    says "$kind" sable inspect "$file"
done <<<"$table"

# ---- cut: one sentence and status 4, wherever the format can tell ----
cut_to() { head -c "$2" "$1" >cut && chmod 600 cut; }
while IFS='|' read -r file kind _; do
    bytes=$(stat -c %s "$file")
    for at in 1 9 40 95 96 200 $((bytes / 3)) $((bytes / 2)) $((bytes - 1)); do
        [ "$at" -lt "$bytes" ] || continue
        cut_to "$file" "$at"
        status=0
        sable inspect cut >cut.out 2>cut.err || status=$?
        case $kind in
        parameters | model | 'bench results') # the line end behind the text
            [ "$at" = $((bytes - 1)) ] && [ $status = 0 ] && continue ;;
        table | 'names and labels' | 'decrypted values') # text that ends early may still be a table
            [[ $file == *.csv ]] && [ $status = 0 ] && continue ;;
        journal) # records behind a cut do not count
            [ "$at" -ge 352 ] && [ $status = 0 ] && continue ;;
        'unfinished file') # without its journal it is nothing but bytes
            ;;
        esac
        [ $status = 4 ] || fail "$file cut to $at of $bytes bytes: status $status: $(cat cut.err)"
        [ "$(wc -l <cut.err)" = 1 ] || fail "$file cut to $at: more than a sentence: $(cat cut.err)"
    done
done <<<"$table"
cp long.enc.partial.journal short.partial.journal
head -c 1000 long.enc.partial >short.partial
refused 4 'its journal says' sable inspect short.partial

# ---- what is none of them ----
printf 'a,b\n1,2\n3\n' >ragged.csv
printf 'Dear reader,\nnothing here is a number.\n' >letter.txt
printf '{"format": "another"}\n' >other.json
head -c 5000 /dev/zero >zeros
gzip -c good.enc >good.enc.gz
refused 4 'line 3 has 1 cells' sable inspect ragged.csv
refused 4 '' sable inspect letter.txt
refused 4 'neither parameters nor a model' sable inspect other.json
refused 4 'zeros only' sable inspect zeros
refused 4 'is no file that Sable writes or reads: it seems to be an ELF' sable inspect "$SABLE_BIN"
refused 4 '' sable inspect good.enc.gz
refused 3 'missing' sable inspect missing
refused 3 'ws' sable inspect ws
refused 4 'without them' sable inspect good.csv --verify

# ---- a secret key: to its owner only, and nothing secret of it ----
says 'not shown' sable inspect ws/secret/secret.key
digest=$(python3 - <<'P'
import hashlib, struct
raw = open("ws/secret/secret.key", "rb").read()
at, length = struct.unpack_from("<QQ", raw, 96 + 56 + 8)
print(hashlib.blake2b(raw[at:at + length], digest_size=32).hexdigest())
P
)
sable inspect ws/secret/secret.key --json --all | grep -q "$digest" && fail "the digest of the secret is shown"
chmod 640 ws/secret/secret.key
refused 1 'chmod 600' sable inspect ws/secret/secret.key
echo "$(wc -l <<<"$table") kinds of files told"
