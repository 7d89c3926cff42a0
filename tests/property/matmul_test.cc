/* SPDX-License-Identifier: Apache-2.0 */
/* Products of matrices as circuits: against double precision, in the clear and on ciphertexts; depth, keys and counts; refusals. */
#include "support/circuit_fixture.h"

extern "C" {
#include "sable/evaluators.h"
#include "sable/matmul.h"
}

using namespace sable_test;

namespace {

using Matrix = std::vector<double>; /* row by row */

Matrix multiply(const Matrix &a, const Matrix &b, uint32_t d) {
    Matrix c(d * d);
    for (uint32_t i = 0; i < d; i++)
        for (uint32_t k = 0; k < d; k++)
            for (uint32_t j = 0; j < d; j++) c[i * d + j] += a[i * d + k] * b[k * d + j];
    return c;
}

Values complex_of(const Matrix &slots) { return {slots.begin(), slots.end()}; }

class Matmul : public testing::Test {
  protected:
    Kit kit{"T10", without_keys()};

    Matrix random(size_t count) {
        Matrix m;
        for (const auto &z : kit.random(1, false, static_cast<uint32_t>(count))) m.push_back(z.real());
        return m;
    }
    sable_squares choose(uint32_t slots, uint32_t d) {
        sable_squares s = {};
        s.struct_size = sizeof s;
        sable_error err{};
        EXPECT_EQ(sable_squares_choose(&s, slots, d, &err), SABLE_OK) << err.text;
        return s;
    }
    static Values run_clear(const sable_circuit *c, const std::vector<Values> &in) {
        Values out(in[0].size());
        double *to = reinterpret_cast<double *>(out.data());
        std::vector<const double *> from;
        for (const auto &v : in) from.push_back(reinterpret_cast<const double *>(v.data()));
        sable_error err{};
        EXPECT_EQ(sable_circuit_run_plain(c, &to, 1, from.data(), from.size(), &err), SABLE_OK) << err.text;
        return out;
    }

