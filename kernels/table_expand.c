/* SPDX-License-Identifier: Apache-2.0 */
/* Uniform halves from seeds. */
#include "kernels/expand.h"
#include "kernels/table.h"

sable_status gpu_expand(void *queue, const sable_limbs *out, const sable_expansion *from) {
    gpu_queue *q = queue;
    const gpu_view to = gpu_view_of(out);
    return gpu_check(q, gpu_launch_expand(q->stream, &q->ring, &to, from), "expand");
}
