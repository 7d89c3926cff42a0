/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CIRCUIT_SCHEDULE_H
#define SABLE_CIRCUIT_SCHEDULE_H
/* Which steps of a program run together. A unit is one call of the library: a step, or like steps as one batch. Units of one wave do not read
 * each other's results; what a wave makes is there for those after it. */
#include "circuit/program.h"

typedef struct program_unit {
    uint32_t first,
        lanes; /* lane[first .. first + lanes): like steps, or the first ones of like groups of hoisted rotations */
} program_unit;

typedef struct program_schedule {
    sable_schedule kind; /* not SABLE_SCHEDULE_AUTO */
    uint32_t most;       /* lanes of a unit, or units that run at a time */
    bool keeps;          /* operands are there after the steps that read them last: no memory is taken over */
    uint32_t *lane;      /* [steps] */
    program_unit *unit;  /* [units] */
    uint32_t *wave;      /* [waves + 1] the first unit of each wave, and their number */
    uint8_t *reuse;      /* [steps] whose memory the result takes over: as sable_program_reuse */
    uint32_t *dead;      /* [steps] registers in the order in which they are let go */
    uint32_t *dead_end;  /* [waves] dead[0 .. dead_end[w]) are gone after wave w */
    size_t units, waves;
    uint64_t live_bytes; /* most bytes alive at once, inputs and copies of operands included; batch 1 */
} program_schedule;

/* What SABLE_SCHEDULE_AUTO and most = 0 mean in a context (docs/CIRCUITS.md). */
void sable_schedule_choose(sable_schedule *kind, uint32_t *most, const sable_ctx *ctx);
/* Steps that SABLE_SCHEDULE_AUTO runs at a time, or as one batch; of a planning context, where they are counted one by one, those of
 * the context that it stands for. */
SABLE_SHARED uint32_t sable_schedule_at_a_time(const sable_ctx *ctx);
sable_status sable_schedule_make(program_schedule *out, const sable_program *program, sable_schedule kind,
                                 uint32_t most, bool keeps, sable_error *err);
void sable_schedule_free(program_schedule *schedule);
/* schedule_lives.c: reuse, dead, dead_end and live_bytes of a schedule whose waves are there. */
sable_status sable_schedule_lives(program_schedule *schedule, const sable_program *program, sable_error *err);

/* alike.c: whether two steps with operands at hand can be one call, and whether they cost about the same. */
bool sable_steps_are_one_call(const sable_program *program, uint32_t x, uint32_t y);
bool sable_steps_cost_alike(const sable_program *program, uint32_t x, uint32_t y);
/* Whether a call has a fixed price worth a copy of its operands: key switches, divisions, polynomials. */
bool sable_step_is_heavy(program_op op);

#endif
