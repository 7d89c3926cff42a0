/* SPDX-License-Identifier: Apache-2.0 */
/* Files of secrets and public keys that are in order. */
#include "client_fixture.h"

#include <sys/stat.h>

namespace {
using namespace client_test;

unsigned mode_of(const std::string &path) {
    struct stat s = {};
    EXPECT_EQ(0, stat(path.c_str(), &s)) << path;
    return s.st_mode & 07777;
}

TEST(ClientFiles, SecretComesBackAndIsPrivate) {
    World &w = World::get("T10");
    TempFolder folder;
    Secret s(w);
    sable_error err = {};
    const std::string path = folder / "secret.key";
    const mode_t old = umask(0); /* the mode is the library's doing, not the umask's */
    ASSERT_EQ(SABLE_OK, sable_secret_save(s, path.c_str(), &err)) << err.text;
    umask(old);
    EXPECT_EQ(0600u, mode_of(path));
    sable_secret *back = nullptr;
    ASSERT_EQ(SABLE_OK, sable_secret_load(&back, w.ctx, path.c_str(), &err)) << err.text;
    EXPECT_EQ(0, memcmp(back->s, s.p->s, w.n()));
    EXPECT_EQ(0, memcmp(back->key_id, s.p->key_id, sizeof back->key_id));
    EXPECT_TRUE(back->insecure);
    EXPECT_FALSE(back->test_rng);
    /* The loaded secret opens what the first one closed. */
    Plain pt(w);
    Cipher ct(w);
    const std::vector<double> values = random_values(w.n() / 2, 6);
    SABLE_EXPECT_OK(w, encode(w, pt, values, Shape()));
    SABLE_EXPECT_OK(w, sable_encrypt_secret(w.queue, ct, pt, s));
    std::vector<double> got(values.size());
    SABLE_EXPECT_OK(w, sable_decrypt(w.queue, got.data(), got.size(), false, ct, back));
    EXPECT_LT(largest_error(values, got), 6 * ct.info().noise_std);
    sable_secret_destroy(&back);
}

TEST(ClientFiles, PublicKeyComesBackAndMayBeRead) {
    World &w = World::get("T10");
    TempFolder folder;
    Secret s(w);
    PublicKey key(w, s);
    const std::string path = folder / "public.key";
    SABLE_EXPECT_OK(w, sable_public_key_save(w.queue, key, path.c_str(), nullptr));
    EXPECT_EQ(0u, mode_of(path) & 0133);
    sable_public_key *back = nullptr;
    SABLE_EXPECT_OK(w, sable_public_key_load(w.queue, &back, path.c_str()));
    const size_t words = 2 * static_cast<size_t>(w.ctx->ring->q_count + w.ctx->ring->p_count) * w.n();
    EXPECT_EQ(0, memcmp(back->data, key.p->data, words * sizeof(uint32_t))) << "both halves, in Montgomery form";
    EXPECT_EQ(0, memcmp(back->key_id, s.p->key_id, sizeof back->key_id));
    EXPECT_TRUE(back->insecure);
    sable_public_key_destroy(w.queue, &back);
    /* Half of a key is its seed. */
    struct stat st = {};
    ASSERT_EQ(0, stat(path.c_str(), &st));
    EXPECT_LT(static_cast<size_t>(st.st_size), words / 2 * sizeof(uint32_t) + 1024);
}

} // namespace
