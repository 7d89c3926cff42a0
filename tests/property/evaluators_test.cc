/* SPDX-License-Identifier: Apache-2.0 */
/* Depth, keys and counts of operations: what is told of a circuit is what its run does. */
#include "support/evaluators_fixture.h"

#include <map>

using namespace sable_test;

namespace {

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
    table.switch_down = [](void *q, const sable_limbs *out, const sable_switch *w) {
        calls.tensor += !w->own;
        calls.key_switch++;
        calls.divisions++;
        return cpu->switch_down(q, out, w);
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

} // namespace
