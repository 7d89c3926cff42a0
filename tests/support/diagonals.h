/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TESTS_DIAGONALS_H
#define SABLE_TESTS_DIAGONALS_H
/* Linear maps on slots for tests. */
#include "support/ckks_fixture.h"

#include <map>

extern "C" {
#include "ckks/diagonals.h"
}

namespace sable_test {

/* Owns diagonals made from index -> values. */
struct Map {
    using List = std::map<int64_t, Values>;
    Map(uint32_t count, const List &list, bool is_complex) : slots(count) {
        std::vector<std::vector<double>> numbers;
        std::vector<sable_diagonal> from;
        for (const auto &entry : list) {
            std::vector<double> v;
            for (const auto &z : entry.second) {
                v.push_back(z.real());
                if (is_complex) v.push_back(z.imag());
            }
            numbers.push_back(v);
            from.push_back({entry.first, nullptr});
        }
        for (size_t i = 0; i < from.size(); i++) from[i].values = numbers[i].data();
        sable_error err{};
        status = sable_diagonals_create(&d, slots, from.data(), from.size(), is_complex, &err);
        text = err.text;
    }
    Map(uint32_t count, const std::vector<double> &matrix, uint32_t rows, uint32_t cols) : slots(count) {
        sable_error err{};
        status = sable_diagonals_matrix(&d, slots, matrix.data(), rows, cols, &err);
        text = err.text;
    }
    ~Map() { sable_diagonals_destroy(&d); }
    Map(const Map &) = delete;
    Map &operator=(const Map &) = delete;
    operator sable_diagonals *() const { return d; }

    /* Of every member. */
    Values apply(const Values &x) const {
        Values y(x.size());
        for (size_t i = 0; i < x.size(); i += slots)
            sable_diagonals_apply(d, reinterpret_cast<double *>(&y[i]), reinterpret_cast<const double *>(&x[i]));
        return y;
    }
    uint32_t slots;
    sable_diagonals *d = nullptr;
    sable_status status;
    std::string text;
};

} // namespace sable_test
#endif
