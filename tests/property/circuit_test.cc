/* SPDX-License-Identifier: Apache-2.0 */
/* Circuits: the same graph in the clear and on ciphertexts, with every choice of lowering; what a program says of itself before it runs is what
 * it does; what it refuses. */
#include "support/circuit_fixture.h"

#include <cmath>
#include <functional>

using namespace sable_test;

namespace {

class CircuitTest : public testing::Test {
  protected:
    Kit kit{"T10", without_keys()};

    /* Keys that the program asks for, and no others. */
    sable_keyset *keys_of(const sable_program *p, size_t *count = nullptr) {
        sable_key_spec *spec = nullptr;
        sable_error err{};
        EXPECT_EQ(sable_key_spec_create(&spec, kit.params, &err), SABLE_OK) << err.text;
        EXPECT_EQ(sable_program_add_keys(p, spec, &err), SABLE_OK) << err.text;
        if (count) *count = sable_key_spec_count(spec);
        sable_keyset *keys = sable_key_spec_count(spec) ? kit.make_keys(spec) : nullptr;
        sable_key_spec_destroy(&spec);
        return keys;
    }

    /* Runs on ciphertexts of `batch` members and compares every member with the clear run; the largest difference. */
    double run_both(const sable_circuit *c, const Program &p, const std::vector<std::vector<Values>> &members,
                    uint32_t slots) {
        const sable_program_info info = p.info();
        const uint32_t batch = static_cast<uint32_t>(members.size());
        std::vector<Ct> in, out;
        for (size_t i = 0; i < info.inputs; i++) {
            Values all;
            for (const auto &member : members) all.insert(all.end(), member[i].begin(), member[i].end());
            in.push_back(kit.encrypt(all, p.input_level(i), batch, slots));
        }
        for (size_t i = 0; i < info.outputs; i++) out.emplace_back(kit);
        std::vector<const sable_ct *> from;
        std::vector<sable_ct *> to;
        for (auto &ct : in) {
            EXPECT_EQ(sable_ct_declare(kit.queue, ct, 1.5, 1), SABLE_OK);
            from.push_back(ct);
        }
        for (auto &ct : out) to.push_back(ct);
        sable_keyset *keys = keys_of(p);
        EXPECT_EQ(sable_program_run(kit.queue, p, to.data(), to.size(), from.data(), from.size(), keys), SABLE_OK)
            << sable_queue_error(kit.queue);
        double worst = 0;
        for (uint32_t b = 0; b < batch; b++) {
            const std::vector<Values> want = run_plain(c, members[b], info.outputs, slots);
            for (size_t i = 0; i < info.outputs; i++) {
                const Values have = kit.decrypt(out[i]);
                const uint32_t first = out[i]->batch == 1 ? 0 : b * slots;
                for (uint32_t j = 0; j < slots; j++) worst = std::max(worst, std::abs(have[first + j] - want[i][j]));
                uint32_t level = 0;
                EXPECT_NE(sable_program_output(p, i, &level), nullptr);
                EXPECT_EQ(out[i]->level, level);
            }
        }
        sable_keyset_destroy(kit.queue, &keys);
        return worst;
    }

    std::vector<Values> inputs(size_t count, uint32_t slots) {
        std::vector<Values> r;
        for (size_t i = 0; i < count; i++) r.push_back(kit.random(1, true, slots));
        return r;
    }
};

TEST_F(CircuitTest, RandomGraphsAgreeWithTheClearRunHoweverLowered) {
    const double coefficients[] = {0.25, 0.5, -0.125, 0.0625};
    sable_poly *poly = nullptr;
    sable_error err{};
    ASSERT_EQ(sable_poly_chebyshev(&poly, coefficients, 4, -4, 4, &err), SABLE_OK) << err.text;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        std::mt19937_64 rng(seed);
        const uint32_t slots = seed % 3 ? kit.slots() : 64;
        Circuit c(slots);
        grow_circuit(c, slots, 24, rng, poly);
        ASSERT_EQ(sable_circuit_status(c, &err), SABLE_OK) << err.text;
        std::vector<std::vector<Values>> members;
        for (uint64_t b = 0; b < 1 + seed % 2; b++) members.push_back(inputs(3, slots));
        std::vector<uint32_t> choices = {0,
                                         63}; /* everything on, everything off, and eight more: all 64 over the seeds */
        for (uint32_t k = 0; k < 8; k++) choices.push_back(static_cast<uint32_t>(seed - 1) * 8 + k);
        for (uint32_t bits : choices) {
            SCOPED_TRACE(testing::Message() << "seed " << seed << ", lowering " << bits);
            const sable_lowering o = lowering(bits, static_cast<uint32_t>(seed % 3));
            Program p(c, kit.params, &o);
            ASSERT_EQ(p.status, SABLE_OK) << p.text;
            EXPECT_LT(run_both(c, p, members, slots), 1e-5);
        }
    }
    sable_poly_destroy(&poly);
}

