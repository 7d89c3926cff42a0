/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_CMD_PARAMS_H
#define SABLE_TOOL_CMD_PARAMS_H
#include "sable/params.h"

int params_plan(int argc, char **argv);
/* Everything about a set, as JSON fields and as lines. */
sable_status params_report(const sable_params *params);

#endif
