/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TESTS_DENSE_H
#define SABLE_TESTS_DENSE_H
/* Matrices in the clear by the definitions: what include/sable/linalg.h computes on slots. Knows tiles only as a label. */
#include <cstdint>
#include <functional>
#include <vector>

extern "C" {
#include "sable/linalg.h"
}

namespace sable_test {

struct Dense {
    sable_format format;
    uint32_t rows, cols;
    sable_tile tile;
    std::vector<double> v; /* [rows][cols] */

    static Dense zeros(sable_format format, uint32_t rows, uint32_t cols, sable_tile tile) {
        return {format, rows, cols, tile, std::vector<double>(static_cast<size_t>(rows) * cols)};
    }
    static Dense matrix(uint32_t rows, uint32_t cols, sable_tile t) { return zeros(SABLE_MATRIX, rows, cols, t); }
    static Dense row(uint32_t f, sable_tile t) { return zeros(SABLE_ROW_VECTOR, f, 1, t); }
    static Dense col(uint32_t g, sable_tile t) { return zeros(SABLE_COL_VECTOR, 1, g, t); }
    double &at(uint32_t i, uint32_t j) { return v[static_cast<size_t>(i) * cols + j]; }
    double at(uint32_t i, uint32_t j) const { return v[static_cast<size_t>(i) * cols + j]; }
    bool same_shape(const Dense &o) const {
        return format == o.format && rows == o.rows && cols == o.cols && same_tile(o);
    }
    bool same_tile(const Dense &o) const { return tile.height == o.tile.height && tile.width == o.tile.width; }
    bool exchanged_tile(const Dense &o) const { return tile.height == o.tile.width && tile.width == o.tile.height; }
    bool is(sable_format f) const { return format == f; }
};

inline sable_tile exchanged(sable_tile t) { return {t.width, t.height}; }

Dense map(const Dense &a, const std::function<double(double)> &f);
Dense zip(const Dense &a, const Dense &b, const std::function<double(double, double)> &f);
Dense hadamard(const Dense &a, const Dense &b); /* in the tile of the matrix */
Dense sum_rows(const std::vector<Dense> &list, sable_tile tile);
Dense sum_cols(const std::vector<Dense> &list, double c);
Dense multiply(const Dense &a, const Dense &b, double c, sable_tile tile); /* two matrices */
Dense transpose(const Dense &a);
/* The other kind of vector with the same values, in the exchanged tile. */
Dense convert(const Dense &a, double c);
Dense transpose_tile(const Dense &a);

} // namespace sable_test
#endif
