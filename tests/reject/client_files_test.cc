/* SPDX-License-Identifier: Apache-2.0 */
/* Key files that must be refused. */
#include "unit/client_fixture.h"

#include <sys/stat.h>

#include <fstream>

extern "C" {
#include "io/bytes.h"
#include "io/container.h"
}

namespace {
using namespace client_test;

struct ClientFilesRefused : public ::testing::Test {
    World &w = World::get("T10");
    TempFolder folder;
    Secret secret{w};
    std::string path = folder / "secret.key", public_path = folder / "public.key";

    void SetUp() override {
        sable_error err = {};
        ASSERT_EQ(SABLE_OK, sable_secret_save(secret, path.c_str(), &err)) << err.text;
    }
    std::string load(sable_status want, World *world = nullptr) {
        sable_secret *s = nullptr;
        sable_error err = {};
        EXPECT_EQ(want, sable_secret_load(&s, (world ? world : &w)->ctx, path.c_str(), &err)) << err.text;
        EXPECT_EQ(nullptr, s);
        sable_secret_destroy(&s);
        return err.text;
    }
    /* A sound container with this content: what a careful forger would write. */
    void write(unsigned kind, uint32_t flags, const std::vector<uint8_t> &meta,
               const std::vector<uint8_t> &coefficients, const uint8_t *key_id = nullptr) {
        sable_container_info info = {};
        info.kind = kind;
        info.flags = flags;
        memcpy(info.params_digest, w.ctx->params.digest, sizeof info.params_digest);
        memcpy(info.key_id, key_id ? key_id : secret.p->key_id, sizeof info.key_id);
        const sable_tag coef = SABLE_TAG('C', 'O', 'E', 'F');
        const sable_section_spec sections[] = {{SABLE_TAG_META, 0, meta.size()}, {coef, 0, coefficients.size()}};
        sable_container_writer *writer = nullptr;
        sable_error err = {};
        ASSERT_EQ(SABLE_OK, sable_container_writer_create(&writer, path.c_str(), 0600, &info, sections, 2, &err))
            << err.text;
        ASSERT_EQ(SABLE_OK, sable_container_writer_section(writer, SABLE_TAG_META, meta.data(), meta.size(), &err))
            << err.text;
        ASSERT_EQ(SABLE_OK,
                  sable_container_writer_section(writer, coef, coefficients.data(), coefficients.size(), &err))
            << err.text;
        ASSERT_EQ(SABLE_OK, sable_container_writer_finish(&writer, &err)) << err.text;
    }
    std::vector<uint8_t> meta() {
        std::vector<uint8_t> m(40);
        sable_put_u32(m.data(), 1);
        sable_put_u32(m.data() + 4, w.ctx->params.log_n);
        memcpy(m.data() + 8, secret.p->public_bytes, 32);
        return m;
    }
    std::vector<uint8_t> coefficients() {
        std::vector<uint8_t> packed(w.n() / 4);
        for (size_t k = 0; k < w.n(); k++)
            packed[k / 4] |= static_cast<uint8_t>((secret.p->s[k] & 3u) << (2 * (k % 4)));
        return packed;
    }
};

TEST_F(ClientFilesRefused, OthersCanReadIt) {
    for (unsigned mode : {0640u, 0604u, 0620u, 0666u, 0601u}) {
        ASSERT_EQ(0, chmod(path.c_str(), mode));
        load(SABLE_INSECURE);
    }
    ASSERT_EQ(0, chmod(path.c_str(), 0400));
    sable_secret *s = nullptr;
    sable_error err = {};
    EXPECT_EQ(SABLE_OK, sable_secret_load(&s, w.ctx, path.c_str(), &err)) << err.text;
    sable_secret_destroy(&s);
}

TEST_F(ClientFilesRefused, MissingFile) {
    path = folder / "nothing";
    EXPECT_NE(std::string::npos, load(SABLE_IO).find("nothing"));
}

TEST_F(ClientFilesRefused, OtherParameters) { EXPECT_NE("", load(SABLE_PARAMS_MISMATCH, &World::get("T11"))); }

TEST_F(ClientFilesRefused, EveryFlippedByteAndEveryShorterFile) {
    std::ifstream file(path, std::ios::binary);
    const std::string good((std::istreambuf_iterator<char>(file)), {});
    ASSERT_GT(good.size(), 512u);
    auto store = [&](const std::string &bytes) {
        std::ofstream out(path, std::ios::binary | std::ios::trunc);
        out << bytes;
    };
    for (size_t at = 0; at < good.size(); at += at < 300 ? 1 : 7) {
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 0x10);
        store(bad);
        sable_secret *s = nullptr;
        sable_error err = {};
        EXPECT_GT(sable_secret_load(&s, w.ctx, path.c_str(), &err), 0) << "byte " << at;
        EXPECT_NE(0, err.code);
        ASSERT_EQ(nullptr, s);
    }
    for (size_t size = 0; size < good.size(); size += 13) {
        store(good.substr(0, size));
        load(SABLE_FORMAT);
    }
    store(good + '\0');
    load(SABLE_FORMAT);
}

