/* SPDX-License-Identifier: Apache-2.0 */
/* Raw interchange. An object and the program's memory are two views of the same limbs, in the program's order of primes; what lies
 * between them is one pass of the backend (a copy, a product with 2^32 or its inverse, a transform) and, for memory of the host,
 * copies limb by limb. */
#include "sable/raw.h"

#include "ckks/eval_internal.h"
#include "ring/word.h"

uint32_t sable_raw_root(const sable_ctx *ctx, uint32_t prime) {
    const uint32_t count = ctx ? ctx->params.q_count + ctx->params.p_count : 0;
    for (uint32_t i = 0; i < count; i++)
        if (ctx->ring->prime[i].p == prime) return ctx->ring->prime[i].psi;
    return 0;
}

/* -- descriptions -------------------------------------------------------------------------------------------------- */

/* An object's limbs in the order of a description. */
typedef struct raw_map {
    const sable_raw *raw;
    uint16_t pos[SABLE_MAX_LIMBS];  /* of the program's limb i in the ring */
    uint16_t slot[SABLE_MAX_LIMBS]; /* its number in the object */
    uint32_t factor[SABLE_MAX_LIMBS];
    bool scales; /* factor is not 1 everywhere */
} raw_map;

/* Strides from the smallest on: each leaves room for all that lies below it. */
static bool overlaps(const sable_raw *raw) {
    size_t stride[] = {raw->limb_stride, raw->part_stride, raw->batch_stride};
    uint32_t count[] = {raw->limbs, raw->parts, raw->batch};
    size_t extent = raw->n;
    for (int done = 0; done < 3; done++) {
        int least = -1;
        for (int k = 0; k < 3; k++)
            if (count[k] > 1 && (least < 0 || stride[k] < stride[least])) least = k;
        if (least < 0) return false;
        size_t reach;
        if (stride[least] < extent || __builtin_mul_overflow(stride[least], (size_t)count[least] - 1, &reach) ||
            __builtin_add_overflow(reach, extent, &extent) || extent > SIZE_MAX / sizeof(uint32_t))
            return true;
        count[least] = 1;
    }
    return false;
}

static sable_status check_shape(sable_queue *queue, const sable_raw *raw, uint32_t limbs, uint32_t parts,
                                uint32_t batch) {
    if (!raw || raw->struct_size != sizeof *raw || !raw->words || !raw->primes)
        return SABLE_REFUSE(queue, SABLE_INVALID,
                            "raw: description, words or primes are NULL, or struct_size is not set");
    if ((raw->order != SABLE_RAW_COEFFICIENTS && raw->order != SABLE_RAW_NTT) ||
        (raw->form != SABLE_RAW_PLAIN && raw->form != SABLE_RAW_MONTGOMERY))
        return SABLE_REFUSE(queue, SABLE_INVALID, "raw: order %d and form %d are not among those of raw.h",
                            (int)raw->order, (int)raw->form);
    if (raw->n != queue->ctx->params.n || raw->limbs != limbs || raw->parts != parts || raw->batch != batch)
        return SABLE_REFUSE(
            queue, SABLE_INVALID,
            "raw: the layout has %u members of %u parts of %u limbs of %u words, the object %u of %u of %u "
            "of %u",
            raw->batch, raw->parts, raw->limbs, raw->n, batch, parts, limbs, queue->ctx->params.n);
    if (overlaps(raw))
        return SABLE_REFUSE(queue, SABLE_INVALID,
                            "raw: with strides of %zu, %zu and %zu words members, parts and limbs overlap",
                            raw->batch_stride, raw->part_stride, raw->limb_stride);
    if (raw->on_device &&
        ((uintptr_t)raw->words % 64 || (raw->batch_stride | raw->part_stride | raw->limb_stride) % 16))
        return SABLE_REFUSE(
            queue, SABLE_INVALID,
            "raw: memory of the device must be aligned to 64 bytes, strides to 16 words: %p, %zu, %zu, %zu",
            (void *)raw->words, raw->batch_stride, raw->part_stride, raw->limb_stride);
    return SABLE_OK;
}

