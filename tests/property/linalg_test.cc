/* SPDX-License-Identifier: Apache-2.0 */
/* Encrypted linear algebra: random circuits of matrix operations in the clear against matrix code by the definitions, in every slot, padding and replicas
 * included, and the same circuits on ciphertexts. */
#include "support/circuit_run.h"
#include "support/dense.h"

#include <cmath>
#include <cstdlib>

using namespace sable_test;

namespace {

/* A matrix of the circuit, and what it is to be. */
struct Value {
    const sable_matrix *m;
    Dense d;
    uint32_t depth; /* levels below the inputs, at least */
    double bound() const {
        sable_matrix_info info = {};
        info.struct_size = sizeof info;
        EXPECT_EQ(sable_matrix_describe(m, &info), SABLE_OK);
        return info.bound;
    }
};

/* All tiles of a matrix, padding and replicas included. */
std::vector<Values> pack(const Dense &d) {
    std::vector<Values> r;
    std::vector<double> slots(d.tile.height * d.tile.width);
    sable_error err{};
    for (uint32_t i = 0; i * d.tile.height < d.rows; i++)
        for (uint32_t j = 0; j * d.tile.width < d.cols; j++) {
            EXPECT_EQ(sable_matrix_pack(d.format, d.rows, d.cols, d.tile, i, j, d.v.data(), slots.data(), &err),
                      SABLE_OK)
                << err.text;
            r.emplace_back(slots.begin(), slots.end());
        }
    return r;
}

/* A circuit that grows by random operations on what is there. */
class Garden {
  public:
    Garden(uint32_t slot_count, uint64_t seed, uint32_t depth, double bound)
        : circuit(slot_count), slots(slot_count), rng_(seed), depth_(depth), bound_(bound) {
        sable_error err{};
        const double coefficient[] = {0.3, -0.5, 0.125, 0.25};
        if (sable_poly_powers(&poly_, coefficient, 4, -4, 6, &err) != SABLE_OK) throw std::runtime_error(err.text);
    }
    ~Garden() { sable_poly_destroy(&poly_); }

    uint32_t below(uint32_t n) { return static_cast<uint32_t>(rng_() % n); }
    double number() { return static_cast<double>(rng_() % 2001) / 1000 - 1; }

    void input(Dense d) {
        for (double &x : d.v) x = number();
        const std::string name = "m" + std::to_string(values.size());
        values.push_back({sable_matrix_input(circuit, name.c_str(), d.format, d.rows, d.cols, d.tile, 1.01), d, 0});
        for (Values &tile : pack(d)) inputs.push_back(std::move(tile));
    }

    /* Matrices and vectors of two lengths in the tile and the exchanged one. */
    void plant() {
        uint32_t log = 0;
        while (1u << log < slots) log++;
        const uint32_t k = below(log + 1);
        const sable_tile t = {1u << k, slots >> k};
        for (const sable_tile tile : {t, exchanged(t)}) {
            const uint32_t f = 1 + below(std::min(2 * tile.height + 2, 20u)),
                           g = 1 + below(std::min(2 * tile.width + 2, 20u));
            const uint32_t small = 1 + below(std::min({tile.height, tile.width, 20u}));
            input(Dense::matrix(f, g, tile));
            input(Dense::matrix(1 + below(7), g, tile));
            input(Dense::matrix(f, small, tile));
            input(Dense::row(f, tile));
            input(Dense::row(small, tile));
            input(Dense::col(g, tile));
            input(Dense::col(small, exchanged(tile)));
        }
    }

    /* One more value by a random operation, if operands are found for it. */
    void grow() {
        const uint32_t kind = below(27);
        for (uint32_t tries = 0; tries < 60; tries++)
            if (apply(kind)) return;
    }