TEST_F(ClientFilesRefused, SoundContainersWithWrongContent) {
    write(SABLE_KIND_PUBLIC_KEY, SABLE_FILE_INSECURE, meta(), coefficients());
    load(SABLE_FORMAT);

    std::vector<uint8_t> c = coefficients();
    c[5] = static_cast<uint8_t>((c[5] & ~3u) | 2u);
    write(SABLE_KIND_SECRET_KEY, SABLE_FILE_INSECURE, meta(), c);
    EXPECT_NE(std::string::npos, load(SABLE_FORMAT).find("-1, 0 or 1"));

    for (uint8_t fill : {uint8_t(0), uint8_t(0x55), uint8_t(0xff), uint8_t(0x01)}) { /* weights 0, N, N, N/4 */
        write(SABLE_KIND_SECRET_KEY, SABLE_FILE_INSECURE, meta(), std::vector<uint8_t>(w.n() / 4, fill));
        EXPECT_NE(std::string::npos, load(SABLE_FORMAT).find("nonzero"));
    }

    c = coefficients();
    c.pop_back();
    write(SABLE_KIND_SECRET_KEY, SABLE_FILE_INSECURE, meta(), c);
    load(SABLE_FORMAT);

    std::vector<uint8_t> m = meta();
    m[0] = 2;
    write(SABLE_KIND_SECRET_KEY, SABLE_FILE_INSECURE, m, coefficients());
    EXPECT_NE(std::string::npos, load(SABLE_FORMAT).find("version"));
    m = meta();
    m[4]++;
    write(SABLE_KIND_SECRET_KEY, SABLE_FILE_INSECURE, m, coefficients());
    EXPECT_NE(std::string::npos, load(SABLE_FORMAT).find("degree"));
    m = meta();
    m[8]++;
    write(SABLE_KIND_SECRET_KEY, SABLE_FILE_INSECURE, m, coefficients());
    EXPECT_NE(std::string::npos, load(SABLE_FORMAT).find("key id"));
}

TEST_F(ClientFilesRefused, KeysOfTheSeededGenerator) {
    write(SABLE_KIND_SECRET_KEY, SABLE_FILE_INSECURE | SABLE_FILE_TEST_RNG, meta(), coefficients());
    EXPECT_NE(std::string::npos, load(SABLE_INSECURE).find("seeded"));
}

TEST_F(ClientFilesRefused, PublicKeyWithAWordBeyondItsPrime) {
    PublicKey key(w, secret);
    const sable_file_options words32 = {sizeof words32, 32, false};
    SABLE_EXPECT_OK(w, sable_public_key_save(w.queue, key, public_path.c_str(), &words32));
    const size_t limbs = w.ctx->ring->q_count + w.ctx->ring->p_count, words = limbs * w.n();
    sable_container *file = nullptr;
    sable_error err = {};
    ASSERT_EQ(SABLE_OK, sable_container_open(&file, public_path.c_str(), SABLE_KIND_PUBLIC_KEY, nullptr, &err))
        << err.text;
    const sable_tag tag = SABLE_TAG('B', 'L', 'M', 'B');
    const sable_section_spec sections[] = {{SABLE_TAG_META, 0, 48}, {tag, 0, 4 * words}};
    ASSERT_EQ(SABLE_OK, sable_container_expect(file, sections, 2, &err)) << err.text;
    std::vector<uint8_t> m(48), b(4 * words);
    ASSERT_EQ(SABLE_OK, sable_container_read(file, SABLE_TAG_META, m.data(), m.size(), &err)) << err.text;
    ASSERT_EQ(SABLE_OK, sable_container_read(file, tag, b.data(), b.size(), &err)) << err.text;
    const sable_container_info info = *sable_container_get_info(file);
    sable_container_close(&file);
    sable_put_u32(b.data() + 4 * (3 * static_cast<size_t>(w.n()) + 7), w.ctx->ring->prime[3].p);
    sable_container_writer *writer = nullptr;
    ASSERT_EQ(SABLE_OK, sable_container_writer_create(&writer, public_path.c_str(), 0644, &info, sections, 2, &err))
        << err.text;
    ASSERT_EQ(SABLE_OK, sable_container_writer_section(writer, SABLE_TAG_META, m.data(), m.size(), &err)) << err.text;
    ASSERT_EQ(SABLE_OK, sable_container_writer_section(writer, tag, b.data(), b.size(), &err)) << err.text;
    ASSERT_EQ(SABLE_OK, sable_container_writer_finish(&writer, &err)) << err.text;
    sable_public_key *back = nullptr;
    EXPECT_EQ(SABLE_FORMAT, sable_public_key_load(w.queue, &back, public_path.c_str()));
    EXPECT_NE(nullptr, strstr(sable_queue_error(w.queue), "residue 7 of limb 3")) << sable_queue_error(w.queue);
    EXPECT_EQ(nullptr, back);
}

} // namespace
