/* SPDX-License-Identifier: Apache-2.0 */
#include "ckks/diagonals.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static double size_of(const double *values, size_t j, bool is_complex) {
    if (!is_complex) return fabs(values[j]);
    return sqrt(values[2 * j] * values[2 * j] + values[2 * j + 1] * values[2 * j + 1]);
}

static int by_index(const void *a, const void *b) {
    const uint32_t x = ((const sable_diagonal_values *)a)->index, y = ((const sable_diagonal_values *)b)->index;
    return (x > y) - (x < y);
}

/* Copies a diagonal behind those that are there, unless it is 0. rows: sums of sizes so far. */
static sable_status take(sable_diagonals *d, double *rows, const sable_diagonal *from, sable_error *err) {
    const uint32_t index = (uint32_t)from->index & (d->slots - 1); /* a power of two: the least remainder */
    if (!from->values)
        return sable_fail(err, SABLE_INVALID, "diagonal %lld: the values are NULL", (long long)from->index);
    double sum = 0, most = 0;
    for (size_t j = 0; j < d->slots; j++) {
        const double size = size_of(from->values, j, d->is_complex);
        if (!isfinite(size))
            return sable_fail(err, SABLE_DATA, "diagonal %lld: value %zu is not finite", (long long)from->index, j);
        sum += size * size;
        most = fmax(most, size);
    }
    if (most == 0) return SABLE_OK;
    for (size_t i = 0; i < d->count; i++)
        if (d->diagonal[i].index == index)
            return sable_fail(err, SABLE_INVALID, "two diagonals have the index %u modulo %u slots", index, d->slots);
    const size_t bytes = (size_t)d->slots * (d->is_complex ? 2 : 1) * sizeof(double);
    double *values = malloc(bytes);
    if (!values) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a diagonal of %u slots", d->slots);
    memcpy(values, from->values, bytes);
    for (size_t j = 0; j < d->slots; j++) rows[j] += size_of(values, j, d->is_complex);
    d->diagonal[d->count++] = (sable_diagonal_values){index, sum / d->slots, values};
    d->energy += sum / d->slots;
    d->largest = fmax(d->largest, most);
    return SABLE_OK;
}

sable_status sable_diagonals_create(sable_diagonals **out, uint32_t slots, const sable_diagonal *list, size_t count,
                                    bool is_complex, sable_error *err) {
    if (!out || !list) return sable_fail(err, SABLE_INVALID, "sable_diagonals_create: out and list must not be NULL");
    if (slots == 0 || slots > (1u << 16) || (slots & (slots - 1)) != 0)
        return sable_fail(err, SABLE_INVALID, "diagonals of %u slots: a power of two up to 65536 is needed", slots);
    sable_diagonals *d = calloc(1, sizeof *d + (count < slots ? count : slots) * sizeof *d->diagonal);
    double *rows = calloc(slots, sizeof *rows);
    sable_status status = d && rows ? SABLE_OK : sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu diagonals", count);
    if (status == SABLE_OK) {
        d->references = 1;
        d->slots = slots;
        d->is_complex = is_complex;
    }
    for (size_t i = 0; i < count && status == SABLE_OK; i++) status = take(d, rows, &list[i], err);
    if (status == SABLE_OK && d->count == 0)
        status = sable_fail(err, SABLE_INVALID, "%zu diagonals and no value other than 0: nothing to multiply", count);
    if (status == SABLE_OK) {
        qsort(d->diagonal, d->count, sizeof *d->diagonal, by_index);
        for (size_t j = 0; j < slots; j++) d->bound = fmax(d->bound, rows[j]);
        *out = d;
    } else if (d) {
        d->references = 1;
        sable_diagonals_destroy(&d);
    }
    free(rows);
    return status;
}

static uint32_t power_of_two_from(uint32_t x) {
    uint32_t p = 1;
    while (p < x) p *= 2;
    return p;
}

sable_status sable_diagonals_matrix(sable_diagonals **out, uint32_t slots, const double *matrix, uint32_t rows,
                                    uint32_t cols, sable_error *err) {
    if (!out || !matrix)
        return sable_fail(err, SABLE_INVALID, "sable_diagonals_matrix: out and matrix must not be NULL");
    if (rows == 0 || cols == 0 || rows > slots || cols > slots)
        return sable_fail(err, SABLE_INVALID, "a %u x %u matrix for %u slots: 1 to %u rows and columns fit", rows, cols,
                          slots, slots);
    const uint32_t m = power_of_two_from(rows), n = power_of_two_from(cols), count = m < n ? m : n;
    if (m > slots || n > slots)
        return sable_fail(err, SABLE_INVALID, "a %u x %u matrix takes %u slots, there are %u", rows, cols,
                          m > n ? m : n, slots);
    /* One period of every diagonal, then as many as fill the slots. */
    double *values = calloc((size_t)count * slots, sizeof *values);
    sable_diagonal *list = calloc(count, sizeof *list);
    sable_status status = SABLE_OK;
    if (!values || !list) status = sable_fail(err, SABLE_NO_MEMORY, "no memory for %u diagonals", count);
    for (uint32_t d = 0; d < count && status == SABLE_OK; d++) {
        double *to = values + (size_t)d * slots;
        for (uint32_t j = 0; j < slots; j++) {
            const uint32_t row = j & (m - 1), col = (j + d) & (n - 1);
            if (row < rows && col < cols) to[j] = matrix[(size_t)row * cols + col];
        }
        list[d] = (sable_diagonal){d, to};
    }
    if (status == SABLE_OK) status = sable_diagonals_create(out, slots, list, count, false, err);
    free(list);
    free(values);
    return status;
}

sable_diagonals *sable_diagonals_keep(sable_diagonals *diagonals) {
    atomic_fetch_add(&diagonals->references, 1);
    return diagonals;
}

void sable_diagonals_destroy(sable_diagonals **diagonals) {
    if (!diagonals || !*diagonals) return;
    sable_diagonals *d = *diagonals;
    *diagonals = NULL;
    if (atomic_fetch_sub(&d->references, 1) != 1) return;
    for (size_t i = 0; i < d->count; i++) free(d->diagonal[i].values);
    free(d);
}

sable_status sable_diagonals_describe(const sable_diagonals *diagonals, sable_diagonals_info *info) {
    if (!diagonals || !info || info->struct_size != sizeof *info) return SABLE_INVALID;
    *info = (sable_diagonals_info){.struct_size = sizeof *info,
                                   .slots = diagonals->slots,
                                   .count = diagonals->count,
                                   .is_complex = diagonals->is_complex,
                                   .bound = diagonals->bound,
                                   .energy = diagonals->energy};
    return SABLE_OK;
}

void sable_diagonals_apply(const sable_diagonals *diagonals, double *y, const double *x) {
    const size_t slots = diagonals->slots;
    memset(y, 0, 2 * slots * sizeof *y);
    for (size_t i = 0; i < diagonals->count; i++) {
        const sable_diagonal_values *d = &diagonals->diagonal[i];
        for (size_t j = 0; j < slots; j++) {
            const size_t from = (j + d->index) & (slots - 1);
            const double re = diagonals->is_complex ? d->values[2 * j] : d->values[j];
            const double im = diagonals->is_complex ? d->values[2 * j + 1] : 0;
            y[2 * j] += re * x[2 * from] - im * x[2 * from + 1];
            y[2 * j + 1] += re * x[2 * from + 1] + im * x[2 * from];
        }
    }
}
