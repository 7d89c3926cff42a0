/* SPDX-License-Identifier: Apache-2.0 */
#include "support/dense.h"

#include <stdexcept>

namespace sable_test {

Dense map(const Dense &a, const std::function<double(double)> &f) {
    Dense r = a;
    for (double &x : r.v) x = f(x);
    return r;
}

Dense zip(const Dense &a, const Dense &b, const std::function<double(double, double)> &f) {
    if (!a.same_shape(b)) throw std::logic_error("shapes differ");
    Dense r = a;
    for (size_t k = 0; k < r.v.size(); k++) r.v[k] = f(a.v[k], b.v[k]);
    return r;
}

Dense hadamard(const Dense &a, const Dense &b) {
    if (a.format == b.format) return zip(a, b, [](double x, double y) { return x * y; });
    const bool by_row = a.is(SABLE_ROW_VECTOR);
    Dense r = by_row ? b : a;
    for (uint32_t i = 0; i < r.rows; i++)
        for (uint32_t j = 0; j < r.cols; j++) r.at(i, j) *= by_row ? a.v.at(i) : b.v.at(j);
    return r;
}

Dense sum_rows(const std::vector<Dense> &list, sable_tile tile) {
    Dense r = Dense::col(list.at(0).cols, tile);
    for (const Dense &m : list)
        for (uint32_t i = 0; i < m.rows; i++)
            for (uint32_t j = 0; j < m.cols; j++) r.v.at(j) += m.at(i, j);
    return r;
}

Dense sum_cols(const std::vector<Dense> &list, double c) {
    Dense r = Dense::row(list.at(0).rows, list.at(0).tile);
    for (const Dense &m : list)
        for (uint32_t i = 0; i < m.rows; i++)
            for (uint32_t j = 0; j < m.cols; j++) r.v.at(i) += c * m.at(i, j);
    return r;
}

Dense multiply(const Dense &a, const Dense &b, double c, sable_tile tile) {
    if (a.cols != b.rows) throw std::logic_error("shapes do not fit");
    Dense r = Dense::matrix(a.rows, b.cols, tile);
    for (uint32_t i = 0; i < a.rows; i++)
        for (uint32_t k = 0; k < a.cols; k++)
            for (uint32_t j = 0; j < b.cols; j++) r.at(i, j) += c * a.at(i, k) * b.at(k, j);
    return r;
}

Dense transpose(const Dense &a) {
    Dense r = Dense::matrix(a.cols, a.rows, a.tile);
    for (uint32_t i = 0; i < a.rows; i++)
        for (uint32_t j = 0; j < a.cols; j++) r.at(j, i) = a.at(i, j);
    return r;
}

Dense convert(const Dense &a, double c) {
    const uint32_t count = static_cast<uint32_t>(a.v.size());
    Dense r = a.is(SABLE_ROW_VECTOR) ? Dense::col(count, exchanged(a.tile)) : Dense::row(count, exchanged(a.tile));
    for (uint32_t k = 0; k < count; k++) r.v[k] = c * a.v[k];
    return r;
}

Dense transpose_tile(const Dense &a) {
    const uint32_t h = a.tile.height, w = a.tile.width, r = h < w ? w / h : h / w;
    Dense out = a;
    out.tile = exchanged(a.tile);
    if (h == w) return out;
    if (a.is(SABLE_ROW_VECTOR)) {
        out = Dense::row(a.rows * r, out.tile);
        for (uint32_t i = 0; i < out.rows; i++) out.v[i] = a.v.at(i / r);
    } else if (a.is(SABLE_COL_VECTOR)) {
        out = Dense::col(h, out.tile);
        for (uint32_t j = 0; j < h; j++) out.v[j] = j % w < a.cols ? a.v[j % w] : 0;
    } else if (h < w) {
        out = Dense::matrix(a.rows * r, a.cols, out.tile);
        for (uint32_t i = 0; i < a.rows; i++)
            for (uint32_t j = 0; j < a.cols; j++) out.at(i * r, j) = a.at(i, j);
    } else {
        out = Dense::matrix((a.rows + r - 1) / r, h, out.tile);
        for (uint32_t i = 0; i < a.rows; i++)
            for (uint32_t j = 0; j < a.cols; j++) out.at(i / r, i % r * w + j) = a.at(i, j);
    }
    return out;
}

} // namespace sable_test
