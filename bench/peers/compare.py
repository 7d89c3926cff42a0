#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares Sable with other libraries, row by row, in alternating runs (docs/PEERS.md).

    compare.py --build build [--shapes n14,n15] [--peers openfhe,seal,ntl] [--threads 1,2] [--rounds 5]

Both programs of a pair are started once and asked in turn for the same row; who is first alternates. A ratio is
peer/Sable of one round, of processor times for one thread; medians over the rounds are reported. Needs a build with
-DSABLE_PEERS=ON. Results of earlier calls with the same --out are kept where shape, peer and threads differ."""
import argparse
import datetime
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

# Largest bit length of P*Q at 128 bits, uniform ternary secret, classical: the table of docs/PARAMETERS.md.
BOUND = {14: 430, 15: 868, 16: 1747}

# Sable's set (a name, or a plan), and for each peer: log_n, levels, bits of a scale prime, of the first one, digits.
SHAPES = {
    "n14": {"sable": "infer14", "openfhe": (14, 7, 36, 46, 3), "seal": (14, 7, 40, 50, 0), "ntl": (14, 7, 40, 50, 0)},
    "n15": {"sable": "train15", "openfhe": (15, 16, 36, 46, 3), "seal": (15, 16, 40, 50, 0),
            "ntl": (15, 16, 40, 50, 0)},
    "n16": {"sable": "train16", "openfhe": (16, 31, 40, 50, 4), "ntl": (16, 31, 40, 50, 0)},
    "n16s50": {"sable": "--log-n 16 --base 12 --steps 10x23,18 --alpha 11 --specials 12",
               "openfhe": (16, 24, 50, 60, 3)},
}

# glibc otherwise returns each large vector to the system and faults it in again: OpenFHE's best case.
PEER_MALLOC = ("glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=4294967296:"
               "glibc.malloc.trim_threshold=17179869184:glibc.malloc.top_pad=268435456")

# A peer's row and Sable's for the same result, where the names differ. Sable decrypts a ciphertext of any level on the
# few primes that hold its values; a caller of the peers can get that by reducing the level first, which is not timed.
SABLE_ROW = {"decrypt_decode_low": "decrypt_decode"}

PRECISION = ("precision_bits_top_max", "precision_bits_top_mean", "precision_bits_low_max", "precision_bits_low_mean")


class Server:
    """A program that answers one JSON line a request."""

    def __init__(self, command, threads, env):
        pin = []
        if shutil.which("taskset"):
            pin = ["taskset", "-c", ",".join(str(c) for c in sorted(os.sched_getaffinity(0))[:threads])]
        # Passive: threads that wait do not take the processor from others, here not from the other program of the pair.
        env = dict(os.environ, OMP_NUM_THREADS=str(threads), OMP_WAIT_POLICY="passive", **env)
        self.command = command
        self.process = subprocess.Popen(pin + command, env=env, text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def ask(self, request):
        try:
            self.process.stdin.write(request + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{os.path.basename(self.command[0])} gave no answer to \"{request}\"")
        answer = json.loads(line)
        if isinstance(answer, dict) and "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def plan(build, shape, folder):
    """The name of the shape's parameter set, or the file it was planned into."""
    options = SHAPES[shape]["sable"]
    if not options.startswith("--"):
        return options
    path = os.path.join(folder, shape + ".json")
    if not os.path.exists(path):
        command = [f"{build}/bin/sable", "params", "plan", "--quiet", "--name", shape, "--out", path]
        subprocess.run(command + options.split(), check=True, stdout=subprocess.DEVNULL)
    return path


def side(rows, precision, levels):
    """Security and precision of one side, from its rows."""
    row = rows[0]
    log_n = row["n"].bit_length() - 1
    result = {key: row[key] for key in ("log_q", "log_p", "log_pq", "digits", "scale_log2")}
    result.update({"log_n": log_n, "levels": levels, "bound_128": BOUND[log_n], **precision})
    result["secure_128"] = math.ceil(row["log_pq"] - 0.005) <= BOUND[log_n]
    return result


