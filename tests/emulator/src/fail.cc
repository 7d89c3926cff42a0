// SPDX-License-Identifier: Apache-2.0
// Calls that fail on demand: emu_fail_at and SABLE_EMU_FAIL.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "runtime.h"

namespace emu {
namespace {

struct Plan {
    uint64_t calls = 0, at = 0; // at: the number of the call that fails, 0 for none
    emu_failure how = EMU_FAIL_CALL;
};

const char *const kind_names[EMU_CALL_KINDS] = {"alloc", "copy", "launch", "create"};

// kind:number or kind:number:async, separated by commas.
void parse(const char *text, Plan *plans) {
    while (*text) {
        int kind = 0, used = 0;
        char name[16];
        unsigned long long number;
        if (sscanf(text, "%15[a-z]:%llu%n", name, &number, &used) != 2) break;
        while (kind < EMU_CALL_KINDS && strcmp(name, kind_names[kind]) != 0) ++kind;
        if (kind == EMU_CALL_KINDS) break;
        text += used;
        plans[kind].at = number;
        if (strncmp(text, ":async", 6) == 0) {
            plans[kind].how = EMU_FAIL_ASYNC;
            text += 6;
        }
        if (*text == ',') ++text;
    }
    if (*text) {
        fprintf(
            stderr,
            "emulator: SABLE_EMU_FAIL is KIND:NUMBER[:async],... with alloc, copy, launch or create; not understood from \"%s\" on\n",
            text);
        abort();
    }
}

Plan *plans() {
    static Plan *made = [] {
        Plan *fresh = new Plan[EMU_CALL_KINDS];
        if (const char *text = getenv("SABLE_EMU_FAIL")) parse(text, fresh);
        return fresh;
    }();
    return made;
}

} // namespace

bool chosen_to_fail(emu_call_kind kind, emu_failure *how) {
    Plan &plan = plans()[kind];
    *how = plan.how;
    return ++plan.calls == plan.at;
}

} // namespace emu

void emu_fail_at(emu_call_kind kind, uint64_t k, emu_failure how) {
    std::lock_guard<std::recursive_mutex> guard(emu::runtime().lock);
    emu::Plan &plan = emu::plans()[kind];
    plan.at = k ? plan.calls + k : 0;
    plan.how = how;
}

uint64_t emu_calls(emu_call_kind kind) {
    std::lock_guard<std::recursive_mutex> guard(emu::runtime().lock);
    return emu::plans()[kind].calls;
}
