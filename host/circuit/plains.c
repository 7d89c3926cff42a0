/* SPDX-License-Identifier: Apache-2.0 */
#include "circuit/plains.h"

#include <stdlib.h>
#include <string.h>

#include "ckks/eval_internal.h"

static bool has_plain(const program_step *step) {
    return step->op == PROGRAM_ADD_PLAIN || step->op == PROGRAM_MUL_PLAIN || step->op == PROGRAM_TRANSFORM;
}

/* Power of the canonical scale at which the values of a step are encoded: factors at 1, summands as what they are added to. */
static unsigned power_of(const sable_program *p, const program_step *step) {
    return step->op == PROGRAM_ADD_PLAIN ? p->reg[step->a].power : 1;
}

static uint64_t hash_of(const sable_program *p, const program_step *step) {
    uint64_t h = ((uintptr_t)step->map ^ ((uint64_t)step->level << 8 | power_of(p, step))) * 0x9e3779b97f4a7c15u;
    h ^= h >> 29;
    for (uint32_t j = 0; step->values && j < p->slots; j++) {
        uint64_t bits;
        memcpy(&bits, &step->values[j], sizeof bits);
        h = (h ^ bits) * 0x9e3779b97f4a7c15u;
        h ^= h >> 29;
    }
    return h;
}

static bool equal(const sable_program *p, const program_step *s, const program_step *t) {
    if (s->level != t->level || s->map != t->map || power_of(p, s) != power_of(p, t)) return false;
    return s->map || memcmp(s->values, t->values, p->slots * sizeof *s->values) == 0;
}

static sable_status encode(sable_queue *queue, program_plains *plains, const sable_program *p,
                           const program_step *step) {
    const sable_scale one = sable_scale_canonical(queue->ctx, step->level);
    const sable_scale scale = power_of(p, step) == 2 ? sable_scale_product(one, one) : one;
    program_plain *plain = &plains->each[plains->count++];
    SABLE_TRY(sable_step_encode(queue, plain, step, scale, p->slots));
    sable_transform_cost cost = {.struct_size = sizeof cost};
    if (plain->map) SABLE_TRY(sable_transform_describe(plain->map, &cost));
    plains->bytes += plain->map
                         ? cost.plaintext_bytes
                         : (uint64_t)queue->ctx->level[step->level].limbs * queue->ctx->params.n * sizeof(uint32_t);
    return SABLE_OK;
}

/* table: open addressing by step number + 1, room a power of two. */
static sable_status encode_all(sable_queue *queue, program_plains *plains, const sable_program *p, uint32_t *table,
                               size_t room) {
    for (size_t s = 0; s < p->steps; s++) {
        const program_step *step = &p->step[s];
        if (!has_plain(step)) continue;
        size_t at = hash_of(p, step) & (room - 1);
        while (table[at] && !equal(p, &p->step[table[at] - 1], step)) at = (at + 1) & (room - 1);
        if (table[at]) {
            plains->of[s] = plains->of[table[at] - 1];
            continue;
        }
        SABLE_TRY(encode(queue, plains, p, step));
        plains->of[s] = plains->each[plains->count - 1];
        table[at] = (uint32_t)s + 1;
    }
    return SABLE_OK;
}

sable_status sable_plains_make(sable_queue *queue, program_plains *plains, const sable_program *program) {
    size_t count = 0, room = 16;
    for (size_t s = 0; s < program->steps; s++) count += has_plain(&program->step[s]);
    if (count == 0) return SABLE_OK;
    while (room < 2 * count) room *= 2;
    uint32_t *table = calloc(room, sizeof *table);
    plains->of = calloc(program->steps, sizeof *plains->of);
    plains->each = calloc(count, sizeof *plains->each);
    sable_status status = SABLE_OK;
    if (!table || !plains->of || !plains->each)
        status = SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory for %zu plaintexts", count);
    else
        status = encode_all(queue, plains, program, table, room);
    free(table);
    return status;
}

void sable_plains_free(sable_queue *queue, program_plains *plains) {
    for (size_t i = 0; i < plains->count; i++) sable_plain_free(queue, &plains->each[i]);
    free(plains->each);
    free(plains->of);
    *plains = (program_plains){0};
}
