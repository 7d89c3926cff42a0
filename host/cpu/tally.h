/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CPU_TALLY_H
#define SABLE_CPU_TALLY_H
/* The cpu backend with its work counted instead of done: the same table of functions, the same sizes of memory blocks,
 * the same refusals, and no memory behind them. An evaluator that runs on it gives the exact number of operations and
 * the exact peak of the real one, and cannot drift from it.
 *
 * What it hands out are reserved addresses that nobody may read or write: whoever does so is stopped by the processor.
 * upload, download and checks count and touch nothing; host memory that a download would fill keeps its contents.
 * The ring may be one of constants only (ring/ring.h). One thread at a time. */
#include "base/shared.h"
#include "sable/backend.h"

/* Units of work whose price is measured. Words are residues. */
typedef enum sable_work {
    SABLE_WORK_FORWARD, /* words of limbs transformed */
    SABLE_WORK_UP,      /* the same, on their way from a conversion of digits to products with keys */
    SABLE_WORK_INVERSE,
    SABLE_WORK_CONVERT, /* multiply-accumulates of base conversions: sources x destinations x N */
    SABLE_WORK_INNER,   /* words of digits times the two halves of a key */
    SABLE_WORK_DOWN,    /* words of the last step of a division, what their transforms wait there included */
    SABLE_WORK_TENSOR,  /* words of a term: four products */
    SABLE_WORK_COMBINE, /* words of a term: one product with a constant */
    SABLE_WORK_ELEMENT, /* words of one pass: products, automorphisms */
    SABLE_WORK_SUM,     /* words of one pass: sums, differences */
    SABLE_WORK_NEAR, /* words of products and automorphisms whose result has at most SABLE_NEAR_BYTES: operands are in a cache */
    SABLE_WORK_NEAR_SUM, /* likewise of sums and differences */
    SABLE_WORK_ENCODE,   /* words made from doubles */
    SABLE_WORK_EXPAND,   /* words made from a seed */
    SABLE_WORK_CHECK,    /* words that are looked at: their range, size or digest */
    SABLE_WORK_COPY,     /* bytes */
    SABLE_WORK_FRESH,    /* bytes that the system hands out cleared */
    SABLE_WORK_CALL,     /* calls of a function on limbs: what one costs whatever its size */
    /* outside the backend */
    SABLE_WORK_EMBED,   /* coefficients of a transform between slots and coefficients, times log2 of their number */
    SABLE_WORK_DECODE,  /* words made into doubles */
    SABLE_WORK_ERROR,   /* error coefficients drawn */
    SABLE_WORK_TERNARY, /* ternary ones */
    SABLE_WORK_LIFT,    /* words of small coefficients made residues */
    SABLE_WORK_TABLE,   /* words of transform tables made */
    SABLE_WORK_DIGEST,  /* bytes hashed */
    SABLE_WORK_READ,    /* bytes read from files */
    SABLE_WORK_WRITE,   /* bytes written */
    SABLE_WORK_SYNC,    /* times that a file is flushed to the disk */
    SABLE_WORK_PRINT,   /* numbers written as text */
    SABLE_WORKS
} sable_work;

#define SABLE_NEAR_BYTES ((size_t)3 << 19) /* second-level caches of server cores have 1 to 2 MiB */

typedef struct sable_tally {
    double work[SABLE_WORKS];
    size_t live, peak; /* bytes of the backend, counted as the cpu backend's pool counts */
    size_t total_peak; /* likewise with what the host holds beside it for the work at hand */
} sable_tally;

SABLE_SHARED const sable_backend *sable_backend_tally(void);
/* Of a state of that backend. */
SABLE_SHARED sable_tally *sable_tally_of(void *state);
/* Host memory is held for a while beside all that the backend has given out. */
SABLE_SHARED void sable_tally_scratch(sable_tally *tally, size_t bytes);

#endif
