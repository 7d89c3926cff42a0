/* SPDX-License-Identifier: Apache-2.0 */
/* Uniform residues from a ChaCha20 key stream (RFC 8439 rounds; 64-bit counter and nonce as in Bernstein's original); include after
 * vec_mod.inc.h. VEC_LANES blocks at a time, one a lane, with counters of their own: what misses a value is collected and
 * drawn again without a gap. */
#include <string.h>

#define VEC_UNIFORM_BLOCKS 512u /* 32 KiB of words stay in the first-level cache over all attempts */

typedef struct vcipher {
    uint32_t key[8], nonce[2], mask, p;
} vcipher;

#define VEC_QUARTER(a, b, c, d)                 \
    do {                                        \
        a = vadd(a, b), d = vrol16(vxor(d, a)); \
        c = vadd(c, d), b = vrol12(vxor(b, c)); \
        a = vadd(a, b), d = vrol8(vxor(d, a));  \
        c = vadd(c, d), b = vrol7(vxor(b, c));  \
    } while (0)

/* x[k] = the words of VEC_LANES blocks in order: block b at x[b * 16 / VEC_LANES]. */
VEC_INLINE void vchacha(vec x[16], vec blocks, uint32_t attempt, const vcipher *c) {
    const uint32_t constant[4] = {0x61707865u, 0x3320646eu, 0x79622d32u, 0x6b206574u};
    for (uint32_t i = 0; i < 4; i++) x[i] = vset(constant[i]);
    for (uint32_t i = 0; i < 8; i++) x[4 + i] = vset(c->key[i]);
    x[12] = blocks, x[13] = vset(attempt), x[14] = vset(c->nonce[0]), x[15] = vset(c->nonce[1]);
    for (uint32_t round = 0; round < 10; round++) {
        VEC_QUARTER(x[0], x[4], x[8], x[12]);
        VEC_QUARTER(x[1], x[5], x[9], x[13]);
        VEC_QUARTER(x[2], x[6], x[10], x[14]);
        VEC_QUARTER(x[3], x[7], x[11], x[15]);
        VEC_QUARTER(x[0], x[5], x[10], x[15]);
        VEC_QUARTER(x[1], x[6], x[11], x[12]);
        VEC_QUARTER(x[2], x[7], x[8], x[13]);
        VEC_QUARTER(x[3], x[4], x[9], x[14]);
    }
    for (uint32_t i = 0; i < 4; i++) x[i] = vadd(x[i], vset(constant[i]));
    for (uint32_t i = 0; i < 8; i++) x[4 + i] = vadd(x[4 + i], vset(c->key[i]));
    x[12] = vadd(x[12], blocks), x[13] = vadd(x[13], vset(attempt));
    x[14] = vadd(x[14], vset(c->nonce[0])), x[15] = vadd(x[15], vset(c->nonce[1]));
    vblocks(x);
}

/* Draws the `count` listed blocks, keeps what they lack, and lists those that still lack a word. Returns their number. */
static size_t vec_uniform_attempt(uint32_t *out, uint32_t first, uint32_t *list, size_t count, uint32_t attempt,
                                  const vcipher *c) {
    const vec mask = vset(c->mask), p = vset(c->p);
    size_t kept = 0;
    for (size_t i = 0; i < count; i += VEC_LANES) {
        const size_t stop = count - i < VEC_LANES ? count - i : VEC_LANES;
        vec x[16];
        vchacha(x, vadd(vload(list + i), vset(first)), attempt, c);
        for (size_t b = 0; b < stop; b++) {
            const uint32_t block = list[i + b];
            uint32_t missing = 0;
            for (size_t h = 0; h < 16 / VEC_LANES; h++) {
                uint32_t *to = out + 16 * (size_t)block + h * VEC_LANES;
                vec word = vand(x[b * (16 / VEC_LANES) + h], mask);
                if (attempt) word = vpick_ge(vload(to), p, word);
                vstore(to, word);
                missing |= vmask_ge(word, p);
            }
            list[kept] = block; /* entries of this batch are in a register already */
            kept += missing != 0;
        }
    }
    return kept;
}

static void vec_uniform(uint32_t *out, size_t n, const sable_prime *q, const uint8_t key[32], const uint8_t nonce[8]) {
    vcipher c = {.mask = (uint32_t)(((uint64_t)1 << q->bits) - 1), .p = q->p};
    memcpy(c.key, key, sizeof c.key);
    memcpy(c.nonce, nonce, sizeof c.nonce);
    for (size_t first = 0; first < n / 16; first += VEC_UNIFORM_BLOCKS) {
        uint32_t list[VEC_UNIFORM_BLOCKS];
        size_t count = n / 16 - first < VEC_UNIFORM_BLOCKS ? n / 16 - first : VEC_UNIFORM_BLOCKS;
        for (uint32_t i = 0; i < VEC_UNIFORM_BLOCKS; i++) list[i] = i;
        for (uint32_t attempt = 0; count; attempt++)
            count = vec_uniform_attempt(out + 16 * first, (uint32_t)first, list, count, attempt, &c);
    }
}
