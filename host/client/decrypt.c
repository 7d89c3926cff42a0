/* SPDX-License-Identifier: Apache-2.0 */
/* Decryption: the phase c0 + c1*s (+ c2*s^2) on as many primes as its size needs, then decoding. */
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ckks/encoder.h"
#include "client/plan.h"

/* The bound is an honest circuit's statement; the room beyond it lets a slightly wrong one through and still tells a
 * wrapped value apart. */
#define MARGIN_BITS 10.0
#define NOISE_WIDTH 12.0 /* standard deviations: never exceeded by chance */
#define RUN_BYTES   ((size_t)64 << 20)

/* Which limbs are used: `used` of them hold the value, the others check it. */
typedef struct selection {
    uint32_t limbs, used;
    uint32_t index[SABLE_MAX_Q]; /* in the window */
    uint16_t pos[SABLE_MAX_Q];
    double largest; /* coefficients (divided by the scale) beyond this cannot be the message */
} selection;

static sable_status select_limbs(sable_queue *queue, selection *sel, const sable_ct *in) {
    const sable_level_tables *level = &in->ctx->level[in->level];
    double size = in->bound * in->scale.hi * (1 + in->relative) + NOISE_WIDTH * sqrt(in->noise_var);
    if (size < 1) size = 1; /* the product with 0: still an integer, to be read from one limb */
    const double wanted = log2(size) + 1 + MARGIN_BITS; /* one bit for the sign */
    double bits = 0;
    sel->used = 0;
    /* From the end of the window: mains, the larger primes. */
    while (sel->used < level->limbs && bits < wanted) {
        uint32_t i = level->limbs - 1 - sel->used;
        sel->index[sel->used] = i;
        sel->pos[sel->used] = level->pos[i];
        bits += log2(in->ctx->ring->prime[level->pos[i]].p);
        sel->used++;
    }
    if (!(bits > log2(size) + 1)) /* not a number included */
        return SABLE_REFUSE(
            queue, SABLE_BOUND,
            "the ciphertext declares |value| <= %g at scale 2^%.2f and noise 2^%.1f: more than level %u with "
            "2^%.1f can hold",
            in->bound, log2(in->scale.hi), log2(in->noise_var) / 2, in->level, bits);
    sel->limbs = sel->used;
    if (sel->used < level->limbs) {
        uint32_t i = level->limbs - 1 - sel->used;
        sel->index[sel->limbs] = i;
        sel->pos[sel->limbs++] = level->pos[i];
    }
    /* A wrapped polynomial is spread over the whole range: some coefficient of it lies beyond a quarter. */
    sel->largest = exp2(fmax(log2(size), fmin(log2(size) + MARGIN_BITS, bits - 2))) / in->scale.hi;
    return SABLE_OK;
}

typedef struct decryption {
    sable_queue *queue;
    const sable_ct *in;
    const sable_secret *secret;
    selection sel;
    uint32_t members; /* of a run, at most */
    uint32_t first;   /* member of the batch that the run at hand begins with */
    client_work work;
    uint32_t decoders; /* threads that decode a member each; 1: all threads decode one member together */
    uint32_t *staged;  /* a device's words, [members][parts][sel.limbs][N]; NULL: they are read where they lie */
    uint32_t *phase;   /* [members][sel.limbs][N], wiped */
    double *coeff;     /* [decoders][2*slots], wiped */
    double *values;    /* all of them, wiped */
    size_t value_count;
    bool is_complex;
} decryption;

/* Members of a run, so that its memory is bounded. */
static void choose_members(decryption *d) {
    const bool stage = !client_shares_memory(d->queue->ctx);
    const size_t words = ((stage ? d->in->parts : 0) + 1) * (size_t)d->sel.limbs * d->in->ctx->params.n;
    size_t members = words ? RUN_BYTES / (words * sizeof(uint32_t)) : 1;
    d->members = (uint32_t)(members < 1 ? 1 : members > d->in->batch ? d->in->batch : members);
}

static sable_status decryption_open(decryption *d, sable_error *err) {
    const size_t n = d->in->ctx->params.n, limbs = d->sel.limbs;
    const bool stage = !client_shares_memory(d->queue->ctx);
    SABLE_TRY(client_work_open(&d->work, &d->secret->ring, client_decrypt_tasks(d->members, d->sel.limbs, d->in->slots),
                               err));
    d->decoders = d->members < d->work.lanes ? 1 : d->work.lanes;
    if (stage)
        SABLE_TRY(client_scratch_take(&d->work, &d->staged, d->members * d->in->parts * limbs * n, "decryption", err));
    SABLE_TRY(client_scratch_take(&d->work, &d->phase, d->members * limbs * n, "decryption", err));
    d->coeff = malloc((size_t)d->decoders * 2 * d->in->slots * sizeof *d->coeff);
    d->values = malloc(d->value_count * sizeof *d->values);
    if (!d->coeff || !d->values)
        return sable_fail(err, SABLE_NO_MEMORY, "decryption needs %zu bytes of host memory",
                          ((size_t)d->decoders * 2 * d->in->slots + d->value_count) * sizeof *d->values);
    return SABLE_OK;
}

