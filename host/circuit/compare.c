/* SPDX-License-Identifier: Apache-2.0 */
/* Sign, comparison, ReLU, maximum and minimum as nodes. */
#include <math.h>

#include "circuit/graph.h"
#include "ckks/poly_sign.h"

/* All stages but the last, then `last`. */
static sable_node compose(sable_circuit *c, sable_node a, const sable_sign *sign, const sable_poly *last) {
    for (size_t i = 0; i + 1 < sign->stages; i++) a = sable_circuit_poly(c, a, sign->stage[i]);
    return sable_circuit_poly(c, a, last);
}

static bool usable(sable_circuit *c, const sable_sign *sign, const char *name) {
    if (sign) return true;
    if (c && c->err.code == SABLE_OK)
        (void)sable_fail(&c->err, SABLE_INVALID, "%s: the sign composition is NULL", name);
    return false;
}

sable_node sable_circuit_sign(sable_circuit *circuit, sable_node a, const sable_sign *sign) {
    if (!usable(circuit, sign, "sign")) return SABLE_NODE_NONE;
    return compose(circuit, a, sign, sign->stage[sign->stages - 1]);
}

sable_node sable_circuit_compare(sable_circuit *circuit, sable_node a, sable_node b, const sable_sign *sign) {
    if (!usable(circuit, sign, "compare")) return SABLE_NODE_NONE;
    return compose(circuit, sable_circuit_sub(circuit, a, b), sign, sign->step);
}

sable_node sable_circuit_relu(sable_circuit *circuit, sable_node a, const sable_sign *sign) {
    if (!usable(circuit, sign, "relu")) return SABLE_NODE_NONE;
    return sable_circuit_mul(circuit, a, compose(circuit, a, sign, sign->step));
}

/* base + relu(a - b) or base - relu(a - b), between a and b up to the error. */
static sable_node between(sable_circuit *c, sable_node a, sable_node b, const sable_sign *sign, bool larger) {
    const sable_node part = sable_circuit_relu(c, sable_circuit_sub(c, a, b), sign);
    const sable_node sum = larger ? sable_circuit_add(c, b, part) : sable_circuit_sub(c, a, part);
    if (sum == SABLE_NODE_NONE) return sum;
    sable_circuit_declare(c, sum, fmax(c->node[a].bound, c->node[b].bound) + sign->relu_error);
    return sum;
}

sable_node sable_circuit_max(sable_circuit *circuit, sable_node a, sable_node b, const sable_sign *sign) {
    return usable(circuit, sign, "max") ? between(circuit, a, b, sign, true) : SABLE_NODE_NONE;
}

sable_node sable_circuit_min(sable_circuit *circuit, sable_node a, sable_node b, const sable_sign *sign) {
    return usable(circuit, sign, "min") ? between(circuit, a, b, sign, false) : SABLE_NODE_NONE;
}
