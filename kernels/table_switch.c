/* SPDX-License-Identifier: Apache-2.0 */
/* Key switching and division of the backend table. Both begin with polynomials extended to more primes and taken through the
 * first half of their transform ("begun"; rings of N < 2^10 have no halves: the whole of it), in scratch a few members or limbs at a
 * time, so that what is begun is still in the second-level cache when it is finished. */
#include "kernels/basis.h"
#include "kernels/keyswitch.h"
#include "kernels/ntt.h"
#include "kernels/ntt_tables.h"
#include "kernels/switching.h"
#include "kernels/table.h"
#include "kernels/tune.h"

static int halves(const gpu_queue *q) { return q->ring.log_n >= GPU_NTT_TWO_STEPS; }

/* Part `part` of v, or what it has at `count` of its positions. */
static gpu_view picked(const sable_limbs *v, uint32_t part, const uint16_t *pos, uint32_t count) {
    const gpu_index index = gpu_index_of(v);
    gpu_view r = gpu_view_of(v);
    r.data += part * v->part_stride;
    r.parts = 1;
    r.limbs = count;
    for (uint32_t i = 0; i < count; i++) {
        const uint16_t limb = index.at[pos[i]];
        r.pos[i] = pos[i];
        r.slot[i] = v->slot ? v->slot[limb] : limb;
    }
    return r;
}

/* Whether destinations are in the order of the limbs of `out`, so that a run of limbs has a run of destinations. */
static int ordered(const sable_limbs *out, const sable_basis *basis) {
    const gpu_index index = gpu_index_of(out);
    for (uint32_t d = 1; d < basis->dst_count; d++)
        if (index.at[basis->dst[d]] < index.at[basis->dst[d - 1]]) return 0;
    return 1;
}

/* Destinations first to end - 1 of a conversion. */
typedef struct run {
    gpu_basis basis;
    const uint16_t *dst; /* on the host, from first on */
} run;

/* Those of its destinations that `out` has. */
static sable_status run_of(gpu_queue *q, run *r, const sable_limbs *out, const sable_basis *basis) {
    const gpu_index index = gpu_index_of(out);
    uint32_t first = 0, count = 0;
    while (first < basis->dst_count && index.at[basis->dst[first]] == GPU_ABSENT) first++;
    while (first + count < basis->dst_count && index.at[basis->dst[first + count]] != GPU_ABSENT) count++;
    SABLE_TRY(gpu_basis_find(q, &r->basis, basis));
    r->basis.dst_count = count;
    r->basis.dst += first;
    r->basis.m += (size_t)first * basis->src_count;
    r->basis.neg_d += first;
    r->dst = basis->dst + first;
    return SABLE_OK;
}

/* The limbs of v by position. */
static gpu_rows by_position(const sable_limbs *v) {
    uint16_t all[SABLE_MAX_LIMBS];
    for (uint16_t i = 0; i < SABLE_MAX_LIMBS; i++) all[i] = i;
    const sable_limbs positions = {.pos = all, .limbs = SABLE_MAX_LIMBS};
    return gpu_rows_of(v, &positions);
}

/* Part j of out = base_convert(part j of y, or its only one; bases[j], or the only one), begun, on the destinations that out
 * has: conversion and transform each by itself. */
static sable_status begin_apart(gpu_queue *q, const sable_limbs *out, const sable_limbs *y,
                                const sable_basis *const *bases, uint32_t count) {
    for (uint32_t j = 0; j < out->parts; j++) {
        const sable_basis *basis = bases[count > 1 ? j : 0];
        run r;
        SABLE_TRY(run_of(q, &r, out, basis));
        if (r.basis.dst_count == 0) continue;
        const gpu_view to = picked(out, j, r.dst, r.basis.dst_count),
                       from = picked(y, y->parts > 1 ? j : 0, basis->src, basis->src_count);
        GPU_TRY(q, gpu_launch_base_convert(q->stream, &q->ring, &to, &from, &r.basis), "base_convert");
        if (halves(q))
            GPU_TRY(q, gpu_launch_ntt_columns(q->stream, &q->ring, &to), "ntt_columns");
        else
            GPU_TRY(q, gpu_launch_ntt_forward(q->stream, &q->ring, &to), "ntt_forward");
    }
    return SABLE_OK;
}

