/* SPDX-License-Identifier: Apache-2.0 */
// Encrypted inference against the twin: both packings, plaintext and encrypted weights, one and several classes, logits and probabilities.
#include <random>

#include "support/world.h"

struct Case {
    const char *params;
    sable_packing packing;
    uint32_t classes, features;
    size_t samples;
    bool encrypted, probabilities;
};

static std::ostream &operator<<(std::ostream &os, const Case &c) {
    return os << c.params << (c.packing == SABLE_PACK_ROW ? " row " : " feature-major ") << c.classes << "x"
              << c.features << " on " << c.samples << (c.encrypted ? " encrypted" : " plain")
              << (c.probabilities ? " probabilities" : " logits");
}

class Infer : public World, public ::testing::WithParamInterface<Case> {};

TEST_P(Infer, AgreesWithTheTwin) {
    const Case c = GetParam();
    ASSERT_NO_FATAL_FAILURE(open(c.params));
    std::mt19937 rng(7);
    std::normal_distribution<double> normal;
    sable_model *model = nullptr;
    ASSERT_OK(sable_model_create(&model, c.classes, c.features, false, &err));
    for (uint32_t i = 0; i < c.classes * c.features; i++) model->weights[i] = 0.5 * normal(rng);
    for (uint32_t i = 0; i < c.classes; i++) model->bias[i] = normal(rng);
    sable_layout layout;
    ASSERT_OK(sable_layout_choose(&layout, params, c.packing, c.features, c.samples, &err));
    ASSERT_LE(c.samples, layout.samples_per_block);
    std::vector<double> rows(c.samples * c.features);
    for (double &v : rows) v = std::max(-3.0, std::min(3.0, normal(rng)));
    std::vector<double> twin(c.samples * c.classes);
    sable_model_logits(model, twin.data(), rows.data(), c.samples);
    double largest = 0;
    for (double v : twin) largest = std::max(largest, std::fabs(v));

    sable_infer_options o = {};
    o.struct_size = sizeof o;
    o.probabilities = c.probabilities;
    o.degree = 15;
    o.range = c.probabilities || c.encrypted ? std::exp2(std::ceil(std::log2(largest))) : 0;
    sable_poly *sigmoid = nullptr;
    double sigmoid_error = 0;
    if (c.probabilities) {
        ASSERT_OK(sable_infer_sigmoid(&sigmoid, &o, o.range, &sigmoid_error, &err));
        if (c.packing == SABLE_PACK_ROW) o.sigmoid = sigmoid; /* else fitted by the call */
    }
    uint32_t depth = sable_infer_depth(&layout, &o), level = depth;
    ASSERT_LE(level, info.top_level);
    std::vector<double> slots((size_t)layout.members * layout.slots);
    sable_layout_pack(&layout, slots.data(), rows.data(), c.samples);
    sable_ct *data = encrypt(slots, layout.members, level, 4), *out = handle();
    sable_key_spec *spec = nullptr;
    sable_keyset *keys = nullptr;
    ASSERT_OK(sable_key_spec_create(&spec, params, &err));
    ASSERT_OK(sable_infer_keys(spec, &layout, &o, c.encrypted, level, &err));
    ASSERT_OK(sable_keyset_generate(queue, &keys, secret, spec));
    double factor;
    ASSERT_OK(sable_infer_range(&factor, c.encrypted ? nullptr : model, 4, &o, &err));
    if (c.encrypted) {
        sable_model_values v;
        ASSERT_OK(sable_model_pack(&v, model, &layout, factor, &err));
        sable_ct *w =
            encrypt({v.weights, v.weights + (size_t)v.weight_members * layout.slots}, v.weight_members, level);
        sable_ct *b = encrypt({v.bias, v.bias + (size_t)v.bias_members * layout.slots}, v.bias_members, level - 1);
        ASSERT_OK(sable_infer_encrypted(queue, out, data, w, b, c.classes, &layout, &o, keys));
        sable_ct_destroy(queue, &w);
        sable_ct_destroy(queue, &b);
        sable_model_values_free(&v);
    } else {
        ASSERT_OK(sable_infer_plain(queue, out, data, model, &layout, &o, keys));
    }
    EXPECT_EQ(describe(out).level, level - depth);
    EXPECT_EQ(describe(out).batch, c.classes);
    std::vector<double> decoded = decrypt(out), results(twin.size());
    sable_layout_unpack(&layout, results.data(), decoded.data(), c.classes, c.samples);
    double worst = 0, slack = c.probabilities ? sigmoid_error + 1e-4 : 1e-5 * largest;
    for (size_t i = 0; i < twin.size(); i++) {
        double expected = c.probabilities ? 1 / (1 + std::exp(-twin[i])) : twin[i];
        worst = std::max(worst, std::fabs(results[i] * (c.probabilities ? 1 : factor) - expected));
    }
    EXPECT_LE(worst, slack) << "largest logit " << largest;
    if (layout.packing == SABLE_PACK_ROW && !c.probabilities) // what lies beside the results tells nothing
        for (size_t i = 0; i < decoded.size(); i++)
            if (i % layout.width) ASSERT_LT(std::fabs(decoded[i]), 1e-5) << i;
    sable_keyset_destroy(queue, &keys);
    sable_key_spec_destroy(&spec);
    sable_ct_destroy(queue, &data);
    sable_ct_destroy(queue, &out);
    sable_poly_destroy(&sigmoid);
    sable_model_destroy(&model);
}

