/* SPDX-License-Identifier: Apache-2.0 */
/* One step on ciphertexts: the operation of eval.h that it names. */
#include <stdlib.h>

#include "circuit/work.h"
#include "ckks/eval_internal.h"

sable_status sable_step_encode(sable_queue *queue, program_plain *plain, const program_step *step, sable_scale scale,
                               uint32_t slots) {
    if (step->op == PROGRAM_TRANSFORM) {
        const sable_transform_options o = {.struct_size = sizeof o, .level = step->level};
        return sable_transform_create(queue, &plain->map, step->map, &o);
    }
    SABLE_TRY(sable_pt_create(&plain->pt, queue->ctx, &queue->error));
    sable_encoding e = {.struct_size = sizeof e, .level = step->level, .slots = slots};
    if (step->op == PROGRAM_ADD_PLAIN) e.scale = scale;
    e.bound = step->plain_bound;
    e.rms = step->plain_rms;
    return sable_encode(queue, plain->pt, step->values, slots, &e);
}

void sable_plain_free(sable_queue *queue, program_plain *plain) {
    sable_pt_destroy(queue, &plain->pt);
    sable_transform_destroy(queue, &plain->map);
}

static sable_status apply_plain(sable_queue *queue, sable_ct *out, const sable_ct *a, const program_step *step,
                                const program_plain *plain, const sable_keyset *keys) {
    switch (step->op) {
    case PROGRAM_TRANSFORM: return sable_transform_apply(queue, out, a, plain->map, keys);
    case PROGRAM_ADD_PLAIN: return sable_add_plain(queue, out, a, plain->pt);
    default: return sable_mul_plain(queue, out, a, plain->pt);
    }
}

static sable_status with_plain(sable_queue *queue, sable_ct *out, const sable_ct *a, const program_step *step,
                               uint32_t slots, const sable_keyset *keys) {
    program_plain plain = {NULL, NULL};
    sable_status status = sable_step_encode(queue, &plain, step, a->scale, slots);
    if (status == SABLE_OK) status = apply_plain(queue, out, a, step, &plain, keys);
    sable_plain_free(queue, &plain);
    return status;
}

/* On a planning context alone: a ciphertext like the operand, at another level. What it costs is not known. */
static sable_status plan_bootstrap(sable_queue *queue, sable_ct *out, const sable_ct *a, uint32_t level) {
    sable_ct meta = *a;
    meta.level = level;
    meta.scale = sable_scale_canonical(queue->ctx, level);
    uint32_t *data;
    SABLE_TRY(sable_out_words(queue, &data, out, &meta, true, "bootstrap"));
    sable_ct_commit(queue, out, &meta, data);
    return SABLE_OK;
}

sable_status sable_step_run(sable_queue *queue, sable_ct *out, const program_step *step, const sable_ct *a,
                            const sable_ct *b, const program_plain *plain, uint32_t slots, const sable_keyset *keys) {
    switch (step->op) {
    case PROGRAM_ADD: return sable_add(queue, out, a, b);
    case PROGRAM_SUB: return sable_sub(queue, out, a, b);
    case PROGRAM_NEGATE: return sable_negate(queue, out, a);
    case PROGRAM_TENSOR: return sable_tensor(queue, out, a, b);
    case PROGRAM_ADD_SCALAR: return sable_add_scalar(queue, out, a, step->re, step->im);
    case PROGRAM_MUL_SCALAR: return sable_mul_scalar(queue, out, a, step->re, step->im);
    case PROGRAM_MUL_INTEGER: return sable_mul_integer(queue, out, a, step->integer);
    case PROGRAM_MUL_I: return sable_mul_i(queue, out, a);
    case PROGRAM_ADD_PLAIN:
    case PROGRAM_MUL_PLAIN:
    case PROGRAM_TRANSFORM:
        return plain ? apply_plain(queue, out, a, step, plain, keys) : with_plain(queue, out, a, step, slots, keys);
    case PROGRAM_ROTATE: return sable_rotate(queue, out, a, step->integer, keys);
    case PROGRAM_ROTATE_ADD:
        if (a->batch == b->batch) return sable_rotate_add(queue, out, a, b, step->integer, keys);
        SABLE_TRY(sable_rotate(queue, out, b, step->integer, keys)); /* one of them is repeated */
        return sable_add(queue, out, a, out);
    case PROGRAM_CONJUGATE: return sable_conjugate(queue, out, a, keys);
    case PROGRAM_POLY: return sable_poly_evaluate(queue, out, a, step->poly, keys);
    case PROGRAM_RELIN: return sable_relinearize(queue, out, a, keys);
    case PROGRAM_RESCALE: return sable_rescale(queue, out, a);
    case PROGRAM_RELIN_RESCALE: return sable_relinearize_rescale(queue, out, a, keys);
    case PROGRAM_ADJUST: return sable_adjust(queue, out, a, (uint32_t)step->integer);
    case PROGRAM_BOOTSTRAP: return plan_bootstrap(queue, out, a, (uint32_t)step->integer);
    }
    return SABLE_REFUSE(queue, SABLE_INTERNAL, "a program step of unknown kind %d", (int)step->op);
}
