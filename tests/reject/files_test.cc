/* SPDX-License-Identifier: Apache-2.0 */
// Files of ciphertexts, keys, data sets, results and encrypted models: round trips, then every kind of damage. Nothing damaged is accepted and a
// refused load leaves its output as it was.
#include <random>

#include "support/world.h"

struct Files : World {
    sable_keyset *keys = nullptr;
    sable_layout layout = {};

    void SetUp() override {
        ASSERT_NO_FATAL_FAILURE(open("T10"));
        sable_key_spec *spec = nullptr;
        ASSERT_OK(sable_key_spec_create(&spec, params, &err));
        ASSERT_OK(sable_key_spec_add_relin(spec, 0, 1, &err));
        ASSERT_OK(sable_key_spec_add_rotation(spec, 1, 0, 0, 1, &err));
        ASSERT_OK(sable_keyset_generate(queue, &keys, secret, spec));
        sable_key_spec_destroy(&spec);
        ASSERT_OK(sable_layout_choose(&layout, params, SABLE_PACK_FEATURE_MAJOR, 2, 600, &err));
    }
    void TearDown() override {
        sable_keyset_destroy(queue, &keys);
        World::TearDown();
    }
    std::vector<double> wave(size_t count, double f) {
        std::vector<double> v(count);
        for (size_t i = 0; i < count; i++) v[i] = std::sin(f * (double)i);
        return v;
    }
    // A data set of 600 samples: two blocks.
    void write_dataset(const std::string &file) {
        sable_ct *block = encrypt(wave(2 * (size_t)layout.slots, 0.1), 2, 1, 1);
        sable_blocks_info i = {};
        i.struct_size = sizeof i;
        i.kind = SABLE_BLOCKS_DATASET;
        i.layout = layout;
        i.samples = 600;
        sable_blocks_writer *w = nullptr;
        ASSERT_OK(sable_blocks_create(queue, &w, file.c_str(), &i, block));
        ASSERT_OK(sable_blocks_append(queue, w, block));
        sable_ct_destroy(queue, &block);
        block = encrypt(wave(2 * (size_t)layout.slots, 0.2), 2, 1, 1);
        ASSERT_OK(sable_blocks_append(queue, w, block));
        ASSERT_OK(sable_blocks_finish(queue, &w));
        sable_ct_destroy(queue, &block);
    }
    // Whether any loader takes the file as what it was; outputs must stay empty otherwise.
    bool accepted(const std::string &file, int kind, sable_status *status) {
        sable_ct *ct = handle();
        bool ok = false;
        if (kind == 0) *status = sable_ct_load(queue, ct, file.c_str());
        if (kind == 1) {
            sable_keyset *k = nullptr;
            *status = sable_keyset_load(queue, &k, file.c_str());
            EXPECT_EQ(k == nullptr, *status != SABLE_OK);
            sable_keyset_destroy(queue, &k);
        }
        if (kind == 2) {
            sable_blocks *b = nullptr;
            *status = sable_blocks_open(queue, &b, file.c_str(), SABLE_BLOCKS_DATASET);
            if (*status == SABLE_OK) *status = sable_blocks_read(queue, ct, b, 0);
            if (*status == SABLE_OK) *status = sable_blocks_read(queue, ct, b, 1);
            sable_blocks_close(&b);
        }
        if (kind == 3) {
            sable_encrypted_model m = {};
            *status = sable_encrypted_model_load(queue, &m, file.c_str());
            sable_encrypted_model_clear(queue, &m);
        }
        ok = *status == SABLE_OK;
        sable_ct_destroy(queue, &ct);
        return ok;
    }
    std::string sample(int kind) {
        std::string file = path(("sample" + std::to_string(kind)).c_str());
        if (kind == 0) {
            sable_ct *ct = encrypt(wave(info.slots, 0.3), 1, 2);
            EXPECT_EQ(sable_ct_save(queue, ct, file.c_str(), nullptr), SABLE_OK) << sable_queue_error(queue);
            sable_ct_destroy(queue, &ct);
        }
        if (kind == 1)
            EXPECT_EQ(sable_keyset_save(queue, keys, file.c_str(), nullptr), SABLE_OK) << sable_queue_error(queue);
        if (kind == 2) write_dataset(file);
        if (kind == 3) {
            sable_encrypted_model m = {};
            m.classes = 1;
            m.layout = layout;
            m.range = 2;
            m.range_bounds = true;
            m.weights = encrypt(wave(2 * (size_t)layout.slots, 0.1), 2, 1);
            m.bias = encrypt(wave(layout.slots, 0.1), 1, 0);
            EXPECT_EQ(sable_encrypted_model_save(queue, &m, file.c_str(), nullptr), SABLE_OK)
                << sable_queue_error(queue);
            sable_encrypted_model_clear(queue, &m);
        }
        return file;
    }
};

