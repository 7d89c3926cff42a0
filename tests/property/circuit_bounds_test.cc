/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds that the caller declares: they hold where the worst case of the operands says more, in levels and in runs, and are not believed in the clear. */
#include "support/circuit_run.h"

#include <cmath>

using namespace sable_test;

namespace {

class CircuitBounds : public testing::Test {
  protected:
    Kit kit{"T10", without_keys(1)};

    /* One slot in 256 is kept and copied to the other 255: 256 terms, of which one is not 0. */
    sable_node replicas(sable_circuit *c, double declared) {
        std::vector<double> mask(kit.slots());
        for (size_t j = 0; j < mask.size(); j += 256) mask[j] = 1;
        sable_node a = sable_circuit_mul_plain(c, sable_circuit_input(c, "x", 1.01), mask.data());
        for (uint32_t half = 1; half < 256; half *= 2) {
            a = sable_circuit_add(c, a, sable_circuit_rotate(c, a, -static_cast<int64_t>(half)));
            if (declared > 0) sable_circuit_declare(c, a, declared);
        }
        return a;
    }
};

/* Level 0 of T10 holds values below 2^7.9. The worst case of the sum does not fit, the declared one does. */
TEST_F(CircuitBounds, ChooseLevels) {
    for (double declared : {0.0, 1.01}) {
        Circuit c(kit.slots());
        sable_circuit_output(c, "r", replicas(c, declared));
        Program p(c, kit.params);
        ASSERT_EQ(p.status, SABLE_OK) << p.text;
        EXPECT_EQ(p.output_level(0), declared > 0 ? 0u : 1u);
        EXPECT_EQ(p.input_level(0), declared > 0 ? 1u : 2u);
    }
}

/* The run declares what the circuit does: the result says so, and a polynomial on [-1.5, 1.5] takes it. */
TEST_F(CircuitBounds, ReachTheCiphertexts) {
    const double coefficient[] = {0.5, 1, 0.25};
    sable_poly *poly = nullptr;
    sable_error err{};
    ASSERT_EQ(sable_poly_powers(&poly, coefficient, 3, -1.5, 1.5, &err), SABLE_OK) << err.text;
    Circuit c(kit.slots());
    const sable_node a = replicas(c, 1.01);
    sable_circuit_output(c, "r", a);
    sable_circuit_output(c, "p", sable_circuit_poly(c, a, poly));
    ASSERT_EQ(c.status(), SABLE_OK) << c.text();
    Program p(c, kit.params);
    ASSERT_EQ(p.status, SABLE_OK) << p.text;
    const std::vector<Values> in = {kit.random(1, false)}, want = run_plain(c, in, 2, kit.slots());
    const std::vector<Result> got = run_encrypted(kit, p, in, 1, kit.slots());
    for (size_t k = 0; k < 2; k++) EXPECT_LT(slot_error(got[k].values, want[k]).largest, 1e-6);
    sable_poly_destroy(&poly);
    Circuit worst(kit.slots());
    ASSERT_EQ(sable_poly_powers(&poly, coefficient, 3, -1.5, 1.5, &err), SABLE_OK) << err.text;
    EXPECT_EQ(sable_circuit_poly(worst, replicas(worst, 0), poly), SABLE_NODE_NONE);
    EXPECT_EQ(worst.status(), SABLE_BOUND);
    sable_poly_destroy(&poly);
}

/* A declaration that does not hold is found by the run in the clear, with slot and sizes. */
TEST_F(CircuitBounds, AreCheckedInTheClear) {
    Circuit c(16);
    const sable_node x = sable_circuit_input(c, "x", 4), y = sable_circuit_mul(c, x, x);
    sable_circuit_declare(c, y, 8);
    sable_circuit_output(c, "y", y);
    std::vector<double> in(32, 2), out(32);
    double *to = out.data();
    const double *from = in.data();
    sable_error err{};
    for (size_t j = 1; j < 32; j += 2) in[j] = 0;
    EXPECT_EQ(sable_circuit_run_plain(c, &to, 1, &from, 1, &err), SABLE_OK) << err.text;
    in[10] = 3;
    EXPECT_EQ(sable_circuit_run_plain(c, &to, 1, &from, 1, &err), SABLE_BOUND);
    for (const char *word : {"slot 5", "9", "8"})
        EXPECT_NE(std::string(err.text).find(word), std::string::npos) << err.text;
}

/* A larger bound says nothing, no bound is refused; equal nodes with different bounds are two. */
TEST_F(CircuitBounds, OfNodes) {
    Circuit c(kit.slots());
    const sable_node x = sable_circuit_input(c, "x", 1.5), a = sable_circuit_mul(c, x, x),
                     b = sable_circuit_mul(c, x, x);
    sable_circuit_declare(c, a, 100);
    sable_circuit_output(c, "sum", sable_circuit_add(c, a, b));
    EXPECT_EQ(Program(c, kit.params).count().mul, 1u);
    sable_circuit_declare(c, b, 1);
    EXPECT_EQ(Program(c, kit.params).count().mul, 2u);
    for (double bound : {0.0, -1.0, static_cast<double>(NAN)}) {
        Circuit refused(kit.slots());
        sable_circuit_declare(refused, sable_circuit_input(refused, "x", 1), bound);
        EXPECT_EQ(refused.status(), SABLE_INVALID) << bound;
    }
    Circuit none(kit.slots());
    sable_circuit_declare(none, 3, 1);
    EXPECT_EQ(none.status(), SABLE_INVALID);
}

} // namespace