def objections(sable, peer):
    """Why Sable's side would have the lighter work or the weaker keys; empty: the comparison is fair to the peer."""
    found = [f"{name} is above the table's {s['bound_128']} bits" for name, s in (("Sable", sable), ("the peer", peer))
             if not s["secure_128"]]
    if sable["levels"] < peer["levels"]:
        found.append("Sable has fewer levels")
    if sable["log_q"] < peer["log_q"]:
        found.append("Sable's modulus is smaller")
    for key in PRECISION:
        if key in peer and sable[key] < peer[key] - 0.5:
            found.append(f"Sable is less precise ({key})")
    return found


def busy(threads, loads):
    if threads > 1 and max(loads) > len(os.sched_getaffinity(0)):
        return ["other programs had the processors as well: elapsed times of several threads say little"]
    return []


def measure(args, shape, name, threads, folder):
    log_n, levels, scale, first, digits = SHAPES[shape][name]
    sable = Server([f"{args.build}/peers/sable_rows", plan(args.build, shape, folder), str(threads)], threads, {})
    peer = Server([f"{args.build}/peers/peer_{name}", "--log-n", str(log_n), "--levels", str(levels), "--scale-bits",
                   str(scale), "--first-bits", str(first), "--digits", str(digits), "--threads", str(threads)],
                  threads, {"GLIBC_TUNABLES": PEER_MALLOC})
    try:
        names = [row for row in peer.ask("rows") if re.search(args.filter, row)]
        common = set(sable.ask("rows"))
        names = [row for row in names if SABLE_ROW.get(row, row) in common]
        if not names:
            return None
        precision = [p.ask("precision") for p in (sable, peer)]
        runs = {row: [] for row in names}
        loads = []
        for number in range(args.rounds):
            loads.append(os.getloadavg()[0])
            for row in names:
                pair = [None, None]
                for i in ((0, 1), (1, 0))[number % 2]:
                    time.sleep(args.gap)  # threads of the other side go to sleep
                    pair[i] = (sable, peer)[i].ask(f"time {row if i else SABLE_ROW.get(row, row)} {args.seconds}")
                runs[row].append(pair)
            print(f"{shape} {name} {threads}T: round {number + 1} of {args.rounds}", file=sys.stderr)
    finally:
        sable.close()
        peer.close()
    first_rows = [pairs[0] for pairs in runs.values()]
    sides = [side([pair[0] for pair in first_rows], precision[0], first_rows[0][0]["level"]),
             side([pair[1] for pair in first_rows], precision[1], levels)]
    group = {"shape": shape, "peer": first_rows[0][1]["peer"], "threads": threads, "rounds": args.rounds,
             "sable_params": shape + " (planned: " + SHAPES[shape]["sable"] + ")"
             if SHAPES[shape]["sable"].startswith("--") else SHAPES[shape]["sable"],
             "load_average_1min": [round(x, 2) for x in loads], "sable": sides[0], "peer_side": sides[1],
             "objections": (objections(*sides) if PRECISION[0] in sides[1] else []) + busy(threads, loads), "rows": []}
    # Processor time of one thread is not lengthened by other programs; elapsed time is, and that of longer rows more.
    clock = group["clock"] = "processor_us" if threads == 1 else "median_us"
    for row, pairs in runs.items():
        ratios = [p[clock] / s[clock] for s, p in pairs]
        group["rows"].append({
            "name": row, "batch": pairs[0][0]["batch"], "sable_us": statistics.median(s[clock] for s, _ in pairs),
            "peer_us": statistics.median(p[clock] for _, p in pairs), "ratio": statistics.median(ratios),
            "ratio_min": min(ratios), "ratio_max": max(ratios), "sable_path": pairs[0][0]["path"],
            "sable_runs_us": [s[clock] for s, _ in pairs], "peer_runs_us": [p[clock] for _, p in pairs],
            "sable_elapsed_us": [s["median_us"] for s, _ in pairs],
            "peer_elapsed_us": [p["median_us"] for _, p in pairs]})
    return group