TEST_F(Files, CiphertextKeepsEverythingAndItsSeed) {
    sable_ct *ct = encrypt(wave(info.slots, 0.3), 1, 2), *back = handle();
    ASSERT_OK(sable_ct_save(queue, ct, path("a").c_str(), nullptr));
    ASSERT_OK(sable_ct_load(queue, back, path("a").c_str()));
    ASSERT_OK(sable_ct_save(queue, back, path("b").c_str(), nullptr));
    EXPECT_EQ(file_bytes(path("a")), file_bytes(path("b"))) << "a second save differs";
    EXPECT_TRUE(describe(back).seeded);
    EXPECT_EQ(decrypt(ct), decrypt(back));
    sable_ct *sum = handle();
    ASSERT_OK(sable_add(queue, sum, back, back));
    ASSERT_OK(sable_ct_save(queue, sum, path("c").c_str(), nullptr));
    EXPECT_FALSE(describe(sum).seeded);
    uint64_t seeded = file_bytes(path("a")).size(), full = file_bytes(path("c")).size();
    EXPECT_GT(full, 2 * seeded - 4096);
    ASSERT_OK(sable_ct_load(queue, back, path("c").c_str()));
    EXPECT_EQ(decrypt(sum), decrypt(back));
    for (sable_ct **h : {&ct, &back, &sum}) sable_ct_destroy(queue, h);
}

TEST_F(Files, LoadedKeysWork) {
    ASSERT_OK(sable_keyset_save(queue, keys, path("keys").c_str(), nullptr));
    sable_keyset *loaded = nullptr;
    ASSERT_OK(sable_keyset_load(queue, &loaded, path("keys").c_str()));
    EXPECT_EQ(sable_keyset_count(loaded), 2u);
    std::vector<double> x = wave(info.slots, 0.7);
    sable_ct *a = encrypt(x, 1, 1), *p = handle(), *q = handle();
    ASSERT_OK(sable_multiply(queue, p, a, a, keys));
    ASSERT_OK(sable_multiply(queue, q, a, a, loaded));
    EXPECT_EQ(decrypt(p), decrypt(q));
    ASSERT_OK(sable_rotate(queue, q, a, 1, loaded));
    EXPECT_NEAR(decrypt(q)[0], x[1], 1e-6);
    for (sable_ct **h : {&a, &p, &q}) sable_ct_destroy(queue, h);
    sable_keyset_destroy(queue, &loaded);
}

TEST_F(Files, DatasetBlocksInAnyOrder) {
    std::string file = sample(2);
    sable_blocks *b = nullptr;
    ASSERT_OK(sable_blocks_open(queue, &b, file.c_str(), SABLE_BLOCKS_DATASET));
    EXPECT_EQ(sable_blocks_get_info(b)->blocks, 2u);
    EXPECT_EQ(sable_blocks_samples(b, 0), 512u);
    EXPECT_EQ(sable_blocks_samples(b, 1), 88u);
    sable_ct *ct = handle();
    ASSERT_OK(sable_blocks_read(queue, ct, b, 1));
    EXPECT_NEAR(decrypt(ct)[5], std::sin(0.2 * 5), 1e-6);
    ASSERT_OK(sable_blocks_read(queue, ct, b, 0));
    EXPECT_NEAR(decrypt(ct)[5], std::sin(0.1 * 5), 1e-6);
    EXPECT_EQ(sable_blocks_read(queue, ct, b, 2), SABLE_INVALID);
    sable_ct_destroy(queue, &ct);
    sable_blocks_close(&b);
    EXPECT_EQ(sable_blocks_open(queue, &b, file.c_str(), SABLE_BLOCKS_RESULTS), SABLE_FORMAT);
}

TEST_F(Files, EveryTruncationOfTheHeadAndManyOfTheBody) {
    for (int kind = 0; kind < 4; kind++) {
        std::string file = sample(kind), cut = path("cut");
        std::vector<char> bytes = file_bytes(file);
        ASSERT_GT(bytes.size(), 2048u);
        for (size_t n = 0; n < bytes.size(); n += n < 1024 ? 1 : 997) {
            write_bytes(cut, {bytes.begin(), bytes.begin() + (std::ptrdiff_t)n});
            sable_status s;
            ASSERT_FALSE(accepted(cut, kind, &s)) << "kind " << kind << " cut to " << n;
            ASSERT_EQ(s, SABLE_FORMAT) << "kind " << kind << " cut to " << n << ": " << sable_queue_error(queue);
        }
        bytes.push_back(0);
        write_bytes(cut, bytes);
        sable_status s;
        ASSERT_FALSE(accepted(cut, kind, &s)) << "a trailing byte";
    }
}

