#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares Sable with other libraries, with itself on one thread and with a copy, row by row (docs/PEERS.md).

    compare.py --build build [--groups REGEX] [--rounds N]

Both programs of a pair are started once and asked in turn for the same row; who is first alternates. A ratio is
peer/Sable of one round, of processor times for one thread; medians over the rounds are reported. Needs a build with
-DSABLE_PEERS=ON; groups whose peer is not built are left out, and named. Results of earlier calls with the same --out
are kept for groups that are not measured again."""
import argparse
import datetime
import json
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

import cases
import tables
from servers import peer_server, sable_server, take_turns

# What a group without a peer compares with.
SELF = {"threads": "Sable on one thread", "copy": "Sable's copy of the same data"}
# Bits that Sable may be below the peer at a level before a comparison is objected to: the largest error of a product is
# the more random of the two, by more than a bit, so the median of several products counts.
PRECISION = {"precision_bits_max": 1.0, "precision_bits_mean": 0.5}
PRODUCTS = 3


def parameters(build, shape, folder):
    """The name of the shape's parameter set, or the file it was planned into."""
    options = cases.SETS[shape]
    if not options.startswith("--"):
        return options
    path = os.path.join(folder, shape + ".json")
    if not os.path.exists(path):
        command = [f"{build}/bin/sable", "params", "plan", "--quiet", "--name", shape, "--out", path]
        subprocess.run(command + options.split(), check=True, stdout=subprocess.DEVNULL)
    return path


def precision(server):
    """What the server tells of its precision, level by level the median of several runs."""
    runs = [server.ask("precision") for _ in range(PRODUCTS)]
    return {key: [statistics.median(bits) for bits in zip(*(run[key] for run in runs))] if key in PRECISION else value
            for key, value in runs[0].items()}


def side(row, bits, levels):
    """Security and precision of one side."""
    log_n = row["n"].bit_length() - 1
    result = {key: row[key] for key in ("log_q", "log_p", "log_pq", "digits", "scale_log2")}
    result.update({"log_n": log_n, "levels": levels, "bound_128": cases.BOUND[log_n], **bits})
    result["secure_128"] = math.ceil(row["log_pq"] - 0.005) <= cases.BOUND[log_n]
    return result


def objections(sable, peer):
    """Why Sable's side would have the lighter work or the weaker keys; empty: the comparison is fair to the peer."""
    found = [f"{name} is above the table's {s['bound_128']} bits" for name, s in (("Sable", sable), ("the peer", peer))
             if not s["secure_128"]]
    if sable["levels"] < peer["levels"]:
        found.append("Sable has fewer levels")
    if sable["log_q"] < peer["log_q"]:
        found.append("Sable's modulus is smaller")
    for key, tolerance in PRECISION.items():
        for level, (ours, theirs) in enumerate(zip(sable[key], peer[key]), start=1):
            if ours < theirs - tolerance:
                found.append(f"Sable is less precise at level {level} ({key} {ours:.1f} and {theirs:.1f})")
    return found


def busy(threads, loads):
    processors = len(os.sched_getaffinity(0))
    # What runs here counts as well: one process, or as many threads as it has.
    if threads > 1 and max(loads) > processors + 0.5:
        return [f"load average up to {max(loads):.1f} on {processors} processors: elapsed times of several threads say "
                "little"]
    return []


def pair_of(args, group, folder):
    """Sable, the other side, and name -> the row of each side."""
    params = parameters(args.build, group.shape, folder)
    sable = sable_server(args.build, params, group.threads, group.path)
    if group.peer == "copy":
        return sable, sable, {row: (row, copy) for row, copy in cases.COPY_ROW.items()}
    if group.peer == "threads":
        peer = sable_server(args.build, params, 1, group.path)
        names = [row for row in sable.ask("rows") if not any(re.match(r, row) for r in cases.NOT_FOR_THREADS)]
    else:
        peer = peer_server(args.build, group.peer, cases.PEERS[group.peer][group.shape])
        common = set(sable.ask("rows"))
        names = [row for row in peer.ask("rows") if cases.SABLE_ROW.get(row, row) in common]
    return sable, peer, {row: (cases.SABLE_ROW.get(row, row), row) for row in names if re.search(args.filter, row)}


def summary(name, row, pairs, clock, cost):
    """One row of the result from its pairs of answers."""
    costs = [[cost(answer, answer[clock]) for answer in pair] for pair in pairs]
    ratios = [peer / sable for sable, peer in costs]
    result = {"name": row, "batch": pairs[0][0]["batch"], "ratio": statistics.median(ratios),
              "ratio_min": min(ratios), "ratio_max": max(ratios), "sable_path": pairs[0][0]["path"],
              "least_ratio": cases.bar(cases.LEAST_RATIO, name, row), "most_us": cases.bar(cases.MOST_US, name, row)}
    if any(answer["keys"] for answer in pairs[0]):
        result["keys"] = [answer["keys"] for answer in pairs[0]]
        result["key_bytes"] = [answer["key_bytes"] for answer in pairs[0]]
    for i, who in enumerate(("sable", "peer")):
        result[f"{who}_us"] = statistics.median(pair[i][clock] for pair in pairs)
        result[f"{who}_cost"] = statistics.median(pair[i] for pair in costs)
        result[f"{who}_runs_us"] = [pair[i][clock] for pair in pairs]
        result[f"{who}_elapsed_us"] = [pair[i]["median_us"] for pair in pairs]
    return result


