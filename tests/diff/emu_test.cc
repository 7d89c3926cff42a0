// SPDX-License-Identifier: Apache-2.0
// Every function of the backend table in the device backend's own sources, run by the emulator (docs/EMULATOR.md), against the
// portable path: equal words, gaps untouched, inputs intact, no defect seen and nothing left behind.
#include <gtest/gtest.h>

#include "support/emu.h"
#include "support/table_shapes.h"

namespace {

using support::Device;
using support::difference;
using support::run_case;
using support::Shape;

class EmuDiff : public ::testing::TestWithParam<std::string> {
  protected:
    support::EmuWatch watch;

    // Every step-th shape.
    void expect_equal(uint32_t log_n, const std::vector<Shape> &shapes, size_t step = 1) {
        const support::Ring &ring = support::ring_of_degree(log_n);
        // Threads between barriers in three orders; large degrees take too long for that.
        ASSERT_EQ(emu_set_order(log_n <= 10 ? "all" : "forward"), 0);
        const Device reference(ring, "portable"), device(support::emu_backend(), ring, "0");
        for (size_t i = 0; i < shapes.size(); i += step) {
            std::string found;
            ASSERT_NO_THROW(
                found = difference(run_case(reference, GetParam(), shapes[i]), run_case(device, GetParam(), shapes[i])))
                << "N = " << ring.n() << ", " << shapes[i].text();
            ASSERT_EQ(found, "") << "N = " << ring.n() << ", " << shapes[i].text();
        }
    }
};

TEST_P(EmuDiff, EveryShape) { expect_equal(10, support::every_shape()); }
TEST_P(EmuDiff, EveryOption) { expect_equal(8, support::every_option(), 3); }

TEST_P(EmuDiff, EveryDegree) {
    for (uint32_t log_n : {4u, 5u, 6u, 7u, 8u, 9u, 11u, 12u})
        expect_equal(log_n, support::shapes_of_degree(log_n, false));
}

TEST_P(EmuDiff, LargeDegrees) {
    for (uint32_t log_n : {13u, 14u, 15u, 16u}) expect_equal(log_n, support::shapes_of_degree(log_n, false));
}

INSTANTIATE_TEST_SUITE_P(Emu, EmuDiff, ::testing::ValuesIn(support::table_functions()),
                         [](const auto &test) { return test.param; });

} // namespace
