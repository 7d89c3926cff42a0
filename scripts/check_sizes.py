#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the tracked files: length of sources, build products, and words that do not belong in a public tree."""
import pathlib
import re
import subprocess
import sys

MOST_LINES, MANY_LINES = 800, 400
MOST_BYTES = 1 << 20  # outside data/
SOURCES = {".c", ".h", ".cc", ".cu", ".cuh", ".py", ".sh", ".cmake"}
PRODUCTS = {".o", ".a", ".so", ".obj", ".exe", ".pyc", ".gch", ".ptx", ".cubin", ".fatbin"}
MAGIC = (b"\x7fELF", b"!<arch>\n", b"MZ", b"\xca\xfe\xba\xbe")
# Written in pieces, so that this file passes its own check.
FORBIDDEN = [
    (re.compile(r"(?<![\w.}/~-])/(" + "wo" + "rk|ro" + r"ot)(?=/|\b(?![-\w]))"), "path of one machine"),
    (re.compile(r"\b(TO" + "DO|FIX" + "ME|XX" + r"X)\b"), "open end: finish it, or write down why it is left"),
]


def tracked(root):
    names = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True).stdout
    return [root / name for name in names.decode().split("\0") if name and (root / name).is_file()]


def check(root, path):
    """Yields (is_error, text)."""
    name = path.relative_to(root)
    content = path.read_bytes()
    if path.suffix in PRODUCTS or content.startswith(MAGIC):
        yield True, f"{name}: build products are not tracked"
        return
    if len(content) > MOST_BYTES and name.parts[0] != "data":
        yield True, f"{name}: {len(content)} bytes, at most {MOST_BYTES}"
    if b"\0" in content[:8192]:
        return
    try:
        lines = content.decode().splitlines()
    except UnicodeDecodeError:
        yield True, f"{name}: not UTF-8"
        return
    if path.suffix in SOURCES or path.name == "CMakeLists.txt":
        if len(lines) > MOST_LINES:
            yield True, f"{name}: {len(lines)} lines, at most {MOST_LINES}: split it"
        elif len(lines) > MANY_LINES:
            yield False, f"{name}: {len(lines)} lines, better under {MANY_LINES}"
    for number, line in enumerate(lines, 1):
        for pattern, why in FORBIDDEN:
            if match := pattern.search(line):
                yield True, f"{name}:{number}: \"{match.group(0)}\": {why}"


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    files = tracked(root)
    errors = 0
    for path in files:
        for is_error, text in check(root, path):
            errors += is_error
            print(("error: " if is_error else "warning: ") + text)
    print(f"{len(files)} files, {errors} errors", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