static void decryption_close(decryption *d) {
    const size_t n = d->in->ctx->params.n;
    const uint32_t threads = d->work.lanes;
    if (d->phase) sable_wipe(d->phase, (size_t)d->members * d->sel.limbs * n * sizeof *d->phase, threads);
    if (d->coeff) sable_wipe(d->coeff, (size_t)d->decoders * 2 * d->in->slots * sizeof *d->coeff, threads);
    if (d->values) sable_wipe(d->values, d->value_count * sizeof *d->values, threads);
    if (d->work.lane) {
        client_scratch_give(&d->work, d->staged);
        client_scratch_give(&d->work, d->phase);
    }
    free(d->coeff);
    free(d->values);
    client_work_close(&d->work);
}

/* Selected limb k of a part of member b of the run: where it lies in the ciphertext, or in what was staged. */
static size_t limb_of_object(const decryption *d, uint32_t b, uint32_t part, uint32_t k) {
    const size_t limbs = d->in->ctx->level[d->in->level].limbs;
    return ((d->first + b) * (size_t)d->in->parts + part) * limbs + d->sel.index[k];
}
static size_t limb_of_run(const decryption *d, uint32_t b, uint32_t part, uint32_t k) {
    return (b * (size_t)d->in->parts + part) * d->sel.limbs + k;
}
static const uint32_t *cipher_limb(const decryption *d, uint32_t b, uint32_t part, uint32_t k) {
    const size_t n = d->in->ctx->params.n;
    return d->staged ? d->staged + limb_of_run(d, b, part, k) * n : d->in->data + limb_of_object(d, b, part, k) * n;
}

static sable_status fetch(decryption *d, uint32_t count) {
    sable_queue *queue = d->queue;
    const size_t n = d->in->ctx->params.n;
    for (uint32_t b = 0; d->staged && b < count; b++)
        for (uint32_t part = 0; part < d->in->parts; part++)
            for (uint32_t k = 0; k < d->sel.limbs; k++)
                SABLE_RUN(queue, download(queue->handle, d->staged + limb_of_run(d, b, part, k) * n,
                                          d->in->data + limb_of_object(d, b, part, k) * n, n * sizeof(uint32_t)));
    return SABLE_OK;
}

/* Selected limb of `count` members, first part: c0 + c1*s (+ c2*s^2); last part: its inverse transform. */
static void phase_limb(client_lane *lane, const decryption *d, sable_cut_item item, uint32_t count) {
    const size_t n = lane->on->ring->n, limbs = d->sel.limbs;
    const uint32_t k = item.task, p = d->sel.pos[k];
    uint32_t *s = lane->limb[0], *square = lane->limb[1];
    if (item.first) {
        lane_expand_small(lane, s, d->secret->s, lane_mont(lane, p), p);
        if (d->in->parts == 3) lane_mul_mont(lane, square, s, s, p);
    }
    for (uint32_t b = 0; b < count; b++) {
        uint32_t *phase = d->phase + (b * limbs + k) * n;
        uint32_t *sum = item.first && item.last ? lane->limb[2] : phase; /* scratch is in the cache */
        if (item.first) {
            lane_affine(lane, sum, cipher_limb(d, b, 0, k), cipher_limb(d, b, 1, k), s, NULL, p);
            if (d->in->parts == 3) lane_affine(lane, sum, sum, cipher_limb(d, b, 2, k), square, NULL, p);
        }
        if (item.last) lane_inverse(lane, phase, sum, 1, p);
    }
}

/* What went wrong with the members of a run. */
typedef struct verdict {
    sable_status status; /* the first failure */
    sable_error err;
    uint32_t unsound; /* the first member with a coefficient that contradicts the bound, or UINT32_MAX */
} verdict;

static void note(verdict *v, sable_status status, const sable_error *err, bool sound, uint32_t member) {
    if (status == SABLE_OK && sound) return;
#pragma omp critical(sable_client_decode)
    {
        if (status != SABLE_OK && v->status == SABLE_OK) {
            v->status = status;
            v->err = *err;
        }
        if (!sound && member < v->unsound) v->unsound = member;
    }
}

/* Member b of the run into its place among the values. */
static void decode_member(const decryption *d, double *coeff, uint32_t b, uint32_t threads, verdict *v) {
    const sable_ctx *ctx = d->in->ctx;
    const size_t n = ctx->params.n, limbs = d->sel.limbs, count = 2 * (size_t)d->in->slots;
    const uint32_t *x[SABLE_MAX_Q];
    for (size_t k = 0; k < limbs; k++) x[k] = d->phase + (b * limbs + k) * n;
    size_t inconsistent = 0;
    sable_error err = {0};
    sable_status status = sable_residues_to_doubles(
        coeff, &inconsistent, x, n / count, count, ctx->ring, d->sel.pos, (uint32_t)limbs, d->sel.used,
        (sable_dd){d->in->scale.hi, d->in->scale.lo}, d->sel.largest, threads, &err);
    double *z = d->values + (size_t)(d->first + b) * d->in->slots * (d->is_complex ? 2 : 1);
    if (status == SABLE_OK && inconsistent == 0)
        status = sable_embed(ctx->encoder, z, d->is_complex, coeff, d->in->slots, threads, &err);
    note(v, status, &err, inconsistent == 0, d->first + b);
}

