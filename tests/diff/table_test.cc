// SPDX-License-Identifier: Apache-2.0
// Every function of the backend table on every cpu path against the portable path with one thread: equal words, gaps
// untouched, inputs intact. And proof that the comparison can fail.
#include <gtest/gtest.h>

#include <map>

#include "support/perturbed.h"
#include "support/table_cases.h"

namespace {

using support::Device;
using support::difference;
using support::Ring;
using support::run_case;
using support::Shape;

// 16 primes of U, 5 of P: enough for more than 16 sources of a base conversion. Made once a degree.
const Ring &ring_of(uint32_t log_n) {
    static std::map<uint32_t, std::shared_ptr<Ring>> rings;
    auto &ring = rings[log_n];
    if (!ring) ring = Ring::a40(log_n, 16, 5);
    return *ring;
}

struct Job {
    std::string path, function;
};

class TableDiff : public ::testing::TestWithParam<Job> {
  protected:
    void expect_equal(uint32_t log_n, const std::vector<Shape> &shapes) {
        const Ring &ring = ring_of(log_n);
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

// Every limb count, part count and batch; options and layouts take turns so that neighbours differ in all of them.
TEST_P(TableDiff, EveryShape) {
    std::vector<Shape> shapes;
    uint64_t k = 0;
    for (uint32_t limbs : {1u, 2u, 0u})
        for (uint32_t parts : {1u, 2u, 3u})
            for (uint32_t batch : {1u, 3u, 8u}) {
                Shape s;
                s.limbs = limbs, s.parts = parts, s.batch = batch;
                s.padded = k % 2, s.scattered = k % 3 == 1, s.repeated = k % 4 == 2, s.in_place = k % 5 < 2;
                s.variant = static_cast<uint32_t>(k % 8), s.seed = ++k;
                shapes.push_back(s);
            }
    expect_equal(10, shapes);
}

// Every option with every layout on a middling shape.
TEST_P(TableDiff, EveryOption) {
    std::vector<Shape> shapes;
    for (uint32_t bits = 0; bits < 16; bits++)
        for (uint32_t variant = 0; variant < 8; variant++) {
            Shape s;
            s.limbs = 3, s.parts = 2, s.batch = 2;
            s.padded = bits & 1, s.scattered = bits & 2, s.repeated = bits & 4, s.in_place = bits & 8;
            s.variant = variant, s.seed = 100 + bits * 8 + variant;
            shapes.push_back(s);
        }
    expect_equal(10, shapes);
}

TEST_P(TableDiff, EveryDegree) {
    // All limbs at 2^15: enough bytes for the stores that bypass the caches.
    for (uint32_t log_n : {4u, 5u, 6u, 7u, 8u, 9u, 11u, 12u, 13u, 14u, 15u, 16u}) {
        std::vector<Shape> shapes;
        for (uint32_t k = 0; k < (log_n < 14 ? 4u : 1u); k++) {
            Shape s;
            s.limbs = (k == 3 && log_n < 14) || log_n == 15 ? 0 : 2 + k % 2, s.parts = log_n < 14 ? 2 : 1,
            s.batch = 1 + k % 2;
            s.padded = k % 2 == 0, s.variant = k + log_n, s.seed = log_n * 10 + k;
            shapes.push_back(s);
        }
        expect_equal(log_n, shapes);
    }
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
    const Ring &ring = ring_of(10);
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
