#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the CUDA compiler makes of every kernel: registers, spills, shared memory, static counts of PTX and machine instructions.

  scripts/kernel_stats.py            compiles kernels/*.cu and prints the table
  scripts/kernel_stats.py --write    writes it to docs/GPU_KERNELS.md
  scripts/kernel_stats.py --check    fails on spills, on local memory, and on a table of the same compiler that differs
  scripts/kernel_stats.py --check --arch all
                                     the same for every architecture that the plug-in is built for; the table is of sm_90

Counts are static: an instruction inside a loop that is not unrolled counts once. IMAD.WIDE and IMAD.HI may take two issue slots
where IMAD takes one (docs/GPU_MODEL.md, models A and B).
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "GPU_KERNELS.md"
ARCH = "sm_90"
EVERY_ARCH = ["sm_80", "sm_90", "sm_100", "sm_120"]  # of cmake/SableCuda.cmake; a compiler may not know the last ones
# Files whose kernels may index arrays by run-time numbers, which puts them into local memory: none of them is hot.
LOCAL_ARRAYS = {"decode.cu"}
# Columns of PTX instructions: title, and the beginnings of the opcodes that count.
PTX_COLUMNS = [
    ("mul.lo", ("mul.lo.s32", "mul.lo.u32", "mad.lo.s32", "mad.lo.u32")),
    ("mul.hi", ("mul.hi.u32", "mul.hi.s32", "mad.hi.u32")),
    ("mul.wide", ("mul.wide.u32", "mad.wide.u32", "mul.wide.s32", "mad.wide.s32")),
    ("64-bit mul", ("mul.lo.s64", "mul.lo.u64", "mad.lo.s64", "mul.hi.u64", "div.u64", "rem.u64")),
    ("32-bit div", ("div.u32", "rem.u32", "div.s32", "rem.s32")),
]
# Columns of machine instructions: title, and the low nine bits of the opcode (the three above say where operands come from), found
# by compiling kernels of which the instructions are known (bench/gpu_probe.cu) for sm_90.
SASS_NOP = {0x118, 0x147}  # NOP and the endless branch that pad a kernel
SASS_COLUMNS = [
    ("IMAD", {0x24}),
    ("IMAD.WIDE, HI", {0x25, 0x27}),
    ("add, min, logic", {0x10, 0x36, 0x46, 0x48, 0x17, 0x12, 0x19, 0x11, 0x16, 0x07, 0x0C, 0x02}),
    ("LDG", {0x181}),
    ("STG", {0x186}),
    ("LDS", {0x184}),
    ("STS", {0x188}),
    ("BAR", {0x11D}),
]


def find_nvcc():
    named = os.environ.get("CUDACXX") or shutil.which("nvcc")
    for candidate in (named, "/usr/local/cuda/bin/nvcc"):
        if candidate and os.access(candidate, os.X_OK):
            return candidate
    return None


def demangle(names):
    """Short names: templates keep their arguments, namespaces and parameters go."""
    tool = shutil.which("c++filt")
    text = subprocess.run([tool], input="\n".join(names), capture_output=True, text=True, check=True).stdout if tool else ""
    short = {}
    for name, full in zip(names, text.splitlines() if tool else names):
        full = re.sub(r"^(void|static) ", "", full)
        full = re.sub(r"\(anonymous namespace\)::|_GLOBAL__N__\w+::", "", full)
        full = re.sub(r"\((?:gpu_\w+|bool|int|unsigned int)\)", "", full)
        depth = 0
        for at, sign in enumerate(full):
            depth += (sign == "<") - (sign == ">")
            if sign == "(" and depth == 0:
                full = full[:at]
                break
        short[name] = full
    return short


def count_ptx(text):
    """{kernel: Counter of columns} of one PTX file."""
    found = {}
    for match in re.finditer(r"\.entry (\w+)\(.*?\n\{(.*?)\n\}", text, re.DOTALL):
        counts = collections.Counter()
        for line in match.group(2).splitlines():
            opcode = re.match(r"\s+(?:@!?%p\d+ )?([a-z][\w.]*)", line)
            if opcode:
                counts.update(title for title, beginnings in PTX_COLUMNS if opcode.group(1).startswith(beginnings))
        found[match.group(1)] = counts
    return found


def count_sass(path):
    """{kernel: Counter of columns} of one cubin: an ELF file with a section .text.KERNEL of 16-byte instructions."""
    data = path.read_bytes()
    (table,) = struct.unpack_from("<Q", data, 0x28)
    size, count, names = struct.unpack_from("<HHH", data, 0x3A)
    headers = [struct.unpack_from("<IIQQQQIIQQ", data, table + i * size) for i in range(count)]
    found = {}
    for header in headers:
        start = headers[names][4] + header[0]
        name = data[start : data.index(b"\0", start)].decode()
        if not name.startswith(".text."):
            continue
        counts = collections.Counter()
        for at in range(header[4], header[4] + header[5], 16):
            opcode = struct.unpack_from("<H", data, at)[0] & 0x1FF
            if opcode in SASS_NOP:
                continue
            counts["all"] += 1
            counts.update(title for title, opcodes in SASS_COLUMNS if opcode in opcodes)
        found[name[len(".text.") :]] = counts
    return found


def read_ptxas(text):
    """{kernel: (registers, stack, spill stores, spill loads, shared bytes)} of what ptxas -v printed."""
    found = {}
    parts = re.split(r"Compiling entry function '(\w+)'[^\n]*\n", text)
    for name, body in zip(parts[1::2], parts[2::2]):
        frame = re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", body)
        registers = re.search(r"Used (\d+) registers", body)
        shared = re.search(r"(\d+) bytes smem", body)
        found[name] = (int(registers.group(1)), *(int(x) for x in frame.groups()), int(shared.group(1)) if shared else 0)
    return found


def compile_one(nvcc, source, folder, arch):
    common = [nvcc, f"-arch={arch}", "-std=c++17", "-O3", "--fmad=false", f"-I{ROOT}", f"-I{ROOT}/host", f"-I{ROOT}/include"]
    cccl = pathlib.Path(nvcc).resolve().parent.parent / "include" / "cccl"
    if cccl.is_dir():
        common.append(f"-I{cccl}")
    stem = folder / source.stem
    ptx = subprocess.run([*common, "-ptx", str(source), "-o", f"{stem}.ptx"], capture_output=True, text=True)
    if ptx.returncode:
        sys.exit(f"{source}: {ptx.stderr}")
    text = pathlib.Path(f"{stem}.ptx").read_text()
    if ".entry" not in text:
        return []
    ptxas = subprocess.run([str(pathlib.Path(nvcc).with_name("ptxas")), f"-arch={arch}", "-O3", "-v", f"{stem}.ptx", "-o", f"{stem}.cubin"],
                           capture_output=True, text=True)
    if ptxas.returncode:
        sys.exit(f"{source}: {ptxas.stderr}")
    used, counts = read_ptxas(ptxas.stderr), count_ptx(text)
    short = demangle(list(used))
    # Kernels of libraries (CUB) are theirs to count.
    sass = count_sass(pathlib.Path(f"{stem}.cubin"))
    return [(source.name, short[name], *used[name], counts[name], sass[name]) for name in used if "cub::" not in short[name]]


def render(rows, version):
    titles = ["file", "kernel", "registers", "spill bytes", "shared bytes"]
    titles += ["PTX " + title for title, _ in PTX_COLUMNS] + ["SASS"] + [title for title, _ in SASS_COLUMNS]
    lines = [
        "# Kernels as compiled",
        "",
        f"Made by `scripts/kernel_stats.py --write`: nvcc {version}, {ARCH}. Static counts of PTX and of machine instructions (SASS, from the opcode",
        "numbers in the compiled file); those of a loop that is not unrolled count once. Shared bytes are the static ones: dynamic shared",
        "memory is chosen at launch (kernels/tune.h).",
        "",
        "| " + " | ".join(titles) + " |",
        "|" + "|".join([" --- "] * 2 + [" ---: "] * (len(titles) - 2)) + "|",
    ]
    for name, kernel, registers, _stack, stores, loads, shared, ptx, sass in rows:
        cells = [name, f"`{kernel}`", registers, stores + loads, shared] + [ptx[title] for title, _ in PTX_COLUMNS]
        cells += [sass["all"]] + [sass[title] for title, _ in SASS_COLUMNS]
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"write {TABLE.relative_to(ROOT)}")
    parser.add_argument("--check", action="store_true", help="fail on spills and on a table that differs")
    parser.add_argument("--arch", nargs="+", default=[ARCH], metavar="sm_XX", help=f"architectures to look at, or all (default: {ARCH})")
    options = parser.parse_args()
    nvcc = find_nvcc()
    if not nvcc:
        print("kernel_stats: no nvcc found; nothing checked (set CUDACXX, or put nvcc on PATH)")
        return 77
    version = re.search(r"release [\d.]+, V([\d.]+)", subprocess.run([nvcc, "--version"], capture_output=True, text=True).stdout).group(1)
    sources = sorted((ROOT / "kernels").glob("*.cu"))
    known = subprocess.run([nvcc, "--list-gpu-code"], capture_output=True, text=True).stdout.split()
    archs = [arch for arch in EVERY_ARCH if arch in known] if options.arch == ["all"] else options.arch
    wrong = []
    for arch in archs:
        with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            rows = [row for found in pool.map(lambda s: compile_one(nvcc, s, pathlib.Path(folder), arch), sources)
                    for row in sorted(found, key=lambda r: r[1])]
        wrong += [f"{name}, {arch}: {kernel} spills {stores + loads} bytes, stack {stack} bytes"
                  for name, kernel, _registers, stack, stores, loads, *_ in rows
                  if stores or loads or (stack and name not in LOCAL_ARRAYS)]
        if arch != ARCH:
            continue
        text = render(rows, version)
        if options.write:
            TABLE.write_text(text)
        elif not options.check:
            print(text, end="")
        if options.check and TABLE.exists() and f"nvcc {version}," in TABLE.read_text() and TABLE.read_text() != text:
            wrong.append(f"{TABLE.relative_to(ROOT)} is not what the sources give: run scripts/kernel_stats.py --write")
    for line in wrong:
        print(line, file=sys.stderr)
    if options.check and not wrong:
        print(f"kernel_stats: {len(rows)} kernels, no spills for {' '.join(archs)} (nvcc {version})")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
