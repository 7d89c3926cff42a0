#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A kernel that refuses the permission for tile data (an old one, or a container's filter): path amx is not offered,
# ifma takes its place, and the results are the same. The refusal is made with a filter of system calls.
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"

paths() { json "$1" "' '.join(o['paths'])"; }
sable doctor --json >with.json
case " $(paths with.json) " in
*" ifma amx "*) ;;
*) echo "skipped: this machine runs no amx"; exit 77 ;;
esac

cat >without.py <<'PYTHON'
"""Runs a command whose arch_prctl(ARCH_REQ_XCOMP_PERM, ...) fails with EPERM; every other system call is allowed."""
import ctypes, os, struct, sys
SYS_ARCH_PRCTL, REQUEST, EPERM = 158, 0x1023, 1
NUMBER, FIRST_ARGUMENT = 0, 16  # offsets in struct seccomp_data
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
code = [(LOAD, 0, 0, NUMBER), (EQUAL, 0, 3, SYS_ARCH_PRCTL), (LOAD, 0, 0, FIRST_ARGUMENT), (EQUAL, 0, 1, REQUEST),
        (RETURN, 0, 0, ERRNO | EPERM), (RETURN, 0, 0, ALLOW)]
program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *c) for c in code))
filter_ = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(program)))
libc = ctypes.CDLL(None, use_errno=True)
NO_NEW_PRIVS, SECCOMP, FILTER = 38, 22, 2
for call in ((NO_NEW_PRIVS, 1, 0, 0, 0), (SECCOMP, FILTER, ctypes.byref(filter_), 0, 0)):
    if libc.prctl(*call) != 0:
        print(f"prctl {call[0]}: {os.strerror(ctypes.get_errno())}", file=sys.stderr)
        sys.exit(77)
assert libc.syscall(SYS_ARCH_PRCTL, REQUEST, 18) == -1 and ctypes.get_errno() == EPERM
os.execv(sys.argv[1], sys.argv[1:])
PYTHON
without() { python3 without.py "$SABLE_BIN" "$@"; }
status=0
without --version >/dev/null 2>err || status=$?
[ $status != 77 ] || { echo "skipped: no filter of system calls here: $(cat err)"; exit 77; }

without doctor --json >without.json
[ "$(paths without.json) amx" = "$(paths with.json)" ] || fail "paths: $(paths with.json); without: $(paths without.json)"
[ "$(json with.json "o['path']") $(json without.json "o['path']")" = "amx ifma" ] ||
    fail "best paths: $(json with.json "o['path']"), without: $(json without.json "o['path']")"

samples d 40 3 1
quietly sable fit --data d.csv --ignore name --label-column class --out m.json
quietly sable keygen --params infer13 --out ws --for infer --features 3 --encrypted-weights
quietly sable encrypt --keys ws --data d.csv --ignore name,class --model m.json --packing feature-major --out d.enc
quietly sable encrypt --keys ws --model-weights m.json --out m.enc
export SABLE_CPU=amx
refused 3 'cpu path "amx" is not available; this build on this processor offers portable, avx2, avx512, ifma' \
    without infer --keys ws --data d.enc --encrypted-model m.enc --out d.res
quietly sable infer --keys ws --data d.enc --encrypted-model m.enc --out with.res
unset SABLE_CPU
quietly without infer --keys ws --data d.enc --encrypted-model m.enc --out without.res
cmp with.res without.res || fail "results depend on the path"
echo "without the permission: $(json without.json "o['path']")"