/* A sum of products is relinearised and rescaled once, and every product by itself when that is asked for. */
TEST_F(CircuitTest, SumsOfProductsAreBroughtBackOnce) {
    Circuit c(kit.slots());
    std::vector<sable_node> x;
    for (int i = 0; i < 8; i++) x.push_back(sable_circuit_input(c, ("x" + std::to_string(i)).c_str(), 1.5));
    sable_node sum = sable_circuit_mul(c, x[0], x[1]);
    for (size_t i = 2; i < 8; i += 2) sum = sable_circuit_add(c, sum, sable_circuit_mul(c, x[i], x[i + 1]));
    sable_circuit_output(c, "sum", sum);
    const struct { uint32_t bits, relin, rescale; } cases[] = {{0, 1, 1}, {1, 4, 1}, {2, 4, 4}, {3, 4, 4}};
    for (const auto &e : cases) {
        const sable_lowering o = lowering(e.bits);
        Program p(c, kit.params, &o);
        ASSERT_EQ(p.status, SABLE_OK) << p.text;
        const sable_op_count n = p.count();
        EXPECT_EQ(n.mul, 4u);
        EXPECT_EQ(n.add, 3u);
        EXPECT_EQ(n.relinearize, e.relin) << e.bits;
        EXPECT_EQ(n.rescale, e.rescale) << e.bits;
        EXPECT_EQ(p.info().depth, 1u);
        EXPECT_LT(run_both(c, p, {inputs(8, kit.slots())}, kit.slots()), 1e-6);
    }
}

/* Inputs enter where they are first used: x^4 + y takes y at the output's level and never adjusts it. */
TEST_F(CircuitTest, InputsEnterAsLowAsTheyCan) {
    Circuit c(kit.slots());
    const sable_node x = sable_circuit_input(c, "x", 1.5), y = sable_circuit_input(c, "y", 1.5);
    const sable_node x2 = sable_circuit_mul(c, x, x);
    sable_circuit_output(c, "r", sable_circuit_add(c, sable_circuit_mul(c, x2, x2), y));
    Program p(c, kit.params);
    ASSERT_EQ(p.status, SABLE_OK) << p.text;
    EXPECT_EQ(p.info().depth, 2u);
    EXPECT_EQ(p.input_level(0), 2u);
    EXPECT_EQ(p.input_level(1), 0u);
    EXPECT_EQ(p.count().adjust, 0u);
    EXPECT_EQ(p.count(2).mul + p.count(1).mul, 2u);
    EXPECT_LT(run_both(c, p, {inputs(2, kit.slots())}, kit.slots()), 1e-6);
}

TEST_F(CircuitTest, EqualWorkIsDoneOnce) {
    Circuit c(kit.slots());
    const sable_node x = sable_circuit_input(c, "x", 1.5), y = sable_circuit_input(c, "y", 1.5);
    const sable_node a = sable_circuit_rotate(c, sable_circuit_mul(c, x, y), 3);
    const sable_node b = sable_circuit_rotate(c, sable_circuit_mul(c, y, x), 3 - static_cast<int64_t>(kit.slots()));
    sable_circuit_output(c, "a", a);
    sable_circuit_output(c, "sum", sable_circuit_add(c, a, b));
    Program shared(c, kit.params);
    EXPECT_EQ(shared.count().mul, 1u);
    EXPECT_EQ(shared.count().rotate, 1u);
    const sable_lowering apart = lowering(4);
    Program twice(c, kit.params, &apart);
    EXPECT_EQ(twice.count().mul, 2u);
    EXPECT_EQ(twice.count().rotate, 2u);
    EXPECT_LT(run_both(c, shared, {inputs(2, kit.slots()), inputs(2, kit.slots())}, kit.slots()), 1e-6);
}

