/* SPDX-License-Identifier: Apache-2.0 */
/* sable inspect: what a file says about itself. No parameters are needed and nothing is decrypted. Of a secret key only
 * what is public is shown, and only to its owner. The secret that --secret names is read for one question. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "ckks/serial.h"
#include "io/container.h"
#include "io/file.h"
#include "io/show.h"
#include "logreg/journal.h"
#include "tool/commands.h"
#include "tool/inspect.h"
#include "tool/options.h"
#include "tool/report.h"
#include "tool/workspace.h"

enum { ENTRY_FIRST = 96, ENTRY_BYTES = 56, ENTRY_DIGEST = 24, ROWS_SHOWN = 12 };

typedef struct inspect {
    const char *path, *params, *secret;
    bool verify, all;
    sable_container *file;
    sable_error err;
} inspect;

static bool is_zero(const uint8_t *bytes, size_t count) {
    uint8_t any = 0;
    for (size_t i = 0; i < count; i++) any |= bytes[i];
    return any == 0;
}

void inspect_head(const char *path, const char *kind, uint64_t bytes) {
    report_text("path", path);
    report_text("kind", kind);
    report_integer("bytes", (int64_t)bytes);
    say("%s: %s, %s", sable_show_path(path).text, kind, shown_bytes(bytes).text);
}

static void report_head(const inspect *in, const sable_container_info *info) {
    const char *set = shipped_set_of(info->params_digest);
    bool insecure = info->flags & SABLE_FILE_INSECURE, test = info->flags & SABLE_FILE_TEST_RNG;
    const bool residues = sable_file_flags(info->kind) & SABLE_FILE_PACKED;
    inspect_head(in->path, sable_kind_name(info->kind), info->total_bytes);
    report_integer("format_version", SABLE_CONTAINER_VERSION);
    report_bool("insecure", insecure);
    report_bool("test_rng", test);
    if (residues) report_integer("residue_bits", sable_container_residue_bits(info));
    report_hex("params_digest", info->params_digest, sizeof info->params_digest);
    report_text("params", set);
    report_hex("key_id", info->key_id, sizeof info->key_id);
    say("format version %d%s", SABLE_CONTAINER_VERSION,
        !residues                         ? ""
        : info->flags & SABLE_FILE_PACKED ? ", residues of 30 bits"
                                          : ", residues of 32 bits");
    if (insecure) say("INSECURE: made with parameters below 128 bits, or by a seeded generator");
    if (test) say("TEST_RNG: made with the seeded generator of the test tool; whoever knows the seed knows the key");
    if (is_zero(info->params_digest, sizeof info->params_digest))
        say("parameters: none");
    else
        say("parameters: %s (digest %s)", set ? set : "not a shipped set", shown_id(info->params_digest).text);
    if (!is_zero(info->key_id, sizeof info->key_id)) say("key: %s", shown_id(info->key_id).text);
}

/* The library checked the table's digest when it opened the file; it hands out everything but the sections' digests. */
static sable_status report_sections(inspect *in, const sable_container_info *info) {
    FILE *raw = fopen(in->path, "rbe");
    if (!raw) return sable_fail(&in->err, SABLE_IO, "%s cannot be read again", sable_show_path(in->path).text);
    json_t *list = json_array();
    table_row("section\tbytes\tdigest");
    for (uint32_t i = 0; i < info->section_count; i++) {
        sable_section_spec spec = sable_container_section(in->file, i);
        char tag[5] = {0}, hex[2 * SABLE_HASH_BYTES + 1] = {0};
        for (int c = 0; c < 4; c++) tag[c] = (char)(spec.tag >> (8 * c));
        uint8_t digest[SABLE_HASH_BYTES] = {0};
        if (fseek(raw, ENTRY_FIRST + (long)ENTRY_BYTES * i + ENTRY_DIGEST, SEEK_SET) != 0 ||
            fread(digest, 1, sizeof digest, raw) != sizeof digest)
            memset(digest, 0, sizeof digest);
        for (int b = 0; b < SABLE_HASH_BYTES; b++) snprintf(hex + 2 * b, 3, "%02x", digest[b]);
        /* whoever guesses a secret could check the guess against its digest */
        const bool withheld = info->kind == SABLE_KIND_SECRET_KEY && spec.tag != SABLE_TAG_META;
        json_array_append_new(list, json_pack("{s:s, s:I, s:s?}", "tag", tag, "bytes", (json_int_t)spec.length,
                                              "digest", withheld ? NULL : hex));
        if (in->all || i < ROWS_SHOWN)
            table_row("%s\t%llu\t%s", tag, (unsigned long long)spec.length,
                      withheld ? "not shown" : shown_id(digest).text);
    }
    fclose(raw);
    if (!in->all && info->section_count > ROWS_SHOWN)
        table_row("... %u more; --all shows them", info->section_count - ROWS_SHOWN);
    table_end();
    report_value("sections", list);
    return SABLE_OK;
}

