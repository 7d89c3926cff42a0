#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# All checks that need no execution: format, layers, sizes, static analysis. Runs every check and fails if one failed.
#   scripts/lint.sh         check
#   scripts/lint.sh --fix   format the sources in place first
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

git rev-parse --git-dir >/dev/null 2>&1 || die "lint.sh looks at tracked files: run it in a git checkout"
[ -f build/compile_commands.json ] || step "configure" cmake --preset test

failed=()
check() { # name, command...
    local name=$1 start=$SECONDS
    shift
    say "$name"
    "$@" || failed+=("$name")
    printf '    %s: %d s\n' "$name" $((SECONDS - start)) >&2
}

tracked() { git ls-files -z -- "$@" | while IFS= read -r -d '' file; do [ -f "$file" ] && printf '%s\0' "$file"; done; }
sources() { tracked '*.c' '*.h' '*.cc' '*.cu' '*.cuh'; }

# Names the files only: scripts/lint.sh --fix and git diff show the rest.
check_format() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    sources | xargs -0 -r -n 16 -P "$jobs" bash -c '
        status=0
        for file; do
            clang-format --dry-run -Werror "$file" 2>/dev/null || { echo "$file: not formatted" && status=1; }
        done
        exit $status' format
}

# A source that several targets compile is analysed once, with the flags of the first.
check_tidy() {
    mkdir -p build/lint
    python3 - <<'PYTHON'
import json, os
seen, kept = set(), []
for entry in json.load(open("build/compile_commands.json")):
    path = os.path.relpath(os.path.join(entry["directory"], entry["file"]))
    ours = path.endswith(".c") and path.split(os.sep)[0] in ("host", "examples") and os.path.exists(path)
    if ours and path not in seen:
        seen.add(path)
        kept.append(entry)
json.dump(kept, open("build/lint/compile_commands.json", "w"))
# The largest first: no long file is left over for the end.
open("build/lint/files", "w").write("".join(p + "\0" for p in sorted(seen, key=os.path.getsize, reverse=True)))
PYTHON
    xargs -0 -r -n 1 -P "$jobs" clang-tidy --quiet -p build/lint --warnings-as-errors='*' <build/lint/files \
        2> >(grep -v -E '^[0-9]+ warnings?( and [0-9]+ errors?)? generated|^Suppressed|^Use -header-filter' >&2)
}

# Without nvcc there is nothing to check (77).
check_kernels() {
    local status=0
    python3 scripts/kernel_stats.py --check || status=$?
    [ $status -eq 0 ] || [ $status -eq 77 ]
}

check_shell() {
    local status=0 file
    while IFS= read -r -d '' file; do bash -n "$file" || status=1; done < <(tracked '*.sh' .ci/run)
    return $status
}

if [ "${1:-}" = --fix ]; then
    sources | xargs -0 -r clang-format -i
elif [ -n "${1:-}" ]; then
    echo "usage: scripts/lint.sh [--fix]" >&2
    exit 2
fi

check "layers" python3 scripts/check_layers.py
check "sizes and words" python3 scripts/check_sizes.py
check "named proofs" python3 scripts/check_proofs.py
check "shell syntax" check_shell
check "format ($(clang-format --version | grep -o 'version [0-9.]*'))" check_format
check "clang-tidy" check_tidy
check "kernels as compiled" check_kernels

if [ ${#failed[@]} -gt 0 ]; then
    say "failed: ${failed[*]}"
    exit 1
fi
say "all checks passed ($SECONDS s)"
