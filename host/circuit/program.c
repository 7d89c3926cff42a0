/* SPDX-License-Identifier: Apache-2.0 */
/* Programs: what is known of them before any key exists. */
#include "circuit/program.h"

#include <stdlib.h>
#include <string.h>

#include "circuit/lower.h"
#include "ckks/diagonals.h"
#include "ring/params_internal.h"

static sable_status keep_sites(sable_program *p, const sable_circuit *circuit, sable_error *err) {
    p->site = malloc(circuit->sites * sizeof *p->site);
    if (!p->site) return sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu call sites of a program", circuit->sites);
    memcpy(p->site, circuit->site, circuit->sites * sizeof *p->site);
    p->sites = circuit->sites;
    return SABLE_OK;
}

sable_status sable_program_create(sable_program **out, const sable_circuit *circuit, const sable_params *params,
                                  const sable_lowering *options, sable_error *err) {
    if (!out || !params) return sable_fail(err, SABLE_INVALID, "sable_program_create: out and params must not be NULL");
    sable_lowering o = {.struct_size = sizeof o};
    if (options) {
        if (options->struct_size != sizeof o)
            return sable_fail(err, SABLE_INVALID, "sable_lowering: struct_size is %zu, expected %zu",
                              options->struct_size, sizeof o);
        o = *options;
    }
    SABLE_TRY(sable_circuit_status(circuit, err));
    if (circuit->outputs == 0)
        return sable_fail(err, SABLE_INVALID, "the circuit has no output: nothing would be computed");
    if (circuit->slots > params->n / 2)
        return sable_fail(err, SABLE_INVALID, "the circuit has %u slots, set %s has %u", circuit->slots, params->name,
                          params->n / 2);
    if (o.output_level > params->top_level)
        return sable_fail(err, SABLE_LEVEL, "output level %u: the highest of set %s is %u", o.output_level,
                          params->name, params->top_level);
    sable_program *p = calloc(1, sizeof *p);
    if (!p) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a program");
    p->params = *params;
    p->slots = circuit->slots;
    sable_circuit *composed = NULL; /* with rotations of the chosen keys alone */
    sable_status status = sable_circuit_compose(&composed, circuit, o.max_rotation_keys, err);
    if (status == SABLE_OK) status = keep_sites(p, circuit, err);
    if (status == SABLE_OK) status = sable_circuit_lower(p, composed ? composed : circuit, &o, err);
    sable_circuit_composed_free(composed);
    if (status == SABLE_OK && !o.no_fusion) status = sable_program_fuse(p, err);
    if (status == SABLE_OK && !o.no_ordering) status = sable_program_order(p, err);
    if (status == SABLE_OK) status = sable_program_find_last_uses(p, err);
    for (size_t s = 0; s < p->steps && status == SABLE_OK; s++)
        if (p->step[s].op == PROGRAM_POLY) {
            sable_poly_cost cost = {.struct_size = sizeof cost};
            status = sable_poly_plan(p->step[s].poly, params, p->step[s].level, &cost, err);
        } else if (p->step[s].op == PROGRAM_BOOTSTRAP) {
            p->bootstraps++;
        }
    if (status != SABLE_OK) {
        sable_program_destroy(&p);
        return status;
    }
    *out = p;
    return SABLE_OK;
}

void sable_program_destroy(sable_program **program) {
    if (!program || !*program) return;
    sable_program *p = *program;
    for (size_t i = 0; i < p->plains; i++) free(p->values[i]);
    for (size_t s = 0; s < p->steps; s++) sable_diagonals_destroy(&p->step[s].map);
    free(p->values);
    sable_circuit_polys_free(&p->polys);
    free(p->step);
    free(p->reg);
    free(p->input);
    free(p->output);
    free(p->site);
    free(p);
    *program = NULL;
}

