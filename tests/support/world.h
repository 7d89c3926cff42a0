/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TESTS_WORLD_H
#define SABLE_TESTS_WORLD_H
// A context with a queue, a secret and keys, for tests above the ckks layer; public headers only.
#include <gtest/gtest.h>
#include <sable/sable.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#define ASSERT_OK(call)                                                                                       \
    do {                                                                                                      \
        sable_status status_ = (call);                                                                        \
        ASSERT_EQ(status_, SABLE_OK) << sable_status_name(status_) << ": " << sable_queue_error(queue) << " " \
                                     << err.text;                                                             \
    } while (0)

struct World : public ::testing::Test {
    sable_error err = {};
    sable_params *params = nullptr;
    sable_ctx *ctx = nullptr;
    sable_queue *queue = nullptr;
    sable_secret *secret = nullptr;
    sable_params_info info = {};
    std::filesystem::path folder;

    void open(const char *name) {
        sable_params_options allow = {sizeof allow, true};
        ASSERT_OK(sable_params_load(&params, name, &allow, &err));
        info.struct_size = sizeof info;
        ASSERT_OK(sable_params_describe(params, &info));
        ASSERT_OK(sable_ctx_create(&ctx, params, nullptr, &err));
        ASSERT_OK(sable_queue_create(&queue, ctx, nullptr, &err));
        ASSERT_OK(sable_secret_generate(&secret, ctx, &err));
        std::string pattern = (std::filesystem::temp_directory_path() / "sable-test-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder = pattern;
    }
    void TearDown() override {
        sable_secret_destroy(&secret);
        sable_queue_destroy(&queue);
        sable_ctx_destroy(&ctx);
        sable_params_destroy(&params);
        if (!folder.empty()) std::filesystem::remove_all(folder);
    }
    std::string path(const char *name) const { return (folder / name).string(); }

    sable_ct *handle() {
        sable_ct *ct = nullptr;
        EXPECT_EQ(sable_ct_create(&ct, ctx, &err), SABLE_OK);
        return ct;
    }
    // Encrypts [batch][slots] real values; bound 0 = from the values.
    sable_ct *encrypt(const std::vector<double> &values, uint32_t batch, uint32_t level, double bound = 0) {
        sable_pt *pt = nullptr;
        EXPECT_EQ(sable_pt_create(&pt, ctx, &err), SABLE_OK);
        sable_encoding e = {};
        e.struct_size = sizeof e;
        e.level = level;
        e.batch = batch;
        e.bound = bound;
        EXPECT_EQ(sable_encode(queue, pt, values.data(), values.size(), &e), SABLE_OK) << sable_queue_error(queue);
        sable_ct *ct = handle();
        EXPECT_EQ(sable_encrypt_secret(queue, ct, pt, secret), SABLE_OK) << sable_queue_error(queue);
        sable_pt_destroy(queue, &pt);
        return ct;
    }
    std::vector<double> decrypt(const sable_ct *ct) {
        sable_ct_info i = {};
        i.struct_size = sizeof i;
        EXPECT_EQ(sable_ct_describe(ct, &i), SABLE_OK);
        std::vector<double> z((size_t)i.batch * i.slots);
        EXPECT_EQ(sable_decrypt(queue, z.data(), z.size(), false, ct, secret), SABLE_OK) << sable_queue_error(queue);
        return z;
    }
    sable_ct_info describe(const sable_ct *ct) {
        sable_ct_info i = {};
        i.struct_size = sizeof i;
        EXPECT_EQ(sable_ct_describe(ct, &i), SABLE_OK);
        return i;
    }
};

inline std::vector<char> file_bytes(const std::string &path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}
inline void write_bytes(const std::string &path, const std::vector<char> &bytes) {
    std::ofstream(path, std::ios::binary).write(bytes.data(), (std::streamsize)bytes.size());
}

#endif