/* Rotations of one value share one decomposition, wherever in the graph they stand; the results are those of single ones. */
TEST_F(CircuitTest, RotationsOfOneValueAreHoisted) {
    Circuit c(kit.slots());
    const sable_node x = sable_circuit_input(c, "x", 1.5), square = sable_circuit_mul(c, x, x);
    sable_node sum = sable_circuit_rotate(c, square, 1);
    for (int64_t k = 2; k <= 6; k++) {
        sum = sable_circuit_add(c, sum, sable_circuit_rotate(c, square, k * k));
        sum = sable_circuit_add(c, sum, sable_circuit_rotate(c, sum, k)); /* a value of its own each time */
    }
    sable_circuit_output(c, "sum", sum);
    Program together(c, kit.params);
    EXPECT_EQ(together.count().rotate, 11u);
    EXPECT_EQ(together.count().rotate_groups, 6u);
    const sable_lowering o = lowering(8);
    Program single(c, kit.params, &o);
    EXPECT_EQ(single.count().rotate, 11u);
    EXPECT_EQ(single.count().rotate_groups, 11u);
    for (const Program *p : {&together, &single})
        EXPECT_LT(run_both(c, *p, {inputs(1, kit.slots()), inputs(1, kit.slots())}, kit.slots()), 1e-4);
}

/* A rotation that only an addition reads is one step with it, on either side of the sum; one that is read twice, or shares its decomposition, is
 * not. The words are those of two steps. */
TEST_F(CircuitTest, RotationsAreAddedInOneStep) {
    Circuit c(kit.slots());
    const sable_node x = sable_circuit_input(c, "x", 1.5), y = sable_circuit_input(c, "y", 1.5);
    const sable_node square = sable_circuit_rotate_sum(c, sable_circuit_mul(c, x, x), 3, 8); /* a chain of 3 */
    const sable_node twice = sable_circuit_rotate(c, y, 2);
    sable_node sum = sable_circuit_add(c, sable_circuit_rotate(c, sable_circuit_add(c, x, y), 5), square); /* left */
    sum = sable_circuit_add(c, sable_circuit_add(c, sum, twice), sable_circuit_mul(c, twice, twice));
    sum = sable_circuit_sub(c, sum, sable_circuit_rotate(c, square, 1)); /* no addition */
    sable_circuit_output(c, "sum", sum);
    Program one(c, kit.params);
    ASSERT_EQ(one.status, SABLE_OK) << one.text;
    const sable_lowering o = lowering(16);
    Program two(c, kit.params, &o);
    EXPECT_EQ(one.count().rotate_add, 4u);
    EXPECT_EQ(two.count().rotate_add, 0u);
    EXPECT_EQ(one.count().rotate, 6u);
    EXPECT_EQ(two.count().rotate, 6u);
    EXPECT_EQ(one.count().add, two.count().add);
    EXPECT_EQ(one.info().steps + 4, two.info().steps);
    std::vector<Ct> in;
    for (size_t i = 0; i < 2; i++)
        in.push_back(kit.encrypt(kit.random(1 + 2 * i, true), one.input_level(i), 1 + 2 * i));
    for (Ct &ct : in) OK(kit, sable_ct_declare(kit.queue, ct, 1.5, 1));
    const sable_ct *from[] = {in[0], in[1]}; /* x is repeated for the members of y */
    sable_keyset *keys = keys_of(one);
    std::vector<uint32_t> words[2];
    for (int k = 0; k < 2; k++) {
        Ct out(kit);
        sable_ct *to = out;
        OK(kit, sable_program_run(kit.queue, k ? two : one, &to, 1, from, 2, keys));
        words[k] = kit.words(out);
    }
    EXPECT_EQ(words[0], words[1]);
    sable_keyset_destroy(kit.queue, &keys);
    for (const Program *p : {&one, &two})
        EXPECT_LT(run_both(c, *p, {inputs(2, kit.slots()), inputs(2, kit.slots())}, kit.slots()), 1e-4);
}

/* Products that are built first and added up later are added up as they are made. */
TEST_F(CircuitTest, SumsKeepFewProductsAlive) {
    Circuit c(kit.slots());
    std::vector<sable_node> x, products;
    for (int i = 0; i < 8; i++) x.push_back(sable_circuit_input(c, ("x" + std::to_string(i)).c_str(), 1.5));
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < i; j++) products.push_back(sable_circuit_mul(c, x[i], x[j]));
    sable_node sum = products[0];
    for (size_t i = 1; i < products.size(); i++) sum = sable_circuit_add(c, sum, products[i]);
    sable_circuit_output(c, "sum", sable_circuit_mul_scalar(c, sum, 0.01, 0));
    Program few(c, kit.params);
    const sable_lowering o = lowering(32);
    Program many(c, kit.params, &o);
    EXPECT_EQ(many.info().live_most, 8u + products.size());
    EXPECT_EQ(few.info().live_most, 8u + 2u);
    EXPECT_LT(few.info().live_bytes, many.info().live_bytes / 2);
    for (const Program *p : {&few, &many}) EXPECT_LT(run_both(c, *p, {inputs(8, kit.slots())}, kit.slots()), 1e-5);
}

