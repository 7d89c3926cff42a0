/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: shipped files, chains published by an independent planner, refusals, determinism. */
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "support/params_support.h"

extern "C" {
#include "base/hash.h"
#include "ring/params_impl.h"
#include "ring/plan.h"
}

using sable_test::Params;

namespace {

constexpr sable_step_kind APP = SABLE_STEP_APP, STC = SABLE_STEP_STC, EM = SABLE_STEP_EM, M2 = SABLE_STEP_CTS_M2,
                          TM = SABLE_STEP_CTS_TM, T2 = SABLE_STEP_CTS_T2;

struct Spec {
    std::string name;
    uint32_t log_n, base_units;
    std::vector<sable_plan_step> steps;
    uint32_t alpha, specials;
};

sable_plan_spec as_c(const Spec &s) {
    sable_plan_spec spec = {};
    spec.struct_size = sizeof spec;
    spec.name = s.name.c_str();
    spec.log_n = s.log_n;
    spec.base_units = s.base_units;
    spec.steps = s.steps.data();
    spec.step_count = s.steps.size();
    spec.alpha = s.alpha;
    spec.specials = s.specials;
    return spec;
}

struct Planned {
    sable_status status;
    std::string text;
    Params params;
};

Planned plan(const sable_plan_spec &spec, bool insecure = true) {
    sable_params_options options = sable_test::allow_insecure();
    sable_params *p = nullptr;
    sable_error err = {};
    sable_status status = sable_params_plan(&p, &spec, insecure ? &options : nullptr, &err);
    return {status, err.text, Params(p)};
}

std::string chain(const sable_params *p) {
    char hex[65];
    sable_hex(hex, p->chain_sha256, 32);
    return hex;
}

/* With SABLE_UPDATE_PARAMS=1 in the environment the files are written instead: the way to make a new one. */
TEST(Plan, EveryShippedFileIsWhatItsRecipePlans) {
    std::vector<std::string> names;
    for (size_t i = 0; sable_plan_recipe_name(i); i++) {
        std::string name = sable_plan_recipe_name(i);
        names.push_back(name);
        sable_params *p = nullptr;
        sable_error err = {};
        ASSERT_EQ(sable_plan_recipe(&p, name.c_str(), &err), SABLE_OK) << err.text;
        Params owner(p);
        std::string path = sable_test::params_path(name);
        if (getenv("SABLE_UPDATE_PARAMS")) std::ofstream(path, std::ios::binary) << sable_test::write(p);
        EXPECT_EQ(sable_test::write(p), sable_test::file_text(path)) << name;
    }
    std::sort(names.begin(), names.end());
    EXPECT_EQ(names, sable_test::shipped());
    sable_params *p = nullptr;
    EXPECT_EQ(sable_plan_recipe(&p, "none", nullptr), SABLE_INVALID);
    EXPECT_EQ(sable_plan_recipe(&p, nullptr, nullptr), SABLE_INVALID);
    EXPECT_EQ(p, nullptr);
}

/* SHA-256 of the chains that an independent planner in another language chose for the same steps. */
TEST(Plan, ChainsOfTheIndependentPlanner) {
    const struct {
        Spec spec;
        const char *sha256;
    } rows[] = {
        {{"A40", 16, 10, {{APP, 12, 8, 0}, {STC, 3, 8, 0}, {EM, 8, 0, 59.64}, {TM, 2, 0, 0}, {M2, 2, 0, 0}}, 12, 13},
         "44c3c0f915910e4c441233cd921a62573a0e27ab3343d5b45b56d58bf8af7075"},
        {{"A40-58", 16, 10, {{APP, 12, 8, 0}, {STC, 3, 8, 0}, {EM, 8, 0, 58}, {T2, 1, 0, 0}, {M2, 3, 0, 0}}, 12, 13},
         "225a886bf5c2cbf9c883d5982201811027310b76c6fa7bf933370e0cac717539"},
        {{"B45", 16, 11, {{APP, 10, 9, 0}, {STC, 3, 9, 0}, {EM, 8, 0, 59.64}, {M2, 4, 0, 0}}, 12, 13},
         "9658892ab3f0b27d935dbb21e4103443ff34c7ececb3b7b3f2dc4dab1e07682b"},
        {{"B45A", 16, 11, {{APP, 6, 9, 0}, {STC, 3, 9, 0}, {EM, 11, 0, 59.64}, {M2, 4, 0, 0}}, 12, 13},
         "9647787496c98bf51678aa1d4722bf09434a0cfc7207659102317a29642c459e"},
        {{"C30", 16, 10, {{APP, 17, 6, 0}, {STC, 3, 8, 0}, {EM, 8, 0, 56}, {T2, 1, 0, 0}, {M2, 3, 0, 0}}, 12, 13},
         "f85f146f0daeea5ec80f48b5695c9f43531c70be1598e1ce214ee028f81b0dd8"},
        {{"H192-40", 16, 10, {{APP, 9, 8, 0}, {STC, 3, 8, 0}, {EM, 8, 0, 59.64}, {T2, 1, 0, 0}, {M2, 3, 0, 0}}, 11, 12},
         "23bcd8a41235cfd727cb4daf007c3e2d03c562ad947c647063a258fa1e4b69c5"},
        {{"T10mini", 10, 10, {{APP, 3, 8, 0}, {STC, 2, 8, 0}, {EM, 7, 0, 59.64}, {T2, 1, 0, 0}, {M2, 1, 0, 0}}, 7, 8},
         "da506a837415a931eebab94c2c10c22181dbd1b097bffff236342ce75f4771a1"},
        {{"T10", 10, 10, {{APP, 3, 8, 0}, {STC, 2, 8, 0}, {EM, 7, 0, 59.64}, {M2, 2, 0, 0}}, 7, 8},
         "2e99e69ccc8636c2e4f266bd721df6ec5b3943ab89c09f3abc04ddd66e9e31ca"},
        {{"T12", 12, 10, {{APP, 5, 8, 0}, {STC, 3, 8, 0}, {EM, 8, 0, 59.64}, {M2, 3, 0, 0}}, 10, 11},
         "5a46004579a4ba2929ebff8d5e22e6c154073438e26ff14a7405f3868564d493"},
        {{"N17", 17, 10, {{APP, 30, 8, 0}, {STC, 3, 8, 0}, {EM, 8, 0, 59.64}, {TM, 2, 0, 0}, {M2, 2, 0, 0}}, 16, 17},
         "0056ac5d84ea663a88fe7e7824818aaef3218039d5a9ad9029a4eed2d10f8f10"},
        {{"infer13", 13, 10, {{APP, 1, 8, 0}, {APP, 1, 10, 0}}, 1, 2},
         "0b868830775980f2c7bcf1de4a02cbb9b3bde1b84c90146e8bf5e12e68c63f80"},
        {{"infer14", 14, 10, {{APP, 6, 8, 0}, {APP, 1, 10, 0}}, 2, 3},
         "6fb2c3e4d5a4679c9df8368fa5929c4709871c81b495c8fbeec3649b54807698"},
        {{"train15", 15, 10, {{APP, 15, 8, 0}, {APP, 1, 10, 0}}, 4, 5},
         "6fae466f2c69ab0077bda57193a4e49abefa79e77a3c27c38e0163729ed85b6e"},
        {{"train16", 16, 10, {{APP, 30, 8, 0}, {APP, 1, 10, 0}}, 11, 12},
         "0eb4f26494312064bb5a82aeb8a4d9a3dbe7e0dd2ba33271f5eb20b203803be3"},
    };
    for (auto &row : rows) {
        Planned got = plan(as_c(row.spec));
        ASSERT_EQ(got.status, SABLE_OK) << row.spec.name << ": " << got.text;
        EXPECT_EQ(chain(got.params.get()), row.sha256) << row.spec.name;
        auto again = sable_test::parse(sable_test::write(got.params.get()));
        ASSERT_EQ(again.status, SABLE_OK) << again.text;
        EXPECT_EQ(memcmp(again.params->digest, got.params->digest, sizeof got.params->digest), 0);
    }
}

TEST(Plan, BootstrappingPlanFollowsFromTheSteps) {
    Spec a40 = {"A40", 16, 10, {{APP, 12, 8, 0}, {STC, 3, 8, 0}, {EM, 8, 0, 59.64}, {T2, 1, 0, 0}, {M2, 3, 0, 0}},
                12,    13};
    Planned got = plan(as_c(a40));
    ASSERT_EQ(got.status, SABLE_OK) << got.text;
    const sable_boot_plan &b = got.params->boot;
    EXPECT_EQ(b.em_levels, 8u);
    EXPECT_EQ(b.k, 16u);
    EXPECT_EQ(b.degree, 58u);
    EXPECT_EQ(b.ephemeral_weight, 32u);
    EXPECT_EQ((std::vector<uint32_t>(b.cts_radix, b.cts_radix + 4)), (std::vector<uint32_t>{4, 4, 4, 3}));
    EXPECT_EQ((std::vector<uint32_t>(b.stc_radix, b.stc_radix + 3)), (std::vector<uint32_t>{5, 5, 5}));
    Spec no_stc = {"x", 16, 10, {{APP, 12, 8, 0}, {EM, 8, 0, 59.64}, {T2, 1, 0, 0}, {M2, 3, 0, 0}}, 12, 13};
    got = plan(as_c(no_stc));
    ASSERT_EQ(got.status, SABLE_OK) << got.text;
    EXPECT_EQ(got.params->boot.em_levels, 0u);
}

/* The zone above SlotToCoeff must be nested: limbs are dropped there without an adjustment. */
TEST(Plan, BootstrappingOverWindowsThatAreNotNestedIsRefused) {
    Spec flat = {"flat", 10, 10, {{APP, 12, 8, 0}, {APP, 1, 10, 0}}, 6, 7};
    Planned got = plan(as_c(flat));
    ASSERT_EQ(got.status, SABLE_OK) << got.text;
    std::string text = sable_test::edited(sable_test::write(got.params.get()), [](json_t *root) {
        json_object_set_new(root, "bootstrap",
                            json_pack("{si si si si si si si s[ii] s[ii]}", "stc_levels", 2, "em_levels", 7,
                                      "cts_levels", 2, "k", 8, "double_angle", 2, "degree", 30, "ephemeral_weight", 16,
                                      "cts_radix", 5, 4, "stc_radix", 5, 4));
    });
    auto refused = sable_test::parse(text);
    EXPECT_EQ(refused.status, SABLE_INVALID);
    EXPECT_NE(refused.text.find("does not contain level"), std::string::npos) << refused.text;
}

/* The key to the ephemeral secret is over Q_0 and two specials: 3 terminals and 2 specials are 134.5 bits, too many. */
TEST(Plan, LargeBaseIsInsecureForTheEphemeralKey) {
    Spec base15 = {"base15", 16, 15, {{APP, 9, 8, 0}, {STC, 2, 8, 0}, {EM, 8, 0, 59.64}, {M2, 3, 0, 0}}, 10, 11};
    Planned got = plan(as_c(base15), false);
    EXPECT_EQ(got.status, SABLE_INSECURE);
    EXPECT_NE(got.text.find("modulus of 135 bits, more than the 121"), std::string::npos) << got.text;
    Spec base12 = {
        "base12", 16, 12, {{APP, 1, 10, 0}, {APP, 9, 8, 0}, {STC, 2, 8, 0}, {EM, 8, 0, 59.64}, {M2, 3, 0, 0}}, 10, 11};
    got = plan(as_c(base12), false);
    EXPECT_EQ(got.status, SABLE_OK) << got.text; /* 2 mains and 2 specials: 120 bits */
}

TEST(Plan, BaseScale) {
    Spec s = {"x", 14, 10, {{APP, 6, 8, 0}, {APP, 1, 10, 0}}, 2, 3};
    sable_plan_spec spec = as_c(s);
    EXPECT_EQ(plan(spec).params->scale[0].hi, 931006316707.0); /* round(2^39.76) */
    spec.base_scale_log2 = 40;
    EXPECT_EQ(plan(spec).params->scale[0].hi, 0x1p40);
    spec.base_scale_log2 = 35.5;
    EXPECT_EQ(plan(spec).params->scale[0].hi, 48592008000.0); /* round(2^35.5) */
    spec.base_scale = 1000000000001;
    EXPECT_EQ(plan(spec).params->scale[0].hi, 1000000000001.0);
    spec.base_scale = 1ull << 60; /* larger than a quarter of Q_0 */
    EXPECT_EQ(plan(spec).status, SABLE_INVALID);
}

TEST(Plan, Refusals) {
    const Spec good = {"x", 14, 10, {{APP, 6, 8, 0}, {APP, 1, 10, 0}}, 2, 3};
    auto expect = [&](sable_status status, const char *piece, auto change) {
        Spec s = good;
        sable_plan_spec spec = as_c(s);
        change(s, spec);
        if (spec.steps) {
            spec.steps = s.steps.data();
            spec.step_count = s.steps.size();
        }
        Planned got = plan(spec, false);
        EXPECT_EQ(got.status, status) << got.text;
        EXPECT_NE(got.text.find(piece), std::string::npos) << got.text;
        EXPECT_EQ(got.params, nullptr);
    };
    expect(SABLE_INVALID, "log_n is 9", [](Spec &, sable_plan_spec &c) { c.log_n = 9; });
    expect(SABLE_INVALID, "log_n is 18", [](Spec &, sable_plan_spec &c) { c.log_n = 18; });
    expect(SABLE_INVALID, "name", [](Spec &, sable_plan_spec &c) { c.name = nullptr; });
    expect(SABLE_INVALID, "name", [](Spec &, sable_plan_spec &c) { c.name = "a b"; });
    expect(SABLE_INVALID, "struct_size", [](Spec &, sable_plan_spec &c) { c.struct_size = 8; });
    expect(SABLE_INVALID, "0 specials", [](Spec &, sable_plan_spec &c) { c.specials = 0; });
    expect(SABLE_INVALID, "25 specials", [](Spec &, sable_plan_spec &c) { c.specials = 25; });
    expect(SABLE_INVALID, "special primes have", [](Spec &, sable_plan_spec &c) { c.alpha = 4; });
    expect(SABLE_INVALID, "alpha is 0", [](Spec &, sable_plan_spec &c) { c.alpha = 0; });
    expect(SABLE_INVALID, "main_bits is 31", [](Spec &, sable_plan_spec &c) { c.main_bits = 31; });
    expect(SABLE_INVALID, "main_bits is nan", [](Spec &, sable_plan_spec &c) { c.main_bits = std::nan(""); });
    expect(SABLE_INVALID, "no window has 14 units (level 0)", [](Spec &, sable_plan_spec &c) { c.base_units = 14; });
    expect(SABLE_INVALID, "no window has 0 units", [](Spec &, sable_plan_spec &c) { c.base_units = 0; });
    expect(SABLE_INVALID, "no window has 13 units (level 1)", [](Spec &s, sable_plan_spec &) {
        s.steps[0] = {APP, 1, 3, 0};
    });
    expect(SABLE_INVALID, "0 units", [](Spec &s, sable_plan_spec &) { s.steps[0].units = 0; });
    expect(SABLE_INVALID, "count 0", [](Spec &s, sable_plan_spec &) { s.steps[0].count = 0; });
    expect(SABLE_INVALID, "more than 64 levels", [](Spec &s, sable_plan_spec &) { s.steps[0].count = 63; });
    expect(SABLE_INVALID, "top level", [](Spec &s, sable_plan_spec &) { s.steps.pop_back(); });
    expect(SABLE_INVALID, "kind 9", [](Spec &s, sable_plan_spec &) { s.steps[0].kind = (sable_step_kind)9; });
    expect(SABLE_INVALID, "wants 70 bits", [](Spec &s, sable_plan_spec &) { s.steps.push_back({EM, 1, 0, 70}); });
    expect(SABLE_INVALID, "base scale", [](Spec &, sable_plan_spec &c) { c.base_scale_log2 = 70; });
    expect(SABLE_INVALID, "base_scale", [](Spec &, sable_plan_spec &c) { c.steps = nullptr, c.step_count = 0; });
    expect(SABLE_INVALID, "steps is NULL", [](Spec &, sable_plan_spec &c) { c.steps = nullptr; });
    expect(SABLE_INSECURE, "more than the 430", [](Spec &, sable_plan_spec &c) { c.specials = 4; });
    /* More limbs than a set may have. */
    expect(SABLE_INVALID, "220 mains (at most 128 primes", [](Spec &s, sable_plan_spec &c) {
        c.log_n = 17;
        s.steps = {{APP, 20, 36, 0}};
        c.specials = 24;
        c.base_units = 600;
    });
    sable_params *p = nullptr;
    sable_plan_spec spec = as_c(good);
    EXPECT_EQ(sable_params_plan(nullptr, &spec, nullptr, nullptr), SABLE_INVALID);
    EXPECT_EQ(sable_params_plan(&p, nullptr, nullptr, nullptr), SABLE_INVALID);
}

TEST(Plan, RandomSpecsEndInASetOrASentence) {
    std::mt19937 random(7);
    int planned = 0;
    for (int round = 0; round < 150; round++) {
        Spec s = {"fuzz", 12 + (uint32_t)(random() % 6), 5 + (uint32_t)(random() % 14),
                  {},     1 + (uint32_t)(random() % 12), 0};
        s.specials = s.alpha + 1;
        for (uint32_t runs = 1 + (uint32_t)(random() % 4); runs; runs--)
            s.steps.push_back({(sable_step_kind)(random() % 6), 1 + (uint32_t)(random() % 6),
                               4 + (uint32_t)(random() % 10), 52.5 + (double)(random() % 70) / 10});
        Planned got = plan(as_c(s));
        if (got.status != SABLE_OK) {
            EXPECT_EQ(got.status, SABLE_INVALID);
            EXPECT_NE(got.text, "");
            continue;
        }
        planned++;
        std::string text = sable_test::write(got.params.get());
        auto again = sable_test::parse(text);
        ASSERT_EQ(again.status, SABLE_OK) << again.text;
        EXPECT_EQ(sable_test::write(again.params.get()), text);
    }
    EXPECT_GT(planned, 20);
}

TEST(PlanLog2, AccurateAndExactAtPowersOfTwo) {
    for (int e = -10; e < 60; e++) EXPECT_TRUE(dd_equal(sable_log2(dd(std::ldexp(1.0, e))), dd(e))) << e;
    std::mt19937_64 random(8);
    for (int i = 0; i < 2000; i++) {
        double x = (double)(random() >> (11 + random() % 40)) + 2, y = (double)(random() >> 40) + 2;
        sable_dd lhs = sable_log2(dd_two_prod(x, y)), rhs = dd_add(sable_log2(dd(x)), sable_log2(dd(y)));
        EXPECT_LT(std::fabs(dd_sub(lhs, rhs).hi), 0x1p-94);
        EXPECT_NEAR(sable_log2(dd(x)).hi, std::log2(x), 1e-13);
    }
}

/* Whatever the remainder, the top window holds all primes; levels are about 40 bits wide. */
TEST(Plan, ChainsOfAnyNumberOfLevels) {
    const sable_params_options allow = {sizeof allow, true};
    sable_error err{};
    for (uint32_t levels = 1; levels <= 34; levels++) {
        sable_params *p = nullptr;
        ASSERT_EQ(sable_params_plan_levels(&p, "levels", 12, levels, 4, &allow, &err), SABLE_OK) << levels << err.text;
        sable_params_info info = {};
        info.struct_size = sizeof info;
        ASSERT_EQ(sable_params_describe(p, &info), SABLE_OK);
        EXPECT_EQ(info.top_level, levels);
        EXPECT_NEAR(info.log_q, 49.7 + 39.76 * levels, 32) << levels;
        sable_params_destroy(&p);
    }
    sable_params *p = nullptr;
    EXPECT_EQ(sable_params_plan_levels(&p, "levels", 12, 0, 4, &allow, &err), SABLE_INVALID);
    EXPECT_EQ(sable_params_plan_levels(&p, "levels", 13, 16, 4, nullptr, &err), SABLE_INSECURE);
    EXPECT_EQ(p, nullptr);
}

} // namespace
