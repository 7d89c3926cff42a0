/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "io/show.h"
#include "tool/parse.h"
#include "tool/report.h"

tool_settings settings;
static const char *const residue_words[] = {"30", "32", NULL};

sable_file_options file_options(void) {
    return (sable_file_options){.struct_size = sizeof(sable_file_options),
                                .residue_bits = settings.residues == 0 ? 30 : 32,
                                .no_seeds = settings.no_seeds};
}

/* -- the options that a command has beside its own ----------------------------------------------------------------- */

enum { COMMON_MOST = 12 };

static void common_table(option table[COMMON_MOST], unsigned common) {
    static bool help; /* options_parse looks for --help itself */
    const struct {
        unsigned with; /* 0: always */
        option option;
    } all[] = {
        {COMMON_COMPUTE,
         OPTION("threads", U32, &settings.threads, "N", "threads (default: OpenMP's choice)", .low = 1, .high = 1024)},
        {COMMON_COMPUTE, OPTION("backend", TEXT, &settings.backend, "NAME",
                                "auto, cpu, cuda, cuda:1 (default: $SABLE_BACKEND, else auto)")},
        {COMMON_COMPUTE, OPTION("memory", BYTES, &settings.memory, "BYTES",
                                "most memory for ciphertexts, keys and scratch, as 512M or 8G", .low = 1 << 20)},
        {COMMON_INSECURE, OPTION("allow-insecure", FLAG, &settings.allow_insecure, NULL,
                                 "accept parameter sets below 128 bits, for experiments; files are marked INSECURE")},
        {COMMON_STORE, OPTION("residue-bits", CHOICE, &settings.residues, "30|32",
                              "files: residues packed (30, default) or a word each (32)", .choices = residue_words)},
        {COMMON_SEEDS, OPTION("no-seeds", FLAG, &settings.no_seeds, NULL,
                              "files: random halves in full, no seed in their place: twice the size")},
        {0, OPTION("json", FLAG, &settings.json, NULL, "print one JSON object")},
        {0, OPTION("quiet", FLAG, &settings.quiet, NULL, "print errors and warnings only")},
        {0, OPTION("help", FLAG, &help, NULL, "print this")},
    };
    size_t used = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!all[i].with || common & all[i].with) table[used++] = all[i].option;
#ifdef SABLE_TEST_RNG
    table[used++] =
        (option)OPTION("seed", TEXT, &settings.seed, "TEXT", "test tool only: makes all randomness a function of this");
#endif
    table[used] = (option){.name = NULL};
}

/* -- help ---------------------------------------------------------------------------------------------------------- */

static void print_options(const option *table) {
    for (const option *o = table; o->name; o++) {
        char left[64];
        snprintf(left, sizeof left, "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
        if (strlen(left) > 24)
            printf("  %s\n  %-26s%s\n", left, "", o->help);
        else
            printf("  %-26s%s\n", left, o->help);
    }
}

static void print_help(const command_line *line, const option *common) {
    printf("sable %s%s%s [options]\n  %s.\n", line->name, line->operands ? " " : "",
           line->operands ? line->operands : "", line->summary);
    if (line->options && line->options->name) {
        printf("\noptions:\n");
        print_options(line->options);
    }
    printf("\ncommon options:\n");
    print_options(common);
    if (line->notes) printf("\n%s\n", line->notes);
}

/* -- values -------------------------------------------------------------------------------------------------------- */

static int bad_value(const option *o, const char *text, const char *wanted) {
    return report_usage("--%s: %s is not %s", o->name, sable_show_text(text, strlen(text)).text, wanted);
}

static bool any_range(const option *o) { return o->low == 0 && o->high == 0; }

static int out_of_range(const option *o, const char *text) {
    if (o->high <= o->low)
        return report_usage("--%s: %s is too small, the least is %.15g", o->name,
                            sable_show_text(text, strlen(text)).text, o->low);
    return report_usage("--%s: %s is outside %.15g to %.15g", o->name, sable_show_text(text, strlen(text)).text, o->low,
                        o->high);
}

static bool in_range(const option *o, double value) {
    return any_range(o) || (value >= o->low && (o->high <= o->low || value <= o->high));
}

static int set_integer(const option *o, const char *text) {
    uint64_t v;
    if (!parse_u64(&v, text)) return bad_value(o, text, "a whole number in decimal digits");
    if (o->kind == OPTION_U32 && any_range(o) && v > UINT32_MAX)
        return report_usage("--%s: %s is outside 0 to %u", o->name, sable_show_text(text, strlen(text)).text,
                            UINT32_MAX);
    if (!in_range(o, (double)v) || (o->kind == OPTION_U32 && v > UINT32_MAX)) return out_of_range(o, text);
    if (o->kind == OPTION_U32)
        *(uint32_t *)o->to = (uint32_t)v;
    else
        *(uint64_t *)o->to = v;
    return -1;
}

static int set_choice(const option *o, const char *text) {
    char all[256] = "";
    for (uint32_t i = 0; o->choices[i]; i++) {
        if (strcmp(o->choices[i], text) == 0) {
            *(uint32_t *)o->to = i;
            return -1;
        }
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", o->choices[i]);
    }
    return report_usage("--%s: %s is none of %s", o->name, sable_show_text(text, strlen(text)).text, all);
}

static int set_value(const option *o, const char *text) {
    if (!*text) return report_usage("--%s: the value is empty", o->name);
    double number;
    switch (o->kind) {
    case OPTION_TEXT: *(const char **)o->to = text; return -1;
    case OPTION_U32:
    case OPTION_U64: return set_integer(o, text);
    case OPTION_NUMBER:
        if (!parse_double(&number, text)) return bad_value(o, text, "a decimal number");
        if (!in_range(o, number)) return out_of_range(o, text);
        *(double *)o->to = number;
        return -1;
    case OPTION_BYTES:
        if (!parse_bytes(o->to, text)) return bad_value(o, text, "a number of bytes such as 65536, 512M or 8G");
        return in_range(o, (double)*(uint64_t *)o->to) ? -1 : out_of_range(o, text);
    case OPTION_CHOICE: return set_choice(o, text);
    case OPTION_LIST:
        return parse_list(o->to, text) ? -1 : bad_value(o, text, "a list of texts between commas, none of them empty");
    case OPTION_FLAG: break;
    }
    return report_error(SABLE_INTERNAL, "an option of a kind that takes no value was given one");
}

/* -- parsing ------------------------------------------------------------------------------------------------------- */

static option *find(option *table, const char *name, size_t length) {
    for (option *o = table; o && o->name; o++)
        if (strlen(o->name) == length && memcmp(o->name, name, length) == 0) return o;
    return NULL;
}

static int unknown(const command_line *line, const option *common, const char *word) {
    const char *names[128];
    size_t count = 0;
    for (const option *o = line->options; o && o->name && count < 100; o++) names[count++] = o->name;
    for (const option *o = common; o->name; o++) names[count++] = o->name;
    names[count] = NULL;
    size_t length = strcspn(word, "=");
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(length < 60 ? length : 60), word);
    const char *near = nearest_word(name, names);
    sable_shown shown = sable_show_text(word, length);
    if (near) return report_usage("%s has no option %s; did you mean --%s?", line->name, shown.text, near);
    return report_usage("%s has no option %s; sable %s --help lists them", line->name, shown.text, line->name);
}

