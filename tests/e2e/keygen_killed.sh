#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A keygen that was killed: the next one replaces what it left, and nothing that is not its own.
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"

make=(keygen --params train15 --relin --out ws)
for _ in {1..30}; do # on a fast machine a run may end before it is seen
    rm -rf ws
    "$SABLE_BIN" "${make[@]}" >/dev/null 2>&1 &
    pid=$!
    until [ -e ws/public/public.key ] || ! kill -0 $pid 2>/dev/null; do sleep 0.001; done
    kill -KILL $pid 2>/dev/null || true
    wait $pid 2>/dev/null || true
    [ -e ws/secret/secret.key ] || break
done
[ -e ws/.sable-keygen ] && [ -e ws/public/public.key ] && [ ! -e ws/secret/secret.key ] ||
    fail "no half workspace: $(find ws)"
cp -r ws half

# Somebody is at it; a dry run counts it as free and leaves it.
(
    flock -x 9
    refused 3 'another process makes a workspace' sable "${make[@]}"
) 9<>ws/.sable-keygen
before=$(listing)
sable "${make[@]}" --dry-run >"$work.dry"
rm "$work.dry"
[ "$(listing)" = "$before" ] || fail "a dry run changed the half workspace"
old=$(sha256sum <ws/public/public.key)
quietly sable "${make[@]}"
[ "$(find ws -type f -printf '%P\n' | sort | tr '\n' ' ')" = "eval/keys.sable public/params.json public/public.key secret/secret.key " ] ||
    fail "the workspace is not whole: $(find ws)"
[ "$(sha256sum <ws/public/public.key)" != "$old" ] || fail "the public key is that of a lost secret"
printf '1,2\n3,4\n' >d.csv
quietly sable encrypt --keys ws --data d.csv --no-header --public --out d.enc
quietly sable decrypt --keys ws --data d.enc --out d.out.csv

# Smaller than before: what the killed one made and this one does not is gone too.
quietly sable keygen --params infer13 --no-public --out half
[ "$(find half -type f -printf '%P\n' | sort | tr '\n' ' ')" = "public/params.json secret/secret.key " ] ||
    fail "left of another workspace: $(find half)"

# Without the mark public files are somebody's; with a secret a workspace is whole, whatever the mark says.
mkdir -p given
cp -r ws/public given
refused 1 'exists: a workspace is never overwritten' sable keygen --params infer13 --out given
: >ws/.sable-keygen
refused 1 'exists: a workspace is never overwritten' sable "${make[@]}"

# Ended by a signal nothing is left.
for _ in {1..30}; do
    rm -rf new
    "$SABLE_BIN" keygen --params train15 --relin --out new >/dev/null 2>&1 &
    pid=$!
    until [ -e new/public/public.key ] || ! kill -0 $pid 2>/dev/null; do sleep 0.001; done
    kill -TERM $pid 2>/dev/null || true
    status=0
    wait $pid 2>/dev/null || status=$?
    [ $status = 0 ] || break
done
[ $status = 143 ] && [ ! -e new ] || fail "status $status after SIGTERM, left $(find new)"
echo "keygen_killed: all checks passed"
