/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a plan with the operations of eval.h. Each intermediate result gets the scale and the bound that the plan proves for it. */
#include "ckks/adjust.h"
#include "ckks/eval_internal.h"
#include "ckks/poly_noise.h"

static sable_status check_input(sable_queue *queue, const sable_ct *out, const sable_ct *in, const sable_poly *poly) {
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(sable_check_ct(queue, in, "the input"));
    if (!poly) return SABLE_REFUSE(queue, SABLE_INVALID, "polynomial: it is NULL");
    SABLE_TRY(sable_check_parts(queue, in, 2, "polynomial"));
    if (in->scale.level != (int32_t)in->level || in->scale.power != 1)
        return SABLE_REFUSE(queue, SABLE_SCALE,
                            "polynomial: the input's scale 2^%.4f is not the canonical one of level %u: rescale first",
                            log2(in->scale.hi), in->level);
    double reach = fmax(fabs(poly->lo), fabs(poly->hi));
    if (in->bound > reach)
        return SABLE_REFUSE(
            queue, SABLE_BOUND,
            "polynomial on [%g, %g]: the input is declared up to %g: scale it down, widen the interval, or state a smaller bound "
            "with sable_ct_declare",
            poly->lo, poly->hi, in->bound);
    uint32_t depth = sable_poly_depth(poly);
    if (in->level < depth)
        return SABLE_REFUSE(queue, SABLE_LEVEL,
                            "polynomial of degree %u takes %u levels, the input has %u: start higher or bootstrap",
                            poly->degree, depth, in->level);
    return SABLE_OK;
}

static sable_status check_keys(sable_queue *queue, const sable_ct *in, const sable_poly_program *p,
                               const sable_keyset *keys) {
    if (p->relins == 0) return SABLE_OK;
    for (uint32_t i = 0; i < p->count; i++) {
        const sable_poly_node *node = &p->node[i];
        const sable_evk *key;
        if (node->op == SABLE_POLY_RESCALE && p->node[node->a].parts == 3)
            SABLE_TRY(sable_key_find(queue, &key, keys, SABLE_KEY_RELIN, 1, p->node[node->a].level, "polynomial"));
    }
    if (memcmp(keys->key_id, in->key_id, sizeof in->key_id) != 0)
        return SABLE_REFUSE(queue, SABLE_KEY_MISMATCH,
                            "polynomial: the key set is of another secret than the ciphertext");
    return SABLE_OK;
}

static sable_status adjust(sable_queue *queue, sable_ct *out, const sable_ct *in, const sable_poly_node *node) {
    sable_adjust_factor factor;
    sable_adjust_choose(&factor, &queue->ctx->params, in->level, node->level, dd(1));
    sable_ct meta = *in;
    meta.level = node->level;
    meta.noise_var += sable_noise_rounding(queue->ctx, 2);
    meta.seeded = false;
    return sable_adjust_apply(queue, out, in, &meta, &factor);
}

static sable_status step(sable_queue *queue, sable_ct *r, const sable_poly_node *node, const sable_ct *a,
                         const sable_ct *b, const sable_keyset *keys) {
    sable_dd c = node->constant_scale_value;
    switch (node->op) {
    case SABLE_POLY_TENSOR: return sable_tensor(queue, r, a, b);
    case SABLE_POLY_DOUBLE: return sable_mul_integer(queue, r, a, 2);
    case SABLE_POLY_CONST_PRODUCT:
        return sable_mul_scalar_at(queue, r, a, node->constant, 0, sable_scale_value(c.hi, c.lo));
    case SABLE_POLY_ADD_CONST: return sable_add_scalar(queue, r, a, node->constant, 0);
    case SABLE_POLY_ADD: return sable_add(queue, r, a, b);
    case SABLE_POLY_SUB: return sable_sub(queue, r, a, b);
    case SABLE_POLY_RESCALE:
        return a->parts == 3 ? sable_relinearize_rescale(queue, r, a, keys) : sable_rescale(queue, r, a);
    case SABLE_POLY_DROP: return sable_drop(queue, r, a, node->level);
    case SABLE_POLY_ADJUST: return adjust(queue, r, a, node);
    case SABLE_POLY_INPUT: break;
    }
    return SABLE_REFUSE(queue, SABLE_INTERNAL, "polynomial: step %d has no operation", (int)node->op);
}

