/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CIRCUIT_PROGRAM_H
#define SABLE_CIRCUIT_PROGRAM_H
/* A lowered circuit: steps on registers. A register is written once; its level, power of the scale and parts are known. */
#include "circuit/graph.h"
#include "ckks/objects.h"
#include "ring/params_impl.h"

typedef enum program_op {
    PROGRAM_ADD,
    PROGRAM_SUB,
    PROGRAM_NEGATE,
    PROGRAM_TENSOR,
    PROGRAM_ADD_SCALAR,
    PROGRAM_MUL_SCALAR,
    PROGRAM_MUL_INTEGER,
    PROGRAM_MUL_I,
    PROGRAM_ADD_PLAIN,
    PROGRAM_MUL_PLAIN,
    PROGRAM_ROTATE,
    PROGRAM_ROTATE_ADD, /* a + (b rotated) */
    PROGRAM_CONJUGATE,
    PROGRAM_POLY,
    PROGRAM_TRANSFORM,
    PROGRAM_RELIN,
    PROGRAM_RESCALE,
    PROGRAM_RELIN_RESCALE,
    PROGRAM_ADJUST,
    PROGRAM_BOOTSTRAP
} program_op;

/* Numbers of registers: inputs first, then one for every step. */
typedef struct program_step {
    program_op op;
    uint32_t a, b;  /* registers; b: the second operand of ADD, SUB, TENSOR, ROTATE_ADD */
    uint32_t level; /* of the operands */
    uint32_t site;  /* index of the label of the node that it was written for */
    uint32_t
        hoisted; /* ROTATE: this step and the hoisted - 1 after it rotate one operand together; 0: in such a group */
    bool last_a, last_b; /* nothing reads the register afterwards, and it is no output */
    double re, im;
    double bound;                  /* the circuit's caller declares this of the result; 0: nothing */
    int64_t integer;               /* ROTATE, ROTATE_ADD, MUL_INTEGER; ADJUST, BOOTSTRAP: the level to reach */
    const double *values;          /* ADD_PLAIN, MUL_PLAIN: [slots], owned by the program */
    double plain_bound, plain_rms; /* of values: a power of two that holds them; 0: they are 0 */
    const sable_poly *poly;
    sable_diagonals *map; /* TRANSFORM; kept by the step */
} program_step;

typedef struct program_register {
    uint32_t level;
    uint8_t power; /* scale: canonical scale of the level to this power, 1 or 2 */
    uint8_t parts;
    double bound; /* declared: every |slot| <= bound */
} program_register;

typedef struct program_port {
    char name[CIRCUIT_NAME];
    uint32_t reg;
    uint32_t site;
    double bound; /* of inputs: declared; a ciphertext may declare less */
    double rms;   /* of inputs: declared, or 0 */
} program_port;

struct sable_program {
    sable_params params;
    uint32_t slots;
    program_step *step;
    size_t steps, room;
    program_register *reg; /* [inputs + steps] */
    program_port *input, *output;
    size_t inputs, outputs, live_most;
    uint64_t live_bytes;
    double **values; /* plaintext operands */
    size_t plains;
    circuit_polys polys;
    circuit_site *site; /* labels, copied from the circuit */
    size_t sites;
    uint32_t bootstraps; /* steps that are bootstrapping points */
};

static inline bool program_has_b(program_op op) {
    return op == PROGRAM_ADD || op == PROGRAM_SUB || op == PROGRAM_TENSOR || op == PROGRAM_ROTATE_ADD;
}
/* Steps that run together, from s on: the rotations of a hoisted group, else one. */
static inline size_t program_width(const program_step *step) {
    return step->op == PROGRAM_ROTATE && step->hoisted > 1 ? step->hoisted : 1;
}

/* -- evaluators that look on --------------------------------------------------------------------------------------- */

/* A run at some step. The registers of operands are still there. */
typedef struct program_run {
    sable_queue *queue;
    const sable_program *p;
    sable_ct *const *reg; /* [steps]; NULL: not computed yet, or read by nothing any more */
    const sable_ct *const *inputs;
    const sable_keyset *keys;
} program_run;
/* Steps first .. first+count-1 were computed, together. A failure ends the run, outputs as they were. */
typedef sable_status (*program_visit)(void *arg, const program_run *run, size_t first, size_t count);

/* sable_program_run with a call after every step, in the program's order, one at a time. No result takes over an operand's memory, so a
 * little more is alive than in sable_program_run. */
SABLE_SHARED sable_status sable_program_run_visited(sable_queue *queue, const sable_program *program,
                                                    sable_ct *const *outputs, size_t output_count,
                                                    const sable_ct *const *inputs, size_t input_count,
                                                    const sable_keyset *keys, program_visit visit, void *arg);
/* Register of a run. */
static inline sable_ct *program_register_of(const program_run *run, uint32_t reg) {
    return reg < run->p->inputs ? (sable_ct *)run->inputs[reg] : run->reg[reg - run->p->inputs];
}

/* -- passes over the steps of a program ---------------------------------------------------------------------------- */
/* Keeps the steps order[0 .. count), numbered as they stand now, in this order; nothing that is left out is read. */
sable_status sable_program_reorder(sable_program *program, const uint32_t *order, size_t count, sable_error *err);
/* An addition and a rotation that only it reads become one step (fuse.c). */
sable_status sable_program_fuse(sable_program *program, sable_error *err);
/* Steps in an order that keeps few ciphertexts alive at once (order.c). */
sable_status sable_program_order(sable_program *program, sable_error *err);
/* Marks last uses; counts what is alive at once. */
sable_status sable_program_find_last_uses(sable_program *program, sable_error *err);
/* Whose memory the result of a step takes over: 0 nobody's, 1 of a, 2 of b, if nothing else reads that operand. */
unsigned sable_program_reuse(const sable_program *program, size_t step, bool last_a, bool last_b);
/* Bytes of a register, batch 1. */
uint64_t sable_program_register_bytes(const sable_program *program, uint32_t reg);

#endif