/* The object has `limbs` limbs at `pos`, in Montgomery form or not. to_raw: factors lead from it to the description, else back. */
static sable_status map_make(sable_queue *queue, raw_map *map, const sable_raw *raw, const uint16_t *pos,
                             uint32_t limbs, uint32_t parts, uint32_t batch, bool montgomery, bool to_raw) {
    SABLE_TRY(check_shape(queue, raw, limbs, parts, batch));
    const bool raw_montgomery = raw->form == SABLE_RAW_MONTGOMERY;
    map->raw = raw;
    map->scales = raw_montgomery != montgomery;
    bool used[SABLE_MAX_LIMBS] = {false};
    for (uint32_t i = 0; i < limbs; i++) {
        uint32_t k = 0;
        while (k < limbs && queue->ctx->ring->prime[pos[k]].p != raw->primes[i]) k++;
        if (k == limbs || used[k])
            return SABLE_REFUSE(queue, SABLE_INVALID, "raw: prime %u of limb %u is %s", raw->primes[i], i,
                                k == limbs ? "none of the object's" : "there twice");
        used[k] = true;
        const sable_prime *q = &queue->ctx->ring->prime[pos[k]];
        if (raw->order == SABLE_RAW_NTT && raw->roots && raw->roots[i] != q->psi)
            return SABLE_REFUSE(queue, SABLE_INVALID,
                                "raw: transforms modulo %u with the root %u, here %u is used: exchange coefficients",
                                q->p, raw->roots[i], q->psi);
        map->pos[i] = pos[k];
        map->slot[i] = (uint16_t)k;
        map->factor[i] = raw_montgomery == to_raw ? q->r1 : sable_inv_mod(q->r1, q->p);
    }
    return SABLE_OK;
}

/* The object's words, a dense view of its own limbs, in the program's order. */
static sable_limbs object_view(const raw_map *map, sable_limbs dense) {
    dense.pos = map->pos;
    dense.slot = map->slot;
    return dense;
}
static sable_limbs raw_view(const raw_map *map) {
    const sable_raw *r = map->raw;
    return (sable_limbs){r->words,       map->pos,       r->limbs,        r->parts, r->batch,
                         r->limb_stride, r->part_stride, r->batch_stride, NULL};
}

/* One limb at a time between memory of the host and a view with the program's order of limbs. */
static sable_status move_limbs(sable_queue *queue, const raw_map *map, const sable_limbs *v, bool to_host) {
    const sable_backend *be = queue->ctx->backend;
    const sable_raw *r = map->raw;
    const size_t bytes = (size_t)r->n * sizeof(uint32_t);
    for (uint32_t b = 0; b < r->batch; b++)
        for (uint32_t c = 0; c < r->parts; c++)
            for (uint32_t i = 0; i < r->limbs; i++) {
                uint32_t *host = r->words + b * r->batch_stride + c * r->part_stride + i * r->limb_stride;
                uint32_t *own =
                    v->data + b * v->batch_stride + c * v->part_stride + (v->slot ? v->slot[i] : i) * v->limb_stride;
                const sable_status status = to_host ? be->download(queue->handle, host, own, bytes)
                                                    : be->upload(queue->handle, own, host, bytes);
                if (status != SABLE_OK) return sable_queue_kill(queue, status);
            }
    return SABLE_OK;
}

/* -- out ----------------------------------------------------------------------------------------------------------- */

static sable_status write_view(sable_queue *queue, const raw_map *map, const sable_limbs *to, const sable_limbs *from) {
    if (map->raw->order == SABLE_RAW_COEFFICIENTS)
        SABLE_RUN(queue, ntt_inverse(queue->handle, to, from, map->scales ? map->factor : NULL));
    else if (map->scales)
        SABLE_RUN(queue, mul_const(queue->handle, to, from, map->factor, NULL));
    else
        SABLE_RUN(queue, copy(queue->handle, to, from));
    return SABLE_OK;
}

static sable_status export_words(sable_queue *queue, const raw_map *map, sable_limbs dense) {
    const sable_raw *r = map->raw;
    const sable_limbs from = object_view(map, dense), raw = raw_view(map);
    if (r->on_device) return write_view(queue, map, &raw, &from);
    uint32_t *staged;
    SABLE_TRY(sable_words_alloc(queue, &staged, (size_t)r->batch * r->parts * r->limbs * r->n, "an export"));
    const sable_limbs to = sable_dense_limbs(queue->ctx, staged, map->pos, r->limbs, r->parts, r->batch);
    sable_status status = write_view(queue, map, &to, &from);
    if (status == SABLE_OK) status = move_limbs(queue, map, &to, true);
    sable_words_release(queue, staged);
    return status;
}

sable_status sable_ct_export(sable_queue *queue, const sable_raw *to, const sable_ct *ct) {
    SABLE_TRY(sable_check_idle(queue, "an export"));
    SABLE_TRY(sable_check_ct(queue, ct, "the ciphertext"));
    const sable_level_tables *t = &queue->ctx->level[ct->level];
    raw_map map;
    SABLE_TRY(map_make(queue, &map, to, t->pos, t->limbs, ct->parts, ct->batch, false, true));
    return export_words(queue, &map, sable_ct_limbs(ct));
}

/* -- in ------------------------------------------------------------------------------------------------------------ */

