/* SPDX-License-Identifier: Apache-2.0 */
/* What an evaluation will cost, before any ciphertext exists. */
#include "ckks/poly_plan.h"

static sable_status program(sable_poly_program **p, const sable_poly *poly, const sable_params *params, uint32_t level,
                            sable_error *err) {
    if (!poly || !params) return sable_fail(err, SABLE_INVALID, "polynomial plan: poly and params must not be NULL");
    if (level > params->top_level || level < sable_poly_depth(poly))
        return sable_fail(err, SABLE_LEVEL,
                          "polynomial of degree %u takes %u levels from level %u; the set %s has 0..%u", poly->degree,
                          sable_poly_depth(poly), level, params->name, params->top_level);
    sable_poly_reduced reduced;
    sable_poly_reduce(&reduced, poly);
    return sable_poly_program_create(p, params, &reduced, level - reduced.affine, err);
}

sable_status sable_poly_plan(const sable_poly *poly, const sable_params *params, uint32_t level, sable_poly_cost *cost,
                             sable_error *err) {
    if (!cost || cost->struct_size != sizeof *cost)
        return sable_fail(err, SABLE_INVALID, "sable_poly_plan: cost is NULL or its struct_size is not set");
    sable_poly_program *p;
    SABLE_TRY(program(&p, poly, params, level, err));
    uint32_t affine = p->level_in != level; /* one product with a constant and one rescale */
    *cost = (sable_poly_cost){
        sizeof *cost, p->level_out,  p->tensors,   p->relins,    p->rescales + affine, p->constant_products + affine,
        p->adjusts,   p->relins > 0, p->relin_low, p->relin_high};
    sable_poly_program_free(&p);
    return SABLE_OK;
}

sable_status sable_poly_add_keys(sable_key_spec *spec, const sable_poly *poly, const sable_params *params,
                                 uint32_t level, sable_error *err) {
    sable_poly_cost cost = {.struct_size = sizeof cost};
    SABLE_TRY(sable_poly_plan(poly, params, level, &cost, err));
    return cost.needs_key ? sable_key_spec_add_relin(spec, cost.key_low, cost.key_high, err) : SABLE_OK;
}
