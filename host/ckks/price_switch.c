/* SPDX-License-Identifier: Apache-2.0 */
/* Transforms inside key switches and divisions: whoever converts and transforms tile by tile, and multiplies by keys that come from
 * memory, takes longer than the same transforms in the caches. */
#include <math.h>

#include "base/fail.h"
#include "ckks/price_stage.h"

/* Of the key: beyond every second-level cache, as a rotation's is. Touching it costs more than the calls. */
#define KEY_BYTES ((size_t)24 << 20)

typedef struct switching {
    price_stage stage;
    uint32_t q, p, all, alpha, digits;
    sable_basis *up[SABLE_MAX_Q], *down;
    double up_words, up_products; /* what the digits are converted to, and products of that conversion, in units of N */
} switching;

enum { PARTS = 2 };

/* Operands one after the other: the accumulator, then the polynomial, its decomposition and the key; in a division, in place of the
 * last three, what is divided away and the results. */
static void run_switch(void *arg) {
    switching *w = arg;
    price_stage *s = &w->stage;
    const size_t own_at = PARTS * (size_t)w->all, y_at = own_at + w->q, key_at = y_at + w->q;
    const sable_limbs acc = price_view(s, 0, w->all, PARTS, 1), own = price_view(s, own_at, w->q, 1, 1),
                      y = price_view(s, y_at, w->q, 1, 1), key = price_view(s, key_at, w->all, 2 * w->digits, 1);
    price_note(s, s->cpu->key_switch(s->queue, &acc, &y, (const sable_basis *const *)w->up, &own, &key, w->alpha, 0,
                                     NULL, NULL));
}
static void run_down(void *arg) {
    switching *w = arg;
    price_stage *s = &w->stage;
    const size_t y_at = PARTS * (size_t)w->all, out_at = y_at + PARTS * (size_t)w->p;
    const sable_limbs x = price_view(s, 0, w->all, PARTS, 1), out = price_view(s, out_at, w->q, PARTS, 1);
    sable_limbs y = price_view(s, y_at, w->p, PARTS, 1);
    y.pos = s->pos + w->q;
    price_note(s, s->cpu->mod_down(s->queue, &out, &y, w->down, &x, s->one, s->one, 1, NULL));
}
static void run_forward(void *arg) {
    switching *w = arg;
    const sable_limbs x = price_view(&w->stage, 0, w->q, PARTS, 1);
    price_note(&w->stage, w->stage.cpu->ntt_forward(w->stage.queue, &x));
}

static sable_status bases(switching *w, sable_error *err) {
    const price_stage *s = &w->stage;
    for (uint32_t j = 0; j < w->digits; j++) {
        const uint32_t first = j * w->alpha, limbs = first + w->alpha < w->q ? w->alpha : w->q - first;
        uint16_t dst[SABLE_MAX_LIMBS];
        uint32_t count = 0;
        for (uint32_t i = 0; i < w->all; i++)
            if (i < first || i >= first + limbs) dst[count++] = (uint16_t)i;
        SABLE_TRY(sable_basis_create(&w->up[j], s->ring, s->pos + first, limbs, dst, count, NULL, 0, NULL, err));
        w->up_words += count;
        w->up_products += (double)count * limbs;
    }
    return sable_basis_create(&w->down, s->ring, s->pos + w->q, w->p, s->pos, w->q, NULL, 0, NULL, err);
}

/* What is left of `seconds` for each of `words`, beside the other prices; a price is never nothing. */
static double rest(double seconds, double other, double words, double least) {
    const double price = (seconds - other) / words;
    return price > least ? price : least;
}

static sable_status measure(sable_prices *prices, switching *w, sable_error *err) {
    SABLE_TRY(bases(w, err));
    price_stage *s = &w->stage;
    double *price = prices->seconds;
    const double n = s->ring->n, convert = n * price[SABLE_WORK_CONVERT], pairs = n * PARTS * w->q;
    const double forward = price_time(run_forward, s, w) / pairs, switched = price_time(run_switch, s, w),
                 down = price_time(run_down, s, w);
    const double inner = n * w->all * w->digits * price[SABLE_WORK_INNER];
    /* Transforms of the set's own degree are longer; what waits for memory is alike. */
    const double longer = fmax(0, price[SABLE_WORK_FORWARD] - forward);
    price[SABLE_WORK_UP] = longer + rest(switched, convert * w->up_products + inner, n * w->up_words, forward / 2);
    price[SABLE_WORK_DOWN] = rest(down, convert * PARTS * w->p * w->q + forward * pairs, pairs, price[SABLE_WORK_SUM]);
    return s->status;
}

sable_status price_switches(sable_prices *prices, const sable_params *params, const sable_backend_options *options,
                            sable_error *err) {
    sable_params small = *params;
    switching w = {.q = params->q_count, .p = params->p_count, .alpha = params->alpha};
    w.all = w.q + w.p;
    w.digits = (w.q + w.alpha - 1) / w.alpha;
    const size_t key = 2 * (size_t)w.digits * w.all;
    small.log_n = 10;
    while (small.log_n < params->log_n && (key * sizeof(uint32_t) << (small.log_n + 1)) <= KEY_BYTES) small.log_n++;
    small.n = 1u << small.log_n;
    const size_t switched = PARTS * (size_t)w.all + 2 * (size_t)w.q + key,
                 divided = PARTS * ((size_t)w.all + w.p + w.q);
    sable_status status =
        price_stage_open(&w.stage, &small, (switched > divided ? switched : divided) * small.n, options, err);
    if (status == SABLE_OK) status = measure(prices, &w, err);
    for (uint32_t j = 0; j < w.digits; j++) sable_basis_free(&w.up[j]);
    sable_basis_free(&w.down);
    price_stage_close(&w.stage);
    return status;
}
