/* SPDX-License-Identifier: Apache-2.0 */
/* Prepared programs: whatever the schedule, the words are those of sable_program_run; what a schedule joins; plaintexts that are kept. */
#include "support/circuit_fixture.h"

using namespace sable_test;

namespace {

struct Prepared {
    Prepared(Kit &where, const sable_program *p, sable_schedule schedule, uint32_t most = 0, bool late = false)
        : kit(where) {
        sable_prepare_options o = {};
        o.struct_size = sizeof o;
        o.schedule = schedule, o.most = most, o.encode_late = late;
        status = sable_program_prepare(kit.queue, &prepared, p, &o);
        if (status != SABLE_OK) text = sable_queue_error(kit.queue);
    }
    ~Prepared() { sable_prepared_destroy(kit.queue, &prepared); }
    Prepared(const Prepared &) = delete;
    Prepared &operator=(const Prepared &) = delete;
    sable_prepared_info info() const {
        sable_prepared_info r = {};
        r.struct_size = sizeof r;
        EXPECT_EQ(sable_prepared_describe(prepared, &r), SABLE_OK);
        return r;
    }
    Kit &kit;
    sable_prepared *prepared = nullptr;
    sable_status status;
    std::string text;
};

class PreparedTest : public testing::Test {
  protected:
    Kit kit{"T10", without_keys(3)};

