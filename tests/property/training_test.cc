/* SPDX-License-Identifier: Apache-2.0 */
/* Training circuits in the clear: each equals the method written down step by step, and takes the levels and operations that were derived for it; what
 * they refuse. */
#include "support/training_support.h"

#include <algorithm>

using namespace sable_test;

namespace {

/* Values of other implementations: HELR's schedule, and its cubic on [-8, 8]. */
TEST(Training, ScheduleAndCubicAreThePublishedOnes) {
    const sable_training_options o = training_options(SABLE_TRAIN_BASELINE, 1, 4, 100, 3);
    const double momentum[] = {0.9899, -0.0001, -0.282, -0.434};
    for (uint32_t t = 1; t <= 4; t++) {
        double e = 0, a = 0;
        sable_error err{};
        ASSERT_EQ(sable_training_step(&o, t, &e, &a, &err), SABLE_OK) << err.text;
        EXPECT_NEAR(e, momentum[t - 1], 5e-4);
        EXPECT_DOUBLE_EQ(a, 0.04 / t);
    }
    double c[3];
    sable_training_cubic(8, c);
    EXPECT_NEAR(8 * c[1], -1.200963, 1e-6);
    EXPECT_NEAR(512 * c[2], 0.815625, 1e-6);
    sable_training_cubic(16, c);
    EXPECT_NEAR(c[1], -8.427e-2, 5e-6);
    EXPECT_NEAR(c[2], 2.474e-4, 5e-8);
}

TEST(Training, EveryCircuitIsTheMethod) {
    std::mt19937_64 rng(7);
    for (const Circuit &circuit : circuits)
        for (uint32_t round = 0; round < 10; round++) {
            const uint32_t slots = 128u << rng() % 3;
            sable_training_options o =
                training_options(circuit.kind, circuit.chains, 1 + static_cast<uint32_t>(rng() % 6),
                                 1 + static_cast<uint32_t>(rng() % 8), 1 + static_cast<uint32_t>(rng() % 40));
            o.constant_rate = round & 1;
            o.rate = 2;
            o.range = round & 2 ? 16 : 0;
            o.infer_range = round & 4 ? 24 : 0;
            Training t(o, slots);
            ASSERT_EQ(t.status, SABLE_OK) << t.text;
            const Data data(o, round);
            EXPECT_LT(distance(data.twin(t), data.reference(o)), 1e-11)
                << circuit.name << ", " << slots << " slots, " << o.iterations << " minibatches of " << o.minibatch
                << " x " << o.features << ", range of inference " << o.infer_range;
        }
}

/* Levels of six minibatches, and of other numbers. */
TEST(Training, DepthIsWhatWasDerived) {
    const uint32_t expected[][4] = {{30, 24, 16, 16}, {25, 20, 14, 14}, {5, 4, 4, 4}, {10, 8, 6, 6}};
    const uint32_t iterations[] = {6, 5, 1, 2};
    for (size_t i = 0; i < 4; i++)
        for (size_t s = 0; s < 4; s++) {
            const Training t(training_options(circuits[s].kind, circuits[s].chains, iterations[i], 13, 27), 512);
            ASSERT_EQ(t.status, SABLE_OK) << t.text;
            EXPECT_EQ(t.info.depth, expected[i][s]) << circuits[s].name;
            const Levels exact(10, t.info.depth);
            const Program p(t, exact);
            ASSERT_EQ(p.status, SABLE_OK) << circuits[s].name << ", " << iterations[i] << ": " << p.text;
            EXPECT_EQ(p.info.depth, t.info.depth);
            EXPECT_EQ(p.info.inputs, t.info.inputs);
            EXPECT_EQ(p.info.outputs, t.info.outputs);
            if (t.info.depth < 3) continue;
            const Levels fewer(10, t.info.depth - 1);
            const Program refused(t, fewer);
            EXPECT_EQ(refused.status, SABLE_LEVEL);
            EXPECT_NE(refused.text.find("level " + std::to_string(t.info.depth)), std::string::npos) << refused.text;
        }
}

/* Six minibatches of 128 x 197 in tiles of 128 x 256: the operations that lowdepth circuits were derived with, less what the cubic's folded factor,
 * conversion of weights in place of gradients, and results that nobody uses save. */
TEST(Training, OperationsAtFullSize) {
    sable_params *params = nullptr;
    sable_error err{};
    ASSERT_EQ(sable_params_load(&params, "train16", nullptr, &err), SABLE_OK) << err.text;
    const struct {
        uint32_t products, plain, rotations;
        size_t inputs;
    } expected[] = {{24, 24, 138, 7}, {24, 22, 138, 7}, {34, 47, 189, 13}, {58, 56, 220, 22}};
    for (size_t s = 0; s < 4; s++) {
        const Training t(training_options(circuits[s].kind, circuits[s].chains, 6, 128, 196), 1 << 15);
        ASSERT_EQ(t.status, SABLE_OK) << t.text;
        EXPECT_EQ(t.info.tile.height, 128u);
        EXPECT_EQ(t.info.tile.width, 256u);
        const Program p(t, params);
        ASSERT_EQ(p.status, SABLE_OK) << p.text;
        sable_op_count n;
        ASSERT_EQ(sable_program_count(p, -1, &n), SABLE_OK);
        EXPECT_EQ(n.mul, expected[s].products) << circuits[s].name;
        EXPECT_EQ(n.mul_plain + n.mul_scalar, expected[s].plain) << circuits[s].name;
        EXPECT_EQ(n.rotate, expected[s].rotations) << circuits[s].name;
        EXPECT_EQ(t.info.inputs, expected[s].inputs) << circuits[s].name;
    }
    sable_params_destroy(&params);
}

/* -- refusals ------------------------------------------------------------------------------------------------------ */

TEST(Training, RefusesWhatDoesNotFit) {
    const auto refused = [](sable_training_options o, sable_status status, const char *words) {
        const Training t(o, 512);
        EXPECT_EQ(t.status, status) << words;
        EXPECT_NE(t.text.find(words), std::string::npos) << t.text;
        EXPECT_EQ(t.t, nullptr);
    };
    refused(training_options(SABLE_TRAIN_LOWDEPTH, 1, 6, 17, 27), SABLE_LIMIT, "at most 16");
    refused(training_options(SABLE_TRAIN_BASELINE, 1, 6, 513, 27), SABLE_LIMIT, "at most 512");
    refused(training_options(SABLE_TRAIN_LOWDEPTH, 1, 6, 16, 2048), SABLE_LIMIT, "at most 2047");
    refused(training_options(SABLE_TRAIN_BASELINE, 2, 6, 16, 27), SABLE_INVALID, "2 chains");
    refused(training_options(SABLE_TRAIN_LOWDEPTH, 3, 6, 16, 27), SABLE_INVALID, "3 chains");
    refused(training_options(SABLE_TRAIN_BASELINE, 1, 65, 16, 27), SABLE_LIMIT, "65 iterations");
    refused(training_options(SABLE_TRAIN_BASELINE, 1, 0, 16, 27), SABLE_LIMIT, "0 iterations");
    refused(training_options(SABLE_TRAIN_BASELINE, 1, 6, 0, 27), SABLE_INVALID, "0 samples");
    refused(training_options(static_cast<sable_training_kind>(9), 1, 6, 16, 27), SABLE_INVALID, "kind 9");
    sable_training_options o = training_options(SABLE_TRAIN_BASELINE, 1, 6, 16, 27);
    o.range = -1;
    refused(o, SABLE_INVALID, "range is -1");
}

TEST(Training, RefusesDataThatAreNotScaledOrTooFew) {
    const sable_training_options o = training_options(SABLE_TRAIN_BASELINE, 1, 1, 4, 2);
    std::vector<double> x(8, 0.5), z(12);
    std::vector<int32_t> labels = {0, 1, 0, 1};
    sable_error err{};
    EXPECT_EQ(sable_training_draw(z.data(), &o, x.data(), labels.data(), 3, 0, &err), SABLE_INVALID);
    EXPECT_NE(std::string(err.text).find("4 samples"), std::string::npos) << err.text;
    x[5] = 1.5;
    EXPECT_EQ(sable_training_draw(z.data(), &o, x.data(), labels.data(), 4, 0, &err), SABLE_BOUND);
    EXPECT_NE(std::string(err.text).find("feature 2 of sample 3"), std::string::npos) << err.text;
    x[5] = 1, labels[2] = 2;
    EXPECT_EQ(sable_training_draw(z.data(), &o, x.data(), labels.data(), 4, 0, &err), SABLE_DATA);
}

/* No row twice before all were drawn; another order gives other minibatches. */
TEST(Training, DrawsEverySampleOnce) {
    const sable_training_options o = training_options(SABLE_TRAIN_BASELINE, 1, 4, 5, 1);
    std::vector<double> x(20), z(40), other(40), seen;
    std::vector<int32_t> labels(20, 1);
    for (size_t i = 0; i < 20; i++) x[i] = static_cast<double>(i) / 20;
    sable_error err{};
    ASSERT_EQ(sable_training_draw(z.data(), &o, x.data(), labels.data(), 20, 1, &err), SABLE_OK) << err.text;
    ASSERT_EQ(sable_training_draw(other.data(), &o, x.data(), labels.data(), 20, 2, &err), SABLE_OK) << err.text;
    for (size_t i = 0; i < 20; i++) seen.push_back(z[2 * i]);
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(seen, x);
    EXPECT_NE(z, other);
}

} // namespace