/* Checks words that lie in the object's memory, so that nobody can change them behind the check, and brings them to its form. */
static sable_status settle(sable_queue *queue, const raw_map *map, const sable_limbs *x) {
    uint64_t bad;
    SABLE_RUN(queue, check_range(queue->handle, x, &bad));
    if (bad != UINT64_MAX) {
        const uint64_t n = map->raw->n, limb = bad / n % x->limbs, part = bad / n / x->limbs % x->parts;
        return SABLE_REFUSE(queue, SABLE_DATA,
                            "raw: word %llu of limb %llu, part %llu, member %llu is not below its prime %u",
                            (unsigned long long)(bad % n), (unsigned long long)limb, (unsigned long long)part,
                            (unsigned long long)(bad / n / x->limbs / x->parts), map->raw->primes[limb]);
    }
    if (map->raw->order == SABLE_RAW_COEFFICIENTS) SABLE_RUN(queue, ntt_forward(queue->handle, x));
    if (map->scales) SABLE_RUN(queue, mul_const(queue->handle, x, x, map->factor, NULL));
    return SABLE_OK;
}

static sable_status import_words(sable_queue *queue, const raw_map *map, sable_limbs dense) {
    const sable_limbs to = object_view(map, dense), raw = raw_view(map);
    if (map->raw->on_device)
        SABLE_RUN(queue, copy(queue->handle, &to, &raw));
    else
        SABLE_TRY(move_limbs(queue, map, &to, false));
    return settle(queue, map, &to);
}

static sable_status import_meta(sable_queue *queue, sable_ct *meta, const sable_raw *from, const sable_raw_ct *given) {
    const sable_params *p = &queue->ctx->params;
    if (!given || given->struct_size != sizeof *given || !from)
        return SABLE_REFUSE(queue, SABLE_INVALID, "import: meta or from are NULL, or struct_size is not set");
    if (given->level > p->top_level)
        return SABLE_REFUSE(queue, SABLE_LEVEL, "import at level %u: the set %s has 0..%u", given->level, p->name,
                            p->top_level);
    if (given->slots == 0 || given->slots > p->n / 2 || given->slots & (given->slots - 1) ||
        (from->parts != 2 && from->parts != 3) || from->batch == 0)
        return SABLE_REFUSE(queue, SABLE_INVALID,
                            "import: %u slots, %u parts, %u members: a power of two up to %u, 2 or 3, at least 1",
                            given->slots, from->parts, from->batch, p->n / 2);
    const sable_scale canonical = sable_scale_canonical(queue->ctx, given->level);
    sable_scale scale = given->scale.hi == 0 ? canonical : given->scale;
    if (scale.level == (int32_t)given->level && (scale.power == 1 || scale.power == 2))
        scale = scale.power == 1 ? canonical : sable_scale_product(canonical, canonical);
    else if (scale.level >= 0 || !(scale.hi >= 1) || !isfinite(scale.hi) || !isfinite(scale.lo))
        return SABLE_REFUSE(
            queue, SABLE_SCALE,
            "import: scale %g (level %d, power %u): the canonical one of level %u, its square, or a finite "
            "number from 1 on with level -1",
            scale.hi, scale.level, scale.power, given->level);
    if (!(given->bound > 0) || !isfinite(given->bound) || !(given->rms > 0) || given->rms > given->bound ||
        !(given->noise_var >= 0) || !isfinite(given->noise_var))
        return SABLE_REFUSE(queue, SABLE_INVALID,
                            "import: bound %g, rms %g, noise %g: needed 0 < rms <= bound < infinity and 0 <= noise",
                            given->bound, given->rms, given->noise_var);
    *meta = (sable_ct){.ctx = queue->ctx,
                       .batch = from->batch,
                       .parts = from->parts,
                       .level = given->level,
                       .slots = given->slots,
                       .scale = scale,
                       .bound = given->bound,
                       .rms = given->rms,
                       .noise_var = given->noise_var,
                       .insecure = given->insecure || p->insecure};
    memcpy(meta->key_id, given->key_id, sizeof meta->key_id);
    return sable_check_capacity(queue, meta, "import");
}

sable_status sable_ct_import(sable_queue *queue, sable_ct *out, const sable_raw *from, const sable_raw_ct *meta) {
    SABLE_TRY(sable_check_idle(queue, "an import"));
    SABLE_TRY(sable_check_out(queue, out));
    sable_ct made;
    SABLE_TRY(import_meta(queue, &made, from, meta));
    const sable_level_tables *t = &queue->ctx->level[made.level];
    raw_map map;
    SABLE_TRY(map_make(queue, &map, from, t->pos, t->limbs, made.parts, made.batch, false, false));
    uint32_t *data;
    SABLE_TRY(sable_out_words(queue, &data, out, &made, false, "import"));
    const sable_status status = import_words(queue, &map, sable_meta_limbs(queue->ctx, &made, data));
    return sable_finish(queue, out, &made, data, status);
}

