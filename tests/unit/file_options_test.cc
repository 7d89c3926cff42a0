/* SPDX-License-Identifier: Apache-2.0 */
// Options of files: whatever is chosen, what is read is the same bit for bit, and a size told before is that of the file.
#include <functional>

#include "support/world.h"

namespace {

const struct {
    const char *name;
    sable_file_options options;
} ways[] = {
    {"words", {sizeof(sable_file_options), 32, false}},
    {"packed", {sizeof(sable_file_options), 30, false}},
    {"words without seeds", {sizeof(sable_file_options), 32, true}},
    {"packed without seeds", {sizeof(sable_file_options), 30, true}},
};

struct FileOptions : World, ::testing::WithParamInterface<const char *> {
    sable_layout layout = {};
    void SetUp() override {
        ASSERT_NO_FATAL_FAILURE(open(GetParam()));
        ASSERT_OK(sable_layout_choose(&layout, params, SABLE_PACK_FEATURE_MAJOR, 2, 0, &err));
    }
    uint64_t length(const std::string &file) { return std::filesystem::file_size(file); }
    sable_ct *fresh(uint32_t batch, uint32_t level) {
        return encrypt(std::vector<double>((size_t)batch * info.slots, 0.25), batch, level);
    }
    // All residues of a ciphertext: a file without seeds, in words, is its header and them.
    std::vector<char> residues(const sable_ct *ct) {
        const std::string file = path("plain");
        EXPECT_EQ(SABLE_OK, sable_ct_save(queue, ct, file.c_str(), &ways[2].options)) << sable_queue_error(queue);
        return file_bytes(file);
    }
};

TEST_P(FileOptions, Ciphertexts) {
    const std::string file = path("ct");
    for (uint32_t batch : {1u, 3u}) {
        sable_ct *ct = fresh(batch, 1), *sum = handle(), *product = handle(), *back = handle();
        ASSERT_OK(sable_add(queue, sum, ct, ct));
        ASSERT_OK(sable_tensor(queue, product, ct, ct));
        const struct {
            const sable_ct *ct;
            sable_ct_shape shape;
        } all[] = {{ct, {1, 2, batch, true}}, {sum, {1, 2, batch, false}}, {product, {1, 3, batch, false}}};
        for (const auto &one : all)
            for (const auto &way : ways) {
                uint64_t told = 0;
                ASSERT_OK(sable_ct_file_bytes(&told, params, &one.shape, &way.options, &err));
                ASSERT_OK(sable_ct_save(queue, one.ct, file.c_str(), &way.options));
                EXPECT_EQ(told, length(file)) << way.name << ", parts " << one.shape.parts;
                ASSERT_OK(sable_ct_load(queue, back, file.c_str()));
                EXPECT_EQ(residues(one.ct), residues(back)) << way.name;
                EXPECT_EQ(describe(back).seeded, one.shape.seeded && !way.options.no_seeds);
                // once without a seed, a ciphertext has none to save
                ASSERT_OK(sable_ct_save(queue, back, path("again").c_str(), &way.options));
                EXPECT_EQ(file_bytes(file), file_bytes(path("again"))) << way.name;
            }
        for (sable_ct **h : {&ct, &sum, &product, &back}) sable_ct_destroy(queue, h);
    }
}

TEST_P(FileOptions, Blocks) {
    const std::string file = path("blocks");
    sable_ct *block = fresh(2, 1), *back = handle();
    for (const auto &way : ways) {
        sable_blocks_info i = {};
        i.struct_size = sizeof i;
        i.kind = SABLE_BLOCKS_DATASET;
        i.layout = layout;
        i.samples = 2ull * layout.samples_per_block;
        i.stored = way.options;
        sable_blocks_writer *w = nullptr;
        ASSERT_OK(sable_blocks_create(queue, &w, file.c_str(), &i, block));
        for (int b = 0; b < 2; b++) ASSERT_OK(sable_blocks_append(queue, w, block));
        ASSERT_OK(sable_blocks_finish(queue, &w));
        const sable_ct_shape shape = {1, 2, 2, true};
        uint64_t told = 0;
        ASSERT_OK(sable_blocks_file_bytes(&told, params, &shape, 2, &way.options, &err));
        EXPECT_EQ(told, length(file)) << way.name;
        sable_blocks *b = nullptr;
        ASSERT_OK(sable_blocks_open(queue, &b, file.c_str(), SABLE_BLOCKS_DATASET));
        EXPECT_EQ(way.options.residue_bits, sable_blocks_get_info(b)->stored.residue_bits);
        EXPECT_EQ(way.options.no_seeds, sable_blocks_get_info(b)->stored.no_seeds);
        for (uint32_t k = 0; k < 2; k++) {
            ASSERT_OK(sable_blocks_read(queue, back, b, k));
            EXPECT_EQ(residues(block), residues(back)) << way.name;
        }
        sable_blocks_close(&b);
    }
    sable_ct_destroy(queue, &block);
    sable_ct_destroy(queue, &back);
}

TEST_P(FileOptions, EncryptedModels) {
    const std::string file = path("model");
    sable_encrypted_model m = {}, back = {};
    m.classes = 1;
    m.layout = layout;
    m.range = 2;
    m.weights = fresh(2, 1);
    m.bias = fresh(1, 0);
    const sable_ct_shape weights = {1, 2, 2, true}, bias = {0, 2, 1, true};
    for (const auto &way : ways) {
        uint64_t told = 0;
        ASSERT_OK(sable_encrypted_model_file_bytes(&told, params, &weights, &bias, &way.options, &err));
        ASSERT_OK(sable_encrypted_model_save(queue, &m, file.c_str(), &way.options));
        EXPECT_EQ(told, length(file)) << way.name;
        ASSERT_OK(sable_encrypted_model_load(queue, &back, file.c_str()));
        EXPECT_EQ(residues(m.weights), residues(back.weights)) << way.name;
        EXPECT_EQ(residues(m.bias), residues(back.bias)) << way.name;
        sable_encrypted_model_clear(queue, &back);
    }
    sable_encrypted_model_clear(queue, &m);
}

TEST_P(FileOptions, EvaluationKeys) {
    const std::string file = path("keys"), plain = path("plain keys");
    sable_key_spec *spec = nullptr;
    ASSERT_OK(sable_key_spec_create(&spec, params, &err));
    ASSERT_OK(sable_key_spec_add_relin(spec, 0, 1, &err));
    ASSERT_OK(sable_key_spec_add_rotation(spec, 1, 0, 0, info.top_level, &err));
    sable_keyset *keys = nullptr, *back = nullptr;
    ASSERT_OK(sable_keyset_generate(queue, &keys, secret, spec));
    ASSERT_OK(sable_keyset_save(queue, keys, plain.c_str(), &ways[2].options));
    const std::vector<char> words = file_bytes(plain);
    for (const auto &way : ways) {
        uint64_t told = 0;
        ASSERT_OK(sable_keyset_file_bytes(&told, spec, &way.options, &err));
        ASSERT_OK(sable_keyset_save(queue, keys, file.c_str(), &way.options));
        EXPECT_EQ(told, length(file)) << way.name;
        const std::vector<char> saved = file_bytes(file);
        ASSERT_OK(sable_keyset_load(queue, &back, file.c_str()));
        ASSERT_OK(sable_keyset_save(queue, back, file.c_str(), &way.options));
        EXPECT_EQ(saved, file_bytes(file)) << way.name << ": a second save differs";
        ASSERT_OK(sable_keyset_save(queue, back, file.c_str(), &ways[2].options));
        EXPECT_EQ(words, file_bytes(file)) << way.name << ": other residues";
        sable_keyset_destroy(queue, &back);
    }
    sable_keyset_destroy(queue, &keys);
    sable_key_spec_destroy(&spec);
}

TEST_P(FileOptions, PublicKeys) {
    const std::string file = path("public");
    sable_public_key *key = nullptr, *back = nullptr;
    ASSERT_OK(sable_public_key_generate(queue, &key, secret));
    ASSERT_OK(sable_public_key_save(queue, key, file.c_str(), &ways[2].options));
    const std::vector<char> words = file_bytes(file);
    for (const auto &way : ways) {
        uint64_t told = 0;
        ASSERT_OK(sable_public_key_file_bytes(&told, params, &way.options, &err));
        ASSERT_OK(sable_public_key_save(queue, key, file.c_str(), &way.options));
        EXPECT_EQ(told, length(file)) << way.name;
        ASSERT_OK(sable_public_key_load(queue, &back, file.c_str()));
        ASSERT_OK(sable_public_key_save(queue, back, file.c_str(), &ways[2].options));
        EXPECT_EQ(words, file_bytes(file)) << way.name << ": other residues";
        sable_public_key_destroy(queue, &back);
    }
    sable_public_key_destroy(queue, &key);
}

INSTANTIATE_TEST_SUITE_P(Sets, FileOptions, ::testing::Values("T10", "infer13"));

} // namespace