    /* On operands drawn at random, where they fit and the result stays small enough. */
    bool apply(uint32_t kind) {
        const Value a = values[below(static_cast<uint32_t>(values.size()))],
                    b = values[below(static_cast<uint32_t>(values.size()))];
        const double x = number();
        std::vector<double> numbers(a.d.v.size());
        for (double &y : numbers) y = number();
        uint32_t depth = std::max(a.depth, b.depth);
        const double most = std::max(a.bound(), b.bound()), size = std::max(1.0, a.bound() * b.bound());
        const bool matrix = a.d.is(SABLE_MATRIX), matrices = matrix && b.d.is(SABLE_MATRIX);
        const sable_tile t = a.d.tile;
        const bool narrow = matrix && t.height <= t.width && a.d.cols <= t.height;
        const auto plus = [](double u, double v) { return u + v; };
        const auto minus = [](double u, double v) { return u - v; };
        const auto times = [](double u, double v) { return u * v; };
        const sable_matrix *list[] = {a.m, b.m};
        const sable_matrix *m = nullptr;
        Dense d = a.d;
        auto made = [&](const sable_matrix *result, Dense dense, uint32_t levels) {
            m = result;
            d = std::move(dense);
            depth += levels;
        };
        const bool product = kind >= 9;
        if (most * (kind == 4 || product ? 1 : 2) > bound_ || (product && size > bound_)) return false;
        if (depth + 3 > depth_ && kind > 3) return false;
        switch (kind) {
        case 0:
            if (a.d.same_shape(b.d)) made(sable_matrix_add(circuit, a.m, b.m), zip(a.d, b.d, plus), 0);
            break;
        case 1:
            if (a.d.same_shape(b.d)) made(sable_matrix_sub(circuit, a.m, b.m), zip(a.d, b.d, minus), 0);
            break;
        case 2: made(sable_matrix_add_scalar(circuit, a.m, x), map(a.d, [&](double y) { return y + x; }), 0); break;
        case 3: made(sable_matrix_negate(circuit, a.m), map(a.d, [](double y) { return -y; }), 0); break;
        case 4: made(sable_matrix_mul_scalar(circuit, a.m, x), map(a.d, [&](double y) { return y * x; }), 1); break;
        case 5:
        case 6:
        case 7: {
            Dense n = a.d;
            n.v = numbers;
            if (kind == 5) made(sable_matrix_add_values(circuit, a.m, numbers.data()), zip(a.d, n, plus), 0);
            if (kind == 6) made(sable_matrix_sub_values(circuit, a.m, numbers.data()), zip(a.d, n, minus), 0);
            if (kind == 7) made(sable_matrix_mul_values(circuit, a.m, numbers.data()), zip(a.d, n, times), 1);
            break;
        }
        case 8: {
            const sable_matrix *three[] = {a.m, a.m, b.m};
            if (a.d.same_shape(b.d))
                made(sable_matrix_add_many(circuit, three, 3), zip(zip(a.d, a.d, plus), b.d, plus), 0);
            break;
        }
        case 9:
            if (a.bound() <= 4)
                made(sable_matrix_poly(circuit, a.m, poly_),
                     map(a.d, [&](double y) { return sable_poly_value(poly_, y); }), 3);
            break;
        case 10: made(sable_matrix_square(circuit, a.m), hadamard(a.d, a.d), 1); break;
        case 11:
        case 12:
            if (a.d.same_tile(b.d) &&
                ((a.d.is(SABLE_ROW_VECTOR) && b.d.is(SABLE_MATRIX) && a.d.rows == b.d.rows) ||
                 (matrix && b.d.is(SABLE_COL_VECTOR) && a.d.cols == b.d.cols) || a.d.same_shape(b.d)))
                made(sable_matrix_hadamard(circuit, a.m, b.m), hadamard(a.d, b.d), 1);
            break;
        case 13:
            if (matrix) made(sable_matrix_sum_rows(circuit, a.m), sum_rows({a.d}, t), 0);
            break;
        case 14:
            if (matrices && a.d.same_tile(b.d) && a.d.cols == b.d.cols)
                made(sable_matrix_sum_rows_many(circuit, list, 2), sum_rows({a.d, b.d}, t), 0);
            break;
        case 15:
            if (matrix) made(sable_matrix_sum_cols(circuit, a.m, x), sum_cols({a.d}, x), 1);
            break;
        case 16:
            if (matrices && a.d.same_tile(b.d) && a.d.rows == b.d.rows)
                made(sable_matrix_sum_cols_many(circuit, list, 2, x), sum_cols({a.d, b.d}, x), 1);
            break;
        case 17:
            if (narrow) made(sable_matrix_sum_rows_mixed(circuit, a.m), sum_rows({a.d}, exchanged(t)), 0);
            break;
        case 18:
            if (a.d.is(SABLE_ROW_VECTOR) && b.d.is(SABLE_MATRIX) && a.d.same_tile(b.d) && a.d.rows == b.d.rows)
                made(sable_matrix_multiply(circuit, a.m, b.m, 1), sum_rows({hadamard(a.d, b.d)}, t), 1);
            break;
        case 19:
            if (matrix && b.d.is(SABLE_COL_VECTOR) && a.d.same_tile(b.d) && a.d.cols == b.d.cols)
                made(sable_matrix_multiply(circuit, a.m, b.m, x), sum_cols({hadamard(a.d, b.d)}, x), 2);
            break;
        case 20:
            if (narrow && b.d.is(SABLE_COL_VECTOR) && a.d.exchanged_tile(b.d) && a.d.cols == b.d.cols)
                made(sable_matrix_multiply_mixed(circuit, a.m, b.m, x), sum_cols({hadamard(a.d, b.d)}, x), 2);
            break;
        case 21:
            if (a.d.is(SABLE_ROW_VECTOR) && b.d.is(SABLE_MATRIX) && a.d.same_tile(b.d) && a.d.rows == b.d.rows &&
                t.height <= t.width && b.d.cols <= t.height)
                made(sable_matrix_multiply_mixed(circuit, a.m, b.m, 1), sum_rows({hadamard(a.d, b.d)}, exchanged(t)),
                     1);
            break;
        case 22:
            if (a.d.is(SABLE_ROW_VECTOR)) made(sable_matrix_row_to_col(circuit, a.m, x), convert(a.d, x), 1);
            if (a.d.is(SABLE_COL_VECTOR)) made(sable_matrix_col_to_row(circuit, a.m, x), convert(a.d, x), 2);
            break;
        case 23:
            if (t.height == t.width ||
                (matrix ? a.d.cols <= std::min(t.height, t.width)
                        : a.d.is(SABLE_ROW_VECTOR) == (t.height < t.width) && a.d.cols <= t.width))
                made(sable_matrix_transpose_tile(circuit, a.m), transpose_tile(a.d), 0);
            break;
        case 24:
            if (matrices && a.d.same_tile(b.d) && a.d.rows == b.d.rows)
                made(sable_matrix_multiply_row_major(circuit, a.m, b.m, x), multiply(transpose(a.d), b.d, x, t), 3);
            else if (matrices && a.d.same_tile(b.d) && a.d.cols == b.d.cols)
                made(sable_matrix_multiply_col_major(circuit, a.m, b.m, x), multiply(a.d, transpose(b.d), x, t), 3);
            break;
        case 25:
            if (matrices && a.d.same_tile(b.d) && a.d.rows == b.d.rows && t.height >= t.width && a.d.cols <= t.width &&
                b.d.cols <= t.width)
                made(sable_matrix_multiply_row_major_mixed(circuit, a.m, b.m, x),
                     multiply(transpose(a.d), b.d, x, exchanged(t)), 3);
            break;
        default:
            if (matrices && a.d.exchanged_tile(b.d) && a.d.cols == b.d.cols && narrow)
                made(sable_matrix_multiply_col_major_mixed(circuit, a.m, b.m, x), multiply(a.d, transpose(b.d), x, t),
                     3);
        }
        if (circuit.status() != SABLE_OK) throw std::runtime_error(std::to_string(kind) + ": " + circuit.text());
        if (!m) return false;
        used[kind]++;
        values.push_back({m, std::move(d), depth});
        return true;
    }

