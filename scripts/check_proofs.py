#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every row of docs/HIT_TABLE.md names a test that is there: `Suite.Test` of tests/, `e2e.NAME`, `examples.NAME`.

What a test proves is for readers; this only keeps the table from naming what was renamed or removed."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROWS = ([f"E{i}" for i in range(7)] + [f"V{i}" for i in range(1, 10)] + [f"P{i}" for i in range(1, 4)] +
        [f"L{i}" for i in range(1, 17)] + ["S1", "S2"] + [f"X{i}" for i in range(1, 5)])


def tests():
    """Names of all tests in the tree."""
    names = set()
    for path in (ROOT / "tests").rglob("*.cc"):
        for suite, test in re.findall(r"^TEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\)", path.read_text(), re.MULTILINE):
            names.add(f"{suite}.{test}")
    names |= {f"e2e.{path.stem}" for path in (ROOT / "tests/e2e").glob("*.sh")}
    names |= {f"examples.{path.stem}" for path in (ROOT / "examples").rglob("*.c")}
    return names


def main():
    known, found, errors = tests(), [], []
    for number, line in enumerate((ROOT / "docs/HIT_TABLE.md").read_text().splitlines(), 1):
        row = re.match(r"\| ([EVPLSX]\d+) \|", line)
        if not row:
            continue
        found.append(row[1])
        named = re.findall(r"`(\w+\.\w+)`", line.rsplit(" | ", 1)[1])
        errors += [f"line {number}, row {row[1]}: no test {name}" for name in named if name not in known]
        if not named:
            errors.append(f"line {number}, row {row[1]}: no test is named")
    errors += [f"row {name} is missing" for name in ROWS if name not in found]
    errors += [f"row {name} is there {found.count(name)} times" for name in sorted(set(found)) if found.count(name) > 1]
    for error in errors:
        print(f"docs/HIT_TABLE.md: {error}")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
