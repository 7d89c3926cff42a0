/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CKKS_OBJECTS_H
#define SABLE_CKKS_OBJECTS_H
/* The insides of contexts, queues, ciphertexts, plaintexts and keys, for the ckks layer, those above it and libsable_client. */
#include <pthread.h>

#include "base/fail.h"
#include "base/shared.h"
#include "cpu/tally.h"
#include "ring/ring.h"
#include "ring/view.h"
#include "sable/eval.h"

typedef struct sable_encoder sable_encoder; /* ckks/encoder.h */

/* One division by a product of primes: out = round(c*x / D) with c = A*K (docs/ALGORITHMS.md, mod-down). */
typedef struct sable_drop_plan {
    sable_basis *basis; /* D -> out, y_mult folded with c */
    uint32_t drop_count, out_count;
    uint16_t *drop, *out; /* positions */
    uint32_t *x_mult;     /* [out] c * D^-1 */
    uint32_t *e_mult;     /* [out] D^-1 */
} sable_drop_plan;

/* Everything that depends on the level. Position lists are "acc order": Q_l, then P. */
typedef struct sable_level_tables {
    uint32_t first, limbs; /* window */
    uint16_t *pos;         /* [limbs + p_count]: Q_l then P */
    uint32_t first_block, digits;
    uint32_t *digit_first;        /* [digits]: index in the window of the digit's first limb */
    uint32_t *digit_limbs;        /* [digits] */
    sable_basis **mod_up;         /* [digits]: digit -> the positions of pos outside it */
    uint32_t *mod_up_mult;        /* [limbs]: y_mult of all digits, concatenated in window order */
    uint32_t *p_mod_q;            /* [limbs]: P mod q */
    sable_drop_plan down;         /* P -> Q_l */
    sable_drop_plan down_rescale; /* P and Q_l \ Q_{l-1} -> Q_{l-1}; level >= 1 */
    sable_drop_plan rescale;      /* Q_l \ Q_{l-1} -> Q_{l-1}; level >= 1 */
} sable_level_tables;

struct sable_ctx {
    sable_params params;
    const sable_backend *backend;
    void *state;        /* the backend's */
    char reason[496];   /* why an automatic choice of the backend took cpu, else "" */
    sable_tally *tally; /* of a context that only plans, else NULL: payloads of files are then counted, not read */
    sable_ring *ring;
    sable_level_tables *level; /* [top_level + 1] */
    sable_encoder *encoder;
    uint32_t host_threads;                       /* OpenMP threads of work on the host; never 0 */
    pthread_mutex_t lock;                        /* of queue[] */
    struct sable_queue *queue[SABLE_MAX_QUEUES]; /* by slot, NULL: free */
    _Atomic uint32_t slots_used;                 /* one more than the highest slot that ever had a queue */
    _Atomic uint32_t recordings;                 /* begun so far: their numbers */
    _Atomic uint64_t issued[SABLE_MAX_QUEUES];   /* reads and writes of each queue slot so far */
    _Atomic uint64_t synced[SABLE_MAX_QUEUES];   /* known to be complete */
    _Atomic uint64_t closed[SABLE_MAX_QUEUES];   /* known to be over, complete or failed */
};

struct sable_queue {
    sable_ctx *ctx;
    void *handle; /* the backend's queue */
    uint32_t slot;
    _Atomic uint64_t seen[SABLE_MAX_QUEUES]; /* what sable_queue_wait ordered before us */
    uint32_t recording;                      /* number of the recording that its work goes into, 0: none */
    size_t recorded_blocks;                  /* of memory, made in that recording and alive */
    sable_status dead;                       /* SABLE_OK, or the device status that killed it */
    sable_error error;
};

/* Who wrote an object last. */
typedef struct sable_stamp {
    uint32_t slot;
    uint64_t sequence; /* 0: never */
} sable_stamp;

/* Who reads an object: for every queue slot the number of the last operation that does, 0: none. Threads share it: several
 * queues may read at once. Objects inside one call have none. */
typedef struct sable_readers {
    _Atomic uint64_t last[SABLE_MAX_QUEUES];
} sable_readers;

struct sable_ct {
    sable_ctx *ctx;
    sable_readers *readers;
    sable_stamp stamp;
    uint32_t recorded; /* number of the recording that its words are a part of, 0: none */
    uint32_t *data;    /* [batch][parts][limbs][N], dense; NULL: empty */
    uint32_t batch, parts, level, slots;
    sable_scale scale;
    double bound, rms;
    double noise_var; /* variance of one coefficient of the error polynomial, in units of the encrypted integers */
    double
        relative; /* relative error of the message from rounded constants (adjust, scalars): added to the tracked error times rms */
    bool insecure, seeded;
    uint8_t seed[32]; /* valid if seeded */
    uint8_t key_id[SABLE_DIGEST_BYTES];
};

struct sable_pt {
    sable_ctx *ctx;
    sable_readers *readers;
    sable_stamp stamp;
    uint32_t recorded;
    uint32_t *data; /* [batch][limbs][N], NTT order, Montgomery form */
    uint32_t batch, level, slots;
    sable_scale scale;
    double bound, rms;
};

typedef struct sable_evk {
    sable_key_need need;
    uint32_t first_block, digits;
    uint32_t *data;   /* [digits][b, a][limbs of the hull, then P][N], NTT order, Montgomery form */
    uint8_t seed[32]; /* of a seeded set: a halves are its expansion, object = galois element, purpose = kind */
} sable_evk;

