/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TESTS_CLIENT_FIXTURE_H
#define SABLE_TESTS_CLIENT_FIXTURE_H
/* Contexts, keys and ciphertexts with ownership, for tests of the client library. */
#include <gtest/gtest.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmath>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#define _Atomic /* counters of queues, only touched through the library's functions; the layout is the same */
extern "C" {
#include "base/hash.h"
#include "ckks/noise.h"
#include "client/secret.h"
}
#undef _Atomic
#include "support/params_support.h"

namespace client_test {

#define SABLE_EXPECT_OK(world, call) ASSERT_EQ(SABLE_OK, (call)) << sable_queue_error((world).queue)

/* A context and a queue of a small set; shared by the tests of a program. */
struct World {
    sable_test::Params params;
    sable_ctx *ctx = nullptr;
    sable_queue *queue = nullptr;

    explicit World(const std::string &name) {
        sable_test::Outcome loaded = sable_test::load(name);
        EXPECT_EQ(SABLE_OK, loaded.status) << loaded.text;
        params = std::move(loaded.params);
        sable_error err = {};
        EXPECT_EQ(SABLE_OK, sable_ctx_create(&ctx, params.get(), nullptr, &err)) << err.text;
        EXPECT_EQ(SABLE_OK, sable_queue_create(&queue, ctx, nullptr, &err)) << err.text;
    }
    ~World() {
        sable_queue_destroy(&queue);
        sable_ctx_destroy(&ctx);
    }
    uint32_t n() const { return ctx->params.n; }
    uint32_t top() const { return ctx->params.top_level; }

    static World &get(const std::string &name) {
        static std::map<std::string, std::unique_ptr<World>> worlds;
        auto &world = worlds[name];
        if (!world) world = std::make_unique<World>(name);
        return *world;
    }
};

struct Secret {
    sable_secret *p = nullptr;
    explicit Secret(World &w) {
        sable_error err = {};
        EXPECT_EQ(SABLE_OK, sable_secret_generate(&p, w.ctx, &err)) << err.text;
    }
    ~Secret() { sable_secret_destroy(&p); }
    Secret(const Secret &) = delete;
    operator const sable_secret *() const { return p; }
};

struct PublicKey {
    World &w;
    sable_public_key *p = nullptr;
    PublicKey(World &world, const sable_secret *secret) : w(world) {
        EXPECT_EQ(SABLE_OK, sable_public_key_generate(w.queue, &p, secret)) << sable_queue_error(w.queue);
    }
    ~PublicKey() { sable_public_key_destroy(w.queue, &p); }
    PublicKey(const PublicKey &) = delete;
    operator const sable_public_key *() const { return p; }
};

struct Cipher {
    World &w;
    sable_ct *p = nullptr;
    explicit Cipher(World &world) : w(world) {
        sable_error err = {};
        EXPECT_EQ(SABLE_OK, sable_ct_create(&p, w.ctx, &err)) << err.text;
    }
    ~Cipher() { sable_ct_destroy(w.queue, &p); }
    Cipher(const Cipher &) = delete;
    operator sable_ct *() const { return p; }
    sable_ct_info info() const {
        sable_ct_info i = {};
        i.struct_size = sizeof i;
        EXPECT_EQ(SABLE_OK, sable_ct_describe(p, &i));
        return i;
    }
};

struct Plain {
    World &w;
    sable_pt *p = nullptr;
    explicit Plain(World &world) : w(world) {
        sable_error err = {};
        EXPECT_EQ(SABLE_OK, sable_pt_create(&p, w.ctx, &err)) << err.text;
    }
    ~Plain() { sable_pt_destroy(w.queue, &p); }
    Plain(const Plain &) = delete;
    operator sable_pt *() const { return p; }
};

struct Shape {
    uint32_t level = 0, slots = 0, batch = 1;
    bool is_complex = false;
    double bound = 0;
};

inline size_t value_count(const World &w, const Shape &s) {
    return (size_t)s.batch * (s.slots ? s.slots : w.n() / 2) * (s.is_complex ? 2 : 1);
}

inline std::vector<double> random_values(size_t count, uint64_t seed, double size = 1) {
    std::mt19937_64 engine(seed);
    std::uniform_real_distribution<double> uniform(-size, size);
    std::vector<double> v(count);
    for (double &x : v) x = uniform(engine);
    return v;
}

inline sable_status encode(World &w, sable_pt *out, const std::vector<double> &values, const Shape &s) {
    sable_encoding e = {};
    e.struct_size = sizeof e;
    e.level = s.level;
    e.slots = s.slots;
    e.batch = s.batch;
    e.is_complex = s.is_complex;
    e.bound = s.bound;
    return sable_encode(w.queue, out, values.data(), values.size(), &e);
}

inline double largest_error(const std::vector<double> &a, const std::vector<double> &b) {
    double worst = 0;
    for (size_t i = 0; i < a.size(); i++) worst = std::max(worst, std::fabs(a[i] - b[i]));
    return worst;
}

/* A folder that disappears with the object. */
struct TempFolder {
    std::string path;
    TempFolder() {
        char name[] = "/tmp/sable-client-XXXXXX";
        const char *made = mkdtemp(name);
        EXPECT_NE(nullptr, made);
        path = made ? made : "";
    }
    ~TempFolder() {
        if (!path.empty() && system(("rm -rf '" + path + "'").c_str()) != 0) perror("rm");
    }
    std::string operator/(const std::string &name) const { return path + "/" + name; }
};

} // namespace client_test

#endif