/* Declared bounds raise the levels until the modulus holds the values. */
TEST_F(CircuitTest, BoundsChooseLevels) {
    Circuit c(kit.slots());
    const sable_node x = sable_circuit_input(c, "x", 1.5);
    sable_circuit_output(c, "large", sable_circuit_mul_integer(c, x, 1 << 20));
    Program p(c, kit.params);
    ASSERT_EQ(p.status, SABLE_OK) << p.text;
    uint32_t level = 0;
    ASSERT_NE(sable_program_output(p, 0, &level), nullptr);
    EXPECT_GT(level, 0u);
    EXPECT_LT(run_both(c, p, {inputs(1, kit.slots())}, kit.slots()), 1);
}

/* One key fewer than the program names: refused, all that is missing in the sentence, outputs as they were. */
TEST_F(CircuitTest, MissingKeysAreNamedTogether) {
    Circuit c(kit.slots());
    const sable_node x = sable_circuit_input(c, "x", 1.5);
    sable_node r = sable_circuit_mul(c, sable_circuit_rotate(c, x, 1), sable_circuit_rotate(c, x, 5));
    sable_circuit_output(c, "r", sable_circuit_conjugate(c, r));
    Program p(c, kit.params);
    ASSERT_EQ(p.status, SABLE_OK) << p.text;
    size_t needs = 0;
    sable_keyset *keys = keys_of(p, &needs);
    EXPECT_EQ(needs, 4u);
    Ct in = kit.encrypt(kit.random(1, true), p.input_level(0)), out(kit);
    OK(kit, sable_ct_declare(kit.queue, in, 1.5, 1));
    const sable_ct *from = in;
    sable_ct *to = out;
    OK(kit, sable_program_run(kit.queue, p, &to, 1, &from, 1, keys));
    const Snapshot before(kit, out);
    sable_key_spec *spec = nullptr;
    sable_error err{};
    ASSERT_EQ(sable_key_spec_create(&spec, kit.params, &err), SABLE_OK);
    ASSERT_EQ(sable_key_spec_add_rotation(spec, 1, 0, 0, kit.top(), &err), SABLE_OK);
    sable_keyset *few = kit.make_keys(spec);
    EXPECT_EQ(sable_program_run(kit.queue, p, &to, 1, &from, 1, few), SABLE_NO_KEY);
    const std::string text = sable_queue_error(kit.queue);
    for (const char *word : {"3 keys", "rotation by 5", "relinearisation", "conjugation"})
        EXPECT_NE(text.find(word), std::string::npos) << text;
    EXPECT_TRUE(unchanged(kit, out, before));
    sable_key_spec_destroy(&spec);
    sable_keyset_destroy(kit.queue, &few);
    sable_keyset_destroy(kit.queue, &keys);
}

