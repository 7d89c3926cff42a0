#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The planner makes exactly the files that are shipped, from recipes and from the command line.
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"

mkdir planned
bash "$SABLE_SOURCE_DIR/scripts/plan_params.sh" planned 2>/dev/null
for file in "$SABLE_SOURCE_DIR"/params/*.json; do
    cmp "$file" "planned/$(basename "$file")" || fail "$(basename "$file") is not what its recipe gives"
done
[ "$(find planned -type f | wc -l)" = "$(find "$SABLE_SOURCE_DIR/params" -name '*.json' | wc -l)" ] ||
    fail "$(ls planned)"

plan() {
    quietly sable params plan --name "$1" --out plan.json "${@:2}"
    cmp plan.json "$SABLE_SOURCE_DIR/params/$1.json" || fail "$1 from flags"
}
plan infer13 --log-n 13 --steps 8,10 --alpha 1 --specials 2
plan infer14 --log-n 14 --steps 8x6,10 --alpha 2 --specials 3
plan train15 --log-n 15 --steps 8x15,10 --alpha 4 --specials 5
plan A40 --log-n 16 --steps 8x12 --stc 8x3 --em 59.64x8 --cts tm,tm,m2,m2 --alpha 12 --specials 13
plan T10 --allow-insecure --log-n 10 --steps 8x3 --stc 8x2 --em 59.64x7 --cts m2,m2 --alpha 7 --specials 8
refused 1 '1026 bits|INSECURE|insecure|security' sable params plan --name T10 --out never.json --log-n 10 \
    --steps 8x3 --stc 8x2 --em 59.64x7 --cts m2,m2 --alpha 7 --specials 8
refused 1 '' sable params plan --name big --out never.json --log-n 13 --steps 8x6,10 --alpha 1 --specials 2

# A planned set works like a shipped one, and files made with it are told from others.
quietly sable params plan --name mine --log-n 14 --steps 8,10 --alpha 1 --specials 2 --out mine.json
samples d 30 3 1
quietly sable fit --data d.csv --ignore name --label-column class --out m.json
quietly sable keygen --params ./mine.json --out ws --for infer --features 3
quietly sable encrypt --keys ws --data d.csv --ignore name,class --model m.json --out d.enc
quietly sable infer --keys ws --data d.enc --model m.json --out d.res
quietly sable decrypt --keys ws --data d.res --out d.out.csv
same_as_clear m.json d.csv d.out.csv logit 1e-4
refused 1 'no shipped set' sable infer --data d.enc --model m.json --out never.res
says 'not a shipped set' sable inspect d.enc
says 'made with ./mine.json: yes' sable inspect d.enc --params ./mine.json
refused 4 'made with parameters' sable inspect d.enc --params infer13 --quiet
