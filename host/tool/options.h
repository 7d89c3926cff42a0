/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_OPTIONS_H
#define SABLE_TOOL_OPTIONS_H
/* Command lines, described by tables. Strict: --name VALUE or --name=VALUE, whole names only, each at most once; "--"
 * ends the options. What is not understood is refused before anything is done, with exit status 2.
 *
 *     bool fast = false;
 *     uint32_t runs = 10;
 *     option table[] = {
 *         OPTION("fast", FLAG, &fast, NULL, "skip the slow rows"),
 *         OPTION("runs", U32, &runs, "N", "timed runs a row (default 10)", .low = 1, .high = 1000),
 *         {0}};
 *     command_line line = {.name = "bench", .summary = "measures", .options = table, .common = COMMON_COMPUTE};
 *     int status = options_parse(&line, argc, argv);
 *     if (status >= 0) return status;      (refused, or --help was printed)
 */
#include <stdbool.h>
#include <stdint.h>

#include "sable/files.h"

typedef enum option_kind {
    OPTION_FLAG,   /* bool: set */
    OPTION_TEXT,   /* const char *: not empty */
    OPTION_U32,    /* uint32_t: decimal digits only, low..high */
    OPTION_U64,    /* uint64_t: likewise; low, high as doubles, so at most 2^53 */
    OPTION_NUMBER, /* double: a decimal number, low..high */
    OPTION_BYTES,  /* uint64_t: digits and an optional unit K, M, G or T (1024^1..4) */
    OPTION_CHOICE, /* uint32_t: index of the word in choices */
    OPTION_LIST    /* text_list: texts between commas, none empty */
} option_kind;

enum { LIST_MOST = 4096 };
typedef struct text_list {
    const char *const *item; /* lives as long as the process */
    uint32_t count;
} text_list;

typedef struct option {
    const char *name; /* without the dashes; NULL ends a table */
    option_kind kind;
    void *to;                   /* untouched when the option is not given: initialise with the default */
    const char *value;          /* what --help calls the value; NULL for flags */
    const char *help;           /* one sentence without a full stop */
    double low, high;           /* numbers; both 0: any (OPTION_U32: 0 .. 2^32-1) */
    const char *const *choices; /* OPTION_CHOICE, ends with NULL */
    const char *group;          /* options of one command with equal groups exclude each other */
    bool required;
    bool given; /* set by options_parse */
} option;
/* help, then further fields by name. */
#define OPTION(name_, kind_, to_, value_, ...) \
    { .name = (name_), .kind = OPTION_##kind_, .to = (to_), .value = (value_), .help = __VA_ARGS__ }

/* Of commands that can tell beforehand what they would take (dry_run.h). */
#define DRY_RUN_OPTION                               \
    OPTION("dry-run", FLAG, &settings.dry_run, NULL, \
           "make nothing: check, and tell memory, bytes on the disk and an estimate of the time")

/* Options that several commands share; the values are in `settings`. --help, --json and --quiet always exist. */
#define COMMON_COMPUTE  1u /* --threads, --backend, --memory */
#define COMMON_INSECURE 2u /* --allow-insecure */
#define COMMON_STORE    4u /* --residue-bits */
#define COMMON_SEEDS    8u /* --no-seeds */

typedef struct command_line {
    const char *name;     /* "params show" */
    const char *summary;  /* one sentence */
    const char *operands; /* "NAME|FILE", or NULL: none */
    uint32_t operands_least, operands_most;
    option *options;
    unsigned common;
    const char *notes;      /* paragraphs at the end of --help, or NULL */
    const char *operand[8]; /* set by options_parse */
    uint32_t operand_count;
} command_line;

/* Process-wide choices of the user. */
typedef struct tool_settings {
    bool json, quiet, allow_insecure;
    bool dry_run;        /* of commands that offer DRY_RUN_OPTION */
    uint32_t threads;    /* 0: the OpenMP default */
    const char *backend; /* NULL: environment, else automatic */
    uint64_t memory;     /* cap on memory in bytes, 0: none */
    uint32_t residues;   /* index in --residue-bits' words; file_options() says it in bits */
    bool no_seeds;
#ifdef SABLE_TEST_RNG
    const char *seed; /* all randomness is a function of it */
#endif
} tool_settings;
extern tool_settings settings;
/* How the user wants files to be stored. */
sable_file_options file_options(void);

/* -1: go on. Otherwise the exit status: 2 after a complaint on stderr, 0 after --help. */
int options_parse(command_line *line, int argc, char **argv);
/* Whether the option of that name was given. */
bool option_given(const command_line *line, const char *name);

/* Strict conversions, also for parts of lists: false unless all of text is a number. */
bool parse_u64(uint64_t *value, const char *text);
bool parse_i64(int64_t *value, const char *text); /* an optional minus */
bool parse_double(double *value, const char *text);

/* The word of the list that is nearest to `word`, or NULL when none is near. */
const char *nearest_word(const char *word, const char *const *words);

#endif
