/* SPDX-License-Identifier: Apache-2.0 */
/* Loops whose last tasks are cut in two: every part once, last parts behind their first ones, whoever takes which item. */
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

extern "C" {
#include "base/cut.h"
}

namespace {

TEST(Cut, EveryPartOnceAndInOrder) {
    for (uint32_t threads = 1; threads <= 40; threads++)
        for (uint32_t count = 0; count <= 50; count++) {
            sable_cut cut;
            sable_cut_open(&cut, count, threads);
            const uint32_t expected = threads == 1 ? 0 : std::min(count % threads, SABLE_CUT_MOST);
            ASSERT_EQ(count + expected, sable_cut_items(&cut));
            std::vector<int> first(count), last(count);
            for (uint32_t i = 0; i < sable_cut_items(&cut); i++) {
                const sable_cut_item item = sable_cut_take(&cut, i);
                ASSERT_LT(item.task, count);
                EXPECT_TRUE(item.first || item.last);
                if (item.last && !item.first) EXPECT_EQ(1, first[item.task]);
                first[item.task] += item.first, last[item.task] += item.last;
                sable_cut_finish(&cut, item);
            }
            EXPECT_EQ(std::vector<int>(count, 1), first);
            EXPECT_EQ(std::vector<int>(count, 1), last);
        }
}

/* The last part of a task is not given out before the first one is done. */
TEST(Cut, LastPartsWait) {
    for (int round = 0; round < 200; round++) {
        sable_cut cut;
        sable_cut_open(&cut, 7, 4);
        std::atomic<uint32_t> next{0};
        std::vector<int> halves(7); /* written by the first part, read by the last one */
        std::atomic<int> wrong{0};
        auto work = [&] {
            for (uint32_t i; (i = next++) < sable_cut_items(&cut);) {
                const sable_cut_item item = sable_cut_take(&cut, i);
                if (item.first) halves[item.task] = 1;
                if (item.last) wrong += halves[item.task] != 1;
                sable_cut_finish(&cut, item);
            }
        };
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; t++) threads.emplace_back(work);
        for (auto &t : threads) t.join();
        ASSERT_EQ(0, wrong);
    }
}

} // namespace
