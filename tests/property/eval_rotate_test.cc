/* SPDX-License-Identifier: Apache-2.0 */
/* Automorphisms: hoisted and one by one, full and sparse packings, every level. */
#include "support/ckks_fixture.h"

using namespace sable_test;

namespace {

/* Slot j of a rounding error is dominated by r(zeta_j)*s(zeta_j) with two nearly Gaussian factors: a Laplace variable, whose tail beyond x
 * standard deviations is exp(-sqrt(2)*x). 18 are exceeded with probability 10^-11. */
constexpr double kSlotTail = 18;

Values rotated(const Values &v, int64_t steps, uint32_t slots) {
    Values r(v.size());
    for (size_t i = 0; i < v.size(); i++) {
        int64_t j = ((int64_t)(i % slots) + steps) % (int64_t)slots;
        r[i] = v[i / slots * slots + (size_t)(j < 0 ? j + slots : j)];
    }
    return r;
}

void check(Kit &kit, const sable_ct *out, const sable_ct *in, uint32_t galois, const char *what) {
    std::vector<Spread> parts;
    for (uint32_t b = 0; b < in->batch; b++)
        parts.push_back(difference(kit.phase(out, b), substitute(kit.phase(in, b), galois)));
    Spread s = merge(parts);
    double variance = galois == 1 ? 0 : sable_noise_key_switch(kit.ctx, in->level) + sable_noise_rounding(kit.ctx, 2);
    if (variance == 0) {
        EXPECT_EQ(s.largest, 0) << what;
        return;
    }
    EXPECT_NEAR(s.rms / std::sqrt(variance), 1, in->batch > 1 ? 0.1 : 0.15) << what;
    EXPECT_LT(s.largest, 7 * std::sqrt(variance)) << what;
    EXPECT_NEAR(out->noise_var, in->noise_var + variance, 1e-9 * out->noise_var) << what;
    EXPECT_TRUE(sable_scale_equal(out->scale, in->scale));
    EXPECT_EQ(out->level, in->level);
}

void all_rotations(Kit &kit, uint32_t level, uint32_t slots, uint32_t batch) {
    SCOPED_TRACE(testing::Message() << "level " << level << " slots " << slots);
    std::vector<int64_t> steps = {1, 2, 5, -1, -7, (int64_t)slots, 0};
    if (slots == kit.slots()) steps.push_back(slots / 2);
    Values v = kit.random(batch, true, slots);
    Ct in = kit.encrypt(v, level, batch, slots);
    std::vector<Ct> outs;
    std::vector<sable_ct *> handles;
    for (size_t i = 0; i < steps.size(); i++) outs.emplace_back(kit);
    for (auto &o : outs) handles.push_back(o);
    OK(kit, sable_rotate_hoisted(kit.queue, handles.data(), in, steps.data(), steps.size(), kit.keys));
    for (size_t i = 0; i < steps.size(); i++) {
        SCOPED_TRACE(testing::Message() << "steps " << steps[i]);
        uint32_t galois = sable_galois_rotation(kit.params, steps[i], slots);
        Ct one(kit);
        OK(kit, sable_rotate(kit.queue, one, in, steps[i], kit.keys));
        check(kit, outs[i], in, galois, "hoisted");
        check(kit, one, in, galois, "single");
        /* Slots say the same: the convention of the contract, not only of the ring. */
        if (in->scale.hi < 0x1p50)
            EXPECT_LT(slot_error(kit.decrypt(one), rotated(v, steps[i], slots)).largest,
                      kSlotTail * sable_noise_slot_std(one));
    }
    Ct c(kit);
    OK(kit, sable_conjugate(kit.queue, c, in, kit.keys));
    check(kit, c, in, sable_galois_conjugation(kit.params), "conjugate");
    Values conjugated = v;
    for (auto &z : conjugated) z = std::conj(z);
    if (in->scale.hi < 0x1p50)
        EXPECT_LT(slot_error(kit.decrypt(c), conjugated).largest, kSlotTail * sable_noise_slot_std(c));
}

TEST(EvalRotate, EveryLevelOfT10) {
    Kit kit("T10");
    for (uint32_t level = 0; level <= kit.top(); level++) all_rotations(kit, level, kit.slots(), 3);
}

TEST(EvalRotate, SomeLevelsOfT11) {
    Kit kit("T11");
    for (uint32_t level : {0u, 2u, 13u, 15u, 27u}) all_rotations(kit, level, kit.slots(), 1);
}

TEST(EvalRotate, SparsePackings) {
    Kit kit("T10");
    for (uint32_t level : {1u, 4u, 14u}) all_rotations(kit, level, 64, 3);
}

TEST(EvalRotate, InPlaceAndComposition) {
    Kit kit("T10");
    Ct a = kit.encrypt(kit.random(2, true), 5, 2), r(kit), b(kit);
    OK(kit, sable_rotate(kit.queue, r, a, 5, kit.keys));
    OK(kit, sable_ct_copy(kit.queue, b, a));
    OK(kit, sable_rotate(kit.queue, b, b, 5, kit.keys));
    EXPECT_EQ(kit.words(b), kit.words(r));
    OK(kit, sable_rotate(kit.queue, b, b, -7, kit.keys));
    OK(kit, sable_rotate(kit.queue, b, b, 2, kit.keys));
    uint32_t galois = 1;
    EXPECT_LT(difference(kit.phase(b), substitute(kit.phase(a), galois)).largest,
              7 * std::sqrt(3 * sable_noise_rounding(kit.ctx, 2)));
    /* A repeated output, or the input as output, would be overwritten while it is read. */
    sable_ct *same[] = {r, r}, *own[] = {a};
    int64_t steps[] = {1, 2};
    EXPECT_EQ(sable_rotate_hoisted(kit.queue, same, a, steps, 2, kit.keys), SABLE_INVALID);
    EXPECT_EQ(sable_rotate_hoisted(kit.queue, own, a, steps, 1, kit.keys), SABLE_INVALID);
}

/* The words and everything else that rotate and then add give, whichever operand the output is. */
TEST(EvalRotate, AddAtOnce) {
    Kit kit("T10");
    for (uint32_t level : {0u, 5u, 14u}) {
        Ct a = kit.encrypt(kit.random(3, true), level, 3), b = kit.encrypt(kit.random(3, true), level, 3);
        for (int64_t steps : {1, -7, 0}) {
            SCOPED_TRACE(testing::Message() << "level " << level << " steps " << steps);
            Ct turned(kit), sum(kit), twice(kit);
            OK(kit, sable_rotate(kit.queue, turned, b, steps, kit.keys));
            OK(kit, sable_add(kit.queue, sum, a, turned));
            OK(kit, sable_add(kit.queue, twice, b, turned));
            for (int kind = 0; kind < 4; kind++) {
                Ct x(kit), y(kit), fresh(kit);
                OK(kit, sable_ct_copy(kit.queue, x, kind == 3 ? b : a));
                OK(kit, sable_ct_copy(kit.queue, y, b));
                sable_ct *out = kind == 0 ? fresh : kind == 2 ? y : x;
                OK(kit, sable_rotate_add(kit.queue, out, x, kind == 3 ? x : y, steps, kit.keys));
                const sable_ct *want = kind == 3 ? twice : sum;
                EXPECT_EQ(kit.words(out), kit.words(want)) << kind;
                EXPECT_EQ(out->bound, want->bound);
                if (kind < 3 || steps != 0) EXPECT_EQ(out->noise_var, want->noise_var);
                EXPECT_EQ(out->relative, want->relative);
            }
        }
    }
    Ct one = kit.encrypt(kit.random(1, true), 5, 1), two = kit.encrypt(kit.random(2, true), 5, 2), out(kit);
    EXPECT_EQ(sable_rotate_add(kit.queue, out, one, two, 1, kit.keys), SABLE_INVALID);
    EXPECT_EQ(sable_rotate_add(kit.queue, out, one, one, 11, kit.keys), SABLE_NO_KEY);
}

} // namespace
