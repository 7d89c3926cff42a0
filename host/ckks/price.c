/* SPDX-License-Identifier: Apache-2.0 */
#include "ckks/price.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/fail.h"
#include "base/hash.h"
#include "ckks/encoder.h"
#include "ckks/expand.h"
#include "ckks/price_stage.h"
#include "cpu/kernels.h"

#define JOB_SECONDS 2e-3
#define JOB_WORDS   ((size_t)1 << 19) /* of one timed call: long beside the start of a parallel region */
#define OPENINGS    3                 /* the system may interrupt one */
#define FRESH_BYTES ((size_t)2 << 20)
#define KEY_BYTES   ((size_t)8 << 20) /* of the rows that an inner product reads */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double sable_time_of(void (*job)(void *), void *arg) {
    enum { MOST = 64, LEAST = 4 };
    const double start = now();
    job(arg);
    double end = now(), least = end - start;
    /* Short jobs are timed in groups, long beside the clock's own cost. */
    const uint32_t group = least > 1e-5 ? 1 : 16;
    /* A few runs in any case: one that the system interrupted tells nothing. */
    for (uint32_t count = 0; count < LEAST || (count < MOST && end - start < JOB_SECONDS); count++) {
        const double begin = end;
        for (uint32_t i = 0; i < group; i++) job(arg);
        end = now();
        if ((end - begin) / group < least) least = (end - begin) / group;
    }
    return least;
}

double sable_price_sum(const sable_prices *prices, const double work[SABLE_WORKS]) {
    double sum = 0;
    for (int i = 0; i < SABLE_WORKS; i++) sum += prices->seconds[i] * work[i];
    return sum;
}

/* A stage, and the shape of the timed call. */
typedef struct stage {
    price_stage at;
    uint32_t limbs, digits, own, batch, near;
    sable_basis *basis;
    double *values;
} stage;

static void stage_close(stage *s) {
    sable_basis_free(&s->basis);
    free(s->values);
    price_stage_close(&s->at);
}
static sable_limbs view(const stage *s, size_t skip, uint32_t limbs, uint32_t parts, uint32_t batch) {
    return price_view(&s->at, skip, limbs, parts, batch);
}
static double timed(void (*job)(void *), stage *s) { return price_time(job, &s->at, s); }
static void note(stage *s, sable_status status) { price_note(&s->at, status); }

/* -- transforms, at the set's degree ------------------------------------------------------------------------------- */

static void run_forward(void *arg) {
    stage *s = arg;
    sable_limbs x = view(s, 0, s->limbs, 1, s->batch);
    note(s, s->at.cpu->ntt_forward(s->at.queue, &x));
}
static void run_inverse(void *arg) {
    stage *s = arg;
    sable_limbs x = view(s, 0, s->limbs, 1, s->batch);
    note(s, s->at.cpu->ntt_inverse(s->at.queue, &x, &x, NULL));
}

static sable_status transforms(sable_prices *prices, const sable_params *params, const sable_backend_options *options,
                               sable_error *err) {
    sable_params few = *params;
    few.q_count = params->q_count < 2 ? params->q_count : 2;
    few.p_count = 1;
    few.prime[few.q_count] = params->prime[params->q_count];
    const size_t n = params->n;
    const uint32_t primes = few.q_count + few.p_count;
    size_t batch = JOB_WORDS / (few.q_count * n);
    if (batch < 2) batch = 2;
    stage s = {0};
    double least = INFINITY;
    sable_status status = SABLE_OK;
    for (int i = 0; i < OPENINGS && status == SABLE_OK; i++) {
        if (i) stage_close(&s);
        s = (stage){0};
        const double start = now();
        status = price_stage_open(&s.at, &few, batch * few.q_count * n, options, err);
        const double took = now() - start;
        if (took < least) least = took;
    }
    prices->seconds[SABLE_WORK_TABLE] = least / (4.0 * primes * (double)n);
    if (status == SABLE_OK) {
        prices->threads = s.at.cpu->threads(s.at.state);
        snprintf(prices->path, sizeof prices->path, "%s", s.at.cpu->path(s.at.state));
        s.limbs = s.batch = 1;
        const double alone = sable_time_of(run_forward, &s);
        s.limbs = few.q_count;
        s.batch = (uint32_t)batch;
        const double words = (double)batch * s.limbs * (double)n;
        prices->seconds[SABLE_WORK_FORWARD] = sable_time_of(run_forward, &s) / words;
        prices->seconds[SABLE_WORK_INVERSE] = sable_time_of(run_inverse, &s) / words;
        prices->speedup = alone / (double)n / prices->seconds[SABLE_WORK_FORWARD];
        if (!(prices->speedup >= 1)) prices->speedup = 1;
        if (prices->speedup > prices->threads) prices->speedup = prices->threads;
        status = s.at.status;
    }
    stage_close(&s);
    return status;
}

