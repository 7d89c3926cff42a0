/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluators that need no key: what they tell of a circuit is what its run does. */
#include "support/circuit_fixture.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

extern "C" {
#include "sable/evaluators.h"
}

using namespace sable_test;

namespace {

sable_depth_info depth_of(const sable_circuit *c, std::vector<uint32_t> *levels = nullptr) {
    sable_depth_info info = {};
    info.struct_size = sizeof info;
    sable_error err{};
    EXPECT_EQ(sable_circuit_depth(c, &info, levels ? levels->data() : nullptr, &err), SABLE_OK) << err.text;
    return info;
}

std::vector<sable_key_use> keys_of(const sable_program *p) {
    size_t count = 0;
    sable_error err{};
    EXPECT_EQ(sable_program_keys(p, nullptr, 0, &count, &err), SABLE_OK) << err.text;
    std::vector<sable_key_use> r(count);
    EXPECT_EQ(sable_program_keys(p, r.data(), count, &count, &err), SABLE_OK) << err.text;
    return r;
}

sable_lowering capped(uint32_t keys) {
    sable_lowering o = {};
    o.struct_size = sizeof o;
    o.max_rotation_keys = keys;
    return o;
}

class EvaluatorsTest : public testing::Test {
  protected:
    static KitOptions bare() {
        KitOptions o;
        o.keys = false;
        return o;
    }
    Kit kit{"T10", bare()};
    sable_poly *cubic = nullptr;

    void SetUp() override {
        const double c[] = {0.25, 0.5, -0.125, 0.0625};
        ASSERT_EQ(sable_poly_chebyshev(&cubic, c, 4, -4, 4, nullptr), SABLE_OK);
    }
    void TearDown() override { sable_poly_destroy(&cubic); }

    std::vector<Values> inputs(size_t count, uint32_t slots) {
        std::vector<Values> r;
        for (size_t i = 0; i < count; i++) r.push_back(kit.random(1, true, slots));
        return r;
    }

    sable_keyset *generate(const sable_program *p) {
        sable_key_spec *spec = nullptr;
        EXPECT_EQ(sable_key_spec_create(&spec, kit.params, nullptr), SABLE_OK);
        EXPECT_EQ(sable_program_add_keys(p, spec, nullptr), SABLE_OK);
        sable_keyset *keys = sable_key_spec_count(spec) ? kit.make_keys(spec) : nullptr;
        sable_key_spec_destroy(&spec);
        return keys;
    }

