/* SPDX-License-Identifier: Apache-2.0 */
/* Key switching and division of the cpu backend. Base conversion is done tile by tile: the columns of a tile are gathered,
 * converted to every destination and taken through the outer step of the transform while they lie in the caches. What is
 * stored ("begun") is read once more, block by block, by whoever finishes the transform and uses the block at once. */
#include <string.h>

#include "base/fail.h"
#include "cpu/backend_impl.h"

/* Words of a tile's row. The 11 or 12 rows of a digit, 4 KiB each, about fill the first-level cache, and longer runs of
 * results are cheaper to store (512: 2 % slower key switches, 256: 5 %). Gathering the rows also removes their common offset: limbs
 * lie 2^18 bytes apart at N = 2^16, all in the same sets of the caches. */
#define TILE_WORDS 1024u
/* Begun digits of several members are kept at a time, up to this many bytes, so that they share key rows. Little where ranges
 * are checked, so that the small batches of tests take several rounds, a shorter one at the end. */
#ifdef SABLE_VERIFY
#define BEGUN_BYTES ((size_t)90 << 10)
#else
#define BEGUN_BYTES ((size_t)64 << 20)
#endif

typedef struct shape {
    size_t n, words, rows, columns, tiles; /* n = rows * words; a tile is `columns` columns of `rows` words */
} shape;

static shape shape_of(const cpu_state *s) {
    shape f = {.n = s->ring->n, .words = s->kernels->ntt_block_words(s->ring->log_n)};
    f.rows = f.n / f.words;
    f.columns = TILE_WORDS / f.rows < f.words ? TILE_WORDS / f.rows : f.words;
    f.tiles = f.words / f.columns;
    return f;
}

/* Whether that many bytes of begun results had better bypass the caches. Ordinary stores are slow in short runs, so less is
 * enough there: at N = 2^14 (runs of 1 KiB) key switches with 5.9 MB of digits are 13 % slower if they are streamed, at
 * N = 2^15 (512 bytes) divisions with 6.3 MB of results make rotations 5 % faster. */
static bool streams(const shape *f, size_t bytes) {
    return bytes > (f->columns * sizeof(uint32_t) >= 1024 ? 4 * CPU_STREAM_BYTES : CPU_STREAM_BYTES);
}

/* One tile of a conversion: y[i], out[d] are whole limbs, lane is scratch of tile_words(basis). */
static size_t tile_words(const shape *f, const sable_basis *basis) {
    return (basis->src_count + basis->dst_count) * f->columns * f->rows;
}
static void begin_tile(const cpu_state *s, const shape *f, uint32_t *const *out, const uint32_t *const *y,
                       const sable_basis *basis, const void *constants, size_t tile, bool stream, uint32_t *lane) {
    const size_t count = f->columns * f->rows, first = tile * f->columns;
    const uint32_t *from[SABLE_MAX_LIMBS];
    uint32_t *to[SABLE_MAX_LIMBS];
    for (uint32_t i = 0; i < basis->src_count; i++, lane += count) {
        for (size_t r = 0; r < f->rows; r++)
            memcpy(lane + r * f->columns, y[i] + r * f->words + first, f->columns * sizeof *lane);
        from[i] = lane;
    }
    for (uint32_t d = 0; d < basis->dst_count; d++, lane += count) to[d] = lane;
    s->kernels->base_convert(to, from, basis, constants, s->ring, count, false);
    for (uint32_t d = 0; d < basis->dst_count; d++)
        s->kernels->ntt_forward_outer(out[d] + first, f->words, to[d], f->columns, f->columns,
                                      &s->tables[basis->dst[d]], stream);
    if (stream) s->kernels->drain();
}

/* Begins digits [0, count) of members [first, first + members) of y in `out` (parts: digits, batch: members). */
static void begin_digits(const cpu_state *s, const shape *f, const sable_limbs *out, const sable_limbs *y,
                         const sable_basis *const *up, const cpu_constants *constants, uint32_t count, size_t first,
                         size_t members, uint32_t *scratch, size_t lane) {
    const bool stream = streams(f, members * count * out->limbs * f->n * sizeof(uint32_t));
    uint16_t out_index[SABLE_MAX_LIMBS], y_index[SABLE_MAX_LIMBS];
    cpu_index(out_index, out);
    cpu_index(y_index, y);
    const size_t tasks = members * count * f->tiles;
    const int threads = cpu_threads_for(s, members * f->n * y->limbs * out->limbs);
    CPU_PARALLEL(threads)
    for (size_t k = 0; k < tasks; k++) {
        const size_t tile = k % f->tiles, j = k / f->tiles % count, member = k / f->tiles / count;
        const uint32_t *rows[SABLE_MAX_LIMBS];
        uint32_t *outs[SABLE_MAX_LIMBS];
        for (uint32_t i = 0; i < up[j]->src_count; i++)
            rows[i] = cpu_limb(y, first + member, 0, y_index[up[j]->src[i]]);
        for (uint32_t d = 0; d < up[j]->dst_count; d++) outs[d] = cpu_limb(out, member, j, out_index[up[j]->dst[d]]);
        begin_tile(s, f, outs, rows, up[j], cpu_constants_at(constants, j), tile, stream,
                   scratch + (size_t)cpu_thread() * lane);
    }
}

