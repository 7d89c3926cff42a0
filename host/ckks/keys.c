/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys are needed, and the sets that hold them. */
#include "ckks/eval_internal.h"

struct sable_key_spec {
    sable_params params;
    sable_key_need *need;
    size_t count, room;
};

sable_status sable_key_spec_create(sable_key_spec **out, const sable_params *params, sable_error *err) {
    if (!out || !params)
        return sable_fail(err, SABLE_INVALID, "sable_key_spec_create: out and params must not be NULL");
    sable_key_spec *spec = calloc(1, sizeof *spec);
    if (!spec) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a key specification");
    spec->params = *params;
    *out = spec;
    return SABLE_OK;
}

void sable_key_spec_destroy(sable_key_spec **spec) {
    if (!spec || !*spec) return;
    free((*spec)->need);
    free(*spec);
    *spec = NULL;
}

/* One key more, or a wider hull of the one that is there. */
static sable_status add_hull(sable_key_spec *spec, sable_key_kind kind, uint32_t galois, uint32_t first, uint32_t end,
                             sable_error *err) {
    for (size_t i = 0; i < spec->count; i++) {
        sable_key_need *n = &spec->need[i];
        if (n->kind != kind || n->galois != galois) continue;
        uint32_t old_end = n->first + n->limbs;
        if (first < n->first) n->first = first;
        n->limbs = (end > old_end ? end : old_end) - n->first;
        return SABLE_OK;
    }
    if (spec->count == spec->room) {
        size_t room = spec->room ? 2 * spec->room : 16;
        sable_key_need *grown = realloc(spec->need, room * sizeof *grown);
        if (!grown) return sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu key specifications", room);
        spec->need = grown;
        spec->room = room;
    }
    spec->need[spec->count++] = (sable_key_need){kind, galois, first, end - first};
    return SABLE_OK;
}

static sable_status add_need(sable_key_spec *spec, sable_key_kind kind, uint32_t galois, uint32_t low, uint32_t high,
                             sable_error *err) {
    if (!spec) return sable_fail(err, SABLE_INVALID, "the key specification is NULL");
    const sable_params *p = &spec->params;
    if (low > high || high > p->top_level)
        return sable_fail(err, SABLE_LEVEL, "key for levels %u..%u: the set %s has levels 0..%u", low, high, p->name,
                          p->top_level);
    uint32_t nt = 0, nm = 0; /* the hull of the windows: U[T - max nt, T + max nm) */
    for (uint32_t l = low; l <= high; l++) {
        if (p->nt[l] > nt) nt = p->nt[l];
        if (p->nm[l] > nm) nm = p->nm[l];
    }
    return add_hull(spec, kind, galois, p->terminals - nt, p->terminals + nm, err);
}

sable_status sable_key_spec_add_need(sable_key_spec *spec, const sable_key_need *need, sable_error *err) {
    const sable_params *p = &spec->params;
    const bool relin = need->kind == SABLE_KEY_RELIN;
    if (relin ? need->galois != 1 : need->galois % 2 == 0 || need->galois == 1 || need->galois >= 2 * p->n)
        return sable_fail(err, SABLE_INVALID,
                          "a key for Galois element %u: odd ones from 3 to %u are possible, 1 is "
                          "relinearisation's",
                          need->galois, 2 * p->n - 1);
    if (need->limbs == 0 || need->limbs > p->q_count || need->first > p->q_count - need->limbs)
        return sable_fail(err, SABLE_INVALID, "a key over positions %u to %u: the set %s has positions 0 to %u",
                          need->first, need->first + need->limbs, p->name, p->q_count - 1);
    return add_hull(spec, need->kind, need->galois, need->first, need->first + need->limbs, err);
}

sable_status sable_key_spec_add_relin(sable_key_spec *spec, uint32_t low, uint32_t high, sable_error *err) {
    return add_need(spec, SABLE_KEY_RELIN, 1, low, high, err);
}

sable_status sable_key_spec_add_rotation(sable_key_spec *spec, int64_t steps, uint32_t slots, uint32_t low,
                                         uint32_t high, sable_error *err) {
    if (!spec) return sable_fail(err, SABLE_INVALID, "the key specification is NULL");
    if (slots & (slots - 1) || slots > spec->params.n / 2)
        return sable_fail(err, SABLE_INVALID, "rotation in %u slots: a power of two up to %u, or 0", slots,
                          spec->params.n / 2);
    uint32_t galois = sable_galois_rotation(&spec->params, steps, slots);
    return galois == 1 ? SABLE_OK : add_need(spec, SABLE_KEY_GALOIS, galois, low, high, err);
}

