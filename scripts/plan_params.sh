#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Plans every shipped parameter set anew and writes it to params/ (or to the folder given): `git diff params` is then
# empty unless the planner or a recipe changed.
#   scripts/plan_params.sh [FOLDER]
folder=$(realpath "${1:-$(dirname "${BASH_SOURCE[0]}")/../params}")
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

tool=${SABLE_BIN:-build/bin/sable}
[ -x "$tool" ] || die "no $tool: build it first (scripts/run.sh or cmake --build --preset release --target sable_tool)"
for file in params/*.json; do
    name=$(basename "$file" .json)
    "$tool" params plan --recipe "$name" --out "$folder/$name.json" --quiet
    echo "$name" >&2
done
