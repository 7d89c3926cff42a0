/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/ntt_tables.h"

#include <string.h>

#include "ring/word.h"

static uint32_t column_heaps(uint32_t log_rows) {
    if (log_rows <= 4) return 1;
    return log_rows <= 8 ? 1 + (1u << (log_rows - 4)) : 1 + 16 + 32;
}

gpu_ntt_layout gpu_ntt_layout_of(uint32_t log_n) {
    gpu_ntt_layout l = {.log_n = log_n};
    const uint32_t n = 1u << log_n;
    if (log_n >= GPU_NTT_TWO_STEPS) {
        l.log_rows = log_n - GPU_NTT_ROW_LOG;
        l.columns = 16;
        l.rows = l.columns + column_heaps(l.log_rows) * GPU_NTT_HEAP;
        l.run = l.rows + (GPU_NTT_HEAP << l.log_rows);
        l.inverse = l.run + n / 16;
    } else {
        l.inverse = 2 * n;
    }
    l.words = (2 * l.inverse + 63) / 64 * 64;
    return l;
}

size_t gpu_ntt_table_words(uint32_t log_n) { return gpu_ntt_layout_of(log_n).words; }

/* One direction's values: a tree in bit-reversed order and its companions. */
typedef struct tree {
    const uint32_t *w, *shoup;
    uint32_t p;
} tree;

static void put_pair(uint32_t *heap, uint32_t at, const tree *t, uint32_t node) {
    heap[2 * at] = t->w[node];
    heap[2 * at + 1] = t->shoup[node];
}

static void put_modulus(uint32_t *heap, uint32_t p) {
    heap[0] = 2 * p;
    heap[1] = 0 - 2 * p;
}

/* The four levels below block `block` of level `level`. */
static uint32_t *put_heap(uint32_t *out, const tree *t, uint32_t level, uint32_t block) {
    put_modulus(out, t->p);
    for (uint32_t s = 0; s < 4; s++)
        for (uint32_t i = 0; i < 1u << s; i++) put_pair(out, (1u << s) + i, t, (1u << (level + s)) + (block << s) + i);
    return out + GPU_NTT_HEAP;
}

/* Fewer than 16 rows: a thread holds several columns, which share twiddles; their levels are the heap's last. */
static uint32_t *put_short_heap(uint32_t *out, const tree *t, uint32_t log_rows) {
    put_modulus(out, t->p);
    for (uint32_t s = 4 - log_rows; s < 4; s++) {
        const uint32_t nodes = 1u << (s + log_rows - 4);
        for (uint32_t i = 0; i < 1u << s; i++) put_pair(out, (1u << s) + i, t, nodes + i % nodes);
    }
    return out + GPU_NTT_HEAP;
}

static void put_direction(uint32_t *out, const gpu_ntt_layout *l, const tree *t, const sable_prime *q,
                          uint32_t root16) {
    const uint32_t p = q->p, n = 1u << l->log_n, rows = 1u << l->log_rows;
    for (uint32_t i = 0; i < 8; i++) {
        const uint32_t root = sable_pow_mod(root16, sable_brv(i, 3), p);
        out[l->roots + 2 * i] = root;
        out[l->roots + 2 * i + 1] = sable_shoup_of(root, p);
    }
    uint32_t *to = out + l->columns;
    if (l->log_rows < 4) {
        to = put_short_heap(to, t, l->log_rows);
    } else {
        to = put_heap(to, t, 0, 0);
        const uint32_t second = l->log_rows <= 8 ? l->log_rows - 4 : 4;
        for (uint32_t u = 0; l->log_rows > 4 && u < 1u << second; u++) to = put_heap(to, t, second, u);
        for (uint32_t u = 0; l->log_rows == 9 && u < 32; u++) to = put_heap(to, t, 5, u);
    }
    for (uint32_t b = 0; b < rows; b++) to = put_heap(to, t, l->log_rows, b);
    /* psi^brv(N/2 + 8*run) = psi^(2 brv(run) + 1), the run's number reversed on log2 N - 4 bits. */
    for (uint32_t run = 0; run < n / 16; run++) *to++ = sable_mul_mod(t->w[n / 2 + 8 * run], q->r1, p);
}

void gpu_ntt_tables_make(uint32_t *out, const sable_ring *ring, uint32_t pos) {
    const gpu_ntt_layout l = gpu_ntt_layout_of(ring->log_n);
    const sable_prime *q = &ring->prime[pos];
    const tree forward = {ring->w[pos], ring->w_shoup[pos], q->p}, inverse = {ring->iw[pos], ring->iw_shoup[pos], q->p};
    memset(out, 0, l.words * sizeof *out);
    if (ring->log_n < GPU_NTT_TWO_STEPS) {
        for (uint32_t i = 0; i < ring->n; i++) {
            put_pair(out, i, &forward, i);
            put_pair(out + l.inverse, i, &inverse, i);
        }
    } else {
        const uint32_t root16 = sable_pow_mod(q->psi, ring->n / 8, q->p);
        put_direction(out, &l, &forward, q, root16);
        put_direction(out + l.inverse, &l, &inverse, q, sable_inv_mod(root16, q->p));
    }
    out[l.roots] = q->r2;
    out[l.inverse + l.roots] = sable_mul_mod(q->r2, q->n_inv, q->p);
}
