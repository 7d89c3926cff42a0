#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Words on the command line, help, JSON, streams and signals.
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"

usage() { refused 2 "$@"; }

# ---- commands ----
usage 'a command is needed' sable
usage "no command 'encrpyt'; did you mean encrypt" sable encrpyt
usage "no command 'zzzzzzzzzz'; sable help lists them" sable zzzzzzzzzz
usage 'no command' sable ''
usage 'no command' sable "$(printf '\xff\x1b[31m')"
usage 'params needs one of' sable params
usage "did you mean show" sable params shwo
commands=(params plan keygen encrypt infer decrypt inspect fit train demo doctor selftest bench)
for command in "${commands[@]}"; do
    sable "$command" --help >"$command.help"
    sable help "$command" | cmp - "$command.help" || fail "help $command"
    sable help >help
    grep -Eq "^  $command +[a-z]" help || fail "sable help does not name $command"
done
says '^sable [0-9]+\.[0-9]+\.[0-9]+ \(' sable --version

# ---- options ----
usage "no option 'feature'; did you mean --features" sable keygen --feature 3
usage 'needs --params NAME' sable keygen --
usage 'no option' sable keygen --zzzzzzz
usage 'given twice' sable keygen --params T10 --params T11 --out x
usage 'exclude each other' sable keygen --params T10 --out x --keys y
usage 'needs a value' sable keygen --params
usage 'takes no value' sable keygen --relin=yes
usage 'value is empty' sable keygen --params= --out x
usage 'whole words after two dashes' sable keygen -p T10
usage 'one word too many' sable keygen T10
usage 'one word too many' sable keygen -- --params
usage 'needs --for|goes with --for infer' sable keygen --params T10 --out x --features 3
usage 'needs --features' sable keygen --params T10 --out x --for infer
usage 'needs --params NAME and --out' sable keygen
for value in -1 1e3 99999999999999999999 ' 5' 0x10 '' 5. +5 ٣ 4294967296 0 1048577; do
    usage 'features' sable keygen --params T10 --out x --for infer --features "$value"
done
for value in 1 2: :3 3:2 a:b 1:2:3 -1:2; do
    usage 'levels' sable keygen --params T10 --out x --relin "--levels=$value"
done
for value in 0 1,,2 , a 1, 9999999; do usage 'rotations' sable keygen --params T10 --out x --rotations "$value"; done
for value in 12X 1.5G -1 K 99999999999999T 0 1K; do
    usage 'memory' sable keygen --params T10 --out x --memory "$value"
done
usage 'none of feature|none of auto' sable encrypt --keys x --data y --out z --packing rows
usage 'not a decimal number' sable encrypt --keys x --data y --out z --bound 1,5
usage 'not a decimal number' sable encrypt --keys x --data y --out z --bound nan
usage 'encrypt needs --out' sable encrypt --keys x --data y
usage 'needs --model' sable infer --data x --out y
usage 'goes with --probabilities' sable infer --data x --out y --model m --degree 3
usage 'needs --keys FOLDER or --secret' sable decrypt --data x --out y
usage 'threads' sable doctor --threads 0
usage 'threads' sable doctor --threads 1000000
usage 'inspect needs FILE' sable inspect
usage 'no option' sable inspect "--$(head -c 100000 /dev/zero | tr '\0' x)"
usage 'step' sable params plan --name x --log-n 13 --steps 8x0 --alpha 1 --specials 2
usage 'recipe says everything' sable params plan --recipe T10 --log-n 13
refused 1 'recipe' sable params plan --recipe nothing
refused 1 'nothing' sable params show nothing
refused 3 'nothing.json' sable params show nothing.json
refused 3 'no_such' sable keygen --params infer13 --out x --backend no_such

# ---- JSON ----
sable params show infer13 --json >o.json
for field in name log_n levels log_q log_p log_pq security_bits_table security_bound secure primes_q primes_p \
    scales_log2 ciphertext_bytes_top relin_key_bytes fingerprint params_digest level_details; do
    json o.json "o['$field']" >/dev/null || fail "params show has no $field"
done
[ "$(json o.json "len(o['primes_q']), len(o['scales_log2']), o['levels'], o['secure'], len(o['fingerprint'])")" = \
    '(5, 3, 3, True, 64)' ] ||
    fail "params show: $(cat o.json)"