static size_t largest_tile(const shape *f, const sable_basis *const *up, uint32_t count) {
    size_t most = 0;
    for (uint32_t j = 0; j < count; j++) most = tile_words(f, up[j]) > most ? tile_words(f, up[j]) : most;
    return most;
}

/* Words of one thread's scratch. */
static size_t mod_up_lane(const shape *f, const sable_basis *const *up, uint32_t digits) {
    return largest_tile(f, up, digits) + CPU_SKEW;
}

size_t cpu_mod_up_bytes(const cpu_state *s, const sable_basis *const *up, uint32_t digits) {
    const shape f = shape_of(s);
    return s->threads * mod_up_lane(&f, up, digits) * sizeof(uint32_t) + cpu_constants_bytes(s, up, digits);
}

sable_status cpu_mod_up(void *queue, const sable_limbs *digits, const sable_limbs *y, const sable_basis *const *up) {
    cpu_state *s = cpu_state_of(queue);
    const uint32_t count = digits->parts;
    SABLE_TRY(cpu_check_digits(queue, count));
    CPU_CHECK_SHAPE(s, digits);
    CPU_CHECK(s, y);
    const shape f = shape_of(s);
    const size_t lane = mod_up_lane(&f, up, count), total = cpu_mod_up_bytes(s, up, count);
    uint32_t *scratch = cpu_pool_take(s->pool, total);
    if (!scratch) return cpu_no_memory(queue, total);
    const cpu_constants constants = cpu_constants_make(s, scratch + s->threads * lane, up, count);
    begin_digits(s, &f, digits, y, up, &constants, count, 0, digits->batch, scratch, lane);
    cpu_pool_give(s->pool, scratch);
    uint16_t index[SABLE_MAX_LIMBS];
    cpu_index(index, digits);
    const cpu_ahead nothing = {0, {NULL}};
    for (uint32_t j = 0; j < count; j++) {
        const size_t tasks = (size_t)up[j]->dst_count * digits->batch;
        const int threads = cpu_threads_for(s, tasks * cpu_ntt_work(s));
        CPU_PARALLEL(threads)
        for (size_t k = 0; k < tasks; k++) {
            const uint32_t pos = up[j]->dst[k / digits->batch];
            uint32_t *row = cpu_limb(digits, k % digits->batch, j, index[pos]);
            for (size_t b = 0; b < f.rows; b++)
                s->kernels->ntt_forward_block(row + b * f.words, row + b * f.words, &s->tables[pos], b, &nothing);
        }
    }
    return SABLE_OK;
}

/* The inner product of one limb: rows of digits, of the key and of what is added; begun[j]: digit j still has the inner
 * step of its transform before it. lane: scratch of as many blocks as digits. */
typedef struct product {
    const uint32_t *d[CPU_MAX_ROWS], *kb[CPU_MAX_ROWS], *ka[CPU_MAX_ROWS], *add[2];
    bool begun[CPU_MAX_ROWS];
    uint32_t *out[2], count, add_mult;
} product;

static void inner_product(const cpu_state *s, const shape *f, product *p, uint32_t pos, uint32_t *lane) {
    const size_t words = f->words;
    for (size_t b = 0; b < f->rows; b++) {
        const uint32_t *d[CPU_MAX_ROWS];
        for (uint32_t j = 0; j < p->count; j++) {
            d[j] = p->d[j];
            if (p->begun[j]) { /* the key's rows arrive from memory meanwhile, and the digit's next block */
                uint32_t *block = lane + j * (words + CPU_SKEW);
                const cpu_ahead ahead = {b + 1 < f->rows ? 3 : 2, {p->kb[j], p->ka[j], p->d[j] + words}};
                s->kernels->ntt_forward_block(block, p->d[j], &s->tables[pos], b, &ahead);
                d[j] = block;
            }
            p->d[j] += words;
        }
        s->kernels->inner(p->out[0], p->out[1], d, p->kb, p->ka, p->count, p->add[0], p->add[1], p->add_mult, words,
                          &s->ring->prime[pos]);
        for (uint32_t j = 0; j < p->count; j++) p->kb[j] += words, p->ka[j] += words;
        for (int h = 0; h < 2; h++) {
            p->out[h] += words;
            if (p->add[h]) p->add[h] += words;
        }
    }
}