    struct Run {
        sable_program_info info;
        sable_op_count count;
        size_t keys;
        double told; /* standard deviation of an error, forecast before any key is there */
        Values out;
    };
    /* One result, on members that all have the same values; with the keys that the program asks for. */
    Run run(const sable_circuit *c, const std::vector<Values> &in, uint32_t batch = 1) {
        Run r = {};
        const uint32_t slots = static_cast<uint32_t>(in[0].size());
        sable_error err{};
        sable_program *p = nullptr;
        EXPECT_EQ(sable_program_create(&p, c, kit.params, nullptr, &err), SABLE_OK) << err.text;
        if (!p) return r;
        r.info.struct_size = sizeof r.info;
        EXPECT_EQ(sable_program_describe(p, &r.info), SABLE_OK);
        EXPECT_EQ(sable_program_count(p, -1, &r.count), SABLE_OK);
        sable_key_spec *spec = nullptr;
        EXPECT_EQ(sable_key_spec_create(&spec, kit.params, &err), SABLE_OK);
        EXPECT_EQ(sable_program_add_keys(p, spec, &err), SABLE_OK) << err.text;
        r.keys = sable_key_spec_count(spec);
        size_t listed = 0; /* by the evaluator of keys */
        EXPECT_EQ(sable_program_keys(p, nullptr, 0, &listed, &err), SABLE_OK) << err.text;
        EXPECT_EQ(listed, r.keys);
        std::vector<const double *> values;
        for (const auto &v : in) values.push_back(reinterpret_cast<const double *>(v.data()));
        sable_forecast_options o = {};
        o.struct_size = sizeof o;
        o.inputs = values.data();
        sable_forecast *forecast = nullptr;
        sable_output_forecast told = {};
        told.struct_size = sizeof told;
        EXPECT_EQ(sable_program_forecast(&forecast, p, &o, &err), SABLE_OK) << err.text;
        EXPECT_EQ(sable_forecast_output(forecast, 0, &told), SABLE_OK);
        r.told = told.noise_std;
        sable_forecast_destroy(&forecast);
        sable_keyset *keys = r.keys ? kit.make_keys(spec) : nullptr;
        std::vector<Ct> cts;
        std::vector<const sable_ct *> from;
        for (size_t i = 0; i < in.size(); i++) {
            uint32_t level = 0;
            EXPECT_NE(sable_program_input(p, i, &level), nullptr);
            Values all;
            for (uint32_t b = 0; b < batch; b++) all.insert(all.end(), in[i].begin(), in[i].end());
            cts.push_back(kit.encrypt(all, level, batch, slots));
        }
        for (auto &ct : cts) {
            EXPECT_EQ(sable_ct_declare(kit.queue, ct, 1, 0.6), SABLE_OK);
            from.push_back(ct);
        }
        Ct result(kit);
        sable_ct *to = result;
        EXPECT_EQ(sable_program_run(kit.queue, p, &to, 1, from.data(), from.size(), keys), SABLE_OK)
            << sable_queue_error(kit.queue);
        r.out = kit.decrypt(result);
        /* Encoded before, the same words. */
        sable_prepared *ready = nullptr;
        EXPECT_EQ(sable_program_prepare(kit.queue, &ready, p, nullptr), SABLE_OK) << sable_queue_error(kit.queue);
        Ct again(kit);
        to = again;
        EXPECT_EQ(sable_prepared_run(kit.queue, ready, &to, 1, from.data(), from.size(), keys), SABLE_OK)
            << sable_queue_error(kit.queue);
        EXPECT_EQ(kit.words(again), kit.words(result));
        sable_prepared_info prepared = {};
        prepared.struct_size = sizeof prepared;
        EXPECT_EQ(sable_prepared_describe(ready, &prepared), SABLE_OK);
        EXPECT_EQ(prepared.plains, r.count.transform);
        sable_prepared_destroy(kit.queue, &ready);
        sable_keyset_destroy(kit.queue, &keys);
        sable_key_spec_destroy(&spec);
        sable_program_destroy(&p);
        return r;
    }
};

constexpr double kPrecise = 0x1p-15; /* scales of T10 are 40 bits, its rings small: errors are near 2^-25 */

double worst(const Values &a, const Values &b) {
    double most = 0;
    for (size_t i = 0; i < a.size(); i++) most = std::max(most, std::abs(a[i] - b[i % b.size()]));
    return most;
}

TEST_F(Matmul, MatrixVector) {
    struct Shape {
        uint32_t rows, cols, rotations;
    };
    for (const Shape &s : {Shape{8, 8, 0}, Shape{3, 17, 3}, Shape{10, 64, 2}, Shape{40, 6, 0}, Shape{1, 512, 9}}) {
        SCOPED_TRACE(testing::Message() << s.rows << " x " << s.cols);
        const uint32_t slots = 512;
        const Matrix a = random(s.rows * s.cols);
        uint32_t m = 1, n = 1;
        while (m < s.rows) m *= 2;
        while (n < s.cols) n *= 2;
        const Values one = kit.random(1, true, n);
        Values x(slots), want(slots);
        for (uint32_t j = 0; j < slots; j++) x[j] = one[j % n] / std::sqrt(2.0);
        for (uint32_t j = 0; j < slots; j++)
            for (uint32_t k = 0; k < s.cols && j % m < s.rows; k++) want[j] += a[j % m * s.cols + k] * x[k];
        Circuit c(slots);
        sable_circuit_output(c, "y",
                             sable_circuit_matrix_vector(c, a.data(), s.rows, s.cols, sable_circuit_input(c, "x", 1)));
        ASSERT_EQ(c.text(), "");
        EXPECT_LT(worst(run_clear(c, {x}), want), 1e-12);
        const Run r = run(c, {x}, s.rows == 8 ? 3 : 1);
        sable_depth_info depth = {};
        depth.struct_size = sizeof depth;
        sable_error err{};
        EXPECT_EQ(sable_circuit_depth(c, &depth, nullptr, &err), SABLE_OK) << err.text;
        EXPECT_EQ(depth.depth, 1u);
        EXPECT_EQ(r.info.depth, 1u);
        EXPECT_EQ(r.count.transform, 1u);
        EXPECT_EQ(r.count.rotate, s.rotations);
        EXPECT_LT(worst(r.out, want), kPrecise);
        if (s.cols == slots) continue; /* every slot has the same sum and the same error: a sample of one */
        Values each;
        while (each.size() < r.out.size()) each.insert(each.end(), want.begin(), want.end());
        const double ratio = slot_error(r.out, each).rms / r.told;
        EXPECT_LT(std::fabs(std::log2(ratio)), 0.5) << ratio;
    }
}

/* Both widths, sizes that are no powers of two, several matrices in a ciphertext, batches. */
TEST_F(Matmul, EncryptedSquares) {
    struct Shape {
        uint32_t slots, d, width, count, depth, batch;
    };
    for (const Shape &s : {Shape{512, 16, 32, 1, 2, 1}, Shape{512, 11, 32, 1, 2, 1}, Shape{512, 4, 8, 16, 2, 3},
                           Shape{512, 1, 2, 256, 2, 1}, Shape{64, 8, 8, 1, 3, 2}, Shape{256, 13, 16, 1, 3, 1}}) {
        SCOPED_TRACE(testing::Message() << "d " << s.d << " slots " << s.slots);
        const sable_squares squares = choose(s.slots, s.d);
        EXPECT_EQ(squares.width, s.width);
        EXPECT_EQ(squares.count, s.count);
        EXPECT_EQ(squares.depth, s.depth);
        const size_t one = s.d * s.d;
        const Matrix a = random(s.count * one), b = random(s.count * one);
        Matrix slots_a(s.slots), slots_b(s.slots), got(s.count * one), slots_got;
        sable_squares_pack(&squares, a.data(), slots_a.data());
        sable_squares_pack(&squares, b.data(), slots_b.data());
        sable_squares_unpack(&squares, slots_a.data(), got.data());
        EXPECT_EQ(got, a);
        Circuit c(s.slots);
        const sable_node x = sable_circuit_input(c, "a", 1), y = sable_circuit_input(c, "b", 1);
        sable_circuit_output(c, "ab", sable_circuit_multiply_squares(c, &squares, x, y));
        ASSERT_EQ(c.text(), "");
        auto compare = [&](const Values &slots, double tolerance) {
            for (size_t first = 0; first < slots.size(); first += s.slots) {
                Matrix real, have(s.count * one);
                for (uint32_t j = 0; j < s.slots; j++) real.push_back(slots[first + j].real());
                sable_squares_unpack(&squares, real.data(), have.data());
                double error = 0, spare = 0;
                for (uint32_t q = 0; q < s.count; q++) {
                    const Matrix want =
                        multiply({&a[q * one], &a[q * one] + one}, {&b[q * one], &b[q * one] + one}, s.d);
                    for (size_t k = 0; k < one; k++) error = std::max(error, std::fabs(have[q * one + k] - want[k]));
                }
                Matrix again(s.slots);
                sable_squares_pack(&squares, have.data(), again.data());
                for (uint32_t j = 0; j < s.slots; j++) spare = std::max(spare, std::fabs(real[j] - again[j]));
                EXPECT_LT(error, tolerance);
                EXPECT_LT(spare, tolerance);
            }
        };
        compare(run_clear(c, {complex_of(slots_a), complex_of(slots_b)}), 1e-12);
        const Run r = run(c, {complex_of(slots_a), complex_of(slots_b)}, s.batch);
        EXPECT_LE(r.info.depth, s.depth);
        EXPECT_EQ(r.count.relinearize, 1u);
        EXPECT_EQ(r.count.mul, squares.side);
        EXPECT_EQ(r.count.rotate, 2 * (squares.side - 1));
        EXPECT_EQ(r.count.transform, s.width == squares.side ? 1 + squares.side : 2u);
        compare(r.out, kPrecise * s.d);
    }
}

/* (A*B + C*D)*E of matrices in one ciphertext each: sums share a relinearisation, results are operands as they are. */
TEST_F(Matmul, ChainsOfSquares) {
    const uint32_t slots = 128, d = 7;
    const sable_squares squares = choose(slots, d);
    std::vector<Matrix> m;
    std::vector<Values> in;
    Circuit c(slots);
    std::vector<sable_node> node;
    for (int i = 0; i < 5; i++) {
        m.push_back(random(d * d));
        Matrix packed(slots);
        sable_squares_pack(&squares, m[i].data(), packed.data());
        in.push_back(complex_of(packed));
        node.push_back(sable_circuit_input(c, std::string(1, static_cast<char>('a' + i)).c_str(), 1));
    }
    const sable_node sum = sable_circuit_add(c, sable_circuit_multiply_squares(c, &squares, node[0], node[1]),
                                             sable_circuit_multiply_squares(c, &squares, node[2], node[3]));
    sable_circuit_output(c, "result", sable_circuit_multiply_squares(c, &squares, sum, node[4]));
    ASSERT_EQ(c.text(), "");
    const Matrix ab = multiply(m[0], m[1], d), cd = multiply(m[2], m[3], d);
    Matrix both(d * d), packed(slots);
    for (size_t i = 0; i < both.size(); i++) both[i] = ab[i] + cd[i];
    sable_squares_pack(&squares, multiply(both, m[4], d).data(), packed.data());
    const Run r = run(c, in);
    EXPECT_EQ(r.info.depth, 4u);
    EXPECT_EQ(r.count.relinearize, 2u);
    EXPECT_LT(worst(r.out, complex_of(packed)), kPrecise * 200);
}

/* 64 x 64 with the parameters of inference. */
TEST_F(Matmul, KeysOfSquares) {
    const uint32_t slots = 1 << 13;
    const sable_squares squares = choose(slots, 64);
    EXPECT_EQ(squares.width, 128u);
    Circuit c(slots);
    const sable_node x = sable_circuit_input(c, "a", 1), y = sable_circuit_input(c, "b", 1);
    sable_circuit_output(c, "ab", sable_circuit_multiply_squares(c, &squares, x, y));
    sable_params *params = nullptr;
    sable_error err{};
    ASSERT_EQ(sable_params_load(&params, "infer14", nullptr, &err), SABLE_OK) << err.text;
    sable_program *p = nullptr;
    ASSERT_EQ(sable_program_create(&p, c, params, nullptr, &err), SABLE_OK) << err.text;
    sable_key_spec *spec = nullptr;
    ASSERT_EQ(sable_key_spec_create(&spec, params, &err), SABLE_OK);
    ASSERT_EQ(sable_program_add_keys(p, spec, &err), SABLE_OK) << err.text;
    sable_op_count count;
    ASSERT_EQ(sable_program_count(p, -1, &count), SABLE_OK);
    EXPECT_EQ(count.rotate, 126u);
    EXPECT_EQ(count.rotate_groups, 16u);
    EXPECT_LT(sable_key_spec_count(spec), 70u);
    RecordProperty("keys", static_cast<int>(sable_key_spec_count(spec)));
    uint32_t level;
    EXPECT_NE(sable_program_input(p, 0, &level), nullptr);
    EXPECT_EQ(level, 2u);
    sable_key_spec_destroy(&spec);
    sable_program_destroy(&p);
    sable_params_destroy(&params);
}

TEST_F(Matmul, FeatureByFeature) {
    const uint32_t slots = 64, features = 9, classes = 3;
    const Matrix weights = random(features * classes);
    std::vector<Values> x, w;
    for (uint32_t j = 0; j < features; j++)
        x.push_back(kit.random(1, false, slots)), w.push_back(kit.random(1, false, slots));
    for (uint32_t k = 0; k < classes; k++) {
        Matrix row(weights.begin() + k * features, weights.begin() + (k + 1) * features);
        row[k] = 0;
        Circuit plain(slots), encrypted(slots);
        std::vector<sable_node> p, a, b;
        for (uint32_t j = 0; j < features; j++) {
            const std::string name = std::to_string(j);
            p.push_back(sable_circuit_input(plain, ("x" + name).c_str(), 1));
            a.push_back(sable_circuit_input(encrypted, ("x" + name).c_str(), 1));
        }
        for (uint32_t j = 0; j < features; j++)
            b.push_back(sable_circuit_input(encrypted, ("w" + std::to_string(j)).c_str(), 1));
        sable_circuit_output(plain, "z", sable_circuit_combine(plain, p.data(), features, row.data()));
        sable_circuit_output(encrypted, "z", sable_circuit_dot(encrypted, a.data(), b.data(), features));
        ASSERT_EQ(plain.text(), "");
        ASSERT_EQ(encrypted.text(), "");
        Values want(slots), both(slots);
        for (uint32_t j = 0; j < features; j++)
            for (uint32_t i = 0; i < slots; i++) want[i] += row[j] * x[j][i], both[i] += w[j][i] * x[j][i];
        const Run r = run(plain, x);
        EXPECT_EQ(r.keys, 0u);
        EXPECT_EQ(r.info.depth, 1u);
        EXPECT_EQ(r.count.mul_scalar, features - 1);
        EXPECT_EQ(r.count.rescale, 1u);
        EXPECT_LT(worst(r.out, want), kPrecise);
        std::vector<Values> in = x;
        in.insert(in.end(), w.begin(), w.end());
        const Run e = run(encrypted, in);
        EXPECT_EQ(e.keys, 1u);
        EXPECT_EQ(e.info.depth, 1u);
        EXPECT_EQ(e.count.mul, features);
        EXPECT_EQ(e.count.relinearize, 1u);
        EXPECT_LT(worst(e.out, both), kPrecise);
    }
}

TEST_F(Matmul, Refused) {
    sable_squares s = {};
    sable_error err{};
    EXPECT_EQ(sable_squares_choose(&s, 512, 4, &err), SABLE_INVALID); /* struct_size */
    s.struct_size = sizeof s;
    EXPECT_EQ(sable_squares_choose(&s, 512, 0, &err), SABLE_INVALID);
    EXPECT_EQ(sable_squares_choose(&s, 500, 4, &err), SABLE_INVALID);
    EXPECT_EQ(sable_squares_choose(&s, 512, 32, &err), SABLE_INVALID);
    EXPECT_EQ(std::string(err.text), "32 x 32 matrices take 1024 slots, there are 512: cut them into blocks");
    EXPECT_EQ(sable_squares_choose(&s, 1 << 15, 129, &err), SABLE_LIMIT);
    EXPECT_EQ(sable_squares_choose(&s, 1 << 15, 128, &err), SABLE_OK);
    EXPECT_EQ(s.depth, 2u);
    {
        Circuit c(512);
        const sable_node x = sable_circuit_input(c, "x", 1);
        EXPECT_EQ(sable_circuit_multiply_squares(c, &s, x, x), SABLE_NODE_NONE);
        EXPECT_NE(c.text(), "");
        EXPECT_EQ(sable_circuit_multiply_squares(c, &s, x, x), SABLE_NODE_NONE);
    }
    {
        Circuit c(64);
        const double a[4] = {1, 2, 3, 4};
        EXPECT_EQ(sable_circuit_matrix_vector(c, a, 1, 128, sable_circuit_input(c, "x", 1)), SABLE_NODE_NONE);
        EXPECT_EQ(c.text(), "a 1 x 128 matrix for 64 slots: 1 to 64 rows and columns fit");
    }
    {
        Circuit c(64);
        const double zero[2] = {0, 0};
        const sable_node x[2] = {sable_circuit_input(c, "x", 1), sable_circuit_input(c, "y", 1)};
        EXPECT_EQ(sable_circuit_combine(c, x, 2, zero), SABLE_NODE_NONE);
        EXPECT_NE(c.text(), "");
    }
    {
        Circuit c(64);
        EXPECT_EQ(sable_circuit_dot(c, nullptr, nullptr, 0), SABLE_NODE_NONE);
        EXPECT_EQ(c.text(), "dot: no values are given");
    }
    { /* diagonals of another number of slots */
        Circuit c(64);
        const std::vector<double> ones(128, 1);
        const sable_diagonal one = {1, ones.data()};
        sable_diagonals *d = nullptr;
        ASSERT_EQ(sable_diagonals_create(&d, 128, &one, 1, false, &err), SABLE_OK);
        EXPECT_EQ(sable_circuit_transform(c, sable_circuit_input(c, "x", 1), d), SABLE_NODE_NONE);
        EXPECT_EQ(c.text(), "transform: diagonals of 128 slots, the circuit has 64");
        sable_diagonals_destroy(&d);
    }
}

/* Every key that a program lacks, those of its transforms included, in one sentence, before any work. */
TEST_F(Matmul, MissingKeysAreNamedTogether) {
    const Matrix a = random(16);
    Circuit c(64);
    const sable_node x = sable_circuit_input(c, "x", 1), y = sable_circuit_matrix_vector(c, a.data(), 4, 4, x);
    sable_circuit_output(c, "y", sable_circuit_mul(c, sable_circuit_rotate(c, y, 5), y));
    ASSERT_EQ(c.text(), "");
    sable_error err{};
    sable_program *p = nullptr;
    ASSERT_EQ(sable_program_create(&p, c, kit.params, nullptr, &err), SABLE_OK) << err.text;
    uint32_t level = 0;
    EXPECT_NE(sable_program_input(p, 0, &level), nullptr);
    Ct in = kit.encrypt(kit.random(1, false, 64), level, 1, 64), out(kit);
    ASSERT_EQ(sable_ct_declare(kit.queue, in, 1, 0.6), SABLE_OK);
    sable_ct *to = out;
    const sable_ct *from = in;
    EXPECT_EQ(sable_program_run(kit.queue, p, &to, 1, &from, 1, nullptr), SABLE_NO_KEY);
    EXPECT_EQ(std::string(sable_queue_error(kit.queue)),
              "5 keys are missing or cover too few levels: rotation by 1, rotation by "
              "2, rotation by 3, rotation by 5, relinearisation");
    sable_program_destroy(&p);
}

} // namespace
