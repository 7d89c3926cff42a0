/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/fail.h"
#include "io/show.h"
#include "logreg/journal.h"
#include "tool/inspect.h"
#include "tool/report.h"
#include "tool/workspace.h"

sable_status inspect_journal(const char *path, const char *journal, const char *partial, sable_error *err) {
    sable_journal_info info;
    SABLE_TRY(sable_journal_read(&info, journal, err));
    const uint64_t bytes = file_bytes(path);
    if (partial && file_bytes(partial) < info.end)
        return sable_fail(err, SABLE_FORMAT, "%s has %llu bytes, its journal says that %llu are complete",
                          sable_show_path(partial).text, (unsigned long long)file_bytes(partial),
                          (unsigned long long)info.end);
    const bool blocks = info.of == SABLE_JOURNAL_BLOCKS, results = info.kind == SABLE_KIND_RESULTS;
    const char *of = blocks                               ? sable_kind_name(info.kind)
                     : info.of == SABLE_JOURNAL_DECRYPTED ? "decrypted values"
                                                          : "names and labels";
    inspect_head(path, partial ? "unfinished file" : "journal", bytes);
    report_text("of", of);
    report_integer("blocks_complete", (int64_t)info.pieces);
    report_integer("bytes_complete", (int64_t)info.end);
    report_bool("resumable", info.of != SABLE_JOURNAL_OTHER && info.pieces > 0);
    if (blocks) {
        const char *set = shipped_set_of(info.params_digest);
        report_text("params", set);
        report_hex("params_digest", info.params_digest, sizeof info.params_digest);
        report_hex("key_id", info.key_id, sizeof info.key_id);
        say("of a file of kind %s, parameters %s, key %s", of, set ? set : "that are no shipped set",
            shown_id(info.key_id).text);
        inspect_blocks(info.meta, results);
    } else {
        say("of %s", of);
    }
    say("%llu blocks are complete, up to byte %llu%s", (unsigned long long)info.pieces, (unsigned long long)info.end,
        info.of == SABLE_JOURNAL_OTHER ? "; no run continues it" : ": the same command goes on behind them");
    return SABLE_OK;
}
