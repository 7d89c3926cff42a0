/* SPDX-License-Identifier: Apache-2.0 */
#include "circuit/clear.h"

#include <math.h>
#include <string.h>

void sable_clear_compute(double *r, const circuit_node *node, const double *a, const double *b, uint32_t slots) {
    if (node->op == CIRCUIT_TRANSFORM) {
        sable_diagonals_apply(node->map, r, a);
        return;
    }
    for (uint32_t j = 0; j < slots; j++) {
        const double x = a[2 * j], y = a[2 * j + 1];
        double re = x, im = y;
        switch (node->op) {
        case CIRCUIT_INPUT:
        case CIRCUIT_TRANSFORM:
        case CIRCUIT_BOOTSTRAP: break;
        case CIRCUIT_ADD: re = x + b[2 * j], im = y + b[2 * j + 1]; break;
        case CIRCUIT_SUB: re = x - b[2 * j], im = y - b[2 * j + 1]; break;
        case CIRCUIT_NEGATE: re = -x, im = -y; break;
        case CIRCUIT_MUL: re = x * b[2 * j] - y * b[2 * j + 1], im = x * b[2 * j + 1] + y * b[2 * j]; break;
        case CIRCUIT_ADD_SCALAR: re = x + node->re, im = y + node->im; break;
        case CIRCUIT_MUL_SCALAR: re = x * node->re - y * node->im, im = x * node->im + y * node->re; break;
        case CIRCUIT_MUL_INTEGER: re = x * (double)node->integer, im = y * (double)node->integer; break;
        case CIRCUIT_MUL_I: re = -y, im = x; break;
        case CIRCUIT_ADD_PLAIN: re = x + node->values[j]; break;
        case CIRCUIT_MUL_PLAIN: re = x * node->values[j], im = y * node->values[j]; break;
        case CIRCUIT_ROTATE: {
            const uint32_t from = (uint32_t)((j + (uint64_t)node->integer) % slots);
            re = a[2 * from], im = a[2 * from + 1];
            break;
        }
        case CIRCUIT_CONJUGATE: im = -y; break;
        case CIRCUIT_POLY: re = sable_poly_value(node->poly, x), im = 0; break; /* of real slots, as poly.h says */
        }
        r[2 * j] = re, r[2 * j + 1] = im;
    }
}

/* The operation of the graph that a step is on values; steps that change only the form of a value are a bootstrap's copy. */
static circuit_op operation(program_op op) {
    switch (op) {
    case PROGRAM_ADD: return CIRCUIT_ADD;
    case PROGRAM_SUB: return CIRCUIT_SUB;
    case PROGRAM_NEGATE: return CIRCUIT_NEGATE;
    case PROGRAM_TENSOR: return CIRCUIT_MUL;
    case PROGRAM_ADD_SCALAR: return CIRCUIT_ADD_SCALAR;
    case PROGRAM_MUL_SCALAR: return CIRCUIT_MUL_SCALAR;
    case PROGRAM_MUL_INTEGER: return CIRCUIT_MUL_INTEGER;
    case PROGRAM_MUL_I: return CIRCUIT_MUL_I;
    case PROGRAM_ADD_PLAIN: return CIRCUIT_ADD_PLAIN;
    case PROGRAM_MUL_PLAIN: return CIRCUIT_MUL_PLAIN;
    case PROGRAM_ROTATE:
    case PROGRAM_ROTATE_ADD: return CIRCUIT_ROTATE;
    case PROGRAM_CONJUGATE: return CIRCUIT_CONJUGATE;
    case PROGRAM_POLY: return CIRCUIT_POLY;
    case PROGRAM_TRANSFORM: return CIRCUIT_TRANSFORM;
    case PROGRAM_RELIN:
    case PROGRAM_RESCALE:
    case PROGRAM_RELIN_RESCALE:
    case PROGRAM_ADJUST:
    case PROGRAM_BOOTSTRAP: break;
    }
    return CIRCUIT_BOOTSTRAP;
}

static circuit_node node_of(const program_step *step) {
    return (circuit_node){.op = operation(step->op),
                          .re = step->re,
                          .im = step->im,
                          .integer = step->integer,
                          .values = step->values,
                          .poly = step->poly,
                          .map = step->map};
}

/* r = a + (b rotated). */
static void rotate_add(double *r, const circuit_node *rotation, const double *a, const double *b, uint32_t slots) {
    sable_clear_compute(r, rotation, b, NULL, slots);
    for (uint32_t j = 0; j < 2 * slots; j++) r[j] += a[j];
}

void sable_clear_step(double *r, const program_step *step, const double *a, const double *b, uint32_t slots) {
    const circuit_node node = node_of(step);
    if (step->op == PROGRAM_ROTATE_ADD)
        rotate_add(r, &node, a, b, slots);
    else
        sable_clear_compute(r, &node, a, b, slots);
}

/* p'(x) from both sides, a small part of the interval away; good to some digits, which is plenty for an error. */
static double slope(const sable_poly *poly, double x) {
    sable_poly_info info = {.struct_size = sizeof info};
    if (sable_poly_describe(poly, &info) != SABLE_OK) return 0;
    const double h = 0x1p-20 * (info.hi - info.lo);
    return (sable_poly_value(poly, x + h) - sable_poly_value(poly, x - h)) / (2 * h);
}

void sable_clear_error(double *r, const program_step *step, const double *a, const double *b, const double *a_error,
                       const double *b_error, uint32_t slots) {
    const circuit_node node = node_of(step);
    if (step->op == PROGRAM_ROTATE_ADD) {
        rotate_add(r, &node, a_error, b_error, slots);
        return;
    }
    switch (node.op) {
    case CIRCUIT_ADD_SCALAR:
    case CIRCUIT_ADD_PLAIN: memcpy(r, a_error, 2 * (size_t)slots * sizeof *r); return;
    case CIRCUIT_MUL:
        for (uint32_t j = 0; j < slots; j++) {
            const double x = a[2 * j], y = a[2 * j + 1], u = b[2 * j], v = b[2 * j + 1];
            const double dx = a_error[2 * j], dy = a_error[2 * j + 1], du = b_error[2 * j], dv = b_error[2 * j + 1];
            r[2 * j] = x * du - y * dv + dx * (u + du) - dy * (v + dv);
            r[2 * j + 1] = x * dv + y * du + dx * (v + dv) + dy * (u + du);
        }
        return;
    case CIRCUIT_POLY:
        for (uint32_t j = 0; j < slots; j++) {
            const double d = slope(node.poly, a[2 * j]);
            r[2 * j] = d * a_error[2 * j], r[2 * j + 1] = d * a_error[2 * j + 1];
        }
        return;
    default: sable_clear_compute(r, &node, a_error, b_error, slots); /* linear */
    }
}
