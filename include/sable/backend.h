/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_BACKEND_H
#define SABLE_BACKEND_H
/* For backend authors: the ring tables that a backend is given and the table of functions that it fills.
 *
 * Every residue is a 32-bit word of a prime p < 2^30, canonical (in [0, p)) at every function boundary, so results are
 * equal bit for bit between backends; lazy ranges never leave a function. Order of NTT data: bit-reversed,
 * A[j] = a(psi^(2*brv(j)+1)) with psi = g^((p-1)/2N) for the smallest g >= 2 that gives psi^N = -1.
 * Derivations: docs/ALGORITHMS.md. */
#include <stddef.h>
#include <stdint.h>

#include "sable/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SABLE_BACKEND_ABI 5u
#define SABLE_MAX_Q       128 /* ciphertext primes of a set */
#define SABLE_MAX_P       24  /* special primes */
#define SABLE_MAX_LIMBS   (SABLE_MAX_Q + SABLE_MAX_P)
#define SABLE_ABSENT      UINT32_MAX /* a term that is not there */

/* Constants of one prime; R = 2^32. */
typedef struct sable_prime {
    uint32_t p;     /* odd prime, = 1 mod 2N, 2^19 < p < 2^30 */
    uint32_t pinv;  /* p * pinv = 1 mod 2^32 */
    uint32_t r1;    /* 2^32 mod p: Montgomery form of 1 */
    uint32_t r2;    /* 2^64 mod p: MontLazy(x, r2) = Montgomery form of x */
    uint32_t bits;  /* bit length kb of p */
    uint32_t wq;    /* floor(2^(kb+31) / p), < 2^32: fixed-point reciprocal of the base-conversion quotient */
    uint32_t psi;   /* primitive 2N-th root of unity, rule above */
    uint32_t n_inv; /* N^-1 mod p */
} sable_prime;

/* Primes and transform tables of a parameter set, by position in the list U then P. Immutable. */
typedef struct sable_ring {
    uint32_t log_n, n;
    uint32_t q_count, p_count; /* |U|, |P|; positions 0..q_count-1 are U, q_count..q_count+p_count-1 are P */
    sable_prime prime[SABLE_MAX_LIMBS];
    /* n words each. w[pos][i] = psi^brv(i), iw[pos][i] its inverse, *_shoup[pos][i] = floor(value * 2^32 / p). */
    const uint32_t *w[SABLE_MAX_LIMBS], *w_shoup[SABLE_MAX_LIMBS];
    const uint32_t *iw[SABLE_MAX_LIMBS], *iw_shoup[SABLE_MAX_LIMBS];
} sable_ring;

/* A view of residues in backend memory: batch members, each of `parts` polynomials, each of `limbs` limbs of N words.
 * Word j of limb i of part c of member b is data[b*batch_stride + c*part_stride + s*limb_stride + j], s = slot ? slot[i] : i; its prime is
 * ring->prime[pos[i]]. A stride of 0 repeats (broadcast) and is allowed in inputs only. `pos` is host memory that must
 * live until the call returns. Limbs do not overlap unless a stride is 0. */
typedef struct sable_limbs {
    uint32_t *data;
    const uint16_t *pos;
    uint32_t limbs, parts, batch;
    size_t limb_stride, part_stride, batch_stride; /* in words */
    const uint16_t *
        slot; /* NULL: limb i lies at i*limb_stride; else at slot[i]*limb_stride (a window inside a wider key). Host memory
                             like pos. */
} sable_limbs;

/* Conversion of residues from the set S = src to the set dst (docs/ALGORITHMS.md, base conversion). Host memory, immutable.
 *   y_i = x_i * y_mult[i] mod q_i          (callers fold this product into ntt_inverse)
 *   v   = ( sum_i floor(y_i * wq_i / 2^(bits_i - 1)) + 2^31 ) >> 32
 *   out_p = ( sum_i y_i * m[p][i]  +  v * neg_d[p] ) mod p
 * With y_mult[i] = c * (D/q_i)^-1 mod q_i, m[p][i] = D/q_i mod p, neg_d[p] = p - (D mod p), D = prod S, out represents the
 * centred residue of c*x modulo D, except when the fraction of c*x/D lies in (1/2, 1/2 + 3|S|*2^-32), where it is that
 * residue + D. Integer formula: the same words on every machine. */