/* The same, together where the kernel that does so takes as many sources. */
static sable_status begin(gpu_queue *q, const sable_limbs *out, const sable_limbs *y, const sable_basis *const *bases,
                          uint32_t count) {
    int together = halves(q) && out->parts <= GPU_BEGIN_PARTS;
    for (uint32_t j = 0; j < count; j++) together = together && bases[j]->src_count <= GPU_BEGIN_SOURCES;
    if (!together) return begin_apart(q, out, y, bases, count);
    gpu_begin operands = {.out = by_position(out),
                          .y = by_position(y),
                          .bases = count,
                          .parts = out->parts,
                          .y_parts = y->parts,
                          .batch = out->batch};
    for (uint32_t j = 0; j < count; j++) {
        run r;
        SABLE_TRY(run_of(q, &r, out, bases[j]));
        operands.basis[j] = r.basis;
    }
    return gpu_check(q, gpu_launch_begin(q->stream, &q->ring, &operands), "convert and begin transforms");
}

/* What may be refused comes before any work: the constants of all conversions. */
static sable_status prepare(gpu_queue *q, const sable_basis *const *bases, uint32_t count) {
    gpu_basis constants;
    for (uint32_t j = 0; j < count; j++) SABLE_TRY(gpu_basis_find(q, &constants, bases[j]));
    return SABLE_OK;
}

/* The members of v from first on. */
static sable_limbs members_of(const sable_limbs *v, uint32_t first, uint32_t count) {
    sable_limbs r = *v;
    if (v->batch > 1) {
        r.data += first * v->batch_stride;
        r.batch = count;
    }
    return r;
}

/* Finishes the transforms that begin began, of digits first to first + parts - 1. */
static sable_status finish_digits(gpu_queue *q, const sable_limbs *digits, const sable_basis *const *up, uint32_t first,
                                  uint32_t parts) {
    const gpu_index index = gpu_index_of(digits);
    gpu_view view = gpu_view_of(digits);
    gpu_limb_set set = {0};
    view.data += first * view.part_stride;
    view.parts = parts;
    for (uint32_t j = 0; j < parts; j++)
        for (uint32_t d = 0; d < up[first + j]->dst_count; d++) {
            const uint32_t limb = index.at[up[first + j]->dst[d]];
            set.bits[j][limb / 32] |= 1u << limb % 32;
        }
    return gpu_check(q, gpu_launch_ntt_rows(q->stream, &q->ring, &view, &set), "ntt_rows");
}

sable_status gpu_mod_up(void *queue, const sable_limbs *digits, const sable_limbs *y, const sable_basis *const *up) {
    gpu_queue *q = queue;
    SABLE_TRY(prepare(q, up, digits->parts));
    SABLE_TRY(begin(q, digits, y, up, digits->parts));
    for (uint32_t j = 0; halves(q) && j < digits->parts; j += GPU_SET_PARTS)
        SABLE_TRY(
            finish_digits(q, digits, up, j, digits->parts - j < GPU_SET_PARTS ? digits->parts - j : GPU_SET_PARTS));
    return SABLE_OK;
}

/* Members, and limbs of each, that are begun at a time; bytes of their scratch. */
typedef struct share {
    uint32_t members, limbs;
    size_t bytes;
} share;

