/* SPDX-License-Identifier: Apache-2.0 */
/* What sable/linalg.h refuses: the code, and a sentence that names the operands with their numbers. */
#include "support/circuit_run.h"

#include <cmath>
#include <functional>

extern "C" {
#include "sable/linalg.h"
}

using namespace sable_test;

namespace {

constexpr uint32_t slots = 32;
constexpr sable_tile wide = {4, 8}, tall = {8, 4}, flat = {2, 16};

/* Operands in many shapes; the names say which. */
struct Operands {
    explicit Operands(sable_circuit *c)
        : m57(in(c, "m57", SABLE_MATRIX, 5, 7, wide)), m56(in(c, "m56", SABLE_MATRIX, 5, 6, wide)),
          m47(in(c, "m47", SABLE_MATRIX, 4, 7, wide)), m53(in(c, "m53", SABLE_MATRIX, 5, 3, wide)),
          m57_flat(in(c, "m57_flat", SABLE_MATRIX, 5, 7, flat)), m53_tall(in(c, "m53_tall", SABLE_MATRIX, 5, 3, tall)),
          m57_tall(in(c, "m57_tall", SABLE_MATRIX, 5, 7, tall)), row5(in(c, "row5", SABLE_ROW_VECTOR, 5, 1, wide)),
          row6(in(c, "row6", SABLE_ROW_VECTOR, 6, 1, wide)),
          row5_tall(in(c, "row5_tall", SABLE_ROW_VECTOR, 5, 1, tall)),
          col7(in(c, "col7", SABLE_COL_VECTOR, 1, 7, wide)), col6(in(c, "col6", SABLE_COL_VECTOR, 1, 6, wide)),
          col7_flat(in(c, "col7_flat", SABLE_COL_VECTOR, 1, 7, flat)),
          col3_tall(in(c, "col3_tall", SABLE_COL_VECTOR, 1, 3, tall)),
          col9_tall(in(c, "col9_tall", SABLE_COL_VECTOR, 1, 9, tall)) {}
    static const sable_matrix *in(sable_circuit *c, const char *name, sable_format format, uint32_t rows, uint32_t cols,
                                  sable_tile tile) {
        return sable_matrix_input(c, name, format, rows, cols, tile, 2);
    }
    const sable_matrix *m57, *m56, *m47, *m53, *m57_flat, *m53_tall, *m57_tall, *row5, *row6, *row5_tall, *col7, *col6,
        *col7_flat, *col3_tall, *col9_tall;
};

using Call = std::function<const sable_matrix *(sable_circuit *, const Operands &)>;
struct Case {
    sable_status status;
    std::vector<std::string> words; /* in the sentence */
    Call call;
};

const char *const A = "matrix 5 x 7 in tiles 4 x 8";

void expect_refused(const std::vector<Case> &cases) {
    for (size_t k = 0; k < cases.size(); k++) {
        Circuit c(slots);
        const Operands o(c);
        ASSERT_EQ(c.text(), "");
        EXPECT_EQ(cases[k].call(c, o), nullptr) << "case " << k;
        EXPECT_EQ(c.status(), cases[k].status) << "case " << k << ": " << c.text();
        for (const std::string &word : cases[k].words)
            EXPECT_NE(c.text().find(word), std::string::npos) << "case " << k << ": " << c.text();
        const std::string first = c.text();
        EXPECT_EQ(sable_matrix_negate(c, o.m57), nullptr) << "the build has failed";
        EXPECT_EQ(c.text(), first) << "the first error stays";
    }
}

TEST(LinalgRefusal, ElementsOfDifferentShapes) {
    expect_refused({
        {SABLE_INVALID,
         {"add: ", A, "matrix 5 x 6 in tiles 4 x 8"},
         [](auto c, auto &o) { return sable_matrix_add(c, o.m57, o.m56); }},
        {SABLE_INVALID,
         {"sub: ", A, "matrix 4 x 7 in tiles 4 x 8"},
         [](auto c, auto &o) { return sable_matrix_sub(c, o.m57, o.m47); }},
        {SABLE_INVALID,
         {A, "matrix 5 x 7 in tiles 2 x 16"},
         [](auto c, auto &o) { return sable_matrix_add(c, o.m57, o.m57_flat); }},
        {SABLE_INVALID,
         {A, "row vector of 5 in tiles 4 x 8"},
         [](auto c, auto &o) { return sable_matrix_add(c, o.m57, o.row5); }},
        {SABLE_INVALID,
         {"row vector of 5", "row vector of 6"},
         [](auto c, auto &o) { return sable_matrix_add(c, o.row5, o.row6); }},
        {SABLE_INVALID,
         {"add_many", A, "matrix 5 x 6"},
         [](auto c, auto &o) {
             const sable_matrix *list[] = {o.m57, o.m57, o.m56};
             return sable_matrix_add_many(c, list, 3);
         }},
        {SABLE_INVALID, {"add_many", "empty"}, [](auto c, auto &) { return sable_matrix_add_many(c, nullptr, 0); }},
        {SABLE_INVALID,
         {"hadamard", A, "matrix 5 x 6"},
         [](auto c, auto &o) { return sable_matrix_hadamard(c, o.m57, o.m56); }},
        {SABLE_INVALID,
         {"row vector of 6", A, "each row"},
         [](auto c, auto &o) { return sable_matrix_hadamard(c, o.row6, o.m57); }},
        {SABLE_INVALID,
         {A, "column vector of 6", "each column"},
         [](auto c, auto &o) { return sable_matrix_hadamard(c, o.m57, o.col6); }},
        {SABLE_INVALID,
         {A, "in tiles 2 x 16"},
         [](auto c, auto &o) { return sable_matrix_hadamard(c, o.m57, o.col7_flat); }},
        {SABLE_INVALID,
         {"row vector of 5", "before"},
         [](auto c, auto &o) { return sable_matrix_hadamard(c, o.m57, o.row5); }},
        {SABLE_INVALID,
         {"row vector", "column vector"},
         [](auto c, auto &o) { return sable_matrix_hadamard(c, o.row5, o.col7); }},
        {SABLE_DATA, {"not finite"}, [](auto c, auto &o) { return sable_matrix_add_scalar(c, o.m57, NAN); }},
        {SABLE_DATA, {"not finite"}, [](auto c, auto &o) { return sable_matrix_mul_scalar(c, o.m57, INFINITY); }},
        {SABLE_INVALID, {"add_values", A}, [](auto c, auto &o) { return sable_matrix_add_values(c, o.m57, nullptr); }},
        {SABLE_INVALID, {"square", "NULL"}, [](auto c, auto &) { return sable_matrix_square(c, nullptr); }},
        {SABLE_INVALID, {"poly", A}, [](auto c, auto &o) { return sable_matrix_poly(c, o.m57, nullptr); }},
    });
}

TEST(LinalgRefusal, SumsAndProductsThatDoNotFit) {
    expect_refused({
        {SABLE_INVALID,
         {"sum_rows", "row vector of 5"},
         [](auto c, auto &o) { return sable_matrix_sum_rows(c, o.row5); }},
        {SABLE_INVALID,
         {"sum_cols", "column vector of 7"},
         [](auto c, auto &o) { return sable_matrix_sum_cols(c, o.col7, 1); }},
        {SABLE_DATA, {"sum_cols", "nan"}, [](auto c, auto &o) { return sable_matrix_sum_cols(c, o.m57, NAN); }},
        {SABLE_INVALID,
         {A, "matrix 5 x 6", "columns"},
         [](auto c, auto &o) {
             const sable_matrix *list[] = {o.m57, o.m56};
             return sable_matrix_sum_rows_many(c, list, 2);
         }},
        {SABLE_INVALID,
         {A, "matrix 4 x 7", "rows"},
         [](auto c, auto &o) {
             const sable_matrix *list[] = {o.m57, o.m47};
             return sable_matrix_sum_cols_many(c, list, 2, 1);
         }},
        {SABLE_INVALID,
         {A, "in tiles 2 x 16", "tiles"},
         [](auto c, auto &o) {
             const sable_matrix *list[] = {o.m57, o.m57_flat};
             return sable_matrix_sum_rows_many(c, list, 2);
         }},
        {SABLE_INVALID,
         {"sum_rows", "NULL"},
         [](auto c, auto &o) {
             const sable_matrix *list[] = {o.m57, nullptr};
             return sable_matrix_sum_rows_many(c, list, 2);
         }},
        {SABLE_INVALID,
         {"row vector of 6", A},
         [](auto c, auto &o) { return sable_matrix_multiply(c, o.row6, o.m57, 1); }},
        {SABLE_INVALID,
         {"row vector of 5", A, "factor"},
         [](auto c, auto &o) { return sable_matrix_multiply(c, o.row5, o.m57, 2); }},
        {SABLE_INVALID,
         {"row vector of 5 in tiles 8 x 4", A},
         [](auto c, auto &o) { return sable_matrix_multiply(c, o.row5_tall, o.m57, 1); }},
        {SABLE_INVALID,
         {A, "column vector of 6"},
         [](auto c, auto &o) { return sable_matrix_multiply(c, o.m57, o.col6, 1); }},
        {SABLE_INVALID, {A, "2 x 16"}, [](auto c, auto &o) { return sable_matrix_multiply(c, o.m57, o.col7_flat, 1); }},
        {SABLE_INVALID,
         {"column vector of 7", A},
         [](auto c, auto &o) { return sable_matrix_multiply(c, o.col7, o.m57, 1); }},
        {SABLE_INVALID, {A, "matrix 5 x 6"}, [](auto c, auto &o) { return sable_matrix_multiply(c, o.m57, o.m56, 1); }},
        {SABLE_INVALID,
         {A, "matrix 4 x 7", "rows"},
         [](auto c, auto &o) { return sable_matrix_multiply_row_major(c, o.m57, o.m47, 1); }},
        {SABLE_INVALID,
         {A, "2 x 16"},
         [](auto c, auto &o) { return sable_matrix_multiply_row_major(c, o.m57, o.m57_flat, 1); }},
        {SABLE_INVALID,
         {A, "row vector"},
         [](auto c, auto &o) { return sable_matrix_multiply_row_major(c, o.m57, o.row5, 1); }},
        {SABLE_DATA,
         {"inf"},
         [](auto c, auto &o) { return sable_matrix_multiply_row_major(c, o.m57, o.m56, INFINITY); }},
        {SABLE_INVALID,
         {A, "matrix 5 x 6", "columns"},
         [](auto c, auto &o) { return sable_matrix_multiply_col_major(c, o.m57, o.m56, 1); }},
        {SABLE_INVALID,
         {A, "8 x 4"},
         [](auto c, auto &o) { return sable_matrix_multiply_col_major(c, o.m57, o.m57_tall, 1); }},
    });
}

TEST(LinalgRefusal, ExchangedTilesThatDoNotFit) {
    expect_refused({
        {SABLE_INVALID, {"transpose_tile", A}, [](auto c, auto &o) { return sable_matrix_transpose_tile(c, o.m57); }},
        {SABLE_INVALID,
         {"row vector of 5 in tiles 8 x 4"},
         [](auto c, auto &o) { return sable_matrix_transpose_tile(c, o.row5_tall); }},
        {SABLE_INVALID, {"column vector of 7"}, [](auto c, auto &o) { return sable_matrix_transpose_tile(c, o.col7); }},
        {SABLE_INVALID,
         {"column vector of 9"},
         [](auto c, auto &o) { return sable_matrix_transpose_tile(c, o.col9_tall); }},
        {SABLE_INVALID, {"sum_rows_mixed", A}, [](auto c, auto &o) { return sable_matrix_sum_rows_mixed(c, o.m57); }},
        {SABLE_INVALID, {"8 x 4"}, [](auto c, auto &o) { return sable_matrix_sum_rows_mixed(c, o.m53_tall); }},
        {SABLE_INVALID,
         {A, "column vector of 3"},
         [](auto c, auto &o) { return sable_matrix_multiply_mixed(c, o.m57, o.col3_tall, 1); }},
        {SABLE_INVALID,
         {"matrix 5 x 3", "column vector of 7"},
         [](auto c, auto &o) { return sable_matrix_multiply_mixed(c, o.m53, o.col7, 1); }},
        {SABLE_INVALID,
         {"row vector of 5", A},
         [](auto c, auto &o) { return sable_matrix_multiply_mixed(c, o.row5, o.m57, 1); }},
        {SABLE_INVALID,
         {"row vector of 6", "matrix 5 x 3"},
         [](auto c, auto &o) { return sable_matrix_multiply_mixed(c, o.row6, o.m53, 1); }},
        {SABLE_INVALID, {"factor"}, [](auto c, auto &o) { return sable_matrix_multiply_mixed(c, o.row5, o.m53, 2); }},
        {SABLE_INVALID,
         {"matrix 5 x 3", "row vector"},
         [](auto c, auto &o) { return sable_matrix_multiply_mixed(c, o.m53, o.row5, 1); }},
        {SABLE_INVALID,
         {A, "matrix 5 x 3", "tall"},
         [](auto c, auto &o) { return sable_matrix_multiply_row_major_mixed(c, o.m57, o.m53, 1); }},
        {SABLE_INVALID,
         {"matrix 5 x 7 in tiles 8 x 4"},
         [](auto c, auto &o) { return sable_matrix_multiply_row_major_mixed(c, o.m57_tall, o.m53_tall, 1); }},
        {SABLE_INVALID,
         {"exchanged"},
         [](auto c, auto &o) { return sable_matrix_multiply_col_major_mixed(c, o.m57, o.m57, 1); }},
        {SABLE_INVALID,
         {A, "matrix 5 x 7 in tiles 8 x 4"},
         [](auto c, auto &o) { return sable_matrix_multiply_col_major_mixed(c, o.m57, o.m57_tall, 1); }},
        {SABLE_INVALID,
         {"row_to_col", "column vector of 7"},
         [](auto c, auto &o) { return sable_matrix_row_to_col(c, o.col7, 1); }},
        {SABLE_INVALID, {"col_to_row", A}, [](auto c, auto &o) { return sable_matrix_col_to_row(c, o.m57, 1); }},
        {SABLE_DATA, {"row_to_col", "nan"}, [](auto c, auto &o) { return sable_matrix_row_to_col(c, o.row5, NAN); }},
    });
}

TEST(LinalgRefusal, ShapesTilesAndNames) {
    const auto in = [](sable_format f, uint32_t rows, uint32_t cols, sable_tile t) {
        return [=](auto c, auto &) { return sable_matrix_input(c, "x", f, rows, cols, t, 1); };
    };
    expect_refused({
        {SABLE_INVALID, {"tile of 3 x 8"}, in(SABLE_MATRIX, 5, 7, {3, 8})},
        {SABLE_INVALID, {"4 x 0"}, in(SABLE_MATRIX, 5, 7, {4, 0})},
        {SABLE_INVALID, {"4 x 4", "16 slots", "has 32"}, in(SABLE_MATRIX, 5, 7, {4, 4})},
        {SABLE_INVALID, {"65536 x 65536"}, in(SABLE_MATRIX, 5, 7, {65536, 65536})},
        {SABLE_INVALID, {"0 x 7"}, in(SABLE_MATRIX, 0, 7, wide)},
        {SABLE_INVALID, {"row vector", "5 x 2"}, in(SABLE_ROW_VECTOR, 5, 2, wide)},
        {SABLE_INVALID, {"column vector", "2 x 5"}, in(SABLE_COL_VECTOR, 2, 5, wide)},
        {SABLE_INVALID, {"format 0"}, in(static_cast<sable_format>(0), 5, 7, wide)},
        {SABLE_LIMIT, {"tiles, at most"}, in(SABLE_MATRIX, 4000000000u, 4000000000u, wide)},
        {SABLE_INVALID,
         {"m57"},
         [](auto c, auto &) {
             return sable_matrix_input(c, "m57", SABLE_MATRIX, 1, 1, wide, 1),
                    sable_matrix_input(c, "m57", SABLE_MATRIX, 1, 1, wide, 1);
         }},
        {SABLE_INVALID,
         {"bytes"},
         [](auto c, auto &) {
             return sable_matrix_input(c, "a name that leaves no room", SABLE_MATRIX, 400, 400, wide, 1);
         }},
        {SABLE_INVALID,
         {"bytes"},
         [](auto c, auto &) { return sable_matrix_input(c, nullptr, SABLE_MATRIX, 4, 4, wide, 1); }},
        {SABLE_INVALID,
         {"bound"},
         [](auto c, auto &) { return sable_matrix_input(c, "x", SABLE_MATRIX, 4, 4, wide, 0); }},
        {SABLE_INVALID,
         {"from_nodes"},
         [](auto c, auto &) { return sable_matrix_from_nodes(c, SABLE_MATRIX, 4, 4, wide, nullptr); }},
        {SABLE_INVALID,
         {"from_nodes", "no value"},
         [](auto c, auto &) {
             const sable_node nodes[] = {1, 1000};
             return sable_matrix_from_nodes(c, SABLE_MATRIX, 4, 9, wide, nodes);
         }},
        {SABLE_INVALID,
         {"another circuit"},
         [](auto c, auto &) {
             Circuit other(slots);
             return sable_matrix_negate(c, sable_matrix_input(other, "x", SABLE_MATRIX, 5, 7, wide, 1));
         }},
        {SABLE_INVALID,
         {"declare", "-1"},
         [](auto c, auto &o) -> const sable_matrix * {
             sable_matrix_declare(c, o.m57, -1);
             return nullptr;
         }},
    });
    EXPECT_EQ(sable_matrix_tile_node(nullptr, 0, 0), SABLE_NODE_NONE);
    Circuit c(slots);
    const Operands o(c);
    EXPECT_NE(sable_matrix_tile_node(o.m57, 1, 0), SABLE_NODE_NONE);
    EXPECT_EQ(sable_matrix_tile_node(o.m57, 2, 0), SABLE_NODE_NONE);
    EXPECT_EQ(sable_matrix_tile_node(o.m57, 0, 1), SABLE_NODE_NONE);
    sable_matrix_info info = {};
    EXPECT_EQ(sable_matrix_describe(o.m57, &info), SABLE_INVALID) << "struct_size is 0";
}

TEST(LinalgRefusal, PackingOfTilesThatAreNotThere) {
    sable_error err{};
    std::vector<double> values(35, 1), s(slots);
    EXPECT_EQ(sable_matrix_pack(SABLE_MATRIX, 5, 7, wide, 2, 0, values.data(), s.data(), &err), SABLE_INVALID);
    EXPECT_NE(std::string(err.text).find("tile (2, 0) of 5 x 7"), std::string::npos) << err.text;
    EXPECT_EQ(sable_matrix_unpack(SABLE_MATRIX, 5, 7, wide, 0, 1, s.data(), values.data(), &err), SABLE_INVALID);
    EXPECT_EQ(sable_matrix_pack(SABLE_MATRIX, 5, 7, {4, 7}, 0, 0, values.data(), s.data(), &err), SABLE_INVALID);
    EXPECT_EQ(sable_matrix_pack(SABLE_MATRIX, 5, 7, wide, 0, 0, nullptr, s.data(), &err), SABLE_INVALID);
    EXPECT_EQ(sable_matrix_unpack(SABLE_MATRIX, 5, 7, wide, 0, 0, s.data(), nullptr, &err), SABLE_INVALID);
}

/* Padding is 0: a polynomial on [1, 3] has no value there. Where every slot is an element it is taken. */
TEST(LinalgRefusal, PolynomialsThatDoNotKnowZero) {
    sable_error err{};
    sable_poly *poly = nullptr;
    const double coefficient[] = {1, 2, 1};
    ASSERT_EQ(sable_poly_powers(&poly, coefficient, 3, 1, 3, &err), SABLE_OK) << err.text;
    expect_refused(
        {{SABLE_BOUND, {"5 x 7", "[1, 3]"}, [&](auto c, auto &o) { return sable_matrix_poly(c, o.m57, poly); }}});
    Circuit c(slots);
    EXPECT_NE(sable_matrix_poly(c, sable_matrix_input(c, "x", SABLE_MATRIX, 8, 16, wide, 3), poly), nullptr)
        << c.text();
    EXPECT_EQ(sable_matrix_poly(c, sable_matrix_input(c, "y", SABLE_MATRIX, 8, 16, wide, 4), poly), nullptr);
    EXPECT_EQ(c.status(), SABLE_BOUND) << c.text();
    sable_poly_destroy(&poly);
}

/* What only a program can know: levels and keys, refused before any work. */
TEST(LinalgRefusal, LevelsAndKeys) {
    KitOptions bare;
    bare.keys = false;
    bare.threads = 1;
    Kit kit("T10", bare);
    Circuit c(slots);
    const sable_matrix *m = sable_matrix_input(c, "m", SABLE_MATRIX, 4, 8, wide, 0.25),
                       *x = sable_matrix_input(c, "x", SABLE_COL_VECTOR, 1, 8, wide, 0.25);
    sable_matrix_output(c, "r", sable_matrix_multiply(c, m, x, 1));
    const sable_lowering high = lowering(0, kit.top() - 1);
    Program low(c, kit.params, &high);
    EXPECT_EQ(low.status, SABLE_LEVEL);
    EXPECT_NE(low.text.find("level " + std::to_string(kit.top() + 1)), std::string::npos) << low.text;
    Program p(c, kit.params);
    ASSERT_EQ(p.status, SABLE_OK) << p.text;
    Ct a = kit.encrypt(Values(slots, 0.125), p.input_level(0), 1, slots),
       b = kit.encrypt(Values(slots, 0.125), p.input_level(1), 1, slots), out(kit);
    const sable_ct *from[] = {a, b};
    sable_ct *to = out;
    EXPECT_EQ(sable_program_run(kit.queue, p, &to, 1, from, 2, nullptr), SABLE_NO_KEY);
    const std::string text = sable_queue_error(kit.queue);
    for (const char *word : {"7 keys", "relinearisation", "rotation by 1", "rotation by 4", "rotation by 31"})
        EXPECT_NE(text.find(word), std::string::npos) << text;
    EXPECT_EQ(out->data, nullptr);
}

} // namespace
