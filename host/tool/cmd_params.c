/* SPDX-License-Identifier: Apache-2.0 */
/* sable params: show, list, plan (cmd_params_plan.c). */
#include <string.h>

#include "base/fail.h"
#include "io/show.h"
#include "sable/params.h"
#include "tool/cmd_params.h"
#include "tool/commands.h"
#include "tool/options.h"
#include "tool/report.h"

static json_t *primes_of(const sable_params *params, uint32_t first, uint32_t count) {
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++)
        json_array_append_new(list, json_integer(sable_params_prime(params, first + i)));
    return list;
}

static sable_status report_levels(const sable_params *params, const sable_params_info *info) {
    json_t *details = json_array(), *scales = json_array();
    table_row("level\tlimbs\tprimes\tlog2 Q\tlog2 scale\tciphertext");
    sable_status status = SABLE_OK;
    for (uint32_t l = 0; l <= info->top_level && status == SABLE_OK; l++) {
        sable_level_info level = {.struct_size = sizeof level};
        status = sable_params_level(params, l, &level);
        if (status != SABLE_OK) break;
        uint64_t bytes = (uint64_t)level.limbs << (info->log_n + 3);
        json_array_append_new(scales, json_real(level.log_scale));
        json_array_append_new(details,
                              json_pack("{s:i, s:i, s:i, s:i, s:i, s:f, s:f, s:f, s:I}", "level", (int)l, "first",
                                        (int)level.first, "limbs", (int)level.limbs, "terminals", (int)level.terminals,
                                        "mains", (int)level.mains, "log_q", level.log_q, "scale_log2", level.log_scale,
                                        "scale", level.scale_hi, "ciphertext_bytes", (json_int_t)bytes));
        table_row("%u\t%u\t%u..%u\t%.2f\t%.3f\t%s", l, level.limbs, level.first, level.first + level.limbs - 1,
                  level.log_q, level.log_scale, shown_bytes(bytes).text);
    }
    report_value("scales_log2", scales);
    report_value("level_details", details);
    return status;
}

sable_status params_report(const sable_params *params) {
    sable_params_info info = {.struct_size = sizeof info};
    SABLE_TRY(sable_params_describe(params, &info));
    report_text("name", info.name);
    report_integer("log_n", info.log_n);
    report_integer("slots", info.slots);
    report_integer("levels", info.top_level + 1);
    report_integer("top_level", info.top_level);
    report_number("log_q", info.log_q);
    report_number("log_p", info.log_p);
    report_number("log_pq", info.log_pq);
    report_integer("modulus_bits", info.modulus_bits);
    report_integer("security_bits_table", info.security_bits);
    report_integer("security_bound", info.security_bound);
    report_text("security_table", info.security_table);
    report_bool("secure", info.secure);
    report_bool("bootstrappable", info.bootstrappable);
    report_value("primes_q", primes_of(params, 0, info.q_count));
    report_value("primes_p", primes_of(params, info.q_count, info.p_count));
    report_integer("terminals", info.terminals);
    report_integer("alpha", info.alpha);
    report_integer("digits", info.digits);
    report_integer("ciphertext_bytes_top", (int64_t)info.ciphertext_bytes_top);
    report_integer("relin_key_bytes", (int64_t)info.relin_key_bytes);
    report_hex("fingerprint", info.chain_sha256, sizeof info.chain_sha256);
    report_hex("params_digest", info.digest, sizeof info.digest);
    say("%s: N = 2^%u, %u slots, levels 0 to %u", info.name, info.log_n, info.slots, info.top_level);
    if (info.security_bound)
        say("security: log2 PQ = %.2f, %u bits; the bound for %u bits is %u (%s): %s", info.log_pq, info.modulus_bits,
            info.security_bits, info.security_bound, info.security_table, info.secure ? "secure" : "INSECURE");
    else
        say("security: log2 PQ = %.2f; N = 2^%u is not in the table (%s): INSECURE", info.log_pq, info.log_n,
            info.security_table);
    say("modulus: log2 Q = %.2f in %u primes, log2 P = %.2f in %u; key switching in %u digits of %u", info.log_q,
        info.q_count, info.log_p, info.p_count, info.digits, info.alpha);
    say("sizes: ciphertext %s at the top level, relinearisation key %s in memory; half of that in fresh files",
        shown_bytes(info.ciphertext_bytes_top).text, shown_bytes(info.relin_key_bytes).text);
    say("digest %s, chain %s\n", shown_id(info.digest).text, shown_id(info.chain_sha256).text);
    SABLE_TRY(report_levels(params, &info));
    table_end();
    return SABLE_OK;
}

