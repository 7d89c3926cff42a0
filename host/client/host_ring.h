/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CLIENT_HOST_RING_H
#define SABLE_CLIENT_HOST_RING_H
/* Ring arithmetic of the secret side: always on the CPU, through the cpu backend, on memory of the client. Secrets
 * never enter the memory of a backend; only what may be published (key halves, ciphertexts) is uploaded.
 *
 * Work runs limb by limb: a lane is one thread's scratch in guarded memory that is wiped when the work closes, so the
 * transform of a secret exists for one prime at a time and lane. Wiped lanes are kept for the next work: making guarded
 * memory takes some twenty system calls, more than the work itself on small rings; other guarded memory likewise. */
#include "base/cut.h"
#include "ckks/objects.h"
#include "client/rng.h"
#include "cpu/kernels.h"

/* Belongs to a secret or a public key; safe to use from several threads. */
typedef struct client_ring {
    sable_ctx *ctx;
    const sable_ring *ring;
    const sable_backend *cpu;
    void *state;
    const cpu_kernels *kernels;
    bool owned;               /* the context runs on another backend, the cpu state is ours */
    struct client_idle *idle; /* wiped lanes */
} client_ring;

sable_status client_ring_open(client_ring *ring, sable_ctx *ctx, sable_error *err);
void client_ring_close(client_ring *ring);

#define CLIENT_SCRATCH 3

typedef struct client_lane {
    const client_ring *on;
    void *queue;
    uint32_t *limb[CLIENT_SCRATCH]; /* N words each, guarded memory */
    sable_stream *stream;           /* guarded memory */
    sable_status status;            /* first failure */
} client_lane;

typedef struct client_work {
    const client_ring *on;
    uint32_t lanes;
    client_lane *lane;
} client_work;

/* Lanes for `tasks` independent tasks. On failure nothing is left open. */
sable_status client_work_open(client_work *work, const client_ring *on, uint32_t tasks, sable_error *err);
/* SABLE_OK, or the first failure of a lane. */
sable_status client_work_status(const client_work *work, sable_error *err);
/* Wipes and frees; also on a zeroed struct. */
void client_work_close(client_work *work);

/* Put before a for loop over tasks that gets its lane by client_lane_of(work); items of sable_cut, or independent. */
#ifdef _OPENMP
#include <omp.h>
#define CLIENT_PRAGMA(text)   _Pragma(#text)
#define CLIENT_PARALLEL(work) CLIENT_PARALLEL_IF(true, work)
/* In the calling thread unless it is worth starting a parallel region. */
#define CLIENT_PARALLEL_IF(worth, work) \
    CLIENT_PRAGMA(omp parallel for if(worth) num_threads((work)->lanes) schedule(monotonic : dynamic))
/* Task i is for lane i. */
#define CLIENT_EACH_LANE(worth, work) \
    CLIENT_PRAGMA(omp parallel for if(worth) num_threads((work)->lanes) schedule(static, 1))
static inline client_lane *client_lane_of(const client_work *work) { return &work->lane[omp_get_thread_num()]; }
#else
#define CLIENT_PARALLEL(work)
#define CLIENT_PARALLEL_IF(worth, work) (void)(worth);
#define CLIENT_EACH_LANE(worth, work)   (void)(worth);
static inline client_lane *client_lane_of(const client_work *work) { return &work->lane[0]; }
#endif
/* Ends a task: wipes what the kernels left on this thread's stack. */
void client_lane_rest(void);

/* One limb of the prime at `position`, N words, 64-byte aligned. Outputs may be inputs. */
void lane_forward(client_lane *lane, uint32_t *x, uint32_t position);
void lane_inverse(client_lane *lane, uint32_t *out, uint32_t *in, uint32_t mult, uint32_t position);
void lane_add(const client_lane *lane, uint32_t *out, const uint32_t *a, const uint32_t *b, uint32_t position);
/* a*b / 2^32. */
void lane_mul_mont(const client_lane *lane, uint32_t *out, const uint32_t *a, const uint32_t *b, uint32_t position);
void lane_mul_const(const client_lane *lane, uint32_t *out, const uint32_t *a, uint32_t c, uint32_t position);
/* s + (a*b + m) / 2^32; m NULL counts as 0. */
void lane_affine(const client_lane *lane, uint32_t *out, const uint32_t *s, const uint32_t *a, const uint32_t *b,
                 const uint32_t *m, uint32_t position);
/* (x - e)*c for small x; e NULL counts as 0. */
void lane_lift(const client_lane *lane, uint32_t *out, const int8_t *x, const uint32_t *e, uint32_t c,
               uint32_t position);
/* Transform of x*c for small x. */
void lane_expand_small(client_lane *lane, uint32_t *out, const int8_t *x, uint32_t c, uint32_t position);

/* The factor c that gives Montgomery form, and the negative of it. */
static inline uint32_t lane_mont(const client_lane *lane, uint32_t position) {
    return lane->on->ring->prime[position].r1;
}
static inline uint32_t lane_mont_negative(const client_lane *lane, uint32_t position) {
    return lane->on->ring->prime[position].p - lane->on->ring->prime[position].r1;
}

/* Inverse of 2^32 modulo the prime at a position: takes words out of Montgomery form. */
uint32_t client_r_inverse(const client_ring *on, uint32_t position);

/* Words of this context lie where the CPU reads and writes them: nothing is copied to and fro. */
static inline bool client_shares_memory(const sable_ctx *ctx) {
    return ctx->backend == sable_backend_cpu() || ctx->tally;
}
/* Words of a work from the backend's allocator, which keeps blocks: fresh memory costs more in page faults than the work
 * done in it. For words that may be published, or that the caller wipes. */
sable_status client_scratch_take(const client_work *work, uint32_t **out, size_t words, const char *what,
                                 sable_error *err);
void client_scratch_give(const client_work *work, uint32_t *words); /* NULL is a no-op */

/* Guarded memory for secrets, or NULL. Given back it is wiped and, unless large, kept for the next take of as many
 * bytes. give: NULL is a no-op. */
void *client_guarded_take(const client_ring *on, size_t bytes);
void client_guarded_give(const client_ring *on, void *memory, size_t bytes);
/* A generator with a new seed, in the memory of an earlier one where there is one. give: wipes; NULL is a no-op. */
sable_status client_rng_take(const client_ring *on, sable_rng **rng, sable_error *err);
void client_rng_give(const client_ring *on, sable_rng *rng);
/* Aligned ordinary memory for words of keys; NULL on failure. Freed with free. */
uint32_t *client_words_alloc(size_t words);

/* `polys` polynomials of N coefficients each at out, errors or uniform ternary, one stream each. */
typedef struct client_draw {
    int8_t *out;
    uint32_t polys;
    bool ternary;
    sable_domain domain;
} client_draw;
/* Makes all of them, spread over the lanes. Keys of streams are derived in the order given. */
sable_status client_sample(const client_work *work, const client_draw *draw, uint32_t draws, sable_rng *rng,
                           sable_error *err);

#endif