static share share_of(const gpu_queue *q, uint32_t members, uint32_t parts, uint32_t limbs, int limbs_divide) {
    const size_t limb = (size_t)q->ring.n * sizeof(uint32_t) * parts;
    share r = {members, limbs, 0};
    if (limb * limbs * members > GPU_BEGUN_BYTES) r.members = (uint32_t)(GPU_BEGUN_BYTES / (limb * limbs));
    if (r.members == 0) {
        r.members = 1;
        if (limbs_divide) r.limbs = limb < GPU_BEGUN_BYTES ? (uint32_t)(GPU_BEGUN_BYTES / limb) : 1;
    }
    r.bytes = limb * r.limbs * r.members;
    return r;
}

static sable_limbs begun_view(const gpu_queue *q, void *memory, const uint16_t *pos, uint32_t limbs, uint32_t parts,
                              uint32_t members) {
    return (sable_limbs){.data = memory,
                         .pos = pos,
                         .limbs = limbs,
                         .parts = parts,
                         .batch = members,
                         .limb_stride = q->ring.n,
                         .part_stride = (size_t)q->ring.n * limbs,
                         .batch_stride = (size_t)q->ring.n * limbs * parts};
}

/* Operands of the kernels for these members and digits. */
static gpu_switch operands_of(const gpu_switching *w, const sable_limbs *acc, const sable_limbs *digits, uint32_t first,
                              uint32_t members) {
    const sable_limbs own = members_of(w->own, first, members),
                      times = members_of(w->times ? w->times : w->own, first, members),
                      add = members_of(w->add ? w->add : w->own, first, members);
    gpu_switch s = {
        .inner = gpu_inner_of(acc, digits, &own, w->key, w->alpha, w->first_block, w->add ? &add : NULL, w->add_mult)};
    if (w->times) {
        s.times = gpu_rows_of(&times, acc);
        gpu_add_mult(&s.inner, acc, &own, w->add_mult);
    }
    if (w->leave) s.leave = gpu_words_of(w->leave, acc->limbs, 0);
    return s;
}

static share share_of_switch(const gpu_queue *q, const sable_limbs *acc, const gpu_switching *what) {
    const uint32_t count = what->key->parts / 2;
    int divides = halves(q);
    for (uint32_t j = 0; j < count; j++) divides = divides && ordered(acc, what->up[j]);
    return share_of(q, acc->batch, count, acc->limbs, divides);
}
size_t gpu_switch_scratch(const gpu_queue *q, const sable_limbs *acc, const gpu_switching *what) {
    return share_of_switch(q, acc, what).bytes;
}

sable_status gpu_switch_digits(gpu_queue *q, const sable_limbs *acc, const sable_limbs *y, const gpu_switching *what,
                               void *scratch) {
    const uint32_t count = what->key->parts / 2;
    const share part = share_of_switch(q, acc, what);
    sable_status status = prepare(q, what->up, count);
    for (uint32_t m = 0; m < acc->batch && status == SABLE_OK; m += part.members) {
        const uint32_t members = acc->batch - m < part.members ? acc->batch - m : part.members;
        const sable_limbs to = members_of(acc, m, members), from = members_of(y, m, members);
        for (uint32_t i = 0; i < acc->limbs && status == SABLE_OK; i += part.limbs) {
            const uint32_t limbs = acc->limbs - i < part.limbs ? acc->limbs - i : part.limbs;
            const sable_limbs digits = begun_view(q, scratch, acc->pos + i, limbs, count, members);
            status = begin(q, &digits, &from, what->up, count);
            if (status != SABLE_OK) break;
            const gpu_switch operands = operands_of(what, &to, &digits, m, members);
            status = gpu_check(q,
                               halves(q) ? gpu_launch_switch_rows(q->stream, &q->ring, &operands, i, limbs)
                                         : gpu_launch_key_inner(q->stream, &q->ring, &operands.inner),
                               "key_switch");
        }
    }
    return status;
}