/* Looking at a set that fails the security table is allowed: only using it is not. */
static const sable_params_options look = {.struct_size = sizeof look, .allow_insecure = true};

static int show(int argc, char **argv) {
    command_line line = {.name = "params show",
                         .summary = "Shows a parameter set: primes, levels, scales, security, sizes",
                         .operands = "NAME|FILE",
                         .operands_least = 1,
                         .operands_most = 1};
    int status = options_parse(&line, argc, argv);
    if (status >= 0) return status;
    sable_error err = {SABLE_OK, ""};
    sable_params *params = NULL;
    sable_status done = sable_params_load(&params, line.operand[0], &look, &err);
    if (done == SABLE_OK) done = params_report(params);
    sable_params_destroy(&params);
    return done == SABLE_OK ? report_done() : report_error(done, err.text);
}

static int list(int argc, char **argv) {
    command_line line = {.name = "params list", .summary = "Lists the parameter sets that come with Sable"};
    int status = options_parse(&line, argc, argv);
    if (status >= 0) return status;
    json_t *sets = json_array();
    sable_error err = {SABLE_OK, ""};
    sable_status done = SABLE_OK;
    table_row("name\tN\tslots\ttop level\tlog2 PQ\tbound\tciphertext\tsecurity");
    for (size_t i = 0; sable_params_shipped(i) && done == SABLE_OK; i++) {
        sable_params *params = NULL;
        sable_params_info info = {.struct_size = sizeof info};
        done = sable_params_load(&params, sable_params_shipped(i), &look, &err);
        if (done == SABLE_OK) done = sable_params_describe(params, &info);
        sable_params_destroy(&params);
        if (done != SABLE_OK) break;
        table_row("%s\t2^%u\t%u\t%u\t%.1f\t%u\t%s\t%s", info.name, info.log_n, info.slots, info.top_level, info.log_pq,
                  info.security_bound, shown_bytes(info.ciphertext_bytes_top).text,
                  info.secure ? "128 bits" : "INSECURE, for tests");
        json_array_append_new(sets, json_pack("{s:s, s:i, s:i, s:i, s:f, s:i, s:b}", "name", info.name, "log_n",
                                              (int)info.log_n, "slots", (int)info.slots, "top_level",
                                              (int)info.top_level, "log_pq", info.log_pq, "security_bound",
                                              (int)info.security_bound, "secure", info.secure));
    }
    table_end();
    report_value("sets", sets);
    return done == SABLE_OK ? report_done() : report_error(done, err.text);
}

int cmd_params(int argc, char **argv) {
    static const char *const words[] = {"show", "list", "plan", NULL};
    if (argc > 1 && strcmp(argv[1], "show") == 0) return show(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "list") == 0) return list(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "plan") == 0) return params_plan(argc - 1, argv + 1);
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        say("sable params show NAME|FILE   one parameter set in full\n"
            "sable params list             those that come with Sable\n"
            "sable params plan             a new one");
        return report_done();
    }
    const char *near = argc > 1 ? nearest_word(argv[1], words) : NULL;
    if (near)
        return report_usage("params has no %s; did you mean %s?", sable_show_text(argv[1], strlen(argv[1])).text, near);
    return report_usage("params needs one of show, list, plan");
}
