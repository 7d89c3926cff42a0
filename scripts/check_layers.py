#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the order of layers: a file under host/X includes Y/... only where Y is X, below X, or beside X.

Beside means the same rank; two layers of one rank must not include each other both ways. What may touch a secret key
(client) is known to client and tool alone. CUDA stays out of host/ and include/.
"""
import pathlib
import re
import sys

RANKS = [["base"], ["ring", "io"], ["backend"], ["cpu"], ["ckks"], ["boot"], ["circuit"], ["linalg"], ["logreg"],
         ["client"], ["tool"]]
RANK = {layer: rank for rank, layers in enumerate(RANKS) for layer in layers}
KNOWS_SECRETS = {"client", "tool"}
# Public headers that declare, or include, the secret side.
SECRET_HEADERS = {"sable/client.h", "sable/debug.h", "sable/sable.h"}
# Defines what the umbrella header itself declares: the version.
SEES_ALL = {"host/ckks/version.c"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
CUDA = re.compile(r"^(cuda|cufft|curand|cub/|thrust/|nvtx|nvToolsExt|driver_types|device_launch)", re.IGNORECASE)


def includes(path):
    text = path.read_text(encoding="utf-8")
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(1) == '"', match.group(2)


def check_host(root, path, edges):
    layer = path.relative_to(root / "host").parts[0]
    if layer not in RANK:
        return [(1, f"host/{layer} is no layer that scripts/check_layers.py knows")]
    found = []
    for line, quoted, name in includes(path):
        if CUDA.match(name):
            found.append((line, f"{name}: CUDA headers stay in kernels/"))
        elif name in SECRET_HEADERS and layer not in KNOWS_SECRETS and str(path.relative_to(root)) not in SEES_ALL:
            found.append((line, f"{name} shows the secret side: only client and tool include it"))
        elif name.startswith("sable/") or not quoted:
            continue
        elif "/" not in name:
            if not (name == "build_info.h" and layer == "tool"):
                found.append((line, f'"{name}": name the folder, as in "{layer}/{name}"'))
        else:
            target = name.split("/")[0]
            if target not in RANK:
                found.append((line, f"{name}: {target} is no layer"))
            elif target == "client" and layer not in KNOWS_SECRETS:
                found.append((line, f"{name}: only client and tool know client"))
            elif RANK[target] > RANK[layer]:
                found.append((line, f"{name}: {layer} stands below {target}"))
            elif target != layer and RANK[target] == RANK[layer]:
                edges.setdefault((layer, target), f"{path.relative_to(root)}:{line}")
    return found


def check_public(path):
    for line, quoted, name in includes(path):
        if CUDA.match(name):
            yield line, f"{name}: no CUDA in public headers"
        elif quoted and not name.startswith("sable/"):
            yield line, f"{name}: public headers include public headers only"


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    problems, edges = [], {}
    files = sorted(p for p in (root / "host").rglob("*") if p.suffix in (".c", ".h"))
    for path in files:
        problems += [(path, *found) for found in check_host(root, path, edges)]
    headers = sorted((root / "include").rglob("*.h"))
    for path in headers:
        problems += [(path, *found) for found in check_public(path)]
    for path, line, text in problems:
        print(f"{path.relative_to(root)}:{line}: {text}")
    cycles = [(a, b) for a, b in edges if a < b and (b, a) in edges]
    for a, b in cycles:
        print(f"{edges[a, b]}: {a} includes {b}, while {edges[b, a]} includes {a}: choose one direction")
    print(f"{len(files) + len(headers)} files, {len(problems) + len(cycles)} problems", file=sys.stderr)
    return 1 if problems or cycles else 0


if __name__ == "__main__":
    sys.exit(main())
