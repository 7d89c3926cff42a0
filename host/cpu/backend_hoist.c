/* SPDX-License-Identifier: Apache-2.0 */
/* Accumulations of the cpu backend whose operands serve several results: products of digits with one key or many, sums of
 * polynomials times plaintexts. Columns are taken in blocks, so that an operand that is shared stays in a cache while
 * the results that need it are made. */
#include <string.h>

#include "base/fail.h"
#include "cpu/backend_impl.h"

/* Words of a block of digits: the rows of 8 digits take 128 KiB of the second-level cache, and runs are long. */
#define DIGIT_COLUMNS 4096u
/* Words of a block of sums: 16 terms of 2 parts take as much. */
#define SUM_COLUMNS   1024u

/* -- products with keys -------------------------------------------------------------------------------------------- */

sable_status cpu_check_digits(void *queue, uint32_t digits) {
    if (digits >= 1 && digits <= CPU_MAX_ROWS) return SABLE_OK;
    return sable_fail(&((cpu_queue *)queue)->err, SABLE_UNSUPPORTED,
                      "%u key-switching digits: the cpu backend takes 1 to %d", digits, CPU_MAX_ROWS);
}

/* Words of one thread's scratch: a limb of each half that awaits its automorphism. */
static size_t turn_words(const cpu_state *s, const uint32_t *galois, uint32_t count) {
    bool turned = false;
    for (uint32_t k = 0; galois && k < count; k++) turned |= galois[k] != 1;
    return turned ? 2 * (size_t)s->ring->n + 2 * CPU_SKEW : 0;
}

size_t cpu_key_inner_many_bytes(const cpu_state *s, const uint32_t *galois, uint32_t count) {
    return s->threads * turn_words(s, galois, count) * sizeof(uint32_t);
}

sable_status cpu_key_inner_many(void *queue, const sable_limbs *acc, const sable_limbs *digits, const sable_limbs *own,
                                const sable_limbs *keys, const uint32_t *galois, uint32_t count, uint32_t alpha,
                                uint32_t first_block, const sable_limbs *add, const uint32_t *add_mult) {
    cpu_state *s = cpu_state_of(queue);
    SABLE_TRY(cpu_check_digits(queue, digits->parts));
    CPU_CHECK_SHAPE(s, acc);
    CPU_CHECK_SHAPE(s, digits); /* limbs of a digit's own block hold anything */
    CPU_CHECK(s, own);
    for (uint32_t i = 0; i < count; i++) CPU_CHECK(s, &keys[i]);
    if (add) CPU_CHECK(s, add);
    const size_t n = s->ring->n, lane = turn_words(s, galois, count),
                 bytes = cpu_key_inner_many_bytes(s, galois, count);
    uint32_t *scratch = bytes ? cpu_pool_take(s->pool, bytes) : NULL;
    if (bytes && !scratch) return cpu_no_memory(queue, bytes);
    /* A result that is permuted must be whole first. */
    const size_t columns = lane || n < DIGIT_COLUMNS ? n : DIGIT_COLUMNS, members = digits->batch;
    uint16_t own_index[SABLE_MAX_LIMBS], add_index[SABLE_MAX_LIMBS];
    cpu_index(own_index, own);
    cpu_index(add_index, add);
    const size_t tasks = acc->limbs * members;
    const int threads = cpu_threads_for(s, tasks * count * digits->parts * n);
    CPU_PARALLEL(threads)
    for (size_t t = 0; t < tasks; t++) {
        const size_t limb = t / members, b = t % members;
        const uint32_t pos = acc->pos[limb], rows = digits->parts;
        const sable_prime *q = &s->ring->prime[pos];
        const uint32_t *d[CPU_MAX_ROWS], *kb[CPU_MAX_ROWS], *ka[CPU_MAX_ROWS], *plus[2] = {NULL, NULL};
        for (uint32_t j = 0; j < rows; j++) {
            const bool is_own = pos < s->ring->q_count && pos / alpha == first_block + j;
            d[j] = is_own ? cpu_limb(own, b, 0, own_index[pos]) : cpu_limb(digits, b, j, limb);
        }
        const bool adds = add && add_index[pos] != CPU_ABSENT;
        for (uint32_t h = 0; adds && h < add->parts; h++) plus[h] = cpu_limb(add, b, h, add_index[pos]);
        for (size_t from = 0; from < n; from += columns) {
            for (uint32_t k = 0; k < count; k++) {
                const size_t member = k * members + b;
                const bool turned = galois && galois[k] != 1;
                uint32_t *out[2], *to[2];
                for (uint32_t h = 0; h < 2; h++) {
                    out[h] = cpu_limb(acc, member, h, limb) + from;
                    to[h] = turned ? scratch + (size_t)cpu_thread() * lane + h * (n + CPU_SKEW) : out[h];
                }
                for (uint32_t j = 0; j < rows; j++) {
                    kb[j] = cpu_limb(&keys[k], 0, 2 * j, limb) + from;
                    ka[j] = cpu_limb(&keys[k], 0, 2 * j + 1, limb) + from;
                }
                s->kernels->inner(to[0], to[1], d, kb, ka, rows, plus[0], plus[1], adds ? add_mult[add_index[pos]] : 0,
                                  columns, q);
                for (uint32_t h = 0; turned && h < 2; h++)
                    s->kernels->automorphism(out[h], to[h], galois[k], s->ring->log_n);
            }
            for (uint32_t j = 0; j < rows; j++) d[j] += columns;
            for (uint32_t h = 0; h < 2; h++)
                if (plus[h]) plus[h] += columns;
        }
    }
    cpu_pool_give(s->pool, scratch);
    CPU_CHECK(s, acc);
    return SABLE_OK;
}