/* -- words alike, at a smaller degree on all primes ---------------------------------------------------------------- */

static void run_convert(void *arg) {
    stage *s = arg;
    const uint32_t all = s->limbs;
    sable_limbs y = view(s, 0, s->own, 1, 1), out = view(s, s->own, all - s->own, 1, 1);
    out.pos = s->at.pos + s->own;
    note(s, s->at.cpu->base_convert(s->at.queue, &out, &y, s->basis));
}
static void run_inner(void *arg) {
    stage *s = arg;
    const uint32_t all = s->limbs, q = s->at.ring->q_count;
    sable_limbs acc = view(s, 0, all, 2, 1), digits = view(s, 2 * all, all, s->digits, 1),
                own = view(s, (2 + s->digits) * (size_t)all, q, 1, 1),
                key = view(s, (3 + s->digits) * (size_t)all, all, 2 * s->digits, 1);
    note(s, s->at.cpu->key_inner(s->at.queue, &acc, &digits, &own, &key, s->own, 0, NULL, NULL));
}
static void run_plain_forward(void *arg) {
    stage *s = arg;
    sable_limbs x = view(s, 2 * s->at.ring->q_count, s->at.ring->q_count, 2, 1);
    note(s, s->at.cpu->ntt_forward(s->at.queue, &x));
}
static void run_tensor(void *arg) {
    stage *s = arg;
    const uint32_t q = s->at.ring->q_count;
    sable_limbs out = view(s, 0, q, 3, 1), a = view(s, 3 * q, q, 2, 1), b = view(s, 5 * q, q, 2, 1);
    note(s, s->at.cpu->tensor(s->at.queue, &out, &a, 0, &b, 0, 1));
}
static void run_combine(void *arg) {
    stage *s = arg;
    const uint32_t q = s->at.ring->q_count;
    sable_limbs out = view(s, 0, q, 2, 1), in = view(s, 2 * q, q, 2, 2);
    uint32_t c[2 * SABLE_MAX_Q];
    for (uint32_t i = 0; i < 2 * q; i++) c[i] = 3;
    note(s, s->at.cpu->combine(s->at.queue, &out, &in, c));
}
static void run_element(void *arg) {
    stage *s = arg;
    const uint32_t q = s->at.ring->q_count;
    sable_limbs out = view(s, 0, q, 2, 1), a = view(s, 2 * q, q, 2, 1), b = view(s, 4 * q, q, 2, 1);
    note(s, s->at.cpu->mul_mont(s->at.queue, &out, &a, &b, 0));
}
static void run_sum(void *arg) {
    stage *s = arg;
    const uint32_t q = s->at.ring->q_count;
    sable_limbs out = view(s, 0, q, 2, 1), a = view(s, 2 * q, q, 2, 1), b = view(s, 4 * q, q, 2, 1);
    note(s, s->at.cpu->add(s->at.queue, &out, &a, &b));
}
/* Operands of a quarter MiB together, limb by limb. */
static void run_near(void *arg) {
    stage *s = arg;
    const uint32_t limbs = s->near;
    sable_limbs out = view(s, 0, limbs, 1, 1), a = view(s, limbs, limbs, 1, 1), b = view(s, 2 * limbs, limbs, 1, 1);
    note(s, s->at.cpu->mul_mont(s->at.queue, &out, &a, &b, 0));
}
static void run_near_sum(void *arg) {
    stage *s = arg;
    const uint32_t limbs = s->near;
    sable_limbs out = view(s, 0, limbs, 1, 1), a = view(s, limbs, limbs, 1, 1), b = view(s, 2 * limbs, limbs, 1, 1);
    note(s, s->at.cpu->add(s->at.queue, &out, &a, &b));
}
/* So small that what a call costs by itself is most of it. */
static void run_short(void *arg) {
    stage *s = arg;
    sable_limbs out = view(s, 0, 1, 1, 1), a = view(s, 1, 1, 1, 1), b = view(s, 2, 1, 1, 1);
    note(s, s->at.cpu->add(s->at.queue, &out, &a, &b));
}
static void run_encode(void *arg) {
    stage *s = arg;
    sable_limbs out = view(s, 0, s->at.ring->q_count, 1, 1);
    note(s, s->at.cpu->encode(s->at.queue, &out, s->values, s->values + s->at.ring->n, 1));
}
static void run_check(void *arg) {
    stage *s = arg;
    sable_limbs x = view(s, 0, s->limbs, 2, 1);
    uint64_t bad;
    note(s, s->at.cpu->check_range(s->at.queue, &x, &bad));
}
static void run_copy(void *arg) {
    stage *s = arg;
    const size_t words = s->batch * (size_t)s->at.ring->n;
    memcpy(s->at.words, s->at.words + words, words * sizeof(uint32_t));
}
static void run_fresh(void *arg) {
    stage *s = arg;
    volatile char *memory = mmap(NULL, FRESH_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        note(s, SABLE_NO_MEMORY);
        return;
    }
    for (size_t at = 0; at < FRESH_BYTES; at += 4096) memory[at] = 1;
    (void)munmap((void *)memory, FRESH_BYTES);
}
static void run_decode(void *arg) {
    stage *s = arg;
    const uint32_t *x[SABLE_MAX_Q];
    const uint32_t limbs = s->own;
    for (uint32_t i = 0; i < limbs; i++) x[i] = s->at.words + (size_t)i * s->at.ring->n;
    size_t inconsistent;
    note(s, sable_residues_to_doubles(s->values, &inconsistent, x, 1, s->at.ring->n, s->at.ring, s->at.pos, limbs,
                                      limbs, (sable_dd){0x1p40, 0}, INFINITY, 1, NULL));
}
static void run_expand(void *arg) {
    stage *s = arg;
    static const uint8_t key[32] = {1};
    sable_expand_limb(s->at.words, s->at.ring->n, &s->at.ring->prime[0], key, SABLE_EXPAND_CIPHERTEXT, 0, 0, 0);
}
static void run_lift(void *arg) {
    stage *s = arg;
    sable_cpu_kernels(s->at.state)
        ->lift(s->at.words, (const int8_t *)s->values, NULL, 1, s->at.ring->n, &s->at.ring->prime[0]);
}
static void run_digest(void *arg) {
    stage *s = arg;
    uint8_t digest[SABLE_HASH_BYTES];
    sable_hash(digest, s->at.words, s->at.ring->n * sizeof(uint32_t));
    s->at.words[0] = digest[0];
}