typedef struct sable_basis {
    uint32_t src_count, dst_count;
    const uint16_t *src, *dst; /* positions */
    const uint32_t *y_mult;    /* [src] plain residues */
    const uint32_t *m;         /* [dst][src] plain residues */
    const uint32_t *neg_d;     /* [dst] */
} sable_basis;

/* Where uniform residues come from: the key stream of ChaCha20 with a 64-bit nonce and a 64-bit block counter. The nonce is
 * purpose:8 | digit:8 | position:16 | object:32, most significant field first, with the digit first_digit + c for part c and the
 * object first_object + b for member b; position is that of the limb in the list U then P, so fewer limbs are the same words.
 * Word i of a limb is word i%16 (little-endian) of block attempt<<32 | i/16, masked to the prime's bit length: the first
 * attempt from 0 on that is below the prime. */
typedef struct sable_expansion {
    uint8_t key[32];
    uint32_t purpose, first_digit; /* < 256, with all parts */
    uint32_t first_object;
    int montgomery; /* words times 2^32 modulo the prime */
} sable_expansion;

/* Operands of a key switch whose result is divided at once. Lists and views live until the call returns.
 * What is switched is either own, with add, or the product of two ciphertexts: own = a1*b1, add = (a0*b0, a0*b1 + a1*b0). */
typedef struct sable_switch {
    const sable_limbs
        *own; /* 1 part, positions of Q_l, NTT domain: the polynomial that is decomposed; NULL: of a and b */
    const sable_limbs *add;       /* NULL, or 1 or 2 parts, positions of Q_l; NULL with a and b */
    const sable_limbs *a, *b;     /* 2 parts, positions of Q_l; a may be b */
    const uint32_t *y_mult;       /* by limb of Q_l: y = INTT(own) * y_mult is what the bases of up convert */
    const uint32_t *add_mult;     /* by limb of Q_l, or NULL where nothing is added */
    const sable_basis *const *up; /* a basis a digit, as key_switch takes them */
    const sable_limbs *key;       /* as key_switch takes it: positions of Q_l, then P */
    uint32_t alpha, first_block;
    uint32_t galois; /* of the result, 1: none */
    const sable_basis
        *down; /* from the positions that are divided away, some of the key's, to those of out; with its y_mult */
    const uint32_t *x_mult, *e_mult; /* by limb of out, as mod_down takes them */
    const sable_limbs *more;         /* NULL, or a view like out, which may be out: added to the result */
} sable_switch;

typedef struct sable_backend_options {
    size_t struct_size;
    const char
        *path; /* cpu: "portable", "avx2", "avx512", "ifma", "amx" or NULL = best; other backends: device ordinal */
    uint32_t
        threads; /* cpu: OpenMP threads, 0 = the runtime's default, or fewer where the system does not start them */
    size_t memory_cap; /* bytes, 0 = none */
} sable_backend_options;

/* What a recording came to. */
typedef struct sable_graph_size {
    size_t bytes;    /* of the graph's own memory: results, scratch, constants */
    size_t launches; /* pieces of work that one launch of the graph gives to the device */
} sable_graph_size;

/* What a device backend finds on the machine. Versions are 1000*major + 10*minor, 0 where there is none. */
#define SABLE_MAX_DEVICES 16
typedef struct sable_device {
    char name[64];
    uint32_t major, minor; /* compute capability */
    uint64_t memory_bytes;
} sable_device;
typedef struct sable_device_list {
    uint32_t driver, runtime;
    uint32_t count;
    sable_device device[SABLE_MAX_DEVICES];
} sable_device_list;

/* The function table. All functions may be called from several threads on different queues of one state.
 *
 * Conventions: `queue` is what queue_open returned. Outputs come first. Views of one call agree in batch, parts and
 * limb positions unless stated; outputs may be the same view as an input where "in place" is stated, and never overlap
 * otherwise. Per-limb constants are arrays over the limbs of the output view, plain canonical residues, host memory, read before
 * the call returns. A status other than SABLE_OK means that the device failed; queue_error then has the sentence. */
