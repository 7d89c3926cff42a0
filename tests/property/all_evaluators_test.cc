/* SPDX-License-Identifier: Apache-2.0 */
/* One circuit, every evaluator (plaintext, depth, operations, keys, cost, noise, scale, homomorphic, debug): they agree on what they tell. */
#include "support/evaluators_fixture.h"

#include <functional>

extern "C" {
#include "sable/debug.h"
#include "sable/linalg.h"
}

using namespace sable_test;

namespace {

constexpr uint32_t slots = 512;

std::vector<double> row(double frequency) {
    std::vector<double> r(slots);
    for (uint32_t j = 0; j < slots; j++) r[j] = std::cos(frequency * j) / 2;
    return r;
}

struct Case {
    const char *name;
    std::function<void(sable_circuit *, const sable_poly *)> build;
};

const Case cases[] = {
    {"rotation sum",
     [](sable_circuit *c, const sable_poly *) {
         const sable_node x = sable_circuit_input(c, "x", 1.5), y = sable_circuit_input(c, "y", 1.5);
         sable_circuit_output(c, "r", sable_circuit_rotate_sum(c, sable_circuit_mul(c, x, y), 1, 16));
     }},
    {"matrix by diagonals, one by one",
     [](sable_circuit *c, const sable_poly *) {
         const sable_node x = sable_circuit_input(c, "x", 1.5);
         sable_node sum = sable_circuit_mul_plain(c, x, row(0.1).data());
         for (int k = 1; k < 8; k++)
             sum = sable_circuit_add(
                 c, sum, sable_circuit_mul_plain(c, sable_circuit_rotate(c, x, k), row(0.1 * (k + 1)).data()));
         sable_circuit_output(c, "r", sum);
     }},
    {"linear map and polynomial",
     [](sable_circuit *c, const sable_poly *poly) {
         std::vector<std::vector<double>> values;
         std::vector<sable_diagonal> list;
         for (int k = 0; k < 6; k++) values.push_back(row(0.3 * (k + 1)));
         for (int k = 0; k < 6; k++) list.push_back({3 * k, values[static_cast<size_t>(k)].data()});
         sable_diagonals *map = nullptr;
         ASSERT_EQ(sable_diagonals_create(&map, slots, list.data(), list.size(), false, nullptr), SABLE_OK);
         const sable_node x = sable_circuit_input(c, "x", 1);
         const sable_node real = sable_circuit_add(c, x, sable_circuit_conjugate(c, x));
         sable_circuit_output(c, "r", sable_circuit_poly(c, sable_circuit_transform(c, real, map), poly));
         sable_diagonals_destroy(&map);
     }},
    {"matrix times vector, twice",
     [](sable_circuit *c, const sable_poly *) {
         const sable_tile tile = {16, 32};
         const sable_matrix *a = sable_matrix_input(c, "a", SABLE_MATRIX, 16, 32, tile, 1.5);
         const sable_matrix *v = sable_matrix_input(c, "v", SABLE_COL_VECTOR, 1, 32, tile, 1.5);
         const sable_matrix *row = sable_matrix_multiply(c, a, v, 0.125);
         sable_matrix_output(c, "y", sable_matrix_multiply(c, row, a, 1));
     }},
};

class AllEvaluators : public EvaluatorsTest, public testing::WithParamInterface<size_t> {};

TEST_P(AllEvaluators, Agree) {
    SCOPED_TRACE(cases[GetParam()].name);
    sable_poly *poly = nullptr; /* wide enough for what a map of six diagonals gives */
    const double k[] = {0.25, 0.5, -0.125, 0.0625};
    ASSERT_EQ(sable_poly_chebyshev(&poly, k, 4, -6.5, 6.5, nullptr), SABLE_OK);
    {
        Circuit c(slots);
        cases[GetParam()].build(c, poly);
        sable_error err{};
        ASSERT_EQ(sable_circuit_status(c, &err), SABLE_OK) << err.text;
        Program p(c, kit.params);
        ASSERT_EQ(p.status, SABLE_OK) << p.text;
        const sable_program_info info = p.info();

        EXPECT_EQ(depth_of(c).depth, info.depth);

        sable_keyset *keys = generate(p);
        const auto listed = keys_of(p);
        uint64_t bytes = 0;
        for (const sable_key_use &use : listed) bytes += use.bytes;
        EXPECT_EQ(sable_keyset_count(keys), listed.size());
        EXPECT_EQ(sable_keyset_bytes(keys), bytes);

        sable_pricing *pricing = nullptr;
        ASSERT_EQ(sable_pricing_create(&pricing, kit.params, nullptr, nullptr), SABLE_OK);
        sable_program_cost_info cost = {};
        cost.struct_size = sizeof cost;
        ASSERT_EQ(sable_program_cost(p, pricing, 1, &cost, &err), SABLE_OK) << err.text;
        EXPECT_GT(cost.chain_seconds, 0);
        EXPECT_LE(cost.chain_seconds, cost.seconds * (1 + 1e-9));
        EXPECT_LE(cost.chain_steps, info.steps);
        EXPECT_EQ(cost.key_bytes, bytes);
        EXPECT_EQ(cost.input_bytes, info.input_bytes);
        sable_pricing_destroy(&pricing);

        std::vector<Values> in;
        for (size_t i = 0; i < info.inputs; i++) in.push_back(kit.random(1, false, slots));
        std::vector<const double *> clear;
        for (auto &v : in) clear.push_back(reinterpret_cast<const double *>(v.data()));
        sable_forecast_options o = {};
        o.struct_size = sizeof o;
        o.inputs = clear.data();
        sable_forecast *forecast = nullptr;
        ASSERT_EQ(sable_program_forecast(&forecast, p, &o, &err), SABLE_OK) << err.text;
        for (uint32_t l = 0; l <= info.depth; l++) {
            sable_level_forecast level = {};
            level.struct_size = sizeof level;
            ASSERT_EQ(sable_forecast_level(forecast, l, &level), SABLE_OK);
            EXPECT_GE(level.headroom_bits, 0) << l;
            EXPECT_LE(level.log_message, level.log_declared + 1e-6) << l;
        }

        std::vector<Ct> from, to;
        std::vector<const sable_ct *> inputs;
        std::vector<sable_ct *> outputs;
        for (size_t i = 0; i < info.inputs; i++) from.push_back(kit.encrypt(in[i], p.input_level(i)));
        for (size_t i = 0; i < info.outputs; i++) to.emplace_back(kit);
        for (auto &ct : from) {
            OK(kit, sable_ct_declare(kit.queue, ct, 1, 0.577));
            inputs.push_back(ct);
        }
        for (auto &ct : to) outputs.push_back(ct);
        sable_debug_report report = {};
        report.struct_size = sizeof report;
        OK(kit, sable_debug_run(kit.queue, p, outputs.data(), outputs.size(), inputs.data(), inputs.size(),
                                clear.data(), keys, kit.secret, nullptr, &report));
        EXPECT_EQ(report.compared, info.inputs + info.steps);
        OK(kit, sable_program_run(kit.queue, p, outputs.data(), outputs.size(), inputs.data(), inputs.size(), keys));
        const auto want = run_plain(c, in, info.outputs, slots);
        for (size_t i = 0; i < info.outputs; i++) {
            sable_output_forecast told = {};
            told.struct_size = sizeof told;
            ASSERT_EQ(sable_forecast_output(forecast, i, &told), SABLE_OK);
            const double measured = slot_error(kit.decrypt(to[i]), want[i]).rms;
            EXPECT_LT(std::fabs(std::log2(measured / told.noise_std)), 2) << measured << " " << told.noise_std;
            EXPECT_EQ(to[i]->level, told.level);
        }
        sable_forecast_destroy(&forecast);
        sable_keyset_destroy(kit.queue, &keys);
    }
    sable_poly_destroy(&poly);
}

INSTANTIATE_TEST_SUITE_P(Circuits, AllEvaluators, testing::Range<size_t>(0, std::size(cases)));

} // namespace
