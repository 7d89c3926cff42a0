/* SPDX-License-Identifier: Apache-2.0 */
/* The debug evaluator: follows what is right to the end, and stops at the operation that is not. */
#include "support/circuit_fixture.h"

#include <cmath>
#include <functional>

extern "C" {
#include "sable/debug.h"
}

using namespace sable_test;

namespace {

const sable_backend *cpu;
uint32_t tensors, spoiled; /* calls so far; the one whose result is changed in one word */

/* The cpu backend with one word of one product wrong. Functions of the table carry no context, hence the state. */
const sable_backend *spoiling(const sable_backend *base, uint32_t which) {
    static sable_backend table;
    cpu = base;
    table = *base;
    tensors = 0, spoiled = which;
    table.tensor = [](void *q, const sable_limbs *out, const sable_limbs *a, size_t as, const sable_limbs *b, size_t bs,
                      uint32_t terms) {
        const sable_status status = cpu->tensor(q, out, a, as, b, bs, terms);
        if (++tensors == spoiled) out->data[7] ^= 1;
        return status;
    };
    return &table;
}

class DebugTest : public testing::Test {
  protected:
    Kit kit{"T10", without_keys()};

    /* A run under observation. */
    struct Run {
        Run(DebugTest &test, const Program &p, std::vector<Values> values) : kit(test.kit), clear(std::move(values)) {
            for (size_t i = 0; i < clear.size(); i++) {
                in.push_back(kit.encrypt(clear[i], p.input_level(i)));
                EXPECT_EQ(sable_ct_declare(kit.queue, in[i], 1.5, 1), SABLE_OK);
            }
            for (size_t i = 0; i < p.info().outputs; i++) out.emplace_back(kit);
            sable_key_spec *spec = nullptr;
            EXPECT_EQ(sable_key_spec_create(&spec, kit.params, nullptr), SABLE_OK);
            EXPECT_EQ(sable_program_add_keys(p, spec, nullptr), SABLE_OK);
            keys = sable_key_spec_count(spec) ? kit.make_keys(spec) : nullptr;
            sable_key_spec_destroy(&spec);
            report.struct_size = sizeof report;
        }
        ~Run() { sable_keyset_destroy(kit.queue, &keys); }
        Run(const Run &) = delete;
        Run &operator=(const Run &) = delete;
        sable_status run(const sable_program *p, std::function<void(const sable_debug_step *)> visit = nullptr,
                         double relative = 0) {
            std::vector<const sable_ct *> from;
            std::vector<sable_ct *> to;
            std::vector<const double *> values;
            for (auto &ct : in) from.push_back(ct);
            for (auto &ct : out) to.push_back(ct);
            for (auto &v : clear) values.push_back(reinterpret_cast<const double *>(v.data()));
            sable_debug_options o = {};
            o.struct_size = sizeof o;
            o.max_relative_error = relative;
            o.arg = &visit;
            if (visit)
                o.visit = [](void *arg, const sable_debug_step *step) {
                    (*static_cast<std::function<void(const sable_debug_step *)> *>(arg))(step);
                };
            return sable_debug_run(kit.queue, p, to.data(), to.size(), from.data(), from.size(), values.data(), keys,
                                   kit.secret, &o, &report);
        }
        std::string text() const { return sable_queue_error(kit.queue); }
        Kit &kit;
        std::vector<Values> clear;
        std::vector<Ct> in, out;
        sable_keyset *keys = nullptr;
        sable_debug_report report = {};
    };

