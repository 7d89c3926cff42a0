/* SPDX-License-Identifier: Apache-2.0 */
/* Ciphertexts that hide nothing. */
#include <stdlib.h>

#include "client/host_ring.h"
#include "sable/client.h"

static bool all_zero(const uint32_t *words, size_t count) {
    uint32_t any = 0;
    for (size_t i = 0; i < count && !any; i++) any = words[i];
    return !any;
}

/* Of member b. Of one that was encrypted the first words are read: the chance of a limb of zeros is below p^-N.
 * staged: room for a device's limb, NULL where its words can be read. */
static sable_status is_transparent(bool *yes, sable_queue *queue, const sable_ct *in, uint32_t b, uint32_t *staged) {
    const size_t n = in->ctx->params.n, limbs = in->ctx->level[in->level].limbs;
    const uint32_t *part = in->data + ((size_t)b * in->parts + 1) * limbs * n;
    *yes = true;
    for (size_t i = 0; i < (in->parts - 1) * limbs && *yes; i++) {
        if (staged) SABLE_RUN(queue, download(queue->handle, staged, part + i * n, n * sizeof *staged));
        *yes = all_zero(staged ? staged : part + i * n, n);
    }
    return SABLE_OK;
}

sable_status sable_ct_find_transparent(sable_queue *queue, uint32_t *member, const sable_ct *in) {
    SABLE_TRY(sable_check_idle(queue, "a look at words"));
    SABLE_TRY(sable_check_ct(queue, in, "the ciphertext"));
    if (!member) return SABLE_REFUSE(queue, SABLE_INVALID, "sable_ct_find_transparent: member must not be NULL");
    uint32_t *staged = NULL, b = queue->ctx->tally ? in->batch : 0; /* a plan has no words */
    const size_t bytes = in->ctx->params.n * sizeof *staged;
    if (!client_shares_memory(queue->ctx) && !(staged = malloc(bytes)))
        return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory for %zu bytes of a ciphertext", bytes);
    sable_status status = SABLE_OK;
    bool found = false;
    while (b < in->batch && !found && status == SABLE_OK) {
        status = is_transparent(&found, queue, in, b, staged);
        b += !found;
    }
    free(staged);
    if (status == SABLE_OK) *member = b;
    return status;
}
