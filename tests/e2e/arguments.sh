#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every option of every command, as --help lists them, with values that it must refuse; every file that a command reads
# or writes, replaced by what is no such file. A refusal: its status, one clean sentence, no file changed, no waiting.
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"

samples d 40 3 1
t() { quietly sable "$@" --allow-insecure; }
t keygen --params T10 --out ws --for infer --features 3 --encrypted-weights
quietly sable fit --data d.csv --ignore name --label-column class --out m.json
t encrypt --keys ws --data d.csv --id-column name --label-column class --model m.json --level 1 \
    --packing feature-major --out d.enc
t encrypt --keys ws --model-weights m.json --level 1 --packing feature-major --out m.enc
t infer --keys ws --data d.enc --model m.json --out d.res
chmod 755 .
cp d.npy other.npy

python3 - "$SABLE_BIN" <<'PYTHON'
import os, re, socket, subprocess, sys, time
tool = sys.argv[1]
counts = {"words": 0, "inputs": 0, "outputs": 0, "permissions": 0}
failures = []

def listing():
    found = []
    for folder, folders, files in os.walk(b"."):
        for name in folders + files:
            path = os.path.join(folder, name)
            info = os.lstat(path)
            found.append((path, info.st_size, info.st_mode, info.st_mtime_ns if name in files else 0))
    return sorted(found)

