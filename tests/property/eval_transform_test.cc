/* SPDX-License-Identifier: Apache-2.0 */
/* Linear maps by diagonals: against double precision and against plain rotations, noise against its prediction, costs against what the backend is asked
 * to do, refusals. */
#include "support/diagonals.h"

#include <set>

using namespace sable_test;

namespace {

sable_transform_options at_level(uint32_t level, uint32_t giant_step = 0) {
    sable_transform_options o = {};
    o.struct_size = sizeof o;
    o.level = level;
    o.giant_step = giant_step;
    return o;
}

class EvalTransform : public testing::Test {
  protected:
    Kit kit{"T10", without_keys()};
    /* Scales at which doubles measure the scheme and not the encoder. */
    uint32_t pick_level() {
        for (;;) {
            const uint32_t level = 1 + pick(kit.top());
            if (kit.params->scale[level].hi < 0x1p46) return level;
        }
    }
    uint32_t pick(uint32_t below) { return std::uniform_int_distribution<uint32_t>(0, below - 1)(kit.rng); }

    Map::List diagonals(const std::set<int64_t> &index, uint32_t slots, bool is_complex) {
        Map::List list;
        for (int64_t d : index) list[d] = kit.random(1, is_complex, slots);
        return list;
    }
    sable_keyset *keys_for(const sable_diagonals *d, const sable_transform_options &o, size_t *count = nullptr) {
        sable_key_spec *spec = nullptr;
        sable_error err{};
        EXPECT_EQ(sable_key_spec_create(&spec, kit.params, &err), SABLE_OK) << err.text;
        EXPECT_EQ(sable_transform_add_keys(spec, d, &o, &err), SABLE_OK) << err.text;
        if (count) *count = sable_key_spec_count(spec);
        sable_keyset *keys = sable_key_spec_count(spec) ? kit.make_keys(spec) : nullptr;
        sable_key_spec_destroy(&spec);
        return keys;
    }
    sable_transform_cost plan(const sable_diagonals *d, const sable_transform_options &o) {
        sable_transform_cost cost = {};
        cost.struct_size = sizeof cost;
        sable_error err{};
        EXPECT_EQ(sable_transform_plan(d, kit.params, &o, &cost, &err), SABLE_OK) << err.text;
        return cost;
    }
    /* With the keys of the plan and no others. */
    void check(const Map &map, const sable_transform_options &o, uint32_t batch, bool in_place = false) {
        ASSERT_EQ(map.status, SABLE_OK) << map.text;
        size_t count;
        sable_keyset *keys = keys_for(map, o, &count);
        const sable_transform_cost cost = plan(map, o);
        EXPECT_EQ(cost.babies + cost.giants, count);
        const Values x = kit.random(batch, true, map.slots), want = map.apply(x);
        Ct in = kit.encrypt(x, o.level, batch, map.slots), fresh(kit);
        sable_ct *out = in_place ? in : fresh;
        sable_transform *t = nullptr;
        OK(kit, sable_transform_create(kit.queue, &t, map, &o));
        OK(kit, sable_transform_apply(kit.queue, out, in, t, keys));
        sable_transform_destroy(kit.queue, &t);
        EXPECT_EQ(out->level, o.level - 1);
        EXPECT_EQ(out->batch, batch);
        if (o.scale.hi == 0) EXPECT_TRUE(sable_scale_equal(out->scale, sable_scale_canonical(kit.ctx, o.level - 1)));
        EXPECT_GE(out->bound, largest(want));
        OK(kit, declare(kit, out, want));
        const Spread error = slot_error(kit.decrypt(out), want);
        const double predicted = sable_noise_slot_std(out);
        sable_keyset_destroy(kit.queue, &keys);
        /* Decoding few slots reads few coefficients: the error of the others does not count. */
        EXPECT_LT(error.rms, 1.5 * predicted);
        if (map.slots != kit.slots()) return;
        EXPECT_GT(error.rms, predicted / 1.5);
        squares += error.rms * error.rms / (predicted * predicted), checks++;
    }
    /* Measured over predicted error of everything that was checked. */
    void expect_predicted() {
        const double ratio = std::sqrt(squares / checks);
        EXPECT_NEAR(ratio, 1, 0.1);
        RecordProperty("ratio", std::to_string(ratio));
    }
    double squares = 0;
    uint32_t checks = 0;
};

TEST_F(EvalTransform, RandomMaps) {
    for (int run = 0; run < 24; run++) {
        const uint32_t slots = run % 3 == 2 ? 64 : kit.slots(), batch = run % 4 == 3 ? 3 : 1;
        const uint32_t level = pick_level(), count = 1 + pick(24);
        const bool is_complex = run % 2;
        const int64_t stride = 1ll << pick(4);
        std::set<int64_t> index;
        while (index.size() < count) index.insert(stride * (static_cast<int64_t>(pick(40)) - 20));
        if (slots == 64) { /* the same modulo the slots */
            std::set<int64_t> reduced;
            for (int64_t d : index) reduced.insert((d % 64 + 64) % 64);
            index = reduced;
        }
        const uint32_t step = run % 5 == 0 ? 1u << pick(7) : 0;
        SCOPED_TRACE(testing::Message() << "run " << run << " slots " << slots << " level " << level << " diagonals "
                                        << index.size() << " stride " << stride << " giant step " << step);
        check(Map(slots, diagonals(index, slots, is_complex), is_complex), at_level(level, step), batch, run % 7 == 6);
    }
    expect_predicted();
}

/* One diagonal, of index 0 or not: no giant step, no baby step, neither. */
TEST_F(EvalTransform, SingleDiagonals) {
    for (int64_t d : {0, 1, 8, -1})
        for (uint32_t step : {1u, 4u, 512u})
            check(Map(kit.slots(), diagonals({d}, kit.slots(), true), true), at_level(5, step), 2);
    expect_predicted();
}

/* Members that do not fit the scratch memory at once. */
TEST_F(EvalTransform, LargeBatchInPieces) {
    std::set<int64_t> index;
    for (int64_t d = 0; d < 256; d++) index.insert(d);
    const Map map(kit.slots(), diagonals(index, kit.slots(), false), false);
    const sable_transform_options o = at_level(6, 256);
    const uint64_t scratch = plan(map, o).scratch_bytes, batch = ((uint64_t)1 << 28) / scratch + 2;
    ASSERT_LT(batch, 12u);
    check(map, o, static_cast<uint32_t>(batch));
    expect_predicted();
}

/* Scales other than the canonical one: the result has the exact product, and the values are right. */
TEST_F(EvalTransform, AnyScale) {
    const Map map(kit.slots(), diagonals({0, 1, 2, 3, 64, 65}, kit.slots(), true), true);
    for (double scale : {0x1p30, 0x1.8p42}) {
        sable_transform_options o = at_level(4);
        o.scale = sable_scale_value(scale, 0);
        check(map, o, 1);
    }
    expect_predicted();
}

/* What rotations, products with plaintexts and sums give, to within the noise of both, as integers. */
TEST_F(EvalTransform, AgreesWithPlainRotations) {
    const std::set<int64_t> index = {0, 1, 3, 9, 17, 18, 500};
    const Map::List list = diagonals(index, kit.slots(), true);
    const Map map(kit.slots(), list, true);
    for (uint32_t level : {1u, 4u, 9u, kit.top()}) {
        SCOPED_TRACE(testing::Message() << "level " << level);
        sable_key_spec *spec = nullptr;
        sable_error err{};
        const sable_transform_options o = at_level(level);
        ASSERT_EQ(sable_key_spec_create(&spec, kit.params, &err), SABLE_OK);
        ASSERT_EQ(sable_transform_add_keys(spec, map, &o, &err), SABLE_OK) << err.text;
        for (int64_t d : index) ASSERT_EQ(sable_key_spec_add_rotation(spec, d, 0, level, level, &err), SABLE_OK);
        sable_keyset *keys = kit.make_keys(spec);
        sable_key_spec_destroy(&spec);
        Ct in = kit.encrypt(kit.random(1, true), level), plain(kit), out(kit);
        for (const auto &entry : list) {
            Ct turned(kit);
            OK(kit, sable_rotate(kit.queue, turned, in, entry.first, keys));
            Pt pt = kit.encode(entry.second, level);
            OK(kit, sable_mul_plain(kit.queue, turned, turned, pt));
            OK(kit, plain->data ? sable_add(kit.queue, plain, plain, turned) : sable_ct_copy(kit.queue, plain, turned));
        }
        OK(kit, sable_rescale(kit.queue, plain, plain));
        sable_transform *t = nullptr;
        OK(kit, sable_transform_create(kit.queue, &t, map, &o));
        OK(kit, sable_transform_apply(kit.queue, out, in, t, keys));
        EXPECT_TRUE(sable_scale_equal(out->scale, plain->scale));
        /* Both round once at the end, the plain rotations once more each; the error of the input is in both. */
        const double most = std::sqrt(plain->noise_var + sable_noise_rounding(kit.ctx, 2));
        EXPECT_LT(difference(kit.phase(out), kit.phase(plain)).rms, 1.3 * most);
        sable_transform_destroy(kit.queue, &t);
        sable_keyset_destroy(kit.queue, &keys);
    }
}

/* Dense matrices of any shape: diagonals, then sums over what is left of the columns. */
TEST_F(EvalTransform, RectangularMatrices) {
    struct Shape {
        uint32_t rows, cols, diagonals;
    };
    for (const Shape &s : {Shape{1, 8, 1}, Shape{3, 16, 4}, Shape{16, 3, 4}, Shape{5, 7, 8}, Shape{8, 1, 1}}) {
        SCOPED_TRACE(testing::Message() << s.rows << " x " << s.cols);
        std::vector<double> a;
        for (uint32_t i = 0; i < s.rows * s.cols; i++) a.push_back(kit.random(1, false, 1)[0].real());
        const Map map(64, a, s.rows, s.cols);
        ASSERT_EQ(map.status, SABLE_OK) << map.text;
        EXPECT_EQ(map.d->count, s.diagonals);
        uint32_t m = 1, n = 1;
        while (m < s.rows) m *= 2;
        while (n < s.cols) n *= 2;
        const Values one = kit.random(1, false, n);
        Values x(64);
        for (uint32_t j = 0; j < 64; j++) x[j] = one[j % n];
        Values y = map.apply(x);
        for (uint32_t j = 0; j < 64; j++) {
            std::complex<double> sum = 0, want = 0;
            for (uint32_t t = 0; t == 0 || t < n / m; t++) sum += y[(j + t * m) % 64];
            for (uint32_t k = 0; k < s.cols && j % m < s.rows; k++) want += a[j % m * s.cols + k] * one[k];
            EXPECT_NEAR(std::abs(sum - want), 0, 1e-14);
        }
        check(map, at_level(3), 1);
    }
    sable_diagonals *d = nullptr;
    sable_error err{};
    const double a[65] = {1};
    EXPECT_EQ(sable_diagonals_matrix(&d, 64, a, 1, 65, &err), SABLE_INVALID);
    EXPECT_EQ(sable_diagonals_matrix(&d, 64, a, 0, 1, &err), SABLE_INVALID);
}

/* Factors of a homomorphic DFT of 2^15 slots (Cheon and others 2018; merged stages): rotations of babies and giants with the giant step given. */
TEST_F(EvalTransform, StepsOfTransformFactors) {
    sable_params *params = nullptr;
    sable_error err{};
    sable_params_options allow = {sizeof allow, true};
    ASSERT_EQ(sable_params_load(&params, "A40", &allow, &err), SABLE_OK) << err.text;
    struct Factor {
        uint32_t stride, diagonals, n1, babies, giants;
    };
    for (const Factor &f : {Factor{2048, 16, 4, 3, 3}, Factor{128, 31, 8, 7, 3}, Factor{8, 31, 8, 7, 3},
                            Factor{1, 15, 4, 3, 3}, Factor{1, 63, 8, 7, 7}, Factor{1024, 32, 8, 7, 3}}) {
        SCOPED_TRACE(f.stride);
        const uint32_t slots = 1 << 15;
        const std::vector<double> ones(slots, 1);
        std::vector<sable_diagonal> list;
        const int64_t first = f.diagonals % 2 ? -static_cast<int64_t>(f.diagonals / 2) : 0;
        for (int64_t i = 0; i < f.diagonals; i++) list.push_back({(first + i) * f.stride, ones.data()});
        sable_diagonals *d = nullptr;
        ASSERT_EQ(sable_diagonals_create(&d, slots, list.data(), list.size(), false, &err), SABLE_OK) << err.text;
        sable_transform_cost cost = {};
        cost.struct_size = sizeof cost;
        const sable_transform_options o = at_level(3, f.stride * f.n1);
        ASSERT_EQ(sable_transform_plan(d, params, &o, &cost, &err), SABLE_OK) << err.text;
        EXPECT_EQ(cost.diagonals, f.diagonals);
        EXPECT_EQ(cost.babies, f.babies);
        /* Indices below 0 lie at the other end of the slots: one more giant step where they fill a part of one. */
        EXPECT_EQ(cost.giants,
                  f.diagonals % 2 ? (f.diagonals / 2 + f.n1 - 1) / f.n1 + f.diagonals / 2 / f.n1 : f.giants);
        sable_diagonals_destroy(&d);
    }
    sable_params_destroy(&params);
}

/* Transforms counted by a context that computes nothing, against the formula of transform.h. */
TEST_F(EvalTransform, ExactNumberOfTransforms) {
    sable_ctx *ctx = nullptr;
    sable_queue *queue = nullptr;
    sable_error err{};
    ASSERT_EQ(sable_ctx_create_planning(&ctx, kit.params, nullptr, &err), SABLE_OK) << err.text;
    ASSERT_EQ(sable_queue_create(&queue, ctx, nullptr, &err), SABLE_OK) << err.text;
    const Map map(kit.slots(), diagonals({0, 1, 2, 5, 8, 9, 16, 23, 500}, kit.slots(), false), false);
    for (uint32_t level : {1u, 6u, kit.top()}) {
        const sable_transform_options o = at_level(level, 4);
        sable_key_spec *spec = nullptr;
        ASSERT_EQ(sable_key_spec_create(&spec, kit.params, &err), SABLE_OK);
        ASSERT_EQ(sable_transform_add_keys(spec, map, &o, &err), SABLE_OK) << err.text;
        sable_secret *secret = nullptr;
        ASSERT_EQ(sable_secret_generate(&secret, ctx, &err), SABLE_OK) << err.text;
        sable_keyset *keys = nullptr;
        ASSERT_EQ(sable_keyset_generate(queue, &keys, secret, spec), SABLE_OK);
        const Values x(kit.slots());
        sable_pt *pt = nullptr;
        sable_ct *ct = nullptr;
        sable_encoding e = {};
        e.struct_size = sizeof e, e.level = level, e.is_complex = true;
        ASSERT_EQ(sable_pt_create(&pt, ctx, &err), SABLE_OK);
        ASSERT_EQ(sable_ct_create(&ct, ctx, &err), SABLE_OK);
        ASSERT_EQ(sable_encode(queue, pt, reinterpret_cast<const double *>(x.data()), 2 * x.size(), &e), SABLE_OK);
        ASSERT_EQ(sable_encrypt_secret(queue, ct, pt, secret), SABLE_OK) << sable_queue_error(queue);
        sable_transform *t = nullptr;
        ASSERT_EQ(sable_transform_create(queue, &t, map, &o), SABLE_OK) << sable_queue_error(queue);
        sable_transform_cost cost = {};
        cost.struct_size = sizeof cost;
        ASSERT_EQ(sable_transform_describe(t, &cost), SABLE_OK);
        memset(ctx->tally->work, 0, sizeof ctx->tally->work);
        ASSERT_EQ(sable_transform_apply(queue, ct, ct, t, keys), SABLE_OK) << sable_queue_error(queue);
        const sable_level_tables *l = &ctx->level[level];
        const double have = (ctx->tally->work[SABLE_WORK_FORWARD] + ctx->tally->work[SABLE_WORK_UP] +
                             ctx->tally->work[SABLE_WORK_INVERSE]) /
                            kit.n();
        const uint32_t k = kit.params->p_count, all = l->limbs + k;
        EXPECT_EQ(have, l->digits * all * (1 + cost.giants) + cost.giants * all +
                            2 * (l->down_rescale.drop_count + l->down_rescale.out_count));
        sable_transform_destroy(queue, &t);
        sable_ct_destroy(queue, &ct);
        sable_pt_destroy(queue, &pt);
        sable_keyset_destroy(queue, &keys);
        sable_secret_destroy(&secret);
        sable_key_spec_destroy(&spec);
    }
    sable_queue_destroy(&queue);
    sable_ctx_destroy(&ctx);
}

TEST_F(EvalTransform, RefusedMaps) {
    const uint32_t slots = 64;
    const Values v = kit.random(1, true, slots), zero(slots);
    Values nan = v;
    nan[3] = NAN;
    EXPECT_EQ(Map(48, {{0, Values(48, 1)}}, false).status, SABLE_INVALID);
    EXPECT_EQ(Map(slots, Map::List{}, false).status, SABLE_INVALID);
    EXPECT_EQ(Map(slots, {{0, zero}, {1, zero}}, false).status, SABLE_INVALID);
    EXPECT_EQ(Map(slots, {{1, v}, {65, v}}, true).status, SABLE_INVALID);
    EXPECT_EQ(Map(slots, {{0, nan}}, true).status, SABLE_DATA);
    const Map sparse(slots, {{0, v}, {1, zero}, {-3, v}}, true);
    EXPECT_EQ(sparse.d->count, 2u); /* zeros cost nothing */

    sable_transform_cost cost = {};
    cost.struct_size = sizeof cost;
    sable_error err{};
    auto refused = [&](const Map &map, const sable_transform_options &o) {
        err.text[0] = 0;
        const sable_status status = sable_transform_plan(map, kit.params, &o, &cost, &err);
        EXPECT_NE(err.text[0], 0);
        sable_transform *t = nullptr;
        EXPECT_EQ(sable_transform_create(kit.queue, &t, map, &o), status);
        EXPECT_EQ(t, nullptr);
        return status;
    };
    EXPECT_EQ(refused(sparse, at_level(0)), SABLE_LEVEL);
    EXPECT_EQ(refused(sparse, at_level(kit.top() + 1)), SABLE_LEVEL);
    EXPECT_EQ(refused(sparse, at_level(3, 12)), SABLE_INVALID);
    EXPECT_EQ(refused(sparse, at_level(3, 128)), SABLE_INVALID);
    sable_transform_options o = at_level(3);
    o.scale = sable_scale_value(0.5, 0);
    EXPECT_EQ(refused(sparse, o), SABLE_SCALE);
    o.scale = sable_scale_value(0x1p119, 0);
    EXPECT_EQ(refused(Map(slots, {{0, Values(slots, 4)}}, false), o), SABLE_BOUND);
    const uint32_t wide = 2 * kit.slots();
    EXPECT_EQ(refused(Map(wide, {{0, Values(wide, 1)}}, false), at_level(3)), SABLE_INVALID);
}

TEST_F(EvalTransform, RefusedOperands) {
    const Map map(kit.slots(), diagonals({0, 1, 2, 3, 4, 9}, kit.slots(), true), true);
    const sable_transform_options o = at_level(3, 4);
    sable_keyset *keys = keys_for(map, o);
    sable_transform *t = nullptr;
    OK(kit, sable_transform_create(kit.queue, &t, map, &o));
    Ct out = kit.encrypt(kit.random(1, true), 2), in = kit.encrypt(kit.random(1, true), 3), product(kit);
    Ct high = kit.encrypt(kit.random(1, true), 4), sparse = kit.encrypt(kit.random(1, true, 64), 3, 1, 64), empty(kit);
    OK(kit, sable_tensor(kit.queue, product, in, in));
    Snapshot before(kit, out);
    auto apply = [&](const sable_ct *x, const sable_keyset *k) {
        const sable_status status = sable_transform_apply(kit.queue, out, x, t, k);
        EXPECT_TRUE(unchanged(kit, out, before));
        return status;
    };
    EXPECT_EQ(apply(high, keys), SABLE_LEVEL);
    EXPECT_EQ(apply(sparse, keys), SABLE_INVALID);
    EXPECT_EQ(apply(product, keys), SABLE_DEGREE);
    EXPECT_EQ(apply(empty, keys), SABLE_INVALID);
    EXPECT_EQ(sable_transform_apply(kit.queue, out, in, nullptr, keys), SABLE_INVALID);
    EXPECT_EQ(apply(in, nullptr), SABLE_NO_KEY);
    EXPECT_NE(std::string(sable_queue_error(kit.queue)).find("of 5 rotations 5 have no key"), std::string::npos);
    EXPECT_NE(std::string(sable_queue_error(kit.queue)).find("by 1, 2, 3, 4, 8 ("), std::string::npos)
        << sable_queue_error(kit.queue);
    /* Two of them. */
    sable_key_spec *spec = nullptr;
    sable_error err{};
    ASSERT_EQ(sable_key_spec_create(&spec, kit.params, &err), SABLE_OK);
    for (int64_t step : {1, 3, 4}) ASSERT_EQ(sable_key_spec_add_rotation(spec, step, 0, 3, 3, &err), SABLE_OK);
    ASSERT_EQ(sable_key_spec_add_rotation(spec, 8, 0, 1, 1, &err), SABLE_OK); /* too few levels */
    sable_keyset *some = kit.make_keys(spec);
    EXPECT_EQ(apply(in, some), SABLE_NO_KEY);
    EXPECT_NE(std::string(sable_queue_error(kit.queue)).find("by 2, 8 ("), std::string::npos)
        << sable_queue_error(kit.queue);
    OK(kit, sable_ct_declare(kit.queue, in, 1e30, 1));
    EXPECT_EQ(apply(in, keys), SABLE_BOUND);
    Kit other("T10", without_keys());
    Ct foreign = other.encrypt(other.random(1, true), 3);
    EXPECT_EQ(apply(foreign, keys), SABLE_INVALID);
    sable_key_spec_destroy(&spec);
    sable_keyset_destroy(kit.queue, &some);
    sable_keyset_destroy(kit.queue, &keys);
    sable_transform_destroy(kit.queue, &t);
}

} // namespace
