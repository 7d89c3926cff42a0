/* SPDX-License-Identifier: Apache-2.0 */
/* Ciphertexts, data sets, results and models whose content lies under correct digests. */
#include "reject/input_table.h"

#include <cmath>

namespace {
using namespace input_table;

const double kNan = std::nan(""), kInfinity = HUGE_VAL, kTiny = 0x1p-1060;

/* Offsets in a ciphertext header. */
enum {
    LEVEL = 0,
    PARTS = 4,
    BATCH = 8,
    SLOTS = 12,
    SEEDED = 16,
    SCALE_LEVEL = 20,
    POWER = 24,
    ZERO = 28,
    HI = 32,
    LO = 40,
    BOUND = 48,
    RMS = 56,
    VARIANCE = 64,
    RELATIVE = 72,
    SEED = 80
};

/* An explicit scale. */
std::function<void(Container &)> scale(double hi, double lo = 0, uint32_t power = 0, uint32_t level = UINT32_MAX) {
    return [=](Container &c) {
        put32(c.sections[0].bytes, SCALE_LEVEL, level);
        put32(c.sections[0].bytes, POWER, power);
        put_real(c.sections[0].bytes, HI, hi);
        put_real(c.sections[0].bytes, LO, lo);
    };
}

const std::vector<Row> &ciphertext_rows() {
    static const std::vector<Row> rows = {
        {"as it was", [](Container &) {}, SABLE_OK, ""},
        {"level above the top", meta32(LEVEL, 15), SABLE_FORMAT, "level 15, the parameters have 0..14"},
        {"negative level", meta32(LEVEL, UINT32_MAX), SABLE_FORMAT, "level 4294967295"},
        {"level of another number of limbs", meta32(LEVEL, 1), SABLE_FORMAT, "DATA"},
        {"no part", meta32(PARTS, 0), SABLE_FORMAT, "0 parts"},
        {"one part", meta32(PARTS, 1), SABLE_FORMAT, "1 parts"},
        {"four parts", meta32(PARTS, 4), SABLE_FORMAT, "4 parts"},
        {"255 parts", meta32(PARTS, 255), SABLE_FORMAT, "255 parts"},
        {"empty batch", meta32(BATCH, 0), SABLE_FORMAT, "batch of 0"},
        {"batch beyond the limit", meta32(BATCH, (1u << 20) + 1), SABLE_FORMAT, "batch of 1048577"},
        {"absurd batch", meta32(BATCH, 1u << 20), SABLE_FORMAT, "DATA"},
        {"batch of two, data of one", meta32(BATCH, 2), SABLE_FORMAT, "DATA"},
        {"no slots", meta32(SLOTS, 0), SABLE_FORMAT, "0 slots"},
        {"slots no power of two", meta32(SLOTS, 3), SABLE_FORMAT, "3 slots"},
        {"slots beyond N/2", meta32(SLOTS, 1024), SABLE_FORMAT, "1024 slots"},
        {"reserved field", meta32(ZERO, 1), SABLE_FORMAT, "seed mark"},
        {"seed mark of 2", meta32(SEEDED, 2), SABLE_FORMAT, "seed mark 2"},
        {"explicit scale", scale(0x1p40), SABLE_OK, ""},
        {"scale NaN", scale(kNan), SABLE_FORMAT, "explicit scale"},
        {"scale infinite", scale(kInfinity), SABLE_FORMAT, "explicit scale inf"},
        {"scale zero", scale(0), SABLE_FORMAT, "explicit scale 0"},
        {"scale negative", scale(-0x1p40), SABLE_FORMAT, "explicit scale -1.09951e+12"},
        {"scale subnormal", scale(kTiny), SABLE_FORMAT, "explicit scale"},
        {"scale below one", scale(0.5), SABLE_FORMAT, "explicit scale 0.5"},
        {"scale beyond 2^1000", scale(0x1p1001), SABLE_FORMAT, "explicit scale"},
        {"low word NaN", scale(0x1p40, kNan), SABLE_FORMAT, "explicit scale"},
        {"low word too large", scale(0x1p40, 1), SABLE_FORMAT, "explicit scale"},
        {"power of an explicit scale", scale(0x1p40, 0, 1), SABLE_FORMAT, "power 1"},
        {"scale of a level above the top", meta32(SCALE_LEVEL, 15), SABLE_FORMAT, "canonical scale of level 15"},
        {"scale of a negative level", meta32(SCALE_LEVEL, UINT32_MAX - 1), SABLE_FORMAT, "canonical scale of level -2"},
        {"canonical scale, power 0", meta32(POWER, 0), SABLE_FORMAT, "power 0"},
        {"canonical scale, power 5", meta32(POWER, 5), SABLE_FORMAT, "power 5"},
        {"another level's scale", meta32(SCALE_LEVEL, 3), SABLE_FORMAT, "not that of level 3"},
        {"canonical scale with another value", meta_real(HI, 0x1p40), SABLE_FORMAT, "not that of level 0"},
        {"canonical scale NaN", meta_real(HI, kNan), SABLE_FORMAT, "not that of level 0"},
        {"squared scale NaN", scale(kNan, 0, 2, 0), SABLE_FORMAT, "not that of level 0 to the power 2"},
        {"squared scale infinite", scale(kInfinity, 0, 2, 0), SABLE_FORMAT, "to the power 2"},
        {"squared scale zero", scale(0, 0, 2, 0), SABLE_FORMAT, "to the power 2"},
        {"squared scale, low word NaN", scale(std::pow(0x1.b1889a0146p+39, 2), kNan, 2, 0), SABLE_FORMAT, "power 2"},
        {"squared scale, low word infinite", scale(std::pow(0x1.b1889a0146p+39, 2), kInfinity, 2, 0), SABLE_FORMAT,
         "to the power 2"},
        {"bound NaN", meta_real(BOUND, kNan), SABLE_FORMAT, "bound"},
        {"bound negative", meta_real(BOUND, -1), SABLE_FORMAT, "bound -1"},
        {"bound infinite", meta_real(BOUND, kInfinity), SABLE_FORMAT, "bound inf"},
        {"rms NaN", meta_real(RMS, kNan), SABLE_FORMAT, "rms"},
        {"noise negative", meta_real(VARIANCE, -1), SABLE_FORMAT, "noise -1"},
        {"noise infinite", meta_real(VARIANCE, kInfinity), SABLE_FORMAT, "noise inf"},
        {"relative error NaN", meta_real(RELATIVE, kNan), SABLE_FORMAT, "relative error"},
        {"header short of a byte", [](Container &c) { c.sections[0].bytes.pop_back(); }, SABLE_FORMAT, "META"},
        {"header long by a byte", [](Container &c) { c.sections[0].bytes += '\0'; }, SABLE_FORMAT, "META"},
        {"no header", [](Container &c) { c.sections.erase(c.sections.begin()); }, SABLE_FORMAT, "META"},
        {"no data", [](Container &c) { c.sections.pop_back(); }, SABLE_FORMAT, "DATA"},
        {"data short of a word", [](Container &c) { c.sections[1].bytes.resize(c.sections[1].bytes.size() - 4); },
         SABLE_FORMAT, "DATA"},
        {"data long by a word", [](Container &c) { c.sections[1].bytes += std::string(4, 0); }, SABLE_FORMAT, "DATA"},
        {"an unknown section",
         [](Container &c) {
             c.sections.push_back({0x41414141, 0, "x"});
         },
         SABLE_FORMAT, "section AAAA of 1 bytes is unknown"},
        {"an unknown section that may be skipped",
         [](Container &c) {
             c.sections.push_back({0x41414141, 1, "x"});
         },
         SABLE_OK, ""},
    };
    return rows;
}

TEST(InputTable, SeededCiphertext) {
    const std::string &sound = World::get().sample[CIPHERTEXT];
    expect_rows(CIPHERTEXT, sound, ciphertext_rows());
    expect_rows(CIPHERTEXT, sound,
                {{"seeded with three parts", meta32(PARTS, 3), SABLE_FORMAT, "seed mark 1"},
                 {"no seed mark, but a seed", meta32(SEEDED, 0), SABLE_FORMAT, "seed mark 0"},
                 {"half the data, no seed",
                  [](Container &c) {
                      put32(c.sections[0].bytes, SEEDED, 0);
                      c.sections[0].bytes.replace(SEED, 32, std::string(32, 0));
                  },
                  SABLE_FORMAT, "DATA"},
                 {"seed mark with a full body", [](Container &c) { c.sections[1].bytes += c.sections[1].bytes; },
                  SABLE_FORMAT, "DATA"}});
}

TEST(InputTable, FullCiphertext) {
    const std::string &sound = World::get().full;
    expect_rows(CIPHERTEXT, sound, ciphertext_rows());
    expect_rows(CIPHERTEXT, sound,
                {{"a seed without its mark", [](Container &c) { c.sections[0].bytes[SEED + 31] = 1; }, SABLE_FORMAT,
                  "seed mark 0"},
                 {"a seed mark with a full body", meta32(SEEDED, 1), SABLE_FORMAT, "DATA"},
                 {"three parts, data of two", meta32(PARTS, 3), SABLE_FORMAT, "DATA"}});
}

/* Words that are no residues, in every place where there are residues. */
TEST(InputTable, ResiduesNotBelowTheirPrimes) {
    World &w = World::get();
    sable_level_info level = {};
    level.struct_size = sizeof level;
    ASSERT_EQ(SABLE_OK, sable_params_level(w.params, 0, &level));
    const uint32_t n = 1024;
    struct Place {
        Kind kind;
        std::string sound;
        size_t section, offset; /* of the first residue */
        const char *word;       /* what the sentence calls it */
    } places[] = {{CIPHERTEXT, w.sample[CIPHERTEXT], 1, 0, "residue 7 of limb "},
                  {CIPHERTEXT, w.full, 1, 0, "residue 7 of limb "},
                  {DATASET, w.sample[DATASET], 2, 112, "residue 7 of limb "},
                  {RESULTS, w.sample[RESULTS], 1, 112, "residue 7 of limb "},
                  {MODEL, w.sample[MODEL], 1, 0, "residue 7 of limb "},
                  {MODEL, w.sample[MODEL], 2, 0, "residue 7 of limb "},
                  {ENCRYPTED_MATRIX, w.sample[ENCRYPTED_MATRIX], 1, 0, "residue 7 of limb "}};
    for (const Place &place : places)
        for (uint32_t limb = 0; limb < level.limbs; limb++) {
            /* weights and bias were encrypted at level 0 as well */
            uint32_t p = sable_params_prime(w.params, level.first + limb);
            size_t at = place.offset + 4 * (limb * n + 7);
            for (uint32_t value : {p, p + 1, UINT32_MAX, p - 1}) {
                Container c(place.sound);
                put32(c.sections[place.section].bytes, at, value);
                Outcome out = load_bytes(place.kind, c.sealed());
                std::string text = place.word + std::to_string(limb) + " is not below its prime " + std::to_string(p);
                if (value == p - 1) {
                    EXPECT_EQ(SABLE_OK, out.status) << out.text;
                } else {
                    EXPECT_EQ(SABLE_FORMAT, out.status) << kind_names[place.kind];
                    EXPECT_NE(std::string::npos, out.text.find(text)) << out.text;
                }
            }
        }
}

/* In range, so nothing can be noticed: garbage, but no harm. */
TEST(InputTable, LimbsExchangedAreAcceptedAndHarmless) {
    World &w = World::get();
    sable_level_info level = {};
    level.struct_size = sizeof level;
    ASSERT_EQ(SABLE_OK, sable_params_level(w.params, 0, &level));
    Container c(w.full);
    std::string &data = c.sections[1].bytes, limb = data.substr(0, 4096);
    data.replace(0, 4096, data.substr(4096, 4096)).replace(4096, 4096, limb);
    for (uint32_t i = 0; i < 2048; i++)
        put32(data, 4 * i, get32(data, 4 * i) % sable_params_prime(w.params, level.first + i / 1024));
    MemoryFile file;
    sable_error err = {};
    sable_ct *ct = nullptr;
    ASSERT_EQ(SABLE_OK, sable_ct_create(&ct, w.ctx, &err));
    ASSERT_EQ(SABLE_OK, sable_ct_load(w.queue, ct, file.write(c.sealed()).c_str())) << sable_queue_error(w.queue);
    std::vector<double> values(512);
    sable_status status = sable_decrypt(w.queue, values.data(), values.size(), false, ct, w.secret);
    EXPECT_TRUE(status == SABLE_OK || status == SABLE_BOUND) << sable_queue_error(w.queue);
    sable_ct_destroy(w.queue, &ct);
}

/* In the clear: c1 is zero, or all of it. Zero is a legal value to whoever computes and to sable_decrypt; the owner can
 * find out. */
TEST(InputTable, TransparentCiphertextsAreAcceptedAndFound) {
    World &w = World::get();
    sable_error err = {};
    const size_t part = Container(w.full).sections[1].bytes.size() / 2;
    MemoryFile file;
    sable_ct *ct = nullptr, *out = nullptr;
    ASSERT_EQ(SABLE_OK, sable_ct_create(&ct, w.ctx, &err));
    ASSERT_EQ(SABLE_OK, sable_ct_create(&out, w.ctx, &err));
    auto member = [&](const sable_ct *in) {
        uint32_t found = 77;
        EXPECT_EQ(SABLE_OK, sable_ct_find_transparent(w.queue, &found, in)) << sable_queue_error(w.queue);
        return found;
    };
    for (size_t zeros : {(size_t)0, part - 4, part, 2 * part}) { /* from the end; one word away from transparent */
        Container c(w.full);
        std::string &data = c.sections[1].bytes;
        data.replace(data.size() - zeros, zeros, std::string(zeros, 0));
        ASSERT_EQ(SABLE_OK, sable_ct_load(w.queue, ct, file.write(c.sealed()).c_str())) << sable_queue_error(w.queue);
        EXPECT_EQ(zeros >= part ? 0u : 1u, member(ct)) << zeros;
        EXPECT_EQ(SABLE_OK, sable_add(w.queue, out, ct, ct)) << sable_queue_error(w.queue);
        EXPECT_EQ(zeros >= part ? 0u : 1u, member(out)) << zeros;
        std::vector<double> values(512, 1.0);
        sable_status status = sable_decrypt(w.queue, values.data(), values.size(), false, ct, w.secret);
        if (zeros == 2 * part) {
            ASSERT_EQ(SABLE_OK, status) << sable_queue_error(w.queue);
            EXPECT_EQ(std::vector<double>(512, 0.0), values);
        } else {
            EXPECT_TRUE(status == SABLE_OK || status == SABLE_BOUND) << sable_queue_error(w.queue);
        }
    }
    /* ct is all zeros now: the third member of three, and nothing of an encrypted one */
    sable_ct *two = w.encrypt(0, 2), *full = nullptr;
    ASSERT_EQ(SABLE_OK, sable_ct_create(&full, w.ctx, &err));
    EXPECT_EQ(2u, member(two));
    ASSERT_EQ(SABLE_OK, sable_add(w.queue, full, two, two));
    ASSERT_EQ(SABLE_OK, sable_ct_slice(w.queue, two, full, 0, 2));
    const sable_ct *parts[] = {two, ct};
    ASSERT_EQ(SABLE_OK, sable_ct_concat(w.queue, out, parts, 2)) << sable_queue_error(w.queue);
    EXPECT_EQ(2u, member(out)) << "the third of three";
    ASSERT_EQ(SABLE_OK, sable_sub(w.queue, out, full, full));
    EXPECT_EQ(0u, member(out)) << "a - a";
    uint32_t found = 77;
    EXPECT_EQ(SABLE_INVALID, sable_ct_find_transparent(w.queue, nullptr, ct));
    EXPECT_EQ(SABLE_INVALID, sable_ct_find_transparent(w.queue, &found, nullptr));
    EXPECT_EQ(77u, found);
    for (sable_ct **x : {&ct, &out, &two, &full}) sable_ct_destroy(w.queue, x);
}

TEST(InputTable, Datasets) {
    const size_t header = 48;
    const std::vector<Row> both = {
        {"as it was", [](Container &) {}, SABLE_OK, ""},
        {"no packing", meta32(0, 0), SABLE_FORMAT, "layout of kind 0"},
        {"unknown packing", meta32(0, 3), SABLE_FORMAT, "layout of kind 3"},
        {"no features", meta32(4, 0), SABLE_FORMAT, "0 features"},
        {"features beyond the limit", meta32(4, (1u << 20) + 1), SABLE_FORMAT, "1048577 features"},
        {"other slots", meta32(8, 256), SABLE_FORMAT, "256 slots"},
        {"reserved field of the layout", meta32(12, 1), SABLE_FORMAT, "layout"},
        {"no samples", meta64(16, 0), SABLE_FORMAT, "0 samples"},
        {"one block too many", meta64(16, 512), SABLE_FORMAT, "B001"},
        {"one block missing", meta64(16, 1025), SABLE_FORMAT, "B002"},
        {"more blocks than a file can have", meta64(16, 4096 * 512), SABLE_FORMAT, "2097152 samples"},
        {"2^63 samples", meta64(16, 1ull << 63), SABLE_FORMAT, "9223372036854775808 samples"},
        {"2^64-1 samples", meta64(16, UINT64_MAX), SABLE_FORMAT, "18446744073709551615 samples"},
        {"2^64-512 samples", meta64(16, 0ull - 512), SABLE_FORMAT, "samples"},
        {"reserved field", meta64(40, 1), SABLE_FORMAT, "do not fit its kind"},
        {"level above the top", meta32(header + LEVEL, 15), SABLE_FORMAT, "level 15"},
        {"absurd batch", meta32(header + BATCH, 1u << 20), SABLE_FORMAT, "blocks of 1048576 ciphertexts"},
        {"fewer slots", meta32(header + SLOTS, 256), SABLE_FORMAT, "256 slots"},
        {"another level than its blocks", meta32(header + LEVEL, 1), SABLE_FORMAT, "B000"},
        {"scale NaN", meta_real(header + HI, kNan), SABLE_FORMAT, "scale"},
        {"a block of another scale",
         [](Container &c) {
             put32(c.sections[1].bytes, SCALE_LEVEL, UINT32_MAX);
             put32(c.sections[1].bytes, POWER, 0);
         },
         SABLE_FORMAT, "the shape of block 0"},
        {"a block with a bad bound", [](Container &c) { put_real(c.sections[1].bytes, BOUND, kNan); }, SABLE_FORMAT,
         "bound"},
        {"blocks exchanged", [](Container &c) { std::swap(c.sections[1].bytes, c.sections[2].bytes); }, SABLE_OK, ""},
        {"tags exchanged", [](Container &c) { std::swap(c.sections[1].tag, c.sections[2].tag); }, SABLE_OK, ""},
    };
    World &w = World::get();
    expect_rows(DATASET, w.sample[DATASET], both);
    expect_rows(RESULTS, w.sample[RESULTS], both);
    expect_rows(DATASET, w.sample[DATASET],
                {{"features that are not there", meta32(4, 3), SABLE_FORMAT, "blocks of 2 ciphertexts"},
                 {"rows wider than the slots",
                  [](Container &c) {
                      put32(c.sections[0].bytes, 0, 2);
                      put32(c.sections[0].bytes, 4, 1024);
                  },
                  SABLE_LIMIT, "1024"},
                 {"classes in a data set", meta32(24, 1), SABLE_FORMAT, "classes 1"},
                 {"probabilities in a data set", meta32(28, 1), SABLE_FORMAT, "probabilities 1"},
                 {"a factor in a data set", meta_real(32, 1), SABLE_FORMAT, "factor 1"}});
    expect_rows(RESULTS, w.sample[RESULTS],
                {{"no classes", meta32(24, 0), SABLE_FORMAT, "classes 0"},
                 {"classes that are not there", meta32(24, 2), SABLE_FORMAT, "blocks of 1 ciphertexts"},
                 {"probabilities of 2", meta32(28, 2), SABLE_FORMAT, "probabilities 2"},
                 {"factor zero", meta_real(32, 0), SABLE_FORMAT, "factor 0"},
                 {"factor negative", meta_real(32, -1), SABLE_FORMAT, "factor -1"},
                 {"factor NaN", meta_real(32, kNan), SABLE_FORMAT, "factor"},
                 {"factor infinite", meta_real(32, kInfinity), SABLE_FORMAT, "factor inf"}});
}

TEST(InputTable, EncryptedModels) {
    expect_rows(MODEL, World::get().sample[MODEL],
                {{"as it was", [](Container &) {}, SABLE_OK, ""},
                 {"no packing", meta32(0, 0), SABLE_FORMAT, "layout of kind 0"},
                 {"features that are not there", meta32(4, 3), SABLE_FORMAT, "contradict"},
                 {"no classes", meta32(16, 0), SABLE_FORMAT, "0 classes"},
                 {"classes that are not there", meta32(16, 2), SABLE_FORMAT, "2 classes"},
                 {"2^32-1 classes", meta32(16, UINT32_MAX), SABLE_FORMAT, "4294967295 classes"},
                 {"a mark of 2", meta32(20, 2), SABLE_FORMAT, "contradict"},
                 {"range zero", meta_real(24, 0), SABLE_FORMAT, "range 0"},
                 {"range negative", meta_real(24, -1), SABLE_FORMAT, "range -1"},
                 {"range NaN", meta_real(24, kNan), SABLE_FORMAT, "range"},
                 {"range infinite", meta_real(24, kInfinity), SABLE_FORMAT, "range inf"},
                 {"weights of another level", meta32(32 + LEVEL, 1), SABLE_FORMAT, "WGTS"},
                 {"bias of another level", meta32(144 + LEVEL, 1), SABLE_FORMAT, "BIAS"},
                 {"weights of no parts", meta32(32 + PARTS, 0), SABLE_FORMAT, "0 parts"},
                 {"bias of two members", meta32(144 + BATCH, 2), SABLE_FORMAT, "2 bias ciphertexts"},
                 {"bias in fewer slots", meta32(144 + SLOTS, 256), SABLE_FORMAT, "contradict"},
                 {"weights and bias exchanged",
                  [](Container &c) { std::swap(c.sections[1].bytes, c.sections[2].bytes); }, SABLE_FORMAT, "WGTS"}});
}

TEST(InputTable, EncryptedMatrices) {
    expect_rows(ENCRYPTED_MATRIX, World::get().sample[ENCRYPTED_MATRIX],
                {{"as it was", [](Container &) {}, SABLE_OK, ""},
                 {"no format", meta32(0, 0), SABLE_FORMAT, "format 0"},
                 {"a format that is not there", meta32(0, 4), SABLE_FORMAT, "format 4"},
                 {"a row vector of 20 x 30", meta32(0, 2), SABLE_FORMAT, "20 x 30"},
                 {"no rows", meta32(4, 0), SABLE_FORMAT, "0 x 30"},
                 {"rows of one tile", meta32(4, 16), SABLE_FORMAT, "contradict"},
                 {"2^32-1 columns", meta32(8, UINT32_MAX), SABLE_FORMAT, "tiles"},
                 {"a tile of 15 rows", meta32(12, 15), SABLE_FORMAT, "15 x 32"},
                 {"a tile of other slots", meta32(12, 8), SABLE_FORMAT, "contradict"},
                 {"a tile of no columns", meta32(16, 0), SABLE_FORMAT, "16 x 0"},
                 {"a field that is not there", meta32(20, 1), SABLE_FORMAT, "not zero"},
                 {"the last such byte", meta32(28, 1u << 24), SABLE_FORMAT, "not zero"},
                 {"tiles of another level", meta32(32 + LEVEL, 1), SABLE_FORMAT, "DATA"},
                 {"tiles of no parts", meta32(32 + PARTS, 0), SABLE_FORMAT, "0 parts"},
                 {"a tile more", meta32(32 + BATCH, 3), SABLE_FORMAT, "contradict"},
                 {"tiles of fewer slots", meta32(32 + SLOTS, 256), SABLE_FORMAT, "contradict"}});
}

} // namespace
