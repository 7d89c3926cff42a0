/* SPDX-License-Identifier: Apache-2.0 */
/* A key switch and the division of its result, one after the other: what the caches of a cpu hold is too little for them to share
 * more than the memory between. */
#include "base/fail.h"
#include "cpu/backend_impl.h"
#include "ring/view.h"

cpu_switch_room cpu_switch_room_of(const cpu_state *s, const sable_limbs *out, const sable_switch *w) {
    const sable_limbs *from = w->own ? w->own : w->a;
    const uint32_t n = s->ring->n;
    cpu_switch_room r = {.acc = sable_view_dense(n, NULL, w->key->pos, w->key->limbs, 2, out->batch),
                         .y = sable_view_dense(n, NULL, from->pos, from->limbs, 1, out->batch),
                         .divided = sable_view_dense(n, NULL, w->down->src, w->down->src_count, 2, out->batch),
                         .product = sable_view_dense(n, NULL, from->pos, from->limbs, 3, out->batch)};
    const size_t y = sable_view_words(&r.y), divided = sable_view_words(&r.divided);
    r.bytes = (sable_view_words(&r.acc) + (y > divided ? y : divided)) * sizeof(uint32_t);
    r.product_bytes = w->own ? 0 : sable_view_words(&r.product) * sizeof(uint32_t);
    return r;
}

/* acc of room, by way of y. */
static sable_status switch_to(void *queue, const cpu_switch_room *room, const sable_switch *w) {
    sable_limbs own = w->own ? *w->own : sable_view_parts(room->product, 2, 1),
                add = w->own ? own : sable_view_parts(room->product, 0, 2);
    if (!w->own) SABLE_TRY(cpu_tensor(queue, &room->product, w->a, 0, w->b, 0, 1));
    SABLE_TRY(cpu_ntt_inverse(queue, &room->y, &own, w->y_mult));
    return cpu_key_switch(queue, &room->acc, &room->y, w->up, &own, w->key, w->alpha, w->first_block,
                          w->own ? w->add : &add, w->add_mult);
}

sable_status cpu_switch_down(void *queue, const sable_limbs *out, const sable_switch *w) {
    cpu_state *s = cpu_state_of(queue);
    cpu_switch_room room = cpu_switch_room_of(s, out, w);
    uint32_t *scratch = cpu_pool_take(s->pool, room.bytes),
             *product = scratch && room.product_bytes ? cpu_pool_take(s->pool, room.product_bytes) : NULL;
    if (!scratch || (room.product_bytes && !product)) {
        cpu_pool_give(s->pool, scratch);
        return cpu_no_memory(queue, scratch ? room.product_bytes : room.bytes);
    }
    room.acc.data = scratch;
    room.y.data = room.divided.data = scratch + sable_view_words(&room.acc);
    room.product.data = product;
    sable_status status = switch_to(queue, &room, w);
    cpu_pool_give(s->pool, product);
    uint16_t slot[SABLE_MAX_LIMBS];
    const sable_limbs dropped = sable_view_at(room.acc, w->down->src, w->down->src_count, slot);
    if (status == SABLE_OK) status = cpu_ntt_inverse(queue, &room.divided, &dropped, w->down->y_mult);
    if (status == SABLE_OK)
        status = cpu_mod_down(queue, out, &room.divided, w->down, &room.acc, w->x_mult, w->e_mult, w->galois, w->more);
    cpu_pool_give(s->pool, scratch);
    return status;
}