sable_status sable_key_spec_add_conjugation(sable_key_spec *spec, uint32_t low, uint32_t high, sable_error *err) {
    if (!spec) return sable_fail(err, SABLE_INVALID, "the key specification is NULL");
    return add_need(spec, SABLE_KEY_GALOIS, sable_galois_conjugation(&spec->params), low, high, err);
}

size_t sable_key_spec_count(const sable_key_spec *spec) { return spec ? spec->count : 0; }

sable_status sable_key_spec_get(const sable_key_spec *spec, size_t index, sable_key_need *need) {
    if (!spec || !need || index >= spec->count) return SABLE_INVALID;
    *need = spec->need[index];
    return SABLE_OK;
}

/* Bytes of one key in memory: two polynomials a digit over the hull and P. */
static uint64_t need_bytes(const sable_params *p, const sable_key_need *need) {
    return 2ull * sable_key_digits(p, need) * (need->limbs + p->p_count) * p->n * sizeof(uint32_t);
}

uint64_t sable_key_spec_bytes(const sable_key_spec *spec) {
    uint64_t sum = 0;
    for (size_t i = 0; spec && i < spec->count; i++) sum += need_bytes(&spec->params, &spec->need[i]);
    return sum;
}

const sable_params *sable_key_spec_params(const sable_key_spec *spec) { return &spec->params; }

/* -- sets ---------------------------------------------------------------------------------------------------------- */

sable_status sable_keyset_new(sable_queue *queue, sable_keyset **out, size_t count,
                              const uint8_t key_id[SABLE_DIGEST_BYTES], bool seeded) {
    sable_keyset *keys = calloc(1, sizeof *keys);
    if (keys) keys->key = calloc(count ? count : 1, sizeof *keys->key);
    if (!keys || !keys->key) {
        free(keys);
        return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory for a set of %zu keys", count);
    }
    keys->ctx = queue->ctx;
    memcpy(keys->key_id, key_id, sizeof keys->key_id);
    keys->insecure = queue->ctx->params.insecure;
    keys->seeded = seeded;
    *out = keys;
    return SABLE_OK;
}

void sable_keyset_destroy(sable_queue *queue, sable_keyset **keys) {
    if (!keys || !*keys) return;
    sable_queues_await(queue); /* any of them may still read a key */
    for (size_t i = 0; i < (*keys)->count; i++) sable_words_release(queue, (*keys)->key[i].data);
    free((*keys)->key);
    free(*keys);
    *keys = NULL;
}

size_t sable_keyset_count(const sable_keyset *keys) { return keys ? keys->count : 0; }

sable_status sable_keyset_get(const sable_keyset *keys, size_t index, sable_key_need *need) {
    if (!keys || !need || index >= keys->count) return SABLE_INVALID;
    *need = keys->key[index].need;
    return SABLE_OK;
}

uint64_t sable_keyset_bytes(const sable_keyset *keys) {
    uint64_t sum = 0;
    for (size_t i = 0; keys && i < keys->count; i++) sum += need_bytes(&keys->ctx->params, &keys->key[i].need);
    return sum;
}

sable_status sable_keyset_key_id(const sable_keyset *keys, uint8_t key_id[SABLE_DIGEST_BYTES]) {
    if (!keys || !key_id) return SABLE_INVALID;
    memcpy(key_id, keys->key_id, SABLE_DIGEST_BYTES);
    return SABLE_OK;
}

uint32_t sable_galois_rotation(const sable_params *params, int64_t steps, uint32_t slots) {
    int64_t period = slots ? slots : params->n / 2, r = steps % period;
    if (r < 0) r += period;
    uint64_t mask = 2ull * params->n - 1, g = 1, base = 5;
    for (; r; r >>= 1, base = base * base & mask)
        if (r & 1) g = g * base & mask;
    return (uint32_t)g;
}

uint32_t sable_galois_conjugation(const sable_params *params) { return 2 * params->n - 1; }
