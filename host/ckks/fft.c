/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and order of the passes of the transform. */
#include "ckks/fft.h"

#include <stdlib.h>
#include <string.h>

#include "ring/word.h"

/* Rows up to which stages are done one after the other: 256 rows of 8 complex numbers are 32 KiB. Larger transforms go
 * depth first. */
#define LEAF_ROWS     256u
/* Rows of a quarter that the widest stage and the twist take together: 16 KiB of four quarters. */
#define STEP_ROWS     32u
/* Smaller transforms are not worth a parallel region: 2^10 points take 3 us, a region and its barriers 1. */
#define PARALLEL_FROM 2048u

/* cos and sin of pi*m/r for m = 0 .. r/4. */
typedef struct octant {
    uint32_t r;
    double *cosine, *sine;
} octant;

typedef struct dd_complex {
    sable_dd re, im;
} dd_complex;

static dd_complex dd_complex_mul(dd_complex a, dd_complex b) {
    return (dd_complex){dd_sub(dd_mul(a.re, b.re), dd_mul(a.im, b.im)), dd_add(dd_mul(a.re, b.im), dd_mul(a.im, b.re))};
}

/* exp(i*pi*2^k/r) from half-angle steps, the others as products along the binary expansion: at most log2(r) products
 * and as many steps, each with an error of a few 2^-104, so the double-double values are good to 2^-97 and their high
 * parts are the nearest doubles except within 2^-43 ulp of a tie. */
static int octant_init(octant *o, uint32_t log_r) {
    uint32_t r = 1u << log_r, count = r / 4 + 1;
    dd_complex *z = malloc(count * sizeof *z);
    o->r = r;
    o->cosine = malloc(2 * count * sizeof(double));
    o->sine = o->cosine ? o->cosine + count : NULL;
    if (!z || !o->cosine) {
        free(z);
        free(o->cosine);
        return -1;
    }
    z[0] = (dd_complex){dd(1), dd(0)};
    dd_complex half = {dd(0), dd(1)}; /* exp(i*pi/2) */
    for (uint32_t step = r / 4; step >= 1; step /= 2) {
        sable_dd c = dd_add(dd(1), half.re);
        c = dd_sqrt((sable_dd){c.hi / 2, c.lo / 2});
        half = (dd_complex){c, dd_div(half.im, (sable_dd){2 * c.hi, 2 * c.lo})};
        z[step] = half;
    }
    for (uint32_t high = 2; high < r / 4; high *= 2)
        for (uint32_t low = 1; low < high; low++) z[high + low] = dd_complex_mul(z[high], z[low]);
    for (uint32_t m = 0; m < count; m++) o->cosine[m] = z[m].re.hi, o->sine[m] = z[m].im.hi;
    free(z);
    return 0;
}

/* exp(i*pi*m/r). */
static void octant_at(const octant *o, uint64_t m, double *re, double *im) {
    uint32_t r = o->r, x = (uint32_t)(m & (2 * r - 1));
    bool lower = x >= r; /* sign of the sine */
    if (lower) x = 2 * r - x;
    bool left = x > r / 2; /* sign of the cosine; x in [0,r] */
    if (left) x = r - x;
    bool steep = x > r / 4;
    if (steep) x = r / 2 - x;
    double c = steep ? o->sine[x] : o->cosine[x], s = steep ? o->cosine[x] : o->sine[x];
    *re = left ? -c : c;
    *im = lower ? -s : s;
}

static uint32_t log_of(size_t power) { return (uint32_t)__builtin_ctzll(power); }

static size_t round8(size_t x) { return (x + 7) & ~(size_t)7; }

