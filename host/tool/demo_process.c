/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/demo_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "tool/options.h"
#include "tool/process.h"
#include "tool/report.h"

static void add(command_words *words, const char *text) {
    if (words->count < WORDS_MOST) words->word[words->count++] = text;
}

void words_begin(command_words *words, const char *command) {
    memset(words, 0, sizeof *words);
    add(words, "sable");
    add(words, command);
}

void words_flag(command_words *words, const char *name) { add(words, name); }

void words_option(command_words *words, const char *name, const char *value) {
    add(words, name);
    add(words, value);
}

void words_number(command_words *words, const char *name, double value) {
    char *text = words->number[words->numbers++ % 8];
    snprintf(text, sizeof words->number[0], "%.17g", value);
    words_option(words, name, text);
}

static void add_common(command_words *words) {
    words_flag(words, "--json");
    words_flag(words, "--quiet");
    if (settings.threads) words_number(words, "--threads", settings.threads);
    if (settings.backend) words_option(words, "--backend", settings.backend);
    if (settings.memory) words_number(words, "--memory", (double)settings.memory);
    if (settings.allow_insecure) words_flag(words, "--allow-insecure");
}

/* In the child: never returns. */
static void become(const command_words *words, const char *folder, int output) {
    char *argv[WORDS_MOST + 1] = {NULL};
    for (uint32_t i = 0; i < words->count; i++)
        memcpy(&argv[i], &words->word[i], sizeof argv[i]); /* execv's type drops const */
    prctl(PR_SET_PDEATHSIG, SIGTERM);                      /* an interrupted demonstration leaves no step running */
    if (dup2(output, STDOUT_FILENO) >= 0 && chdir(folder) == 0) execv("/proc/self/exe", argv);
    _exit(127);
}

static sable_status status_named(const char *name) {
    for (int status = SABLE_INTERNAL; status <= SABLE_BUSY; status++)
        if (name && strcmp(sable_status_name((sable_status)status), name) == 0) return (sable_status)status;
    return SABLE_INTERNAL;
}

/* What the child said, once it is known how it ended. */
static sable_status judge(const char *command, int ended, const json_t *reply, sable_error *err) {
    if (WIFEXITED(ended) && WEXITSTATUS(ended) == 0 && reply) return SABLE_OK;
    const json_t *error = json_object_get(reply, "error");
    const char *message = json_string_value(json_object_get(error, "message"));
    const char *code = json_string_value(json_object_get(error, "code"));
    if (message) return sable_fail(err, status_named(code), "the step \"sable %s\" failed: %s", command, message);
    if (WIFEXITED(ended) && WEXITSTATUS(ended) == 127)
        return sable_fail(err, SABLE_IO, "the step \"sable %s\" cannot start: /proc/self/exe is needed", command);
    return sable_fail(err, SABLE_INTERNAL, "the step \"sable %s\" ended with %s %d and no message", command,
                      WIFSIGNALED(ended) ? "signal" : "status",
                      WIFSIGNALED(ended) ? WTERMSIG(ended) : WEXITSTATUS(ended));
}

sable_status words_run(const command_words *words, const char *folder, json_t **reply, double *seconds,
                       sable_error *err) {
    command_words all = *words;
    /* The copied list points at the numbers of the original, which live on. */
    add_common(&all);
    if (all.count == WORDS_MOST) return sable_fail(err, SABLE_INTERNAL, "a command of more than %d words", WORDS_MOST);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return sable_fail(err, SABLE_IO, "no pipe: %s", strerror(errno));
    fflush(stdout); /* what is buffered must not be printed by both */
    double start = seconds_now();
    pid_t child = process_fork();
    if (child == 0) {
        close(ends[0]);
        become(&all, folder, ends[1]);
    }
    close(ends[1]);
    if (child < 0) {
        int code = errno;
        close(ends[0]);
        return sable_fail(err, SABLE_NO_MEMORY, "no process for \"sable %s\": %s", words->word[1], strerror(code));
    }
    FILE *output = fdopen(ends[0], "r");
    json_t *object = output ? json_loadf(output, 0, NULL) : NULL;
    if (output)
        fclose(output);
    else
        close(ends[0]);
    int ended = process_wait(child);
    *seconds = seconds_now() - start;
    sable_status status = judge(words->word[1], ended, object, err);
    if (status == SABLE_OK)
        *reply = object;
    else
        json_decref(object);
    return status;
}
