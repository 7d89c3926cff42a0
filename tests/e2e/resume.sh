#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# encrypt, infer and decrypt, killed at any moment and started again, make the files of an unbroken run and leave
# nothing beside them; what an earlier run left is used only when it was made of the same things.
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"
[ -x "${SABLE_TEST_BIN:-}" ] || { echo "skipped: no sable-test"; exit 77; }

samples d 20200 3 1 # 40 blocks of 512
quietly sable fit --data d.csv --ignore name --label-column class --out m.json
t() { "$SABLE_TEST_BIN" "$@" --allow-insecure --quiet; }
t keygen --seed k --params T10 --out ws --for infer --features 3 --encrypted-weights
encrypt=(encrypt --seed e --keys ws --data d.csv --id-column name --label-column class --model m.json --level 1
    --packing feature-major --out)
infer=(infer --seed none --keys ws --data whole.enc --model m.json --out)
decrypt=(decrypt --seed none --keys ws --data whole.res --rows whole.enc.rows.csv --out)
t "${encrypt[@]}" whole.enc
t "${infer[@]}" whole.res
t "${decrypt[@]}" whole.csv
t "${decrypt[@]}" whole.npy
sums=$(sha256sum whole.*)

# ---- killed at random times until it is done: the files of an unbroken run, and nothing else ----
python3 - "$SABLE_TEST_BIN" <<PYTHON
import filecmp, os, random, signal, subprocess, sys, time
random.seed(7)
kills = resumed = 0
options = ["--allow-insecure", "--quiet"]
jobs = {"enc": "${encrypt[*]}", "res": "${infer[*]}", "csv": "${decrypt[*]}", "npy": "${decrypt[*]}"}
for end, words in jobs.items():
    before = set(os.listdir("."))
    words = [sys.argv[1]] + words.split() + ["again." + end] + options
    start = time.time()
    subprocess.run(words[:-3] + ["timed." + end] + options, check=True)
    whole = time.time() - start
    for name in set(os.listdir(".")) - before: os.remove(name)
    here, attempts = 0, 0
    while True: # a run that ends too early is repeated, until five were killed
        attempts += 1
        child = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        try:
            child.wait(random.uniform(0.1, 0.6) * whole if here < 5 else 120)
        except subprocess.TimeoutExpired:
            pass
        child.send_signal(random.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM]))
        status = child.wait()
        if status == 0 and (here >= 5 or attempts > 60): break
        if status == 0:
            os.remove("again." + end)
            continue
        assert status in (-9, -15, 143), f"{end}: exit status {status}"
        kills += 1
        here += 1
        resumed += os.path.exists("again." + end + ".partial.journal")
        if os.path.exists("again." + end): # killed behind the last step
            assert filecmp.cmp("again." + end, "whole." + end, shallow=False), f"{end}: half a file has the final name"
            os.remove("again." + end)
    left = set(os.listdir(".")) - before
    wanted = {"again." + end} | ({"again.enc.rows.csv"} if end == "enc" else set())
    assert left == wanted, f"left behind after {here} kills: {left}"
    for name in wanted:
        assert filecmp.cmp(name, name.replace("again", "whole"), shallow=False), f"{name} after {here} kills differs"
    print(f"{end}: {here} kills, {attempts} runs")
assert kills >= 20 and resumed >= 5, f"{kills} kills, {resumed} of them left blocks: too few to show anything"
PYTHON
[ "$(stat -c %a again.csv)" = 600 ] || fail "the decrypted file is open to others"
[ "$sums" = "$(sha256sum whole.*)" ] || fail "inputs changed"

# ---- one run that stops in the middle, for what follows ----
stopped() {
    local file=$1
    shift
    killed_midway "$file" "$SABLE_TEST_BIN" "$@" "$file" --allow-insecure --quiet
}
stopped s.res "${infer[@]}"
says 'blocks of an earlier run are kept' "$SABLE_TEST_BIN" "${infer[@]}" s.res --allow-insecure --json
cmp s.res whole.res || fail "resumed results differ"

