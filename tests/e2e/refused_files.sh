#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Files that do not belong together, are damaged, or may not be written: status, sentence, and nothing left behind.
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"

samples good 40 4 1
quietly sable fit --data good.csv --ignore name --label-column class --out good.json
quietly sable keygen --params infer13 --out ws --for infer --features 4 --encrypted-weights
quietly sable keygen --params infer13 --out other --for infer --features 4 --encrypted-weights
quietly sable keygen --params infer13 --out bare
quietly sable encrypt --keys ws --data good.csv --ignore name,class --model good.json --packing row --out good.enc
quietly sable encrypt --keys ws --data good.csv --ignore name,class --model good.json --packing row --level 1 \
    --out low.enc
quietly sable encrypt --keys ws --model-weights good.json --packing row --out good.model
quietly sable infer --keys ws --data good.enc --model good.json --out good.res
infer() { refused "$1" "$2" sable infer --model good.json --out never.res "${@:3}"; }
decrypt() { refused "$1" "$2" sable decrypt --out never.csv "${@:3}"; }

# ---- keys ----
infer 4 'other/eval/keys.sable belongs to key [0-9a-f]{16}, the data to key [0-9a-f]{16}' --keys other --data good.enc
infer 1 'need [0-9]+ evaluation keys \(rotation by 1, rotation by 2\) and there are none' --keys bare --data good.enc
infer 1 'need [0-9]+ evaluation keys' --data good.enc
infer 1 'takes 2 levels, the data are at level 1' --keys ws --data low.enc
infer 1 'is a secret key: inference takes evaluation keys' --keys ws/secret/secret.key --data good.enc
infer 4 'public.key' --keys ws/public/public.key --data good.enc
infer 3 'nowhere' --keys nowhere --data good.enc
quietly sable keygen --keys bare --rotations 1 --levels 1:2
infer 4 'belongs to key' --keys bare --data good.enc
quietly sable keygen --keys ws --rotations 1 --levels 1:1 --keys-out one.keys
infer 1 'one.keys lacks 1 of 2 evaluation keys for data at level 2: rotation by 2' --keys one.keys --params infer13 \
    --data good.enc
infer 4 'made with other parameters' --keys ws --params infer14 --data good.enc
decrypt 4 'is encrypted for key [0-9a-f]{16}, other/secret/secret.key is key' --keys other --data good.res
decrypt 4 'only results and data sets' --keys ws --data ws/eval/keys.sable
decrypt 4 'only results and data sets' --keys ws --data good.model
decrypt 4 '' --keys ws --data good.csv
refused 4 'expected' sable infer --keys ws --data good.res --model good.json --out never.res
refused 1 'exists: a workspace is never overwritten' sable keygen --params infer13 --out ws
quietly sable encrypt --keys other --model-weights good.json --packing row --out other.model
refused 4 'other.model is encrypted for key' sable infer --keys ws --data good.enc --encrypted-model other.model \
    --out never.res
quietly sable encrypt --keys ws --model-weights good.json --packing feature-major --out fm.model
refused 1 'encrypt the model with --packing row' sable infer --keys ws --data good.enc --encrypted-model fm.model \
    --out never.res
refused 1 'low.enc at level 1: encrypt both' sable infer --keys ws --data low.enc --encrypted-model good.model \
    --out never.res

# ---- results in the clear: a model of zeros makes them ----
python3 - <<'PYTHON'
import json
model = json.load(open("good.json"))
model["weights"] = [[0.0] * len(row) for row in model["weights"]]
json.dump(model, open("zero.json", "w"))
PYTHON
quietly sable infer --keys ws --data good.enc --model zero.json --out zero.res
decrypt 4 'zero.res: ciphertext 0 of block 0 is in the clear.*--accept-transparent' --keys ws --data zero.res
quietly sable decrypt --keys ws --data zero.res --accept-transparent --out zero.csv
same_as_clear zero.json good.csv zero.csv logit 1e-6
quietly sable decrypt --keys ws --data good.res --out good.out.csv # of a model that is none of zeros

# ---- public keys: of the secret that they name ----
says 'made with the secret key ws/secret/secret.key: yes' sable inspect ws/public/public.key --secret ws/secret/secret.key
forge() { # FILE OF OUT: FILE with the key id of another
    python3 - "$@" <<'PYTHON'
import hashlib, struct, sys
raw, of = bytearray(open(sys.argv[1], "rb").read()), open(sys.argv[2], "rb").read()
raw[56:88] = of[56:88]
end = 96 + 56 * struct.unpack_from("<I", raw, 88)[0]
raw[end:end + 32] = hashlib.blake2b(raw[:end], digest_size=32).digest()
open(sys.argv[3], "wb").write(raw)
PYTHON
}
forge other/public/public.key ws/public/public.key forged.key
quietly sable inspect forged.key --verify
refused_inspect() { # what inspect says before the refusal is on stdout
    local status=0
    sable inspect "$2" --secret "$3" >inspect.out 2>inspect.err || status=$?
    [ $status = "$1" ] && grep -q "^sable: .*$4" inspect.err || fail "inspect $2 --secret $3: $status $(cat inspect.err)"
    ! grep -q 'yes$' inspect.out || fail "inspect $2 --secret $3: $(cat inspect.out)"
    rm inspect.out inspect.err
}
refused_inspect 4 other/public/public.key ws/secret/secret.key 'the public key is of key'
refused_inspect 4 forged.key ws/secret/secret.key 'was not made with that secret'
refused_inspect 1 good.enc ws/secret/secret.key 'holds a dataset.*--secret checks public keys'
refused_inspect 3 ws/public/public.key nowhere 'nowhere'

