#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Where secrets can and cannot be: symbols of the libraries, modes of files, contents of what the owner gives away.
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"
: "${SABLE_LIB_DIR:?}"

# ---- libsable has no code that could touch a secret key; no released file has the seedable generator ----
core=$SABLE_LIB_DIR/libsable.so client=$SABLE_LIB_DIR/libsable_client.so
if command -v nm >/dev/null && [ -e "$core" ]; then
    secret='sable_(secret|decrypt|encrypt_secret|encrypt_public|public_key|keyset_generate|rng)'
    { nm "$core" && nm -D "$core"; } >core.nm
    grep -E "$secret|client_" core.nm && fail "libsable knows secrets"
    grep -q 'U sodium_malloc\|U sodium_mlock' core.nm && fail "libsable handles secret memory"
    { nm "$client" && nm -D "$client"; } >client.nm
    grep -qE "T sable_secret_generate" client.nm ||
        fail "libsable_client has no sable_secret_generate: is the pattern right?"
    { nm "$SABLE_BIN" && nm -D "$SABLE_BIN"; } >tool.nm
    cat core.nm client.nm tool.nm | grep -i 'test_rng' && fail "the seedable generator is in a released file"
    readelf -d "$core" 2>/dev/null | grep -q 'NEEDED.*sable_client' && fail "libsable needs libsable_client"
    if grep -q 'U sable_keyset_generate' tool.nm; then # not so in a static build
        grep -q 'sable_' tool.nm || fail "the tool has no symbols"
    fi
fi
refused 2 'no option' sable keygen --seed 1 --params infer13 --out x

# ---- the secret leaves its folder in no file ----
samples d 50 4 1
quietly sable fit --data d.csv --ignore name --label-column class --out m.json
quietly sable keygen --params infer13 --out ws --for infer --features 4 --encrypted-weights
quietly sable encrypt --keys ws --data d.csv --id-column name --label-column class --model m.json --out d.enc
quietly sable encrypt --keys ws --model-weights m.json --packing row --out m.enc
quietly sable infer --keys ws --data d.enc --encrypted-model m.enc --out d.res
python3 - <<'PYTHON'
raw = open("ws/secret/secret.key", "rb").read()
coefficients = raw[-2048:]
for name in ("ws/public/public.key", "ws/eval/keys.sable", "d.enc", "m.enc", "d.res"):
    data = open(name, "rb").read()
    for at in range(0, 2048 - 24, 24):
        assert coefficients[at:at + 24] not in data, f"{name} holds a piece of the secret"
    assert b"s17" not in data[:4096], f"{name} holds a name"
PYTHON
find . -perm /077 -path '*secret*' ! -name . | grep . && fail "something secret is open to others"
umask 000
quietly sable keygen --params infer13 --out loose
refused 4 'is encrypted for key' sable decrypt --keys loose --data d.res --out x.csv
quietly sable decrypt --keys ws --data d.res --out loose.csv
[ "$(stat -c %a loose/secret) $(stat -c %a loose/secret/secret.key) $(stat -c %a loose.csv)" = "700 600 600" ] ||
    fail "the mode of private files depends on the umask"

# ---- encryption is randomised: the same data twice share no block of ciphertext ----
quietly sable encrypt --keys ws --data d.csv --ignore name,class --model m.json --out one.enc
quietly sable encrypt --keys ws --data d.csv --ignore name,class --model m.json --out two.enc
cmp -s one.enc two.enc && fail "encryption is deterministic"

# ---- no memory image: core dumps are off while a secret is in memory ----
python3 - "$SABLE_BIN" <<'PYTHON'
import subprocess, sys, time
child = subprocess.Popen([sys.argv[1], "keygen", "--params", "train15", "--out", "core", "--relin", "--quiet"])
for _ in range(200):
    try:
        limits = open(f"/proc/{child.pid}/limits").read()
    except OSError: # not dumpable: only root may look
        break
    row = [l for l in limits.splitlines() if l.startswith("Max core file size")]
    if row and row[0].split()[4] == "0":
        break
    time.sleep(0.005)
else:
    sys.exit("core dumps stay possible")
child.kill()
child.wait()
PYTHON
echo "secrets stay where they are"
