/* SPDX-License-Identifier: Apache-2.0 */
// Sizes told before a file is made are those of the file, to the byte: every kind, both parameter sets.
#include "support/world.h"

struct FileSize : World, ::testing::WithParamInterface<const char *> {
    sable_layout layout = {};
    void SetUp() override {
        ASSERT_NO_FATAL_FAILURE(open(GetParam()));
        ASSERT_OK(sable_layout_choose(&layout, params, SABLE_PACK_FEATURE_MAJOR, 2, 0, &err));
    }
    uint64_t length(const std::string &file) { return std::filesystem::file_size(file); }
    sable_ct *fresh(uint32_t batch, uint32_t level) {
        return encrypt(std::vector<double>((size_t)batch * info.slots, 0.25), batch, level);
    }
};

TEST_P(FileSize, Ciphertexts) {
    const std::string file = path("ct");
    for (uint32_t level : {0u, 1u})
        for (uint32_t batch : {1u, 3u}) {
            sable_ct *ct = fresh(batch, level), *sum = handle(), *product = handle();
            ASSERT_OK(sable_add(queue, sum, ct, ct));
            if (level) ASSERT_OK(sable_tensor(queue, product, ct, ct));
            const struct {
                const sable_ct *ct;
                sable_ct_shape shape;
            } all[] = {
                {ct, {level, 2, batch, true}}, {sum, {level, 2, batch, false}}, {product, {level, 3, batch, false}}};
            for (const auto &one : all) {
                if (one.shape.parts == 3 && !level) continue;
                uint64_t told = 0;
                ASSERT_OK(sable_ct_file_bytes(&told, params, &one.shape, nullptr, &err));
                ASSERT_OK(sable_ct_save(queue, one.ct, file.c_str(), nullptr));
                EXPECT_EQ(told, length(file))
                    << "level " << level << ", batch " << batch << ", parts " << one.shape.parts;
            }
            for (sable_ct **h : {&ct, &sum, &product}) sable_ct_destroy(queue, h);
        }
}

TEST_P(FileSize, Blocks) {
    const std::string file = path("blocks");
    sable_ct *fresh_block = fresh(2, 1), *sum = handle();
    ASSERT_OK(sable_add(queue, sum, fresh_block, fresh_block));
    for (const sable_ct *block : {(const sable_ct *)fresh_block, (const sable_ct *)sum})
        for (uint32_t blocks : {1u, 2u, 7u}) {
            sable_blocks_info i = {};
            i.struct_size = sizeof i;
            i.kind = SABLE_BLOCKS_DATASET;
            i.layout = layout;
            i.samples = (uint64_t)blocks * layout.samples_per_block;
            sable_blocks_writer *w = nullptr;
            ASSERT_OK(sable_blocks_create(queue, &w, file.c_str(), &i, block));
            for (uint32_t b = 0; b < blocks; b++) ASSERT_OK(sable_blocks_append(queue, w, block));
            ASSERT_OK(sable_blocks_finish(queue, &w));
            const sable_ct_shape shape = {1, 2, 2, block == fresh_block};
            uint64_t told = 0;
            ASSERT_OK(sable_blocks_file_bytes(&told, params, &shape, blocks, nullptr, &err));
            EXPECT_EQ(told, length(file)) << blocks << " blocks";
        }
    sable_ct_destroy(queue, &fresh_block);
    sable_ct_destroy(queue, &sum);
}

TEST_P(FileSize, EncryptedModels) {
    const std::string file = path("model");
    sable_encrypted_model m = {};
    m.classes = 3;
    m.layout = layout;
    m.range = 2;
    m.weights = fresh(6, 1);
    m.bias = fresh(3, 0);
    ASSERT_OK(sable_encrypted_model_save(queue, &m, file.c_str(), nullptr));
    const sable_ct_shape weights = {1, 2, 6, true}, bias = {0, 2, 3, true};
    uint64_t told = 0;
    ASSERT_OK(sable_encrypted_model_file_bytes(&told, params, &weights, &bias, nullptr, &err));
    EXPECT_EQ(told, length(file));
    sable_encrypted_model_clear(queue, &m);
}

TEST_P(FileSize, Keys) {
    const std::string file = path("keys");
    sable_key_spec *spec = nullptr;
    ASSERT_OK(sable_key_spec_create(&spec, params, &err));
    for (int step = 0; step < 4; step++) {
        if (step == 1) ASSERT_OK(sable_key_spec_add_relin(spec, 0, 1, &err));
        if (step == 2) ASSERT_OK(sable_key_spec_add_rotation(spec, 1, 0, 1, info.top_level, &err));
        if (step == 3) ASSERT_OK(sable_key_spec_add_conjugation(spec, 0, 0, &err));
        sable_keyset *keys = nullptr;
        ASSERT_OK(sable_keyset_generate(queue, &keys, secret, spec));
        ASSERT_OK(sable_keyset_save(queue, keys, file.c_str(), nullptr));
        EXPECT_EQ(sable_key_spec_bytes(spec), sable_keyset_bytes(keys));
        sable_keyset_destroy(queue, &keys);
        uint64_t told = 0;
        ASSERT_OK(sable_keyset_file_bytes(&told, spec, nullptr, &err));
        EXPECT_EQ(told, length(file)) << step << " keys";
    }
    sable_key_spec_destroy(&spec);

    uint64_t told = 0;
    sable_public_key *key = nullptr;
    ASSERT_OK(sable_public_key_generate(queue, &key, secret));
    ASSERT_OK(sable_public_key_save(queue, key, file.c_str(), nullptr));
    ASSERT_OK(sable_public_key_file_bytes(&told, params, nullptr, &err));
    EXPECT_EQ(told, length(file));
    sable_public_key_destroy(queue, &key);
    ASSERT_OK(sable_secret_save(secret, file.c_str(), &err));
    ASSERT_OK(sable_secret_file_bytes(&told, params, &err));
    EXPECT_EQ(told, length(file));
}

TEST_P(FileSize, Refusals) {
    uint64_t told = 5;
    sable_ct_shape shape = {0, 2, 1, false};
    sable_file_options options = {sizeof options, 31, false};
    EXPECT_EQ(SABLE_INVALID, sable_ct_file_bytes(&told, params, &shape, &options, &err));
    options = {sizeof options - 1, 32, false};
    EXPECT_EQ(SABLE_INVALID, sable_ct_file_bytes(&told, params, &shape, &options, &err));
    for (sable_ct_shape bad : {sable_ct_shape{info.top_level + 1, 2, 1, false},
                               {0, 1, 1, false},
                               {0, 4, 1, false},
                               {0, 2, 0, false},
                               {0, 2, (1u << 20) + 1, false},
                               {0, 3, 1, true}})
        EXPECT_EQ(SABLE_INVALID, sable_ct_file_bytes(&told, params, &bad, nullptr, &err)) << err.text;
    EXPECT_EQ(SABLE_LIMIT, sable_blocks_file_bytes(&told, params, &shape, 0, nullptr, &err));
    EXPECT_EQ(SABLE_LIMIT, sable_blocks_file_bytes(&told, params, &shape, 4096, nullptr, &err));
    EXPECT_EQ(5u, told);
}

INSTANTIATE_TEST_SUITE_P(Sets, FileSize, ::testing::Values("T10", "infer13"));
