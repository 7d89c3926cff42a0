/* SPDX-License-Identifier: Apache-2.0 */
/* Prices are differences of measured times: whatever else the machine does meanwhile, none of them is below nothing. */
#include <gtest/gtest.h>

#include <cmath>

extern "C" {
#include "ckks/price.h"
}
#include "sable/params.h"

namespace {

class Prices : public testing::TestWithParam<const char *> {};

TEST_P(Prices, AreNeverBelowNothing) {
    sable_params_options allow = {};
    allow.struct_size = sizeof allow;
    allow.allow_insecure = true;
    sable_params *params = nullptr;
    sable_error err = {};
    ASSERT_EQ(sable_params_load(&params, GetParam(), &allow, &err), SABLE_OK) << err.text;
    sable_prices prices;
    ASSERT_EQ(sable_prices_measure(&prices, params, nullptr, &err), SABLE_OK) << err.text;
    for (int work = 0; work < SABLE_WORKS; work++) {
        EXPECT_GE(prices.seconds[work], 0) << "work " << work;
        EXPECT_TRUE(std::isfinite(prices.seconds[work])) << "work " << work;
    }
    for (sable_work work : {SABLE_WORK_FORWARD, SABLE_WORK_UP, SABLE_WORK_INVERSE, SABLE_WORK_CONVERT, SABLE_WORK_INNER,
                            SABLE_WORK_DOWN, SABLE_WORK_TENSOR, SABLE_WORK_COMBINE, SABLE_WORK_ELEMENT, SABLE_WORK_SUM,
                            SABLE_WORK_NEAR, SABLE_WORK_NEAR_SUM, SABLE_WORK_ENCODE, SABLE_WORK_COPY})
        EXPECT_GT(prices.seconds[work], 0) << "work " << work;
    EXPECT_GE(prices.speedup, 1);
    EXPECT_GE(prices.threads, 1u);
    sable_params_destroy(&params);
}

INSTANTIATE_TEST_SUITE_P(Sets, Prices, testing::Values("T10", "T12", "infer13"));

} // namespace
