/* SPDX-License-Identifier: Apache-2.0 */
/* Times every coefficient kernel of every cpu path on one thread and prints a table: minimum and median of many runs,
 * time per word, and the traffic that the kernel's arguments imply. docs/CPU_MODEL.md says what each number should be.
 *
 *   bench_kernels [path|all] [substring of a kernel's name] [milliseconds per row]
 *
 * "hot": operands that stay in the second-level cache; "cold": LIMBS limbs with LIMBS primes in turn, as a key switch
 * walks them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "cpu/dispatch.h"
#include "ring/params_impl.h"
#include "ring/primes.h"
#include "ring/ring.h"
#include "ring/word.h"

#define LIMBS    40
#define PRIMES   56
#define DIGITS   4
#define MAX_RUNS 100000

typedef struct bench {
    const cpu_kernels *k;
    sable_ring *ring;
    cpu_tables tables[LIMBS];
    uint32_t *limb[LIMBS + 2]; /* a padded stride apart: limbs exactly 2^18 bytes apart share cache sets */
    uint32_t *poly, *digits;   /* PRIMES limbs, and as many a digit, exactly 2^18 bytes apart, as in a key switch */
    uint32_t *small;           /* twelve rows of 4096 words */
    uint64_t *x;               /* integers: low words, then high ones */
    int8_t *coefficients;
    void *constants;
    const uint32_t *m; /* constants of base conversions: any residues */
    uint32_t turn;
} bench;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* of this thread: other processes do not count */
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
static void *take(size_t bytes) {
    void *p = NULL;
    size_t align = bytes >= (size_t)2 << 20 ? (size_t)2 << 20 : 64;
    if (posix_memalign(&p, align, (bytes + align - 1) / align * align) != 0) {
        fprintf(stderr, "no memory for %zu bytes\n", bytes);
        exit(3);
    }
    if (align > 64) (void)madvise(p, bytes, MADV_HUGEPAGE); /* as the backend's own memory */
    memset(p, 0, bytes);
    return p;
}
static uint64_t state = 0x9E3779B97F4A7C15u;
static uint32_t random_below(uint32_t p) { /* xorshift: any words will do */
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (uint32_t)((state >> 32) * p >> 32);
}

/* ---- one run of each kernel ---- */

