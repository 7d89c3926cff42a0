/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CIRCUIT_WORK_H
#define SABLE_CIRCUIT_WORK_H
/* Programs at work on ciphertexts. */
#include "circuit/schedule.h"
#include "ckks/objects.h"

/* What a step multiplies with or adds, encoded: one of the two, or neither. */
typedef struct program_plain {
    sable_pt *pt;
    sable_transform *map;
} program_plain;

/* step.c. One step; plain: NULL to encode what it needs now. Not for hoisted groups. */
sable_status sable_step_run(sable_queue *queue, sable_ct *out, const program_step *step, const sable_ct *a,
                            const sable_ct *b, const program_plain *plain, uint32_t slots, const sable_keyset *keys);
/* That of a step whose operand has that scale. On failure too, what was made is in *plain. */
sable_status sable_step_encode(sable_queue *queue, program_plain *plain, const program_step *step, sable_scale scale,
                               uint32_t slots);
void sable_plain_free(sable_queue *queue, program_plain *plain);

/* lanes.c. A batch that a unit of several lanes made; the value of each lane is a view of its members. */
typedef struct program_pack {
    sable_ct *whole;
    uint32_t readers; /* lanes that are alive */
} program_pack;

/* A run. */
typedef struct program_work {
    const sable_program *p;
    const program_schedule *schedule;
    const sable_ct *const *inputs;
    const sable_keyset *keys;
    const program_plain *plain; /* [steps], or NULL: nothing was encoded before */
    sable_ct **value;           /* [steps]; NULL: not there */
    program_pack **pack;        /* [steps] whose members a value is; NULL: a ciphertext of its own */
    program_visit visit;        /* NULL: nobody looks on. Else the schedule is serial */
    void *arg;
    sable_queue *queue;
    sable_queue *helper[SABLE_MAX_QUEUES]; /* of parallel waves */
    uint32_t helpers;
} program_work;

const sable_ct *sable_work_operand(const program_work *w, uint32_t reg);
/* One step of a unit by itself, a group of hoisted rotations included. */
sable_status sable_work_alone(const program_work *w, sable_queue *queue, uint32_t head);
/* The lanes of a unit in one call, or one by one where their batches differ. */
sable_status sable_work_lanes(const program_work *w, const program_unit *unit);
void sable_work_let_go(const program_work *w, uint32_t step);

/* run.c: the schedule on checked inputs and outputs. */
sable_status sable_work_run(program_work *w, sable_ct *const *outputs);
sable_status sable_program_check(sable_queue *queue, const sable_program *p, sable_ct *const *outputs,
                                 size_t output_count, const sable_ct *const *inputs, size_t input_count,
                                 const sable_keyset *keys);

#endif