    /* Results of a run on these values. */
    std::vector<Values> run(const Program &p, const std::vector<Values> &in, uint32_t slots) {
        const sable_program_info info = p.info();
        std::vector<Ct> from, to;
        std::vector<const sable_ct *> inputs;
        std::vector<sable_ct *> outputs;
        for (size_t i = 0; i < info.inputs; i++) {
            from.push_back(kit.encrypt(in[i], p.input_level(i), 1, slots));
            EXPECT_EQ(sable_ct_declare(kit.queue, from.back(), 1.5, 1), SABLE_OK);
        }
        for (size_t i = 0; i < info.outputs; i++) to.emplace_back(kit);
        for (auto &ct : from) inputs.push_back(ct);
        for (auto &ct : to) outputs.push_back(ct);
        sable_keyset *keys = generate(p);
        EXPECT_EQ(sable_program_run(kit.queue, p, outputs.data(), outputs.size(), inputs.data(), inputs.size(), keys),
                  SABLE_OK)
            << sable_queue_error(kit.queue);
        std::vector<Values> r;
        for (auto &ct : to) r.push_back(ct->data ? kit.decrypt(ct) : Values());
        sable_keyset_destroy(kit.queue, &keys);
        return r;
    }
};

double worst(const std::vector<Values> &a, const std::vector<Values> &b) {
    double most = 0;
    for (size_t i = 0; i < a.size(); i++)
        for (size_t j = 0; j < a[i].size(); j++) most = std::max(most, std::abs(a[i][j] - b[i][j]));
    return most;
}

/* -- depth --------------------------------------------------------------------------------------------------------- */

/* Counted without a set of parameters, and what programs have however they are lowered (V1). */
TEST_F(EvaluatorsTest, DepthIsThatOfEveryProgram) {
    for (uint64_t seed = 1; seed <= 40; seed++) {
        SCOPED_TRACE(seed);
        std::mt19937_64 rng(seed);
        Circuit c(kit.slots());
        grow_circuit(c, kit.slots(), 24, rng, cubic);
        std::vector<uint32_t> levels(3);
        const sable_depth_info depth = depth_of(c, &levels);
        EXPECT_EQ(depth.depth, depth.whole);
        EXPECT_EQ(depth.bootstraps + depth.bootstraps_in_chain, 0u);
        EXPECT_EQ(depth.depth, *std::max_element(levels.begin(), levels.end()));
        for (uint32_t bits = 0; bits < 16; bits += 3) {
            sable_lowering o = {};
            o.struct_size = sizeof o;
            o.eager_relin = bits & 1, o.eager_rescale = bits & 2, o.no_sharing = bits & 4, o.no_hoisting = bits & 8;
            Program p(c, kit.params, &o);
            ASSERT_EQ(p.status, SABLE_OK) << p.text;
            EXPECT_EQ(p.info().depth, depth.depth);
            for (size_t i = 0; i < 3; i++) EXPECT_EQ(p.input_level(i), levels[i]) << i;
        }
    }
}

/* An input at a declared level enters there; one that is declared too low is refused by name, with the level that it needs (V2). */
TEST_F(EvaluatorsTest, DeclaredLevelsAreKeptOrRefused) {
    for (uint32_t declared = 0; declared <= 5; declared++) {
        Circuit c(kit.slots());
        const sable_node x = sable_circuit_input(c, "x", 1.5), y = sable_circuit_input(c, "y", 1.5);
        const sable_node x2 = sable_circuit_mul(c, x, x);
        sable_circuit_output(c, "r", sable_circuit_add(c, sable_circuit_mul(c, x2, x2), y));
        sable_circuit_input_level(c, x, declared);
        sable_circuit_input_level(c, y, 1);
        sable_depth_info info = {};
        info.struct_size = sizeof info;
        sable_error err{};
        const sable_status status = sable_circuit_depth(c, &info, nullptr, &err);
        Program p(c, kit.params);
        EXPECT_EQ(p.status, status);
        if (declared < 2) {
            EXPECT_EQ(status, SABLE_LEVEL);
            for (const std::string &text : {std::string(err.text), p.text}) {
                EXPECT_NE(text.find("\"x\""), std::string::npos) << text;
                EXPECT_NE(text.find("level " + std::to_string(declared)), std::string::npos) << text;
                EXPECT_NE(text.find("needs it at level 2"), std::string::npos) << text;
            }
            continue;
        }
        ASSERT_EQ(p.status, SABLE_OK) << p.text;
        EXPECT_EQ(info.depth, 2u);
        EXPECT_EQ(p.input_level(0), declared);
        EXPECT_EQ(p.input_level(1), 1u);
        EXPECT_EQ(p.count().adjust, declared > 2 ? 2u : 1u);
        const auto in = inputs(2, kit.slots());
        EXPECT_LT(worst(run(p, in, kit.slots()), run_plain(c, in, 1, kit.slots())), 1e-6);
    }
    Circuit c(kit.slots());
    sable_circuit_input_level(c, sable_circuit_input(c, "x", 1), 64);
    EXPECT_EQ(sable_circuit_status(c, nullptr), SABLE_LEVEL);
    Circuit d(kit.slots());
    const sable_node x = sable_circuit_input(d, "x", 1);
    sable_circuit_input_rms(d, sable_circuit_negate(d, x), 1);
    EXPECT_EQ(sable_circuit_status(d, nullptr), SABLE_INVALID);
}

/* Bootstrapping points: passed through in the clear, counted, and refused before any work (V9). */
TEST_F(EvaluatorsTest, BootstrappingPointsAreCountedAndRefused) {
    Circuit c(kit.slots());
    const sable_node x = sable_circuit_input(c, "x", 1.0);
    sable_node r = x;
    for (int i = 0; i < 12; i++) {
        r = sable_circuit_mul(c, r, x);
        if (i % 4 == 3 && i < 11) r = sable_circuit_bootstrap(c, r);
    }
    sable_circuit_output(c, "r", r);
    const sable_depth_info depth = depth_of(c);
    EXPECT_EQ(depth.whole, 12u);
    EXPECT_EQ(depth.depth, 4u);
    EXPECT_EQ(depth.bootstraps, 2u);
    EXPECT_EQ(depth.bootstraps_in_chain, 2u);
    Program p(c, kit.params);
    ASSERT_EQ(p.status, SABLE_OK) << p.text;
    EXPECT_EQ(p.info().depth, 4u);
    EXPECT_EQ(p.count().bootstrap, 2u);
    EXPECT_EQ(p.count(0).bootstrap, 2u);
    const std::vector<Values> in = {kit.random(1, false)};
    const Values want = run_plain(c, in, 1, kit.slots())[0];
    for (size_t j = 0; j < want.size(); j++) EXPECT_NEAR(std::abs(want[j] - std::pow(in[0][j], 13)), 0, 1e-9);
    Ct from = kit.encrypt(in[0], p.input_level(0)), to(kit);
    const sable_ct *input = from;
    sable_ct *output = to;
    EXPECT_EQ(sable_program_run(kit.queue, p, &output, 1, &input, 1, nullptr), SABLE_UNSUPPORTED);
    EXPECT_NE(std::string(sable_queue_error(kit.queue)).find("2 bootstrapping points"), std::string::npos);
    EXPECT_EQ(to->data, nullptr);
    sable_forecast *forecast = nullptr;
    EXPECT_EQ(sable_program_forecast(&forecast, p, nullptr, nullptr), SABLE_UNSUPPORTED);
}

/* -- keys ---------------------------------------------------------------------------------------------------------- */

/* Rotations by k and by k - slots are one key; its hull is that of the levels of its use (V4). */
TEST_F(EvaluatorsTest, KeysAreReducedAndListedWithTheirHulls) {
    const int64_t slots = kit.slots();
    Circuit c(kit.slots());
    const sable_node x = sable_circuit_input(c, "x", 1.5);
    sable_node r = sable_circuit_add(c, sable_circuit_rotate(c, x, 3), sable_circuit_rotate(c, x, 3 - slots));
    r = sable_circuit_mul(c, r, sable_circuit_conjugate(c, sable_circuit_rotate(c, x, -1)));
    r = sable_circuit_add(c, r, sable_circuit_rotate(c, r, 3 + slots));
    sable_circuit_output(c, "r", sable_circuit_rotate(c, r, slots));
    Program p(c, kit.params);
    ASSERT_EQ(p.status, SABLE_OK) << p.text;
    const auto keys = keys_of(p);
    ASSERT_EQ(keys.size(), 4u);
    EXPECT_EQ(keys[0].kind, SABLE_KEY_RELIN);
    EXPECT_EQ(keys[1].steps, 3);
    EXPECT_EQ(keys[1].low, 0u);
    EXPECT_EQ(keys[1].high, 1u);
    EXPECT_EQ(keys[1].uses, 2u);
    EXPECT_EQ(keys[2].steps, slots - 1);
    EXPECT_EQ(keys[2].low, 1u);
    EXPECT_EQ(keys[3].galois, sable_galois_conjugation(kit.params));
    for (const sable_key_use &k : keys) {
        uint32_t first = UINT32_MAX, end = 0;
        for (uint32_t l : {k.low, k.high}) {
            sable_level_info level = {};
            level.struct_size = sizeof level;
            ASSERT_EQ(sable_params_level(kit.params, l, &level), SABLE_OK);
            first = std::min(first, level.first), end = std::max(end, level.first + level.limbs);
        }
        EXPECT_EQ(k.first, first);
        EXPECT_EQ(k.first + k.limbs, end);
    }
    uint64_t bytes = 0;
    for (const sable_key_use &k : keys) bytes += k.bytes;
    sable_keyset *made = generate(p);
    EXPECT_EQ(sable_keyset_bytes(made), bytes);
    EXPECT_EQ(sable_keyset_count(made), keys.size());
    sable_keyset_destroy(kit.queue, &made);
}

/* Exactly the keys that a run needs: without any one of them it is refused. */
TEST_F(EvaluatorsTest, EveryListedKeyIsNeeded) {
    for (uint64_t seed = 1; seed <= 4; seed++) {
        std::mt19937_64 rng(seed);
        Circuit c(kit.slots());
        grow_circuit(c, kit.slots(), 30, rng, cubic);
        Program p(c, kit.params);
        ASSERT_EQ(p.status, SABLE_OK) << p.text;
        const auto in = inputs(3, kit.slots());
        std::vector<Ct> from, to;
        std::vector<const sable_ct *> inputs;
        std::vector<sable_ct *> outputs;
        for (size_t i = 0; i < 3; i++) {
            from.push_back(kit.encrypt(in[i], p.input_level(i)));
            OK(kit, sable_ct_declare(kit.queue, from[i], 1.5, 1));
            to.emplace_back(kit);
        }
        for (size_t i = 0; i < 3; i++) inputs.push_back(from[i]), outputs.push_back(to[i]);
        sable_keyset *keys = generate(p);
        ASSERT_NE(keys, nullptr);
        ASSERT_EQ(sable_keyset_count(keys), keys_of(p).size());
        for (size_t k = 0; k < keys->count; k++) {
            std::swap(keys->key[k], keys->key[keys->count - 1]);
            keys->count--;
            EXPECT_EQ(sable_program_run(kit.queue, p, outputs.data(), 3, inputs.data(), 3, keys), SABLE_NO_KEY);
            keys->count++;
            std::swap(keys->key[k], keys->key[keys->count - 1]);
        }
        OK(kit, sable_program_run(kit.queue, p, outputs.data(), 3, inputs.data(), 3, keys));
        sable_keyset_destroy(kit.queue, &keys);
    }
}

/* With fewer keys than rotations the others are sums: same values, counts that tell it, never more keys than allowed. */
TEST_F(EvaluatorsTest, CappedKeysComposeRotations) {
    const uint32_t slots = 64;
    std::vector<double> row(slots);
    Circuit c(slots);
    const sable_node x = sable_circuit_input(c, "x", 1.5), y = sable_circuit_input(c, "y", 1.5);
    sable_node sum = sable_circuit_mul_scalar(c, x, 0.5, 0);
    for (int64_t k = 1; k <= 12; k++) { /* diagonals of a matrix */
        for (uint32_t j = 0; j < slots; j++) row[j] = std::cos(static_cast<double>(k * 7 + j)) / 8;
        sum = sable_circuit_add(c, sum, sable_circuit_mul_plain(c, sable_circuit_rotate(c, x, k), row.data()));
    }
    sum = sable_circuit_add(c, sum, sable_circuit_rotate(c, y, -5));
    sable_circuit_output(c, "sum", sum);
    const auto in = inputs(2, slots);
    const auto want = run_plain(c, in, 1, slots);
    std::map<uint32_t, uint32_t> rotations;
    for (uint32_t most : {0u, 13u, 12u, 7u, 6u, 4u, 2u, 1u}) {
        SCOPED_TRACE(most);
        const sable_lowering o = capped(most);
        Program p(c, kit.params, &o);
        ASSERT_EQ(p.status, SABLE_OK) << p.text;
        const auto keys = keys_of(p);
        const size_t galois = static_cast<size_t>(
            std::count_if(keys.begin(), keys.end(), [](const sable_key_use &k) { return k.kind == SABLE_KEY_GALOIS; }));
        if (most)
            EXPECT_LE(galois, most);
        else
            EXPECT_EQ(galois, 13u);
        rotations[most] = p.count().rotate;
        EXPECT_LT(worst(run(p, in, slots), want), 1e-6);
    }
    /* Keys 1 and -5 are enough to add nothing: each of the others is one more than a rotation that is there anyway. */
    for (uint32_t most : {0u, 13u, 12u, 7u, 6u, 4u, 2u}) EXPECT_EQ(rotations[most], 13u) << most;
    EXPECT_GT(rotations[1], 13u);
    EXPECT_LE(rotations[1], 71u); /* 1 alone */
}

/* -- counts -------------------------------------------------------------------------------------------------------- */

/* The cpu backend with calls counted. Functions of the table carry no context, hence the state. */
struct Calls {
    uint32_t tensor, key_switch, mod_up, hoisted, divisions;
};
Calls calls;
const sable_backend *cpu;

const sable_backend *counting(const sable_backend *base) {
    static sable_backend table;
    cpu = base;
    table = *base;
    table.tensor = [](void *q, const sable_limbs *out, const sable_limbs *a, size_t as, const sable_limbs *b, size_t bs,
                      uint32_t terms) {
        calls.tensor++;
        return cpu->tensor(q, out, a, as, b, bs, terms);
    };
    table.key_switch = [](void *q, const sable_limbs *acc, const sable_limbs *y, const sable_basis *const *up,
                          const sable_limbs *own, const sable_limbs *key, uint32_t alpha, uint32_t first,
                          const sable_limbs *add, const uint32_t *mult) {
        calls.key_switch++;
        return cpu->key_switch(q, acc, y, up, own, key, alpha, first, add, mult);
    };
    table.mod_up = [](void *q, const sable_limbs *digits, const sable_limbs *y, const sable_basis *const *up) {
        calls.mod_up++;
        return cpu->mod_up(q, digits, y, up);
    };
    table.key_inner_many = [](void *q, const sable_limbs *acc, const sable_limbs *digits, const sable_limbs *own,
                              const sable_limbs *keys, const uint32_t *galois, uint32_t count, uint32_t alpha,
                              uint32_t first, const sable_limbs *add, const uint32_t *mult) {
        calls.hoisted += count;
        return cpu->key_inner_many(q, acc, digits, own, keys, galois, count, alpha, first, add, mult);
    };
    table.mod_down = [](void *q, const sable_limbs *out, const sable_limbs *y, const sable_basis *basis,
                        const sable_limbs *x, const uint32_t *xm, const uint32_t *em, uint32_t galois,
                        const sable_limbs *add) {
        calls.divisions++;
        return cpu->mod_down(q, out, y, basis, x, xm, em, galois, add);
    };
    return &table;
}

/* What is counted before the run are the calls that it makes (V5): products, key switches, decompositions, rotations, and divisions, of
 * which relinearisation with rescale takes one. */
TEST_F(EvaluatorsTest, CountsAreTheCallsOfARun) {
    const sable_backend *const real = kit.ctx->backend;
    for (uint64_t seed = 1; seed <= 24; seed++) {
        SCOPED_TRACE(seed);
        std::mt19937_64 rng(seed);
        Circuit c(kit.slots());
        grow_circuit(c, kit.slots(), 40, rng, cubic);
        sable_lowering o = capped(seed % 3 ? 0 : 2);
        o.eager_relin = seed & 1, o.eager_rescale = seed & 2, o.no_hoisting = seed & 4;
        Program p(c, kit.params, &o);
        ASSERT_EQ(p.status, SABLE_OK) << p.text;
        const sable_op_count n = p.count();
        sable_op_count sum = {};
        for (uint32_t level = 0; level <= kit.top(); level++) {
            const sable_op_count at = p.count(static_cast<int32_t>(level));
            sum.add += at.add, sum.mul += at.mul, sum.mul_plain += at.mul_plain, sum.rotate += at.rotate;
            sum.rescale += at.rescale, sum.relinearize += at.relinearize;
        }
        EXPECT_EQ(sum.add, n.add);
        EXPECT_EQ(sum.mul, n.mul);
        EXPECT_EQ(sum.mul_plain, n.mul_plain);
        EXPECT_EQ(sum.rotate, n.rotate);
        EXPECT_EQ(sum.rescale, n.rescale);
        EXPECT_EQ(sum.relinearize, n.relinearize);
        sable_poly_cost poly = {};
        poly.struct_size = sizeof poly;
        ASSERT_EQ(n.poly, 1u);
        const auto in = inputs(3, kit.slots());
        sable_keyset *keys = generate(p);
        std::vector<Ct> from, to;
        std::vector<const sable_ct *> inputs;
        std::vector<sable_ct *> outputs;
        for (size_t i = 0; i < 3; i++) {
            from.push_back(kit.encrypt(in[i], p.input_level(i)));
            OK(kit, sable_ct_declare(kit.queue, from[i], 1.5, 1));
            to.emplace_back(kit);
        }
        for (size_t i = 0; i < 3; i++) inputs.push_back(from[i]), outputs.push_back(to[i]);
        uint32_t level = 0; /* of the polynomial's input: its depth above the first output */
        ASSERT_NE(sable_program_output(p, 0, &level), nullptr);
        ASSERT_EQ(sable_poly_plan(cubic, kit.params, level + sable_poly_depth(cubic), &poly, nullptr), SABLE_OK);
        kit.ctx->backend = counting(real);
        calls = {};
        const sable_status status = sable_program_run(kit.queue, p, outputs.data(), 3, inputs.data(), 3, keys);
        kit.ctx->backend = real;
        ASSERT_EQ(status, SABLE_OK) << sable_queue_error(kit.queue);
        EXPECT_EQ(calls.tensor, n.mul + poly.products);
        EXPECT_EQ(calls.key_switch + calls.hoisted, n.rotate + n.conjugate + n.relinearize + poly.relinearizations);
        EXPECT_EQ(calls.key_switch + calls.mod_up,
                  n.rotate_groups + n.conjugate + n.relinearize + poly.relinearizations);
        sable_keyset_destroy(kit.queue, &keys);
    }
}

/* -- cost ---------------------------------------------------------------------------------------------------------- */

struct Pricing {
    Pricing(const sable_params *params, const char *backend) {
        sable_pricing_options o = {};
        o.struct_size = sizeof o;
        o.backend = backend;
        sable_error err{};
        status = sable_pricing_create(&p, params, &o, &err);
        text = err.text;
    }
    ~Pricing() { sable_pricing_destroy(&p); }
    Pricing(const Pricing &) = delete;
    Pricing &operator=(const Pricing &) = delete;
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
TEST_F(EvaluatorsTest, CostTellsChainsAndBytes) {
    const Pricing here(kit.params, "cpu");
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
    Kit other("T11", bare());
    Program elsewhere(wide, other.params);
    sable_program_cost_info info = {};
    info.struct_size = sizeof info;
    EXPECT_EQ(sable_program_cost(elsewhere, here.p, 1, &info, nullptr), SABLE_PARAMS_MISMATCH);
    EXPECT_EQ(Pricing(kit.params, "cuda:ZX81").status, SABLE_NO_DEVICE);
}

/* The bytes that a run is told to hold are what the backend then holds at most. */
TEST_F(EvaluatorsTest, MemoryIsThatOfTheRun) {
    std::mt19937_64 rng(7);
    Circuit c(kit.slots());
    grow_circuit(c, kit.slots(), 40, rng, cubic);
    Program p(c, kit.params);
    ASSERT_EQ(p.status, SABLE_OK) << p.text;
    const Pricing here(kit.params, "cpu");
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
TEST(Evaluators, PredictionsForTheGpuAreThoseOfItsModel) {
    sable_params *params = nullptr;
    sable_error err{};
    ASSERT_EQ(sable_params_load(&params, "A40", nullptr, &err), SABLE_OK) << err.text;
    {
        const Pricing h200(params, "cuda:H200");
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
TEST_F(EvaluatorsTest, NoiseIsToldWithinTwoBits) {
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
TEST_F(EvaluatorsTest, TiedErrorsAreToldRight) {
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
TEST_F(EvaluatorsTest, ForecastsDrawFromTheDeclarations) {
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
TEST_F(EvaluatorsTest, ScalesHoldWhatIsDeclared) {
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
