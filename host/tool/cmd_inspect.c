/* SPDX-License-Identifier: Apache-2.0 */
/* sable inspect: what a file says about itself. No parameters are needed and nothing is decrypted. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "io/container.h"
#include "io/show.h"
#include "tool/commands.h"
#include "tool/inspect_meta.h"
#include "tool/options.h"
#include "tool/report.h"
#include "tool/workspace.h"

enum { ENTRY_FIRST = 96, ENTRY_BYTES = 56, ENTRY_DIGEST = 24, ROWS_SHOWN = 12 };

typedef struct inspect {
    const char *path, *params;
    bool verify, all;
    sable_container *file;
    sable_error err;
} inspect;

static bool is_zero(const uint8_t *bytes, size_t count) {
    uint8_t any = 0;
    for (size_t i = 0; i < count; i++) any |= bytes[i];
    return any == 0;
}

static void report_head(const inspect *in, const sable_container_info *info) {
    const char *set = shipped_set_of(info->params_digest);
    bool insecure = info->flags & SABLE_FILE_INSECURE, test = info->flags & SABLE_FILE_TEST_RNG;
    report_text("path", in->path);
    report_text("kind", sable_kind_name(info->kind));
    report_integer("format_version", SABLE_CONTAINER_VERSION);
    report_integer("bytes", (int64_t)info->total_bytes);
    report_bool("insecure", insecure);
    report_bool("test_rng", test);
    report_hex("params_digest", info->params_digest, sizeof info->params_digest);
    report_text("params", set);
    report_hex("key_id", info->key_id, sizeof info->key_id);
    say("%s: %s, format version %d, %s", sable_show_path(in->path).text, sable_kind_name(info->kind),
        SABLE_CONTAINER_VERSION, shown_bytes(info->total_bytes).text);
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
        json_array_append_new(
            list, json_pack("{s:s, s:I, s:s}", "tag", tag, "bytes", (json_int_t)spec.length, "digest", hex));
        if (in->all || i < ROWS_SHOWN)
            table_row("%s\t%llu\t%s", tag, (unsigned long long)spec.length, shown_id(digest).text);
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

static sable_status run(inspect *in) {
    static const sable_container_limits limits = {SABLE_SECTIONS_MOST, 0};
    SABLE_TRY(sable_container_open(&in->file, in->path, SABLE_KIND_ANY, &limits, &in->err));
    const sable_container_info *info = sable_container_get_info(in->file);
    report_head(in, info);
    SABLE_TRY(inspect_meta(in->file, in->path, &in->err));
    SABLE_TRY(report_sections(in, info));
    SABLE_TRY(check_params(in, info));
    if (in->verify) {
        SABLE_TRY(sable_container_verify(in->file, &in->err));
        report_bool("verified", true);
        say("all %u sections agree with their digests", info->section_count);
    }
    return SABLE_OK;
}

int cmd_inspect(int argc, char **argv) {
    inspect in = {0};
    option table[] = {
        OPTION("verify", FLAG, &in.verify, NULL, "read the whole file and check the digest of every section"),
        OPTION("params", TEXT, &in.params, "NAME|FILE", "check that the file was made with this parameter set"),
        OPTION("all", FLAG, &in.all, NULL, "list every section"),
        {.name = NULL},
    };
    command_line line = {.name = "inspect",
                         .summary = "Tells what a Sable file is",
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
