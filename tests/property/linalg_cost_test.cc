/* SPDX-License-Identifier: Apache-2.0 */
/* What each function of sable/linalg.h costs: levels, rotations, keys and products, as its header says, and no more. */
#include "support/circuit_run.h"

#include <functional>

extern "C" {
#include "sable/linalg.h"
}

using namespace sable_test;

namespace {

constexpr uint32_t slots = 512;

struct Cost {
    uint32_t depth, rotations, products, masks, relinearizations;
    size_t keys; /* rotations by different steps, and the relinearisation key */
    friend bool operator==(const Cost &a, const Cost &b) {
        return a.depth == b.depth && a.rotations == b.rotations && a.products == b.products && a.masks == b.masks &&
               a.relinearizations == b.relinearizations && a.keys == b.keys;
    }
    friend std::ostream &operator<<(std::ostream &out, const Cost &c) {
        return out << "depth " << c.depth << ", rotations " << c.rotations << ", products " << c.products << ", masks "
                   << c.masks << ", relinearisations " << c.relinearizations << ", keys " << c.keys;
    }
};

using Build = std::function<const sable_matrix *(sable_circuit *)>;

class LinalgCost : public testing::Test {
  protected:
    void SetUp() override {
        sable_error err{};
        sable_params_options insecure = {};
        insecure.struct_size = sizeof insecure;
        insecure.allow_insecure = true;
        ASSERT_EQ(sable_params_load(&params, "T10", &insecure, &err), SABLE_OK) << err.text;
    }
    void TearDown() override { sable_params_destroy(&params); }

    Cost cost(const Build &build) {
        Circuit c(slots);
        sable_matrix_output(c, "r", build(c));
        EXPECT_EQ(c.text(), "");
        Program p(c, params);
        EXPECT_EQ(p.text, "");
        const sable_op_count n = p.count();
        EXPECT_EQ(n.adjust, 0u) << "inputs enter where they are needed";
        return {p.info().depth, n.rotate, n.mul, n.mul_plain, n.relinearize, key_count(p, params)};
    }
    /* Levels of the inputs above the result. */
    std::vector<uint32_t> levels(const Build &build) {
        Circuit c(slots);
        sable_matrix_output(c, "r", build(c));
        Program p(c, params);
        EXPECT_EQ(p.text, "");
        std::vector<uint32_t> r;
        for (size_t i = 0; i < p.info().inputs; i++) r.push_back(p.input_level(i) - p.output_level(0));
        return r;
    }