/* Operands of a product with a key, and the numbers of their limbs by position. */
typedef struct key_operands {
    const sable_limbs *acc, *digits, *own, *key, *add;
    const uint32_t *add_mult;
    uint32_t alpha, first_block;
    uint16_t own_index[SABLE_MAX_LIMBS], add_index[SABLE_MAX_LIMBS];
} key_operands;

/* acc of members [first, first + members), limbs outermost: members share the limb's tables and key rows. Digits are numbered from
 * the first of these members and await the inner step, in lanes of scratch. */
static void inner_members(const cpu_state *s, const shape *f, const key_operands *o, size_t first, size_t members,
                          uint32_t *scratch, size_t lane) {
    const size_t tasks = o->acc->limbs * members;
    const int threads = cpu_threads_for(s, tasks * o->digits->parts * cpu_ntt_work(s));
    CPU_PARALLEL(threads)
    for (size_t k = 0; k < tasks; k++) {
        const size_t limb = k / members, at = k % members, member = first + at;
        const uint32_t pos = o->acc->pos[limb];
        product p = {.count = o->digits->parts};
        for (uint32_t j = 0; j < p.count; j++) {
            p.kb[j] = cpu_limb(o->key, o->key->batch > 1 ? member : 0, 2 * j, limb);
            p.ka[j] = cpu_limb(o->key, o->key->batch > 1 ? member : 0, 2 * j + 1, limb);
            const bool is_own = pos < s->ring->q_count && pos / o->alpha == o->first_block + j;
            p.d[j] = is_own ? cpu_limb(o->own, member, 0, o->own_index[pos]) : cpu_limb(o->digits, at, j, limb);
            p.begun[j] = !is_own;
        }
        if (o->add && o->add_index[pos] != CPU_ABSENT) {
            for (uint32_t h = 0; h < o->add->parts; h++) p.add[h] = cpu_limb(o->add, member, h, o->add_index[pos]);
            p.add_mult = o->add_mult[o->add_index[pos]];
        }
        for (uint32_t h = 0; h < 2; h++) p.out[h] = cpu_limb(o->acc, member, h, limb);
        inner_product(s, f, &p, pos, scratch + (size_t)cpu_thread() * lane);
    }
}

/* Members whose begun digits are kept at a time, words of a digit and of one thread's scratch. */
typedef struct switch_room {
    size_t members, digit, lane, total; /* total in bytes */
} switch_room;

static switch_room switch_room_of(const cpu_state *s, const shape *f, const sable_limbs *acc,
                                  const sable_basis *const *up, uint32_t count) {
    switch_room r = {.digit = acc->limbs * (f->n + CPU_SKEW), .lane = largest_tile(f, up, count)};
    const size_t bytes = count * r.digit * sizeof(uint32_t);
    r.members = bytes > 0 && bytes < BEGUN_BYTES ? BEGUN_BYTES / bytes : 1;
    if (r.members > acc->batch) r.members = acc->batch;
    if (r.lane < count * (f->words + CPU_SKEW)) r.lane = count * (f->words + CPU_SKEW);
    r.lane += CPU_SKEW;
    r.total = r.members * bytes + s->threads * r.lane * sizeof(uint32_t) + cpu_constants_bytes(s, up, count);
    return r;
}

size_t cpu_key_switch_bytes(const cpu_state *s, const sable_limbs *acc, const sable_basis *const *up, uint32_t count) {
    const shape f = shape_of(s);
    return switch_room_of(s, &f, acc, up, count).total;
}

