# SPDX-License-Identifier: Apache-2.0
"""What compare.py measures: shapes, groups of rows, and the bars that figures are held to."""
import re
from collections import namedtuple

# Largest bit length of P*Q at 128 bits, uniform ternary secret, classical: the table of docs/PARAMETERS.md.
BOUND = {14: 430, 15: 868, 16: 1747}

# Sable's set: a name, or what `sable params plan` makes it from.
SETS = {
    "n14": "infer14",
    "n15": "train15",
    "n16": "train16",
    "n14s33": "--log-n 14 --base 10 --steps 6,7x2,6,10,6x3 --base-scale-log2 34 --alpha 3 --specials 3",
    "n15s36": "--log-n 15 --base 11 --steps 6,7,6,11,6x2,7,6,11,6x2,7,6,11,6x2 --base-scale-log2 36 --alpha 7 "
              "--specials 7",
    "n16s50": "--log-n 16 --base 12 --steps 10x23,18 --alpha 15 --specials 15",
    "infer13": "infer13",
}

# Per peer and shape: log_n, levels, bits of a scale prime, of the first one, digits.
OPENFHE = {"n14s33": (14, 8, 33, 44, 3), "n15s36": (15, 16, 36, 45, 3), "n16s50": (16, 24, 50, 60, 3),
           "n16": (16, 31, 40, 50, 4)}
PEERS = {
    "openfhe": OPENFHE,
    "openfhe_plain": OPENFHE,
    "seal": {"n14": (14, 7, 40, 50, 0), "n15": (15, 16, 40, 50, 0)},
    "ntl": {"n14": (14, 7, 40, 50, 0), "n15": (15, 16, 40, 50, 0), "n16": (16, 31, 40, 50, 0)},
    "hexl": {"n16s50": (16, 39, 50, 50, 0)},  # 40 primes just below 2^50, the largest that it multiplies with IFMA
}

# Groups beside those of a peer: `threads`, Sable on one thread in the place of the peer; `copy`, Sable's copy of the
# same bytes in the place of the peer, in the same process.
#
# threads: of Sable; path: Sable's vector code, None for the best; rows: of the peer's, a regular expression; cost: what
# is compared, see COSTS; always: part of a run without --groups.
Group = namedtuple("Group", "peer shape threads path rounds rows cost always", defaults=(1, None, 5, "", "us", True))

GROUPS = [
    Group("openfhe", "n14s33"),
    Group("openfhe", "n15s36"),
    Group("openfhe", "n16s50", rounds=3),
    Group("openfhe", "n16", rounds=3, always=False),
    Group("openfhe_plain", "n14s33", path="avx2"),
    Group("openfhe_plain", "n15s36", path="avx2", rounds=3),
    Group("openfhe_plain", "n16s50", path="avx2", rounds=3),
    Group("seal", "n14"),
    Group("seal", "n15"),
    Group("hexl", "n16s50", rounds=15, cost="us/bit"),
    Group("ntl", "n14", always=False),
    Group("ntl", "n15", always=False),
    Group("ntl", "n16", always=False),
    Group("threads", "n14s33", threads=2),
    Group("threads", "n15s36", threads=2),
    Group("threads", "n16s50", threads=2),
    Group("copy", "infer13", rounds=9),
    Group("copy", "infer13", threads=2, rounds=9),
]


def group_name(group):
    return f"{group.peer}/{group.shape}" + (f"/{group.threads}" if group.peer == "copy" else "")


# What the cost of a row is, from an answer and its time in microseconds. A ratio is peer's cost / Sable's.
COSTS = {
    "us": lambda answer, us: us,
    "us/bit": lambda answer, us: us / answer["row_bits"],
}

# A peer's row and Sable's for the same result, where the names differ. Sable decrypts a ciphertext of any level on the
# few primes that hold its values; a caller of the peers can get that by reducing the level first, which is not timed.
SABLE_ROW = {"decrypt_decode_low": "decrypt_decode"}
# Sable's row and the copy of what it reads.
COPY_ROW = {"infer_plain_weights": "copy_30", "infer_plain_weights_196": "copy_196"}
# Rows of `sable bench` that measure no operation or nothing that threads could share.
NOT_FOR_THREADS = ("copy_", "ntt_forward_1$", "ntt_forward_40")

# (group, row): the least ratio, as regular expressions that match whole names; the first that matches counts.
LEAST_RATIO = [
    ("openfhe/n16s50", "multiply_relin_rescale|rotate", 3.0),
    ("openfhe/n15s36", "multiply_relin_rescale|rotate", 2.5),
    ("openfhe/n14s33", "multiply_relin_rescale|rotate", 2.0),
    ("openfhe_plain/.*", ".*", 1.5),
    ("seal/.*", "encrypt_.*|decrypt_.*", 1.0),
    ("hexl/.*", "ntt_forward_40", 1.15),
    ("threads/.*", ".*", 1.7),
    ("copy/.*", ".*", 0.8),
]
MOST_US = [("hexl/.*", "ntt_forward_1", 85.0)]


def bar(table, group, row):
    """The bar of a row, or None."""
    for groups, rows, value in table:
        if re.fullmatch(groups, group) and re.fullmatch(rows, row):
            return value
    return None