python3 - o.json <<'PYTHON'
import hashlib, json, sys
o = json.load(open(sys.argv[1]))
chain = ",".join(map(str, o["primes_q"] + o["primes_p"]))
assert hashlib.sha256(chain.encode()).hexdigest() == o["fingerprint"]
PYTHON
sable params show A40 --json >o.json
sable params list --json >o.json
samples d 20 3 1
j() { sable "$@" --json >o.json 2>o.err && python3 -m json.tool o.json >/dev/null ||
    fail "not one JSON object: $*: $(cat o.json o.err)"; }
j fit --data d.csv --ignore name --label-column class --out m.json
j keygen --params infer13 --out ws --for infer --features 3
j keygen --params infer13 --dry-run --out dry --for infer --features 3
[ ! -e dry ] || fail "a dry run made a folder"
j encrypt --keys ws --data d.csv --ignore name --label-column class --model m.json --out d.enc
j encrypt --keys ws --model-weights m.json --out m.enc
j infer --keys ws --data d.enc --model m.json --out d.res
j decrypt --keys ws --data d.res --rows d.enc.rows.csv --out d.out.csv
[ "$(json o.json "0.5 < o['accuracy'] <= 1 and sum(o['predicted']) == 20")" = True ] || fail "decrypt: $(cat o.json)"
for file in ws/secret/secret.key ws/public/public.key ws/eval/keys.sable d.enc m.enc d.res; do
    j inspect "$file" --verify
done
j doctor
[ "$(json o.json "o['usable'], 'portable' in o['paths'], 'cpu' in o['backends']")" = '(True, True, True)' ] ||
    fail "doctor: $(cat o.json)"
echo hello >letter
for bad in "4 mismatch infer --keys ws --params infer14 --data d.enc --model m.json --out x" \
    "2 usage keygen --nothing" \
    "3 io inspect missing" "1 policy keygen --params T10 --out x" "4 malformed inspect letter" "2 usage nothing"; do
    read -r wanted family words <<<"$bad"
    status=0
    # shellcheck disable=SC2086 # several words
    sable $words --json >o.json 2>/dev/null || status=$?
    [ "$status $(json o.json "o['error']['family'], sorted(o['error'])")" = \
        "$wanted ('$family', ['code', 'family', 'hint', 'message'])" ] || fail "error of $words: $status $(cat o.json)"
done
[ -z "$(sable params show infer13 --quiet)" ] || fail "--quiet is not quiet"

# ---- streams ----
status=0
sable params list >/dev/full 2>err || status=$?
[ $status = 3 ] && grep -q 'standard output' err || fail "a full standard output: $status $(cat err)"
sable decrypt --keys ws --data d.res --out closed.csv <&- >&- 2>&-
grep -q '^index,logit,prediction' closed.csv || fail "closed streams: $(head -3 closed.csv)"
sable decrypt --keys ws --data d.res --out same.csv --quiet --threads 1
cmp closed.csv same.csv || fail "results depend on the number of threads"
for environment in OMP_NUM_THREADS=3 SABLE_CPU=portable TMPDIR=/nowhere HOME= LC_ALL=tr_TR.UTF-8; do
    env "$environment" "$SABLE_BIN" decrypt --keys ws --data d.res --out other.csv --quiet
    cmp same.csv other.csv || fail "results depend on $environment"
done

# ---- signals: at any moment, nothing stays behind ----
python3 - "$SABLE_BIN" <<'PYTHON'
import os, shutil, signal, subprocess, sys, time
words = [sys.argv[1]] + "keygen --params train15 --out signalled --quiet --relin --rotations 1,2,3".split()
start = time.monotonic()
subprocess.run(words, check=True)
whole = time.monotonic() - start  # of an undisturbed run on this machine, now
shutil.rmtree("signalled")
caught = tries = 0
signals = ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129))
# Later runs may be much faster than the first: the moments move with how they end.
while tries < 12 or (caught < 3 and tries < 60):
    number, status = signals[tries % 3]
    child = subprocess.Popen(words, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    time.sleep((0.02, 0.3, 0.6, 0.9, 1)[tries % 5] * whole)
    child.send_signal(number)
    got = child.wait()
    there = [os.path.join(f, n) for f, _, names in os.walk("signalled") for n in names]
    # A signal before main has installed its handlers kills in the ordinary way.
    assert got in (status, 0, -number), f"{number}: exit status {got}"
    assert got == 0 or not os.path.exists("signalled"), f"{number}: status {got}, leaves {there}"
    assert got != 0 or "signalled/secret/secret.key" in there, f"{number}: status 0, leaves {there}"
    caught += got == status
    if got == 0:
        whole *= 0.8
    tries += 1
    shutil.rmtree("signalled", ignore_errors=True)
assert caught >= 3, f"only {caught} of {tries} signals arrived in time"
PYTHON
echo "the command line keeps its promises"