    /* Inputs and keys of a program; runs give the words of all outputs. */
    struct Run {
        Run(Kit &where, const Program &program, const std::vector<uint32_t> &batches, uint32_t slots)
            : kit(where), p(program) {
            for (size_t i = 0; i < p.info().inputs; i++) {
                const uint32_t batch = batches[i % batches.size()];
                in.push_back(kit.encrypt(kit.random(batch, true, slots), p.input_level(i), batch, slots));
                EXPECT_EQ(sable_ct_declare(kit.queue, in.back(), 1.5, 1), SABLE_OK);
            }
            for (Ct &ct : in) from.push_back(ct);
            sable_key_spec *spec = nullptr;
            sable_error err{};
            EXPECT_EQ(sable_key_spec_create(&spec, kit.params, &err), SABLE_OK) << err.text;
            EXPECT_EQ(sable_program_add_keys(p, spec, &err), SABLE_OK) << err.text;
            keys = sable_key_spec_count(spec) ? kit.make_keys(spec) : nullptr;
            sable_key_spec_destroy(&spec);
        }
        ~Run() { sable_keyset_destroy(kit.queue, &keys); }
        std::vector<std::vector<uint32_t>> words(const sable_prepared *prepared) {
            std::vector<Ct> out;
            std::vector<sable_ct *> to;
            for (size_t i = 0; i < p.info().outputs; i++) out.emplace_back(kit);
            for (Ct &ct : out) to.push_back(ct);
            const sable_status status =
                prepared ? sable_prepared_run(kit.queue, prepared, to.data(), to.size(), from.data(), from.size(), keys)
                         : sable_program_run(kit.queue, p, to.data(), to.size(), from.data(), from.size(), keys);
            EXPECT_EQ(status, SABLE_OK) << sable_queue_error(kit.queue);
            std::vector<std::vector<uint32_t>> r;
            for (Ct &ct : out) r.push_back(status == SABLE_OK ? kit.words(ct) : std::vector<uint32_t>());
            return r;
        }
        Kit &kit;
        const Program &p;
        std::vector<Ct> in;
        std::vector<const sable_ct *> from;
        sable_keyset *keys = nullptr;
    };
};

TEST_F(PreparedTest, EveryScheduleGivesTheWordsOfThePlainRun) {
    const double coefficients[] = {0.25, 0.5, -0.125, 0.0625};
    sable_poly *poly = nullptr;
    sable_error err{};
    ASSERT_EQ(sable_poly_chebyshev(&poly, coefficients, 4, -4, 4, &err), SABLE_OK) << err.text;
    const struct {
        sable_schedule schedule;
        uint32_t most;
        bool late;
    } choices[] = {
        {SABLE_SCHEDULE_AUTO, 0, false},     {SABLE_SCHEDULE_SERIAL, 0, false},   {SABLE_SCHEDULE_BATCHED, 0, false},
        {SABLE_SCHEDULE_BATCHED, 3, true},   {SABLE_SCHEDULE_BATCHED, 32, false}, {SABLE_SCHEDULE_PARALLEL, 0, false},
        {SABLE_SCHEDULE_PARALLEL, 2, false}, {SABLE_SCHEDULE_PARALLEL, 5, true},
    };
    for (uint64_t seed = 1; seed <= 6; seed++) {
        std::mt19937_64 rng(100 + seed);
        const uint32_t slots = seed % 3 ? kit.slots() : 64;
        Circuit c(slots);
        grow_circuit(c, slots, 60, rng, poly);
        const sable_lowering o = lowering(static_cast<uint32_t>(seed * 21) % 64);
        Program p(c, kit.params, &o);
        ASSERT_EQ(p.status, SABLE_OK) << p.text;
        Run run(kit, p, seed % 2 ? std::vector<uint32_t>{1} : std::vector<uint32_t>{3, 1, 3}, slots);
        const auto expected = run.words(nullptr);
        for (const auto &choice : choices) {
            SCOPED_TRACE(testing::Message()
                         << "seed " << seed << ", schedule " << choice.schedule << ", " << choice.most);
            Prepared r(kit, p, choice.schedule, choice.most, choice.late);
            ASSERT_EQ(r.status, SABLE_OK) << r.text;
            for (int again = 0; again < 2; again++) EXPECT_EQ(run.words(r.prepared), expected);
        }
    }
    sable_poly_destroy(&poly);
}

/* Eight rows of the same work: products, sums of rotations, constants. */
void rows(sable_circuit *c, uint32_t slots, int count) {
    std::vector<double> mask(slots, 0.5);
    for (int i = 0; i < count; i++) {
        const sable_node x = sable_circuit_input(c, ("x" + std::to_string(i)).c_str(), 1.5);
        sable_node r = sable_circuit_rotate_sum(c, sable_circuit_mul(c, x, x), 1, 4);
        r = sable_circuit_mul_plain(c, sable_circuit_add_scalar(c, r, 0.25, 0), mask.data());
        r = sable_circuit_add(c, sable_circuit_add(c, sable_circuit_rotate(c, r, 8), sable_circuit_rotate(c, r, 9)), r);
        sable_circuit_output(c, ("y" + std::to_string(i)).c_str(), sable_circuit_negate(c, r));
    }
}

TEST_F(PreparedTest, LikeStepsAreOneCall) {
    Circuit c(kit.slots());
    rows(c, kit.slots(), 8);
    Program p(c, kit.params);
    ASSERT_EQ(p.status, SABLE_OK) << p.text;
    Prepared serial(kit, p, SABLE_SCHEDULE_SERIAL), batched(kit, p, SABLE_SCHEDULE_BATCHED, 8),
        parallel(kit, p, SABLE_SCHEDULE_PARALLEL, 4);
    /* A row: product, division, two rotations with additions, constant, mask, division, hoisted pair, two sums, negation. */
    EXPECT_EQ(serial.info().calls, 8u * 11u);
    EXPECT_EQ(serial.info().waves, serial.info().calls);
    EXPECT_EQ(parallel.info().calls, serial.info().calls);
    EXPECT_LE(parallel.info().waves, serial.info().waves / 4 + 8);
    /* One call for eight rows but for the squares of inputs and the masks, which are eight each. */
    EXPECT_EQ(batched.info().calls, 8u * 2u + 9u);
    EXPECT_EQ(serial.info().most, 1u);
    EXPECT_LE(serial.info().live_bytes, parallel.info().live_bytes);
    EXPECT_LE(serial.info().live_bytes, batched.info().live_bytes);
    EXPECT_EQ(serial.info().live_bytes, p.info().live_bytes);
    Run run(kit, p, {2}, kit.slots());
    const auto expected = run.words(nullptr);
    for (const Prepared *r : {&serial, &batched, &parallel}) EXPECT_EQ(run.words(r->prepared), expected);
}

TEST_F(PreparedTest, PlaintextsAreEncodedOnce) {
    Circuit c(kit.slots());
    rows(c, kit.slots(), 3);
    Program p(c, kit.params);
    Prepared kept(kit, p, SABLE_SCHEDULE_SERIAL), late(kit, p, SABLE_SCHEDULE_SERIAL, 0, true);
    EXPECT_EQ(p.count().mul_plain, 3u);
    EXPECT_EQ(kept.info().plains, 1u); /* one mask, three times */
    EXPECT_EQ(late.info().plains, 0u);
    EXPECT_EQ(late.info().plain_bytes, 0u);
    uint32_t level = 0;
    for (uint32_t l = 0; l <= kit.top(); l++)
        if (p.count(static_cast<int32_t>(l)).mul_plain) level = l;
    sable_level_info info = {};
    info.struct_size = sizeof info;
    ASSERT_EQ(sable_params_level(kit.params, level, &info), SABLE_OK);
    EXPECT_EQ(kept.info().plain_bytes, uint64_t{4} * info.limbs * kit.n());
}

/* A prepared program is used by several threads at once. */
TEST_F(PreparedTest, RefusalsAndOtherQueues) {
    Circuit c(kit.slots());
    rows(c, kit.slots(), 2);
    Program p(c, kit.params);
    Prepared r(kit, p, SABLE_SCHEDULE_AUTO);
    ASSERT_EQ(r.status, SABLE_OK) << r.text;
    EXPECT_EQ(Prepared(kit, p, SABLE_SCHEDULE_PARALLEL, 33).status, SABLE_LIMIT);
    EXPECT_EQ(Prepared(kit, p, static_cast<sable_schedule>(4)).status, SABLE_INVALID);
    Kit other("T11", without_keys(3));
    EXPECT_EQ(Prepared(other, p, SABLE_SCHEDULE_AUTO).status, SABLE_PARAMS_MISMATCH);
    Run run(kit, p, {1}, kit.slots());
    std::vector<sable_ct *> to;
    std::vector<Ct> out;
    for (int i = 0; i < 2; i++) out.emplace_back(kit);
    for (Ct &ct : out) to.push_back(ct);
    EXPECT_EQ(sable_prepared_run(other.queue, r.prepared, to.data(), 2, run.from.data(), 2, run.keys), SABLE_INVALID);
    EXPECT_EQ(sable_prepared_run(kit.queue, r.prepared, to.data(), 2, run.from.data(), 2, nullptr), SABLE_NO_KEY);
    EXPECT_EQ(sable_prepared_run(kit.queue, r.prepared, to.data(), 1, run.from.data(), 2, run.keys), SABLE_INVALID);
    EXPECT_EQ(out[0]->data, nullptr);
    const auto expected = run.words(nullptr);
    sable_queue *second = nullptr;
    ASSERT_EQ(sable_queue_create(&second, kit.ctx, nullptr, nullptr), SABLE_OK);
    ASSERT_EQ(sable_queue_wait(second, kit.queue), SABLE_OK);
    EXPECT_EQ(sable_prepared_run(second, r.prepared, to.data(), 2, run.from.data(), 2, run.keys), SABLE_OK)
        << sable_queue_error(second);
    ASSERT_EQ(sable_queue_sync(second), SABLE_OK);
    for (size_t i = 0; i < 2; i++) EXPECT_EQ(kit.words(out[i]), expected[i]);
    sable_queue_destroy(&second);
}

} // namespace
