/* SPDX-License-Identifier: Apache-2.0 */
/* A refusal has the right code and a sentence, and leaves the output, state and words, as it was. */
#include "support/ckks_fixture.h"

#include <functional>

using namespace sable_test;

namespace {

class EvalRefusal : public testing::Test {
  protected:
    using Call = std::function<sable_status(sable_ct *)>;

    /* Once into a filled output, once into an empty one. */
    void refuse(sable_status expected, const Call &call, int line) {
        SCOPED_TRACE(testing::Message() << "line " << line);
        Ct filled = kit.encrypt(kit.random(1, true), 2), empty(kit);
        Snapshot before(kit, filled), nothing(kit, empty);
        kit.queue->error.text[0] = 0;
        EXPECT_EQ(call(filled), expected) << sable_queue_error(kit.queue);
        EXPECT_TRUE(unchanged(kit, filled, before));
        EXPECT_NE(sable_queue_error(kit.queue)[0], 0);
        EXPECT_EQ(kit.queue->error.code, expected);
        EXPECT_EQ(call(empty), expected);
        EXPECT_TRUE(unchanged(kit, empty, nothing));
    }

    Kit kit{"T10"};
    sable_queue *q = kit.queue;
};
#define REFUSE(code, expression) \
    refuse(                      \
        code, [&](sable_ct *out) { return expression; }, __LINE__)

TEST_F(EvalRefusal, LevelsAndScales) {
    Ct a3 = kit.encrypt(kit.random(1, true), 3), a4 = kit.encrypt(kit.random(1, true), 4),
       a0 = kit.encrypt(kit.random(1, true), 0);
    Ct t3(kit), wide(kit);
    OK(kit, sable_tensor(q, t3, a3, a3));
    OK(kit, sable_drop(q, wide, a4, 1));
    Ct a1 = kit.encrypt(kit.random(1, true), 1);
    Pt p3 = kit.encode(kit.random(1, true), 3), p4 = kit.encode(kit.random(1, true), 4);
    Pt odd = kit.encode(kit.random(1, true), 3, 1, 0, sable_scale_value(0x1p40, 0));
    REFUSE(SABLE_LEVEL, sable_add(q, out, a3, a4));
    REFUSE(SABLE_LEVEL, sable_sub(q, out, a3, a4));
    REFUSE(SABLE_LEVEL, sable_tensor(q, out, a3, a4));
    REFUSE(SABLE_LEVEL, sable_multiply(q, out, a3, a4, kit.keys));
    REFUSE(SABLE_LEVEL, sable_multiply(q, out, a0, a0, kit.keys));
    REFUSE(SABLE_LEVEL, sable_square(q, out, a0, kit.keys));
    REFUSE(SABLE_LEVEL, sable_rescale(q, out, a0));
    REFUSE(SABLE_LEVEL, sable_add_plain(q, out, a3, p4));
    REFUSE(SABLE_LEVEL, sable_sub_plain(q, out, a3, p4));
    REFUSE(SABLE_LEVEL, sable_mul_plain(q, out, a3, p4));
    REFUSE(SABLE_LEVEL, sable_adjust(q, out, a3, 4));
    REFUSE(SABLE_LEVEL, sable_drop(q, out, a4, 3));
    REFUSE(SABLE_SCALE, sable_add(q, out, t3, a3));
    REFUSE(SABLE_SCALE, sable_add(q, out, wide, a1)); /* equal to a part in 2^20, not equal */
    REFUSE(SABLE_SCALE, sable_add_plain(q, out, t3, p3));
    REFUSE(SABLE_SCALE, sable_add_plain(q, out, a3, odd));
    REFUSE(SABLE_SCALE, sable_adjust(q, out, wide, 0));
}

TEST_F(EvalRefusal, DegreeKeysShapes) {
    Ct a = kit.encrypt(kit.random(2, true), 3, 2), b = kit.encrypt(kit.random(3, true), 3, 3),
       sparse = kit.encrypt(kit.random(1, true, 64), 3, 1, 64);
    Ct t(kit), empty_in(kit);
    OK(kit, sable_tensor(q, t, a, a));
    Pt p3 = kit.encode(kit.random(3, true), 3, 3);
    REFUSE(SABLE_DEGREE, sable_tensor(q, out, t, a));
    REFUSE(SABLE_DEGREE, sable_multiply(q, out, t, t, kit.keys));
    REFUSE(SABLE_DEGREE, sable_relinearize(q, out, a, kit.keys));
    REFUSE(SABLE_DEGREE, sable_relinearize_rescale(q, out, a, kit.keys));
    REFUSE(SABLE_DEGREE, sable_rotate(q, out, t, 1, kit.keys));
    REFUSE(SABLE_DEGREE, sable_conjugate(q, out, t, kit.keys));
    REFUSE(SABLE_DEGREE, sable_adjust(q, out, t, 1));
    REFUSE(SABLE_INVALID, sable_add(q, out, a, b));
    REFUSE(SABLE_INVALID, sable_tensor(q, out, a, b));
    REFUSE(SABLE_INVALID, sable_mul_plain(q, out, a, p3));
    REFUSE(SABLE_INVALID, sable_add_plain(q, out, a, p3));
    REFUSE(SABLE_INVALID, sable_add_plain(q, out, sparse, p3));
    REFUSE(SABLE_INVALID, sable_tensor(q, out, sparse, a));
    REFUSE(SABLE_INVALID, sable_add(q, out, empty_in, a));
    REFUSE(SABLE_INVALID, sable_add(q, out, nullptr, a));
    REFUSE(SABLE_INVALID, sable_ct_copy(q, out, empty_in));
    REFUSE(SABLE_DATA, sable_add_scalar(q, out, a, NAN, 0));
    REFUSE(SABLE_DATA, sable_mul_scalar(q, out, a, INFINITY, 0));
    const double weights[] = {1, NAN};
    REFUSE(SABLE_DATA, sable_combine(q, out, a, weights, 1));
    REFUSE(SABLE_NO_KEY, sable_rotate(q, out, a, 11, kit.keys));
    REFUSE(SABLE_NO_KEY, sable_rotate(q, out, a, 1, nullptr));
    REFUSE(SABLE_NO_KEY, sable_relinearize(q, out, t, nullptr));
    REFUSE(SABLE_NO_KEY, sable_multiply(q, out, a, a, nullptr));
    sable_keyset foreign = *kit.keys;
    foreign.key_id[3] ^= 1;
    REFUSE(SABLE_KEY_MISMATCH, sable_rotate(q, out, a, 1, &foreign));
    REFUSE(SABLE_KEY_MISMATCH, sable_conjugate(q, out, a, &foreign));
    REFUSE(SABLE_KEY_MISMATCH, sable_relinearize(q, out, t, &foreign));
    REFUSE(SABLE_KEY_MISMATCH, sable_multiply(q, out, a, a, &foreign));
    Ct other(kit);
    OK(kit, sable_ct_copy(q, other, a));
    other->key_id[0] ^= 1;
    REFUSE(SABLE_KEY_MISMATCH, sable_add(q, out, a, other));
    REFUSE(SABLE_KEY_MISMATCH, sable_tensor(q, out, a, other));
    sable_ct *outs[] = {nullptr, nullptr};
    Ct o1 = kit.encrypt(kit.random(1, true), 2), o2(kit);
    outs[0] = o1;
    outs[1] = o2;
    Snapshot before(kit, o1);
    const int64_t steps[] = {1, 11};
    EXPECT_EQ(sable_rotate_hoisted(q, outs, a, steps, 2, kit.keys),
              SABLE_NO_KEY); /* the first would have been possible */
    EXPECT_TRUE(unchanged(kit, o1, before));
    EXPECT_EQ(o2->data, nullptr);
}

TEST_F(EvalRefusal, DeclaredBounds) {
    Ct a = kit.encrypt(kit.random(1, true), 1), big(kit);
    OK(kit, sable_ct_copy(q, big, a));
    OK(kit, sable_ct_declare(q, big, 0x1p46, 1)); /* 2^39.76 * 2^46 of 2^87.5 */
    REFUSE(SABLE_BOUND, sable_mul_integer(q, out, big, 16));
    REFUSE(SABLE_BOUND, sable_multiply(q, out, big, a, kit.keys));
    REFUSE(SABLE_BOUND, sable_mul_scalar(q, out, big, 256, 0));
    REFUSE(SABLE_BOUND, sable_add_scalar(q, out, big, 0x1p50, 0));
    REFUSE(SABLE_BOUND, sable_adjust(q, out, big, 0));
    OK(kit, sable_ct_declare(q, big, 0x1p47, 1));
    REFUSE(SABLE_BOUND, sable_add(q, out, big, big));
    REFUSE(SABLE_BOUND, sable_tensor(q, out, big, a));
    EXPECT_EQ(sable_ct_declare(q, a, 1, 2), SABLE_INVALID);
    EXPECT_EQ(sable_ct_declare(q, a, 0, 0), SABLE_INVALID);
    EXPECT_EQ(sable_ct_declare(q, a, INFINITY, 1), SABLE_INVALID);
}

/* The k-th allocation fails: an operation is done as a whole or leaves its output alone. */
TEST_F(EvalRefusal, NoMemory) {
    uint32_t done = 0, refused = 0;
    KitOptions o;
    o.steps = {1};
    for (size_t room = 0; room < 9; room++) {
        Kit probe("T10", o);
        Ct a = probe.encrypt(probe.random(1, true), 6), out = probe.encrypt(probe.random(1, true), 2), t(probe);
        OK(probe, sable_tensor(probe.queue, t, a, a));
        Snapshot before(probe, out);
        const sable_backend real = *probe.ctx->backend;
        static thread_local size_t allowed;
        static thread_local sable_status (*original)(void *, void **, size_t);
        allowed = room;
        original = real.alloc;
        sable_backend failing = real;
        failing.alloc = [](void *queue, void **memory, size_t bytes) {
            if (allowed == 0) return SABLE_NO_MEMORY;
            allowed--;
            return original(queue, memory, bytes);
        };
        const sable_backend *saved = probe.ctx->backend;
        probe.ctx->backend = &failing;
        double c[] = {0.1, 0.2, 0.3, 0.4, 0.5};
        sable_poly *poly = nullptr;
        ASSERT_EQ(sable_poly_chebyshev(&poly, c, 5, -2, 2, nullptr), SABLE_OK);
        std::vector<std::function<sable_status()>> calls = {
            [&] { return sable_multiply(probe.queue, out, a, a, probe.keys); },
            [&] { return sable_rotate(probe.queue, out, a, 1, probe.keys); },
            [&] { return sable_rescale(probe.queue, out, t); },
            [&] { return sable_relinearize(probe.queue, out, t, probe.keys); },
            [&] { return sable_adjust(probe.queue, out, a, 4); },
            [&] { return sable_poly_evaluate(probe.queue, out, a, poly, probe.keys); },
        };
        for (auto &call : calls) {
            allowed = room;
            sable_status status = call();
            probe.ctx->backend = saved; /* the comparison downloads */
            if (status == SABLE_OK) {
                done++;
                before = Snapshot(probe, out);
            } else {
                refused++;
                EXPECT_EQ(status, SABLE_NO_MEMORY) << sable_queue_error(probe.queue);
                EXPECT_TRUE(unchanged(probe, out, before));
            }
            probe.ctx->backend = &failing;
        }
        probe.ctx->backend = saved;
        sable_poly_destroy(&poly);
    }
    EXPECT_GT(done, 5u);
    EXPECT_GT(refused, 5u);
}

} // namespace
