# SPDX-License-Identifier: Apache-2.0
"""Prints the groups of a result file as the tables of docs/PEERS.md."""
import re

# Columns of groups whose other side is no peer.
OTHER = {"threads": "1 thread", "copy": "copy"}

BEGIN, END = "<!-- peers:begin -->", "<!-- peers:end -->"


def time_text(us):
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if us >= size:
            return f"{us / size:.3g} {unit}"
    return f"{us:.1f} us" if us < 10 else f"{us:.0f} us"


def figure_text(row, side, cost):
    per = row[side + "_cost"]
    return time_text(row[side + "_us"]) + {"us": "", "us/bit": f", {per:.2f} us/bit"}[cost]


def bar_of(row):
    """The bar of a row as text, and whether it is held; None without one."""
    if row["least_ratio"] is not None:
        return f"{row['least_ratio']:.2f}", row["ratio"] >= row["least_ratio"]
    if row["most_us"] is not None:
        return f"at most {row['most_us']:.0f} us", row["sable_us"] <= row["most_us"]
    return None


def bar_text(row):
    bar = bar_of(row)
    return "" if bar is None else bar[0] if bar[1] else bar[0] + ", missed"


def head_lines(result):
    loads = [x for group in result["groups"] for x in group["load_average_1min"]]
    commits = ", ".join(sorted({group["commit"] for group in result["groups"]}))
    return [f"Device: {result['device']}, {result['cpu']}, {result['cpus']} processors; {result['date']}; Sable commit "
            f"{commits}; load average {min(loads):.2f} to {max(loads):.2f}."]


def shape_lines(groups):
    """Parameters and precision (bits of the largest error, at the top level / at level 1 / at the worst level)."""
    lines = ["### Parameters and precision", "",
             "| group | side | levels | log Q | log PQ | digits | scale at level 1 | precision: top / level 1 / least |",
             "|---|---|---:|---:|---:|---:|---:|---|"]
    for group in groups:
        for name, side in ((group["sable_params"].split()[0], "sable"), (group["peer"], "peer_side")):
            if side not in group:
                continue
            s = group[side]
            bits = s["precision_bits_max"]
            lines.append(f"| {group['name']} | {name} | {s['levels']} | {s['log_q']:.0f} | {s['log_pq']:.0f} | "
                         f"{s['digits']} | {s['scale_log2']:.1f} | {bits[-1]:.1f} / {bits[0]:.1f} / {min(bits):.1f} |")
    return lines


def group_lines(group):
    """One table: times, ratios (median, least, largest), bars."""
    plural = "s" if group["threads"] > 1 else ""
    loads = group["load_average_1min"]
    other = OTHER.get(group["name"].split("/")[0], "peer")
    lines = [f"### {group['name']}: {group['peer']}, {group['threads']} thread{plural}", "",
             f"{group['rounds']} rounds, path {group['rows'][0]['sable_path']}, load average {min(loads):.2f} to "
             f"{max(loads):.2f}."]
    lines += [f"No claim: {text}." for text in group["objections"]]
    bars = any(bar_of(row) for row in group["rows"])
    lines += ["", f"| row | Sable | {other} | {other} / Sable |" + (" bar |" if bars else ""),
              "|---|---:|---:|---:|" + ("---:|" if bars else "")]
    for row in group["rows"]:
        lines.append(f"| `{row['name']}` | {figure_text(row, 'sable', group['cost'])} | "
                     f"{figure_text(row, 'peer', group['cost'])} | "
                     f"{row['ratio']:.2f} ({row['ratio_min']:.2f}..{row['ratio_max']:.2f}) |" +
                     (f" {bar_text(row)} |" if bars else ""))
    return lines


def bar_lines(groups):
    """All bars in one place: how many are held, which are missed. Groups with an objection make no claim."""
    rows = [(group, row) for group in groups if not group["objections"] for row in group["rows"] if bar_of(row)]
    missed = [(group, row) for group, row in rows if not bar_of(row)[1]]
    lines = [f"{len(rows) - len(missed)} of {len(rows)} bars are held."]
    for group, row in missed:
        lines.append(f"Missed: {group['name']} `{row['name']}`, ratio {row['ratio']:.2f}, Sable "
                     f"{time_text(row['sable_us'])}, bar {bar_of(row)[0]}.")
    lines += [f"No claim: {group['name']}, {text}." for group in groups for text in group["objections"]]
    return lines


def report(result):
    groups = result["groups"]
    parts = [head_lines(result), bar_lines(groups), shape_lines(groups)] + [group_lines(group) for group in groups]
    return "\n\n".join("\n".join(part) for part in parts if part)


def update(path, text):
    """Puts a report between the marks of a document."""
    with open(path, encoding="utf-8") as file:
        old = file.read()
    if old.count(BEGIN) != 1 or old.count(END) != 1:
        raise RuntimeError(f"{path}: needs one line {BEGIN} and one line {END}")
    new = re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{text}\n{END}", old, flags=re.DOTALL)
    with open(path, "w", encoding="utf-8") as file:
        file.write(new)
