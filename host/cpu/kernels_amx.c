/* SPDX-License-Identifier: Apache-2.0 */
/* Base conversion with AMX tiles of bytes (tdpbsud); AVX-512 with VNNI for the rest.
 *
 * A row of the sum is a source, or the quotients v as a source of their own. The words y of a row are four unsigned
 * bytes each, as they lie in memory; byte b stands for 2^(8b), which goes into the constant: c_b = c * 2^(8b) mod p,
 * centred. c_b is written in four signed bytes d0..d3 with
 *     c_b = l + h * 2^w,  l = d0 + 2^7 d1 in [-2^(w-1), 2^(w-1)),  h = d2 + 2^8 d3,  w = bits - 15,
 * so that |h| <= 2^14 (|c_b| < 2^(bits-1)), d0 in [0, 127], d1 and d2 in [-128, 127], |d3| <= 64. One tile product takes
 * the bytes of 16 rows in 16 columns with four digits of four destinations, and gives four sums s0..s3 a destination and
 * column. Then L = s0 + 2^7 s1 is the sum of all l, H = s2 + 2^8 s3 that of all h, and the result is L + 2^w H mod p.
 *
 * Ranges. The bytes of a word below 2^30 add up to at most 3 * 255 + 63 = 828, those of v <= SABLE_MAX_LIMBS to less. So
 * R rows give |H| <= 828 R 2^14 and |L| <= 828 R 2^(w-1), and everything fits 32 signed bits for R <= 64: |H| < 2^29.7,
 * |s1| < 2^22.7. The quotient k = round((L + 2^w H) / p) is found in single precision. It is below 414 R + 1 < 2^15 in
 * absolute value, since |l + h 2^w| < p/2, and fits the 16 signed bits that vpdpwssd multiplies. Its operands err by at
 * most seven parts in 2^24, whatever the rounding mode of the thread, that is by less than 0.016. So with L taken into
 * account |L + 2^w H - kp| < 0.52 p. Up to NARROW_ROWS = 16 rows L is left out of the quotient: p > 2^(bits-1) =
 * 2^(w+14) gives |L| < 828 * 16 * 2^-15 p < 0.41 p, and the rest stays below 0.93 p. Either way one conditional addition
 * ends the reduction. */
#include "cpu/kernels_amx.h"

#include "cpu/amx_tiles.h"
#include "cpu/simd_avx512.h"

#include "cpu/vec_mod.inc.h"

#include "cpu/vec_stage.inc.h"

#define TILE_ROWS      16u
#define TILE_WORDS     256u
#define NARROW_ROWS    16u
#define MOST_ROWS      64u
/* Below these sums of products on AVX-512 are as fast: a tile takes as long for 2 sources as for 15. */
#define LEAST_SOURCES  3u
#define LEAST_PRODUCTS 12u

#define GROUP 4u /* destinations of a tile of constants */
#define QUAD  4u /* vectors of columns that are under way together, one accumulating tile each */

/* What ends the reduction for one destination. low + 2^w high = -p, in 16 bits. */
typedef struct destination {
    uint32_t p, low, high, w;
    float h_scale, l_scale; /* 2^w / p and 1 / p */
} destination;

/* One block of staged columns for all destinations at hand. */
typedef struct job {
    uint32_t *const *out;
    size_t offset; /* columns before the block */
    const uint32_t *staged, *constants;
    const destination *dest;
    uint32_t vectors, dests;
    uint32_t rows, tiles, tile_rows; /* rows = tiles * tile_rows of a staged vector */
    bool stream;
} job;

static destination destination_of(const sable_prime *q) {
    const uint32_t w = q->bits - 15;
    return (destination){
        .p = q->p,
        .low = (0 - (q->p & ((1u << w) - 1))) & 0xffff,
        .high = (0 - (q->p >> w)) & 0xffff,
        .w = w,
        .h_scale = (float)(1u << w) / (float)q->p,
        .l_scale = 1 / (float)q->p,
    };
}

VEC_INLINE vec sra(vec x, uint32_t k) { return _mm512_sra_epi32(x, _mm_cvtsi32_si128((int)k)); }
VEC_INLINE vec sll(vec x, uint32_t k) { return _mm512_sll_epi32(x, _mm_cvtsi32_si128((int)k)); }

/* The digits of 16 constants c of one destination: four rows of its tile. */
static void pack(uint32_t *tile, vec c, const sable_prime *q) {
    const vmod m = vmod_of(q);
    const uint32_t w = q->bits - 15;
    const vec by_256 = vset((uint32_t)(((uint64_t)q->r1 << 8) % q->p)), byte = vset(255), half = vset(q->p / 2);
    vec row[4] = {vzero(), vzero(), vzero(), vzero()};
    for (uint32_t b = 0; b < 4; b++) {
        const vec centred = _mm512_mask_sub_epi32(c, _mm512_cmpgt_epu32_mask(c, half), c, m.p);
        const vec l = sra(sll(centred, 32 - w), 32 - w), h = sra(vsub(centred, l), w), d2 = sra(sll(h, 24), 24);
        const vec digit[4] = {vand(l, vset(127)), sra(l, 7), d2, sra(vsub(h, d2), 8)};
        for (uint32_t k = 0; k < 4; k++) row[k] = vor(row[k], sll(vand(digit[k], byte), 8 * b));
        c = vcanon1(vmont_set(c, by_256, m), m);
    }
    for (uint32_t k = 0; k < 4; k++) vstore(tile + k * VEC_LANES, row[k]);
}

