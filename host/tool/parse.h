/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_PARSE_H
#define SABLE_TOOL_PARSE_H
/* Values of options. options.h declares those that commands use as well. */
#include "tool/options.h"

bool parse_bytes(uint64_t *value, const char *text);
bool parse_list(text_list *list, const char *text);
#ifdef SABLE_TEST_RNG
void test_seed(const char *text);
#endif

#endif
