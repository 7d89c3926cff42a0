/* SPDX-License-Identifier: Apache-2.0 */
/* Files cut at every byte and with bits flipped, for the loader of every kind. What was tried is printed. */
#include "reject/faults_alloc.h"
#include "reject/input_table.h"

#include <algorithm>
#include <random>

#include "sable/io.h"
#include "support/packed.h"
#include "support/scratch.h"

extern "C" {
#include "io/container_format.h"
}

namespace {
using namespace input_table;

const size_t kMemory = 1u << 20; /* bytes that a refusal may have asked for, all requests together */

struct Tally {
    const char *what;
    size_t tried = 0, accepted = 0, memory = 0;
    explicit Tally(const char *name) : what(name) {}
    ~Tally() {
        printf("[ COUNTED  ] %s: %zu tried, %zu accepted, at most %zu bytes of memory asked for\n", what, tried,
               accepted, memory);
        EXPECT_EQ(0u, accepted) << what;
        EXPECT_LE(memory, kMemory) << what;
    }
    void count(int kind, const Outcome &out, const std::string &where) {
        tried++;
        accepted += out.status == SABLE_OK;
        memory = std::max(memory, out.requested);
        EXPECT_GT(out.status, SABLE_OK) << kind_names[kind] << ", " << where << ": " << out.text;
        EXPECT_FALSE(out.text.empty()) << kind_names[kind] << ", " << where;
    }
};

/* A sound file of every kind, of those with residues also one that packs them and has no seeds. */
struct Sound {
    int kind;
    const std::string &whole;
};
std::vector<Sound> sound_files() {
    World &w = World::get();
    std::vector<Sound> all;
    for (int kind = 0; kind < ALL_KINDS; kind++) all.push_back({kind, w.sample[kind]});
    for (int kind = 0; kind < ALL_KINDS; kind++)
        if (!w.packed[kind].empty() && w.packed[kind].size() != w.sample[kind].size())
            all.push_back({kind, w.packed[kind]});
    EXPECT_EQ((size_t)ALL_KINDS + 7, all.size());
    return all;
}

/* A file in memory that loses or changes some of its bytes. */
struct Victim {
    int kind;
    const std::string &whole;
    MemoryFile file;
    explicit Victim(const Sound &sound) : kind(sound.kind), whole(sound.whole) { file.write(whole); }
    ~Victim() { EXPECT_EQ(SABLE_OK, load(static_cast<Kind>(kind), file.path()).status) << "whole again"; }
    void flip(Tally &tally, size_t bit) {
        char byte = (char)(whole[bit / 8] ^ (1 << bit % 8));
        ASSERT_EQ(1, pwrite(file.fd(), &byte, 1, (off_t)(bit / 8)));
        tally.count(kind, load(static_cast<Kind>(kind), file.path()), "bit " + std::to_string(bit));
        ASSERT_EQ(1, pwrite(file.fd(), &whole[bit / 8], 1, (off_t)(bit / 8)));
    }
    size_t head_bytes() const { return sable_head_bytes(get32(whole, 88)); }
};

TEST(InputDamage, EveryTruncation) {
    Tally tally("truncations, every proper prefix of a file of every kind");
    for (const Sound &sound : sound_files()) {
        const int kind = sound.kind;
        Victim victim(sound);
        for (size_t n = victim.whole.size(); n-- > 0;) {
            ASSERT_EQ(0, ftruncate(victim.file.fd(), (off_t)n));
            Outcome out = load(static_cast<Kind>(kind), victim.file.path());
            tally.count(kind, out, "cut to " + std::to_string(n));
            /* Of parameters and models a short piece might as well be bad JSON. */
            if (kind < KINDS) {
                ASSERT_EQ(SABLE_FORMAT, out.status) << kind_names[kind] << " cut to " << n << ": " << out.text;
                const char *text = n == 0 ? "is empty" : n < SABLE_HEADER_BYTES ? "truncated header" : "truncated";
                ASSERT_NE(std::string::npos, out.text.find(text)) << kind_names[kind] << " cut to " << n << out.text;
            }
        }
        victim.file.write(victim.whole);
    }
}

TEST(InputDamage, EveryBitOfTheHead) {
    Tally tally("bit flips in heads, every bit of header, section table and head digest");
    for (const Sound &sound : sound_files()) {
        Victim victim(sound);
        for (size_t bit = 0; bit < 8 * victim.head_bytes(); bit++) victim.flip(tally, bit);
    }
}

/* Sections and the zeros between them. */
void flip_bodies(size_t rounds) {
    std::mt19937_64 random(20);
    Tally tally("bit flips in bodies, at random places behind the head");
    const std::vector<Sound> all = sound_files();
    for (const Sound &sound : all) {
        Victim victim(sound);
        size_t head = 8 * victim.head_bytes(), body = 8 * victim.whole.size() - head;
        for (size_t i = 0; i < (rounds + all.size() - 1) / all.size(); i++) victim.flip(tally, head + random() % body);
    }
}
TEST(InputDamage, ThousandsOfBitsOfBodies) { flip_bodies(3000); }
TEST(InputDamage, HundredThousandBitsOfBodiesSlow) { flip_bodies(100000); }

/* Keys one by one: damage of a key that is asked for is found, and damage of another one is not looked for. */
TEST(InputDamage, KeysOneByOne) {
    World &w = World::get();
    sable_error err = {};
    sable_key_spec *spec = nullptr;
    ASSERT_EQ(SABLE_OK, sable_key_spec_create(&spec, w.params, &err));
    ASSERT_EQ(SABLE_OK, sable_key_spec_add_rotation(spec, 1, 0, 0, 1, &err));
    std::mt19937_64 random(22);
    Tally tally("bit flips in the one key of two that is loaded");
    for (const std::string *whole : {&w.sample[KEYSET], &w.packed[KEYSET]}) {
        const size_t first = get32(*whole, 152 + 8), second = get32(*whole, 208 + 8);
        MemoryFile file;
        auto with = [&](size_t bit) {
            std::string bytes = *whole;
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
            Outcome out;
            sable_key_file *keys = nullptr;
            sable_keyset *set = nullptr;
            faults::requested = 0;
            out.status = sable_key_file_open(w.queue, &keys, file.write(bytes).c_str());
            if (out.status == SABLE_OK) out.status = sable_key_file_load(w.queue, &set, keys, spec);
            out.requested = faults::requested;
            if (out.status != SABLE_OK) out.text = sable_queue_error(w.queue);
            EXPECT_EQ(out.status != SABLE_OK, set == nullptr);
            sable_keyset_destroy(w.queue, &set);
            sable_key_file_close(&keys);
            return out;
        };
        for (int i = 0; i < 300; i++) {
            size_t bit = 8 * second + random() % (8 * (whole->size() - second));
            tally.count(KEYSET, with(bit), "bit " + std::to_string(bit));
            bit = 8 * first + random() % (8 * (second - first - 256));
            EXPECT_EQ(SABLE_OK, with(bit).status) << "a key that is not read, bit " << bit;
        }
    }
    sable_key_spec_destroy(&spec);
}

/* Files without digests, whose end their own text or header tells. */
TEST(InputDamage, EveryTruncationOfTextsAndArrays) {
    World &w = World::get();
    Scratch scratch;
    sable_error err = {};
    sable_model *model = nullptr;
    const double values[] = {1, 2, 3, 4};
    ASSERT_EQ(SABLE_OK, sable_model_create(&model, 2, 3, true, &err)) << err.text;
    ASSERT_EQ(SABLE_OK, sable_model_save(model, scratch.path("model.json").c_str(), &err)) << err.text;
    sable_model_destroy(&model);
    ASSERT_EQ(SABLE_OK, sable_params_save(w.params, scratch.path("params.json").c_str(), &err)) << err.text;
    ASSERT_EQ(SABLE_OK, sable_npy_write(scratch.path("t.npy").c_str(), values, 2, 2, &err)) << err.text;
    scratch.write("t.idx", std::string("\0\0\x08\x02\0\0\0\x02\0\0\0\x03"
                                       "123456",
                                       18));
    const std::string table = gzip("a,b\n1,2\n");
    scratch.write("t.csv.gz", table);
    Tally tally("truncations of model and parameter JSON, NPY, IDX and gzip, every proper prefix");
    for (const char *name : {"model.json", "params.json", "t.npy", "t.idx", "t.csv.gz"}) {
        std::string whole = Scratch::read(scratch.path(name));
        while (whole.back() == '\n' && strstr(name, "json")) whole.pop_back(); /* says nothing */
        const Kind kind = strstr(name, "model") ? CLEAR_MODEL : PARAMETERS;
        for (size_t n = 0; n <= whole.size(); n++) {
            const std::string path = scratch.write(name, whole.substr(0, n));
            Outcome out;
            if (strstr(name, "json"))
                out = load(kind, path);
            else {
                sable_table *read = nullptr;
                faults::requested = 0;
                out.status = sable_table_read(&read, path.c_str(), nullptr, &err);
                out.requested = faults::requested;
                out.text = out.status == SABLE_OK ? "" : err.text;
                EXPECT_EQ(out.status != SABLE_OK, read == nullptr);
                sable_table_destroy(&read);
            }
            if (n < whole.size())
                tally.count(kind, out, std::string(name) + " cut to " + std::to_string(n));
            else
                EXPECT_EQ(SABLE_OK, out.status) << name << ", the whole of it: " << out.text;
        }
    }
}

/* Files of a much larger parameter set: their heads tell what is wrong, before memory of their size is taken. */
TEST(InputDamage, LargeSetsTakeNoMemoryBeforeTheHeadIsJudged) {
    sable_error err = {};
    sable_params *params = nullptr;
    sable_ctx *ctx = nullptr;
    sable_queue *queue = nullptr;
    ASSERT_EQ(SABLE_OK, sable_params_load(&params, "train15", nullptr, &err)) << err.text;
    ASSERT_EQ(SABLE_OK, sable_ctx_create(&ctx, params, nullptr, &err)) << err.text;
    ASSERT_EQ(SABLE_OK, sable_queue_create(&queue, ctx, nullptr, &err)) << err.text;
    sable_params_info info = {};
    info.struct_size = sizeof info;
    ASSERT_EQ(SABLE_OK, sable_params_describe(params, &info));
    std::mt19937_64 random(21);
    MemoryFile file;
    {
        Tally tally("heads of N = 2^15 with wrong content under right digests");
        for (int kind = 0; kind < KINDS; kind++) {
            Container c(World::get().sample[kind]);
            memcpy(c.header.data() + 24, info.digest, sizeof info.digest);
            put32(c.header, 12, 0); /* INSECURE would end it sooner */
            auto attempt = [&](const Container &changed, const std::string &what) {
                tally.count(kind, load(static_cast<Kind>(kind), file.write(changed.sealed()), ctx, queue), what);
            };
            attempt(c, "sections of a smaller set");
            for (int round = 0; round < 300; round++) {
                Container changed(c);
                std::string &meta = changed.sections[0].bytes;
                size_t at = random() % (meta.size() / 4) * 4;
                const uint32_t value[] = {0, 1, 2, 15, 27, 30, UINT32_MAX, (uint32_t)random()};
                put32(meta, at, value[random() % 8]);
                attempt(changed, "word " + std::to_string(at) + " of META");
            }
            Container many(c);
            while (many.sections.size() < SABLE_SECTIONS_MOST) {
                char tag[8];
                snprintf(tag, sizeof tag, "Z%03X", (unsigned)many.sections.size());
                many.sections.push_back({get32(tag, 0), 0, "x"});
            }
            attempt(many, "4096 sections");
        }
    }
    sable_queue_destroy(&queue);
    sable_ctx_destroy(&ctx);
    sable_params_destroy(&params);
}

} // namespace