static void size_init(sable_fft_size *size, const octant *o, double *twist, uint32_t *place, uint32_t *slot) {
    const uint32_t n = size->n, log_rows = log_of(size->rows);
    size->twist_re = twist;
    size->twist_im = twist + round8(n);
    size->place = place;
    size->slot = slot;
    uint64_t unit = o->r / (2ull * n); /* zeta = exp(i*pi/(2n)) */
    for (uint32_t c = 0; c < size->lanes; c++)
        for (uint32_t t = 0; t < size->rows; t++)
            octant_at(o, unit * (4 * c + 1) * t, &size->twist_re[c * size->rows + t],
                      &size->twist_im[c * size->rows + t]);
    for (uint32_t t = 0; t < 8; t++) octant_at(o, (uint64_t)o->r / 16 * t, &size->lane_re[t], &size->lane_im[t]);
    double unused;
    octant_at(o, o->r / 4, &size->half_root, &unused);
    /* 4*kappa + 1 times 5 is 4*(5*kappa + 1) + 1. */
    for (uint32_t j = 0, kappa = 0; j < n; j++, kappa = (5 * kappa + 1) & (n - 1)) {
        place[j] = sable_brv(kappa / size->lanes, log_rows) * size->lanes + kappa % size->lanes;
        slot[place[j]] = j;
    }
}

int sable_fft_init(sable_fft *fft, uint32_t log_max) {
    memset(fft, 0, sizeof *fft);
    fft->log_max = log_max;
    fft->kernels = sable_fft_kernels_best();
    uint32_t log_r = log_max + 1 < 6 ? 6 : log_max + 1; /* lane constants need the 32nd roots */
    octant o;
    if (octant_init(&o, log_r) != 0) return -1;

    size_t doubles = 0, places = 0;
    for (uint32_t log = 0; log <= log_max; log++) {
        doubles += 2 * round8(1ull << log);
        places += 2 * round8(1ull << log);
    }
    for (uint32_t log = 0; log + 2 <= log_max; log++) doubles += round8(6ull << log);
    fft->memory = aligned_alloc(64, round8(doubles) * sizeof(double) + round8(places * 4 / 8 + 8) * 8);
    if (!fft->memory) {
        free(o.cosine);
        return -1;
    }
    double *next = fft->memory;
    for (uint32_t log = 0; log + 2 <= log_max; log++) {
        uint32_t quarter = 1u << log;
        fft->stage[log] = next;
        for (uint32_t j = 0; j < quarter; j++)
            for (uint32_t power = 1; power <= 3; power++, next += 2)
                octant_at(&o, (uint64_t)o.r / 2 / quarter * power * j, &next[0], &next[1]);
        next = fft->stage[log] + round8(6ull * quarter);
    }
    uint32_t *place = (uint32_t *)((double *)fft->memory + doubles);
    for (uint32_t log = 0; log <= log_max; log++) {
        sable_fft_size *size = &fft->size[log];
        size->n = 1u << log;
        size->lanes = log >= 6 ? SABLE_FFT_LANES : 1;
        size->rows = size->n / size->lanes;
        size_init(size, &o, next, place, place + round8(size->n));
        next += 2 * round8(size->n);
        place += 2 * round8(size->n);
    }
    free(o.cosine);
    return 0;
}

void sable_fft_free(sable_fft *fft) {
    free(fft->memory);
    fft->memory = NULL;
}

/* Column transforms of 2^log rows, sign -, bit-reversed to natural order. */
static void columns_dit(const sable_fft *fft, double *re, double *im, uint32_t log, uint32_t lanes) {
    const sable_fft_kernels *k = fft->kernels;
    size_t rows = (size_t)1 << log;
    if (rows <= LEAF_ROWS) {
        if (log & 1) k->radix2(re, im, rows, lanes);
        for (uint32_t q = log & 1; q + 2 <= log; q += 2)
            k->dit4(re, im, rows, (size_t)1 << q, 0, (size_t)1 << q, fft->stage[q], lanes);
        return;
    }
    size_t part = rows / 4 * lanes;
    for (uint32_t i = 0; i < 4; i++) columns_dit(fft, re + i * part, im + i * part, log - 2, lanes);
    k->dit4(re, im, rows, rows / 4, 0, rows / 4, fft->stage[log - 2], lanes);
}