INSTANTIATE_TEST_SUITE_P(Property, Infer,
                         ::testing::Values(Case{"infer13", SABLE_PACK_FEATURE_MAJOR, 1, 30, 569, false, false},
                                           Case{"infer13", SABLE_PACK_FEATURE_MAJOR, 1, 30, 4096, true, false},
                                           Case{"infer13", SABLE_PACK_FEATURE_MAJOR, 3, 7, 100, false, false},
                                           Case{"infer13", SABLE_PACK_FEATURE_MAJOR, 3, 7, 100, true, false},
                                           Case{"infer13", SABLE_PACK_ROW, 1, 30, 100, false, false},
                                           Case{"infer13", SABLE_PACK_ROW, 1, 196, 16, true, false},
                                           Case{"infer13", SABLE_PACK_ROW, 4, 5, 33, false, false},
                                           Case{"infer13", SABLE_PACK_ROW, 4, 5, 33, true, false},
                                           Case{"infer14", SABLE_PACK_FEATURE_MAJOR, 1, 8, 50, false, true},
                                           Case{"infer14", SABLE_PACK_FEATURE_MAJOR, 2, 8, 50, true, true},
                                           Case{"infer14", SABLE_PACK_ROW, 2, 8, 50, false, true},
                                           Case{"infer14", SABLE_PACK_ROW, 1, 8, 50, true, true}));

/* Largest error of the sigmoid: 1.1 to 1.9 times below that of the interpolation at Chebyshev nodes. */
TEST(InferSigmoid, IsTheBestOfItsDegree) {
    auto sigmoid = [](double u, void *range) { return 1 / (1 + std::exp(-u * *static_cast<double *>(range))); };
    for (double range : {4.0, 8.0, 16.0, 30.0})
        for (uint32_t degree : {7u, 15u, 31u, 63u}) {
            SCOPED_TRACE(testing::Message() << "range " << range << " degree " << degree);
            sable_infer_options o = {};
            o.struct_size = sizeof o;
            o.degree = degree;
            sable_poly *best = nullptr, *nodes = nullptr;
            double error = 0, seen = 0, before = 0;
            ASSERT_EQ(SABLE_OK, sable_infer_sigmoid(&best, &o, range, &error, nullptr));
            ASSERT_EQ(SABLE_OK, sable_poly_interpolate(&nodes, sigmoid, &range, degree, -1, 1, nullptr));
            EXPECT_EQ(sable_poly_depth(best), sable_poly_depth(nodes));
            for (int i = -5000; i <= 5000; i++) {
                const double u = i / 5000.0, y = sigmoid(u, &range);
                seen = std::max(seen, std::fabs(sable_poly_value(best, u) - y));
                before = std::max(before, std::fabs(sable_poly_value(nodes, u) - y));
            }
            EXPECT_NEAR(seen, error, 0.01 * error + 1e-15);
            std::printf("range %2g degree %2u: minimax %.2e, interpolation %.2e\n", range, degree, seen, before);
            if (before > 1e-12) EXPECT_GT(before, 1.1 * seen);
            sable_poly_destroy(&best);
            sable_poly_destroy(&nodes);
        }
}

