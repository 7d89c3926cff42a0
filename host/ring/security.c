/* SPDX-License-Identifier: Apache-2.0 */
#include "ring/security.h"

#include <stddef.h>

#include "base/fail.h"

enum { FIRST_LOG_N = 10, LAST_LOG_N = 17, ROWS = LAST_LOG_N - FIRST_LOG_N + 1 };

/* Columns: 128, 192, 256 bits. 0: not published. */
/* Bossuat et al., IACR CiC 1(4):26 (ePrint 2024/463), table 5.2, uniform ternary, classical; read in the paper's own
 * checker (RNS-CKKS-examples/lattigo/parameters/tables.go). */
static const uint16_t classical_2024[ROWS][3] = {
    {26, 0, 0},      {53, 36, 27},    {106, 73, 56},     {214, 147, 114},
    {430, 297, 230}, {868, 597, 462}, {1747, 1199, 929}, {3523, 2411, 1866},
};
/* The same authors' script max_logQ_tables.py, cost model ChaLoy21. */
static const uint16_t quantum_2024[ROWS][3] = {
    {25, 0, 0},      {50, 34, 26},    {101, 69, 53},     {203, 140, 108},
    {409, 283, 219}, {825, 570, 442}, {1663, 1145, 888}, {3348, 2301, 1784},
};
/* HomomorphicEncryption.org standard, 2018; it ends at N = 2^15. */
static const uint16_t quantum_2018[ROWS][3] = {
    {25, 17, 13}, {51, 35, 27}, {101, 70, 54}, {202, 141, 109}, {411, 284, 220}, {827, 571, 443}, {0, 0, 0}, {0, 0, 0},
};

uint32_t sable_security_bound(uint32_t log_n, uint32_t security_bits, sable_security_model model) {
    if (log_n < FIRST_LOG_N || log_n > LAST_LOG_N) return 0;
    if (security_bits != 128 && security_bits != 192 && security_bits != 256) return 0;
    uint32_t row = log_n - FIRST_LOG_N, column = security_bits / 64 - 2;
    if (model == SABLE_MODEL_CLASSICAL) return classical_2024[row][column];
    uint32_t newer = quantum_2024[row][column], older = quantum_2018[row][column];
    return newer && older && older < newer ? older : newer;
}

const char *sable_security_table(sable_security_model model) {
    return model == SABLE_MODEL_CLASSICAL
               ? "Bossuat et al., IACR CiC 1(4):26, table 5.2, uniform ternary, classical"
               : "lower of HE standard 2018 and Bossuat et al. 2024 (script), uniform ternary, quantum";
}

/* Sparse main secrets: largest modulus at which an estimate of our design notes still gives 134 bits, which is no
 * looser than Lattigo's practice. N = 2^15, 2^16, 2^17. */
static uint32_t sparse_bound(uint32_t log_n, uint32_t weight) {
    static const struct {
        uint32_t weight;
        uint16_t bits[3];
    } row[] = {{256, {794, 1600, 3236}}, {192, {768, 1553, 3151}}, {64, {509, 1060, 2208}}, {32, {183, 404, 885}}};
    if (log_n < 15 || log_n > 17) return 0;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        if (weight >= row[i].weight) return row[i].bits[log_n - 15];
    return 0;
}

static sable_status check_ternary(const sable_security_query *q, uint32_t *bound, sable_error *err) {
    *bound = sable_security_bound(q->log_n, q->security_bits, q->model);
    if (*bound == 0)
        return sable_fail(err, SABLE_INSECURE,
                          "no security table has an entry for %u bits at N = 2^%u (%s): use 128 bits or a larger N",
                          q->security_bits, q->log_n, sable_security_table(q->model));
    if (q->modulus_bits > *bound)
        return sable_fail(
            err, SABLE_INSECURE,
            "the product of all primes has %u bits, %u more than the %u that %u-bit security allows at N = 2^%u (%s): "
            "drop primes or take a larger N",
            q->modulus_bits, q->modulus_bits - *bound, *bound, q->security_bits, q->log_n,
            sable_security_table(q->model));
    return SABLE_OK;
}

static sable_status check_ephemeral(const sable_security_query *q, uint32_t *bound, sable_error *err) {
    *bound = 0;
    if (q->security_bits != 128 || q->model != SABLE_MODEL_CLASSICAL)
        return sable_fail(err, SABLE_INSECURE,
                          "no bound is known for keys under the ephemeral sparse secret at %u bits%s: only 128 bits "
                          "classical is supported",
                          q->security_bits, q->model == SABLE_MODEL_PQ ? " post-quantum" : "");
    if (q->weight < SABLE_EPHEMERAL_MIN_WEIGHT || q->log_n < SABLE_EPHEMERAL_MIN_LOG_N ||
        q->weight > 1u << (q->log_n - 1))
        return sable_fail(err, SABLE_INSECURE,
                          "an ephemeral secret of weight %u at N = 2^%u is outside what is known to be safe: "
                          "weight %u..N/2 and N >= 2^%u are needed",
                          q->weight, q->log_n, SABLE_EPHEMERAL_MIN_WEIGHT, SABLE_EPHEMERAL_MIN_LOG_N);
    *bound = SABLE_EPHEMERAL_MODULUS_BITS;
    if (q->modulus_bits > *bound)
        return sable_fail(err, SABLE_INSECURE,
                          "a key under the ephemeral secret of weight %u has a modulus of %u bits, more than the %u "
                          "allowed: it must not be "
                          "made at a higher level than the base",
                          q->weight, q->modulus_bits, *bound);
    return SABLE_OK;
}

static sable_status check_sparse(const sable_security_query *q, uint32_t *bound, sable_error *err) {
    *bound = 0;
    if (!q->allow_sparse_main)
        return sable_fail(
            err, SABLE_INSECURE,
            "a sparse main secret (weight %u) is not covered by any published table: use a uniform ternary secret",
            q->weight);
    if (q->security_bits == 128 && q->model == SABLE_MODEL_CLASSICAL && q->weight <= 1u << (q->log_n - 1))
        *bound = sparse_bound(q->log_n, q->weight);
    if (q->modulus_bits > *bound)
        return sable_fail(err, SABLE_INSECURE,
                          "a main secret of weight %u at N = 2^%u allows a modulus of %u bits at 128 bits classical; "
                          "%u bits at security %u "
                          "were asked for",
                          q->weight, q->log_n, *bound, q->modulus_bits, q->security_bits);
    return SABLE_OK;
}

sable_status sable_security_check(const sable_security_query *query, uint32_t *bound, sable_error *err) {
    uint32_t unused;
    if (!bound) bound = &unused;
    *bound = 0;
    if (query->log_n < FIRST_LOG_N || query->log_n > LAST_LOG_N)
        return sable_fail(err, SABLE_INSECURE, "N = 2^%u is outside every security table (2^%d..2^%d)", query->log_n,
                          FIRST_LOG_N, LAST_LOG_N);
    switch (query->secret) {
    case SABLE_SECRET_TERNARY: return check_ternary(query, bound, err);
    case SABLE_SECRET_EPHEMERAL: return check_ephemeral(query, bound, err);
    case SABLE_SECRET_SPARSE: return check_sparse(query, bound, err);
    }
    return sable_fail(err, SABLE_INSECURE, "unknown kind of secret %d", (int)query->secret);
}