static int take_option(command_line *line, option *common, int argc, char **argv, int *at) {
    const char *word = argv[*at] + 2;
    size_t length = strcspn(word, "=");
    option *o = find(line->options, word, length);
    if (!o) o = find(common, word, length);
    if (!o) return unknown(line, common, word);
    if (o->given) return report_usage("--%s is given twice", o->name);
    o->given = true;
    if (o->kind == OPTION_FLAG) {
        if (word[length]) return report_usage("--%s takes no value", o->name);
        *(bool *)o->to = true;
        return -1;
    }
    if (word[length]) return set_value(o, word + length + 1);
    if (*at + 1 >= argc) return report_usage("--%s needs a value: %s", o->name, o->value);
    return set_value(o, argv[++*at]);
}

static int check_whole(const command_line *line) {
    for (const option *o = line->options; o && o->name; o++) {
        if (o->required && !o->given)
            return report_usage("%s needs --%s %s: %s", line->name, o->name, o->value, o->help);
        for (const option *other = line->options; o->given && o->group && other < o; other++)
            if (other->given && other->group && strcmp(other->group, o->group) == 0)
                return report_usage("--%s and --%s exclude each other", other->name, o->name);
    }
    if (line->operand_count < line->operands_least)
        return report_usage("%s needs %s; see sable %s --help", line->name, line->operands, line->name);
    return -1;
}

/* --json decides how a complaint about any other word is printed, wherever it stands. */
static void look_for_json(int argc, char **argv) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0) settings.json = true;
}

int options_parse(command_line *line, int argc, char **argv) {
    option common[COMMON_MOST];
    common_table(common, line->common);
    look_for_json(argc, argv);
    bool ended = false;
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (!ended && strcmp(word, "--") == 0)
            ended = true;
        else if (!ended && (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)) {
            print_help(line, common);
            return EXIT_DONE;
        } else if (!ended && word[0] == '-' && word[1] == '-') {
            int status = take_option(line, common, argc, argv, &i);
            if (status >= 0) return status;
        } else if (!ended && word[0] == '-' && word[1])
            return report_usage("%s: options are whole words after two dashes",
                                sable_show_text(word, strlen(word)).text);
        else if (line->operand_count < line->operands_most)
            line->operand[line->operand_count++] = word;
        else
            return report_usage("%s: %s is one word too many%s", line->name, sable_show_text(word, strlen(word)).text,
                                line->operands_most ? "" : "; values follow options");
    }
#ifdef SABLE_TEST_RNG
    if (settings.seed) test_seed(settings.seed);
#endif
    return check_whole(line);
}

bool option_given(const command_line *line, const char *name) {
    const option *o = find(line->options, name, strlen(name));
    return o && o->given;
}
