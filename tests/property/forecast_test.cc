/* SPDX-License-Identifier: Apache-2.0 */
/* Time, memory, noise and scales, told before any key exists and met by the run. */
#include "support/evaluators_fixture.h"

#include <ctime>

using namespace sable_test;

namespace {

class ForecastTest : public EvaluatorsTest {};

/* -- cost ---------------------------------------------------------------------------------------------------------- */

struct Prices {
    Prices(const sable_params *params, const char *backend) {
        sable_pricing_options o = {};
        o.struct_size = sizeof o;
        o.backend = backend;
        sable_error err{};
        status = sable_pricing_create(&p, params, &o, &err);
        text = err.text;
    }
    ~Prices() { sable_pricing_destroy(&p); }
    Prices(const Prices &) = delete;
    Prices &operator=(const Prices &) = delete;
    sable_program_cost_info of(const sable_program *program, uint32_t batch = 1) const {
        sable_program_cost_info info = {};
        info.struct_size = sizeof info;
        sable_error err{};
        EXPECT_EQ(sable_program_cost(program, p, batch, &info, &err), SABLE_OK) << err.text;
        return info;
    }
    sable_pricing *p = nullptr;
    sable_status status;
    std::string text;
};

/* Chains and totals of circuits whose shape is known; memory and bytes. */
TEST_F(ForecastTest, CostTellsChainsAndBytes) {
    const Prices here(kit.params, "cpu");
    ASSERT_EQ(here.status, SABLE_OK) << here.text;
    Circuit wide(kit.slots()), deep(kit.slots());
    const sable_node x = sable_circuit_input(wide, "x", 1.5);
    for (int i = 0; i < 8; i++)
        sable_circuit_output(wide, ("r" + std::to_string(i)).c_str(), sable_circuit_rotate(wide, x, 1 + 2 * i));
    sable_node y = sable_circuit_input(deep, "y", 1.5);
    for (int i = 0; i < 8; i++) y = sable_circuit_rotate(deep, y, 1 + 2 * i);
    sable_circuit_output(deep, "r", y);
    const sable_lowering single = [] {
        sable_lowering o = {};
        o.struct_size = sizeof o;
        o.no_hoisting = true;
        return o;
    }();
    Program a(wide, kit.params, &single), b(deep, kit.params), hoisted(wide, kit.params);
    const sable_program_cost_info w = here.of(a), d = here.of(b), h = here.of(hoisted);
    EXPECT_FALSE(w.predicted);
    EXPECT_EQ(w.chain_steps, 1u);
    EXPECT_EQ(d.chain_steps, 8u);
    EXPECT_NEAR(w.seconds, d.seconds, 0.2 * d.seconds); /* the same work, other registers */
    EXPECT_NEAR(d.chain_seconds, d.seconds, 1e-9 * d.seconds);
    EXPECT_NEAR(w.chain_seconds, w.seconds / 8, 0.2 * w.seconds / 8);
    EXPECT_LT(h.seconds, w.seconds);
    EXPECT_NEAR(h.chain_seconds, w.chain_seconds, 0.2 * w.chain_seconds);
    const auto keys = keys_of(a);
    uint64_t bytes = 0;
    for (const sable_key_use &k : keys) bytes += k.bytes;
    EXPECT_EQ(w.key_bytes, bytes);
    EXPECT_EQ(w.input_bytes, a.info().input_bytes);
    EXPECT_EQ(w.output_bytes, 8 * w.input_bytes); /* all at level 0 */
    EXPECT_GE(w.memory_bytes, w.key_bytes + w.input_bytes + w.output_bytes);
    EXPECT_EQ(here.of(a, 3).input_bytes, 3 * w.input_bytes);
    EXPECT_GT(here.of(a, 3).seconds, 2 * w.seconds);
    EXPECT_EQ(w.input_levels, 0u);
    Kit other("T11", without_keys());
    Program elsewhere(wide, other.params);
    sable_program_cost_info info = {};
    info.struct_size = sizeof info;
    EXPECT_EQ(sable_program_cost(elsewhere, here.p, 1, &info, nullptr), SABLE_PARAMS_MISMATCH);
    EXPECT_EQ(Prices(kit.params, "cuda:ZX81").status, SABLE_NO_DEVICE);
}

/* The bytes that a run is told to hold are what the backend then holds at most. */
TEST_F(ForecastTest, MemoryIsThatOfTheRun) {
    std::mt19937_64 rng(7);
    Circuit c(kit.slots());
    grow_circuit(c, kit.slots(), 40, rng, cubic);
    Program p(c, kit.params);
    ASSERT_EQ(p.status, SABLE_OK) << p.text;
    const Prices here(kit.params, "cpu");
    ASSERT_EQ(here.status, SABLE_OK) << here.text;
    sable_ctx_info before = {}, after = {};
    before.struct_size = after.struct_size = sizeof before;
    sable_ctx *const ctx = kit.ctx;
    (void)run(p, inputs(3, kit.slots()), kit.slots());
    ASSERT_EQ(sable_ctx_describe(ctx, &after), SABLE_OK);
    const double told = static_cast<double>(here.of(p).memory_bytes), held = static_cast<double>(after.bytes_peak);
    EXPECT_LT(held, 1.3 * told); /* the run here also encrypts and makes keys */
    EXPECT_GT(held, 0.7 * told);
}

/* Prices of the H200 give what docs/GPU_MODEL.md predicts for whole operations of set A40. */
TEST(Pricing, PredictionsForTheGpuAreThoseOfItsModel) {
    sable_params *params = nullptr;
    sable_error err{};
    ASSERT_EQ(sable_params_load(&params, "A40", nullptr, &err), SABLE_OK) << err.text;
    {
        const Prices h200(params, "cuda:H200");
        ASSERT_EQ(h200.status, SABLE_OK) << h200.text;
        sable_params_info info = {};
        info.struct_size = sizeof info;
        ASSERT_EQ(sable_params_describe(params, &info), SABLE_OK);
        const struct {
            uint32_t level;
            double rotate, product;
        } rows[] = {{info.top_level, 125e-6, 144e-6}, {12, 53e-6, 61e-6}};
        for (const auto &row : rows) {
            sable_lowering o = {};
            o.struct_size = sizeof o;
            o.output_level = row.level;
            Circuit turn(info.slots), times(info.slots);
            const sable_node x = sable_circuit_input(turn, "x", 1), y = sable_circuit_input(times, "y", 1);
            sable_circuit_output(turn, "r", sable_circuit_rotate(turn, x, 1));
            sable_circuit_output(times, "r", sable_circuit_mul(times, y, sable_circuit_input(times, "z", 1)));
            Program a(turn, params, &o);
            o.output_level = row.level - 1;
            Program b(times, params, &o);
            const sable_program_cost_info r = h200.of(a), m = h200.of(b);
            EXPECT_TRUE(r.predicted);
            EXPECT_NEAR(r.seconds, row.rotate, 0.2 * row.rotate) << row.level;
            EXPECT_NEAR(m.seconds, row.product, 0.2 * row.product) << row.level;
        }
    }
    sable_params_destroy(&params);
}

/* Prices and runs in turn, the least of each: within a factor of 4 on machines that do other things too. bench_predict has the figures. */
TEST(Pricing, TellsTheTimeOfARun) {
    KitOptions options;
    options.keys = false;
    options.threads = 1;
    Kit kit("infer13", options);
    Circuit c(kit.slots());
    sable_node sum = SABLE_NODE_NONE;
    for (int k = 0; k < 4; k++) {
        const sable_node x = sable_circuit_input(c, ("x" + std::to_string(k)).c_str(), 1.5);
        const sable_node term = sable_circuit_mul(c, x, sable_circuit_rotate(c, x, k));
        sum = k ? sable_circuit_add(c, sum, term) : term;
    }
    sable_circuit_output(c, "r", sum);
    Program p(c, kit.params);
    ASSERT_EQ(p.status, SABLE_OK) << p.text;
    sable_key_spec *spec = nullptr;
    ASSERT_EQ(sable_key_spec_create(&spec, kit.params, nullptr), SABLE_OK);
    ASSERT_EQ(sable_program_add_keys(p, spec, nullptr), SABLE_OK);
    sable_keyset *keys = kit.make_keys(spec);
    sable_key_spec_destroy(&spec);
    std::vector<Ct> in;
    std::vector<const sable_ct *> from;
    for (size_t i = 0; i < 4; i++) in.push_back(kit.encrypt(kit.random(1, false), p.input_level(i)));
    for (auto &ct : in) from.push_back(ct);
    Ct out(kit);
    sable_ct *to = out;
    double predicted = 1e9, measured = 1e9;
    for (int round = 0; round < 3; round++) {
        sable_pricing_options o = {};
        o.struct_size = sizeof o;
        o.threads = 1;
        sable_pricing *pricing = nullptr;
        ASSERT_EQ(sable_pricing_create(&pricing, kit.params, &o, nullptr), SABLE_OK);
        sable_program_cost_info info = {};
        info.struct_size = sizeof info;
        EXPECT_EQ(sable_program_cost(p, pricing, 1, &info, nullptr), SABLE_OK);
        sable_pricing_destroy(&pricing);
        predicted = std::min(predicted, info.seconds);
        for (int i = 0; i < 4; i++) {
            const std::clock_t start = std::clock(); /* processor time of one thread */
            OK(kit, sable_program_run(kit.queue, p, &to, 1, from.data(), 4, keys));
            measured = std::min(measured, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
        }
    }
    printf("predicted %.3f ms, measured %.3f ms\n", 1e3 * predicted, 1e3 * measured);
    EXPECT_LT(measured, 4 * predicted);
    EXPECT_LT(predicted, 4 * measured);
    sable_keyset_destroy(kit.queue, &keys);
}

/* -- noise and scale ----------------------------------------------------------------------------------------------- */

struct Forecast {
    Forecast(const sable_program *p, const std::vector<Values> *in = nullptr, bool public_key = false) {
        sable_forecast_options o = {};
        o.struct_size = sizeof o;
        o.public_key = public_key;
        std::vector<const double *> from;
        if (in)
            for (auto &v : *in) from.push_back(reinterpret_cast<const double *>(v.data()));
        if (in) o.inputs = from.data();
        sable_error err{};
        status = sable_program_forecast(&f, p, &o, &err);
        text = err.text;
    }
    ~Forecast() { sable_forecast_destroy(&f); }
    Forecast(const Forecast &) = delete;
    Forecast &operator=(const Forecast &) = delete;
    sable_output_forecast output(size_t i) const {
        sable_output_forecast r = {};
        r.struct_size = sizeof r;
        EXPECT_EQ(sable_forecast_output(f, i, &r), SABLE_OK);
        return r;
    }
    sable_level_forecast level(uint32_t l) const {
        sable_level_forecast r = {};
        r.struct_size = sizeof r;
        EXPECT_EQ(sable_forecast_level(f, l, &r), SABLE_OK);
        return r;
    }
    sable_forecast *f = nullptr;
    sable_status status;
    std::string text;
};

double deviation(const Values &got, const Values &want) {
    double sum = 0;
    for (size_t j = 0; j < want.size(); j++) sum += std::norm(got[j] - want[j]);
    return std::sqrt(sum / (2 * static_cast<double>(want.size())));
}

/* Told before any key exists, measured afterwards: within 2 bits, whatever is tied to what (random graphs reuse their values), for full and
 * sparse packings. */
TEST_F(ForecastTest, NoiseIsToldWithinTwoBits) {
    double low = 1e9, high = 0;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        SCOPED_TRACE(seed);
        std::mt19937_64 rng(seed);
        const uint32_t slots = seed % 3 ? kit.slots() : 64;
        Circuit c(slots);
        grow_circuit(c, slots, 40, rng, cubic);
        const sable_lowering o = capped(seed % 4 ? 0 : 1);
        Program p(c, kit.params, &o);
        ASSERT_EQ(p.status, SABLE_OK) << p.text;
        const auto in = inputs(3, slots);
        const Forecast told(p, &in);
        ASSERT_EQ(told.status, SABLE_OK) << told.text;
        const auto got = run(p, in, slots), want = run_plain(c, in, 3, slots);
        for (size_t i = 0; i < 3; i++) {
            const double measured = deviation(got[i], want[i]);
            if (measured == 0) continue; /* a constant, added to 0 times something: no noise at all */
            const double ratio = measured / told.output(i).noise_std;
            low = std::min(low, ratio), high = std::max(high, ratio);
            EXPECT_LT(std::fabs(std::log2(ratio)), 2) << told.output(i).name << ": " << ratio;
            EXPECT_NEAR(told.output(i).rms, rms(want[i]), 1e-3 * rms(want[i]) + 1e-6);
            EXPECT_NEAR(told.output(i).largest, largest(want[i]), 1e-3 * largest(want[i]) + 1e-6);
        }
    }
    printf("measured over forecast: %.2f to %.2f\n", low, high);
}

/* Two circuits whose errors cancel, or add up: x - x rotated by nothing but its ties, and a power by products. */
TEST_F(ForecastTest, TiedErrorsAreToldRight) {
    Circuit c(kit.slots());
    const sable_node x = sable_circuit_input(c, "x", 1.5);
    sable_node sum = x;
    for (int i = 0; i < 6; i++) sum = sable_circuit_add(c, sum, sum); /* 64 x: the error 64-fold, not 8-fold */
    sable_circuit_output(c, "sum", sum);
    sable_circuit_output(c, "less", sable_circuit_sub(c, sum, sable_circuit_mul_integer(c, x, 63))); /* x again */
    sable_lowering o = {};
    o.struct_size = sizeof o;
    Program p(c, kit.params, &o);
    const auto in = inputs(1, kit.slots());
    const Forecast told(p, &in);
    ASSERT_EQ(told.status, SABLE_OK) << told.text;
    const auto got = run(p, in, kit.slots()), want = run_plain(c, in, 2, kit.slots());
    for (size_t i = 0; i < 2; i++)
        EXPECT_LT(std::fabs(std::log2(deviation(got[i], want[i]) / told.output(i).noise_std)), 0.5) << i;
    EXPECT_NEAR(std::log2(told.output(0).noise_std / told.output(1).noise_std), 6, 0.1);
}

/* Values are drawn from what inputs declare; public keys are noisier; what exceeds its bound is refused. */
TEST_F(ForecastTest, ForecastsDrawFromTheDeclarations) {
    for (double wanted : {0.01, 0.5, 0.9, 1.5}) {
        Circuit c(kit.slots());
        const sable_node x = sable_circuit_input(c, "x", 1.5);
        sable_circuit_input_rms(c, x, wanted);
        sable_circuit_output(c, "x", sable_circuit_rotate(c, x, 1));
        Program p(c, kit.params);
        const Forecast f(p), noisy(p, nullptr, true);
        EXPECT_NEAR(f.output(0).rms, wanted, 0.15 * wanted);
        EXPECT_LE(f.output(0).largest, 1.5);
        EXPECT_GT(noisy.output(0).noise_std, 1.2 * f.output(0).noise_std);
        EXPECT_NEAR(f.output(0).precision_bits, -std::log2((2 + std::log(kit.slots())) * f.output(0).noise_std), 1e-9);
        const std::vector<Values> large = {Values(kit.slots(), 1.6)};
        EXPECT_EQ(Forecast(p, &large).status, SABLE_BOUND);
    }
}

/* Largest messages by level against the modulus (V3): what is declared leaves headroom everywhere; an input that uses its bound up meets
 * what is told. */
TEST_F(ForecastTest, ScalesHoldWhatIsDeclared) {
    Circuit c(kit.slots());
    const sable_node x = sable_circuit_input(c, "x", 2);
    const sable_node x2 = sable_circuit_mul(c, x, x);
    sable_circuit_output(c, "r", sable_circuit_mul_integer(c, sable_circuit_mul(c, x2, x2), 3));
    Program p(c, kit.params);
    const std::vector<Values> in = {Values(kit.slots(), 2)};
    const Forecast f(p, &in);
    ASSERT_EQ(f.status, SABLE_OK) << f.text;
    for (uint32_t l = 0; l <= kit.top(); l++) {
        const sable_level_forecast level = f.level(l);
        if (level.registers == 0) continue;
        EXPECT_GE(level.headroom_bits, 0) << l;
        EXPECT_NEAR(level.log_message, level.log_declared, 1e-6) << l;
        EXPECT_GE(level.log_scale_most, level.log_scale) << l;
        EXPECT_NEAR(level.headroom_bits, level.log_q - 2 - level.log_declared, 1e-9) << l;
    }
    EXPECT_EQ(f.level(p.input_level(0)).registers, 2u); /* x, and its square before the rescale */
    EXPECT_NEAR(f.level(0).log_declared, std::log2(48) + f.level(0).log_scale, 0.1);
    EXPECT_EQ(f.level(kit.top()).registers, 0u);
}

} // namespace
