/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts of different degree in one process; queues of one context on different threads. */
#include <thread>

#include "support/ckks_fixture.h"

using namespace sable_test;

namespace {

TEST(EvalThreads, TwoContextsInOneProcess) {
    Kit a("T10"), b("T11");
    for (int round = 0; round < 2; round++) {
        Values u = a.random(1, true), v = b.random(1, true);
        Ct x = a.encrypt(u, 4), y = b.encrypt(v, 12), xx(a), yy(b);
        OK(a, sable_square(a.queue, xx, x, a.keys));
        OK(b, sable_square(b.queue, yy, y, b.keys));
        for (auto &z : u) z *= z;
        for (auto &z : v) z *= z;
        EXPECT_LT(slot_error(a.decrypt(xx), u).largest, 18 * sable_noise_slot_std(xx));
        EXPECT_LT(slot_error(b.decrypt(yy), v).largest, 18 * sable_noise_slot_std(yy));
        EXPECT_EQ(sable_add(a.queue, xx, x, y), SABLE_INVALID);
        EXPECT_EQ(sable_square(a.queue, xx, x, b.keys), SABLE_INVALID);
    }
}

TEST(EvalThreads, FourQueuesShareInputs) {
    Kit kit("T10");
    Values u = kit.random(2, true), v = kit.random(2, true);
    Ct x = kit.encrypt(u, 6, 2), y = kit.encrypt(v, 6, 2), expected(kit);
    auto circuit = [&](sable_queue *q, sable_ct *out, sable_ct *t) {
        sable_status s = sable_multiply(q, t, x, y, kit.keys);
        if (s == SABLE_OK) s = sable_rotate(q, t, t, 5, kit.keys);
        if (s == SABLE_OK) s = sable_square(q, t, t, kit.keys);
        if (s == SABLE_OK) s = sable_add_scalar(q, t, t, 0.25, 0);
        if (s == SABLE_OK) s = sable_conjugate(q, out, t, kit.keys);
        return s;
    };
    Ct scratch(kit);
    OK(kit, circuit(kit.queue, expected, scratch));
    /* Not synchronised: another queue may not touch them. */
    sable_queue *other = nullptr;
    sable_error err = {};
    ASSERT_EQ(sable_queue_create(&other, kit.ctx, nullptr, &err), SABLE_OK) << err.text;
    Ct busy(kit);
    EXPECT_EQ(sable_add(other, busy, x, y), SABLE_BUSY);
    ASSERT_EQ(sable_queue_wait(other, kit.queue), SABLE_OK);
    EXPECT_EQ(sable_add(other, busy, x, y), SABLE_OK) << sable_queue_error(other);
    ASSERT_EQ(sable_queue_sync(other), SABLE_OK);
    sable_queue_destroy(&other);
    OK(kit, sable_queue_sync(kit.queue));

    std::vector<std::thread> threads;
    std::vector<sable_status> status(4, SABLE_INTERNAL);
    std::vector<std::vector<uint32_t>> words(4);
    for (size_t i = 0; i < 4; i++)
        threads.emplace_back([&, i] {
            sable_queue *q = nullptr;
            sable_ct *out = nullptr, *t = nullptr;
            if (sable_queue_create(&q, kit.ctx, nullptr, nullptr) != SABLE_OK) return;
            sable_status s = sable_ct_create(&out, kit.ctx, nullptr);
            if (s == SABLE_OK) s = sable_ct_create(&t, kit.ctx, nullptr);
            for (int round = 0; round < 5 && s == SABLE_OK; round++) s = circuit(q, out, t);
            if (s == SABLE_OK) s = sable_queue_sync(q);
            if (s == SABLE_OK) {
                words[i].resize((size_t)out->batch * 2 * kit.ctx->level[out->level].limbs * kit.n());
                s = kit.ctx->backend->download(q->handle, words[i].data(), out->data, words[i].size() * 4);
            }
            status[i] = s;
            sable_ct_destroy(q, &out);
            sable_ct_destroy(q, &t);
            sable_queue_destroy(&q);
        });
    for (auto &t : threads) t.join();
    for (size_t i = 0; i < 4; i++) {
        EXPECT_EQ(status[i], SABLE_OK);
        EXPECT_EQ(words[i], kit.words(expected));
    }
}

} // namespace