/* The rounding is part of the instruction: no caller's rounding mode changes a bound. */
#define NEAREST (_MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)

/* The end of the reduction in `vectors` vectors of columns (a constant at every call). `many`: more than NARROW_ROWS
 * rows. */
VEC_INLINE void finish(uint32_t *out, const uint32_t *sums, const destination *d, bool stream, const uint32_t vectors,
                       const int many) {
    const vec p = vset(d->p), low = vset(d->low), high = vset(d->high), w = vset(d->w);
    const __m512 h_scale = _mm512_set1_ps(d->h_scale), l_scale = _mm512_set1_ps(d->l_scale);
    const __m512 integer = _mm512_set1_ps(0x1.8p23f); /* adding it rounds to an integer, in the low 16 bits */
    VEC_UNROLL
    for (uint32_t k = 0; k < vectors; k++) {
        const uint32_t *s = sums + k * TILE_WORDS;
        vec l = vadd(vload(s), _mm512_slli_epi32(vload(s + VEC_LANES), 7));
        vec h = vadd(vload(s + 2 * VEC_LANES), _mm512_slli_epi32(vload(s + 3 * VEC_LANES), 8));
        __m512 f = _mm512_cvt_roundepi32_ps(h, NEAREST);
        if (many) { /* L/p first, exactly enough: rounded to an integer by itself it would cost another p/2 */
            const __m512 l_part = _mm512_mul_round_ps(_mm512_cvt_roundepi32_ps(l, NEAREST), l_scale, NEAREST);
            f = _mm512_add_round_ps(_mm512_fmadd_round_ps(f, h_scale, l_part, NEAREST), integer, NEAREST);
        } else {
            f = _mm512_fmadd_round_ps(f, h_scale, integer, NEAREST);
        }
        /* The upper 16 bits of f meet zeros: low and high are below 2^16. */
        h = _mm512_dpwssd_epi32(h, _mm512_castps_si512(f), high);
        l = _mm512_dpwssd_epi32(l, _mm512_castps_si512(f), low);
        const vec r = vadd(l, _mm512_sllv_epi32(h, w));
        vput(out + k * VEC_LANES, vmin(r, vadd(r, p)), stream);
    }
}

typedef struct place {
    uint32_t group, quad;
} place;

/* Destination `member` of the group, from the sums of a quad. */
VEC_INLINE void finish_one(const job *j, const uint32_t *sums, place at, uint32_t member, const int many) {
    const uint32_t d = at.group * GROUP + member, first = at.quad * QUAD;
    if (d >= j->dests) return;
    uint32_t *out = j->out[d] + j->offset + (size_t)first * VEC_LANES;
    sums += member * 4 * VEC_LANES;
    if (j->vectors - first >= QUAD) {
        finish(out, sums, &j->dest[d], j->stream, QUAD, many);
        return;
    }
    for (uint32_t k = 0; k < j->vectors - first; k++)
        finish(out + k * VEC_LANES, sums + k * TILE_WORDS, &j->dest[d], j->stream, 1, many);
}

/* Tiles 0..3 accumulate, 4 holds constants, 5 columns. A tile's product takes 16 cycles and dozens more until it can be
 * stored; a stored tile cannot be read at once either. So three turns overlap: turn h issues the products of a quad,
 * stores those of turn h - 1, and ends the reduction of what turn h - 2 issued. */
#define STEP(tile)                                                                               \
    do {                                                                                         \
        if (h > 0 && h <= turns) AMX_STORE(tile, sums[(h - 1) % 2] + (tile)*TILE_WORDS);         \
        if (h < turns) {                                                                         \
            const uint32_t *columns = j->staged + ((size_t)in.quad * QUAD + (tile)) * quad_step; \
            const uint32_t *constants = j->constants + (size_t)in.group * j->tiles * TILE_WORDS; \
            AMX_ZERO(tile);                                                                      \
            for (uint32_t t = 0; t < (many ? j->tiles : 1); t++) {                               \
                if (many) AMX_LOAD(4, constants + t * TILE_WORDS);                               \
                AMX_LOAD(5, columns + t * tile_step);                                            \
                AMX_DOT(tile, 4, 5);                                                             \
            }                                                                                    \
        }                                                                                        \
        if (h > 1) finish_one(j, sums[h % 2], from, tile, many);                                 \
    } while (0)

