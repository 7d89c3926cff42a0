/* SPDX-License-Identifier: Apache-2.0 */
/* Building circuits. Errors stick: the first is kept, and everything after it gives SABLE_NODE_NONE. */
#include "circuit/graph.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ckks/diagonals.h"
#include "ring/params_impl.h"

#define MOST_NODES ((size_t)1 << 26)

#define FAIL(circuit, code, ...) ((void)sable_fail(&(circuit)->err, (code), __VA_ARGS__), SABLE_NODE_NONE)

sable_status sable_circuit_create(sable_circuit **out, uint32_t slots, sable_error *err) {
    if (!out) return sable_fail(err, SABLE_INVALID, "sable_circuit_create: out is NULL");
    if (slots == 0 || slots > (1u << 16) || (slots & (slots - 1)) != 0)
        return sable_fail(err, SABLE_INVALID, "a circuit of %u slots: a power of two up to 65536 is needed", slots);
    sable_circuit *c = calloc(1, sizeof *c);
    if (c) c->site = calloc(1, sizeof *c->site);
    if (!c || !c->site) {
        free(c);
        return sable_fail(err, SABLE_NO_MEMORY, "no memory for a circuit");
    }
    c->sites = 1;
    c->slots = slots;
    *out = c;
    return SABLE_OK;
}

void sable_circuit_destroy(sable_circuit **circuit) {
    if (!circuit || !*circuit) return;
    sable_circuit *c = *circuit;
    for (size_t i = 0; i < c->plains; i++) free(c->values[i]);
    for (circuit_block *next; c->kept; c->kept = next) {
        next = c->kept->next;
        free(c->kept);
    }
    for (size_t i = 1; i <= c->count; i++) sable_diagonals_destroy(&c->node[i].map);
    free(c->values);
    sable_circuit_polys_free(&c->polys);
    free(c->node);
    free(c->input);
    free(c->output);
    free(c->site);
    free(c);
    *circuit = NULL;
}

sable_status sable_circuit_status(const sable_circuit *circuit, sable_error *err) {
    if (!circuit) return sable_fail(err, SABLE_INVALID, "the circuit is NULL");
    if (circuit->err.code == SABLE_OK) return SABLE_OK;
    return sable_fail(err, circuit->err.code, "%s", circuit->err.text);
}

void *sable_circuit_keep(sable_circuit *circuit, size_t bytes) {
    if (!circuit || circuit->err.code != SABLE_OK) return NULL;
    circuit_block *block = calloc(1, sizeof *block + bytes);
    if (!block) {
        (void)FAIL(circuit, SABLE_NO_MEMORY, "no memory for %zu bytes of a circuit", bytes);
        return NULL;
    }
    block->next = circuit->kept;
    circuit->kept = block;
    return block->data;
}

/* Whether building goes on and the operand is a node. */
static bool usable(sable_circuit *c, sable_node a, const char *name) {
    if (!c || c->err.code != SABLE_OK) return false;
    if (a != SABLE_NODE_NONE && a <= c->count) return true;
    (void)FAIL(c, SABLE_INVALID, "%s: node %u is no value of this circuit, which has %zu", name, a, c->count);
    return false;
}

static sable_node push(sable_circuit *c, const circuit_node *node, const char *name) {
    if (!(node->bound <= 0x1p900))
        return FAIL(c, SABLE_BOUND, "%s: values up to %g: more than any set of parameters holds", name, node->bound);
    if (c->count == MOST_NODES) return FAIL(c, SABLE_LIMIT, "a circuit has at most %zu nodes", MOST_NODES);
    if (c->count + 1 >= c->room) {
        size_t room = c->room ? 2 * c->room : 64;
        circuit_node *grown = realloc(c->node, room * sizeof *grown);
        if (!grown) return FAIL(c, SABLE_NO_MEMORY, "no memory for %zu nodes of a circuit", room);
        c->node = grown;
        c->room = room;
    }
    c->node[++c->count] = *node;
    c->node[c->count].derived = node->bound;
    c->node[c->count].site = c->at;
    return (sable_node)c->count;
}