def measure(args, group, folder):
    name = cases.group_name(group)
    sable, peer, rows = pair_of(args, group, folder)
    try:
        if not rows:
            return None  # --filter leaves none of this group
        theirs = precision(peer) if group.peer in cases.PEERS else {}
        ours = precision(sable) if theirs else {}  # nothing is encrypted otherwise
        runs, loads = take_turns((sable, peer), rows, args.rounds or group.rounds, args.seconds, args.gap, name)
    finally:
        sable.close()
        if peer is not sable:
            peer.close()
    if not runs:
        raise RuntimeError(f"{name}: no row is left to measure")
    first = next(iter(runs.values()))[0]
    if group.path and first[0]["path"] != group.path:
        raise RuntimeError(f"{name}: Sable ran on the path {first[0]['path']}, not {group.path}")
    options = cases.SETS[group.shape]
    result = {"name": name, "shape": group.shape, "peer": first[1]["peer"] or SELF[group.peer],
              "threads": group.threads, "rounds": args.rounds or group.rounds, "cost": group.cost,
              "sable_params": options if not options.startswith("--") else f"{group.shape} (planned: {options})",
              "load_average_1min": [round(x, 2) for x in loads], "objections": busy(group.threads, loads)}
    if theirs:
        result["sable"] = side(first[0], ours, len(ours["precision_bits_max"]))  # one a level
        result["peer_side"] = side(first[1], theirs, cases.PEERS[group.peer][group.shape][1])
        result["objections"] += objections(result["sable"], result["peer_side"])
    # Processor time of one thread is not lengthened by other programs; elapsed time is, and that of longer rows more.
    clock = result["clock"] = "processor_us" if group.threads == 1 else "median_us"
    result["rows"] = [summary(name, row, pairs, clock, cases.COSTS[group.cost]) for row, pairs in runs.items()]
    return result


def machine(build):
    command = [f"{build}/bin/sable", "bench", "--params", "infer13", "--filter", "^add$", "--seconds", "0", "--json"]
    head = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {"cpu": head["cpu"], "cpus": len(os.sched_getaffinity(0)), "commit": head["commit"]}


def arguments():
    parser = argparse.ArgumentParser(description="Compares Sable with other libraries in alternating runs.")
    parser.add_argument("--build", default="build", help="build tree with SABLE_PEERS")
    parser.add_argument("--groups", metavar="REGEX", help="groups, such as openfhe/n16s50; default: see --list")
    parser.add_argument("--list", action="store_true", help="name all groups and measure nothing")
    parser.add_argument("--filter", default="", metavar="REGEX", help="only rows whose name matches")
    parser.add_argument("--rounds", type=int, help="rounds of every group; default: see cases.py")
    parser.add_argument("--seconds", type=float, default=0.2, help="time of a row in a round, at least 5 runs")
    parser.add_argument("--gap", type=float, default=0.2, help="seconds between two programs with several threads")
    parser.add_argument("--device", help="name of the machine in the result file; default: from the CPU's name")
    parser.add_argument("--out", help="result file; default: bench/results/<device>-peers-<date>.json")
    parser.add_argument("--report", metavar="FILE", help="print the tables of a result file and measure nothing")
    parser.add_argument("--docs", metavar="FILE", help="put the tables into this document as well: docs/PEERS.md")
    return parser.parse_args()


def chosen(args):
    """The groups to measure; those whose peer is not built are named."""
    for group in cases.GROUPS:
        name = cases.group_name(group)
        if not (re.search(args.groups, name) if args.groups else group.always):
            continue
        if group.peer in cases.PEERS and not os.path.exists(f"{args.build}/peers/peer_{group.peer}"):
            print(f"{name}: left out, {args.build} has no peer_{group.peer}")
            continue
        yield group


def in_order(groups):
    order = [cases.group_name(group) for group in cases.GROUPS]
    return sorted(groups, key=lambda group: order.index(group["name"]))


def publish(result, docs):
    text = tables.report(result)
    print(text)
    if docs:
        tables.update(docs, text)


def main():
    args = arguments()
    if args.list:
        for group in cases.GROUPS:
            print(cases.group_name(group) + ("" if group.always else " (only when named)"))
        return
    if args.report:
        with open(args.report, encoding="utf-8") as file:
            publish(json.load(file), args.docs)
        return
    head = machine(args.build)
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    slug = re.sub(r"[^a-z0-9]+", "-", head["cpu"].lower().replace("(r)", "")).strip("-")
    device = args.device or f"{slug}-{head['cpus']}cpu"
    results = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "results")
    out = args.out or os.path.join(results, f"{device}-peers-{date}.json")
    groups, failed = [], []
    if os.path.exists(out):
        with open(out, encoding="utf-8") as file:
            groups = json.load(file)["groups"]
    with tempfile.TemporaryDirectory() as folder:
        for group in chosen(args):
            start = time.monotonic()
            try:
                result = measure(args, group, folder)
            except RuntimeError as error:  # the other groups are worth having
                failed.append(f"{cases.group_name(group)}: {error}")
                continue
            if result is None:
                continue
            result["seconds"] = round(time.monotonic() - start)
            result["commit"] = head["commit"]
            groups = in_order([g for g in groups if g["name"] != result["name"]] + [result])
            with open(out, "w", encoding="utf-8") as file:
                json.dump({"device": device, **head, "date": date, "groups": groups}, file, indent=1)
                file.write("\n")
    if groups:
        publish({"device": device, **head, "date": date, "groups": groups}, args.docs)
    if failed:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    main()