sable_status cpu_key_switch(void *queue, const sable_limbs *acc, const sable_limbs *y, const sable_basis *const *up,
                            const sable_limbs *own, const sable_limbs *key, uint32_t alpha, uint32_t first_block,
                            const sable_limbs *add, const uint32_t *add_mult) {
    cpu_state *s = cpu_state_of(queue);
    const uint32_t count = key->parts / 2;
    SABLE_TRY(cpu_check_digits(queue, count));
    CPU_CHECK_SHAPE(s, acc);
    CPU_CHECK(s, y);
    CPU_CHECK(s, own);
    CPU_CHECK(s, key);
    if (add) CPU_CHECK(s, add);
    const shape f = shape_of(s);
    const switch_room room = switch_room_of(s, &f, acc, up, count);
    const size_t digit = room.digit, lane = room.lane, total = room.total;
    size_t members = room.members;
    uint32_t *begun = cpu_pool_take(s->pool, total), *scratch = begun + members * count * digit;
    if (!begun) return cpu_no_memory(queue, total);
    const cpu_constants constants = cpu_constants_make(s, scratch + s->threads * lane, up, count);
    sable_limbs digits = {.data = begun,
                          .pos = acc->pos,
                          .limbs = acc->limbs,
                          .parts = count,
                          .batch = (uint32_t)members,
                          .limb_stride = f.n + CPU_SKEW,
                          .part_stride = digit,
                          .batch_stride = count * digit};
    key_operands o = {acc, &digits, own, key, add, add_mult, alpha, first_block, {0}, {0}};
    cpu_index(o.own_index, own);
    cpu_index(o.add_index, add);
    for (size_t first = 0; first < acc->batch; first += members) {
        if (members > acc->batch - first) members = acc->batch - first;
        begin_digits(s, &f, &digits, y, up, &constants, count, first, members, scratch, lane);
        inner_members(s, &f, &o, first, members, scratch, lane);
    }
    cpu_pool_give(s->pool, begun);
    CPU_CHECK(s, acc);
    return SABLE_OK;
}

/* out = phi_galois(x * x_mult - NTT(e) * e_mult) + add, e begun. add: NULL, or a limb, which may be out. lane: a block; and
 * a limb if galois != 1, two with add. */
static void finish_limb(const cpu_state *s, const shape *f, uint32_t *out, const uint32_t *x, const uint32_t *e,
                        uint32_t x_mult, uint32_t e_mult, uint32_t galois, const uint32_t *add, uint32_t pos,
                        uint32_t *lane) {
    const size_t words = f->words;
    const sable_prime *q = &s->ring->prime[pos];
    uint32_t *to = galois == 1 ? out : lane + words + CPU_SKEW;
    for (size_t b = 0; b < f->rows; b++) {
        cpu_ahead ahead = {0, {NULL}};
        if (x) ahead.row[ahead.rows++] = x + b * words;
        if (galois == 1) ahead.row[ahead.rows++] = to + b * words;
        if (b + 1 < f->rows) ahead.row[ahead.rows++] = e + (b + 1) * words;
        s->kernels->ntt_forward_block(lane, e + b * words, &s->tables[pos], b, &ahead);
        const bool sum = add && galois == 1;
        s->kernels->mod_down(sum ? lane : to + b * words, x ? x + b * words : NULL, lane, x_mult, e_mult, words, q);
        if (sum) s->kernels->add(to + b * words, add + b * words, lane, words, q);
    }
    if (galois == 1) return;
    uint32_t *turned = add ? to + f->n : out;
    s->kernels->automorphism(turned, to, galois, s->ring->log_n);
    if (add) s->kernels->add(out, add, turned, f->n, q);
}

/* Polynomials at a time, words of one and of one thread's scratch. */
typedef struct down_room {
    size_t round, poly, lane, total; /* total in bytes */
} down_room;

static down_room down_room_of(const cpu_state *s, const shape *f, const sable_limbs *out, const sable_basis *basis,
                              const sable_limbs *add) {
    const size_t polys = (size_t)out->batch * out->parts, least = (add ? 2 : 1) * f->n + f->words + CPU_SKEW;
    down_room r = {.poly = out->limbs * (f->n + CPU_SKEW), .lane = tile_words(f, basis)};
    r.round = BEGUN_BYTES / (r.poly * sizeof(uint32_t));
    if (r.round == 0) r.round = 1;
    if (r.round > polys) r.round = polys;
    if (r.lane < least) r.lane = least;
    r.lane += CPU_SKEW;
    r.total = (r.round * r.poly + s->threads * r.lane) * sizeof(uint32_t) + cpu_constants_bytes(s, &basis, 1);
    return r;
}

size_t cpu_mod_down_bytes(const cpu_state *s, const sable_limbs *out, const sable_basis *basis,
                          const sable_limbs *add) {
    const shape f = shape_of(s);
    return down_room_of(s, &f, out, basis, add).total;
}