static bool add_port(sable_circuit *c, circuit_port **ports, size_t *count, const char *name, sable_node node,
                     const char *kind) {
    size_t length = name ? strlen(name) : 0;
    if (length == 0 || length >= CIRCUIT_NAME) {
        (void)FAIL(c, SABLE_INVALID, "the name of an %s has %zu bytes: 1 to %d are possible", kind, length,
                   CIRCUIT_NAME - 1);
        return false;
    }
    for (size_t i = 0; i < *count; i++)
        if (strcmp((*ports)[i].name, name) == 0) {
            (void)FAIL(c, SABLE_INVALID, "two %ss are called \"%s\"", kind, name);
            return false;
        }
    circuit_port *grown = realloc(*ports, (*count + 1) * sizeof *grown);
    if (!grown) {
        (void)FAIL(c, SABLE_NO_MEMORY, "no memory for an %s of a circuit", kind);
        return false;
    }
    *ports = grown;
    grown[*count] = (circuit_port){.node = node};
    memcpy(grown[*count].name, name, length + 1);
    (*count)++;
    return true;
}

sable_node sable_circuit_input(sable_circuit *circuit, const char *name, double bound) {
    if (!circuit || circuit->err.code != SABLE_OK) return SABLE_NODE_NONE;
    if (!(bound > 0) || isinf(bound))
        return FAIL(circuit, SABLE_INVALID, "input %s: the bound is %g: a positive number is needed",
                    name ? name : "without a name", bound);
    sable_node node =
        push(circuit, &(circuit_node){.op = CIRCUIT_INPUT, .bound = bound, .level = CIRCUIT_NO_LEVEL}, "input");
    if (node && !add_port(circuit, &circuit->input, &circuit->inputs, name, node, "input")) return SABLE_NODE_NONE;
    return node;
}

/* -- what an input and a call site declare -------------------------------------------------------------------------- */

static circuit_node *input_of(sable_circuit *c, sable_node input, const char *name) {
    if (!usable(c, input, name)) return NULL;
    if (c->node[input].op == CIRCUIT_INPUT) return &c->node[input];
    (void)FAIL(c, SABLE_INVALID, "%s: node %u is no input of the circuit", name, input);
    return NULL;
}

void sable_circuit_input_rms(sable_circuit *circuit, sable_node input, double rms) {
    circuit_node *node = input_of(circuit, input, "input_rms");
    if (!node) return;
    if (rms > 0 && rms <= node->bound)
        node->rms = rms;
    else
        (void)FAIL(circuit, SABLE_INVALID, "input_rms: %g: a positive number up to the declared bound %g is needed",
                   rms, node->bound);
}

void sable_circuit_input_level(sable_circuit *circuit, sable_node input, uint32_t level) {
    circuit_node *node = input_of(circuit, input, "input_level");
    if (!node) return;
    if (level < SABLE_MAX_LEVELS)
        node->level = (int32_t)level;
    else
        (void)FAIL(circuit, SABLE_LEVEL, "input_level: level %u: no set of parameters has more than %d levels", level,
                   SABLE_MAX_LEVELS);
}

/* The end of a long text is kept: that of a path tells more than its beginning. */
void sable_circuit_site(sable_circuit *circuit, const char *text) {
    sable_circuit *c = circuit;
    if (!c || c->err.code != SABLE_OK) return;
    circuit_site site = {""};
    const size_t length = text ? strlen(text) : 0;
    if (length)
        snprintf(site.text, sizeof site.text, "%s", text + (length < CIRCUIT_SITE ? 0 : length + 1 - CIRCUIT_SITE));
    for (size_t i = 0; i < c->sites; i++)
        if (strcmp(c->site[i].text, site.text) == 0) {
            c->at = (uint32_t)i;
            return;
        }
    circuit_site *grown = realloc(c->site, (c->sites + 1) * sizeof *grown);
    if (!grown) {
        (void)FAIL(c, SABLE_NO_MEMORY, "no memory for %zu call sites of a circuit", c->sites + 1);
        return;
    }
    c->site = grown;
    grown[c->sites] = site;
    c->at = (uint32_t)c->sites++;
}

void sable_circuit_output(sable_circuit *circuit, const char *name, sable_node value) {
    if (usable(circuit, value, "output"))
        (void)add_port(circuit, &circuit->output, &circuit->outputs, name, value, "output");
}

