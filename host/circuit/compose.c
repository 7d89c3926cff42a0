/* SPDX-License-Identifier: Apache-2.0 */
/* A circuit whose rotations need few keys: each is written as a sum of rotations that have one. */
#include <stdlib.h>
#include <string.h>

#include "circuit/lower.h"
#include "circuit/rotations.h"

/* Rotations that outputs depend on, by operand. */
static size_t collect(rotation_use *use, bool *used, const sable_circuit *c) {
    for (size_t i = 0; i < c->outputs; i++) used[c->output[i].node] = true;
    size_t count = 0;
    for (size_t i = c->count; i >= 1; i--) {
        const circuit_node *n = &c->node[i];
        if (!used[i]) continue;
        for (unsigned k = 0; k < circuit_operands(n->op); k++) used[k ? n->b : n->a] = true;
        if (n->op == CIRCUIT_ROTATE) use[count++] = (rotation_use){n->a, (uint32_t)n->integer};
    }
    return count;
}

static int by_group(const void *x, const void *y) {
    const rotation_use *a = x, *b = y;
    if (a->group != b->group) return a->group < b->group ? -1 : 1;
    return (a->steps > b->steps) - (a->steps < b->steps);
}

static size_t distinct(const rotation_use *use, size_t uses, uint32_t slots, bool *seen) {
    size_t count = 0;
    memset(seen, 0, slots * sizeof *seen);
    for (size_t i = 0; i < uses; i++) {
        count += !seen[use[i].steps];
        seen[use[i].steps] = true;
    }
    return count;
}

static sable_node append(sable_circuit *out, const circuit_node *node) {
    if (out->count + 1 >= out->room) {
        const size_t room = out->room ? 2 * out->room : 64;
        circuit_node *grown = realloc(out->node, room * sizeof *grown);
        if (!grown) return SABLE_NODE_NONE;
        out->node = grown;
        out->room = room;
    }
    out->node[++out->count] = *node;
    return (sable_node)out->count;
}

/* a rotated by `steps`: the sums on the way first, so that rotations with a way in common meet in equal nodes. */
static sable_node rotate(sable_circuit *out, const circuit_node *node, const rotation_basis *basis, sable_node a,
                         uint32_t steps) {
    uint32_t rest = steps, count = basis->distance[steps];
    uint32_t *way = malloc((count + 1) * sizeof *way);
    if (!way) return SABLE_NODE_NONE;
    for (uint32_t i = count; i-- > 0;) {
        way[i] = sable_rotations_last(basis, rest);
        rest = (rest - way[i]) & (basis->slots - 1);
    }
    for (uint32_t i = 0; i < count && a; i++) {
        circuit_node part = *node;
        part.a = a;
        part.integer = way[i];
        a = append(out, &part);
    }
    free(way);
    return a;
}

static sable_status rewrite(sable_circuit *out, sable_node *now, const bool *used, const sable_circuit *c,
                            const rotation_basis *basis, sable_error *err) {
    out->slots = c->slots;
    out->site = c->site;
    out->sites = c->sites;
    now[0] = SABLE_NODE_NONE;
    for (size_t i = 1; i <= c->count; i++) {
        circuit_node n = c->node[i];
        n.a = now[n.a];
        n.b = now[n.b];
        const bool composed = n.op == CIRCUIT_ROTATE && used[i];
        now[i] = composed ? rotate(out, &n, basis, n.a, (uint32_t)n.integer) : append(out, &n);
        if (!now[i])
            return sable_fail(err, SABLE_NO_MEMORY, "no memory to compose the rotations of %zu nodes", c->count);
    }
    out->input = malloc((c->inputs + 1) * sizeof *out->input);
    out->output = malloc((c->outputs + 1) * sizeof *out->output);
    if (!out->input || !out->output) return sable_fail(err, SABLE_NO_MEMORY, "no memory for the ports of a circuit");
    for (size_t i = 0; i < c->inputs; i++) {
        out->input[i] = c->input[i];
        out->input[i].node = now[c->input[i].node];
    }
    for (size_t i = 0; i < c->outputs; i++) {
        out->output[i] = c->output[i];
        out->output[i].node = now[c->output[i].node];
    }
    out->inputs = c->inputs;
    out->outputs = c->outputs;
    return SABLE_OK;
}

void sable_circuit_composed_free(sable_circuit *composed) {
    if (!composed) return;
    free(composed->node);
    free(composed->input);
    free(composed->output);
    free(composed);
}

sable_status sable_circuit_compose(sable_circuit **out, const sable_circuit *circuit, uint32_t most, sable_error *err) {
    const sable_circuit *c = circuit;
    *out = NULL;
    if (most == 0) return SABLE_OK;
    const size_t marks = (c->count > c->slots ? c->count : c->slots) + 1;
    rotation_use *use = malloc((c->count + 1) * sizeof *use);
    sable_node *now = malloc((c->count + 1) * sizeof *now);
    bool *used = calloc(c->count + 1, sizeof *used), *seen = malloc(marks * sizeof *seen);
    sable_circuit *made = calloc(1, sizeof *made);
    rotation_basis basis = {0};
    sable_status status = SABLE_OK;
    size_t uses = 0;
    if (!use || !now || !used || !seen || !made)
        status = sable_fail(err, SABLE_NO_MEMORY, "no memory to compose the rotations of %zu nodes", c->count);
    if (status == SABLE_OK) uses = collect(use, used, c);
    if (status == SABLE_OK && uses && distinct(use, uses, c->slots, seen) > most) {
        qsort(use, uses, sizeof *use, by_group);
        status = sable_rotations_choose(&basis, use, uses, c->slots, most, err);
        if (status == SABLE_OK) status = rewrite(made, now, used, c, &basis, err);
        if (status == SABLE_OK) *out = made, made = NULL;
    }
    sable_rotations_free(&basis);
    sable_circuit_composed_free(made);
    free(use);
    free(now);
    free(used);
    free(seen);
    return status;
}