static sable_status words_alike(sable_prices *prices, const sable_params *params, const sable_backend_options *options,
                                sable_error *err) {
    sable_params small = *params;
    const uint32_t q = params->q_count, all = q + params->p_count, digits = (q + params->alpha - 1) / params->alpha;
    small.log_n = 10;
    while (small.log_n < params->log_n && (2ull * digits * all * 4 << (small.log_n + 1)) <= KEY_BYTES) small.log_n++;
    small.n = 1u << small.log_n;
    const double n = small.n;
    const uint32_t room = (3 + 3 * digits) * all > 8 * q ? (3 + 3 * digits) * all : 8 * q;
    stage s = {0};
    sable_status status = price_stage_open(&s.at, &small, (size_t)room * small.n, options, err);
    s.limbs = all;
    s.digits = digits;
    s.near = (uint32_t)((1 << 18) / (3 * sizeof(uint32_t) * small.n));
    if (s.near < 1) s.near = 1;
    if (s.near > q) s.near = q;
    s.batch = room / 2; /* limbs that are copied: half of all to the other half */
    s.own = params->alpha < q ? params->alpha : q;
    if (status == SABLE_OK)
        status =
            sable_basis_create(&s.basis, s.at.ring, s.at.pos, s.own, s.at.pos + s.own, all - s.own, NULL, 0, NULL, err);
    if (status == SABLE_OK && !(s.values = calloc(2 * (size_t)small.n, sizeof *s.values)))
        status = sable_fail(err, SABLE_NO_MEMORY, "no memory to measure what work costs");
    if (status == SABLE_OK) {
        for (uint32_t i = 0; i < small.n; i++) s.values[i] = (double)((i * 2654435761u) >> 8) * 0x1p16;
        double *price = prices->seconds;
        price[SABLE_WORK_CONVERT] = timed(run_convert, &s) / (n * s.own * (all - s.own));
        price[SABLE_WORK_INNER] = timed(run_inner, &s) / (n * all * digits);
        const double transform = timed(run_plain_forward, &s) / (n * q * 2),
                     encode = timed(run_encode, &s) / (n * q) - transform;
        price[SABLE_WORK_ELEMENT] = timed(run_element, &s) / (n * q * 2);
        price[SABLE_WORK_NEAR] = timed(run_near, &s) / (n * s.near);
        price[SABLE_WORK_NEAR_SUM] = timed(run_near_sum, &s) / (n * s.near);
        price[SABLE_WORK_SUM] = timed(run_sum, &s) / (n * q * 2);
        const double call = timed(run_short, &s) - n * price[SABLE_WORK_NEAR_SUM];
        price[SABLE_WORK_CALL] = call > 0 ? call : 0;
        price[SABLE_WORK_TENSOR] = timed(run_tensor, &s) / (n * q);
        price[SABLE_WORK_COMBINE] = timed(run_combine, &s) / (n * q * 4);
        price[SABLE_WORK_ENCODE] = encode > 0 ? encode : price[SABLE_WORK_ELEMENT];
        price[SABLE_WORK_CHECK] = timed(run_check, &s) / (n * all * 2);
        price[SABLE_WORK_COPY] = timed(run_copy, &s) / (n * s.batch * sizeof(uint32_t));
        price[SABLE_WORK_FRESH] = timed(run_fresh, &s) / FRESH_BYTES;
        price[SABLE_WORK_DECODE] = timed(run_decode, &s) / (n * s.own) / prices->speedup;
        price[SABLE_WORK_EXPAND] = timed(run_expand, &s) / n / prices->speedup;
        memset(s.values, 1, small.n); /* small coefficients */
        price[SABLE_WORK_LIFT] = timed(run_lift, &s) / n / prices->speedup;
        price[SABLE_WORK_DIGEST] = timed(run_digest, &s) / (n * sizeof(uint32_t));
        status = s.at.status;
    }
    stage_close(&s);
    return status;
}