sable_status cpu_key_inner(void *queue, const sable_limbs *acc, const sable_limbs *digits, const sable_limbs *own,
                           const sable_limbs *key, uint32_t alpha, uint32_t first_block, const sable_limbs *add,
                           const uint32_t *add_mult) {
    return cpu_key_inner_many(queue, acc, digits, own, key, NULL, 1, alpha, first_block, add, add_mult);
}

/* -- sums of polynomials times plaintexts -------------------------------------------------------------------------- */

/* `columns` words of one member of the result, for parts 2*pair and 2*pair + 1 of one limb. The kernel multiplies a row with two
 * others: here the plaintext with two parts. An odd last part is taken twice, its second copy goes nowhere. */
typedef struct sums {
    const sable_limbs *out, *in, *pt;
    const uint32_t *which; /* of this group */
    uint32_t terms;
    size_t members;
} sums;

static void sum_pair(const cpu_state *s, const sums *x, size_t group, size_t b, size_t limb, uint32_t pair, size_t from,
                     size_t columns) {
    const uint32_t part[2] = {2 * pair, 2 * pair + 1 < x->out->parts ? 2 * pair + 1 : 2 * pair};
    _Alignas(64) uint32_t so_far[2][SUM_COLUMNS], nowhere[SUM_COLUMNS];
    uint32_t *out[2] = {nowhere, nowhere};
    for (uint32_t h = 0; h < 2; h++)
        if (h == 0 || part[1] != part[0]) out[h] = cpu_limb(x->out, group * x->members + b, part[h], limb) + from;
    const sable_prime *q = cpu_prime(s, x->out, limb);
    const uint32_t *row[CPU_MAX_ROWS], *first[CPU_MAX_ROWS], *second[CPU_MAX_ROWS];
    bool more = false;
    for (uint32_t t = 0; t < x->terms || !more;) {
        uint32_t rows = 0;
        for (; t < x->terms && rows < CPU_MAX_ROWS; t++) {
            if (x->which[t] == SABLE_ABSENT) continue;
            row[rows] = cpu_limb(x->pt, x->which[t], 0, limb) + from;
            first[rows] = cpu_limb(x->in, t * x->members + b, part[0], limb) + from;
            second[rows++] = cpu_limb(x->in, t * x->members + b, part[1], limb) + from;
        }
        for (uint32_t h = 0; more && h < 2; h++) memcpy(so_far[h], out[h], columns * sizeof **so_far);
        s->kernels->inner(out[0], out[1], row, first, second, rows, more ? so_far[0] : NULL, more ? so_far[1] : NULL, 1,
                          columns, q);
        more = true;
    }
}

sable_status cpu_accumulate(void *queue, const sable_limbs *out, const sable_limbs *in, const sable_limbs *pt,
                            const uint32_t *which, uint32_t terms) {
    cpu_state *s = cpu_state_of(queue);
    CPU_CHECK_SHAPE(s, out);
    CPU_CHECK(s, in);
    CPU_CHECK(s, pt);
    const size_t n = s->ring->n, columns = n < SUM_COLUMNS ? n : SUM_COLUMNS, blocks = n / columns;
    const size_t members = in->batch / terms, groups = out->batch / members, tasks = out->limbs * members * blocks;
    const int threads = cpu_threads_for(s, cpu_count(out) * terms * n);
    CPU_PARALLEL(threads)
    for (size_t k = 0; k < tasks; k++) {
        const size_t from = k % blocks * columns, b = k / blocks % members, limb = k / blocks / members;
        for (size_t g = 0; g < groups; g++) {
            const sums x = {out, in, pt, which + g * terms, terms, members};
            for (uint32_t pair = 0; 2 * pair < out->parts; pair++) sum_pair(s, &x, g, b, limb, pair, from, columns);
        }
    }
    CPU_CHECK(s, out);
    return SABLE_OK;
}
