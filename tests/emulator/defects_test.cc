// SPDX-License-Identifier: Apache-2.0
// Every planted defect is found, as what it is, and nothing is found without it.
#include <set>

#include "defects/case.h"

namespace {

class Defects : public testing::TestWithParam<defects::Case> {
  protected:
    void TearDown() override {
        emu_clear();
        emu_set_order("forward");
    }
};

TEST_P(Defects, IsFound) {
    emu_clear();
    GetParam().run(true);
    ASSERT_GT(emu_defects(), 0u);
    for (size_t i = 0; i < emu_defects(); ++i) EXPECT_EQ(emu_defect(i).kind, GetParam().kind) << emu_defect(i).sentence;
}

TEST_P(Defects, IsNotFoundWhereItIsNot) {
    emu_clear();
    const emu_counts before = emu_live();
    GetParam().run(false);
    EXPECT_EQ(world::defects(), "");
    EXPECT_EQ(emu_live().allocations, before.allocations);
    EXPECT_EQ(emu_live().streams, before.streams);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
}

INSTANTIATE_TEST_SUITE_P(All, Defects, testing::ValuesIn(defects::cases()),
                         [](const testing::TestParamInfo<defects::Case> &planted) { return planted.param.name; });

TEST(DefectsAll, CoverEveryKind) {
    std::set<int> kinds;
    for (const defects::Case &planted : defects::cases()) kinds.insert(planted.kind);
#if !defined __x86_64__
    kinds.insert(EMU_MISALIGNED); // other processors do not tell
#endif
    for (int kind = 0; kind < EMU_DEFECT_KINDS; ++kind) EXPECT_TRUE(kinds.count(kind)) << "kind " << kind;
}

} // namespace
