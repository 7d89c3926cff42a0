/* SPDX-License-Identifier: Apache-2.0 */
#include "ckks/encoder.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ckks/fft.h"
#include "ring/word.h"

/* Slots or coefficients that one thread goes through at a time, and fewest that are worth a parallel region: a pass over
 * 2^13 of them takes 1 to 4 us, a region 0.6. */
#define RUN           ((size_t)1024)
#define PARALLEL_FROM ((size_t)1 << 13)

struct sable_encoder {
    uint32_t log_n;
    sable_fft fft; /* of N/2 points */
};

sable_status sable_encoder_create(sable_encoder **out, uint32_t log_n, sable_error *err) {
    if (!out || log_n < 1 || log_n > SABLE_FFT_MAX_LOG + 1)
        return sable_fail(err, SABLE_INVALID, "encoder for degree 2^%u: the degree must be 2^1 to 2^%u", log_n,
                          SABLE_FFT_MAX_LOG + 1);
    sable_encoder *encoder = malloc(sizeof *encoder);
    if (!encoder || sable_fft_init(&encoder->fft, log_n - 1) != 0) {
        free(encoder);
        return sable_fail(err, SABLE_NO_MEMORY, "no memory for the encoder tables of degree 2^%u (about %zu KiB)",
                          log_n, ((size_t)32 << log_n) / 1024);
    }
    encoder->log_n = log_n;
    *out = encoder;
    return SABLE_OK;
}

void sable_encoder_destroy(sable_encoder **encoder) {
    if (!encoder || !*encoder) return;
    sable_fft_free(&(*encoder)->fft);
    free(*encoder);
    *encoder = NULL;
}

static sable_status check_slots(const sable_encoder *encoder, uint32_t slots, uint32_t *log, sable_error *err) {
    if (slots == 0 || (slots & (slots - 1)) != 0 || slots > 1u << (encoder->log_n - 1))
        return sable_fail(err, SABLE_INVALID, "%u slots asked for: the number must be a power of two, at most N/2 = %u",
                          slots, 1u << (encoder->log_n - 1));
    *log = (uint32_t)__builtin_ctz(slots);
    return SABLE_OK;
}

static size_t work_doubles(uint32_t slots) { return 2 * (((size_t)slots + 7) & ~(size_t)7) + SABLE_FFT_PAD; }

/* re is the array, im = re + im_offset. NULL when there is no memory. */
static double *work_alloc(uint32_t slots) { return aligned_alloc(64, work_doubles(slots) * sizeof(double)); }
static size_t im_offset(uint32_t slots) { return work_doubles(slots) - (((size_t)slots + 7) & ~(size_t)7); }
static sable_status no_work(uint32_t slots, sable_error *err) {
    return sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu bytes of encoder scratch",
                      work_doubles(slots) * sizeof(double));
}

void sable_wipe(void *memory, size_t bytes, uint32_t threads) {
    const size_t piece = RUN * sizeof(double), pieces = bytes / piece;
    if (threads == 1 || bytes < PARALLEL_FROM * sizeof(double)) {
        sodium_memzero(memory, bytes);
        return;
    }
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t i = 0; i < pieces; i++) sodium_memzero((char *)memory + i * piece, piece);
    sodium_memzero((char *)memory + pieces * piece, bytes - pieces * piece);
}

/* The work array may hold a secret message. */
static void work_free(double *re, uint32_t slots, uint32_t threads) {
    sable_wipe(re, work_doubles(slots) * sizeof(double), threads);
    free(re);
}

/* Between slots and the matrix, one run of the side that is written. */
static void gather_slots(double *re, double *im, const double *z, bool is_complex, const uint32_t *slot, size_t count) {
    if (is_complex) {
        for (size_t i = 0; i < count; i++) re[i] = z[2 * (size_t)slot[i]], im[i] = z[2 * (size_t)slot[i] + 1];
    } else {
        for (size_t i = 0; i < count; i++) re[i] = z[slot[i]];
        memset(im, 0, count * sizeof *im);
    }
}
static void gather_places(double *z, bool is_complex, const double *re, const double *im, const uint32_t *place,
                          size_t count) {
    if (is_complex) {
        for (size_t j = 0; j < count; j++) z[2 * j] = re[place[j]], z[2 * j + 1] = im[place[j]];
    } else {
        for (size_t j = 0; j < count; j++) z[j] = re[place[j]];
    }
}

