/* SPDX-License-Identifier: Apache-2.0 */
#include "ckks/selftest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/registry.h"
#include "ring/params_impl.h"

enum { REFERENCE, TESTED };

/* splitmix64: the same words in every run. */
static uint64_t next(selftest_world *w) {
    uint64_t z = w->random += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* -- the world of one degree --------------------------------------------------------------------------------------- */

static sable_status make_ring(selftest_world *w, uint32_t log_n, sable_error *err) {
    sable_params *set = NULL;
    SABLE_TRY(sable_params_load(&set, "A40", NULL, err));
    sable_params few = *set;
    few.log_n = log_n; /* its primes are 1 modulo 2^17 */
    few.n = 1u << log_n;
    few.q_count = SELFTEST_Q;
    few.p_count = SELFTEST_P;
    for (uint32_t i = 0; i < SELFTEST_P; i++) few.prime[SELFTEST_Q + i] = set->prime[set->q_count + i];
    sable_params_destroy(&set);
    return sable_ring_create(&w->ring, &few, err);
}

static sable_status make_bases(selftest_world *w, sable_error *err) {
    uint16_t src[SELFTEST_ALPHA], dst[SELFTEST_ALL];
    for (uint32_t j = 0; j < 2; j++) {
        uint32_t sources = 0, others = 0;
        for (uint32_t i = 0; i < SELFTEST_ALL; i++)
            if (i / SELFTEST_ALPHA == j)
                src[sources++] = (uint16_t)i;
            else
                dst[others++] = (uint16_t)i;
        SABLE_TRY(sable_basis_create(&w->up[j], w->ring, src, sources, dst, others, NULL, 0, NULL, err));
    }
    for (uint32_t i = 0; i < SELFTEST_P; i++) src[i] = (uint16_t)(SELFTEST_Q + i);
    for (uint32_t i = 0; i < SELFTEST_Q; i++) dst[i] = (uint16_t)i;
    return sable_basis_create(&w->down, w->ring, src, SELFTEST_P, dst, SELFTEST_Q, NULL, 0, NULL, err);
}

static sable_status make_values(selftest_world *w, sable_error *err) {
    uint32_t least = w->ring->prime[0].p;
    for (uint32_t i = 1; i < SELFTEST_ALL; i++)
        if (w->ring->prime[i].p < least) least = w->ring->prime[i].p;
    for (uint32_t k = 0; k < 2; k++)
        for (uint32_t i = 0; i < 64; i++) w->constant[k][i] = (uint32_t)(next(w) % least);
    const size_t count = 2 * (size_t)w->ring->n;
    w->coefficients = malloc(2 * count * sizeof *w->coefficients);
    if (!w->coefficients) return sable_fail(err, SABLE_NO_MEMORY, "no memory for the self test");
    for (size_t i = 0; i < count; i++) {
        w->coefficients[i] = (double)((int64_t)next(w) >> 11) * 0x1p40; /* |high| < 2^92 */
        w->coefficients[count + i] = (double)((int64_t)next(w) >> 14);
    }
    return SABLE_OK;
}

static void world_free(selftest_world *w) {
    for (int k = 0; k < 2; k++) {
        selftest_side *s = &w->side[k];
        if (s->queue) s->backend->queue_close(s->queue);
        if (s->state) s->backend->close(s->state);
        sable_basis_free(&w->up[k]);
    }
    sable_basis_free(&w->down);
    sable_ring_free(&w->ring);
    free(w->coefficients);
}

static sable_status open_side(selftest_side *side, const sable_backend *backend, const char *path,
                              const sable_ring *ring, sable_error *err) {
    const sable_backend_options options = {sizeof options, path, 0, 0};
    side->backend = backend;
    SABLE_TRY(backend->open(&side->state, ring, &options, err));
    return backend->queue_open(&side->queue, side->state, NULL, err);
}

static sable_status world_make(selftest_world *w, const sable_backend *table, const char *device, uint32_t log_n,
                               sable_error *err) {
    SABLE_TRY(make_ring(w, log_n, err));
    SABLE_TRY(make_bases(w, err));
    SABLE_TRY(make_values(w, err));
    SABLE_TRY(open_side(&w->side[REFERENCE], sable_backend_cpu(), "portable", w->ring, err));
    return open_side(&w->side[TESTED], table, device, w->ring, err);
}

/* -- one comparison ------------------------------------------------------------------------------------------------ */

static const uint16_t positions[SELFTEST_ALL] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

static sable_limbs view_of(const selftest_world *w, const selftest_operand *o) {
    const size_t n = w->ring->n;
    sable_limbs v = {.pos = o->limbs == SELFTEST_OF_P ? positions + SELFTEST_Q : positions,
                     .limbs = o->limbs == SELFTEST_OF_P   ? SELFTEST_P
                              : o->limbs == SELFTEST_OF_Q ? SELFTEST_Q
                                                          : SELFTEST_ALL,
                     .parts = o->parts,
                     .batch = o->batch,
                     .limb_stride = n};
    v.part_stride = v.limbs * n;
    v.batch_stride = v.parts * v.part_stride;
    return v;
}

static size_t words_of(const sable_limbs *v) { return v->batch * v->batch_stride; }

static uint32_t *random_words(selftest_world *w, const sable_limbs *v) {
    const size_t words = words_of(v), n = w->ring->n;
    uint32_t *host = malloc(words * sizeof *host);
    for (size_t i = 0; host && i < words; i++) {
        const uint32_t p = w->ring->prime[v->pos[i / n % v->limbs]].p;
        host[i] = (uint32_t)(next(w) % p);
    }
    return host;
}

/* A failure of the backend, with its sentence. */
static sable_status failed(const selftest_side *side, const char *function, sable_status status, sable_error *err) {
    return sable_fail(err, status, "%s, %s: %s", side->backend->name, function,
                      side->backend->queue_error(side->queue));
}

/* Runs the case on both sides. result: memory for two images of the output. */
static sable_status run_case(selftest_world *w, const selftest_case *c, uint32_t *result[2], uint64_t extra[2],
                             sable_error *err) {
    sable_limbs v[2][SELFTEST_OPERANDS];
    void *memory[2][SELFTEST_OPERANDS] = {{NULL}, {NULL}};
    sable_status status = SABLE_OK;
    uint32_t count = 0;
    for (; status == SABLE_OK && count < SELFTEST_OPERANDS && c->operand[count].limbs != SELFTEST_NONE; count++) {
        const sable_limbs shape = view_of(w, &c->operand[count]);
        uint32_t *host = random_words(w, &shape);
        if (!host) status = sable_fail(err, SABLE_NO_MEMORY, "no memory for the self test");
        for (int k = 0; k < 2 && status == SABLE_OK; k++) {
            const selftest_side *s = &w->side[k];
            const size_t bytes = words_of(&shape) * sizeof *host;
            status = s->backend->alloc(s->queue, &memory[k][count], bytes);
            if (status == SABLE_OK) status = s->backend->upload(s->queue, memory[k][count], host, bytes);
            if (status != SABLE_OK) status = failed(s, c->function, status, err);
            v[k][count] = shape;
            v[k][count].data = memory[k][count];
        }
        free(host);
    }
    for (int k = 0; k < 2 && status == SABLE_OK; k++) {
        const selftest_side *s = &w->side[k];
        status = c->call(w, s, v[k], &extra[k]);
        if (status == SABLE_OK)
            status = s->backend->download(s->queue, result[k], memory[k][0], words_of(&v[k][0]) * sizeof(uint32_t));
        if (status != SABLE_OK) status = failed(s, c->function, status, err);
    }
    for (int k = 0; k < 2; k++)
        for (uint32_t i = 0; i < SELFTEST_OPERANDS; i++) w->side[k].backend->release(w->side[k].queue, memory[k][i]);
    return status;
}

/* "" when both are equal. */
static void find_difference(char *text, size_t room, const sable_limbs *v, uint32_t *const result[2],
                            const uint64_t extra[2]) {
    *text = 0;
    for (size_t i = 0; i < words_of(v); i++)
        if (result[REFERENCE][i] != result[TESTED][i]) {
            (void)snprintf(text, room, "word %zu of limb %zu, part %zu, member %zu is %u and should be %u",
                           i % v->limb_stride, i / v->limb_stride % v->limbs, i / v->part_stride % v->parts,
                           i / v->batch_stride, result[TESTED][i], result[REFERENCE][i]);
            return;
        }
    if (extra[REFERENCE] != extra[TESTED])
        (void)snprintf(text, room, "says %llu and should say %llu", (unsigned long long)extra[TESTED],
                       (unsigned long long)extra[REFERENCE]);
}

static sable_status test_degree(selftest_world *w, uint32_t log_n, uint32_t *different, sable_selftest_tell *tell,
                                void *context, sable_error *err) {
    for (size_t i = 0; i < selftest_case_count; i++) {
        const selftest_case *c = &selftest_cases[i];
        const sable_limbs v = view_of(w, &c->operand[0]);
        uint64_t extra[2] = {0, 0};
        char text[160] = "";
        uint32_t *both = malloc(2 * words_of(&v) * sizeof *both), *const result[2] = {both, both + words_of(&v)};
        if (!both) return sable_fail(err, SABLE_NO_MEMORY, "no memory for the self test");
        const sable_status status = run_case(w, c, (uint32_t **)result, extra, err);
        if (status == SABLE_OK) find_difference(text, sizeof text, &v, result, extra);
        free(both);
        if (status != SABLE_OK) return status;
        *different += *text != 0;
        tell(context, c->function, log_n, *text ? text : NULL);
    }
    return SABLE_OK;
}

sable_status sable_selftest_table(const sable_backend *table, const char *device, uint32_t log_n_most, char *path,
                                  uint32_t *different, sable_selftest_tell *tell, void *context, sable_error *err) {
    if (log_n_most < SABLE_SELFTEST_LOG_N_LEAST || log_n_most > SABLE_SELFTEST_LOG_N_MOST)
        return sable_fail(err, SABLE_INVALID, "self test up to N = 2^%u: 2^%d to 2^%d are possible", log_n_most,
                          SABLE_SELFTEST_LOG_N_LEAST, SABLE_SELFTEST_LOG_N_MOST);
    *different = 0;
    sable_status status = SABLE_OK;
    /* Transforms change their shape at 2^10; the degrees below it share one kernel. */
    for (uint32_t log_n = 4; log_n <= log_n_most && status == SABLE_OK; log_n += log_n < 8 ? 4 : 2) {
        selftest_world w = {.random = log_n};
        status = world_make(&w, table, device, log_n, err);
        if (status == SABLE_OK) {
            (void)snprintf(path, SABLE_SELFTEST_PATH, "%s", table->path(w.side[TESTED].state));
            status = test_degree(&w, log_n, different, tell, context, err);
        }
        world_free(&w);
    }
    return status;
}

sable_status sable_selftest(const char *backend, uint32_t log_n_most, const char **name, char *path,
                            uint32_t *different, sable_selftest_tell *tell, void *context, sable_error *err) {
    sable_backend_choice choice;
    SABLE_TRY(sable_backend_find(&choice, backend ? backend : getenv("SABLE_BACKEND"), err));
    *name = choice.backend->name;
    return sable_selftest_table(choice.backend, choice.device, log_n_most, path, different, tell, context, err);
}
