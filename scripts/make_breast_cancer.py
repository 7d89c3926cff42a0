#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Derives data/breast_cancer.csv from the copy of the data set in scikit-learn (Debian: python3-sklearn).

usage: scripts/make_breast_cancer.py [SOURCE [TARGET]]

SOURCE is sklearn/datasets/data/breast_cancer.csv, looked up where Python packages lie when it is not given. Its first
line holds "569,30,malignant,benign", every other line 30 features and the class, 0 for malignant. The numbers are
copied as they are written; the columns get names, samples a running number, and malignant becomes 1.
"""
import csv
import hashlib
import io
import pathlib
import sys

PROJECT = pathlib.Path(__file__).resolve().parent.parent
CHARACTERISTICS = ["radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity",
                   "concave_points", "symmetry", "fractal_dimension"]
NAMES = [f"{name}_{statistic}" for statistic in ("mean", "se", "worst") for name in CHARACTERISTICS]


def find_source():
    folders = [pathlib.Path(folder) for folder in sys.path if folder] + [pathlib.Path("/usr/lib/python3/dist-packages")]
    for folder in folders:
        path = folder / "sklearn/datasets/data/breast_cancer.csv"
        if path.is_file():
            return path
    sys.exit("error: sklearn/datasets/data/breast_cancer.csv not found: install python3-sklearn, or name the file")


def derive(source):
    rows = list(csv.reader(source.read_text(encoding="ascii").splitlines()))
    if rows[0] != ["569", "30", "malignant", "benign"]:
        sys.exit(f"error: {source}: the first line is {rows[0]}, expected 569,30,malignant,benign")
    samples = rows[1:]
    malignant = sum(row[-1] == "0" for row in samples)
    if len(samples) != 569 or any(len(row) != 31 or row[-1] not in ("0", "1") for row in samples) or malignant != 212:
        sys.exit(f"error: {source}: {len(samples)} samples, {malignant} malignant; expected 569 of 31 columns, 212")
    for row in samples:
        for value in row[:-1]:
            float(value)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", *NAMES, "diagnosis"])
    for number, row in enumerate(samples, 1):
        writer.writerow([number, *row[:-1], 1 - int(row[-1])])
    return out.getvalue().encode("ascii")


def main():
    if len(sys.argv) > 3 or any(word.startswith("-") for word in sys.argv[1:]):
        sys.exit(__doc__)
    source = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else find_source()
    target = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else PROJECT / "data/breast_cancer.csv"
    text = derive(source)
    target.write_bytes(text)
    print(f"{hashlib.sha256(text).hexdigest()}  {target.name}")


if __name__ == "__main__":
    main()