/* -- keys ---------------------------------------------------------------------------------------------------------- */

/* Positions of a key's limbs: its hull, then all special primes. Returns their number. */
static uint32_t key_positions(const sable_params *p, const sable_key_need *need, uint16_t *pos) {
    uint32_t limbs = 0;
    for (uint32_t i = 0; i < need->limbs; i++) pos[limbs++] = (uint16_t)(need->first + i);
    for (uint32_t i = 0; i < p->p_count; i++) pos[limbs++] = (uint16_t)(p->q_count + i);
    return limbs;
}

sable_status sable_keyset_export(sable_queue *queue, const sable_raw *to, const sable_keyset *keys, size_t index) {
    SABLE_TRY(sable_check_idle(queue, "an export"));
    if (!keys || keys->ctx != queue->ctx || index >= keys->count)
        return SABLE_REFUSE(queue, SABLE_INVALID,
                            "sable_keyset_export: the set is NULL or of another context, or it has no key %zu", index);
    const sable_evk *key = &keys->key[index];
    uint16_t pos[SABLE_MAX_LIMBS];
    const uint32_t limbs = key_positions(&queue->ctx->params, &key->need, pos);
    raw_map map;
    SABLE_TRY(map_make(queue, &map, to, pos, limbs, 2 * key->digits, 1, true, true));
    return export_words(queue, &map, sable_dense_limbs(queue->ctx, key->data, pos, limbs, 2 * key->digits, 1));
}

static sable_status check_need(sable_queue *queue, const sable_key_need *needs, size_t index) {
    const sable_params *p = &queue->ctx->params;
    const sable_key_need *need = &needs[index];
    const bool relin = need->kind == SABLE_KEY_RELIN && need->galois == 1;
    const bool galois =
        need->kind == SABLE_KEY_GALOIS && need->galois > 1 && need->galois < 2 * p->n && need->galois % 2;
    if ((!relin && !galois) || need->limbs == 0 || need->first >= p->q_count || need->limbs > p->q_count - need->first)
        return SABLE_REFUSE(queue, SABLE_INVALID,
                            "key %zu: kind %u, Galois element %u, positions %u + %u are not of these parameters", index,
                            (unsigned)need->kind, need->galois, need->first, need->limbs);
    for (size_t i = 0; i < index; i++)
        if (needs[i].kind == need->kind && needs[i].galois == need->galois)
            return SABLE_REFUSE(queue, SABLE_INVALID, "keys %zu and %zu are both of kind %u with Galois element %u", i,
                                index, (unsigned)need->kind, need->galois);
    return SABLE_OK;
}

static sable_status import_key(sable_queue *queue, sable_evk *key, const sable_raw *from, const sable_key_need *need) {
    const sable_params *p = &queue->ctx->params;
    uint16_t pos[SABLE_MAX_LIMBS];
    const uint32_t limbs = key_positions(p, need, pos), parts = 2 * sable_key_digits(p, need);
    raw_map map;
    SABLE_TRY(map_make(queue, &map, from, pos, limbs, parts, 1, true, false));
    *key = (sable_evk){.need = *need, .first_block = need->first / p->alpha, .digits = parts / 2};
    SABLE_TRY(sable_words_alloc(queue, &key->data, (size_t)parts * limbs * p->n, "an evaluation key"));
    return import_words(queue, &map, sable_dense_limbs(queue->ctx, key->data, pos, limbs, parts, 1));
}

sable_status sable_keyset_import(sable_queue *queue, sable_keyset **out, const sable_raw *from,
                                 const sable_key_need *needs, size_t count, const uint8_t key_id[SABLE_DIGEST_BYTES]) {
    SABLE_TRY(sable_check_idle(queue, "an import"));
    if (!out || !from || !needs || !key_id || count == 0)
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_keyset_import: an argument is NULL, or there are no keys");
    for (size_t i = 0; i < count; i++) SABLE_TRY(check_need(queue, needs, i));
    sable_keyset *keys;
    SABLE_TRY(sable_keyset_new(queue, &keys, count, key_id, false));
    sable_status status = SABLE_OK;
    for (size_t i = 0; i < count && status == SABLE_OK; i++) {
        keys->count = i + 1; /* what destroy has to release */
        status = import_key(queue, &keys->key[i], &from[i], &needs[i]);
    }
    if (status == SABLE_OK) status = sable_queue_sync(queue); /* every queue may use them from here on */
    if (status == SABLE_OK)
        *out = keys;
    else
        sable_keyset_destroy(queue, &keys);
    return status;
}
