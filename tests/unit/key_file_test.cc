/* SPDX-License-Identifier: Apache-2.0 */
// Keys one by one: the keys that are asked for are read, and nothing else: counted by the system and by the backend.
#include "support/world.h"

namespace {

struct KeyFile : World {
    enum { KEYS = 9 };
    sable_keyset *keys = nullptr;
    sable_key_spec *all = nullptr;
    uint64_t cost = 0; // backend memory that a key takes, rounded up as the backend does
    std::string file;

    void SetUp() override {
        ASSERT_NO_FATAL_FAILURE(open("T11"));
        all = spec();
        ASSERT_OK(sable_key_spec_add_relin(all, 0, info.top_level, &err));
        for (int64_t steps = 1; steps < 256; steps *= 2)
            ASSERT_OK(sable_key_spec_add_rotation(all, steps, 0, 0, info.top_level, &err));
        const uint64_t before = backend_bytes();
        ASSERT_OK(sable_keyset_generate(queue, &keys, secret, all));
        cost = (backend_bytes() - before) / KEYS;
        file = path("keys");
        ASSERT_OK(sable_keyset_save(queue, keys, file.c_str(), nullptr));
    }
    void TearDown() override {
        sable_keyset_destroy(queue, &keys);
        sable_key_spec_destroy(&all);
        World::TearDown();
    }
    sable_key_spec *spec() {
        sable_key_spec *s = nullptr;
        EXPECT_EQ(SABLE_OK, sable_key_spec_create(&s, params, &err)) << err.text;
        return s;
    }
    uint64_t backend_bytes() {
        sable_ctx_info i = {};
        i.struct_size = sizeof i;
        EXPECT_EQ(SABLE_OK, sable_ctx_describe(ctx, &i));
        return i.bytes_live;
    }
    // Bytes that this process has asked the system for with read and its relatives.
    static uint64_t bytes_read() {
        std::ifstream in("/proc/self/io");
        std::string name;
        uint64_t value = 0;
        in >> name >> value;
        return name == "rchar:" ? value : 0;
    }
    sable_key_file_info described(const sable_key_file *f) {
        sable_key_file_info i = {};
        i.struct_size = sizeof i;
        EXPECT_EQ(SABLE_OK, sable_key_file_describe(f, &i));
        return i;
    }
};

TEST_F(KeyFile, ReadsAndHoldsWhatIsAskedFor) {
    const uint64_t live = backend_bytes(), total = std::filesystem::file_size(file),
                   one = sable_keyset_bytes(keys) / KEYS;
    const uint64_t half = one / 2 / 32 * 30; // b, packed
    const uint64_t start = bytes_read();
    sable_key_file *f = nullptr;
    ASSERT_OK(sable_key_file_open(queue, &f, file.c_str()));
    const uint64_t opened = bytes_read() - start;
    EXPECT_EQ(0u, described(f).key_bytes_read);
    EXPECT_EQ((size_t)KEYS, described(f).count);
    EXPECT_EQ(total, described(f).file_bytes);
    EXPECT_EQ(live, backend_bytes());

    sable_key_spec *two = spec();
    ASSERT_OK(sable_key_spec_add_rotation(two, 4, 0, 0, 1, &err));
    ASSERT_OK(sable_key_spec_add_relin(two, 0, 1, &err));
    sable_keyset *some = nullptr;
    const uint64_t before = bytes_read();
    ASSERT_OK(sable_key_file_load(queue, &some, f, two));
    const uint64_t loaded = bytes_read() - before;
    EXPECT_EQ(2u, sable_keyset_count(some));
    EXPECT_EQ(2 * half, described(f).key_bytes_read);
    EXPECT_EQ(live + 2 * cost, backend_bytes());
    if (start) { // a system that counts
        EXPECT_LT(opened, 8192u) << "opening read more than the index";
        EXPECT_GE(loaded, 2 * half);
        EXPECT_LT(loaded, 2 * half + 4096);
    }
    sable_key_need need = {};
    ASSERT_EQ(SABLE_OK, sable_keyset_get(some, 0, &need));
    EXPECT_EQ(sable_galois_rotation(params, 4, 0), need.galois);

    // the same keys as those of the whole set
    std::vector<double> x(info.slots);
    for (size_t i = 0; i < x.size(); i++) x[i] = std::sin(0.3 * (double)i);
    sable_ct *a = encrypt(x, 1, 1), *p = handle(), *q = handle();
    ASSERT_OK(sable_rotate(queue, p, a, 4, some));
    ASSERT_OK(sable_rotate(queue, q, a, 4, keys));
    EXPECT_EQ(decrypt(p), decrypt(q));
    ASSERT_OK(sable_multiply(queue, p, a, a, some));
    EXPECT_EQ(SABLE_NO_KEY, sable_rotate(queue, p, a, 1, some));
    for (sable_ct **h : {&a, &p, &q}) sable_ct_destroy(queue, h);
    sable_keyset_destroy(queue, &some);

    ASSERT_OK(sable_key_file_load(queue, &some, f, all));
    EXPECT_EQ((2 + KEYS) * half, described(f).key_bytes_read);
    sable_keyset_destroy(queue, &some);
    sable_key_file_close(&f);
    sable_key_spec_destroy(&two);
}

TEST_F(KeyFile, IndexTellsWhatIsThere) {
    sable_key_file *f = nullptr;
    ASSERT_OK(sable_key_file_open(queue, &f, file.c_str()));
    for (size_t i = 0; i < KEYS; i++) {
        sable_key_need have = {}, want = {};
        ASSERT_EQ(SABLE_OK, sable_key_file_get(f, i, &have));
        ASSERT_EQ(SABLE_OK, sable_keyset_get(keys, i, &want));
        EXPECT_EQ(want.kind, have.kind);
        EXPECT_EQ(want.galois, have.galois);
        EXPECT_EQ(i, sable_key_file_find(f, &want));
        want.limbs++;
        EXPECT_EQ(SIZE_MAX, sable_key_file_find(f, &want)) << "a hull that the key does not cover";
    }
    sable_key_need none = {};
    EXPECT_EQ(SABLE_INVALID, sable_key_file_get(f, KEYS, &none));

    sable_key_spec *missing = spec();
    ASSERT_OK(sable_key_spec_add_rotation(missing, 1, 0, 0, 1, &err));
    ASSERT_OK(sable_key_spec_add_conjugation(missing, 0, 1, &err));
    sable_keyset *some = nullptr;
    EXPECT_EQ(SABLE_NO_KEY, sable_key_file_load(queue, &some, f, missing));
    EXPECT_EQ(nullptr, some);
    EXPECT_EQ(0u, described(f).key_bytes_read) << "refused before anything is read";
    sable_key_spec_destroy(&missing);
    sable_key_file_close(&f);
}

// Damage in one key is that key's: the others load.
TEST_F(KeyFile, DamageStaysWhereItIs) {
    std::vector<char> bytes = file_bytes(file);
    bytes[bytes.size() - 100] = (char)(bytes[bytes.size() - 100] ^ 1); // in the last key
    write_bytes(file, bytes);
    sable_key_file *f = nullptr;
    ASSERT_OK(sable_key_file_open(queue, &f, file.c_str()));
    const uint64_t live = backend_bytes();
    sable_key_spec *good = spec(), *bad = spec();
    ASSERT_OK(sable_key_spec_add_rotation(good, 64, 0, 0, 1, &err));
    ASSERT_OK(sable_key_spec_add_rotation(bad, 128, 0, 0, 1, &err));
    sable_keyset *some = nullptr;
    EXPECT_EQ(SABLE_FORMAT, sable_key_file_load(queue, &some, f, bad));
    EXPECT_EQ(nullptr, some);
    EXPECT_EQ(live, backend_bytes());
    ASSERT_OK(sable_key_file_load(queue, &some, f, good));
    sable_keyset_destroy(queue, &some);
    EXPECT_EQ(SABLE_FORMAT, sable_keyset_load(queue, &some, file.c_str()));
    sable_key_file_close(&f);
    sable_key_spec_destroy(&good);
    sable_key_spec_destroy(&bad);
}

} // namespace