TEST_F(CircuitTest, Refusals) {
    sable_error err{};
    { /* deeper than the chain */
        Circuit c(kit.slots());
        sable_node x = sable_circuit_input(c, "x", 1);
        for (uint32_t i = 0; i <= kit.top(); i++) x = sable_circuit_mul(c, x, x);
        sable_circuit_output(c, "r", x);
        Program p(c, kit.params);
        EXPECT_EQ(p.status, SABLE_LEVEL);
        EXPECT_NE(p.text.find("level " + std::to_string(kit.top() + 1)), std::string::npos) << p.text;
    }
    { /* the first error of a build stays */
        Circuit c(kit.slots());
        const sable_node x = sable_circuit_input(c, "x", 1);
        EXPECT_EQ(sable_circuit_add(c, x, 7), SABLE_NODE_NONE);
        EXPECT_EQ(sable_circuit_mul(c, x, x), SABLE_NODE_NONE);
        sable_circuit_output(c, "r", x);
        EXPECT_EQ(sable_circuit_status(c, &err), SABLE_INVALID);
        EXPECT_NE(std::string(err.text).find("add: node 7"), std::string::npos) << err.text;
        EXPECT_EQ(Program(c, kit.params).status, SABLE_INVALID);
    }
    { /* values outside a polynomial's interval */
        const double k[] = {0, 1};
        sable_poly *poly = nullptr;
        ASSERT_EQ(sable_poly_powers(&poly, k, 2, -1, 1, &err), SABLE_OK);
        Circuit c(kit.slots());
        EXPECT_EQ(sable_circuit_poly(c, sable_circuit_input(c, "x", 1.25), poly), SABLE_NODE_NONE);
        EXPECT_EQ(sable_circuit_status(c, &err), SABLE_BOUND);
        sable_poly_destroy(&poly);
    }
    const std::pair<std::function<void(sable_circuit *)>, sable_status> builds[] = {
        {[](sable_circuit *c) { sable_circuit_input(c, "x", 1), sable_circuit_input(c, "x", 1); }, SABLE_INVALID},
        {[](sable_circuit *c) { sable_circuit_input(c, "", 1); }, SABLE_INVALID},
        {[](sable_circuit *c) { sable_circuit_input(c, "x", -1); }, SABLE_INVALID},
        {[](sable_circuit *c) { sable_circuit_mul_scalar(c, sable_circuit_input(c, "x", 1), NAN, 0); }, SABLE_DATA},
        {[](sable_circuit *c) { sable_circuit_add_plain(c, sable_circuit_input(c, "x", 1), nullptr); }, SABLE_INVALID},
        {[](sable_circuit *c) { sable_circuit_rotate_sum(c, sable_circuit_input(c, "x", 1), 1, 3); }, SABLE_INVALID},
        {[](sable_circuit *c) { sable_circuit_mul_scalar(c, sable_circuit_input(c, "x", 1e300), 1e300, 0); },
         SABLE_BOUND},
    };
    for (const auto &[build, status] : builds) {
        Circuit c(kit.slots());
        build(c);
        EXPECT_EQ(sable_circuit_status(c, &err), status) << err.text;
    }
    Circuit empty(kit.slots());
    EXPECT_EQ(Program(empty, kit.params).status, SABLE_INVALID);
    Circuit wide(2 * kit.slots());
    sable_circuit_output(wide, "r", sable_circuit_input(wide, "x", 1));
    EXPECT_EQ(Program(wide, kit.params).status, SABLE_INVALID);
    sable_circuit *none = nullptr;
    for (uint32_t slots : {0u, 3u, 1u << 17}) EXPECT_EQ(sable_circuit_create(&none, slots, &err), SABLE_INVALID);
}

TEST_F(CircuitTest, InputsOfTheWrongKindAreRefused) {
    Circuit c(kit.slots());
    const sable_node x = sable_circuit_input(c, "x", 1.5);
    sable_circuit_output(c, "r", sable_circuit_mul_scalar(c, x, 0.5, 0));
    Program p(c, kit.params);
    const uint32_t level = p.input_level(0);
    Ct good = kit.encrypt(kit.random(1, true), level), high = kit.encrypt(kit.random(1, true), level + 1),
       few = kit.encrypt(kit.random(1, true, 64), level, 1, 64), large = kit.encrypt(kit.random(1, true), level),
       out(kit);
    for (Ct *ct : {&good, &high, &few}) OK(kit, sable_ct_declare(kit.queue, *ct, 1.5, 1));
    OK(kit, sable_ct_declare(kit.queue, large, 2, 1));
    Ct scaled(kit);
    OK(kit, sable_mul_scalar(kit.queue, scaled, good, 0.5, 0));
    sable_ct *to = out;
    const std::pair<const Ct *, sable_status> cases[] = {{&high, SABLE_LEVEL},
                                                         {&few, SABLE_INVALID},
                                                         {&large, SABLE_BOUND},
                                                         {&scaled, SABLE_SCALE},
                                                         {&out, SABLE_INVALID}};
    for (const auto &[ct, status] : cases) {
        const sable_ct *from = *ct;
        EXPECT_EQ(sable_program_run(kit.queue, p, &to, 1, &from, 1, nullptr), status) << sable_queue_error(kit.queue);
        EXPECT_EQ(out->data, nullptr);
    }
    const sable_ct *from = good;
    EXPECT_EQ(sable_program_run(kit.queue, p, &to, 1, &from, 0, nullptr), SABLE_INVALID);
    OK(kit, sable_program_run(kit.queue, p, &to, 1, &from, 1, nullptr));
}

} // namespace