def run(words, statuses, pattern, what, prefix=()):
    """One refusal; its sentence."""
    before = listing()
    start = time.monotonic()
    try:
        done = subprocess.run([*prefix, tool, *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    except OSError as error:  # the system refuses words beyond 128 KiB
        assert error.errno == 7, error
        return ""
    counts[what] += 1
    text = done.stderr.decode("utf-8", "replace")
    complaints = []
    if done.returncode not in statuses: complaints.append(f"exit status {done.returncode}, not of {statuses}")
    lines = [l for l in text.split("\n")[:-1] if not l.startswith(("sable: warning", "       "))]  # and hints
    if len(lines) != 1 or not lines[0].startswith("sable: "): complaints.append("not one sentence")
    if any(ord(c) < 32 and c != "\n" or c in "\x7f\ufffd" for c in text): complaints.append("raw bytes in the sentence")
    if len(text) > 2000: complaints.append(f"a sentence of {len(text)} characters")
    if not re.search(pattern, text): complaints.append(f"no \"{pattern}\"")
    if done.stdout and "--json" not in words: complaints.append("standard output although it was refused")
    if listing() != before: complaints.append(f"files changed: {set(listing()) ^ set(before)}")
    if time.monotonic() - start > 30: complaints.append("it waited")
    if complaints:
        short = [w[:60] if isinstance(w, bytes) else w[:60].encode() for w in words]
        failures.append(f"{short}: {'; '.join(complaints)}: {text[:300]}")
    return text

# ---- words -------------------------------------------------------------------------------------------------------
huge = b"1" * 100000
wrong = {
    "a whole number": [b"-1", b"+1", b"1e3", b"99999999999999999999", b"18446744073709551616", b" 5", b"5 ", b"0x10",
                       b"5.", b"5,0", "\u0663".encode(), b"1_000", b"\xff\xfe", b"\x1b[31m", b"one", huge],
    "a decimal number": [b"nan", b"inf", b"-inf", b"1e999", b"0x1p3", b"1,5", b"1_000", b" 1", b"1 ", b"1.2.3",
                         b"\xff", b"one", b"."],
    "a number of bytes": [b"12X", b"1.5G", b"-1", b"K", b"99999999999999T", b"1KK", b"0x1", b" 1", b"\xff", huge],
    "is none of": [b"zzz", b"\xff", b" ", b"AUTO", huge],
    "a list of texts": [b",", b"a,", b",a", b"a,,b"],
}
kinds = {}
for command in "plan keygen encrypt infer decrypt inspect fit demo doctor selftest bench".split() + ["params plan", "params show"]:
    call = command.split()
    shown = subprocess.run([tool, *call, "--help"], capture_output=True, text=True, check=True).stdout
    options = re.findall(r"^  (--[a-z0-9-]+)(?: (\S+))?", shown, re.M)
    assert len(options) >= 3, (command, shown)
    run([*call, "--no-such-option"], [2], "no option", "words")
    run([*call, b"--\xff\xfe"], [2], "no option", "words")
    run([*call, b"--" + huge], [2], "no option", "words")
    run([*call, "-x"], [2], "two dashes", "words")
    run([*call, *["word"] * 3], [2], "one word too many", "words")
    run([*call, "--", *["--json"] * 3], [2], "one word too many", "words")
    for name, value in options:
        if name == "--help": continue
        if not value:
            run([*call, f"{name}=1"], [2], "takes no value", "words")
            run([*call, f"{name}="], [2], "takes no value", "words")
            run([*call, name, name], [2], "given twice", "words")
            continue
        run([*call, name], [2], f"{name} needs a value", "words")
        run([*call, f"{name}="], [2], f"{name}: the value is empty", "words")
        run([*call, name, ""], [2], f"{name}: the value is empty", "words")
        said = subprocess.run([tool, *call, f"{name}=,"], capture_output=True, text=True).stderr
        kind = next((k for k in wrong if f"{name}: ',' is" in said and k in said), "text")
        kinds.setdefault(kind, set()).add(name)
        for bad in wrong.get(kind, []):
            run([*call, name.encode() + b"=" + bad], [2], f"{name}: ", "words")
        good = {"a whole number": "12", "a decimal number": "1", "a number of bytes": "1G"}.get(kind, "x")
        if kind == "is none of": good = re.search(r"none of ([^,\n]+)", said)[1].strip()
        run([*call, name, good, name, good], [2], f"{name} is given twice|{name}: '{good}' is outside", "words")
assert {k: len(v) > 1 for k, v in kinds.items() if k not in ("a number of bytes", "a list of texts")} == \
    {"a whole number": True, "a decimal number": True, "is none of": True, "text": True}, kinds

# ---- files -------------------------------------------------------------------------------------------------------
small = ["--allow-insecure"]
table = ["--id-column", "name", "--label-column", "class"]
calls = [
    ["encrypt", "--keys", "ws", "--data", "d.csv", *table, "--model", "m.json", "--level", "1", "--out", "o", *small],
    ["encrypt", "--secret", "ws/secret/secret.key", "--params", "ws/public/params.json", "--data", "d.npy", "--labels",
     "d.labels.csv", "--out", "o", *small],
    ["encrypt", "--keys", "ws", "--model-weights", "m.json", "--level", "1", "--out", "o", *small],
    ["infer", "--keys", "ws/eval/keys.sable", "--params", "ws/public/params.json", "--data", "d.enc",
     "--encrypted-model", "m.enc", "--out", "o", *small],
    ["infer", "--keys", "ws", "--data", "d.enc", "--model", "m.json", "--out", "o", *small],
    ["decrypt", "--secret", "ws/secret/secret.key", "--params", "ws/public/params.json", "--data", "d.res", "--rows",
     "d.enc.rows.csv", "--out", "o", *small],
    ["fit", "--data", "d.csv", *table, "--out", "o"],
    ["inspect", "d.enc"],
    ["keygen", "--params", "ws/public/params.json", "--out", "o", *small],
    ["keygen", "--keys", "ws", "--relin", "--keys-out", "o", *small],
    ["params", "plan", "--recipe", "T10", "--out", "o"],
]
for call in calls:  # sound as they are: only then a refusal says anything about the replacement
    before = listing()
    done = subprocess.run([tool, *call], capture_output=True, text=True)
    assert done.returncode == 0, (call, done.stderr)
    for path, *_ in reversed([e for e in listing() if e[0] not in {b[0] for b in before}]):
        (os.rmdir if os.path.isdir(path) and not os.path.islink(path) else os.remove)(path)

os.mkdir("folder")
os.mkfifo("pipe")
os.symlink("loop", "loop")
os.symlink("nowhere/x", "dangling")
socket.socket(socket.AF_UNIX).bind("socket")
open("empty", "w").close()
with open("text", "w") as f: f.write("neither table nor container\n" * 3)
with open("zeros", "wb") as f: f.truncate(10 << 30)
os.remove("zeros")  # sparse files of 10 GB are a case of tests/reject
no_files = ["folder", "pipe", "loop", "dangling", "socket", "/dev/zero", "/dev/full", "nowhere", "nowhere/x", "pipe/x",
            "d.csv/x", "x" * 300, "a/" * 3000, b"\xff\xfe", b"new\nline", b"\x1b[2J"]
bad_files = ["empty", "text", "/proc/self/exe"]
given = ("--data", "--keys", "--secret", "--params", "--model", "--encrypted-model", "--rows", "--labels",
         "--model-weights", "inspect")
for call in calls:
    for i, word in enumerate(call[:-1]):
        if word in given and not (call[i + 1].startswith("-") or call[i + 1] == "T10"):
            if word == "--keys" and "--model" in call and call[0] == "infer": continue  # such inference needs none
            for bad in no_files + bad_files:
                statuses = [1, 3, 4] if word in ("--keys", "--params") or bad in bad_files else [3]
                run([*call[:i + 1], bad, *call[i + 2:]], statuses, "", "inputs")

# ---- outputs -----------------------------------------------------------------------------------------------------
os.symlink("d.csv", "to_input")
no_outputs = ["folder", "pipe", "loop", "dangling", "socket", "/dev/null", "/dev/full", "nowhere/x", "pipe/x", "d.csv/x",
              "x" * 300, "a/" * 3000, "to_input", ".", "..", "/", "folder/"]
for call in calls:
    if "o" not in call: continue
    at = call.index("o")
    option = call[at - 1]
    for bad in no_outputs:
        if call[0] == "keygen" and option == "--out" and bad in ("folder", "folder/", ".", "..", "/"):
            continue  # a workspace may be made in an empty folder
        run([*call[:at], bad, *call[at + 1:]], [1, 2, 3], "", "outputs")
    for i, word in enumerate(call[:-1]):  # what it reads, by any name
        if word in given and call[0] != "keygen" and os.path.isfile(call[i + 1]):
            os.link(call[i + 1], "second_name")
            for name in (call[i + 1], "./" + call[i + 1], os.path.abspath(call[i + 1]), "folder/../" + call[i + 1],
                         "second_name"):
                run([*call[:at], name, *call[at + 1:]], [2], "read and written|holds a", "outputs")
            os.remove("second_name")
    if "ws" in call and call[0] != "keygen":
        run([*call[:at], "ws/public/params.json", *call[at + 1:]], [2], "read and written", "outputs")
    for key in ("ws/secret/secret.key", "ws/public/public.key", "ws/eval/keys.sable"):
        if call[0] != "keygen": run([*call[:at], key, *call[at + 1:]], [2], "holds a|read and written", "outputs")
        if option == "--keys-out" and key != "ws/eval/keys.sable":
            run([*call[:at], key, *call[at + 1:], "--replace"], [1], "no file of evaluation keys", "outputs")

# ---- without permission: as a user who is not root ----------------------------------------------------------------
user = []
if os.geteuid() == 0:
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    tried = subprocess.run([*user, tool, "inspect", "d.enc"], capture_output=True)
    if tried.returncode != 0: user = None
if user is None:
    print("no setpriv, or the tool cannot be reached without root: permissions are not checked")
else:
    for name in ("unreadable", "readonly/x"):
        os.makedirs("readonly", exist_ok=True)
        with open(name, "w") as f: f.write("old")
    os.chmod("unreadable", 0)
    if not os.geteuid() == 0: os.chmod("readonly", 0o555)
    run(["fit", "--data", "d.csv", *table, "--out", "readonly/new"], [3], "readonly.*ermission", "permissions", user)
    run(["fit", "--data", "d.csv", *table, "--out", "readonly/x"], [3], "readonly.*ermission", "permissions", user)
    run(["keygen", "--params", "infer13", "--out", "readonly/ws"], [3], "readonly.*ermission", "permissions", user)
    run(["infer", "--data", "d.enc", "--model", "m.json", "--params", "T10", "--out", "readonly/r", *small], [3],
        "readonly.*ermission", "permissions", user)
    run(["fit", "--data", "unreadable", *table, "--out", "/dev/shm/never"], [3], "unreadable.*ermission",
        "permissions", user)
    run(["inspect", "unreadable"], [3], "unreadable.*ermission", "permissions", user)
    run(["infer", "--data", "unreadable", "--model", "m.json", "--out", "/dev/shm/never"], [3], "unreadable.*ermission",
        "permissions", user)
    os.chmod("readonly", 0o755)

print("refused: " + ", ".join(f"{n} {what}" for what, n in counts.items()))
if failures:
    sys.exit(f"{len(failures)} FAILED:\n" + "\n".join(failures[:40]))
PYTHON
echo "every refusal is one"