def describe(s):
    if PRECISION[0] not in s:
        return f"log Q {s['log_q']:.0f}; transforms only"
    text = f"log PQ {s['log_pq']:.0f} of {s['bound_128']}, log Q {s['log_q']:.0f}, {s['levels']} levels"
    return text + f", {s['precision_bits_top_max']:.1f} bits at the top, {s['precision_bits_low_max']:.1f} at level 1"


def print_group(group):
    plural = "s" if group["threads"] > 1 else ""
    print(f"\n{group['shape']}: Sable {group['sable_params']} and {group['peer']}, {group['threads']} thread{plural}, "
          f"{group['rounds']} rounds, load {min(group['load_average_1min'])}..{max(group['load_average_1min'])}")
    print(f"  Sable  {describe(group['sable'])}\n  peer   {describe(group['peer_side'])}")
    for text in group["objections"]:
        print(f"  NO CLAIM: {text}")
    print("| row | Sable us | peer us | peer / Sable (min..max) |\n|---|---:|---:|---:|")
    for r in group["rows"]:
        print(f"| {r['name']} | {r['sable_us']:.0f} | {r['peer_us']:.0f} | "
              f"{r['ratio']:.2f} ({r['ratio_min']:.2f}..{r['ratio_max']:.2f}) |")


def machine(build):
    command = [f"{build}/bin/sable", "bench", "--params", "infer13", "--filter", "^add$", "--seconds", "0", "--json"]
    head = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {"cpu": head["cpu"], "cpus": len(os.sched_getaffinity(0)), "commit": head["commit"]}


def main():
    parser = argparse.ArgumentParser(description="Compares Sable with other libraries in alternating runs.")
    parser.add_argument("--build", default="build", help="build tree with SABLE_PEERS")
    parser.add_argument("--shapes", default=",".join(SHAPES))
    parser.add_argument("--peers", default="openfhe,seal,ntl")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--filter", default="", help="only rows whose name matches")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.2, help="time of a row in a round, at least 5 runs")
    parser.add_argument("--gap", type=float, default=0.25, help="seconds between two programs")
    parser.add_argument("--device", help="name of the machine in the result file; default: from the CPU's name")
    parser.add_argument("--out", help="result file; default: bench/results/<device>-peers-<date>.json")
    parser.add_argument("--report", metavar="FILE", help="print the tables of a result file and measure nothing")
    args = parser.parse_args()
    if args.report:
        with open(args.report, encoding="utf-8") as file:
            for group in json.load(file)["groups"]:
                print_group(group)
        return
    head = machine(args.build)
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    slug = re.sub(r"[^a-z0-9]+", "-", head["cpu"].lower().replace("(r)", "")).strip("-")
    device = args.device or f"{slug}-{head['cpus']}cpu"
    results = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "results")
    out = args.out or os.path.join(results, f"{device}-peers-{date}.json")
    groups = []
    if os.path.exists(out):
        with open(out, encoding="utf-8") as file:
            groups = json.load(file)["groups"]
    with tempfile.TemporaryDirectory() as folder:
        for shape in args.shapes.split(","):
            for name in (p for p in args.peers.split(",") if p in SHAPES[shape]):
                for threads in (int(t) for t in args.threads.split(",")):
                    if not os.path.exists(f"{args.build}/peers/peer_{name}") or (name != "openfhe" and threads > 1):
                        continue  # not built here; SEAL and NTL are measured on one thread
                    group = measure(args, shape, name, threads, folder)
                    if group is None:
                        continue
                    group["commit"] = head["commit"]
                    print_group(group)
                    same = ("shape", "peer", "threads")
                    groups = [g for g in groups if any(g[k] != group[k] for k in same)] + [group]
                    with open(out, "w", encoding="utf-8") as file:
                        json.dump({"device": device, **head, "date": date, "groups": groups}, file, indent=1)
                        file.write("\n")


if __name__ == "__main__":
    main()
