// SPDX-License-Identifier: Apache-2.0
// The self test passes a right backend and names the function of a wrong one.
#include <gtest/gtest.h>

#include <set>

#include "support/perturbed.h"
#include "support/table_cases.h"

extern "C" {
#include "ckks/selftest.h"
}

namespace {

struct Told {
    std::set<std::string> functions, different;
};

void tell(void *context, const char *function, uint32_t, const char *difference) {
    Told *told = static_cast<Told *>(context);
    told->functions.insert(function);
    if (difference) told->different.insert(function);
}

Told test(const sable_backend *table) {
    Told told;
    char path[SABLE_SELFTEST_PATH];
    uint32_t different = 0;
    sable_error err{};
    EXPECT_EQ(sable_selftest_table(table, nullptr, 4, path, &different, tell, &told, &err), SABLE_OK) << err.text;
    EXPECT_EQ(different != 0, !told.different.empty());
    return told;
}

TEST(Selftest, CallsEveryFunctionOfTheTable) {
    const Told told = test(sable_backend_cpu());
    EXPECT_TRUE(told.different.empty());
    const auto &all = support::table_functions();
    EXPECT_EQ(told.functions, std::set<std::string>(all.begin(), all.end()));
}

TEST(Selftest, NamesTheFunctionThatErrs) {
    for (const std::string &function : support::table_functions()) {
        const Told told = test(support::perturbed(sable_backend_cpu(), function));
        EXPECT_EQ(told.different, std::set<std::string>{function});
    }
}

} // namespace