    /* Every value that grew becomes an output. */
    std::vector<Values> publish(size_t first) {
        std::vector<Values> expected;
        for (size_t k = first; k < values.size(); k++) {
            sable_matrix_output(circuit, ("r" + std::to_string(k)).c_str(), values[k].m);
            for (Values &tile : pack(values[k].d)) expected.push_back(std::move(tile));
        }
        return expected;
    }

    Circuit circuit;
    std::vector<Value> values;
    std::vector<Values> inputs;
    uint32_t used[27] = {};

    uint32_t slots;

  private:
    std::mt19937_64 rng_;
    uint32_t depth_;
    double bound_;
    sable_poly *poly_ = nullptr;
};

double root_mean_square(const Values &a, const Values &b) {
    double sum = 0;
    for (size_t j = 0; j < a.size(); j++) sum += std::norm(a[j] - b[j]);
    return std::sqrt(sum / (2 * static_cast<double>(a.size())));
}

double difference(const Values &a, const Values &b) {
    double worst = 0;
    for (size_t j = 0; j < a.size(); j++) worst = std::max(worst, std::abs(a[j] - b[j]));
    return worst;
}

TEST(LinalgTest, RandomCircuitsAgreeWithMatrixCode) {
    uint32_t used[27] = {};
    for (uint64_t seed = 1; seed <= 300; seed++) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        Garden garden(1u << (seed % 8), seed, 12, 1e6);
        garden.plant();
        const size_t first = garden.values.size();
        for (uint32_t tries = 0; tries < 100 && garden.values.size() < first + 30; tries++) garden.grow();
        ASSERT_GT(garden.values.size(), first);
        const std::vector<Values> expected = garden.publish(first);
        ASSERT_EQ(garden.circuit.status(), SABLE_OK) << garden.circuit.text();
        const std::vector<Values> got = run_plain(garden.circuit, garden.inputs, expected.size(), garden.slots);
        for (size_t k = 0; k < expected.size(); k++) ASSERT_LT(difference(got[k], expected[k]), 1e-6) << "tile " << k;
        for (size_t k = 0; k < 27; k++) used[k] += garden.used[k];
    }
    for (size_t k = 0; k < 27; k++) EXPECT_GT(used[k], 30u) << "operation " << k;
}