void sable_circuit_declare(sable_circuit *circuit, sable_node a, double bound) {
    if (!usable(circuit, a, "declare")) return;
    circuit_node *node = &circuit->node[a];
    if (!(bound > 0))
        (void)FAIL(circuit, SABLE_INVALID, "declare: the bound is %g: a positive number is needed", bound);
    else if (bound < node->bound)
        node->bound = bound, node->declared = true;
}

static sable_node binary(sable_circuit *c, circuit_op op, sable_node a, sable_node b, const char *name) {
    if (!usable(c, a, name) || !usable(c, b, name)) return SABLE_NODE_NONE;
    const double x = c->node[a].bound, y = c->node[b].bound;
    return push(c, &(circuit_node){.op = op, .a = a, .b = b, .bound = op == CIRCUIT_MUL ? x * y : x + y}, name);
}

sable_node sable_circuit_add(sable_circuit *circuit, sable_node a, sable_node b) {
    return binary(circuit, CIRCUIT_ADD, a, b, "add");
}
sable_node sable_circuit_sub(sable_circuit *circuit, sable_node a, sable_node b) {
    return binary(circuit, CIRCUIT_SUB, a, b, "sub");
}
sable_node sable_circuit_mul(sable_circuit *circuit, sable_node a, sable_node b) {
    return binary(circuit, CIRCUIT_MUL, a, b, "mul");
}

static sable_node unary(sable_circuit *c, circuit_node node, const char *name) {
    if (!usable(c, node.a, name)) return SABLE_NODE_NONE;
    const double x = c->node[node.a].bound;
    switch (node.op) {
    case CIRCUIT_ADD_SCALAR: node.bound = x + hypot(node.re, node.im); break;
    case CIRCUIT_MUL_SCALAR: node.bound = x * hypot(node.re, node.im); break;
    case CIRCUIT_MUL_INTEGER: node.bound = x * fabs((double)node.integer); break;
    case CIRCUIT_POLY: break; /* the caller's */
    default: node.bound = x;
    }
    return push(c, &node, name);
}

sable_node sable_circuit_negate(sable_circuit *circuit, sable_node a) {
    return unary(circuit, (circuit_node){.op = CIRCUIT_NEGATE, .a = a}, "negate");
}
sable_node sable_circuit_mul_i(sable_circuit *circuit, sable_node a) {
    return unary(circuit, (circuit_node){.op = CIRCUIT_MUL_I, .a = a}, "mul_i");
}
sable_node sable_circuit_bootstrap(sable_circuit *circuit, sable_node a) {
    return unary(circuit, (circuit_node){.op = CIRCUIT_BOOTSTRAP, .a = a}, "bootstrap");
}
sable_node sable_circuit_conjugate(sable_circuit *circuit, sable_node a) {
    return unary(circuit, (circuit_node){.op = CIRCUIT_CONJUGATE, .a = a}, "conjugate");
}
sable_node sable_circuit_mul_integer(sable_circuit *circuit, sable_node a, int64_t integer) {
    return unary(circuit, (circuit_node){.op = CIRCUIT_MUL_INTEGER, .a = a, .integer = integer}, "mul_integer");
}

static sable_node scalar(sable_circuit *c, circuit_op op, sable_node a, double re, double im, const char *name) {
    if (!usable(c, a, name)) return SABLE_NODE_NONE;
    if (!isfinite(re) || !isfinite(im))
        return FAIL(c, SABLE_DATA, "%s: the constant %g + %gi is not finite", name, re, im);
    return unary(c, (circuit_node){.op = op, .a = a, .re = re, .im = im}, name);
}
sable_node sable_circuit_add_scalar(sable_circuit *circuit, sable_node a, double re, double im) {
    return scalar(circuit, CIRCUIT_ADD_SCALAR, a, re, im, "add_scalar");
}
sable_node sable_circuit_mul_scalar(sable_circuit *circuit, sable_node a, double re, double im) {
    return scalar(circuit, CIRCUIT_MUL_SCALAR, a, re, im, "mul_scalar");
}