/* -- the encoder --------------------------------------------------------------------------------------------------- */

typedef struct embedding {
    sable_encoder *encoder;
    double *z, *coeff;
    uint32_t slots;
} embedding;

static void run_embed(void *arg) {
    embedding *e = arg;
    (void)sable_embed_inverse(e->encoder, e->coeff, e->z, false, e->slots, 1, NULL);
}

static sable_status encoder(sable_prices *prices, const sable_params *params, sable_error *err) {
    const uint32_t log_n = params->log_n < 13 ? params->log_n : 13, n = 1u << log_n;
    embedding e = {.slots = n / 2, .z = calloc(n / 2, sizeof(double)), .coeff = calloc(n, sizeof(double))};
    sable_status status = e.z && e.coeff ? sable_encoder_create(&e.encoder, log_n, err)
                                         : sable_fail(err, SABLE_NO_MEMORY, "no memory to measure the encoder");
    if (status == SABLE_OK)
        prices->seconds[SABLE_WORK_EMBED] = sable_time_of(run_embed, &e) / ((double)n * log_n) / prices->speedup;
    sable_encoder_destroy(&e.encoder);
    free(e.z);
    free(e.coeff);
    return status;
}

sable_status sable_prices_measure(sable_prices *prices, const sable_params *params,
                                  const sable_backend_options *options, sable_error *err) {
    *prices = (sable_prices){.speedup = 1, .threads = 1};
    sable_backend_options o = options ? *options : (sable_backend_options){.struct_size = sizeof o};
    o.memory_cap = 0; /* what is measured here is not what the cap is for */
    SABLE_TRY(transforms(prices, params, &o, err));
    SABLE_TRY(words_alike(prices, params, &o, err));
    SABLE_TRY(price_switches(prices, params, &o, err));
    return encoder(prices, params, err);
}
