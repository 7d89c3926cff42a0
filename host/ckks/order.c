/* SPDX-License-Identifier: Apache-2.0 */
/* Order between queues. Reads and writes of a queue are numbered when they are given to it; an object knows the last write and, for
 * every queue, the last read. A queue knows up to which number of another its own work comes behind, by waiting, or because
 * somebody has waited for the device. All of it is atomic: queues live on threads of their own.
 *
 * What the program itself orders (one thread after another, whichever way) is seen exactly. Two threads that use an object at once,
 * one of them writing, are at fault whatever the queues are told. */
#include <stdatomic.h>

#include "ckks/objects.h"

static bool in_order(const sable_queue *q, uint32_t slot, uint64_t number) {
    return number == 0 || slot == q->slot || atomic_load(&q->seen[slot]) >= number ||
           atomic_load(&q->ctx->synced[slot]) >= number;
}

sable_status sable_check_written(sable_queue *q, const sable_stamp *stamp, const char *what) {
    if (in_order(q, stamp->slot, stamp->sequence)) return SABLE_OK;
    return SABLE_REFUSE(q, SABLE_BUSY,
                        "%s was last written by another queue: call sable_queue_wait(this, that) or sync that queue",
                        what);
}

sable_status sable_check_unread(sable_queue *q, sable_readers *readers, const char *what) {
    if (!readers) return SABLE_OK;
    const uint32_t slots = atomic_load(&q->ctx->slots_used);
    for (uint32_t slot = 0; slot < slots; slot++)
        if (!in_order(q, slot, atomic_load(&readers->last[slot])) &&
            atomic_load(&q->ctx->closed[slot]) < atomic_load(&readers->last[slot]))
            return SABLE_REFUSE(
                q, SABLE_BUSY,
                "%s is still read by another queue: call sable_queue_wait(this, that) or sync that queue before it changes",
                what);
    return SABLE_OK;
}

static uint64_t next_number(sable_queue *q) { return atomic_fetch_add(&q->ctx->issued[q->slot], 1) + 1; }

void sable_note_read(sable_queue *q, sable_readers *readers) {
    if (readers) atomic_store(&readers->last[q->slot], next_number(q));
}

void sable_stamp_write(sable_queue *q, sable_stamp *stamp) {
    stamp->slot = q->slot;
    stamp->sequence = next_number(q);
}

/* The work of the slot's queue up to a number. An empty slot has none left. */
static void await(sable_queue *q, uint32_t slot, uint64_t number) {
    if (in_order(q, slot, number)) return;
    sable_ctx *ctx = q->ctx;
    pthread_mutex_lock(&ctx->lock);
    const sable_queue *other = ctx->queue[slot];
    /* A device that cannot even order two queues is lost, and says so at the next call. */
    if (other && other->handle) (void)ctx->backend->queue_wait(q->handle, other->handle);
    pthread_mutex_unlock(&ctx->lock);
}

void sable_object_await(sable_queue *q, const sable_stamp *stamp, sable_readers *readers) {
    await(q, stamp->slot, stamp->sequence);
    const uint32_t slots = readers ? atomic_load(&q->ctx->slots_used) : 0;
    for (uint32_t slot = 0; slot < slots; slot++) await(q, slot, atomic_load(&readers->last[slot]));
}

void sable_queues_await(sable_queue *q) {
    const uint32_t slots = atomic_load(&q->ctx->slots_used);
    for (uint32_t slot = 0; slot < slots; slot++) await(q, slot, atomic_load(&q->ctx->issued[slot]));
}

/* -- waiting ------------------------------------------------------------------------------------------------------- */

static void raise_to(_Atomic uint64_t *known, uint64_t number) {
    uint64_t now = atomic_load(known);
    while (now < number && !atomic_compare_exchange_weak(known, &now, number)) {}
}

/* What the other queue came behind, this one comes behind now: numbers are read before the wait is given, so work that is
 * given meanwhile does not count. */
sable_status sable_queue_wait(sable_queue *queue, sable_queue *other) {
    SABLE_TRY(sable_check_idle(queue, "a wait for another queue"));
    if (!other || other->ctx != queue->ctx)
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_queue_wait: the queues have different contexts");
    if (other->dead != SABLE_OK)
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_queue_wait: the other queue failed and does no more work");
    const uint32_t slots = atomic_load(&queue->ctx->slots_used);
    uint64_t passed[SABLE_MAX_QUEUES];
    for (uint32_t slot = 0; slot < slots; slot++) passed[slot] = atomic_load(&other->seen[slot]);
    passed[other->slot] = atomic_load(&queue->ctx->issued[other->slot]);
    SABLE_RUN(queue, queue_wait(queue->handle, other->handle));
    for (uint32_t slot = 0; slot < slots; slot++) raise_to(&queue->seen[slot], passed[slot]);
    return SABLE_OK;
}

sable_status sable_queue_sync(sable_queue *queue) {
    SABLE_TRY(sable_check_idle(queue, "a wait for the device"));
    sable_ctx *ctx = queue->ctx;
    const uint64_t issued = atomic_load(&ctx->issued[queue->slot]);
    SABLE_RUN(queue, queue_sync(queue->handle));
    raise_to(&ctx->synced[queue->slot], issued);
    const uint32_t slots = atomic_load(&ctx->slots_used);
    for (uint32_t slot = 0; slot < slots; slot++) raise_to(&ctx->synced[slot], atomic_load(&queue->seen[slot]));
    return SABLE_OK;
}