# A torn end of the partial file or of its journal costs blocks, nothing else.
for damage in "data 100" "data 5000" "journal 1" "journal 90" "journal 400" "flip"; do
    stopped s.res "${infer[@]}"
    python3 - $damage <<'PYTHON'
import os, sys
name = "s.res.partial" + (".journal" if sys.argv[1] == "journal" else "")
if sys.argv[1] == "flip":
    with open(name, "r+b") as f:
        f.seek(4000); b = f.read(1); f.seek(4000); f.write(bytes([b[0] ^ 1]))
else:
    os.truncate(name, max(0, os.path.getsize(name) - int(sys.argv[2])))
PYTHON
    t "${infer[@]}" s.res 2>/dev/null
    cmp s.res whole.res || fail "results differ after damage: $damage"
done

# Other options, another model, other data: said, and made anew.
stopped s.res "${infer[@]}"
says 'other options: starting over' "$SABLE_TEST_BIN" "${infer[@]}" s.res --range 4096 --allow-insecure
stopped s.res "${infer[@]}"
python3 -c 'import json; m = json.load(open("m.json")); m["bias"][0] += 1; json.dump(m, open("other.json", "w"))'
says 'starting over' "$SABLE_TEST_BIN" infer --keys ws --data whole.enc --model other.json --seed none --out s.res \
    --allow-insecure
t infer --keys ws --data whole.enc --model other.json --seed none --out o.res
cmp s.res o.res || fail "results of another model are mixed"
stopped s.enc "${encrypt[@]}"
sed '20000s/^\([^,]*\),[^,]*/\1,3.25/' d.csv >e.csv
says 'other input: starting over' "$SABLE_TEST_BIN" encrypt --seed e --keys ws --data e.csv --id-column name \
    --label-column class --model m.json --level 1 --packing feature-major --bound 8 --out s.enc --allow-insecure
stopped s.csv "${decrypt[@]}"
says 'other options: starting over' "$SABLE_TEST_BIN" "${decrypt[@]}" s.csv --class-names no,yes --allow-insecure
[ -z "$(find . -name '*.partial*' -o -name '*.tmp')" ] || fail "left behind: $(find . -name '*.partial*')"

# Only one process at a time writes a file, and a partial file is no file of Sable.
stopped s.res "${infer[@]}"
says 'unfinished file' sable inspect s.res.partial
refused 4 'no Sable file' sable decrypt --keys ws --data s.res.partial --out never.csv --allow-insecure
(
    flock -x 9
    refused 3 'another process is writing it' "$SABLE_TEST_BIN" "${infer[@]}" s.res --allow-insecure
) 9<s.res.partial
t "${infer[@]}" s.res 2>/dev/null
cmp s.res whole.res || fail "results differ after a second process was refused"

# The released tool, whose blocks have fresh randomness: the same values.
quietly sable keygen --params T10 --out rel --for infer --features 3 --allow-insecure
python3 - "$SABLE_BIN" <<'PYTHON'
import os, subprocess, sys, time
words = [sys.argv[1]] + ("encrypt --keys rel --data d.csv --ignore name,class --model m.json --level 1 "
                         "--packing feature-major --out rel.enc --allow-insecure --quiet").split()
def size():
    try: return os.path.getsize("rel.enc.partial.journal")
    except FileNotFoundError: return 0
while not os.path.exists("rel.enc"):
    child = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    began = time.time()
    before = size()
    while child.poll() is None and size() < before + 1500 and time.time() < began + 60: pass
    child.kill()
    child.wait()
PYTHON
quietly sable infer --data rel.enc --model m.json --params T10 --out rel.res --allow-insecure
quietly sable decrypt --keys rel --data rel.res --out rel.csv --allow-insecure
same_as_clear m.json d.csv rel.csv logit 1e-3
echo "interrupted runs end as unbroken ones"
