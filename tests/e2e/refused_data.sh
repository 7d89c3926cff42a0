#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Values and tables that are refused: status, sentence, and nothing written.
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"

samples good 40 4 1
quietly sable fit --data good.csv --ignore name --label-column class --out good.json
quietly sable keygen --params infer13 --out ws --for infer --features 4
quietly sable encrypt --keys ws --data good.csv --ignore name --label-column class --model good.json --out good.enc

encrypt() { refused "$1" "$2" sable encrypt --keys ws --data "$3" --out never.enc "${@:4}"; }
table() { printf '%b' "$1" >bad.csv; }

table ''
encrypt 1 'bad.csv' bad.csv
table 'a,b\n'
encrypt 1 'bad.csv' bad.csv
table 'a,b\n1,2\n3\n'
encrypt 1 'bad.csv:3' bad.csv
table 'a,b\n1,2\n3,4,5\n'
encrypt 1 'bad.csv:3' bad.csv
for value in nan inf -inf NaN 1e400 0x1p3 1_000 +- '' ' 1' '1;5' '"1' 'abc'; do
    table "a,b\n1,2\n3,$value\n"
    encrypt 1 'bad.csv:3' bad.csv
done
table 'a,b\n1,1e300\n'
encrypt 1 "sample 1, feature 2 'b' is 1e\+300; level 2 of infer13 holds" bad.csv
table 'a,b\n1,2\n-9,4\n'
encrypt 1 "sample 2, feature 1 'a' is -9, above the bound 8" bad.csv --bound 8
encrypt 1 'no_such' bad.csv --label-column no_such
encrypt 1 'has 2 features, the model good.json has 4' bad.csv --model good.json
encrypt 3 'missing.csv' missing.csv
encrypt 3 '' .
mkfifo pipe
encrypt 3 'pipe' pipe
printf '\x93NUMPY\x01\x00\x76\x00' >short.npy
encrypt 4 'short.npy' short.npy
printf '\x1f\x8b\x08\x00' >short.gz
encrypt 4 'short.gz' short.gz
table 'a,y\n1,red\n2,blue\n3,green\n'
encrypt 1 'green' bad.csv --label-column y --label-positive red
table 'a,y\n1,0.5\n2,1\n'
refused 1 'label 0.5 is no class' sable fit --data bad.csv --label-column y --out never.json

# Cells that a spreadsheet would run, and names with terminal codes, stay text.
printf 'a,who\n1,"=cmd()"\n2,\033[31mred\n' >text.csv
quietly sable encrypt --keys ws --data text.csv --id-column who --out text.enc
grep -q '^0,"=cmd()"' text.enc.rows.csv || fail "formula: $(cat text.enc.rows.csv)"
table 'a\033[31m\n1e300\n'
refused 1 'x1b' sable encrypt --keys ws --data bad.csv --out never.enc

# An underflow is a note, a byte order mark and CR LF are no error, and the locale does not matter.
printf '\xef\xbb\xbfa,b\r\n1,1e-400\r\n2,3\r\n' >odd.csv
says '1 values are too small' env LC_ALL=de_DE.UTF-8 "$SABLE_BIN" encrypt --keys ws --data odd.csv --out odd.enc

# ---- models ----
samples wide 10 6 1
quietly sable fit --data wide.csv --ignore name --label-column class --out wide.json
refused 1 'wide.json has 6 features, the data good.enc 4' sable infer --keys ws --data good.enc --model wide.json \
    --out never.res
sed 's/"bias": \[[^]]*\]/"bias": [1e999]/' good.json >bad.json
refused 4 'bad.json' sable infer --keys ws --data good.enc --model bad.json --out never.res
echo '{"format": "sable-model"' >bad.json
refused 4 'bad.json' sable infer --keys ws --data good.enc --model bad.json --out never.res
python3 - <<'PYTHON'
import json
m = json.load(open("good.json"))
m["weights"] = [[100.0] * 4]
json.dump(m, open("steep.json", "w"))
PYTHON
refused 1 'logits can reach' sable infer --keys ws --data good.enc --model steep.json --probabilities --degree 1 \
    --out never.res
refused 1 'takes [0-9]+ levels, the data are at level 2' sable infer --keys ws --data good.enc --model good.json \
    --probabilities --range 9 --out never.res
echo "all refused"
