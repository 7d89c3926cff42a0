/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a program, read off its steps. */
#include <stdlib.h>
#include <string.h>

#include "circuit/program.h"
#include "ckks/transform_plan.h"
#include "sable/evaluators.h"

typedef struct key_list {
    sable_key_use *use;
    size_t count, room;
} key_list;

static sable_status note(key_list *list, sable_key_use use, sable_error *err) {
    for (size_t i = 0; i < list->count; i++) {
        sable_key_use *known = &list->use[i];
        if (known->kind != use.kind || known->galois != use.galois) continue;
        if (use.low < known->low) known->low = use.low;
        if (use.high > known->high) known->high = use.high;
        known->uses++;
        return SABLE_OK;
    }
    if (list->count == list->room) {
        const size_t room = list->room ? 2 * list->room : 16;
        sable_key_use *grown = realloc(list->use, room * sizeof *grown);
        if (!grown) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a list of %zu keys", room);
        list->use = grown;
        list->room = room;
    }
    use.uses = 1;
    list->use[list->count++] = use;
    return SABLE_OK;
}

/* The steps of a linear map. */
static sable_status note_transform(key_list *list, const sable_program *p, const program_step *step, sable_error *err) {
    const sable_transform_options o = {.struct_size = sizeof o, .level = step->level};
    transform_plan plan;
    sable_status status = transform_plan_make(&plan, step->map, &p->params, &o, err);
    for (uint32_t i = 0; status == SABLE_OK && i < plan.babies + plan.giants; i++) {
        const uint32_t steps = i < plan.babies ? plan.baby[i] : plan.giant[i - plan.babies];
        const sable_key_use use = {.kind = SABLE_KEY_GALOIS,
                                   .steps = steps,
                                   .galois = sable_galois_rotation(&p->params, steps, p->slots),
                                   .low = step->level,
                                   .high = step->level};
        if (steps) status = note(list, use, err);
    }
    transform_plan_free(&plan);
    return status;
}

static sable_status note_step(key_list *list, const sable_program *p, const program_step *step, sable_error *err) {
    sable_key_use use = {.kind = SABLE_KEY_RELIN, .galois = 1, .low = step->level, .high = step->level};
    switch (step->op) {
    case PROGRAM_RELIN:
    case PROGRAM_RELIN_RESCALE: break;
    case PROGRAM_ROTATE:
    case PROGRAM_ROTATE_ADD:
        use.kind = SABLE_KEY_GALOIS;
        use.steps = step->integer;
        use.galois = sable_galois_rotation(&p->params, step->integer, p->slots);
        break;
    case PROGRAM_CONJUGATE:
        use.kind = SABLE_KEY_GALOIS;
        use.galois = sable_galois_conjugation(&p->params);
        break;
    case PROGRAM_POLY: {
        sable_poly_cost cost = {.struct_size = sizeof cost};
        SABLE_TRY(sable_poly_plan(step->poly, &p->params, step->level, &cost, err));
        if (!cost.needs_key) return SABLE_OK;
        use.low = cost.key_low;
        use.high = cost.key_high;
        break;
    }
    case PROGRAM_TRANSFORM: return note_transform(list, p, step, err);
    default: return SABLE_OK;
    }
    return note(list, use, err);
}

/* The hull is that of the specification a key set is made from: the windows of the levels of use, not of those in between. */
static sable_status find_hulls(key_list *list, const sable_program *p, sable_error *err) {
    sable_key_spec *spec = NULL;
    SABLE_TRY(sable_key_spec_create(&spec, &p->params, err));
    sable_status status = sable_program_add_keys(p, spec, err);
    for (size_t i = 0; status == SABLE_OK && i < sable_key_spec_count(spec); i++) {
        sable_key_need need;
        status = sable_key_spec_get(spec, i, &need);
        for (size_t k = 0; status == SABLE_OK && k < list->count; k++) {
            sable_key_use *use = &list->use[k];
            if (use->kind != need.kind || use->galois != need.galois) continue;
            use->first = need.first;
            use->limbs = need.limbs;
            use->bytes = 2ull * sable_key_digits(&p->params, &need) * (need.limbs + p->params.p_count) * p->params.n *
                         sizeof(uint32_t);
        }
    }
    sable_key_spec_destroy(&spec);
    return status;
}

static int rank(const sable_key_use *use) { return use->kind == SABLE_KEY_RELIN ? 0 : use->steps ? 1 : 2; }
static int compare(const void *x, const void *y) {
    const sable_key_use *a = x, *b = y;
    if (rank(a) != rank(b)) return rank(a) - rank(b);
    return (a->steps > b->steps) - (a->steps < b->steps);
}

sable_status sable_program_keys(const sable_program *program, sable_key_use *uses, size_t room, size_t *count,
                                sable_error *err) {
    if (!program || !count || (room && !uses))
        return sable_fail(err, SABLE_INVALID,
                          "sable_program_keys: program, count and the room for uses must not be NULL");
    key_list list = {0};
    sable_status status = SABLE_OK;
    for (size_t s = 0; status == SABLE_OK && s < program->steps; s++)
        status = note_step(&list, program, &program->step[s], err);
    if (status == SABLE_OK) status = find_hulls(&list, program, err);
    if (status == SABLE_OK) {
        if (list.count) qsort(list.use, list.count, sizeof *list.use, compare);
        *count = list.count;
        const size_t copied = list.count < room ? list.count : room;
        if (copied) memcpy(uses, list.use, copied * sizeof *uses);
    }
    free(list.use);
    return status;
}
