# SPDX-License-Identifier: Apache-2.0
"""Programs that answer one JSON line a request, and runs in which two of them take turns."""
import json
import os
import shutil
import subprocess
import sys
import time

# glibc otherwise returns each large vector to the system and faults it in again: OpenFHE's best case.
PEER_MALLOC = ("glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=4294967296:"
               "glibc.malloc.trim_threshold=17179869184:glibc.malloc.top_pad=268435456")


class Server:
    def __init__(self, command, threads, env):
        pin = []
        if shutil.which("taskset"):
            pin = ["taskset", "-c", ",".join(str(c) for c in sorted(os.sched_getaffinity(0))[:threads])]
        self.command, self.threads = command, threads
        self.process = subprocess.Popen(pin + command, env=dict(os.environ, OMP_NUM_THREADS=str(threads), **env),
                                        text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

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


def sable_server(build, params, threads, path=None):
    return Server([f"{build}/peers/sable_rows", params, str(threads)], threads, {"SABLE_CPU": path} if path else {})


def peer_server(build, peer, shape):
    log_n, levels, scale, first, digits = shape
    return Server([f"{build}/peers/peer_{peer}", "--log-n", str(log_n), "--levels", str(levels), "--scale-bits",
                   str(scale), "--first-bits", str(first), "--digits", str(digits), "--threads", "1"],
                  1, {"GLIBC_TUNABLES": PEER_MALLOC})


def take_turns(sides, rows, rounds, seconds, gap, what):
    """rows: name -> the row of each of the two sides. Returns name -> a pair of answers a round, without rows that the
    parameter set does not have, and load averages."""
    runs = {name: [] for name in rows}
    loads = []
    for number in range(rounds):
        loads.append(os.getloadavg()[0])
        for name, of_side in rows.items():
            pair = [None, None]
            for i in ((0, 1), (1, 0))[number % 2]:
                if max(side.threads for side in sides) > 1:
                    time.sleep(gap)  # threads of the other side go to sleep
                pair[i] = sides[i].ask(f"time {of_side[i]} {seconds}")
            if None not in pair:
                runs[name].append(pair)
        print(f"{what}: round {number + 1} of {rounds}", file=sys.stderr)
    return {name: pairs for name, pairs in runs.items() if pairs}, loads
