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

/* Two threads, each of which works in both contexts in turn, on queues of its own. */
TEST(EvalThreads, TwoContextsOnTwoThreads) {
    Kit small("T10"), large("T11");
    Kit *const kits[] = {&small, &large};
    std::vector<Ct> in;
    std::vector<std::vector<uint32_t>> expected;
    for (Kit *kit : kits) {
        in.push_back(kit->encrypt(kit->random(1, true), 6));
        Ct out(*kit);
        OK(*kit, sable_square(kit->queue, out, in.back(), kit->keys));
        OK(*kit, sable_rotate(kit->queue, out, out, 5, kit->keys));
        expected.push_back(kit->words(out));
        OK(*kit, sable_queue_sync(kit->queue));
    }
    std::vector<std::thread> threads;
    std::vector<std::string> wrong(2);
    for (size_t t = 0; t < 2; t++)
        threads.emplace_back([&, t] {
            sable_queue *queue[2] = {};
            sable_ct *out[2] = {};
            for (size_t c = 0; c < 2; c++)
                if (sable_queue_create(&queue[c], kits[c]->ctx, nullptr, nullptr) != SABLE_OK ||
                    sable_ct_create(&out[c], kits[c]->ctx, nullptr) != SABLE_OK)
                    wrong[t] = "no queue or handle";
            for (int round = 0; round < 6 && wrong[t].empty(); round++) {
                const size_t c = (static_cast<size_t>(round) + t) % 2;
                sable_status s = sable_square(queue[c], out[c], in[c], kits[c]->keys);
                if (s == SABLE_OK) s = sable_rotate(queue[c], out[c], out[c], 5, kits[c]->keys);
                std::vector<uint32_t> words(expected[c].size());
                if (s == SABLE_OK)
                    s = kits[c]->ctx->backend->download(queue[c]->handle, words.data(), out[c]->data, words.size() * 4);
                if (s != SABLE_OK) wrong[t] = sable_queue_error(queue[c]);
                if (s == SABLE_OK && words != expected[c]) wrong[t] = "other words";
            }
            for (size_t c = 0; c < 2; c++) {
                sable_ct_destroy(queue[c], &out[c]);
                sable_queue_destroy(&queue[c]);
            }
        });
    for (auto &t : threads) t.join();
    for (const std::string &text : wrong) EXPECT_EQ(text, "");
}

/* An object that another queue reads is not overwritten before that is over; destroying it waits by itself. */
TEST(EvalThreads, ReadersAreSeen) {
    Kit kit("T10");
    Ct x = kit.encrypt(kit.random(1, true), 4), y = kit.encrypt(kit.random(1, true), 4), sum(kit), third(kit);
    Pt pt = kit.encode(kit.random(1, true), 4);
    sable_queue *a = nullptr, *b = nullptr;
    sable_error err = {};
    ASSERT_EQ(sable_queue_create(&a, kit.ctx, nullptr, &err), SABLE_OK) << err.text;
    ASSERT_EQ(sable_queue_create(&b, kit.ctx, nullptr, &err), SABLE_OK) << err.text;
    OK(kit, sable_queue_sync(kit.queue));
    const Snapshot before(kit, x);
    OK(kit, sable_queue_sync(kit.queue));
    ASSERT_EQ(sable_mul_plain(a, sum, x, pt), SABLE_OK) << sable_queue_error(a);
    ASSERT_EQ(sable_add(b, third, x, y), SABLE_OK) << "any number of queues read";
    EXPECT_EQ(sable_add(kit.queue, x, x, y), SABLE_BUSY);
    EXPECT_NE(std::string(sable_queue_error(kit.queue)).find("read by another queue"), std::string::npos);
    EXPECT_EQ(sable_ct_slice(kit.queue, x, y, 0, 1), SABLE_BUSY);
    double value[1] = {0.5};
    sable_encoding e = {};
    e.struct_size = sizeof e;
    e.slots = 1;
    EXPECT_EQ(sable_encode(kit.queue, pt, value, 1, &e), SABLE_BUSY);
    EXPECT_TRUE(unchanged(kit, x, before));
    OK(kit, sable_queue_wait(kit.queue, a));
    OK(kit, sable_encode(kit.queue, pt, value, 1, &e));
    EXPECT_EQ(sable_add(kit.queue, x, x, y), SABLE_BUSY) << "b reads it too";
    ASSERT_EQ(sable_queue_wait(a, b), SABLE_OK);
    OK(kit, sable_queue_wait(kit.queue, a)); /* and so behind b */
    OK(kit, sable_add(kit.queue, x, x, y));
    ASSERT_EQ(sable_queue_sync(a), SABLE_OK); /* and so b is done */
    ASSERT_EQ(sable_queue_wait(a, kit.queue), SABLE_OK);
    ASSERT_EQ(sable_negate(a, y, y), SABLE_OK) << sable_queue_error(a);
    ASSERT_EQ(sable_add(b, third, third, third), SABLE_OK);
    /* The words of an object that is destroyed stay until its readers are done. */
    Ct big = kit.encrypt(kit.random(8, true), 14, 8), square(kit), expected(kit);
    OK(kit, sable_square(kit.queue, expected, big, kit.keys));
    OK(kit, sable_queue_sync(kit.queue));
    ASSERT_EQ(sable_square(b, square, big, kit.keys), SABLE_OK) << sable_queue_error(b);
    big = Ct(kit); /* destroyed by the kit's queue */
    Ct other = kit.encrypt(kit.random(8, true), 14, 8);
    OK(kit, sable_queue_wait(kit.queue, b));
    EXPECT_EQ(kit.words(square), kit.words(expected));
    /* A queue that has ended reads nothing. */
    ASSERT_EQ(sable_negate(b, square, expected), SABLE_OK) << sable_queue_error(b);
    sable_queue_destroy(&b);
    OK(kit, sable_negate(kit.queue, expected, expected));
    sable_queue_destroy(&a);
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
