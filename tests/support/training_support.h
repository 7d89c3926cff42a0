/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TESTS_TRAINING_SUPPORT_H
#define SABLE_TESTS_TRAINING_SUPPORT_H
/* Trainings with ownership, in small rings, and random data for them. */
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

extern "C" {
#include "sable/training.h"
}

namespace sable_test {

inline sable_training_options training_options(sable_training_kind kind, uint32_t chains, uint32_t iterations,
                                               uint32_t minibatch, uint32_t features) {
    sable_training_options o = {};
    o.struct_size = sizeof o;
    o.kind = kind, o.chains = chains, o.iterations = iterations, o.minibatch = minibatch, o.features = features;
    return o;
}

struct Circuit {
    sable_training_kind kind;
    uint32_t chains;
    const char *name;
};
const Circuit circuits[] = {{SABLE_TRAIN_BASELINE, 1, "baseline"},
                            {SABLE_TRAIN_FOLDED, 1, "folded"},
                            {SABLE_TRAIN_LOWDEPTH, 1, "one chain"},
                            {SABLE_TRAIN_LOWDEPTH, 2, "two chains"}};

struct Training {
    Training(const sable_training_options &o, uint32_t slots) {
        sable_error err{};
        status = sable_training_create(&t, &o, slots, &err);
        text = err.text;
        info.struct_size = sizeof info;
        if (t) EXPECT_EQ(sable_training_describe(t, &info), SABLE_OK);
    }
    ~Training() { sable_training_destroy(&t); }
    Training(const Training &) = delete;
    Training &operator=(const Training &) = delete;
    operator sable_training *() const { return t; }
    sable_training *t = nullptr;
    sable_training_info info = {};
    sable_status status;
    std::string text;
};

/* A chain of exactly so many levels in a small ring. INSECURE. */
struct Levels {
    Levels(uint32_t log_n, uint32_t levels) {
        const sable_params_options allow = {sizeof allow, true};
        sable_error err{};
        if (sable_params_plan_levels(&p, "levels", log_n, levels, 6, &allow, &err) != SABLE_OK)
            throw std::runtime_error(err.text);
    }
    ~Levels() { sable_params_destroy(&p); }
    Levels(const Levels &) = delete;
    Levels &operator=(const Levels &) = delete;
    operator sable_params *() const { return p; }
    sable_params *p = nullptr;
};

struct Program {
    Program(const Training &t, const sable_params *params) {
        sable_lowering o = {};
        o.struct_size = sizeof o;
        o.output_level = t.info.output_level;
        sable_error err{};
        status = sable_program_create(&p, sable_training_circuit(t), params, &o, &err);
        text = err.text;
        info.struct_size = sizeof info;
        if (p) EXPECT_EQ(sable_program_describe(p, &info), SABLE_OK);
    }
    ~Program() { sable_program_destroy(&p); }
    Program(const Program &) = delete;
    Program &operator=(const Program &) = delete;
    operator sable_program *() const { return p; }
    sable_program *p = nullptr;
    sable_program_info info = {};
    sable_status status;
    std::string text;
};

struct Data {
    Data(const sable_training_options &o, uint64_t seed) : rng(seed) {
        std::uniform_real_distribution<double> in(-1, 1);
        const size_t samples = 3 * o.minibatch;
        std::vector<double> hidden(o.features), x(samples * o.features);
        std::vector<int32_t> labels(samples);
        for (double &v : hidden) v = in(rng);
        for (double &v : x) v = in(rng);
        for (size_t i = 0; i < samples; i++) {
            double sum = 0.1;
            for (size_t j = 0; j < o.features; j++) sum += hidden[j] * x[i * o.features + j];
            labels[i] = sum > 0;
        }
        z.resize(static_cast<size_t>(o.iterations) * o.minibatch * (o.features + 1));
        start.resize(o.features + 1);
        for (double &v : start) v = 0.2 * in(rng);
        sable_error err{};
        EXPECT_EQ(sable_training_draw(z.data(), &o, x.data(), labels.data(), samples, seed, &err), SABLE_OK)
            << err.text;
    }
    std::vector<double> reference(const sable_training_options &o) const {
        std::vector<double> w(start.size());
        sable_error err{};
        EXPECT_EQ(sable_training_reference(&o, z.data(), start.data(), w.data(), nullptr, nullptr, &err), SABLE_OK)
            << err.text;
        return w;
    }
    std::vector<double> twin(const sable_training *t) const {
        std::vector<double> w(start.size());
        sable_error err{};
        EXPECT_EQ(sable_training_twin(t, z.data(), start.data(), w.data(), &err), SABLE_OK) << err.text;
        return w;
    }
    std::mt19937_64 rng;
    std::vector<double> z, start;
};

inline double largest_of(const std::vector<double> &a) {
    double most = 0;
    for (double v : a) most = std::max(most, std::fabs(v));
    return most;
}
/* Largest difference, relative to the largest value of b. */
inline double distance(const std::vector<double> &a, const std::vector<double> &b) {
    double most = 0;
    for (size_t i = 0; i < b.size(); i++) most = std::max(most, std::fabs(a[i] - b[i]));
    return most / largest_of(b);
}

} // namespace sable_test
#endif
