/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_DEMO_PROCESS_H
#define SABLE_TOOL_DEMO_PROCESS_H
/* Runs this program again, as a process of its own that has only the files in its folder. */
#include <jansson.h>
#include <stdint.h>

#include "sable/status.h"

enum { WORDS_MOST = 48 };
typedef struct command_words {
    const char *word[WORDS_MOST + 1];
    char number[8][32]; /* texts of options' numbers */
    uint32_t count, numbers;
} command_words;

void words_begin(command_words *words, const char *command);
void words_flag(command_words *words, const char *name);
void words_option(command_words *words, const char *name, const char *value);
void words_number(command_words *words, const char *name, double value);

/* Runs `sable <words> --json --quiet` with the user's common options in `folder` and returns the object it printed, and the seconds it took. A
 * failure carries the status and the sentence of the command. */
SABLE_CHECKED sable_status words_run(const command_words *words, const char *folder, json_t **reply, double *seconds,
                                     sable_error *err);

#endif