/* Sign +, natural to bit-reversed order. */
static void columns_dif(const sable_fft *fft, double *re, double *im, uint32_t log, uint32_t lanes) {
    const sable_fft_kernels *k = fft->kernels;
    size_t rows = (size_t)1 << log;
    if (rows <= LEAF_ROWS) {
        for (uint32_t q = log; q >= 2; q -= 2)
            k->dif4(re, im, rows, (size_t)1 << (q - 2), 0, (size_t)1 << (q - 2), fft->stage[q - 2], lanes);
        if (log & 1) k->radix2(re, im, rows, lanes);
        return;
    }
    size_t part = rows / 4 * lanes;
    k->dif4(re, im, rows, rows / 4, 0, rows / 4, fft->stage[log - 2], lanes);
    for (uint32_t i = 0; i < 4; i++) columns_dif(fft, re + i * part, im + i * part, log - 2, lanes);
}

/* Runs as long as they can be, since the twist reads or writes 16 of them at a time: with runs of 32 rows it took 1.6
 * times as long. */
static size_t step_of(size_t quarter, uint32_t threads) {
    size_t step = quarter;
    while (step > STEP_ROWS && step * threads > quarter) step /= 2;
    return step;
}

/* The widest stage couples row j of every quarter. The other stages stay inside a quarter; the pass that twists rows
 * takes those that the widest stage has at hand. */
static void widest_and_finish(const sable_fft *fft, const sable_fft_size *size, double *coeff, double *re, double *im,
                              size_t from, size_t step) {
    const size_t quarter = size->rows / 4;
    fft->kernels->dit4(re, im, size->rows, quarter, from, from + step, fft->stage[log_of(quarter)], size->lanes);
    for (size_t row = from; row < size->rows; row += quarter)
        fft->kernels->finish(coeff, re, im, size, row, row + step);
}
static void start_and_widest(const sable_fft *fft, const sable_fft_size *size, double *re, double *im,
                             const double *coeff, size_t from, size_t step) {
    const size_t quarter = size->rows / 4;
    for (size_t row = from; row < size->rows; row += quarter) fft->kernels->start(re, im, coeff, size, row, row + step);
    fft->kernels->dif4(re, im, size->rows, quarter, from, from + step, fft->stage[log_of(quarter)], size->lanes);
}

void sable_fft_to_coeff(const sable_fft *fft, uint32_t log, double *coeff, double *re, double *im, uint32_t threads) {
    const sable_fft_size *size = &fft->size[log];
    const size_t quarter = size->rows / 4, part = quarter * size->lanes, step = step_of(quarter, threads);
    if (size->lanes == 1 || quarter < STEP_ROWS) {
        columns_dit(fft, re, im, log_of(size->rows), size->lanes);
        fft->kernels->finish(coeff, re, im, size, 0, size->rows);
        return;
    }
#pragma omp parallel if (size->n >= PARALLEL_FROM) num_threads(threads)
    {
#pragma omp for schedule(static)
        for (size_t i = 0; i < 4; i++) columns_dit(fft, re + i * part, im + i * part, log_of(quarter), size->lanes);
#pragma omp for schedule(static)
        for (size_t from = 0; from < quarter; from += step) widest_and_finish(fft, size, coeff, re, im, from, step);
    }
}

void sable_fft_from_coeff(const sable_fft *fft, uint32_t log, double *re, double *im, const double *coeff,
                          uint32_t threads) {
    const sable_fft_size *size = &fft->size[log];
    const size_t quarter = size->rows / 4, part = quarter * size->lanes, step = step_of(quarter, threads);
    if (size->lanes == 1 || quarter < STEP_ROWS) {
        fft->kernels->start(re, im, coeff, size, 0, size->rows);
        columns_dif(fft, re, im, log_of(size->rows), size->lanes);
        return;
    }
#pragma omp parallel if (size->n >= PARALLEL_FROM) num_threads(threads)
    {
#pragma omp for schedule(static)
        for (size_t from = 0; from < quarter; from += step) start_and_widest(fft, size, re, im, coeff, from, step);
#pragma omp for schedule(static)
        for (size_t i = 0; i < 4; i++) columns_dif(fft, re + i * part, im + i * part, log_of(quarter), size->lanes);
    }
}
