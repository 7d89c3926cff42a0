/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TESTS_EVALUATORS_FIXTURE_H
#define SABLE_TESTS_EVALUATORS_FIXTURE_H
/* What tests of evaluators share: a context, runs of programs, lists of keys. */
#include "support/circuit_fixture.h"

#include <algorithm>
#include <cmath>

extern "C" {
#include "sable/evaluators.h"
}

namespace sable_test {

inline sable_depth_info depth_of(const sable_circuit *c, std::vector<uint32_t> *levels = nullptr) {
    sable_depth_info info = {};
    info.struct_size = sizeof info;
    sable_error err{};
    EXPECT_EQ(sable_circuit_depth(c, &info, levels ? levels->data() : nullptr, &err), SABLE_OK) << err.text;
    return info;
}

inline std::vector<sable_key_use> keys_of(const sable_program *p) {
    size_t count = 0;
    sable_error err{};
    EXPECT_EQ(sable_program_keys(p, nullptr, 0, &count, &err), SABLE_OK) << err.text;
    std::vector<sable_key_use> r(count);
    EXPECT_EQ(sable_program_keys(p, r.data(), count, &count, &err), SABLE_OK) << err.text;
    return r;
}

inline sable_lowering capped(uint32_t keys) {
    sable_lowering o = {};
    o.struct_size = sizeof o;
    o.max_rotation_keys = keys;
    return o;
}

class EvaluatorsTest : public testing::Test {
  protected:
    Kit kit{"T10", without_keys()};
    sable_poly *cubic = nullptr;

    void SetUp() override {
        const double c[] = {0.25, 0.5, -0.125, 0.0625};
        ASSERT_EQ(sable_poly_chebyshev(&cubic, c, 4, -4, 4, nullptr), SABLE_OK);
    }
    void TearDown() override { sable_poly_destroy(&cubic); }

    std::vector<Values> inputs(size_t count, uint32_t slots) {
        std::vector<Values> r;
        for (size_t i = 0; i < count; i++) r.push_back(kit.random(1, true, slots));
        return r;
    }

    sable_keyset *generate(const sable_program *p) {
        sable_key_spec *spec = nullptr;
        EXPECT_EQ(sable_key_spec_create(&spec, kit.params, nullptr), SABLE_OK);
        EXPECT_EQ(sable_program_add_keys(p, spec, nullptr), SABLE_OK);
        sable_keyset *keys = sable_key_spec_count(spec) ? kit.make_keys(spec) : nullptr;
        sable_key_spec_destroy(&spec);
        return keys;
    }

    /* Results of a run on these values. */
    std::vector<Values> run(const Program &p, const std::vector<Values> &in, uint32_t slots) {
        const sable_program_info info = p.info();
        std::vector<Ct> from, to;
        std::vector<const sable_ct *> inputs;
        std::vector<sable_ct *> outputs;
        for (size_t i = 0; i < info.inputs; i++) {
            from.push_back(kit.encrypt(in[i], p.input_level(i), 1, slots));
            EXPECT_EQ(sable_ct_declare(kit.queue, from.back(), 1.5, 1), SABLE_OK);
        }
        for (size_t i = 0; i < info.outputs; i++) to.emplace_back(kit);
        for (auto &ct : from) inputs.push_back(ct);
        for (auto &ct : to) outputs.push_back(ct);
        sable_keyset *keys = generate(p);
        EXPECT_EQ(sable_program_run(kit.queue, p, outputs.data(), outputs.size(), inputs.data(), inputs.size(), keys),
                  SABLE_OK)
            << sable_queue_error(kit.queue);
        std::vector<Values> r;
        for (auto &ct : to) r.push_back(ct->data ? kit.decrypt(ct) : Values());
        sable_keyset_destroy(kit.queue, &keys);
        return r;
    }
};

inline double worst(const std::vector<Values> &a, const std::vector<Values> &b) {
    double most = 0;
    for (size_t i = 0; i < a.size(); i++)
        for (size_t j = 0; j < a[i].size(); j++) most = std::max(most, std::abs(a[i][j] - b[i][j]));
    return most;
}

} // namespace sable_test
#endif