static size_t run_of(size_t count) { return count < RUN ? count : RUN; }

sable_status sable_embed_inverse(const sable_encoder *encoder, double *coeff, const double *z, bool is_complex,
                                 uint32_t slots, uint32_t threads, sable_error *err) {
    uint32_t log = 0;
    SABLE_TRY(check_slots(encoder, slots, &log, err));
    double *re = work_alloc(slots);
    if (!re) return no_work(slots, err);
    double *im = re + im_offset(slots);
    const uint32_t *slot = encoder->fft.size[log].slot;
    const size_t run = run_of(slots);
#pragma omp parallel for schedule(static) if (slots >= PARALLEL_FROM) num_threads(threads)
    for (size_t i = 0; i < slots; i += run) gather_slots(re + i, im + i, z, is_complex, slot + i, run);
    sable_fft_to_coeff(&encoder->fft, log, coeff, re, im, threads);
    work_free(re, slots, threads);
    return SABLE_OK;
}

sable_status sable_embed(const sable_encoder *encoder, double *z, bool is_complex, const double *coeff, uint32_t slots,
                         uint32_t threads, sable_error *err) {
    uint32_t log = 0;
    SABLE_TRY(check_slots(encoder, slots, &log, err));
    double *re = work_alloc(slots);
    if (!re) return no_work(slots, err);
    double *im = re + im_offset(slots);
    sable_fft_from_coeff(&encoder->fft, log, re, im, coeff, threads);
    const uint32_t *place = encoder->fft.size[log].place;
    const size_t run = run_of(slots), width = is_complex ? 2 : 1;
#pragma omp parallel for schedule(static) if (slots >= PARALLEL_FROM) num_threads(threads)
    for (size_t j = 0; j < slots; j += run) gather_places(z + width * j, is_complex, re, im, place + j, run);
    work_free(re, slots, threads);
    return SABLE_OK;
}

void sable_scale_round(double *hi, double *lo, const double *coeff, size_t count, sable_dd scale, uint32_t threads) {
    const sable_fft_kernels *kernels = sable_fft_kernels_best();
    (void)threads; /* unused without OpenMP */
#pragma omp parallel for schedule(static) if (count >= PARALLEL_FROM) num_threads(threads)
    for (size_t t = 0; t < count; t += RUN)
        kernels->scale_round(hi + t, lo + t, coeff + t, count - t < RUN ? count - t : RUN, scale);
}

/* Residue of an integer-valued double: m * 2^e with |m| < 2^53 and e = 0, or 2^52 <= |m| and e >= 0. */
static uint32_t residue_of(double x, uint32_t p) {
    int64_t m;
    uint32_t power = 1;
    if (fabs(x) < 0x1p53) {
        m = (int64_t)x;
    } else {
        uint64_t bits;
        memcpy(&bits, &x, sizeof bits);
        m = (int64_t)((bits & 0xfffffffffffffull) | 1ull << 52);
        if (bits >> 63) m = -m;
        power = sable_pow_mod(2, ((bits >> 52) & 2047) - 1075, p);
    }
    m %= (int64_t)p;
    return sable_mul_mod((uint32_t)(m < 0 ? m + (int64_t)p : m), power, p);
}

void sable_encode_scalar(uint32_t *lo_word, uint32_t *hi_word, const sable_ring *ring, const uint16_t *pos,
                         uint32_t limbs, double re, double im, sable_dd scale) {
    double value[2] = {re, im}, hi[2], lo[2];
    sable_scale_round(hi, lo, value, 2, scale, 1);
    for (uint32_t i = 0; i < limbs; i++) {
        const uint32_t p = ring->prime[pos[i]].p;
        uint32_t u = sable_add_mod(residue_of(hi[0], p), residue_of(lo[0], p), p), v = 0;
        if (hi[1] != 0 || lo[1] != 0) {
            v = sable_add_mod(residue_of(hi[1], p), residue_of(lo[1], p), p);
            v = sable_mul_mod(v, ring->w[pos[i]][1], p); /* w[1] = psi^brv(1) = psi^(N/2) */
        }
        lo_word[i] = sable_add_mod(u, v, p);
        hi_word[i] = sable_sub_mod(u, v, p);
    }
    sodium_memzero(value, sizeof value);
    sodium_memzero(hi, sizeof hi);
    sodium_memzero(lo, sizeof lo);
}