static sable_status decode_run(decryption *d, uint32_t count) {
    verdict v = {.unsound = UINT32_MAX};
    const client_work *work = &d->work;
    if (d->decoders == 1) {
        for (uint32_t b = 0; b < count; b++) decode_member(d, d->coeff, b, work->lanes, &v);
    } else {
        CLIENT_PARALLEL(work)
        for (uint32_t b = 0; b < count; b++) {
            const size_t lane = (size_t)(client_lane_of(work) - work->lane);
            decode_member(d, d->coeff + lane * 2 * d->in->slots, b, 1, &v);
        }
    }
    if (v.status != SABLE_OK) return sable_fail(&d->queue->error, v.status, "%s", v.err.text);
    if (v.unsound != UINT32_MAX)
        return SABLE_REFUSE(
            d->queue, SABLE_BOUND,
            "member %u decrypts to a polynomial that contradicts its declared bound %g at level %u: values "
            "overflowed the modulus, or the ciphertext is not what it claims; tell nobody but the key's owner",
            v.unsound, d->in->bound, d->in->level);
    return SABLE_OK;
}

static sable_status decrypt_all(decryption *d) {
    SABLE_TRY(decryption_open(d, &d->queue->error));
    for (; d->first < d->in->batch; d->first += d->members) {
        const uint32_t count = d->in->batch - d->first < d->members ? d->in->batch - d->first : d->members;
        SABLE_TRY(fetch(d, count));
        client_work *work = &d->work;
        sable_cut cut;
        sable_cut_open(&cut, d->sel.limbs, work->lanes);
        CLIENT_PARALLEL(work)
        for (uint32_t i = 0; i < sable_cut_items(&cut); i++) {
            const sable_cut_item item = sable_cut_take(&cut, i);
            phase_limb(client_lane_of(work), d, item, count);
            client_lane_rest();
            sable_cut_finish(&cut, item);
        }
        SABLE_TRY(client_work_status(work, &d->queue->error));
        SABLE_TRY(decode_run(d, count));
    }
    return SABLE_OK;
}

/* Values of one task of the copy: a piece of the caller's array may be fresh memory. */
#define HAND_OVER ((size_t)2048)

static void hand_over(const decryption *d, double *values) {
    const client_work *work = &d->work;
    const size_t all = d->value_count;
    if (work->lanes == 1 || all < 4 * HAND_OVER) {
        memcpy(values, d->values, all * sizeof *values);
        return;
    }
    CLIENT_PARALLEL(work)
    for (size_t i = 0; i < all; i += HAND_OVER)
        memcpy(values + i, d->values + i, (all - i < HAND_OVER ? all - i : HAND_OVER) * sizeof *values);
}

sable_status sable_decrypt(sable_queue *queue, double *values, size_t count, bool is_complex, const sable_ct *in,
                           const sable_secret *secret) {
    SABLE_TRY(sable_check_idle(queue, "a decryption"));
    SABLE_TRY(sable_check_ct(queue, in, "the ciphertext"));
    if (!values || !secret)
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_decrypt: values and secret must not be NULL");
    SABLE_TRY(client_check_params(queue, secret->ctx, "the secret"));
    if (memcmp(in->key_id, secret->key_id, sizeof in->key_id) != 0) {
        char a[17], b[17];
        client_short_id(a, in->key_id);
        client_short_id(b, secret->key_id);
        return SABLE_REFUSE(queue, SABLE_KEY_MISMATCH, "the ciphertext is of key %s..., the secret is of key %s...", a,
                            b);
    }
    const size_t needed = (size_t)in->batch * in->slots * (is_complex ? 2 : 1);
    if (count != needed)
        return SABLE_REFUSE(queue, SABLE_INVALID,
                            "sable_decrypt: room for %zu doubles, %u members of %u %s slots give %zu", count, in->batch,
                            in->slots, is_complex ? "complex" : "real", needed);
    decryption d = {.queue = queue, .in = in, .secret = secret, .value_count = needed, .is_complex = is_complex};
    SABLE_TRY(select_limbs(queue, &d.sel, in));
    choose_members(&d);
    if (queue->ctx->tally) {
        const client_decrypt_shape shape = {queue->ctx->params.n, in->slots, in->parts, in->batch,
                                            d.sel.limbs,          d.members, needed};
        return client_plan_decrypt(queue, &shape);
    }
    sable_status status = decrypt_all(&d);
    if (status == SABLE_OK) hand_over(&d, values); /* all of them or none */
    decryption_close(&d);
    return status;
}