sable_status sable_program_describe(const sable_program *program, sable_program_info *info) {
    if (!program || !info || info->struct_size != sizeof *info) return SABLE_INVALID;
    const sable_program *p = program;
    *info = (sable_program_info){.struct_size = sizeof *info,
                                 .inputs = p->inputs,
                                 .outputs = p->outputs,
                                 .steps = p->steps,
                                 .live_most = p->live_most,
                                 .live_bytes = p->live_bytes};
    uint32_t highest = 0, lowest = UINT32_MAX;
    for (size_t i = 0; i < p->inputs; i++) {
        const uint32_t level = p->reg[p->input[i].reg].level;
        if (level > highest) highest = level;
        info->input_bytes += sable_program_register_bytes(p, p->input[i].reg);
    }
    for (size_t s = 0; s < p->steps && p->bootstraps; s++) {
        if (p->step[s].op != PROGRAM_BOOTSTRAP) continue;
        if ((uint32_t)p->step[s].integer > highest) highest = (uint32_t)p->step[s].integer;
        if (p->step[s].level < lowest) lowest = p->step[s].level;
    }
    for (size_t i = 0; i < p->outputs; i++)
        if (p->reg[p->output[i].reg].level < lowest) lowest = p->reg[p->output[i].reg].level;
    info->depth = highest > lowest ? highest - lowest : 0;
    return SABLE_OK;
}

static const char *port(const sable_program *p, const program_port *ports, size_t count, size_t index,
                        uint32_t *level) {
    if (index >= count) return NULL;
    if (level) *level = p->reg[ports[index].reg].level;
    return ports[index].name;
}
const char *sable_program_input(const sable_program *program, size_t index, uint32_t *level) {
    return program ? port(program, program->input, program->inputs, index, level) : NULL;
}
const char *sable_program_output(const sable_program *program, size_t index, uint32_t *level) {
    return program ? port(program, program->output, program->outputs, index, level) : NULL;
}

sable_status sable_program_count(const sable_program *program, int32_t level, sable_op_count *count) {
    if (!program || !count) return SABLE_INVALID;
    *count = (sable_op_count){0};
    for (size_t s = 0; s < program->steps; s++) {
        const program_step *step = &program->step[s];
        if (level >= 0 && step->level != (uint32_t)level) continue;
        switch (step->op) {
        case PROGRAM_ADD:
        case PROGRAM_SUB: count->add++; break;
        case PROGRAM_NEGATE: count->negate++; break;
        case PROGRAM_TENSOR: count->mul++; break;
        case PROGRAM_ADD_SCALAR: count->add_scalar++; break;
        case PROGRAM_MUL_SCALAR: count->mul_scalar++; break;
        case PROGRAM_MUL_INTEGER:
        case PROGRAM_MUL_I: count->mul_integer++; break;
        case PROGRAM_ADD_PLAIN: count->add_plain++; break;
        case PROGRAM_MUL_PLAIN: count->mul_plain++; break;
        case PROGRAM_ROTATE: count->rotate++, count->rotate_groups += step->hoisted > 0; break;
        case PROGRAM_ROTATE_ADD: count->rotate++, count->rotate_groups++, count->add++, count->rotate_add++; break;
        case PROGRAM_CONJUGATE: count->conjugate++; break;
        case PROGRAM_POLY: count->poly++; break;
        case PROGRAM_TRANSFORM: count->transform++; break;
        case PROGRAM_RELIN: count->relinearize++; break;
        case PROGRAM_RESCALE: count->rescale++; break;
        case PROGRAM_RELIN_RESCALE: count->relinearize++, count->rescale++; break;
        case PROGRAM_ADJUST: count->adjust++; break;
        case PROGRAM_BOOTSTRAP: count->bootstrap++; break;
        }
    }
    return SABLE_OK;
}

sable_status sable_program_add_keys(const sable_program *program, sable_key_spec *spec, sable_error *err) {
    if (!program || !spec)
        return sable_fail(err, SABLE_INVALID, "sable_program_add_keys: the program or the specification is NULL");
    for (size_t s = 0; s < program->steps; s++) {
        const program_step *step = &program->step[s];
        switch (step->op) {
        case PROGRAM_RELIN:
        case PROGRAM_RELIN_RESCALE: SABLE_TRY(sable_key_spec_add_relin(spec, step->level, step->level, err)); break;
        case PROGRAM_ROTATE:
        case PROGRAM_ROTATE_ADD:
            SABLE_TRY(sable_key_spec_add_rotation(spec, step->integer, program->slots, step->level, step->level, err));
            break;
        case PROGRAM_CONJUGATE: SABLE_TRY(sable_key_spec_add_conjugation(spec, step->level, step->level, err)); break;
        case PROGRAM_POLY: SABLE_TRY(sable_poly_add_keys(spec, step->poly, &program->params, step->level, err)); break;
        case PROGRAM_TRANSFORM: {
            const sable_transform_options o = {.struct_size = sizeof o, .level = step->level};
            SABLE_TRY(sable_transform_add_keys(spec, step->map, &o, err));
            break;
        }
        default: break;
        }
    }
    return SABLE_OK;
}
