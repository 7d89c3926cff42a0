/* SPDX-License-Identifier: Apache-2.0 */
/* sable: the command table. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "build_info.h"
#include "io/show.h"
#include "sable/sable.h"
#include "tool/commands.h"
#include "tool/options.h"
#include "tool/process.h"
#include "tool/report.h"

static const struct {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"params", "show, list and plan parameter sets", cmd_params},
    {"plan", "what a circuit takes, told before any key exists", cmd_plan},
    {"keygen", "make a secret key, a public key and evaluation keys", cmd_keygen},
    {"encrypt", "encrypt a table of samples, or a model", cmd_encrypt},
    {"infer", "classify encrypted samples without the secret key", cmd_infer},
    {"decrypt", "decrypt results or samples, for the owner of the secret key only", cmd_decrypt},
    {"inspect", "tell what a Sable file is, and check it", cmd_inspect},
    {"fit", "train a model on data in the clear", cmd_fit},
    {"train", "train a model on encrypted data", cmd_train},
    {"demo", "the whole journey on a real data set", cmd_demo},
    {"doctor", "tell what this machine offers and what is missing", cmd_doctor},
    {"selftest", "compare a backend with the plainest path of the cpu", cmd_selftest},
    {"bench", "measure", cmd_bench},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static int version(void) {
    report_text("version", sable_version());
    report_text("commit", SABLE_BUILD_COMMIT);
    say("sable %s (%s)", sable_version(), SABLE_BUILD_COMMIT);
    return report_done();
}

static int help(void) {
    say("sable: computes on encrypted data (CKKS)\n\nsable COMMAND [options]; sable COMMAND --help tells more\n");
    for (size_t i = 0; i < COMMANDS; i++) table_row("  %s\t%s", commands[i].name, commands[i].summary);
    table_row("  help\tprint this, or the options of a command: sable help COMMAND");
    table_row("  --version\tprint the version");
    table_end();
    return report_done();
}

static int unknown_command(const char *word) {
    const char *names[COMMANDS + 2];
    for (size_t i = 0; i < COMMANDS; i++) names[i] = commands[i].name;
    names[COMMANDS] = "help";
    names[COMMANDS + 1] = NULL;
    const char *near = nearest_word(word, names);
    sable_shown text = sable_show_text(word, strlen(word));
    if (near) return report_usage("there is no command %s; did you mean %s?", text.text, near);
    return report_usage("there is no command %s; sable help lists them", text.text);
}

static int run(int argc, char **argv) {
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(argv[0], commands[i].name) == 0) return commands[i].run(argc, argv);
    return unknown_command(argv[0]);
}

static int begin(int argc, char **argv) {
    if (sodium_init() < 0) return report_error(SABLE_INTERNAL, "libsodium does not start");
    bool ended = false;
    for (int i = 1; i < argc && !ended; i++) {
        ended = strcmp(argv[i], "--") == 0;
        settings.json |= !ended && strcmp(argv[i], "--json") == 0;
    }
    if (argc < 2) return report_usage("a command is needed; sable help lists them");
    if (strcmp(argv[1], "--version") == 0) return version();
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) return help();
    if (strcmp(argv[1], "help") != 0) return run(argc - 1, argv + 1);
    if (argc == 2 || argv[2][0] == '-') return help();
    char *words[] = {argv[2], (char[]){"--help"}, NULL};
    return run(2, words);
}

int main(int argc, char **argv) {
    process_setup();
    const int status = begin(argc, argv);
    process_leave();
    return status;
}
