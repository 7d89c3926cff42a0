/* SPDX-License-Identifier: Apache-2.0 */
// Packed residues: against the definition in docs/FORMAT.md, bit by bit, and there and back.
#include <gtest/gtest.h>

#include <random>
#include <vector>

extern "C" {
#include "io/residues.h"
}

namespace {

// Bit `bit` of residue j of a block, looked up where the definition puts it.
uint32_t stored_bit(const uint32_t *block, uint32_t j, uint32_t bit) {
    if (j < 240) return block[j] >> bit & 1;
    return block[16 * (bit / 2) + (j - 240)] >> (30 + bit % 2) & 1;
}

TEST(Residues, PackedAsDefined) {
    std::mt19937 random(1);
    const uint32_t most = (1u << 30) - 1;
    for (int round = 0; round < 4; round++) {
        std::vector<uint32_t> x(1024), packed(960, 0xDEADBEEF), back(1024, 7);
        for (uint32_t &v : x) v = round == 0 ? 0 : round == 1 ? most : random() & most;
        if (round == 2)
            for (uint32_t j = 0; j < 256; j++) x[j] = 1u << j % 30;
        sable_residues_pack(packed.data(), x.data(), x.size());
        for (uint32_t j = 0; j < 1024; j++)
            for (uint32_t bit = 0; bit < 30; bit++)
                ASSERT_EQ(x[j] >> bit & 1, stored_bit(&packed[j / 256 * 240], j % 256, bit)) << j << " " << bit;
        sable_residues_unpack(back.data(), packed.data(), back.size());
        EXPECT_EQ(x, back);
    }
    EXPECT_EQ(3840u, sable_residue_bytes(1024, 30));
    EXPECT_EQ(4096u, sable_residue_bytes(1024, 32));
}

// Every packed form is one of some residues: unpacking and packing again gives the same words.
TEST(Residues, NoBitIsSpare) {
    std::mt19937 random(2);
    std::vector<uint32_t> packed(4 * 240), again(packed.size()), x(4 * 256);
    for (uint32_t &v : packed) v = (uint32_t)random();
    sable_residues_unpack(x.data(), packed.data(), x.size());
    for (uint32_t v : x) ASSERT_LT(v, 1u << 30);
    sable_residues_pack(again.data(), x.data(), x.size());
    EXPECT_EQ(packed, again);
}

} // namespace