typedef struct sable_backend {
    uint32_t abi;
    uint32_t
        struct_size;  /* sizeof(sable_backend) where the plug-in was compiled: two builds of one version differ in it */
    const char *name; /* "cpu", "cuda", "emu" */
    /* What there is, or SABLE_NO_DEVICE saying what is missing: a driver or a device. NULL: a backend without devices. */
    sable_status (*devices)(sable_device_list *list, sable_error *err);

    /* -- life cycle ------------------------------------------------------------------------------------------------ */
    sable_status (*open)(void **state, const sable_ring *ring, const sable_backend_options *options, sable_error *err);
    void (*close)(void *state);
    const char *(*path)(const void *state); /* which implementation runs, e.g. "avx512" */
    uint32_t (*threads)(const void *state);
    sable_status (*queue_open)(void **queue, void *state, void *external_stream, sable_error *err);
    void (*queue_close)(void *queue);
    sable_status (*queue_sync)(void *queue);
    /* Work given to queue from now on starts after all that was given to other, a queue of the same state, so far. */
    sable_status (*queue_wait)(void *queue, void *other);
    const char *(*queue_error)(void *queue);

    /* -- memory: 256-byte aligned; contents undefined after alloc -------------------------------------------------- */
    sable_status (*alloc)(void *queue, void **memory, size_t bytes); /* SABLE_NO_MEMORY: nothing was taken */
    void (*release)(void *queue, void *memory);                      /* in queue order; NULL is a no-op */
    /* The host memory has been read when the call returns. */
    sable_status (*upload)(void *queue, void *device, const void *host, size_t bytes);
    sable_status (*download)(void *queue, void *host, const void *device, size_t bytes); /* synchronises */
    sable_status (*memory_use)(const void *state, size_t *live, size_t *peak);
    sable_status (*copy)(void *queue, const sable_limbs *out, const sable_limbs *in); /* limb by limb, in view order */
    sable_status (*zero)(void *queue, const sable_limbs *out);

    /* -- transforms ------------------------------------------------------------------------------------------------ */
    /* In place: coefficients in natural order to NTT order. Cost: N/2 log2 N butterflies a limb. */
    sable_status (*ntt_forward)(void *queue, const sable_limbs *x);
    /* out = INTT(in) * mult[limb]; mult NULL = 1. In place allowed. */
    sable_status (*ntt_inverse)(void *queue, const sable_limbs *out, const sable_limbs *in, const uint32_t *mult);
    /* out (positions basis->dst) from y (positions basis->src), coefficient domain, any number of sources <= SABLE_MAX_LIMBS.
     * Cost: src*dst*N multiply-accumulates a polynomial. */
    sable_status (*base_convert)(void *queue, const sable_limbs *out, const sable_limbs *y, const sable_basis *basis);
    /* out[j] = in[pi(j)], 2*brv(pi(j))+1 = galois*(2*brv(j)+1) mod 2N: the automorphism X -> X^galois on NTT data. Not in place. */
    sable_status (*automorphism)(void *queue, const sable_limbs *out, const sable_limbs *in, uint32_t galois);

    /* -- element-wise, all in place with any input ----------------------------------------------------------------- */
    sable_status (*add)(void *queue, const sable_limbs *out, const sable_limbs *a, const sable_limbs *b);
    sable_status (*sub)(void *queue, const sable_limbs *out, const sable_limbs *a, const sable_limbs *b);
    sable_status (*negate)(void *queue, const sable_limbs *out, const sable_limbs *a);
    /* out = a * b, b in Montgomery form (value * 2^32 mod p): plaintexts and keys. add != 0: out += a * b. */
    sable_status (*mul_mont)(void *queue, const sable_limbs *out, const sable_limbs *a, const sable_limbs *b, int add);
    /* out = a * b, both plain. */
    sable_status (*mul)(void *queue, const sable_limbs *out, const sable_limbs *a, const sable_limbs *b);
    /* out = a * c, where c = lo[limb] for j < N/2 and hi[limb] for j >= N/2 (hi NULL = lo): constants u + v*X^(N/2) have lo = u + v*I,
     * hi = u - v*I with I = psi^(N/2). */
    sable_status (*mul_const)(void *queue, const sable_limbs *out, const sable_limbs *a, const uint32_t *lo,
                              const uint32_t *hi);
    /* out = a + c, c as in mul_const. */
    sable_status (*add_const)(void *queue, const sable_limbs *out, const sable_limbs *a, const uint32_t *lo,
                              const uint32_t *hi);
    /* Sum of tensor products: member g of out has parts d0 = sum a0*b0, d1 = sum a0*b1 + a1*b0, d2 = sum a1*b1 over
     * t < terms, where term t of member g of a is a.data + g*a.batch_stride + t*a_term_stride (words), likewise b.
     * out: 3 parts; a, b: 2 parts; out.batch = a.batch = b.batch. terms >= 1. Not in place. */
    sable_status (*tensor)(void *queue, const sable_limbs *out, const sable_limbs *a, size_t a_term_stride,
                           const sable_limbs *b, size_t b_term_stride, uint32_t terms);
    /* Members g of out = sum over t < in.batch of in[t] * c[(g*in.batch + t)*limbs + limb]: integer matrix times batch. Not in place. */
    sable_status (*combine)(void *queue, const sable_limbs *out, const sable_limbs *in, const uint32_t *c);

    /* -- key switching --------------------------------------------------------------------------------------------- */
    /* The digits of y, extended and transformed: part j of digits (positions: those of the key, Q_l then P; NTT domain) =
     * NTT(base_convert(y, up[j])) on the positions up[j]->dst; other limbs of the part are not written. One basis a part.
     * y: 1 part, positions Q_l (up[j]->src are some of them), coefficient domain. Not in place. Cost: a conversion and a
     * transform for each limb that is written. SABLE_NO_MEMORY, SABLE_UNSUPPORTED: nothing was written. */
    sable_status (*mod_up)(void *queue, const sable_limbs *digits, const sable_limbs *y, const sable_basis *const *up);
    /* acc (2 parts, positions Q_l then P) = sum_j D_j * (key_j.b, key_j.a) + (add * add_mult, limbs of Q_l only).
     *   digits: parts = digit count; positions as acc; NTT domain. Part j holds D_j on every limb outside block j; the limbs of
     *           block j itself (position / alpha == first_block + j, position < q_count) are not read: own is.
     *   own:    1 part, positions of Q_l, NTT domain: the polynomial that was decomposed.
     *   key:    parts = 2*digits (b_0, a_0, b_1, a_1, ...), batch 1 or batch_stride 0, positions as acc, Montgomery form.
     *   add:    NULL, or a view with 1 part (added to part 0) or 2 parts, positions of Q_l; add_mult one plain constant a limb of Q_l. */
    sable_status (*key_inner)(void *queue, const sable_limbs *acc, const sable_limbs *digits, const sable_limbs *own,
                              const sable_limbs *key, uint32_t alpha, uint32_t first_block, const sable_limbs *add,
                              const uint32_t *add_mult);
    /* key_inner for `count` keys on the same digits (hoisted rotations): with key k and member b < digits->batch, member
     * k*digits->batch + b of acc = the automorphism X -> X^galois[k] of what key_inner gives for keys[k]. galois NULL: none. Keys
     * are views as key_inner's; acc shares no memory with the operands. Cost: that of key_inner for each key, with the words of the
     * digits read once. SABLE_NO_MEMORY, SABLE_UNSUPPORTED: nothing was written. */
    sable_status (*key_inner_many)(void *queue, const sable_limbs *acc, const sable_limbs *digits,
                                   const sable_limbs *own, const sable_limbs *keys, const uint32_t *galois,
                                   uint32_t count, uint32_t alpha, uint32_t first_block, const sable_limbs *add,
                                   const uint32_t *add_mult);
    /* Sums of polynomials times plaintexts (linear transforms): with B = in->batch / terms, member g*B + b of out = the sum over
     * t < terms of member t*B + b of in times member which[g*terms + t] of pt, for each of the parts. SABLE_ABSENT in which: no such
     * term. pt: 1 part, Montgomery form, positions of out. Not in place. Cost: one product a part and present term; a word of in is
     * read from memory once for all groups g. */
    sable_status (*accumulate)(void *queue, const sable_limbs *out, const sable_limbs *in, const sable_limbs *pt,
                               const uint32_t *which, uint32_t terms);
    /* mod_up and key_inner in one call, words equal to those of the two; the backend keeps the digits in memory of its
     * own, which counts in memory_use, a few members of the batch at a time. up: key->parts / 2 bases; up[j]->dst are
     * all positions of acc outside block j. acc shares no memory with the operands. Cost: that of mod_up, and every word of
     * the key read once a member. SABLE_NO_MEMORY, SABLE_UNSUPPORTED: nothing was written. */
    sable_status (*key_switch)(void *queue, const sable_limbs *acc, const sable_limbs *y, const sable_basis *const *up,
                               const sable_limbs *own, const sable_limbs *key, uint32_t alpha, uint32_t first_block,
                               const sable_limbs *add, const uint32_t *add_mult);
    /* out = x * x_mult[limb] - NTT(e) * e_mult[limb], limb by limb of out; e: positions of out, coefficient domain, destroyed.
     * x is looked up by position; a position of out that x lacks counts as x = 0 (restored limbs). out may share memory with the limbs
     * of x that have the same position. This is the last step of mod_down by itself: what mod_down is
     * defined and checked by, and what a cost model prices. */
    sable_status (*ntt_mod_down)(void *queue, const sable_limbs *out, const sable_limbs *e, const sable_limbs *x,
                                 const uint32_t *x_mult, const uint32_t *e_mult);
    /* e = base_convert(y, basis), ntt_mod_down, the automorphism X -> X^galois of its result, and the sum with add, in one
     * call: basis->dst are the positions of out. galois 1: none; otherwise out shares no memory with x. add: NULL, or a view of
     * the positions of out, which may be out. Scratch as in key_switch. Cost: a conversion and a transform for each limb of
     * out. SABLE_NO_MEMORY: nothing was written. */
    sable_status (*mod_down)(void *queue, const sable_limbs *out, const sable_limbs *y, const sable_basis *basis,
                             const sable_limbs *x, const uint32_t *x_mult, const uint32_t *e_mult, uint32_t galois,
                             const sable_limbs *add);

    /* A rotation, or a product with relinearisation, whole: with own and add as sable_switch says,
     *   y = INTT(own) * y_mult,  acc = key_switch(y, up, own, key, add, add_mult),
     *   out = mod_down(INTT(acc on down->src) * down->y_mult, down, acc, x_mult, e_mult, galois, more),
     * words equal to those of the calls. out: 2 parts, shares no memory with the operands but more. The backend keeps y, acc and the
     * digits in memory of its own, which counts in memory_use: acc of the whole batch, 2 * key->limbs limbs a member, y, and three parts
     * of Q_l a member where it makes the product first. Cost: that of the calls, less what they would store and read again.
     * SABLE_NO_MEMORY, SABLE_UNSUPPORTED: nothing was written. */
    sable_status (*switch_down)(void *queue, const sable_limbs *out, const sable_switch *s);

    /* -- seeds ----------------------------------------------------------------------------------------------------- */
    /* out = uniform words. Cost: a block of ChaCha20 for 16 words and attempt; of primes just below 2^bits few words need a second
     * one, of primes just above 2^(bits-1) half of them. */
    sable_status (*expand)(void *queue, const sable_limbs *out, const sable_expansion *from);

    /* -- encoding -------------------------------------------------------------------------------------------------- */
    /* out = NTT, in Montgomery form, of the polynomial with coefficients hi[t] + lo[t], t < N; hi, lo: N integer-valued doubles a
     * member in host memory (|hi| < 2^127, |lo| < 2^53), the same for every part; member b reads hi + b*N. gap:
     * coefficients sit at multiples of gap, N/gap given (sparse packing), all others are 0; member b then reads hi + b*(N/gap). */
    sable_status (*encode)(void *queue, const sable_limbs *out, const double *hi, const double *lo, uint32_t gap);
    /* Slot values of polynomials given by residues (1 part, coefficient domain): with n = slots, gap = N/2n, zeta = exp(i*pi/2n) and
     * c_t the centred integer that the residues of coefficient t*gap stand for,
     *   value j of member b = unit * sum over t < 2n of c_t * zeta^(t * 5^j),   unit = unit_hi + unit_lo,
     * j < n, is values[b*n + j], its real part alone, or values 2*(b*n + j) and the next if is_complex; host memory. Off by at most 2^-45
     * of the largest of the member. The product of the primes is below 2^1000. Synchronises. SABLE_UNSUPPORTED, SABLE_NO_MEMORY:
     * nothing was written. NULL in tables of backends whose memory the host reads; there, and on SABLE_UNSUPPORTED, callers decode by the
     * fixed-order encoder (ckks/encoder.h). */
    sable_status (*decode)(void *queue, double *values, const sable_limbs *y, uint32_t slots, double unit_hi,
                           double unit_lo, int is_complex);
    /* The other way round, in bulk: out = NTT, in Montgomery form, of the polynomials with these slot values (host memory, as decode
     * gives them; real parts alone unless is_complex) times scale_hi + scale_lo, coefficients rounded to integers: each is off the exact
     * number by at most 1/2 + 2^-45 * scale * the largest size of the member's values. scale times that size is below 2^119. The
     * same for every part. The words depend on the backend: for data only, what circuits multiply with comes from encode. NULL,
     * SABLE_UNSUPPORTED, SABLE_NO_MEMORY: as decode. Synchronises. */
    sable_status (*encode_slots)(void *queue, const sable_limbs *out, const double *values, uint32_t slots,
                                 double scale_hi, double scale_lo, int is_complex);

    /* -- checks: all of them synchronise --------------------------------------------------------------------------- */
    /* *bad = index of the first word (in dense view order) that is not below its prime, or UINT64_MAX. */
    sable_status (*check_range)(void *queue, const sable_limbs *x, uint64_t *bad);
    /* The words that are not below their primes: *count of them, and in list the indices of the first min(*count, most), ascending.
     * For reports after check_range found one: it takes more time. */
    sable_status (*out_of_range)(void *queue, const sable_limbs *x, uint64_t *count, uint64_t *list, uint32_t most);
    /* largest[i] = the largest absolute value of a centred residue, min(w, p - w), in limb i of all parts and members. */
    sable_status (*largest)(void *queue, const sable_limbs *x, uint32_t *largest);
    /* Two sums modulo 2^64 of products that mix a word with its index in dense view order (ring/digest.h), so the order of evaluation
     * is free. A checksum against faults, for comparing backends without moving words; not a cryptographic hash. */
    sable_status (*digest)(void *queue, const sable_limbs *x, uint64_t digest[2]);

    /* -- graphs: NULL, all four, in tables of backends that have none ---------------------------------------------- */
    /* From here to graph_end the queue's work is written down and not done. alloc gives memory of the graph; release lets later
     * calls of alloc have it again, and keeps memory from elsewhere until the recording ends. What waits for the device or moves data
     * between it and the host is refused with SABLE_UNSUPPORTED: queue_sync, queue_wait, upload, download, decode, encode_slots, the
     * checks, a second recording. bytes: of the graph's memory, taken here; 0 is a dry run, which tells them: its addresses are nobody's
     * memory, and nothing can be launched. The same calls get the same places in that memory. SABLE_NO_MEMORY, SABLE_UNSUPPORTED: the
     * queue is as it was. */
    sable_status (*graph_begin)(void *queue, void **graph, size_t bytes);
    /* The queue works again. SABLE_UNSUPPORTED: something in between could not be recorded; SABLE_NO_MEMORY. */
    sable_status (*graph_end)(void *queue, void *graph, sable_graph_size *size);
    /* Does what was recorded, on any queue of the state. Launches of one graph never run beside each other. */
    sable_status (*graph_launch)(void *queue, void *graph);
    /* Waits for the last launch, wipes the graph's memory and gives it back in the queue's order; ends a recording of the graph
     * that is under way on this queue. */
    void (*graph_destroy)(void *queue, void *graph);
} sable_backend;

/* The cpu backend, always present. */
SABLE_API const sable_backend *sable_backend_cpu(void);

/* A plug-in, libsable_NAME.so, exports sable_backend_get, which returns its table for the life of the process. abi is the
 * library's SABLE_BACKEND_ABI; the members abi and struct_size of the table stay where they are in every version, and the library
 * refuses a table of another abi. services: what the library lends; nothing yet beyond its size. */
typedef struct sable_host_services {
    size_t struct_size;
} sable_host_services;
typedef const sable_backend *sable_backend_get_function(uint32_t abi, const sable_host_services *services);

#ifdef __cplusplus
}
#endif
#endif
