/* SPDX-License-Identifier: Apache-2.0 */
/* A key switch and the division of its result. Rings of N >= 2^10 join what would otherwise pass through memory between calls:
 *   - of a product of ciphertexts, only the inverse transform's rows read the third part's factors; the key switch makes the words of
 *     all three parts again where it needs them, so that none of them is ever stored;
 *   - limbs that are divided away leave the key switch with the rows' half of their inverse transform behind them. */
#include "kernels/ntt.h"
#include "kernels/ntt_tables.h"
#include "kernels/switching.h"
#include "kernels/table.h"
#include "ring/view.h"

/* acc, y, in a small ring the product, and scratch, in one piece of memory: allocations take time too. In a small ring what is divided
 * away takes the place of y. */
typedef struct room {
    sable_limbs acc, y, divided, product;
    uint16_t slot[SABLE_MAX_LIMBS]; /* of divided, where it is a part of acc */
    void *memory, *scratch;
} room;

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static gpu_switching switching_of(const sable_switch *w) {
    return (gpu_switching){.up = w->up,
                           .own = w->own,
                           .key = w->key,
                           .add = w->add,
                           .add_mult = w->add_mult,
                           .alpha = w->alpha,
                           .first_block = w->first_block};
}

static sable_status room_take(gpu_queue *q, room *r, const sable_limbs *out, const sable_switch *w, int joined) {
    const sable_limbs *from = w->own ? w->own : w->a;
    const gpu_switching what = switching_of(w);
    const uint32_t n = q->ring.n, batch = out->batch;
    r->acc = sable_view_dense(n, NULL, w->key->pos, w->key->limbs, 2, batch);
    r->y = sable_view_dense(n, NULL, from->pos, from->limbs, 1, batch);
    r->product = sable_view_dense(n, NULL, from->pos, from->limbs, 3, batch);
    r->divided = sable_view_dense(n, NULL, w->down->src, w->down->src_count, 2, batch);
    const size_t acc = sable_view_words(&r->acc),
                 y = larger(sable_view_words(&r->y), joined ? 0 : sable_view_words(&r->divided)),
                 product = joined || w->own ? 0 : sable_view_words(&r->product),
                 scratch = larger(gpu_switch_scratch(q, &r->acc, &what), gpu_division_scratch(q, out));
    SABLE_TRY(gpu_take(q, &r->memory, (acc + y + product) * sizeof(uint32_t) + scratch));
    r->acc.data = r->memory;
    r->y.data = r->acc.data + acc;
    r->product.data = r->y.data + y;
    r->scratch = r->product.data + product;
    r->divided.data = r->y.data;
    if (joined) r->divided = sable_view_at(r->acc, w->down->src, w->down->src_count, r->slot);
    return SABLE_OK;
}

/* divided = INTT(acc on its positions) * y_mult. */
static sable_status switch_joined(gpu_queue *q, const room *r, const sable_switch *w) {
    gpu_switching what = switching_of(w);
    if (w->own) {
        SABLE_TRY(gpu_ntt_inverse(q, &r->y, w->own, w->y_mult));
    } else {
        const sable_limbs a1 = sable_view_parts(*w->a, 1, 1), b1 = sable_view_parts(*w->b, 1, 1);
        const gpu_view to = gpu_view_of(&r->y), x = gpu_view_of(&a1), y = gpu_view_of(&b1);
        const gpu_words factor = gpu_words_of(w->y_mult, r->y.limbs, 1);
        GPU_TRY(q, gpu_launch_ntt_inverse_product(q->stream, &q->ring, &to, &x, &y, &factor),
                "ntt_inverse of a product");
        what.own = w->a;
        what.times = w->b;
    }
    const gpu_index index = gpu_index_of(&r->acc);
    uint32_t leave[SABLE_MAX_LIMBS] = {0};
    for (uint32_t i = 0; i < w->down->src_count; i++) leave[index.at[w->down->src[i]]] = w->down->y_mult[i];
    what.leave = leave;
    SABLE_TRY(gpu_switch_digits(q, &r->acc, &r->y, &what, r->scratch));
    const gpu_view divided = gpu_view_of(&r->divided);
    return gpu_check(q, gpu_launch_ntt_inverse_columns(q->stream, &q->ring, &divided), "ntt_columns");
}

static sable_status switch_apart(gpu_queue *q, const room *r, const sable_switch *w) {
    gpu_switching what = switching_of(w);
    const sable_limbs third = sable_view_parts(r->product, 2, 1), others = sable_view_parts(r->product, 0, 2);
    if (!w->own) {
        SABLE_TRY(gpu_tensor(q, &r->product, w->a, 0, w->b, 0, 1));
        what.own = &third;
        what.add = &others;
    }
    SABLE_TRY(gpu_ntt_inverse(q, &r->y, what.own, w->y_mult));
    SABLE_TRY(gpu_switch_digits(q, &r->acc, &r->y, &what, r->scratch));
    uint16_t slot[SABLE_MAX_LIMBS];
    const sable_limbs dropped = sable_view_at(r->acc, w->down->src, w->down->src_count, slot);
    return gpu_ntt_inverse(q, &r->divided, &dropped, w->down->y_mult);
}

sable_status gpu_switch_down(void *queue, const sable_limbs *out, const sable_switch *w) {
    gpu_queue *q = queue;
    const int joined = q->ring.log_n >= GPU_NTT_TWO_STEPS;
    room r;
    SABLE_TRY(room_take(q, &r, out, w, joined));
    sable_status status = joined ? switch_joined(q, &r, w) : switch_apart(q, &r, w);
    if (status == SABLE_OK)
        status = gpu_divide(q, out, &r.divided, w->down, &r.acc, w->x_mult, w->e_mult, w->galois, w->more, r.scratch);
    gpu_give(q, r.memory);
    return status;
}
