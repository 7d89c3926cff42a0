/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CIRCUIT_PROGRAM_H
#define SABLE_CIRCUIT_PROGRAM_H
/* A lowered circuit: steps on registers. A register is written once; its level, power of the scale and parts are known. */
#include "circuit/graph.h"
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
    PROGRAM_CONJUGATE,
    PROGRAM_POLY,
    PROGRAM_RELIN,
    PROGRAM_RESCALE,
    PROGRAM_RELIN_RESCALE,
    PROGRAM_ADJUST
} program_op;

/* Numbers of registers: inputs first, then one for every step. */
typedef struct program_step {
    program_op op;
    uint32_t a, b;  /* registers; b: the second operand of ADD, SUB, TENSOR */
    uint32_t level; /* of the operands */
    uint32_t
        hoisted; /* ROTATE: this step and the hoisted - 1 after it rotate one operand together; 0: in such a group */
    bool last_a, last_b; /* nothing reads the register afterwards, and it is no output */
    double re, im;
    double bound;         /* the circuit's caller declares this of the result; 0: nothing */
    int64_t integer;      /* ROTATE, MUL_INTEGER; ADJUST: the level to reach */
    const double *values; /* ADD_PLAIN, MUL_PLAIN: [slots], owned by the program */
    const sable_poly *poly;
} program_step;

typedef struct program_register {
    uint32_t level;
    uint8_t power; /* scale: canonical scale of the level to this power, 1 or 2 */
    uint8_t parts;
} program_register;

typedef struct program_port {
    char name[CIRCUIT_NAME];
    uint32_t reg;
    double bound; /* of inputs: declared; a ciphertext may declare less */
} program_port;

struct sable_program {
    sable_params params;
    uint32_t slots;
    program_step *step;
    size_t steps, room;
    program_register *reg; /* [inputs + steps] */
    program_port *input, *output;
    size_t inputs, outputs, live_most;
    double **values; /* plaintext operands */
    size_t plains;
};

#endif
