#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Predicts the time of the GPU kernels and of whole operations from what they move and multiply (docs/GPU_MODEL.md).

  scripts/gpu_model.py                       tables for all devices, set A40 at the top level
  scripts/gpu_model.py --probe FILE.json     with the limits that bench/gpu_probe measured on a device
  scripts/gpu_model.py --params SET --level L --batch B

A kernel's time is the largest of: bytes of memory, bytes of the second-level cache, integer multiplications, other integer
instructions, instructions issued; kernels follow one another. Nothing here is measured unless --probe says so.
"""
import argparse
import dataclasses
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent


@dataclasses.dataclass
class Device:
    name: str
    multiprocessors: int
    ghz: float
    memory: float  # bytes/s of a copy
    cache: float  # bytes/s of the second-level cache
    cache_bytes: float
    multiplies: float = 64  # a clock and multiprocessor
    wide_cost: float = 1  # issue slots of mul.wide and mul.hi: 1 = model A, 2 = model B
    others: float = 64  # additions, minima, logic
    issue: float = 128
    launch: float = 2.0e-6  # from one kernel's end to the next one's start, in one stream

    def rate(self, per_clock):
        return self.multiprocessors * self.ghz * 1e9 * per_clock


# Clocks: boost. Copy bandwidth: 90 % of the data sheet where nobody measured (H200: 4.3e12 measured by others). Bandwidth of the
# second-level cache: assumptions, to be replaced by bench/gpu_probe.
DEVICES = [
    Device("H200", 132, 1.98, 4.3e12, 5.5e12, 50e6),
    Device("A100 80GB", 108, 1.41, 1.8e12, 4.0e12, 40e6),
    Device("L4", 58, 1.60, 0.27e12, 1.8e12, 48e6),
    Device("RTX 5090", 170, 2.41, 1.6e12, 8.0e12, 96e6),
]


@dataclasses.dataclass
class Kernel:
    """What one launch does. moves: limbs that go through the second-level cache; cold: those of them that come from or go to
    memory whatever the cache holds; hot: moved limbs that stay in the cache if it is large enough for them at once."""

    name: str
    cold: float = 0
    hot: float = 0
    low: float = 0  # products, low half (and multiply-adds)
    wide: float = 0  # products of which the high half is needed
    other: float = 0  # other integer instructions

    def bound(self, device, n):
        limb = 4 * n
        spill = self.hot if self.hot * limb > 0.7 * device.cache_bytes else 0
        multiply = self.low + self.wide * device.wide_cost
        return {
            "memory": (self.cold + spill) * limb / device.memory,
            "cache": (self.cold + self.hot) * limb / device.cache,
            "multiply": multiply / device.rate(device.multiplies),
            "add": self.other / device.rate(device.others),
            "issue": (self.low + self.wide + self.other) / device.rate(device.issue),
        }

    def time(self, device, n):
        bounds = self.bound(device, n)
        return max(bounds.values()), max(bounds, key=bounds.get)


@dataclasses.dataclass
class Shape:
    n: int
    log_n: int
    limbs: int  # of the level
    below: int  # of the level below
    special: int
    alpha: int
    digits: int
    batch: int

    @classmethod
    def of(cls, name, level, batch):
        params = json.loads((ROOT / "params" / f"{name}.json").read_text())
        counts = [sum(pair) for pair in params["levels"]]
        level = len(counts) - 1 if level is None else level
        # The window's first position is the number of terminals that it lacks.
        terminals = len(params["terminals"])
        first = terminals - params["levels"][level][0]
        digits = (first + counts[level] - 1) // params["alpha"] - first // params["alpha"] + 1
        return cls(1 << params["log_n"], params["log_n"], counts[level], counts[level - 1] if level else 0,
                   len(params["specials"]), params["alpha"], digits, batch)


# Instructions per word, from the compiled kernels (docs/GPU_KERNELS.md): products as above.
BUTTERFLY = dict(low=2.0, wide=1.0, other=3.8)  # Shoup; for two words
MONTGOMERY = dict(low=1.0, wide=2.0, other=2.0)
MAC = dict(low=0, wide=1, other=0.3)  # 64-bit accumulation, a share of the folds
REDUCE = dict(low=2, wide=4, other=6)  # 64-bit sum to a residue


def scaled(*terms):
    """Sums (factor, costs) pairs."""
    return {key: sum(factor * cost[key] for factor, cost in terms) for key in ("low", "wide", "other")}


def transform(s, polys, more=()):
    """Instructions of `polys` transforms: butterflies, one product a word between the two phases, addresses and exchanges."""
    n = s.n
    return scaled((polys * n / 2 * s.log_n, BUTTERFLY), (polys * n, MONTGOMERY), (polys * n, dict(low=1, wide=0, other=6)),
                  *[(f * n, c) for f, c in more])


def ntt(s, polys, name="transforms"):
    return [Kernel(f"{name}, columns", cold=polys, hot=polys, **{k: v / 2 for k, v in transform(s, polys).items()}),
            Kernel(f"{name}, rows", hot=polys, cold=polys, **{k: v / 2 for k, v in transform(s, polys).items()})]


def convert_begin(s, sources, written, macs, name):
    """Base conversion and the columns of the transforms of what it gives."""
    half = {k: v / 2 for k, v in transform(s, written).items()}
    products = scaled((macs * s.n, MAC), (written * s.n, REDUCE))
    return Kernel(name, hot=sources + written, **{k: half[k] + products[k] for k in half})


def key_switch(s):
    b, l, k, d = s.batch, s.limbs, s.special, s.digits
    rows = l + k
    written = d * rows - l
    begin = convert_begin(s, b * 2 * l, b * written, b * sum(min(s.alpha, l) * (rows - s.alpha) for _ in range(d)),
                          "digits: conversion, columns")
    half = {key: v / 2 for key, v in transform(s, b * written).items()}
    product = scaled((b * 2 * d * rows * s.n, MAC), (b * 2 * rows * s.n, MONTGOMERY))
    inner = Kernel("digits: rows, product with the key", cold=2 * d * rows, hot=b * (written + l + 2 * rows),
                   **{key: half[key] + product[key] for key in half})
    return ntt(s, b * l, "inverse of the operand") + [begin, inner]


def mod_down(s, out, dropped):
    b = 2 * s.batch
    begin = convert_begin(s, b * dropped, b * out, b * dropped * out, "division: conversion, columns")
    half = {k: v / 2 for k, v in transform(s, b * out, [(2 * b * out, MONTGOMERY)]).items()}
    rows = Kernel("division: rows, difference", hot=2 * b * out, cold=b * out, **half)
    return ntt(s, b * dropped, "inverse of what is divided away") + [begin, rows]


def operations(s):
    b = s.batch
    tensor = Kernel("tensor", cold=b * 7 * s.limbs, **scaled((4 * b * s.limbs * s.n, MAC), (3 * b * s.limbs * s.n, REDUCE)))
    rotate = key_switch(s) + mod_down(s, s.limbs, s.special)
    found = {
        "ntt_forward, all limbs": ntt(s, b * s.limbs),
        "add": [Kernel("add", cold=6 * b * s.limbs, other=2 * b * s.limbs * s.n * 3)],
        "multiply_plain": [Kernel("multiply_plain", cold=5 * b * s.limbs, **scaled((2 * b * s.limbs * s.n, MONTGOMERY)))],
        "rotate": rotate,
    }
    if s.below:
        dropped = s.limbs - s.below
        found["rescale"] = mod_down(s, s.below, dropped)
        found["multiply_relin_rescale"] = [tensor] + key_switch(s) + mod_down(s, s.below, s.special + dropped)
    return found


def with_probe(path):
    p = json.loads(pathlib.Path(path).read_text())
    clock = p["clock_mhz"] / 1e3
    return Device(p["device"] + " (probed)", p["multiprocessors"], clock, p["copy_gb_per_s"] * 1e9, p["l2_read_gb_per_s"] * 1e9,
                  p["l2_bytes"], p["mul_lo_per_clock_and_sm"], max(1, p["mul_lo_per_s"] / p["mul_hi_per_s"]),
                  launch=p["graph_node_us"] * 1e-6)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--params", default="A40")
    parser.add_argument("--level", type=int)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--probe", help="JSON of bench/gpu_probe")
    parser.add_argument("--detail", help="also every kernel of this operation")
    options = parser.parse_args()
    s = Shape.of(options.params, options.level, options.batch)
    devices = [with_probe(options.probe)] if options.probe else DEVICES
    print(f"{options.params}: N = {s.n}, {s.limbs} + {s.special} limbs, {s.digits} digits of {s.alpha}, batch {s.batch}; microseconds; model A (B)\n")
    print("| operation | MB moved | 10^6 products (wide) | " + " | ".join(d.name for d in devices) + " |")
    print("| --- | ---: | ---: |" + " ---: |" * len(devices))
    for name, kernels in operations(s).items():
        cells = []
        for device in devices:
            slow = dataclasses.replace(device, wide_cost=2)
            a = sum(k.time(device, s.n)[0] + device.launch for k in kernels) * 1e6
            b = sum(k.time(slow, s.n)[0] + slow.launch for k in kernels) * 1e6
            binds = [k.time(slow, s.n)[1] for k in kernels]
            most = max(set(binds), key=lambda w: sum(k.time(slow, s.n)[0] for k in kernels if k.time(slow, s.n)[1] == w))
            cells.append(f"{a:.0f} ({b:.0f}), {most}")
        moved = sum(k.cold + k.hot for k in kernels) * 4 * s.n / 1e6
        products = sum(k.low + k.wide for k in kernels) / 1e6
        wide = sum(k.wide for k in kernels) / 1e6
        print(f"| {name} | {moved:.0f} | {products:.0f} ({wide:.0f}) | " + " | ".join(cells) + " |")
    if options.detail:
        print(f"\n| kernel of {options.detail} | " + " | ".join(f"{d.name}: memory, cache, multiply, add, issue" for d in devices) + " |")
        print("| --- |" + " --- |" * len(devices))
        for kernel in operations(s)[options.detail]:
            print(f"| {kernel.name} | " + " | ".join(", ".join(f"{v * 1e6:.1f}" for v in kernel.bound(d, s.n).values()) for d in devices) + " |")


if __name__ == "__main__":
    main()
