/* SPDX-License-Identifier: Apache-2.0 */
/* Generator and streams: known answers computed with Python (hashlib and a ChaCha20 written from its definition),
 * erasure, forks. */
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <set>
#include <string>
#include <vector>

extern "C" {
#include "base/hash.h"
#include "client/rng.h"
}

namespace {

using Key = std::array<uint8_t, SABLE_SEED_BYTES>;

Key counting_key() {
    Key k;
    for (size_t i = 0; i < k.size(); i++) k[i] = static_cast<uint8_t>(i);
    return k;
}

std::string hex(const uint8_t *data, size_t bytes) {
    std::vector<char> text(2 * bytes + 1);
    sable_hex(text.data(), data, bytes);
    return text.data();
}

TEST(ClientRng, DomainKeysAreKnown) {
    const std::array<std::pair<const char *, const char *>, SABLE_DOMAIN_COUNT> known = {{
        {"sk", "e53e7a7ee1e766a18515440edfb10360ccaa0eb77c8d67b4693cccf103569262"},
        {"sk-eph", "aab4cc74a129eb60d8d38a2e6cb598d6f6de5cc57b80c80b084a01c91f8c73df"},
        {"pk-e", "cd60879ef473da98acb3e29818438e89297850d3467fce1c70ce49a5c36e7f33"},
        {"enc-u", "db7051a224b7a79a1233d0410c5e557f4f385b1ab0234ade39ca150db642e5f1"},
        {"enc-e0", "a2d5a60ab7425dbeb215f199ab6f0bcc6e9127d4e3dc0b7bf47d4fc886a60372"},
        {"enc-e1", "1a948f5d1378027aa55a65e18fe7dc431564a5217ea297bb15d30e510441c5d5"},
        {"ksk-e", "c9464d1edd068a1eb8ba15132f6f8716e90c2c2d04c75750d7a551cbccacf851"},
        {"flood", "0989870dcffaf278912ab960c7ad39d0363413681e428087da0f69b3f29af601"},
    }};
    const Key half = counting_key();
    for (int d = 0; d < SABLE_DOMAIN_COUNT; d++) {
        Key key;
        sable_domain_key(key.data(), half.data(), static_cast<sable_domain>(d));
        EXPECT_STREQ(known[d].first, sable_domain_name(static_cast<sable_domain>(d)));
        EXPECT_EQ(known[d].second, hex(key.data(), key.size())) << known[d].first;
    }
}

TEST(ClientRng, StreamIsChaCha20InChunksAndErasesWhatItGave) {
    sable_stream stream;
    sable_stream_open(&stream, counting_key().data());
    std::vector<uint8_t> bytes(5000);
    sable_stream_read(&stream, bytes.data(), 7); /* pieces of odd sizes give the same bytes */
    sable_stream_read(&stream, bytes.data() + 7, 4993);
    EXPECT_EQ("39fd2b7dd9c5196a8dbd0377b8dc4a49", hex(bytes.data(), 16));
    EXPECT_EQ("28d72fd04b322fa4f10250808e89a252", hex(bytes.data() + 4090, 16));
    for (size_t i = 0; i < stream.used; i++) ASSERT_EQ(0, stream.buffer[i]) << i;
    sable_stream_wipe(&stream);
    for (uint8_t byte : stream.buffer) ASSERT_EQ(0, byte);
    for (uint8_t byte : stream.key) ASSERT_EQ(0, byte);
}

struct Rng {
    sable_rng *p = nullptr;
    Rng() {
        sable_error err = {};
        EXPECT_EQ(SABLE_OK, sable_rng_create(&p, &err)) << err.text;
    }
    ~Rng() { sable_rng_destroy(&p); }
    Key derive(sable_domain domain) {
        Key k;
        sable_rng_derive(p, domain, k.data());
        return k;
    }
};

TEST(ClientRng, KeysNeverRepeat) {
    std::set<Key> seen;
    for (int generator = 0; generator < 4; generator++) {
        Rng rng;
        EXPECT_FALSE(sable_rng_insecure(rng.p));
        for (int i = 0; i < 500; i++)
            EXPECT_TRUE(seen.insert(rng.derive(static_cast<sable_domain>(i % SABLE_DOMAIN_COUNT))).second);
        Key published;
        sable_rng_public(rng.p, published.data(), published.size());
        EXPECT_TRUE(seen.insert(published).second);
    }
}

/* Parent and children continue from one state; each must find a seed of its own. */
TEST(ClientRng, ForkedProcessesDoNotShareKeys) {
    const int forks = 200;
    Rng rng;
    rng.derive(SABLE_DOMAIN_SECRET);
    std::set<Key> seen;
    for (int i = 0; i < forks; i++) {
        int pipes[2];
        ASSERT_EQ(0, pipe(pipes));
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            Key key;
            sable_rng_derive(rng.p, SABLE_DOMAIN_SECRET, key.data());
            _exit(write(pipes[1], key.data(), key.size()) == static_cast<ssize_t>(key.size()) ? 0 : 1);
        }
        close(pipes[1]);
        Key key = {};
        ASSERT_EQ(static_cast<ssize_t>(key.size()), read(pipes[0], key.data(), key.size()));
        close(pipes[0]);
        int status = 0;
        ASSERT_EQ(child, waitpid(child, &status, 0));
        EXPECT_EQ(0, status);
        EXPECT_TRUE(seen.insert(key).second) << "fork " << i;
    }
    EXPECT_TRUE(seen.insert(rng.derive(SABLE_DOMAIN_SECRET)).second);
}

} // namespace