static sable_status check_params(inspect *in, const sable_container_info *info) {
    if (!in->params) return SABLE_OK;
    const sable_params_options any = {.struct_size = sizeof any, .allow_insecure = true};
    sable_params *params = NULL;
    sable_params_info set = {.struct_size = sizeof set};
    SABLE_TRY(sable_params_load(&params, in->params, &any, &in->err));
    sable_status status = sable_params_describe(params, &set);
    sable_params_destroy(&params);
    SABLE_TRY(status);
    if (memcmp(set.digest, info->params_digest, sizeof set.digest) != 0)
        return sable_fail(&in->err, SABLE_PARAMS_MISMATCH, "%s was made with parameters %s, %s is %s",
                          sable_show_path(in->path).text, shown_id(info->params_digest).text, in->params,
                          shown_id(set.digest).text);
    report_bool("params_match", true);
    say("made with %s: yes", in->params);
    return SABLE_OK;
}

static sable_status inspect_container(inspect *in) {
    static const sable_container_limits limits = {SABLE_SECTIONS_MOST, 0};
    SABLE_TRY(sable_container_open(&in->file, in->path, SABLE_KIND_ANY, &limits, &in->err));
    const sable_container_info *info = sable_container_get_info(in->file);
    if (info->kind == SABLE_KIND_SECRET_KEY) SABLE_TRY(sable_file_check_private(in->path, &in->err));
    report_head(in, info);
    SABLE_TRY(inspect_meta(in->file, in->path, &in->err));
    SABLE_TRY(inspect_text(info, in->path, &in->err));
    SABLE_TRY(report_sections(in, info));
    SABLE_TRY(check_params(in, info));
    if (in->verify) {
        SABLE_TRY(sable_container_verify(in->file, &in->err));
        report_bool("verified", true);
        say("all %u sections agree with their digests", info->section_count);
    }
    return in->secret ? inspect_public_key(info, in->path, in->secret, in->params, &in->err) : SABLE_OK;
}

/* The first bytes; *have of them. */
static sable_status look(inspect *in, uint8_t *start, size_t room, size_t *have) {
    int fd;
    uint64_t bytes;
    SABLE_TRY(sable_file_open(&fd, &bytes, in->path, &in->err));
    *have = bytes < room ? (size_t)bytes : room;
    sable_status status = sable_file_read_at(fd, in->path, start, *have, 0, &in->err);
    (void)close(fd);
    return status;
}

/* The journal of an unfinished file, if there is one beside it; to be freed. */
static char *journal_beside(const char *path) {
    static const char part[] = ".partial", tail[] = ".journal";
    const size_t length = strlen(path);
    if (length < sizeof part - 1 || strcmp(path + length - (sizeof part - 1), part) != 0) return NULL;
    char *journal = malloc(length + sizeof tail);
    if (!journal) return NULL;
    snprintf(journal, length + sizeof tail, "%s%s", path, tail);
    if (path_exists(journal)) return journal;
    free(journal);
    return NULL;
}

static sable_status run(inspect *in) {
    uint8_t start[64] = {0};
    size_t have = 0, at = 0;
    SABLE_TRY(look(in, start, sizeof start, &have));
    while (at < have && (start[at] == ' ' || (start[at] >= '\t' && start[at] <= '\r'))) at++;
    if (have == 0 || start[0] == 0xF5) return inspect_container(in); /* an empty file is told there */
    if (in->verify || in->params || in->secret)
        return sable_fail(&in->err, SABLE_FORMAT,
                          "%s: is no Sable container, which --verify, --params and --secret are for: inspect it "
                          "without them",
                          sable_show_path(in->path).text);
    char *journal = journal_beside(in->path);
    sable_status status;
    if (journal)
        status = inspect_journal(in->path, journal, in->path, &in->err);
    else if (sable_journal_detect(start, have))
        status = inspect_journal(in->path, in->path, NULL, &in->err);
    else
        status = at < have && start[at] == '{' ? inspect_json(in->path, &in->err) : inspect_table(in->path, &in->err);
    free(journal);
    return status;
}

int cmd_inspect(int argc, char **argv) {
    inspect in = {0};
    option table[] = {
        OPTION("verify", FLAG, &in.verify, NULL, "read the whole file and check the digest of every section"),
        OPTION("params", TEXT, &in.params, "NAME|FILE", "check that the file was made with this parameter set"),
        OPTION("secret", TEXT, &in.secret, "FILE", "check that a public key belongs to this secret key (owner only)"),
        OPTION("all", FLAG, &in.all, NULL, "list every section"),
        {.name = NULL},
    };
    command_line line = {.name = "inspect",
                         .summary = "Tells what a file is that Sable writes or reads",
                         .operands = "FILE",
                         .operands_least = 1,
                         .operands_most = 1,
                         .options = table,
                         .notes = "A digest finds damage; it does not prove who made the file."};
    int status = options_parse(&line, argc, argv);
    if (status >= 0) return status;
    in.path = line.operand[0];
    sable_status done = run(&in);
    status = done == SABLE_OK ? report_done() : report_error(done, in.err.text);
    sable_container_close(&in.file);
    return status;
}
