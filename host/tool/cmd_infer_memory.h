/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_CMD_INFER_MEMORY_H
#define SABLE_TOOL_CMD_INFER_MEMORY_H
/* What encrypt, infer and decrypt have in common as commands on streams of blocks: memory and unfinished files. */
#include "tool/session.h"

/* SABLE_LIMIT, with the numbers, when --memory is less than what the command takes at its fullest: planned_memory of
 * a planning session on which one block was worked on, and a second one where there are several. */
sable_status check_memory(session *s, uint64_t need, uint32_t members, const char *to_do);
/* Most memory that this process had at a time, in bytes; 0 when the system does not tell. */
uint64_t process_peak(void);
/* check_output, also for the names that OUT has while it is made. */
int check_stream_output(const char *out, const char *const *inputs);
/* Enters those names as unfinished: a signal removes them. */
void unfinished_stream(const char *out);
/* Whether the blocks of a failed run are kept: the machine failed, not the data. */
bool worth_continuing(sable_status status, uint32_t blocks);

#endif
