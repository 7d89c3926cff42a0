/* SPDX-License-Identifier: Apache-2.0 */
/* Key sets, public and secret keys whose content lies under correct digests. */
#include "reject/input_table.h"

namespace {
using namespace input_table;

const size_t kDigit = 1024 * 4; /* bytes of a limb; a digit has several */

/* A field of the second key's record, a rotation. */
std::function<void(Container &)> second(size_t field, uint32_t value) { return meta32(8 + 48 + 4 * field, value); }
std::function<void(Container &)> first(size_t field, uint32_t value) { return meta32(8 + 4 * field, value); }

TEST(InputTable, KeySets) {
    expect_rows(
        KEYSET, World::get().sample[KEYSET],
        {{"as it was", [](Container &) {}, SABLE_OK, ""},
         {"counts none", meta32(0, 0), SABLE_FORMAT, "counts 0 keys"},
         {"counts one", meta32(0, 1), SABLE_FORMAT, "counts 1 keys"},
         {"counts three", meta32(0, 3), SABLE_FORMAT, "counts 3 keys"},
         {"counts 2^32-1", meta32(0, UINT32_MAX), SABLE_FORMAT, "counts 4294967295 keys"},
         {"a seed mark that is none", meta32(4, 2), SABLE_FORMAT, "seed mark 2"},
         {"no seeds, it says", meta32(4, 1), SABLE_FORMAT, "key 0: has a seed in a file without seeds"},
         {"kind 0", first(0, 0), SABLE_FORMAT, "key 0: kind 0"},
         {"kind 3", first(0, 3), SABLE_FORMAT, "key 0: kind 3"},
         {"kind 2^32-1", first(0, UINT32_MAX), SABLE_FORMAT, "key 0: kind 4294967295"},
         {"relinearisation with an element", first(1, 5), SABLE_FORMAT, "key 0: kind 1 with Galois element 5"},
         {"element 0", second(1, 0), SABLE_FORMAT, "key 1: kind 2 with Galois element 0"},
         {"even element", second(1, 4), SABLE_FORMAT, "key 1: kind 2 with Galois element 4"},
         {"the identity", second(1, 1), SABLE_FORMAT, "key 1: kind 2 with Galois element 1"},
         {"element 2N", second(1, 2048), SABLE_FORMAT, "Galois element 2048"},
         {"element 2N+1", second(1, 2049), SABLE_FORMAT, "Galois element 2049"},
         {"element 2^32-1", second(1, UINT32_MAX), SABLE_FORMAT, "Galois element 4294967295"},
         {"positions from the end on", second(2, 27), SABLE_FORMAT, "key 1: covers positions 27"},
         {"positions 2^32-1", second(2, UINT32_MAX), SABLE_FORMAT, "key 1: covers positions 4294967295"},
         {"no limbs", second(3, 0), SABLE_FORMAT, "key 1: covers"},
         {"one limb too many", second(3, 28), SABLE_FORMAT, "key 1: covers"},
         {"2^32-1 limbs", second(3, UINT32_MAX), SABLE_FORMAT, "key 1: covers"},
         {"all limbs",
          [](Container &c) { put32(c.sections[0].bytes, 8 + 48 + 8, 0), put32(c.sections[0].bytes, 8 + 48 + 12, 27); },
          SABLE_FORMAT, "K001"},
         {"a limb less than there is", [](Container &c) { put32(c.sections[0].bytes, 8 + 48 + 12, 1); }, SABLE_FORMAT,
          "K001"},
         {"a digit less", [](Container &c) { c.sections[1].bytes.resize(c.sections[1].bytes.size() - kDigit); },
          SABLE_FORMAT, "K000"},
         {"a digit more", [](Container &c) { c.sections[1].bytes += std::string(kDigit, 0); }, SABLE_FORMAT, "K000"},
         {"a word less", [](Container &c) { c.sections[2].bytes.resize(c.sections[2].bytes.size() - 4); }, SABLE_FORMAT,
          "K001"},
         {"a key missing", [](Container &c) { c.sections.pop_back(); }, SABLE_FORMAT, ""},
         {"a key nobody counted",
          [](Container &c) {
              c.sections.push_back({0x3230304B, 0, "x"});
          },
          SABLE_FORMAT, ""},
         {"the same element twice",
          [](Container &c) {
              c.sections[0].bytes.replace(8, 48, c.sections[0].bytes.substr(8 + 48, 48));
              c.sections[1].bytes = c.sections[2].bytes;
          },
          SABLE_FORMAT, "keys 0 and 1 are both of kind 2 with Galois element 5"},
         {"two relinearisation keys",
          [](Container &c) { c.sections[0].bytes.replace(8 + 48, 48, c.sections[0].bytes.substr(8, 48)); },
          SABLE_FORMAT, "keys 0 and 1 are both of kind 1"},
         {"a word that is no residue", [](Container &c) { put32(c.sections[2].bytes, 20, UINT32_MAX); }, SABLE_FORMAT,
          "key 1, residue 5 of limb 0 is not below its prime"},
         {"the last word too large",
          [](Container &c) { put32(c.sections[1].bytes, c.sections[1].bytes.size() - 4, 1u << 30); }, SABLE_FORMAT,
          "key 0, residue 1023 of limb"}});
}

/* Nothing tells one key's words from another's: the results are garbage, nothing else happens. */
TEST(InputTable, KeysExchangedAreHarmless) {
    World &w = World::get();
    Container c(w.sample[KEYSET]);
    std::swap(c.sections[1].bytes, c.sections[2].bytes);
    MemoryFile file;
    sable_keyset *keys = nullptr;
    ASSERT_EQ(SABLE_OK, sable_keyset_load(w.queue, &keys, file.write(c.sealed()).c_str()))
        << sable_queue_error(w.queue);
    sable_ct *a = w.encrypt(1, 1), *out = nullptr;
    sable_error err = {};
    ASSERT_EQ(SABLE_OK, sable_ct_create(&out, w.ctx, &err));
    EXPECT_EQ(SABLE_OK, sable_multiply(w.queue, out, a, a, keys)) << sable_queue_error(w.queue);
    EXPECT_EQ(SABLE_OK, sable_rotate(w.queue, out, a, 1, keys)) << sable_queue_error(w.queue);
    EXPECT_EQ(SABLE_NO_KEY, sable_rotate(w.queue, out, a, 2, keys)) << "a rotation nobody has a key for";
    EXPECT_EQ(SABLE_NO_KEY, sable_conjugate(w.queue, out, a, keys));
    sable_ct_destroy(w.queue, &a);
    sable_ct_destroy(w.queue, &out);
    sable_keyset_destroy(w.queue, &keys);
}

TEST(InputTable, PublicKeys) {
    const uint32_t p = sable_params_prime(World::get().params, 0);
    std::vector<Row> rows = {
        {"as it was", [](Container &) {}, SABLE_OK, ""},
        {"layout version 0", meta32(0, 0), SABLE_FORMAT, "layout version 0"},
        {"layout version 2", meta32(0, 2), SABLE_FORMAT, "layout version 2"},
        {"another degree", meta32(4, 11), SABLE_FORMAT, "ring degree 2^11"},
        {"no degree", meta32(4, 0), SABLE_FORMAT, "ring degree 2^0"},
        {"degree 2^31", meta32(4, 31), SABLE_FORMAT, "ring degree 2^31"},
        {"no limbs", meta32(8, 0), SABLE_FORMAT, "0 limbs"},
        {"a limb less", meta32(8, 34), SABLE_FORMAT, "34 limbs"},
        {"2^32-1 limbs", meta32(8, UINT32_MAX), SABLE_FORMAT, "4294967295 limbs"},
        {"a seed mark that is none", meta32(12, 2), SABLE_FORMAT, "seed mark 2"},
        {"no seed, it says", meta32(12, 1), SABLE_FORMAT, "seed mark 1"},
        {"words short of a limb", [](Container &c) { c.sections[1].bytes.resize(c.sections[1].bytes.size() - kDigit); },
         SABLE_FORMAT, "BLMB"},
        {"words long by a limb", [](Container &c) { c.sections[1].bytes += std::string(kDigit, 0); }, SABLE_FORMAT,
         "BLMB"},
    };
    for (uint32_t value : {p, p + 1, UINT32_MAX})
        rows.push_back({"a word that is no residue", [=](Container &c) { put32(c.sections[1].bytes, 12, value); },
                        SABLE_FORMAT, "residue 3 of limb 0"});
    expect_rows(PUBLIC_KEY, World::get().sample[PUBLIC_KEY], rows);
}

/* A file may carry any key id. Whether a public key belongs to a secret, its words tell: one of another secret, and one
 * of which a single word was changed. */
TEST(InputTable, PublicKeysOfAnotherSecret) {
    World &w = World::get();
    sable_error err = {};
    MemoryFile file;
    sable_secret *other = nullptr;
    ASSERT_EQ(SABLE_OK, sable_secret_generate(&other, w.ctx, &err)) << err.text;
    auto check = [&](const std::string &bytes, const sable_secret *secret) {
        sable_public_key *key = nullptr;
        EXPECT_EQ(SABLE_OK, sable_public_key_load(w.queue, &key, file.write(bytes).c_str()))
            << sable_queue_error(w.queue);
        sable_status status = sable_public_key_check(w.queue, key, secret);
        sable_public_key_destroy(w.queue, &key);
        return status;
    };
    uint8_t id[SABLE_DIGEST_BYTES];
    ASSERT_EQ(SABLE_OK, sable_secret_key_id(other, id));
    for (const std::string &sound : {w.sample[PUBLIC_KEY], w.packed[PUBLIC_KEY]}) {
        EXPECT_EQ(SABLE_OK, check(sound, w.secret)) << sable_queue_error(w.queue);
        EXPECT_EQ(SABLE_KEY_MISMATCH, check(sound, other));
        EXPECT_NE(nullptr, strstr(sable_queue_error(w.queue), "the secret is of key")) << sable_queue_error(w.queue);
        Container forged(sound);
        forged.header.replace(56, sizeof id, reinterpret_cast<const char *>(id), sizeof id);
        EXPECT_EQ(SABLE_KEY_MISMATCH, check(forged.sealed(), other));
        EXPECT_NE(nullptr, strstr(sable_queue_error(w.queue), "limb 0 of")) << sable_queue_error(w.queue);
    }
    const uint32_t limbs = get32(Container(w.sample[PUBLIC_KEY]).sections[0].bytes, 8);
    for (uint32_t limb : {0u, 1u, limbs - 1}) {
        Container changed(w.sample[PUBLIC_KEY]);
        std::string &words = changed.sections[1].bytes;
        const size_t at = limb * kDigit + 20;
        put32(words, at, get32(words, at) ? get32(words, at) - 1 : 1);
        EXPECT_EQ(SABLE_KEY_MISMATCH, check(changed.sealed(), w.secret));
        const std::string where = "limb " + std::to_string(limb) + " of " + std::to_string(limbs);
        EXPECT_NE(nullptr, strstr(sable_queue_error(w.queue), where.c_str())) << sable_queue_error(w.queue);
    }
    sable_public_key *key = nullptr;
    ASSERT_EQ(SABLE_OK, sable_public_key_generate(w.queue, &key, w.secret));
    EXPECT_EQ(SABLE_OK, sable_public_key_check(w.queue, key, w.secret)) << sable_queue_error(w.queue);
    EXPECT_EQ(SABLE_INVALID, sable_public_key_check(w.queue, nullptr, w.secret));
    EXPECT_EQ(SABLE_INVALID, sable_public_key_check(w.queue, key, nullptr));
    sable_public_key_destroy(w.queue, &key);
    sable_secret_destroy(&other);
}

TEST(InputTable, SecretKeys) {
    auto all = [](char byte) {
        return [=](Container &c) { c.sections[1].bytes.assign(c.sections[1].bytes.size(), byte); };
    };
    expect_rows(SECRET_KEY, World::get().sample[SECRET_KEY],
                {{"as it was", [](Container &) {}, SABLE_OK, ""},
                 {"layout version 0", meta32(0, 0), SABLE_FORMAT, "layout version 0"},
                 {"another degree", meta32(4, 9), SABLE_FORMAT, "ring degree 2^9"},
                 {"another id", meta32(8, 1), SABLE_FORMAT, "key id"},
                 {"a coefficient 2", [](Container &c) { c.sections[1].bytes[100] = 2 << 4; }, SABLE_FORMAT,
                  "is not -1, 0 or 1"},
                 {"weight 0", all(0), SABLE_FORMAT, "nonzero coefficients"},
                 {"weight N", all(0x55), SABLE_FORMAT, "nonzero coefficients"},
                 {"weight N, negative", all((char)0xFF), SABLE_FORMAT, "nonzero coefficients"},
                 {"a byte less", [](Container &c) { c.sections[1].bytes.pop_back(); }, SABLE_FORMAT, "COEF"},
                 {"a byte more", [](Container &c) { c.sections[1].bytes += '\0'; }, SABLE_FORMAT, "COEF"}});
    const std::string &sound = World::get().sample[SECRET_KEY];
    MemoryFile file;
    for (unsigned mode : {0644u, 0660u, 0601u, 0777u}) {
        file.write(sound);
        ASSERT_EQ(0, fchmod(file.fd(), mode));
        Outcome out = load(SECRET_KEY, file.path());
        EXPECT_EQ(SABLE_INSECURE, out.status) << mode << out.text;
        EXPECT_NE(std::string::npos, out.text.find("chmod 600")) << out.text;
    }
}

} // namespace
