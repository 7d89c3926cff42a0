// SPDX-License-Identifier: Apache-2.0
#ifndef SABLE_TESTS_SUPPORT_TABLE_SHAPES_H
#define SABLE_TESTS_SUPPORT_TABLE_SHAPES_H
// The shapes on which backends are compared: what the differential tests and the runner for machines without GoogleTest
// have in common.
#include "support/table_cases.h"

namespace support {

// Every limb count, part count and batch; options and layouts take turns so that neighbours differ in all of them.
std::vector<Shape> every_shape();
// Every option with every layout on a middling shape.
std::vector<Shape> every_option();
// A few shapes for one degree; larger degrees get fewer. all_limbs: enough bytes for code that treats large results
// differently.
std::vector<Shape> shapes_of_degree(uint32_t log_n, bool all_limbs);

// 16 primes of U, 5 of P: enough for more than 16 sources of a base conversion. Made once a degree.
const Ring &ring_of_degree(uint32_t log_n);

} // namespace support

#endif