TEST_F(Files, FlippedBits) {
    std::mt19937_64 rng(11);
    for (int kind = 0; kind < 4; kind++) {
        std::string file = sample(kind), bad = path("flip");
        std::vector<char> bytes = file_bytes(file);
        auto flip = [&](size_t bit) {
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
            write_bytes(bad, bytes);
            sable_status s;
            EXPECT_FALSE(accepted(bad, kind, &s)) << "kind " << kind << " bit " << bit;
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
        };
        for (size_t bit = 0; bit < 384 * 8; bit += kind ? 3 : 1) flip(bit);
        for (int i = 0; i < 200; i++) flip(rng() % (bytes.size() * 8));
    }
}

TEST_F(Files, WrongKindKeyAndParameters) {
    for (int kind = 0; kind < 4; kind++) {
        std::string file = sample(kind);
        for (int other = 0; other < 4; other++) {
            sable_status s;
            EXPECT_EQ(accepted(file, other, &s), other == kind) << kind << " read as " << other;
            if (other != kind) EXPECT_EQ(s, SABLE_FORMAT) << sable_queue_error(queue);
        }
    }
    std::string file = sample(0);
    sable_params_options allow = {sizeof allow, true};
    sable_params *p = nullptr;
    sable_ctx *c = nullptr;
    sable_queue *q = nullptr;
    ASSERT_OK(sable_params_load(&p, "T11", &allow, &err));
    ASSERT_OK(sable_ctx_create(&c, p, nullptr, &err));
    ASSERT_OK(sable_queue_create(&q, c, nullptr, &err));
    sable_ct *ct = nullptr;
    ASSERT_OK(sable_ct_create(&ct, c, &err));
    EXPECT_EQ(sable_ct_load(q, ct, file.c_str()), SABLE_PARAMS_MISMATCH) << sable_queue_error(q);
    sable_ct_destroy(q, &ct);
    sable_queue_destroy(&q);
    sable_ctx_destroy(&c);
    sable_params_destroy(&p);
    sable_ct *mine = handle();
    EXPECT_EQ(sable_ct_load(queue, mine, path("nowhere").c_str()), SABLE_IO);
    EXPECT_TRUE(describe(mine).empty);
    sable_ct_destroy(queue, &mine);
}

TEST_F(Files, ParametersAndModelsAsTextAndAsContainers) {
    for (const char *name : {"set.json", "set.sable"}) {
        ASSERT_OK(sable_params_save(params, path(name).c_str(), &err));
        sable_params *back = nullptr;
        EXPECT_EQ(sable_params_load(&back, path(name).c_str(), nullptr, &err), SABLE_INSECURE) << "T10 needs the flag";
        sable_params_options allow = {sizeof allow, true};
        ASSERT_OK(sable_params_load(&back, path(name).c_str(), &allow, &err));
        sable_params_info i = {};
        i.struct_size = sizeof i;
        ASSERT_OK(sable_params_describe(back, &i));
        EXPECT_EQ(memcmp(i.digest, info.digest, sizeof i.digest), 0);
        sable_params_destroy(&back);
    }
    sable_model *m = nullptr;
    ASSERT_OK(sable_model_create(&m, 2, 3, true, &err));
    for (int j = 0; j < 6; j++) m->weights[j] = std::sqrt(j + 2.0);
    m->bias[1] = -1e-300;
    for (const char *name : {"model.json", "model.sable"}) {
        ASSERT_OK(sable_model_save(m, path(name).c_str(), &err));
        sable_model *back = nullptr;
        ASSERT_OK(sable_model_load(&back, path(name).c_str(), &err));
        EXPECT_EQ(memcmp(back->weights, m->weights, 6 * sizeof(double)), 0) << "17 digits read back exactly";
        EXPECT_EQ(back->bias[1], m->bias[1]);
        sable_model_destroy(&back);
    }
    sable_model_destroy(&m);
    for (const char *name : {"set.sable", "model.sable"}) {
        std::vector<char> bytes = file_bytes(path(name));
        for (size_t i = 0; i < bytes.size(); i += 7) {
            bytes[i] = (char)(bytes[i] ^ 4);
            write_bytes(path("bad.sable"), bytes);
            sable_params *p = nullptr;
            EXPECT_NE(sable_params_load(&p, path("bad.sable").c_str(), nullptr, &err), SABLE_OK) << i;
            EXPECT_NE(sable_model_load(&m, path("bad.sable").c_str(), &err), SABLE_OK) << i;
            bytes[i] = (char)(bytes[i] ^ 4);
        }
    }
}
