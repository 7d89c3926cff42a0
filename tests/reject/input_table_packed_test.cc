/* SPDX-License-Identifier: Apache-2.0 */
/* Files of packed residues and without seeds: the same refusals as for words. */
#include "reject/input_table.h"

extern "C" {
#include "io/container.h"
#include "io/residues.h"
}

namespace {
using namespace input_table;

const Kind residue_kinds[] = {CIPHERTEXT, KEYSET, DATASET, RESULTS, MODEL, ENCRYPTED_MATRIX, PUBLIC_KEY};

void refused(Kind kind, const std::string &bytes, const std::string &text, const std::string &what) {
    Outcome out = load_bytes(kind, bytes);
    EXPECT_EQ(SABLE_FORMAT, out.status) << kind_names[kind] << ", " << what << ": " << out.text;
    EXPECT_NE(std::string::npos, out.text.find(text)) << kind_names[kind] << ", " << what << ": " << out.text;
}

TEST(InputTable, PackedWithoutSeeds) {
    World &w = World::get();
    for (Kind kind : residue_kinds) {
        EXPECT_EQ(SABLE_OK, load_bytes(kind, w.packed[kind]).status) << kind_names[kind];
        for (size_t n = 96; n < w.packed[kind].size(); n += n < 1024 ? 7 : 2027)
            refused(kind, w.packed[kind].substr(0, n), "truncated", std::to_string(n));
        refused(kind, w.packed[kind] + '\0', "says", "a byte more");
    }
}

/* Residue 7 of the first limb, and residue 250 of a block, whose bits lie in 15 words. */
TEST(InputTable, PackedResiduesBeyondTheirPrime) {
    World &w = World::get();
    sable_level_info level = {};
    level.struct_size = sizeof level;
    ASSERT_EQ(SABLE_OK, sable_params_level(w.params, 0, &level));
    sable_key_need need = {};
    ASSERT_EQ(SABLE_OK, sable_keyset_get(w.keys, 0, &need));
    const struct {
        Kind kind;
        size_t section, offset;
        uint32_t position;
    } places[] = {{CIPHERTEXT, 1, 0, level.first},
                  {DATASET, 2, 112, level.first},
                  {RESULTS, 1, 112, level.first},
                  {MODEL, 2, 0, level.first},
                  {ENCRYPTED_MATRIX, 1, 0, level.first},
                  {KEYSET, 1, 0, need.first},
                  {PUBLIC_KEY, 1, 0, 0},
                  {PUBLIC_KEY, 2, 0, 0}};
    for (const auto &place : places)
        for (size_t residue : {(size_t)7, (size_t)250}) {
            const uint32_t p = sable_params_prime(w.params, place.position);
            for (uint32_t value : {p, (1u << 30) - 1, p - 1}) {
                Container c(w.packed[place.kind]);
                std::string &bytes = c.sections[place.section].bytes;
                std::vector<uint32_t> packed(240), block(256);
                memcpy(packed.data(), bytes.data() + place.offset, 960);
                sable_residues_unpack(block.data(), packed.data(), 256);
                block[residue] = value;
                sable_residues_pack(packed.data(), block.data(), 256);
                memcpy(&bytes[place.offset], packed.data(), 960);
                const std::string text = "residue " + std::to_string(residue) + " of limb 0 is";
                if (value == p - 1)
                    EXPECT_EQ(SABLE_OK, load_bytes(place.kind, c.sealed()).status) << kind_names[place.kind];
                else
                    refused(place.kind, c.sealed(), text, std::to_string(value));
            }
        }
}

/* The mark in the head and the lengths of the sections belong together; kinds without residues have no such mark. */
TEST(InputTable, PackedMark) {
    World &w = World::get();
    for (Kind kind : residue_kinds) {
        for (std::string bytes : {w.sample[kind], w.packed[kind]}) {
            bytes[12] = (char)(bytes[12] ^ SABLE_FILE_PACKED);
            refused(kind, repaired(bytes), "bytes", "another packing");
        }
        Container c(w.packed[kind]);
        c.sections.back().bytes.resize(c.sections.back().bytes.size() - 4);
        refused(kind, c.sealed(), "bytes", "a word less");
    }
    std::string bytes = w.sample[SECRET_KEY];
    bytes[12] = (char)(bytes[12] | SABLE_FILE_PACKED);
    refused(SECRET_KEY, repaired(bytes), "unknown flags 00000004", "a packed secret");
}

/* Halves in full and a seed besides: one of the two would be a lie. */
TEST(InputTable, SeedsThatShouldNotBeThere) {
    World &w = World::get();
    auto with = [&](Kind kind, size_t at, uint32_t value) {
        Container c(w.packed[kind]);
        put32(c.sections[0].bytes, at, value);
        return c.sealed();
    };
    refused(KEYSET, with(KEYSET, 8 + 16, 1), "key 0: has a seed", "a seed");
    refused(KEYSET, with(KEYSET, 4, 0), "K000", "seeds, it says");
    refused(PUBLIC_KEY, with(PUBLIC_KEY, 16, 1), "seed mark 1", "a seed");
    refused(PUBLIC_KEY, with(PUBLIC_KEY, 12, 0), "ALMB", "a seed, it says");
    refused(CIPHERTEXT, with(CIPHERTEXT, 80, 1), "seed mark 0", "a seed");
}

} // namespace