#define Q(i) (&b->ring->prime[i])
static void forward_hot(bench *b) { cpu_ntt_limb(b->k, b->limb[0], &b->tables[0]); }
static void inverse_hot(bench *b) { b->k->ntt_inverse(b->limb[0], b->limb[0], &b->tables[0], 5); }
static void forward_cold(bench *b) {
    uint32_t i = b->turn++ % LIMBS;
    cpu_ntt_limb(b->k, b->limb[i], &b->tables[i]);
}
static void inverse_cold(bench *b) {
    uint32_t i = b->turn++ % LIMBS;
    b->k->ntt_inverse(b->limb[i], b->limb[i], &b->tables[i], 5);
}
static void one_table(bench *b) { cpu_ntt_limb(b->k, b->limb[b->turn++ % LIMBS], &b->tables[0]); }
/* Each digit from limbs of its own to the first of the others, in one call: the digits of a key switch. */
static void convert(bench *b, uint32_t sources, uint32_t dests, uint32_t digits) {
    const size_t n = b->ring->n;
    for (uint32_t j = 0; j < digits; j++) {
        const uint32_t first = j * sources;
        uint32_t *out[PRIMES];
        const uint32_t *y[PRIMES];
        uint16_t src[PRIMES], dst[PRIMES];
        for (uint32_t i = 0; i < sources; i++) {
            src[i] = (uint16_t)(first + i);
            y[i] = b->poly + src[i] * n;
        }
        for (uint32_t d = 0; d < dests; d++) {
            dst[d] = (uint16_t)(d < first ? d : d + sources);
            out[d] = b->digits + ((size_t)j * PRIMES + dst[d]) * n;
        }
        const sable_basis basis = {
            .src_count = sources, .dst_count = dests, .src = src, .dst = dst, .m = b->m, .neg_d = b->m};
        (void)b->k->convert_prepare(b->constants, &basis, b->ring);
        b->k->base_convert(out, y, &basis, b->constants, b->ring, n, (size_t)dests * n * digits > (size_t)1 << 20);
        b->k->drain();
    }
}
static void convert_digits(bench *b) { convert(b, 11, 45, 4); }
static void convert_44(bench *b) { convert(b, 12, 44, 1); }
static void convert_40(bench *b) { convert(b, 12, 40, 1); }
static void convert_down(bench *b) { convert(b, 13, 43, 1); }
static void convert_few(bench *b) { convert(b, 3, 13, 1); }
static void products(bench *b, uint32_t **rows, size_t n, uint32_t first) {
    const uint32_t *d[DIGITS], *kb[DIGITS], *ka[DIGITS];
    for (uint32_t j = 0; j < DIGITS; j++) {
        d[j] = rows[(first + 3 * j) % LIMBS];
        kb[j] = rows[(first + 3 * j + 1) % LIMBS];
        ka[j] = rows[(first + 3 * j + 2) % LIMBS];
    }
    b->k->inner(rows[LIMBS], rows[LIMBS + 1], d, kb, ka, DIGITS, NULL, NULL, 0, n, Q(0));
}
static void inner_hot(bench *b) {
    uint32_t *rows[LIMBS + 2];
    for (uint32_t i = 0; i < LIMBS; i++) rows[i] = b->small + 4096 * (i % 12);
    rows[LIMBS] = b->small + 4096 * 12;
    rows[LIMBS + 1] = b->small + 4096 * 13;
    products(b, rows, 4096, 0);
}
static void inner_cold(bench *b) { products(b, b->limb, b->ring->n, b->turn += 12); }
static void tensor(bench *b) {
    uint32_t *s = b->small;
    b->k->tensor(s, s + 4096, s + 8192, s + 12288, s + 16384, 0, s + 20480, s + 24576, 0, 1, 4096, Q(0));
}
static void combine(bench *b) {
    uint32_t c[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    b->k->combine(b->small + 4096 * 12, b->small, 4096, c, 1, 8, 4096, Q(0));
}
static void mod_down(bench *b) { b->k->mod_down(b->small, b->small + 4096, b->small + 8192, 5, 7, 4096, Q(0)); }
static void mod_down_cold(bench *b) {
    uint32_t i = b->turn++ % (LIMBS / 2);
    b->k->mod_down(b->limb[2 * i], b->limb[2 * i], b->limb[2 * i + 1], 5, 7, b->ring->n, Q(0));
}
static void mul(bench *b) { b->k->mul(b->small, b->small + 4096, b->small + 8192, 4096, Q(0)); }
static void mul_mont(bench *b) { b->k->mul_mont(b->small, b->small + 4096, b->small + 8192, 4096, Q(0)); }
static void mul_mont_add(bench *b) { b->k->mul_mont_add(b->small, b->small + 4096, b->small + 8192, 4096, Q(0)); }
static void mul_const(bench *b) { b->k->mul_const(b->small, b->small + 4096, 9, 4096, Q(0)); }
static void add(bench *b) { b->k->add(b->small, b->small + 4096, b->small + 8192, 4096, Q(0)); }
static void add_cold(bench *b) {
    uint32_t i = b->turn++ % (LIMBS / 2);
    b->k->add(b->limb[2 * i], b->limb[2 * i], b->limb[2 * i + 1], b->ring->n, Q(0));
}
static void automorphism(bench *b) { b->k->automorphism(b->limb[1], b->limb[0], 5, b->ring->log_n); }
static void uniform(bench *b) {
    static const uint8_t key[32], nonce[8];
    b->k->uniform(b->limb[0], b->ring->n, Q(0), key, nonce);
}
static void encode(bench *b) { b->k->encode(b->small, b->x, 4096, Q(0)); }
static void encode_wide(bench *b) { b->k->encode_wide(b->small, b->x, b->x + 4096, 4096, Q(0)); }
static void affine(bench *b) {
    uint32_t *s = b->small;
    b->k->affine(s, s + 4096, s + 2 * 4096, s + 3 * 4096, s + 4 * 4096, 4096, Q(0));
}
static void lift(bench *b) { b->k->lift(b->small, b->coefficients, b->small + 4096, 5, 4096, Q(0)); }
static void check_range_cold(bench *b) { /* no word reaches 2^30: all are read */
    const sable_prime all = {.p = 1u << 30};
    (void)b->k->check_range(b->limb[b->turn++ % LIMBS], b->ring->n, &all);
}
static void check_range(bench *b) { (void)b->k->check_range(b->limb[LIMBS], b->ring->n, Q(0)); }

/* words: what one run is divided by (0 = N); operands: words of argument traffic a word. */
static const struct row {
    const char *name;
    void (*run)(bench *);
    double words, operands;
} rows[] = {
    {"ntt_forward hot", forward_hot, 0, 2},
    {"ntt_inverse hot", inverse_hot, 0, 2},
    {"ntt_forward 40 limbs, 1 table", one_table, 0, 2},
    {"ntt_forward cold", forward_cold, 0, 3},
    {"ntt_inverse cold", inverse_cold, 0, 3},
    /* "MAC": a product and its addition, for one column. */
    {"base_convert 11 to 45, 4 digits, a MAC", convert_digits, 4 * 11 * 45, 56.0 / (11 * 45)},
    {"base_convert 12 to 44, a MAC", convert_44, 12 * 44, 56.0 / (12 * 44)},
    {"base_convert 12 to 40, a MAC", convert_40, 12 * 40, 52.0 / (12 * 40)},
    {"base_convert 13 to 43, a MAC", convert_down, 13 * 43, 56.0 / (13 * 43)},
    {"base_convert 3 to 13, a MAC", convert_few, 3 * 13, 16.0 / (3 * 13)},
    {"inner 4 digits hot", inner_hot, 4096, 14},
    {"inner 4 digits cold", inner_cold, 0, 14},
    {"mod_down hot", mod_down, 4096, 3},
    {"mod_down cold", mod_down_cold, 0, 3},
    {"tensor 1 term", tensor, 4096, 7},
    {"combine 8 terms", combine, 4096, 9},
    {"mul", mul, 4096, 3},
    {"mul_mont", mul_mont, 4096, 3},
    {"mul_mont_add", mul_mont_add, 4096, 4},
    {"mul_const", mul_const, 4096, 2},
    {"add hot", add, 4096, 3},
    {"add cold", add_cold, 0, 3},
    {"automorphism", automorphism, 0, 2},
    {"encode", encode, 4096, 3},
    {"encode wide", encode_wide, 4096, 5},
    {"affine", affine, 4096, 5},
    {"uniform", uniform, 0, 1},
    {"lift", lift, 4096, 2.25},
    {"check_range hot", check_range, 0, 1},
    {"check_range cold", check_range_cold, 0, 1}, /* the bandwidth of reading alone */
};

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
static void measure(bench *b, const struct row *row, double seconds) {
    static double runs[MAX_RUNS];
    size_t count = 0;
    row->run(b);
    for (double start = now(); count < 3 || (now() - start < seconds && count < MAX_RUNS);) {
        double t = now();
        row->run(b);
        runs[count++] = now() - t;
    }
    qsort(runs, count, sizeof *runs, by_value);
    double n = b->ring->n, words = row->words == 0 ? n : row->words < 4096 ? row->words * n : row->words;
    printf("%-9s %2u  %-38s %9.2f %9.2f %9.4f %8.1f\n", b->k->name, b->ring->log_n, row->name, 1e6 * runs[0],
           1e6 * runs[count / 2], 1e9 * runs[count / 2] / words, 4e-9 * row->operands * words / runs[count / 2]);
    fflush(stdout);
}

static void make_ring(bench *b, uint32_t log_n) {
    sable_params *params = take(sizeof *params);
    params->log_n = log_n;
    params->n = 1u << log_n;
    uint32_t p = (1u << 30) + 1;
    while (params->q_count < PRIMES) {
        p -= 2u << log_n;
        if (sable_is_prime(p)) params->prime[params->q_count++] = p;
    }
    if (sable_ring_create(&b->ring, params, NULL)) exit(3);
    free(params);
    const size_t n = b->ring->n, stride = n + 528;
    const uint32_t least = Q(PRIMES - 1)->p;
    uint32_t *data = take((LIMBS + 2) * stride * 4);
    for (uint32_t i = 0; i < LIMBS + 2; i++) b->limb[i] = data + i * stride;
    for (size_t j = 0; j < (LIMBS + 2) * stride; j++) data[j] = random_below(least);
    b->poly = take(PRIMES * n * 4);
    for (size_t j = 0; j < PRIMES * n; j++) b->poly[j] = random_below(least);
    b->digits = take(DIGITS * PRIMES * n * 4);
    b->m = b->poly;
    b->constants = take((size_t)1 << 20);
    b->small = take(16 * 4096 * 4);
    for (uint32_t j = 0; j < 16 * 4096; j++) b->small[j] = random_below(Q(0)->p);
    b->x = take(8192 * sizeof(uint64_t));
    b->coefficients = take(4096);
    for (uint32_t j = 0; j < 4096; j++) {
        b->x[4096 + j] = b->x[j] = (uint64_t)random_below(1u << 31) << 32 | random_below(UINT32_MAX);
        b->coefficients[j] = (int8_t)((int)random_below(43) - 21);
    }
}
static void make_tables(bench *b) {
    size_t bytes = b->k->prepare(NULL, b->ring, 0), padded = bytes + 2112;
    char *packed = bytes ? take(LIMBS * padded) : NULL;
    for (uint32_t i = 0; i < LIMBS; i++) {
        b->tables[i] = (cpu_tables){b->ring, i, packed ? packed + i * padded : NULL, bytes};
        if (packed) b->k->prepare(b->tables[i].packed, b->ring, i);
    }
}

int main(int argc, char **argv) {
    const char *path = argc > 1 ? argv[1] : "all", *filter = argc > 2 ? argv[2] : "";
    const double seconds = (argc > 3 ? atof(argv[3]) : 200) * 1e-3;
    printf("%-9s %2s  %-38s %9s %9s %9s %8s\n", "path", "lN", "kernel", "us min", "us med", "ns/word", "GB/s");
    for (uint32_t log_n = 16; log_n >= 13; log_n--) {
        bench b = {0};
        make_ring(&b, log_n);
        for (size_t i = 0; (b.k = cpu_kernels_at(i)); i++) {
            if (strcmp(path, "all") != 0 && strcmp(path, b.k->name) != 0) continue;
            make_tables(&b);
            for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
                if (log_n < 16 && !strstr(rows[r].name, "ntt") && !strstr(rows[r].name, "auto") &&
                    !strstr(rows[r].name, "base"))
                    continue;
                if (strstr(rows[r].name, filter)) measure(&b, &rows[r], seconds);
            }
            free(b.tables[0].packed);
        }
    }
    return 0;
}