struct InferRefusals : World {};

TEST_F(InferRefusals, ShapesLevelsAndKeysBeforeAnyWork) {
    ASSERT_NO_FATAL_FAILURE(open("infer13"));
    sable_layout layout;
    ASSERT_OK(sable_layout_choose(&layout, params, SABLE_PACK_FEATURE_MAJOR, 3, 10, &err));
    std::vector<double> slots(3 * (size_t)layout.slots, 0.25);
    sable_ct *data = encrypt(slots, 3, 1), *low = encrypt(slots, 3, 0), *out = handle();
    sable_model *model = nullptr, *wide = nullptr;
    ASSERT_OK(sable_model_create(&model, 1, 3, false, &err));
    ASSERT_OK(sable_model_create(&wide, 1, 4, false, &err));
    EXPECT_EQ(sable_infer_plain(queue, out, data, wide, &layout, nullptr, nullptr), SABLE_INVALID);
    EXPECT_STREQ(sable_queue_error(queue), "inference: the model has 4 features, the data 3");
    EXPECT_EQ(sable_infer_plain(queue, out, low, model, &layout, nullptr, nullptr), SABLE_LEVEL);
    EXPECT_TRUE(describe(out).empty);
    EXPECT_EQ(sable_infer_plain(queue, out, data, model, &layout, nullptr, nullptr), SABLE_OK)
        << sable_queue_error(queue);
    sable_layout row;
    ASSERT_OK(sable_layout_choose(&row, params, SABLE_PACK_ROW, 3, 10, &err));
    sable_ct *packed = encrypt(std::vector<double>(row.slots, 0.5), 1, 2), *none = handle();
    EXPECT_EQ(sable_infer_plain(queue, none, packed, model, &row, nullptr, nullptr), SABLE_NO_KEY);
    EXPECT_TRUE(describe(none).empty);
    sable_infer_options o = {};
    o.struct_size = sizeof o;
    o.probabilities = true, o.range = 8, o.degree = 64;
    EXPECT_EQ(sable_infer_plain(queue, none, data, model, &layout, &o, nullptr), SABLE_INVALID);
    EXPECT_STREQ(sable_queue_error(queue), "inference: a sigmoid of degree 64: at most 63 is possible");
    sable_poly *sigmoid = nullptr;
    ASSERT_OK(sable_poly_sigmoid(&sigmoid, SABLE_FIT_MINIMAX, 7, 8, nullptr, &err));
    o.sigmoid = sigmoid, o.degree = 7;
    EXPECT_EQ(sable_infer_plain(queue, none, data, model, &layout, &o, nullptr), SABLE_INVALID);
    EXPECT_STREQ(sable_queue_error(queue),
                 "inference: a sigmoid of degree 7 on [-8, 8] is given: degree 7 at most and [-1, 1] are needed");
    EXPECT_TRUE(describe(none).empty);
    sable_poly_destroy(&sigmoid);
    sable_model_destroy(&model);
    sable_model_destroy(&wide);
    for (sable_ct **ct : {&data, &low, &out, &packed, &none}) sable_ct_destroy(queue, ct);
}
