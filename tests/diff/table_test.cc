// SPDX-License-Identifier: Apache-2.0
// Every function of the backend table on every cpu path against the portable path with one thread: equal words, gaps
// untouched, inputs intact. And proof that the comparison can fail.
#include <gtest/gtest.h>

#include "support/perturbed.h"
#include "support/table_shapes.h"

namespace {

using support::Device;
using support::difference;
using support::Ring;
using support::ring_of_degree;
using support::run_case;
using support::Shape;

struct Job {
    std::string path, function;
};

class TableDiff : public ::testing::TestWithParam<Job> {
  protected:
    void expect_equal(uint32_t log_n, const std::vector<Shape> &shapes) {
        const Ring &ring = ring_of_degree(log_n);
        const Device reference(ring, "portable");
        const Device device(sable_backend_cpu(), ring, GetParam().path, 2);
        for (const Shape &shape : shapes) {
            std::string found;
            ASSERT_NO_THROW(found = difference(run_case(reference, GetParam().function, shape),
                                               run_case(device, GetParam().function, shape)))
                << "N = " << ring.n() << ", " << shape.text();
            ASSERT_EQ(found, "") << "N = " << ring.n() << ", " << shape.text();
        }
    }
};

TEST_P(TableDiff, EveryShape) { expect_equal(10, support::every_shape()); }
TEST_P(TableDiff, EveryOption) { expect_equal(10, support::every_option()); }

TEST_P(TableDiff, EveryDegree) {
    // All limbs at 2^15: enough bytes for the stores that bypass the caches.
    for (uint32_t log_n : {4u, 5u, 6u, 7u, 8u, 9u, 11u, 12u, 13u, 14u, 15u, 16u})
        expect_equal(log_n, support::shapes_of_degree(log_n, log_n == 15));
}

std::vector<Job> jobs() {
    std::vector<Job> r;
    for (const std::string &path : support::cpu_paths())
        for (const std::string &function : support::table_functions()) r.push_back({path, function});
    return r;
}
INSTANTIATE_TEST_SUITE_P(Cpu, TableDiff, ::testing::ValuesIn(jobs()),
                         [](const auto &test) { return test.param.path + "_" + test.param.function; });

// A backend with one wrong word turns the comparison red, whichever function errs and however the views lie.
class PerturbedBackend : public ::testing::TestWithParam<std::string> {};

TEST_P(PerturbedBackend, IsNoticed) {
    const Ring &ring = ring_of_degree(10);
    const Device reference(ring, "portable");
    const Device wrong(support::perturbed(sable_backend_cpu(), GetParam()), ring, "portable");
    for (uint32_t bits = 0; bits < 16; bits++) {
        Shape s;
        s.limbs = bits % 3, s.parts = 1 + bits % 3, s.batch = 1 + bits % 2;
        s.padded = bits & 1, s.scattered = bits & 2, s.repeated = bits & 4, s.in_place = bits & 8;
        s.variant = bits, s.seed = bits + 1;
        EXPECT_NE(difference(run_case(reference, GetParam(), s), run_case(wrong, GetParam(), s)), "") << s.text();
        // Other functions of the same table are right.
        const std::string other = GetParam() == "add" ? "sub" : "add";
        EXPECT_EQ(difference(run_case(reference, other, s), run_case(wrong, other, s)), "") << s.text();
    }
}

INSTANTIATE_TEST_SUITE_P(Cpu, PerturbedBackend, ::testing::ValuesIn(support::table_functions()),
                         [](const auto &test) { return test.param; });

TEST(Difference, SeesEveryWord) {
    support::Images a = {{1, 2, 3}, {4}}, b = a;
    EXPECT_EQ(difference(a, b), "");
    for (auto &image : b)
        for (uint32_t &word : image) {
            word ^= 0x80000000u;
            EXPECT_NE(difference(a, b), "");
            word ^= 0x80000000u;
        }
    b.pop_back();
    EXPECT_NE(difference(a, b), "");
}

} // namespace