# ---- permissions ----
chmod 644 ws/secret/secret.key
decrypt 1 'secret.key' --keys ws --data good.res
refused 1 'secret.key' sable encrypt --keys ws --data good.npy --out never.enc
chmod 600 ws/secret/secret.key
mkdir -p open/secret
chmod 755 open/secret
refused 1 'open/secret has mode 0755' sable keygen --params infer13 --out open

# ---- outputs ----
refused 3 'no_folder' sable infer --keys ws --data good.enc --model good.json --out no_folder/x
mkdir folder
refused 3 'folder' sable infer --keys ws --data good.enc --model good.json --out folder
refused 3 '' sable decrypt --keys ws --data good.res --out /dev/null
refused 2 'read and written by the same command' sable infer --keys ws --data good.enc --model good.json \
    --out ./good.enc
refused 2 'holds a secret key, which is not overwritten' sable decrypt --keys ws --data good.res \
    --out ws/secret/secret.key
refused 2 'holds a public key' sable infer --keys ws --data good.enc --model good.json --out ws/public/public.key
# A full disk, as a limit on the size of files shows it: the older file survives.
echo old >target
before=$(sha256sum target)
refused 3 'target' bash -c 'ulimit -f 8; exec "$0" infer --keys ws --data good.enc --model good.json --out target' \
    "$SABLE_BIN"
refused 3 'full' bash -c 'ulimit -f 8; exec "$0" keygen --params infer13 --out full' "$SABLE_BIN"
[ "$(sha256sum target)" = "$before" ] || fail "an older file was damaged"

# ---- damage: every kind of file, cut and flipped at places all over it ----
damage() { # file, command that reads it
    python3 - "$1" <<'PYTHON'
import sys
raw = open(sys.argv[1], "rb").read()
n = len(raw)
for i, at in enumerate([0, 1, 50, 95, 96, 200, n // 2, n - 1]):
    open(f"cut{i}", "wb").write(raw[:at])
for i, at in enumerate([0, 8, 10, 12, 16, 24, 60, 90, 100, 130, n // 3, n // 2, n - 1]):
    open(f"flip{i}", "wb").write(raw[:at] + bytes([raw[at] ^ 0x10]) + raw[at + 1:])
open("long0", "wb").write(raw + b"\0")
PYTHON
    chmod 600 cut* flip* long*
    cp "$1" saved
    local bad
    for bad in cut* flip* long*; do
        cat "$bad" >"$1"
        refused 4 '' "${@:2}"
    done
    cat saved >"$1"
    rm -f cut* flip* long* saved
}
damage good.enc sable infer --keys ws --data good.enc --model good.json --out never.res
damage good.model sable infer --keys ws --data good.enc --encrypted-model good.model --out never.res
# with an encrypted model every key of the file is read
damage ws/eval/keys.sable sable infer --keys ws --data good.enc --encrypted-model good.model --out never.res
damage good.res sable decrypt --keys ws --data good.res --out never.csv
damage ws/secret/secret.key sable decrypt --keys ws --data good.res --out never.csv
damage ws/public/public.key sable encrypt --keys ws --data good.npy --public --out never.enc
damage good.enc sable inspect good.enc --verify --quiet
quietly sable decrypt --keys ws --data good.res --out whole.csv
refused 4 'is no file that Sable writes or reads' sable inspect "$SABLE_BIN"
sed 's/"alpha": 1/"alpha": 2/' ws/public/params.json >bad.json
infer 4 'made with other parameters' --keys ws --params ./bad.json --data good.enc
sed 's/29802497/29802499/' ws/public/params.json >bad.json
infer '[14]' 'bad.json.*29802499' --keys ws --params ./bad.json --data good.enc
refused 3 'missing' sable inspect missing

# ---- insecure parameters ----
refused 1 'T10' sable keygen --params T10 --out never
quietly sable keygen --allow-insecure --params T10 --out small
quietly sable encrypt --allow-insecure --keys small --data good.npy --out small.enc
refused 1 '' sable infer --keys small --data small.enc --model good.json --out never.res
says INSECURE sable inspect small.enc
says INSECURE sable inspect small/secret/secret.key
echo "all refused"