    sable_params *params = nullptr;
};

/* Small bounds: no level is taken for the size of values. */
constexpr double small = 0x1p-8;
const sable_matrix *matrix(sable_circuit *c, const char *name, uint32_t f, uint32_t g, sable_tile t) {
    return sable_matrix_input(c, name, SABLE_MATRIX, f, g, t, small);
}
const sable_matrix *row(sable_circuit *c, const char *name, uint32_t f, sable_tile t) {
    return sable_matrix_input(c, name, SABLE_ROW_VECTOR, f, 1, t, small);
}
const sable_matrix *col(sable_circuit *c, const char *name, uint32_t g, sable_tile t) {
    return sable_matrix_input(c, name, SABLE_COL_VECTOR, 1, g, t, small);
}

sable_tile exchanged(sable_tile t) { return {t.width, t.height}; }
constexpr sable_tile wide = {16, 32}, tall = {32, 16}, flat = {4, 128};

/* {levels, rotations, products, masks, relinearisations, keys} */
TEST_F(LinalgCost, Sums) {
    EXPECT_EQ(cost([](auto c) { return sable_matrix_sum_rows(c, matrix(c, "m", 11, 20, wide)); }),
              (Cost{0, 4, 0, 0, 0, 4}));
    EXPECT_EQ(cost([](auto c) { return sable_matrix_sum_cols(c, matrix(c, "m", 11, 20, wide), 0.5); }),
              (Cost{1, 10, 0, 1, 0, 10}));
    /* 3 x 2 tiles: tiles are added first, a column or row of them is rotated once. */
    EXPECT_EQ(cost([](auto c) { return sable_matrix_sum_rows(c, matrix(c, "m", 40, 40, wide)); }),
              (Cost{0, 8, 0, 0, 0, 4}));
    EXPECT_EQ(cost([](auto c) { return sable_matrix_sum_cols(c, matrix(c, "m", 40, 40, wide), 2); }),
              (Cost{1, 30, 0, 3, 0, 10}));
    EXPECT_EQ(cost([](auto c) { return sable_matrix_sum_rows(c, matrix(c, "m", 30, 16, tall)); }),
              (Cost{0, 5, 0, 0, 0, 5}));
    EXPECT_EQ(cost([](auto c) { return sable_matrix_sum_cols(c, matrix(c, "m", 30, 16, tall), 1); }),
              (Cost{1, 8, 0, 1, 0, 8}));
}

TEST_F(LinalgCost, SumsOfManyTakeOneRotationSum) {
    EXPECT_EQ(cost([](auto c) {
                  const sable_matrix *list[] = {matrix(c, "a", 11, 20, wide), matrix(c, "b", 3, 20, wide)};
                  return sable_matrix_sum_rows_many(c, list, 2);
              }),
              (Cost{0, 4, 0, 0, 0, 4}));
    /* Z v + G p: two products of different inner lengths, one relinearisation, one mask. */
    EXPECT_EQ(cost([](auto c) {
                  const sable_matrix *list[] = {
                      sable_matrix_hadamard(c, matrix(c, "z", 11, 30, wide), col(c, "v", 30, wide)),
                      sable_matrix_hadamard(c, matrix(c, "g", 11, 9, wide), col(c, "p", 9, wide))};
                  return sable_matrix_sum_cols_many(c, list, 2, 0.25);
              }),
              (Cost{2, 10, 2, 1, 1, 11}));
}

TEST_F(LinalgCost, ProductsWithVectors) {
    EXPECT_EQ(
        cost([](auto c) { return sable_matrix_multiply(c, row(c, "y", 11, wide), matrix(c, "m", 11, 20, wide), 1); }),
        (Cost{1, 4, 1, 0, 1, 5}));
    EXPECT_EQ(
        cost([](auto c) { return sable_matrix_multiply(c, matrix(c, "m", 11, 20, wide), col(c, "x", 20, wide), 3); }),
        (Cost{2, 10, 1, 1, 1, 11}));
    /* 3 x 2 tiles: products of a row of tiles are added before they are relinearised. */
    EXPECT_EQ(
        cost([](auto c) { return sable_matrix_multiply(c, row(c, "y", 40, wide), matrix(c, "m", 40, 40, wide), 1); }),
        (Cost{1, 8, 6, 0, 2, 5}));
    EXPECT_EQ(
        cost([](auto c) { return sable_matrix_multiply(c, matrix(c, "m", 40, 40, wide), col(c, "x", 40, wide), 1); }),
        (Cost{2, 30, 6, 3, 3, 11}));
}

TEST_F(LinalgCost, Mixed) {
    EXPECT_EQ(cost([](auto c) { return sable_matrix_sum_rows_mixed(c, matrix(c, "m", 16, 16, wide)); }),
              (Cost{0, 5, 0, 0, 0, 5}));
    EXPECT_EQ(cost([](auto c) {
                  return sable_matrix_multiply_mixed(c, row(c, "y", 16, wide), matrix(c, "m", 16, 9, wide), 1);
              }),
              (Cost{1, 5, 1, 0, 1, 6}));
    EXPECT_EQ(cost([](auto c) {
                  return sable_matrix_multiply_mixed(c, matrix(c, "m", 16, 9, wide), col(c, "x", 9, tall), 1);
              }),
              (Cost{2, 10, 1, 1, 1, 11}));
    EXPECT_EQ(cost([](auto c) { return sable_matrix_transpose_tile(c, row(c, "y", 16, wide)); }),
              (Cost{0, 0, 0, 0, 0, 0}));
}

/* One level and 1 + log2(m) rotations, two levels and 1 + 2 log2(m) for n = 2m; without the 1 in square tiles. */
TEST_F(LinalgCost, Converters) {
    EXPECT_EQ(cost([](auto c) { return sable_matrix_row_to_col(c, row(c, "y", 30, tall), 1); }),
              (Cost{1, 5, 0, 2, 0, 5}));
    EXPECT_EQ(cost([](auto c) { return sable_matrix_col_to_row(c, col(c, "x", 30, wide), 1); }),
              (Cost{2, 9, 0, 3, 0, 9}));
    EXPECT_EQ(cost([](auto c) { return sable_matrix_row_to_col(c, row(c, "y", 16, wide), 1); }),
              (Cost{1, 4, 0, 1, 0, 4}));
    EXPECT_EQ(cost([](auto c) { return sable_matrix_col_to_row(c, col(c, "x", 16, tall), 1); }),
              (Cost{2, 9, 0, 2, 0, 9}));
    EXPECT_EQ(cost([](auto c) { return sable_matrix_row_to_col(c, row(c, "y", 128, exchanged(flat)), 1); }),
              (Cost{1, 33, 0, 32, 0, 33}));
    /* Few values agree after few rotations. */
    EXPECT_EQ(cost([](auto c) { return sable_matrix_row_to_col(c, row(c, "y", 4, exchanged(flat)), 1); }),
              (Cost{1, 5, 0, 4, 0, 5}));
    EXPECT_EQ(cost([](auto c) {
                  return sable_matrix_row_to_col(c, row(c, "y", 300, {512, 1}), 1);
              }),
              (Cost{0, 0, 0, 0, 0, 0}));
}

/* Depth 3; for each k: 3 multiplications and 1 + log2(m) + log2(n) rotations, of which the first k has no 1. */
TEST_F(LinalgCost, ProductsOfMatrices) {
    const Build row_major = [](auto c) {
        const sable_matrix *at = matrix(c, "at", 10, 5, wide), *b = matrix(c, "b", 10, 20, wide);
        return sable_matrix_multiply_row_major(c, at, b, 0.5);
    };
    EXPECT_EQ(cost(row_major), (Cost{3, 5 * (1 + 4 + 5) - 1, 5, 10, 5, 1 + 4 + 5 + 4}));
    EXPECT_EQ(levels(row_major), (std::vector<uint32_t>{3, 2}));
    const Build col_major = [](auto c) {
        const sable_matrix *a = matrix(c, "a", 10, 20, wide), *bt = matrix(c, "bt", 5, 20, wide);
        return sable_matrix_multiply_col_major(c, a, bt, 0.5);
    };
    EXPECT_EQ(cost(col_major), (Cost{3, 5 * (1 + 4 + 5) - 1, 5, 10, 5, 1 + 4 + 5 + 4}));
    EXPECT_EQ(levels(col_major), (std::vector<uint32_t>{2, 3}));
    const Build mixed = [](auto c) {
        const sable_matrix *at = matrix(c, "at", 30, 5, tall), *b = matrix(c, "b", 30, 16, tall);
        return sable_matrix_multiply_row_major_mixed(c, at, b, 1);
    };
    EXPECT_EQ(cost(mixed), (Cost{3, 5 * (1 + 4 + 5) - 1, 5, 10, 5, 1 + 4 + 5 + 4}));
    EXPECT_EQ(levels(mixed), (std::vector<uint32_t>{3, 2}));
    const Build mixed_col = [](auto c) {
        const sable_matrix *a = matrix(c, "a", 10, 16, wide), *bt = matrix(c, "bt", 5, 16, tall);
        return sable_matrix_multiply_col_major_mixed(c, a, bt, 1);
    };
    EXPECT_EQ(levels(mixed_col), (std::vector<uint32_t>{2, 3}));
}

TEST_F(LinalgCost, ElementsNeedNoRotationAndConstantsNoLevel) {
    EXPECT_EQ(cost([](auto c) {
                  const sable_matrix *m = matrix(c, "m", 11, 20, wide);
                  const std::vector<double> numbers(220, 0.25);
                  m = sable_matrix_sub_values(c, sable_matrix_add_scalar(c, m, 0.5), numbers.data());
                  return sable_matrix_negate(c, sable_matrix_add(c, m, m));
              }),
              (Cost{0, 0, 0, 0, 0, 0}));
    EXPECT_EQ(cost([](auto c) { return sable_matrix_square(c, matrix(c, "m", 11, 20, wide)); }),
              (Cost{1, 0, 1, 0, 1, 1}));
    EXPECT_EQ(
        cost([](auto c) { return sable_matrix_hadamard(c, row(c, "y", 11, wide), matrix(c, "m", 11, 20, wide)); }),
        (Cost{1, 0, 1, 0, 1, 1}));
}

/* Replicas and disjoint parts do not grow: a chain of masked sums stays at the bound of its elements. */
TEST_F(LinalgCost, BoundsAreThoseOfTheElements) {
    Circuit c(slots);
    const auto bound = [](const sable_matrix *m) {
        sable_matrix_info info = {};
        info.struct_size = sizeof info;
        EXPECT_EQ(sable_matrix_describe(m, &info), SABLE_OK);
        return info.bound / small;
    };
    const sable_matrix *m = matrix(c, "m", 20, 40, wide), *y = row(c, "y", 20, tall);
    EXPECT_EQ(bound(sable_matrix_sum_cols(c, m, 1)), 64); /* two tiles of 32 columns */
    EXPECT_EQ(bound(sable_matrix_sum_cols(c, m, 0.25)), 16);
    EXPECT_EQ(bound(sable_matrix_sum_rows(c, m)), 32); /* two tiles of 16 rows */
    EXPECT_EQ(bound(sable_matrix_sum_rows(c, matrix(c, "n", 5, 40, wide))), 5);
    EXPECT_EQ(bound(sable_matrix_row_to_col(c, y, 1)), 1);
    EXPECT_EQ(bound(sable_matrix_col_to_row(c, sable_matrix_row_to_col(c, y, 1), 2)), 2);
    EXPECT_EQ(c.text(), "");
}

} // namespace
