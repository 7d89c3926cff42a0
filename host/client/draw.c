/* SPDX-License-Identifier: Apache-2.0 */
/* Small secret polynomials drawn on several threads. The words of a key stream are numbered, and an error takes a fixed
 * number of them, so any range of errors can be drawn by itself; a ternary polynomial keeps as many draws as are not
 * rejected, and is one task. */
#include "client/host_ring.h"
#include "client/sampler.h"

/* Errors of a task: 11 us of drawing. Fewer coefficients in all are not worth a parallel region. */
#define PIECE ((size_t)8 * SABLE_ERRORS_OF_CHUNK)

static uint32_t pieces_of(const client_draw *draw, size_t n) {
    const uint32_t pieces = (uint32_t)(n / PIECE);
    return draw->ternary || pieces == 0 ? 1 : pieces;
}

/* Piece k of polynomial `poly`. */
static void draw_piece(client_lane *lane, const client_draw *draw, uint32_t poly, uint32_t k,
                       const uint8_t key[SABLE_SEED_BYTES]) {
    const size_t n = lane->on->ring->n, count = n / pieces_of(draw, n);
    int8_t *out = draw->out + poly * n + k * count;
    sable_stream_open(lane->stream, key);
    if (draw->ternary) {
        sable_sample_ternary(out, count, lane->stream);
    } else {
        sable_stream_seek(lane->stream, k * (count / SABLE_ERRORS_OF_CHUNK));
        sable_sample_error(out, count, lane->stream);
    }
    sable_stream_wipe(lane->stream);
}

/* Task number `task` of all draws in their order. keys: one a polynomial. */
static void draw_task(client_lane *lane, const client_draw *draw, uint32_t task, const uint8_t *keys) {
    const size_t n = lane->on->ring->n;
    uint32_t pieces = pieces_of(draw, n);
    while (task >= draw->polys * pieces) {
        task -= draw->polys * pieces;
        keys += (size_t)draw->polys * SABLE_SEED_BYTES;
        pieces = pieces_of(++draw, n);
    }
    const uint32_t poly = task / pieces;
    draw_piece(lane, draw, poly, task % pieces, keys + (size_t)poly * SABLE_SEED_BYTES);
}

sable_status client_sample(const client_work *work, const client_draw *draw, uint32_t draws, sable_rng *rng,
                           sable_error *err) {
    const size_t n = work->on->ring->n;
    uint32_t polys = 0, tasks = 0;
    for (uint32_t d = 0; d < draws; d++) {
        polys += draw[d].polys;
        tasks += draw[d].polys * pieces_of(&draw[d], n);
    }
    uint8_t *keys = client_guarded_take(work->on, (size_t)polys * SABLE_SEED_BYTES);
    if (!keys) return sable_fail(err, SABLE_NO_MEMORY, "no guarded memory for %u stream keys", polys);
    uint8_t *key = keys;
    for (uint32_t d = 0; d < draws; d++)
        for (uint32_t i = 0; i < draw[d].polys; i++, key += SABLE_SEED_BYTES)
            sable_rng_derive(rng, draw[d].domain, key);
    CLIENT_PARALLEL_IF(polys * n > PIECE, work)
    for (uint32_t i = 0; i < tasks; i++) {
        draw_task(client_lane_of(work), draw, i, keys);
        client_lane_rest();
    }
    client_guarded_give(work->on, keys, (size_t)polys * SABLE_SEED_BYTES);
    return SABLE_OK;
}