    std::vector<Values> inputs(size_t count) {
        std::vector<Values> r;
        for (size_t i = 0; i < count; i++) r.push_back(kit.random(1, true));
        return r;
    }
};

/* Every operation of random graphs is compared; errors are what was forecast; outputs are there. */
TEST_F(DebugTest, FollowsRandomGraphsToTheEnd) {
    const double coefficients[] = {0.25, 0.5, -0.125, 0.0625};
    sable_poly *poly = nullptr;
    ASSERT_EQ(sable_poly_chebyshev(&poly, coefficients, 4, -4, 4, nullptr), SABLE_OK);
    for (uint64_t seed = 1; seed <= 10; seed++) {
        SCOPED_TRACE(seed);
        std::mt19937_64 rng(seed);
        Circuit c(kit.slots());
        grow_circuit(c, kit.slots(), 30, rng, poly);
        Program p(c, kit.params);
        ASSERT_EQ(p.status, SABLE_OK) << p.text;
        Run r(*this, p, inputs(3));
        size_t seen = 0;
        ASSERT_EQ(r.run(p,
                        [&](const sable_debug_step *s) {
                            EXPECT_EQ(s->number, seen++);
                            EXPECT_NE(s->value->data, nullptr);
                            EXPECT_LE(s->largest, s->bound * 1.000001);
                            EXPECT_LE(s->log_scale + std::log2(s->bound), s->log_q);
                        }),
                  SABLE_OK)
            << r.text();
        EXPECT_FALSE(r.report.stopped);
        EXPECT_EQ(r.report.compared, 3 + p.info().steps);
        EXPECT_EQ(seen, r.report.compared);
        EXPECT_LT(r.report.worst.error, 4 * r.report.worst.forecast + 1e-11);
        EXPECT_EQ(r.report.worst.value, nullptr);
        const auto want = run_plain(c, r.clear, 3, kit.slots());
        for (size_t i = 0; i < 3; i++) {
            const Values have = kit.decrypt(r.out[i]);
            for (size_t j = 0; j < have.size(); j++) ASSERT_LT(std::abs(have[j] - want[i][j]), 1e-5);
        }
    }
    sable_poly_destroy(&poly);
}

/* x*y, turned by 5, times x: each with its site. */
void build(sable_circuit *c) {
    const sable_node x = sable_circuit_input(c, "x", 1.5), y = sable_circuit_input(c, "y", 1.5);
    sable_circuit_site(c, "first product");
    const sable_node xy = sable_circuit_mul(c, x, y);
    sable_circuit_site(c, "turn by one");
    const sable_node one = sable_circuit_rotate(c, xy, 1);
    sable_circuit_site(c, "turn by five");
    const sable_node five = sable_circuit_rotate(c, xy, 5);
    sable_circuit_site(c, "second product");
    const sable_node r = sable_circuit_mul(c, five, x);
    SABLE_SITE(c);
    sable_circuit_output(c, "one", sable_circuit_negate(c, one));
    sable_circuit_output(c, "r", sable_circuit_negate(c, r));
}

TEST_F(DebugTest, StopsAtTheOperationWithAWrongKey) {
    Circuit c(kit.slots());
    build(c);
    Program p(c, kit.params);
    Run r(*this, p, inputs(2));
    const uint32_t galois = sable_galois_rotation(kit.params, 5, 0);
    for (size_t k = 0; k < r.keys->count; k++)
        if (r.keys->key[k].need.galois == galois) r.keys->key[k].data[3] ^= 1;
    EXPECT_EQ(r.run(p), SABLE_BOUND);
    for (const char *word : {"rotate", "turn by five", "forecast"})
        EXPECT_NE(r.text().find(word), std::string::npos) << r.text();
    EXPECT_TRUE(r.report.stopped);
    EXPECT_STREQ(r.report.last.site, "turn by five");
    EXPECT_GT(r.report.last.error, 1e3 * r.report.last.forecast);
    for (auto &out : r.out) EXPECT_EQ(out->data, nullptr);
}

TEST_F(DebugTest, StopsAtTheOperationThatWentWrong) {
    Circuit c(kit.slots());
    build(c);
    Program p(c, kit.params);
    const sable_backend *const real = kit.ctx->backend;
    for (uint32_t which : {1u, 2u}) {
        Run r(*this, p, inputs(2));
        kit.ctx->backend = spoiling(real, which);
        EXPECT_EQ(r.run(p), SABLE_BOUND);
        kit.ctx->backend = real;
        EXPECT_STREQ(r.report.last.operation, "tensor");
        EXPECT_STREQ(r.report.last.site, which == 1 ? "first product" : "second product");
        EXPECT_NE(r.text().find(r.report.last.site), std::string::npos) << r.text();
    }
}

/* A register that changes after it was compared: found where it is read. */
TEST_F(DebugTest, StopsWhereATamperedRegisterIsRead) {
    Circuit c(kit.slots());
    build(c);
    Program p(c, kit.params);
    Run r(*this, p, inputs(2));
    EXPECT_EQ(r.run(p,
                    [&](const sable_debug_step *s) {
                        if (std::string(s->site) == "second product" && std::string(s->operation) == "tensor")
                            s->value->data[11] ^= 1;
                    }),
              SABLE_BOUND);
    EXPECT_STREQ(r.report.last.operation, "negate"); /* its only reader */
    EXPECT_NE(std::string(r.report.last.site).find("debug_test.cc:"), std::string::npos) << r.report.last.site;
}

TEST_F(DebugTest, NamesWrongInputsAndSites) {
    Circuit c(kit.slots());
    build(c);
    Program p(c, kit.params);
    Run wrong(*this, p, inputs(2));
    wrong.clear[1][17] += 0.125;
    EXPECT_EQ(wrong.run(p), SABLE_BOUND);
    EXPECT_STREQ(wrong.report.last.operation, "input");
    EXPECT_STREQ(wrong.report.last.site, "y");
    EXPECT_EQ(wrong.report.compared, 2u);

    Run right(*this, p, inputs(2));
    std::string last;
    EXPECT_EQ(right.run(p, [&](const sable_debug_step *s) { last = s->site; }), SABLE_OK) << right.text();
    EXPECT_NE(last.find("debug_test.cc:"), std::string::npos) << last;
    EXPECT_EQ(right.run(p, nullptr, 1e-15), SABLE_BOUND); /* no ciphertext is so exact */
    EXPECT_STREQ(right.report.last.operation, "input");
}

/* A declared bound that the values do not keep. */
TEST_F(DebugTest, StopsWhereADeclaredBoundIsLeft) {
    Circuit c(kit.slots());
    const sable_node x = sable_circuit_input(c, "x", 1.5);
    sable_circuit_site(c, "hopeful");
    const sable_node r = sable_circuit_add(c, x, x);
    sable_circuit_declare(c, r, 0.5);
    sable_circuit_output(c, "r", r);
    Program p(c, kit.params);
    Run run(*this, p, inputs(1));
    EXPECT_EQ(run.run(p), SABLE_BOUND);
    EXPECT_STREQ(run.report.last.site, "hopeful");
    EXPECT_NE(run.text().find("declared are 0.5"), std::string::npos) << run.text();
}

TEST_F(DebugTest, Refusals) {
    Circuit c(kit.slots());
    build(c);
    Program p(c, kit.params);
    Run r(*this, p, inputs(2));
    const sable_ct *from[] = {r.in[0], r.in[1]};
    sable_ct *to[] = {r.out[0], r.out[1]};
    const double *clear[] = {reinterpret_cast<const double *>(r.clear[0].data()), nullptr};
    EXPECT_EQ(sable_debug_run(kit.queue, p, to, 2, from, 2, clear, r.keys, kit.secret, nullptr, nullptr),
              SABLE_INVALID);
    clear[1] = reinterpret_cast<const double *>(r.clear[1].data());
    EXPECT_EQ(sable_debug_run(kit.queue, nullptr, to, 2, from, 2, clear, r.keys, kit.secret, nullptr, nullptr),
              SABLE_INVALID);
    EXPECT_EQ(sable_debug_run(kit.queue, p, to, 2, from, 1, clear, r.keys, kit.secret, nullptr, nullptr),
              SABLE_INVALID);
    EXPECT_EQ(sable_debug_run(kit.queue, p, to, 2, from, 2, clear, nullptr, kit.secret, nullptr, nullptr),
              SABLE_NO_KEY);
    Kit other("T10", without_keys());
    EXPECT_EQ(sable_debug_run(kit.queue, p, to, 2, from, 2, clear, r.keys, other.secret, nullptr, nullptr),
              SABLE_KEY_MISMATCH);
    Values two = kit.random(2, true);
    Ct batch = kit.encrypt(two, p.input_level(0), 2);
    OK(kit, sable_ct_declare(kit.queue, batch, 1.5, 1));
    from[0] = batch;
    EXPECT_EQ(sable_debug_run(kit.queue, p, to, 2, from, 2, clear, r.keys, kit.secret, nullptr, nullptr),
              SABLE_INVALID);
    EXPECT_NE(r.text().find("batch of 2"), std::string::npos) << r.text();
    for (auto &out : r.out) EXPECT_EQ(out->data, nullptr);
}

} // namespace