struct sable_keyset {
    sable_ctx *ctx;
    size_t count;
    sable_evk *key;
    bool insecure, seeded; /* seeded: every key's seed is there */
    uint8_t key_id[SABLE_DIGEST_BYTES];
};

/* A context as sable_ctx_create's with the same options, refusals included, on which work is counted and not done
 * (cpu/tally.h). */
SABLE_SHARED SABLE_CHECKED sable_status sable_ctx_create_planning(sable_ctx **out, const sable_params *params,
                                                                  const sable_ctx_options *options, sable_error *err);

/* Blocks of alpha positions that a key's hull touches. */
static inline uint32_t sable_key_digits(const sable_params *p, const sable_key_need *need) {
    return (need->first + need->limbs - 1) / p->alpha - need->first / p->alpha + 1;
}

/* A need as another specification gave it: for this set, and checked. */
SABLE_SHARED SABLE_CHECKED sable_status sable_key_spec_add_need(sable_key_spec *spec, const sable_key_need *need,
                                                                sable_error *err);
SABLE_SHARED const sable_params *sable_key_spec_params(const sable_key_spec *spec);
/* A set of no keys yet, with room for count. */
sable_status sable_keyset_new(sable_queue *queue, sable_keyset **out, size_t count,
                              const uint8_t key_id[SABLE_DIGEST_BYTES], bool seeded);

/* -- helpers of ckks/object*.c ------------------------------------------------------------------------------------- */

/* Fails on the queue's error record. */
#define SABLE_REFUSE(queue, code, ...) sable_fail(&(queue)->error, (code), __VA_ARGS__)
/* Runs a backend call; a failure kills the queue and returns. */
#define SABLE_RUN(queue, call)                                                      \
    do {                                                                            \
        sable_status run_status_ = (queue)->ctx->backend->call;                     \
        if (run_status_ != SABLE_OK) return sable_queue_kill((queue), run_status_); \
    } while (0)
SABLE_SHARED sable_status sable_queue_kill(sable_queue *queue, sable_status status);

/* Queue alive, object of its context, safe to read and, from here on, read: SABLE_OK, or a refusal. */
SABLE_SHARED sable_status sable_check_queue(sable_queue *queue);
SABLE_SHARED sable_status sable_check_ct(sable_queue *queue, const sable_ct *ct,
                                         const char *what); /* also: not empty */
SABLE_SHARED sable_status sable_check_pt(sable_queue *queue, const sable_pt *pt, const char *what);
SABLE_SHARED sable_status sable_check_out(sable_queue *queue, const sable_ct *ct);
SABLE_SHARED sable_status sable_check_out_pt(sable_queue *queue, const sable_pt *pt);
/* sable_check_queue, and no recording: `what` is nothing that a graph can hold. */
SABLE_SHARED sable_status sable_check_idle(sable_queue *queue, const char *what);
/* Backend memory of `words` words. Refuses with the bytes when there is none. */
SABLE_SHARED sable_status sable_words_alloc(sable_queue *queue, uint32_t **data, size_t words, const char *what);
SABLE_SHARED void sable_words_release(sable_queue *queue, uint32_t *data);

/* -- order between queues (order.c) -------------------------------------------------------------------------------- */

/* The queue's work comes after what wrote the object, after all that reads it: SABLE_OK, or SABLE_BUSY. readers may be NULL. */
sable_status sable_check_written(sable_queue *queue, const sable_stamp *stamp, const char *what);
sable_status sable_check_unread(sable_queue *queue, sable_readers *readers, const char *what);
/* The queue's next operation reads the object. */
void sable_note_read(sable_queue *queue, sable_readers *readers);
/* Stamps the object as written by the queue's next operation. */
SABLE_SHARED void sable_stamp_write(sable_queue *queue, sable_stamp *stamp);
/* Orders the queue after whoever wrote or reads the object: before its memory is given back by another queue. */
void sable_object_await(sable_queue *queue, const sable_stamp *stamp, sable_readers *readers);
/* Orders the queue after all work of the context so far. */
void sable_queues_await(sable_queue *queue);

/* The one function that sets a ciphertext's shape and state: takes ownership of `data`, releases what was there. `meta` carries
 * everything but ctx, stamp and data. */
SABLE_SHARED void sable_ct_commit(sable_queue *queue, sable_ct *ct, const sable_ct *meta, uint32_t *data);
SABLE_SHARED void sable_pt_commit(sable_queue *queue, sable_pt *pt, const sable_pt *meta, uint32_t *data);

/* Dense views. Positions are the window of the level. */
SABLE_SHARED sable_limbs sable_ct_limbs(const sable_ct *ct);
SABLE_SHARED sable_limbs sable_ct_part(const sable_ct *ct, uint32_t part); /* one part of all members */
SABLE_SHARED sable_limbs sable_pt_limbs(const sable_pt *pt);
SABLE_SHARED sable_limbs sable_dense_limbs(const sable_ctx *ctx, uint32_t *data, const uint16_t *pos, uint32_t limbs,
                                           uint32_t parts, uint32_t batch);
/* in repeated (stride 0) to `batch` members. */
SABLE_SHARED sable_limbs sable_limbs_repeat(sable_limbs in, uint32_t batch);

/* One number everywhere: teams of changing size would make OpenMP start and end threads all the time. */
static inline uint32_t sable_host_threads(const sable_ctx *ctx) { return ctx->host_threads; }

/* log2 of the largest |integer| that Q_level represents with the safety factor of 4: bounds are compared with it. */
SABLE_SHARED double sable_level_capacity_log2(const sable_ctx *ctx, uint32_t level);

#endif
