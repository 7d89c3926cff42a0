#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Six minibatches of MNIST, 3 against 8, at full size: depths, weights of the twin, accuracy. Takes 5 GiB of memory. MNIST must be in $SABLE_DATA.
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"
[ -n "${SABLE_DATA:-}" ] || { echo "skipped: no SABLE_DATA"; exit 77; }

for circuit in "baseline:--circuit baseline:30" "folded:--circuit folded:24" "one chain:--circuit lowdepth:16" \
    "two chains:--circuit lowdepth --chains 2:16"; do
    IFS=: read -r name words depth <<<"$circuit"
    # shellcheck disable=SC2086 # several words
    sable train --data mnist-3v8 $words --json >report.json 2>/dev/null || fail "$name: $(cat report.json)"
    [ "$(json report.json "(o['depth'], o['passed'], o['max_weight_error'] < 1e-4, o['auroc'] >= 0.96,
        abs(o['accuracy'] - o['accuracy_twin']) <= 0.002)")" = "($depth, True, True, True, True)" ] ||
        fail "$name: $(cat report.json)"
    json report.json "('$name: %.2f s, %.2f s of processor time, %.2f s predicted, %d input bytes' % (o['seconds'],
        o['processor_seconds'], o['seconds_predicted'], o['input_bytes']))"
done
