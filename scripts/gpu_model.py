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
    """What one launch does. cold: limbs that come from memory or go there, through the second-level cache; hot: limbs that an earlier
    launch left in that cache, or that a later one finds there."""

    name: str
    cold: float = 0
    hot: float = 0
    low: float = 0  # products, low half (and multiply-adds)
    wide: float = 0  # products of which the high half is needed
    other: float = 0  # other integer instructions

    def bound(self, device, n):
        limb = 4 * n
        multiply = self.low + self.wide * device.wide_cost
        return {
            "memory": self.cold * limb / device.memory,
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


def costs(low, wide, every, words):
    """Machine instructions of a kernel for `words` words of a thread (docs/GPU_KERNELS.md), per word."""
    return {"low": low / words, "wide": wide / words, "other": (every - low - wide) / words}


COLUMNS = costs(153, 74, 566, 16)  # forward_columns<8>
ROWS = costs(196, 125, 743, 16)  # forward_rows<false>
INVERSE = [costs(161, 74, 583, 16), costs(179, 132, 734, 16)]  # inverse_columns<8>, inverse_rows<false>
INVERSE_PRODUCT = costs(184, 169, 824, 16)  # inverse_rows<true>
ADD = costs(16, 15, 101, 4)  # binary_kernel<GPU_ADD>
TIMES = costs(16, 23, 116, 4)  # binary_kernel<GPU_MUL_MONT>
DOWN_ROWS = {False: costs(244, 167, 1099, 16), True: costs(304, 167, 1287, 16)}  # with an automorphism?
# In loops, so counted by hand. A conversion: a product a source and word, a load of a constant for four words; at the end the
# quotient's product, a Montgomery reduction, a store to shared memory.
CONVERT_SOURCE = dict(low=0, wide=1, other=0.3)
CONVERT_WORD = dict(low=1.5, wide=2, other=4)
# A digit in switch_rows: the rows' half, then two products and three 16-byte loads for four words; a word of the result: reductions.
INNER_DIGIT = dict(low=0.5, wide=2, other=3)
INNER_WORD = dict(low=2, wide=4, other=12)
# A word of a product of ciphertexts that switch_rows makes: four products, three reductions, three more that bring the factor in.
PRODUCT_WORD = dict(low=6, wide=13, other=12)
ROUND_BYTES = 32 << 20  # GPU_BEGUN_BYTES of kernels/tune.h


def total(*terms):
    """Sums (words, costs) pairs."""
    return {key: sum(words * cost[key] for words, cost in terms) for key in ("low", "wide", "other")}


def forward(s, polys):
    words = polys * s.n
    return [Kernel("columns", cold=polys, hot=polys, **total((words, COLUMNS))),
            Kernel("rows", cold=polys, hot=polys, **total((words, ROWS)))]


def inverse(s, polys, name):
    words = polys * s.n
    return [Kernel(f"{name}, rows", hot=2 * polys, **total((words, INVERSE[1]))),
            Kernel(f"{name}, columns", hot=2 * polys, **total((words, INVERSE[0])))]


def rounds(s, polys):
    """Limbs are begun and finished in rounds, so that what is begun stays in the second-level cache."""
    return max(1, -(-polys * s.n * 4 // ROUND_BYTES))


def key_switch(s, leaving=0, product=False, added=0):
    """leaving: limbs that begin their inverse transform here; product: of two ciphertexts; added: parts that are read and added."""
    b, l, d = s.batch, s.limbs, s.digits
    rows = l + s.special
    written = b * (d * rows - l)
    count = rounds(s, written)
    sources = b * sum(min(s.alpha, l - j * s.alpha) * (rows - min(s.alpha, l - j * s.alpha)) for j in range(d))
    begin = Kernel("digits: conversion and columns", hot=(written + 2 * b * l * count) / count,
                   **total((sources * s.n / count, CONVERT_SOURCE), (written * s.n / count, CONVERT_WORD),
                           (written * s.n / count, COLUMNS)))
    operands = b * l * (4 if product else added)
    finish = Kernel("digits: rows and product with the key", cold=(2 * d * rows + operands) / count,
                    hot=(written + b * ((0 if product else l) + 2 * rows)) / count,
                    **total((written * s.n / count, ROWS), (b * d * rows * s.n / count, INNER_DIGIT),
                            (2 * b * rows * s.n / count, INNER_WORD), (2 * b * leaving * s.n / count, INVERSE[1]),
                            (b * l * s.n / count if product else 0, PRODUCT_WORD)))
    rows_of_y, columns_of_y = inverse(s, b * l, "operand")
    rows_of_y.cold, rows_of_y.hot = b * l, b * l
    if product:
        rows_of_y = Kernel("product, rows", cold=2 * b * l, hot=b * l, **total((b * l * s.n, INVERSE_PRODUCT)))
    return [rows_of_y, columns_of_y] + [begin, finish] * count


def mod_down(s, out, dropped, permuted=False, began=False):
    """began: the inverse transforms of what is divided away have their rows behind them."""
    polys = 2 * s.batch
    begin = Kernel("division: conversion and columns", hot=polys * (dropped + out),
                   **total((polys * dropped * out * s.n, CONVERT_SOURCE), (polys * out * s.n, CONVERT_WORD),
                           (polys * out * s.n, COLUMNS)))
    finish = Kernel("division: rows and difference", hot=2 * polys * out, cold=polys * out, **total((polys * out * s.n, DOWN_ROWS[permuted])))
    return inverse(s, polys * dropped, "what is divided away")[1 if began else 0:] + [begin, finish]


def operations(s):
    b, l = s.batch, s.limbs
    found = {
        "ntt_forward, all limbs": forward(s, b * l),
        "add": [Kernel("add", cold=6 * b * l, **total((2 * b * l * s.n, ADD)))],
        "multiply_plain": [Kernel("multiply_plain", cold=5 * b * l, **total((2 * b * l * s.n, TIMES)))],
        "rotate": key_switch(s, s.special, added=1) + mod_down(s, l, s.special, True, True),
    }
    if s.below:
        dropped = l - s.below
        found["rescale"] = mod_down(s, s.below, dropped)
        leaving = s.special + dropped
        found["multiply_relin_rescale"] = key_switch(s, leaving, True) + mod_down(s, s.below, leaving, began=True)
        hoisted = 4
        digits = s.batch * s.digits * (l + s.special)
        inner = Kernel("products with four keys", cold=hoisted * 2 * s.digits * (l + s.special) + digits + b * l,
                       hot=hoisted * 2 * b * (l + s.special),
                       **total((hoisted * digits * s.n, INNER_DIGIT), (hoisted * 2 * b * (l + s.special) * s.n, INNER_WORD)))
        begin = key_switch(s)[2]
        found["rotate_hoisted, 4 steps"] = (inverse(s, b * l, "operand") + [begin] * rounds(s, b * (s.digits * (l + s.special) - l)) +
                                            forward(s, b * (s.digits * (l + s.special) - l))[1:] + [inner] +
                                            hoisted * mod_down(s, l, s.special, True))
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
    parser.add_argument("--graph", type=float, metavar="US", help="also what launching a graph saves, its nodes US microseconds apart")
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
    if options.graph is not None:
        print(f"\n| operation | launches | " + " | ".join(f"{d.name}: work, one by one, as a graph" for d in devices) + " |")
        print("| --- | ---: |" + " ---: |" * len(devices))
        for name, kernels in operations(s).items():
            cells = []
            for device in devices:
                work = sum(k.time(device, s.n)[0] for k in kernels) * 1e6
                apart = [work + len(kernels) * gap for gap in (device.launch * 1e6, options.graph)]
                cells.append(f"{work:.0f}, {apart[0]:.0f}, {apart[1]:.0f}")
            print(f"| {name} | {len(kernels)} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
