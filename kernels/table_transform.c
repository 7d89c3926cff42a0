/* SPDX-License-Identifier: Apache-2.0 */
/* Transforms of the backend table. */
#include "kernels/ntt.h"
#include "kernels/table.h"

sable_status gpu_ntt_forward(void *queue, const sable_limbs *x) {
    gpu_queue *q = queue;
    const gpu_view v = gpu_view_of(x);
    return gpu_check(q, gpu_launch_ntt_forward(q->stream, &q->ring, &v), "ntt_forward");
}

sable_status gpu_ntt_inverse(void *queue, const sable_limbs *out, const sable_limbs *in, const uint32_t *mult) {
    gpu_queue *q = queue;
    const gpu_view to = gpu_view_of(out), from = gpu_view_of(in);
    const gpu_words factor = gpu_words_of(mult, out->limbs, 1);
    return gpu_check(q, gpu_launch_ntt_inverse(q->stream, &q->ring, &to, &from, &factor), "ntt_inverse");
}