VEC_INLINE void convert(const job *j, const int many) {
    _Alignas(64) uint32_t sums[2][QUAD * TILE_WORDS];
    const uint32_t quads = (j->vectors + QUAD - 1) / QUAD, turns = quads * ((j->dests + GROUP - 1) / GROUP);
    const size_t quad_step = (size_t)j->rows * VEC_LANES, tile_step = (size_t)j->tile_rows * VEC_LANES;
    place in = {0, 0}, from = {0, 0};
    for (uint32_t h = 0; h < turns + 2; h++) {
        if (!many && h < turns && in.quad == 0) AMX_LOAD(4, j->constants + (size_t)in.group * TILE_WORDS);
        STEP(0);
        STEP(1);
        STEP(2);
        STEP(3);
        if (++in.quad == quads) in = (place){in.group + 1, 0};
        if (h > 1 && ++from.quad == quads) from = (place){from.group + 1, 0};
    }
}
static void convert_narrow(const job *j) { convert(j, 0); }
static void convert_many(const job *j) { convert(j, 1); }

static bool uses_tiles(const sable_basis *basis) {
    return basis->src_count >= LEAST_SOURCES && basis->src_count * basis->dst_count >= LEAST_PRODUCTS &&
           basis->src_count < MOST_ROWS;
}
_Static_assert(MOST_ROWS *QUAD *VEC_LANES <= VEC_STAGED_WORDS, "a quad of vectors is staged together");

/* What depends on the numbers of sources and destinations alone. */
static job job_of(const sable_basis *basis) {
    job j = {.dests = basis->dst_count};
    j.tiles = (basis->src_count + TILE_ROWS) / TILE_ROWS;
    j.tile_rows = (basis->src_count + j.tiles) / j.tiles;
    j.rows = j.tiles * j.tile_rows;
    return j;
}
static size_t tile_words(const job *j) { return (size_t)((j->dests + GROUP - 1) / GROUP) * j->tiles * TILE_WORDS; }

/* The constants: tiles, those of a group of destinations together; then the destinations. */
size_t cpu_amx_convert_prepare(void *constants, const sable_basis *basis, const sable_ring *ring) {
    if (!uses_tiles(basis)) return cpu_kernels_avx512.convert_prepare(constants, basis, ring);
    const job j = job_of(basis);
    const size_t words = tile_words(&j);
    if (constants) {
        uint32_t *tiles = constants, row[MOST_ROWS + TILE_ROWS];
        destination *dest = (destination *)(void *)(tiles + words);
        /* Destinations that fill up the last group are computed and dropped: from zeros, not from what was there. */
        memset(tiles + (words - j.tiles * TILE_WORDS), 0, j.tiles * TILE_WORDS * sizeof *tiles);
        for (uint32_t d = 0; d < j.dests; d++) {
            const sable_prime *q = &ring->prime[basis->dst[d]];
            dest[d] = destination_of(q);
            vec_constants(row, basis, d, MOST_ROWS + TILE_ROWS);
            for (uint32_t t = 0; t < j.tiles; t++)
                pack(tiles + ((size_t)d / GROUP * j.tiles + t) * TILE_WORDS + d % GROUP * 4 * VEC_LANES,
                     vload(row + t * j.tile_rows), q);
        }
    }
    return words * sizeof(uint32_t) + j.dests * sizeof(destination);
}

void cpu_amx_base_convert(uint32_t *const *out, const uint32_t *const *y, const sable_basis *basis,
                          const void *constants, const sable_ring *ring, size_t count, bool stream) {
    if (!uses_tiles(basis)) {
        cpu_kernels_avx512.base_convert(out, y, basis, constants, ring, count, stream);
        return;
    }
    _Alignas(64) uint32_t staged[VEC_STAGED_WORDS];
    job j = job_of(basis);
    j.out = out;
    j.stream = stream;
    j.staged = staged;
    j.constants = constants;
    j.dest = (const destination *)(const void *)(j.constants + tile_words(&j));
    amx_config config = {.palette = 1};
    for (uint32_t t = 0; t < 6; t++) {
        config.rows[t] = t == 5 ? (uint8_t)j.tile_rows : TILE_ROWS;
        config.row_bytes[t] = t == 4 ? (uint16_t)(4 * j.tile_rows) : 4 * VEC_LANES;
    }
    amx_configure(&config);
    const uint32_t most = VEC_STAGED_WORDS / (j.rows * VEC_LANES) / QUAD * QUAD;
    for (j.offset = 0; j.offset < count; j.offset += (size_t)j.vectors * VEC_LANES) {
        const size_t left = (count - j.offset) / VEC_LANES;
        j.vectors = left < most ? (uint32_t)left : most;
        vstage(staged, y, j.offset, j.vectors, j.rows, basis, ring);
        if (j.rows > NARROW_ROWS)
            convert_many(&j);
        else
            convert_narrow(&j);
    }
    amx_release();
}
