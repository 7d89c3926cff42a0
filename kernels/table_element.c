/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the backend table that work word by word or move words. */
#include "kernels/elementwise.h"
#include "kernels/permute.h"
#include "kernels/table.h"

sable_status gpu_copy(void *queue, const sable_limbs *out, const sable_limbs *in) {
    gpu_queue *q = queue;
    const gpu_view to = gpu_view_of(out), from = gpu_view_of(in);
    return gpu_check(q, gpu_launch_copy(q->stream, &q->ring, &to, &from), "copy");
}

sable_status gpu_zero(void *queue, const sable_limbs *out) {
    gpu_queue *q = queue;
    const gpu_view to = gpu_view_of(out);
    return gpu_check(q, gpu_launch_zero(q->stream, &q->ring, &to), "zero");
}

sable_status gpu_automorphism(void *queue, const sable_limbs *out, const sable_limbs *in, uint32_t galois) {
    gpu_queue *q = queue;
    const gpu_view to = gpu_view_of(out), from = gpu_view_of(in);
    return gpu_check(q, gpu_launch_automorphism(q->stream, &q->ring, &to, &from, galois), "automorphism");
}

static sable_status binary(gpu_queue *q, gpu_binary op, const sable_limbs *out, const sable_limbs *a,
                           const sable_limbs *b, const char *what) {
    const gpu_view to = gpu_view_of(out), x = gpu_view_of(a), y = gpu_view_of(b);
    return gpu_check(q, gpu_launch_binary(q->stream, &q->ring, op, &to, &x, &y), what);
}

sable_status gpu_add(void *queue, const sable_limbs *out, const sable_limbs *a, const sable_limbs *b) {
    return binary(queue, GPU_ADD, out, a, b, "add");
}

sable_status gpu_sub(void *queue, const sable_limbs *out, const sable_limbs *a, const sable_limbs *b) {
    return binary(queue, GPU_SUB, out, a, b, "sub");
}

sable_status gpu_mul_mont(void *queue, const sable_limbs *out, const sable_limbs *a, const sable_limbs *b, int add) {
    return binary(queue, add ? GPU_MUL_MONT_ADD : GPU_MUL_MONT, out, a, b, "mul_mont");
}

sable_status gpu_mul(void *queue, const sable_limbs *out, const sable_limbs *a, const sable_limbs *b) {
    return binary(queue, GPU_MUL, out, a, b, "mul");
}

static sable_status unary(gpu_queue *q, gpu_unary op, const sable_limbs *out, const sable_limbs *a, const uint32_t *lo,
                          const uint32_t *hi, const char *what) {
    const gpu_view to = gpu_view_of(out), x = gpu_view_of(a);
    const gpu_words lower = gpu_words_of(lo, out->limbs, 0), upper = gpu_words_of(hi ? hi : lo, out->limbs, 0);
    return gpu_check(q, gpu_launch_unary(q->stream, &q->ring, op, &to, &x, &lower, &upper), what);
}

sable_status gpu_negate(void *queue, const sable_limbs *out, const sable_limbs *a) {
    return unary(queue, GPU_NEGATE, out, a, NULL, NULL, "negate");
}

sable_status gpu_mul_const(void *queue, const sable_limbs *out, const sable_limbs *a, const uint32_t *lo,
                           const uint32_t *hi) {
    return unary(queue, GPU_MUL_CONST, out, a, lo, hi, "mul_const");
}

sable_status gpu_add_const(void *queue, const sable_limbs *out, const sable_limbs *a, const uint32_t *lo,
                           const uint32_t *hi) {
    return unary(queue, GPU_ADD_CONST, out, a, lo, hi, "add_const");
}