sable_status gpu_key_switch(void *queue, const sable_limbs *acc, const sable_limbs *y, const sable_basis *const *up,
                            const sable_limbs *own, const sable_limbs *key, uint32_t alpha, uint32_t first_block,
                            const sable_limbs *add, const uint32_t *add_mult) {
    const gpu_switching what = {
        .up = up, .own = own, .key = key, .add = add, .add_mult = add_mult, .alpha = alpha, .first_block = first_block};
    void *scratch;
    SABLE_TRY(gpu_take(queue, &scratch, gpu_switch_scratch(queue, acc, &what)));
    const sable_status status = gpu_switch_digits(queue, acc, y, &what, scratch);
    gpu_give(queue, scratch);
    return status;
}

/* out = phi_galois(x * x_mult - e * e_mult) + add, e begun. */
static sable_status finish(gpu_queue *q, const sable_limbs *out, const sable_limbs *e, const sable_limbs *x,
                           const uint32_t *x_mult, const uint32_t *e_mult, uint32_t galois, const sable_limbs *add) {
    const gpu_down down = {.out = gpu_view_of(out),
                           .e = gpu_rows_of(e, out),
                           .x = gpu_rows_of(x, out),
                           .add = gpu_rows_of(add, out),
                           .x_mult = gpu_words_of(x_mult, out->limbs, 0),
                           .e_mult = gpu_words_of(e_mult, out->limbs, 0),
                           .galois = galois};
    return gpu_check(q,
                     halves(q) ? gpu_launch_down_rows(q->stream, &q->ring, &down)
                               : gpu_launch_down_words(q->stream, &q->ring, &down),
                     "mod_down");
}

static share share_of_division(const gpu_queue *q, const sable_limbs *out) {
    return share_of(q, out->batch, out->parts, out->limbs, 0);
}
size_t gpu_division_scratch(const gpu_queue *q, const sable_limbs *out) { return share_of_division(q, out).bytes; }

sable_status gpu_divide(gpu_queue *q, const sable_limbs *out, const sable_limbs *y, const sable_basis *basis,
                        const sable_limbs *x, const uint32_t *x_mult, const uint32_t *e_mult, uint32_t galois,
                        const sable_limbs *add, void *scratch) {
    const share part = share_of_division(q, out);
    sable_status status = prepare(q, &basis, 1);
    for (uint32_t m = 0; m < out->batch && status == SABLE_OK; m += part.members) {
        const uint32_t members = out->batch - m < part.members ? out->batch - m : part.members;
        const sable_limbs to = members_of(out, m, members), from = members_of(y, m, members),
                          source = members_of(x, m, members), more = add ? members_of(add, m, members) : *x;
        const sable_limbs e = begun_view(q, scratch, out->pos, out->limbs, out->parts, members);
        status = begin(q, &e, &from, &basis, 1);
        if (status == SABLE_OK) status = finish(q, &to, &e, &source, x_mult, e_mult, galois, add ? &more : NULL);
    }
    return status;
}

sable_status gpu_mod_down(void *queue, const sable_limbs *out, const sable_limbs *y, const sable_basis *basis,
                          const sable_limbs *x, const uint32_t *x_mult, const uint32_t *e_mult, uint32_t galois,
                          const sable_limbs *add) {
    void *scratch;
    SABLE_TRY(gpu_take(queue, &scratch, gpu_division_scratch(queue, out)));
    const sable_status status = gpu_divide(queue, out, y, basis, x, x_mult, e_mult, galois, add, scratch);
    gpu_give(queue, scratch);
    return status;
}

sable_status gpu_ntt_mod_down(void *queue, const sable_limbs *out, const sable_limbs *e, const sable_limbs *x,
                              const uint32_t *x_mult, const uint32_t *e_mult) {
    gpu_queue *q = queue;
    const gpu_view v = gpu_view_of(e);
    if (halves(q))
        GPU_TRY(q, gpu_launch_ntt_columns(q->stream, &q->ring, &v), "ntt_columns");
    else
        GPU_TRY(q, gpu_launch_ntt_forward(q->stream, &q->ring, &v), "ntt_forward");
    return finish(q, out, e, x, x_mult, e_mult, 1, NULL);
}
