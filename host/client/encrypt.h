/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CLIENT_ENCRYPT_H
#define SABLE_CLIENT_ENCRYPT_H
/* What both encryptions share: members are worked on in runs that bound the host memory. */
#include "client/secret.h"

typedef struct client_run {
    client_work work;
    sable_rng *rng;
    uint32_t members;        /* of a run, at most */
    const uint32_t *message; /* of the run at hand: [members][limbs][N] as stored, Montgomery form */
    uint32_t *cipher;        /* of the run at hand: [members][2][limbs][N] */
    uint32_t *staged;        /* a device's message, wiped, and cipher; NULL: they lie in the objects themselves */
    uint32_t *special;       /* public-key encryption: [members][2][|P|], then [members][2][limbs] rows, else NULL */
    int8_t *small;           /* [polys][members][N], guarded memory */
    size_t small_bytes;
} client_run;

/* Most members of a run: amortises the transform of the secret, bounds memory. */
#define CLIENT_RUN_MEMBERS 16
#define CLIENT_RUN_BYTES   ((size_t)64 << 20)

/* Words from one limb of run->special to the next: rows exactly a power of two apart would share cache sets, and a base
 * conversion walks many of them at once. */
static inline size_t client_run_row(size_t n) { return n + 272; }

/* Members of one run of an encryption at a level. small_polys and division as below. */
uint32_t client_run_members(const sable_ctx *ctx, uint32_t level, uint32_t batch, uint32_t small_polys, bool division);
/* small_polys: secret polynomials a member; division: by P. On failure nothing is left open. */
sable_status client_run_open(client_run *run, const client_ring *on, const sable_queue *queue, const sable_pt *in,
                             uint32_t small_polys, bool division, sable_error *err);
void client_run_close(client_run *run, const sable_pt *in);

/* Sets run->message and run->cipher to members first.. of the plaintext and of the ciphertext's words `data`. */
sable_status client_run_begin(client_run *run, sable_queue *queue, uint32_t *data, const sable_pt *in, uint32_t first,
                              uint32_t count);
/* Brings what was written to run->cipher there. */
sable_status client_run_end(client_run *run, sable_queue *queue, uint32_t *data, const sable_pt *in, uint32_t first,
                            uint32_t count);
/* The ciphertext's state: everything but noise and seed. */
sable_ct client_ct_meta(const sable_pt *in, const uint8_t key_id[SABLE_DIGEST_BYTES], bool insecure);

#endif