sable_status cpu_mod_down(void *queue, const sable_limbs *out, const sable_limbs *y, const sable_basis *basis,
                          const sable_limbs *x, const uint32_t *x_mult, const uint32_t *e_mult, uint32_t galois,
                          const sable_limbs *add) {
    cpu_state *s = cpu_state_of(queue);
    CPU_CHECK_SHAPE(s, out);
    CPU_CHECK(s, y);
    CPU_CHECK(s, x);
    const shape f = shape_of(s);
    if (add) CPU_CHECK(s, add);
    const down_room room = down_room_of(s, &f, out, basis, add);
    const size_t polys = (size_t)out->batch * out->parts, poly = room.poly, lane = room.lane, total = room.total;
    size_t round = room.round;
    uint32_t *begun = cpu_pool_take(s->pool, total), *scratch = begun + round * poly;
    if (!begun) return cpu_no_memory(queue, total);
    const cpu_constants constants = cpu_constants_make(s, scratch + s->threads * lane, &basis, 1);
    uint16_t x_index[SABLE_MAX_LIMBS], out_index[SABLE_MAX_LIMBS];
    cpu_index(x_index, x);
    cpu_index(out_index, out);
    for (size_t first = 0; first < polys; first += round) {
        if (round > polys - first) round = polys - first;
        const size_t tiles = round * f.tiles, limbs = round * out->limbs;
        const bool stream = streams(&f, round * poly * sizeof(uint32_t));
        int threads = cpu_threads_for(s, tiles * f.columns * f.rows * basis->src_count * basis->dst_count);
        CPU_PARALLEL(threads)
        for (size_t k = 0; k < tiles; k++) {
            const size_t at = k / f.tiles, member = (first + at) / out->parts, part = (first + at) % out->parts;
            const uint32_t *rows[SABLE_MAX_LIMBS];
            uint32_t *outs[SABLE_MAX_LIMBS];
            for (uint32_t i = 0; i < basis->src_count; i++) rows[i] = cpu_limb(y, member, part, i);
            for (uint32_t d = 0; d < basis->dst_count; d++)
                outs[d] = begun + at * poly + out_index[basis->dst[d]] * (f.n + CPU_SKEW);
            begin_tile(s, &f, outs, rows, basis, constants.data, k % f.tiles, stream,
                       scratch + (size_t)cpu_thread() * lane);
        }
        threads = cpu_threads_for(s, limbs * cpu_ntt_work(s));
        CPU_PARALLEL(threads)
        for (size_t k = 0; k < limbs; k++) { /* limbs outermost: polynomials share the limb's tables */
            const size_t limb = k / round, at = k % round, member = (first + at) / out->parts,
                         part = (first + at) % out->parts;
            const uint32_t pos = out->pos[limb];
            finish_limb(s, &f, cpu_limb(out, member, part, limb),
                        x_index[pos] == CPU_ABSENT ? NULL : cpu_limb(x, member, part, x_index[pos]),
                        begun + at * poly + limb * (f.n + CPU_SKEW), x_mult[limb], e_mult[limb], galois,
                        add ? cpu_limb(add, member, part, limb) : NULL, pos, scratch + (size_t)cpu_thread() * lane);
        }
    }
    cpu_pool_give(s->pool, begun);
    CPU_CHECK(s, out);
    return SABLE_OK;
}

sable_status cpu_ntt_mod_down(void *queue, const sable_limbs *out, const sable_limbs *e, const sable_limbs *x,
                              const uint32_t *x_mult, const uint32_t *e_mult) {
    cpu_state *s = cpu_state_of(queue);
    CPU_CHECK_SHAPE(s, out);
    CPU_CHECK(s, e);
    CPU_CHECK(s, x);
    uint16_t x_index[SABLE_MAX_LIMBS];
    cpu_index(x_index, x);
    size_t count = cpu_count(out);
    int threads = cpu_threads_for(s, count * cpu_ntt_work(s));
    CPU_PARALLEL(threads)
    for (size_t k = 0; k < count; k++) {
        cpu_place at = cpu_place_of(out, k);
        uint32_t pos = out->pos[at.limb];
        uint32_t *row = cpu_at(e, at);
        const uint32_t *source = x_index[pos] == CPU_ABSENT ? NULL : cpu_limb(x, at.member, at.part, x_index[pos]);
        cpu_ntt_limb(s->kernels, row, &s->tables[pos]);
        s->kernels->mod_down(cpu_at(out, at), source, row, x_mult[at.limb], e_mult[at.limb], s->ring->n,
                             &s->ring->prime[pos]);
    }
    CPU_CHECK(s, out);
    return SABLE_OK;
}