static sable_node plain(sable_circuit *c, circuit_op op, sable_node a, const double *values, const char *name) {
    if (!usable(c, a, name)) return SABLE_NODE_NONE;
    if (!values) return FAIL(c, SABLE_INVALID, "%s: no values given", name);
    double most = 0;
    for (uint32_t j = 0; j < c->slots; j++) {
        if (!isfinite(values[j])) return FAIL(c, SABLE_DATA, "%s: value %u is not finite", name, j);
        most = fmax(most, fabs(values[j]));
    }
    double **grown = realloc(c->values, (c->plains + 1) * sizeof *grown);
    if (grown) c->values = grown;
    double *copy = grown ? malloc(c->slots * sizeof *copy) : NULL;
    if (!copy) return FAIL(c, SABLE_NO_MEMORY, "%s: no memory for %u values", name, c->slots);
    memcpy(copy, values, c->slots * sizeof *copy);
    c->values[c->plains++] = copy;
    const double x = c->node[a].bound;
    return push(
        c, &(circuit_node){.op = op, .a = a, .values = copy, .bound = op == CIRCUIT_MUL_PLAIN ? x * most : x + most},
        name);
}
sable_node sable_circuit_add_plain(sable_circuit *circuit, sable_node a, const double *values) {
    return plain(circuit, CIRCUIT_ADD_PLAIN, a, values, "add_plain");
}
sable_node sable_circuit_mul_plain(sable_circuit *circuit, sable_node a, const double *values) {
    return plain(circuit, CIRCUIT_MUL_PLAIN, a, values, "mul_plain");
}

sable_node sable_circuit_rotate(sable_circuit *circuit, sable_node a, int64_t steps) {
    if (!usable(circuit, a, "rotate")) return SABLE_NODE_NONE;
    const int64_t slots = circuit->slots, reduced = ((steps % slots) + slots) % slots;
    if (reduced == 0) return a;
    return unary(circuit, (circuit_node){.op = CIRCUIT_ROTATE, .a = a, .integer = reduced}, "rotate");
}

sable_node sable_circuit_rotate_sum(sable_circuit *circuit, sable_node a, int64_t stride, uint32_t count) {
    if (!usable(circuit, a, "rotate_sum")) return SABLE_NODE_NONE;
    if (count == 0 || (count & (count - 1)) != 0)
        return FAIL(circuit, SABLE_INVALID, "rotate_sum: %u terms: a power of two is needed", count);
    for (uint32_t half = 1; half < count; half *= 2)
        a = sable_circuit_add(circuit, a, sable_circuit_rotate(circuit, a, stride * (int64_t)half));
    return a;
}

sable_node sable_circuit_poly(sable_circuit *circuit, sable_node a, const sable_poly *poly) {
    if (!usable(circuit, a, "poly")) return SABLE_NODE_NONE;
    sable_poly_info info = {.struct_size = sizeof info};
    if (!poly || sable_poly_describe(poly, &info) != SABLE_OK)
        return FAIL(circuit, SABLE_INVALID, "poly: the polynomial is NULL");
    const double bound = circuit->node[a].bound, most = fmax(fabs(info.lo), fabs(info.hi));
    if (bound > most)
        return FAIL(circuit, SABLE_BOUND,
                    "poly: values up to %g, the polynomial is for [%g, %g]: scale them, or fit it on a larger interval",
                    bound, info.lo, info.hi);
    poly = sable_circuit_polys_keep(&circuit->polys, poly);
    if (!poly) return FAIL(circuit, SABLE_NO_MEMORY, "poly: no memory for a polynomial");
    return unary(circuit, (circuit_node){.op = CIRCUIT_POLY, .a = a, .poly = poly, .bound = info.bound}, "poly");
}

sable_node sable_circuit_transform(sable_circuit *circuit, sable_node a, sable_diagonals *diagonals) {
    if (!usable(circuit, a, "transform")) return SABLE_NODE_NONE;
    if (!diagonals || diagonals->slots != circuit->slots)
        return FAIL(circuit, SABLE_INVALID, "transform: diagonals of %u slots, the circuit has %u",
                    diagonals ? diagonals->slots : 0, circuit->slots);
    const circuit_node node = {
        .op = CIRCUIT_TRANSFORM, .a = a, .map = diagonals, .bound = circuit->node[a].bound * diagonals->bound};
    const sable_node made = push(circuit, &node, "transform");
    if (made) sable_diagonals_keep(diagonals);
    return made;
}