/* Circuits of the same kind on batches of ciphertexts: equal to the run in the clear within the tracked noise. The tracker takes errors for independent.
 * Replicas carry one error in many slots, which sums and products of them add up coherently (docs/NOISE.md, assumption 1): 6.7 times the
 * tracked noise was seen, 16 is allowed. */
TEST(LinalgCiphertexts, AgreeWithTheClearRunWithinTheTrackedNoise) {
    KitOptions bare;
    bare.keys = false;
    bare.threads = 1;
    Kit kit("T10", bare);
    const uint64_t seeds = std::getenv("SABLE_BACKEND") ? 6 : 40; /* emulation is slow */
    uint32_t tiles = 0, used[27] = {};
    double loosest = 0, worst = 0;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        const uint32_t slots = seed % 4 == 0 ? kit.slots() : 1u << (3 + seed % 4), batch = 1 + seed % 2;
        Garden garden(slots, seed, 5, 100);
        garden.plant();
        const size_t first = garden.values.size();
        for (uint32_t tries = 0; tries < 60 && garden.values.size() < first + 12; tries++) garden.grow();
        const size_t outputs = garden.publish(first).size();
        ASSERT_EQ(garden.circuit.status(), SABLE_OK) << garden.circuit.text();
        const sable_lowering options = lowering(0, static_cast<uint32_t>(seed % 3));
        Program program(garden.circuit, kit.params, &options);
        ASSERT_EQ(program.status, SABLE_OK) << program.text;
        std::vector<Values> second = garden.inputs, both = garden.inputs;
        for (size_t k = 0; k < both.size(); k++) {
            for (auto &z : second[k]) z *= -0.75; /* the second member of the batch */
            if (batch == 2) both[k].insert(both[k].end(), second[k].begin(), second[k].end());
        }
        for (size_t k = 0; k < 27; k++) used[k] += garden.used[k];
        const std::vector<Result> got = run_encrypted(kit, program, both, batch, slots);
        for (uint32_t member = 0; member < batch; member++) {
            const std::vector<Values> want = run_plain(garden.circuit, member ? second : garden.inputs, outputs, slots);
            for (size_t k = 0; k < outputs; k++) {
                const size_t from = got[k].values.size() == slots ? 0 : member * slots;
                const Values mine(got[k].values.begin() + static_cast<ptrdiff_t>(from),
                                  got[k].values.begin() + static_cast<ptrdiff_t>(from + slots));
                const double error = root_mean_square(mine, want[k]);
                ASSERT_LT(error, 16 * got[k].noise) << "tile " << k;
                ASSERT_LT(error, 1e-3) << "tile " << k;
                loosest = std::max(loosest, error / got[k].noise), worst = std::max(worst, error);
                tiles++;
            }
        }
    }
    for (size_t k = 0; k < 27 && seeds >= 40; k++) EXPECT_GT(used[k], 1u) << "operation " << k;
    printf("%u tiles, errors up to %.2g, at most %.2f of the tracked noise\n", tiles, worst, loosest);
}

} // namespace