/* A result may take the memory of an operand that nothing reads afterwards. */
static bool writes_in_place(sable_poly_op op) {
    return op == SABLE_POLY_DOUBLE || op == SABLE_POLY_CONST_PRODUCT || op == SABLE_POLY_ADD_CONST ||
           op == SABLE_POLY_ADD || op == SABLE_POLY_SUB;
}

/* u: node 0, borrowed. The registers are ciphertexts of this call alone; the last one is left for the caller to take. */
static sable_status run(sable_queue *queue, sable_ct *reg, const sable_poly_program *p, const sable_keyset *keys) {
    for (uint32_t i = 1; i < p->count; i++) {
        const sable_poly_node *node = &p->node[i];
        sable_ct *a = &reg[node->a], *b = node->b >= 0 ? &reg[node->b] : NULL, *r = &reg[i];
        if (writes_in_place(node->op) && node->a != 0 && node->a != node->b &&
            p->node[node->a].last_use == (int32_t)i) {
            *r = *a; /* moves the words: out = a */
            a->data = NULL;
            a = r;
        }
        SABLE_TRY(step(queue, r, node, a, b, keys));
        r->scale = sable_scale_value(node->scale_value.hi, node->scale_value.lo);
        r->bound = node->bound;
        r->rms = fmin(r->rms, r->bound);
        for (int k = 0; k < 2; k++) {
            int32_t used = k ? node->b : node->a;
            if (used > 0 && p->node[used].last_use == (int32_t)i) {
                sable_words_release(queue, reg[used].data);
                reg[used].data = NULL;
            }
        }
    }
    return SABLE_OK;
}

sable_status sable_poly_evaluate(sable_queue *queue, sable_ct *out, const sable_ct *in, const sable_poly *poly,
                                 const sable_keyset *keys) {
    SABLE_TRY(check_input(queue, out, in, poly));
    sable_ctx *ctx = queue->ctx;
    sable_poly_reduced reduced;
    sable_poly_reduce(&reduced, poly);
    sable_poly_program *p;
    SABLE_TRY(sable_poly_program_create(&p, &ctx->params, &reduced, in->level - reduced.affine, &queue->error));
    sable_status status = check_keys(queue, in, p, keys);
    sable_ct *reg = status == SABLE_OK ? calloc(p->count, sizeof *reg) : NULL, u = {.ctx = ctx};
    if (status == SABLE_OK && !reg)
        status = SABLE_REFUSE(queue, SABLE_NO_MEMORY, "polynomial: no memory for a plan of %u steps", p->count);
    if (status != SABLE_OK) {
        sable_poly_program_free(&p);
        return status;
    }
    if (reduced.affine) {
        status = sable_mul_scalar(queue, &u, in, reduced.slope, 0);
        if (status == SABLE_OK) status = sable_rescale(queue, &u, &u);
        if (status == SABLE_OK && reduced.shift != 0) status = sable_add_scalar(queue, &u, &u, reduced.shift, 0);
    }
    for (uint32_t i = 0; i < p->count; i++) reg[i].ctx = ctx;
    reg[0] = reduced.affine ? u : *in;
    reg[0].bound = reduced.input_bound;
    reg[0].rms = fmin(reg[0].rms, reduced.input_bound);
    reg[0].scale = sable_scale_value(reg[0].scale.hi, reg[0].scale.lo);
    sable_poly_estimate estimate = {0, 0};
    if (status == SABLE_OK) status = sable_poly_noise(queue, &estimate, p, poly, &reduced, in, &reg[0]);
    if (status == SABLE_OK) status = run(queue, reg, p, keys);
    if (status == SABLE_OK) {
        sable_ct meta = reg[p->result];
        meta.scale = sable_scale_canonical(ctx, p->level_out); /* the plan's output symbol */
        meta.bound = reduced.bound;
        meta.rms = fmin(estimate.rms, meta.bound);
        meta.noise_var = estimate.variance * meta.scale.hi * meta.scale.hi;
        meta.relative = 0; /* counted in the variance */
        sable_ct_commit(queue, out, &meta, meta.data);
        reg[p->result].data = NULL;
    }
    reg[0].data = NULL;
    for (uint32_t i = 0; i < p->count; i++) sable_words_release(queue, reg[i].data);
    sable_words_release(queue, u.data);
    free(reg);
    sable_poly_program_free(&p);
    return status;
}
