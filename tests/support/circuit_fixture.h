/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TESTS_CIRCUIT_FIXTURE_H
#define SABLE_TESTS_CIRCUIT_FIXTURE_H
/* Circuits and programs with ownership, lowerings by number, runs in the clear, random graphs. */
#include "support/ckks_fixture.h"

#include <algorithm>
#include <stdexcept>

extern "C" {
#include "sable/circuit.h"
}

namespace sable_test {

struct Circuit {
    explicit Circuit(uint32_t slots) {
        sable_error err{};
        if (sable_circuit_create(&c, slots, &err) != SABLE_OK) throw std::runtime_error(err.text);
    }
    ~Circuit() { sable_circuit_destroy(&c); }
    Circuit(const Circuit &) = delete;
    Circuit &operator=(const Circuit &) = delete;
    operator sable_circuit *() const { return c; }
    /* Of the build: code, and sentence if it failed. */
    sable_status status() const { return sable_circuit_status(c, nullptr); }
    std::string text() const {
        sable_error err{};
        return sable_circuit_status(c, &err) == SABLE_OK ? "" : err.text;
    }
    sable_circuit *c = nullptr;
};

struct Program {
    Program(const sable_circuit *c, const sable_params *params, const sable_lowering *options = nullptr) {
        sable_error err{};
        status = sable_program_create(&p, c, params, options, &err);
        text = err.text;
    }
    ~Program() { sable_program_destroy(&p); }
    Program(const Program &) = delete;
    Program &operator=(const Program &) = delete;
    operator sable_program *() const { return p; }
    sable_op_count count(int32_t level = -1) const {
        sable_op_count r;
        EXPECT_EQ(sable_program_count(p, level, &r), SABLE_OK);
        return r;
    }
    sable_program_info info() const {
        sable_program_info r = {};
        r.struct_size = sizeof r;
        EXPECT_EQ(sable_program_describe(p, &r), SABLE_OK);
        return r;
    }
    uint32_t input_level(size_t i) const {
        uint32_t level = 0;
        EXPECT_NE(sable_program_input(p, i, &level), nullptr);
        return level;
    }
    uint32_t output_level(size_t i) const {
        uint32_t level = 0;
        EXPECT_NE(sable_program_output(p, i, &level), nullptr);
        return level;
    }
    sable_program *p = nullptr;
    sable_status status;
    std::string text;
};

inline sable_lowering lowering(uint32_t bits, uint32_t output_level = 0) {
    sable_lowering o = {};
    o.struct_size = sizeof o;
    o.output_level = output_level;
    o.eager_relin = bits & 1, o.eager_rescale = bits & 2, o.no_sharing = bits & 4, o.no_hoisting = bits & 8;
    o.no_fusion = bits & 16, o.no_ordering = bits & 32;
    return o;
}

/* Outputs of one member in the clear. */
inline std::vector<Values> run_plain(const sable_circuit *c, const std::vector<Values> &in, size_t outputs,
                                     uint32_t slots) {
    std::vector<Values> out(outputs, Values(slots));
    std::vector<double *> to;
    std::vector<const double *> from;
    for (auto &v : out) to.push_back(reinterpret_cast<double *>(v.data()));
    for (auto &v : in) from.push_back(reinterpret_cast<const double *>(v.data()));
    sable_error err{};
    EXPECT_EQ(sable_circuit_run_plain(c, to.data(), outputs, from.data(), in.size(), &err), SABLE_OK) << err.text;
    return out;
}

/* Grows a graph of random operations on values below 3, at most `levels` products deep. */
inline void grow_circuit(sable_circuit *c, uint32_t slots, uint32_t ops, std::mt19937_64 &rng, const sable_poly *poly) {
    struct Value {
        sable_node node;
        double bound;
        uint32_t depth;
    };
    std::vector<Value> values;
    for (const char *name : {"x", "y", "z"}) values.push_back({sable_circuit_input(c, name, 1.5), 1.5, 0});
    std::vector<double> plain(slots);
    for (uint32_t k = 0; k < ops; k++) {
        const Value a = values[rng() % values.size()], b = values[rng() % values.size()];
        const double s = (static_cast<double>(rng() % 2001) - 1000) / 1000;
        for (double &v : plain) v = (static_cast<double>(rng() % 2001) - 1000) / 1000;
        Value r{SABLE_NODE_NONE, a.bound, std::max(a.depth, b.depth)};
        switch (rng() % 13) {
        case 0: r.node = sable_circuit_add(c, a.node, b.node), r.bound += b.bound; break;
        case 1: r.node = sable_circuit_sub(c, a.node, b.node), r.bound += b.bound; break;
        case 2: r.node = sable_circuit_negate(c, a.node); break;
        case 3:
        case 4: r.node = sable_circuit_mul(c, a.node, b.node), r.bound *= b.bound, r.depth++; break;
        case 5: r.node = sable_circuit_add_scalar(c, a.node, s, -s), r.bound += 1.5; break;
        case 6: r.node = sable_circuit_mul_scalar(c, a.node, s, 0.3), r.bound *= 1.1, r.depth++; break;
        case 7: r.node = sable_circuit_mul_integer(c, a.node, static_cast<int64_t>(rng() % 5) - 2), r.bound *= 2; break;
        case 8: r.node = sable_circuit_mul_i(c, a.node); break;
        case 9: r.node = sable_circuit_add_plain(c, a.node, plain.data()), r.bound += 1; break;
        case 10: r.node = sable_circuit_mul_plain(c, a.node, plain.data()), r.depth++; break;
        case 11: r.node = sable_circuit_rotate(c, a.node, static_cast<int64_t>(rng() % 7) - 3); break;
        default: r.node = sable_circuit_conjugate(c, a.node);
        }
        if (r.bound <= 3 && r.depth <= 5) values.push_back(r);
    }
    /* A polynomial takes real slots: x + conj(x) is real. */
    const Value last = values.back();
    const sable_node real = sable_circuit_add(c, values[0].node, sable_circuit_conjugate(c, values[0].node));
    sable_circuit_output(c, "p", sable_circuit_poly(c, real, poly));
    sable_circuit_output(c, "last", last.node);
    sable_circuit_output(c, "other", values[values.size() / 2].node);
}

} // namespace sable_test
#endif
