// SPDX-License-Identifier: Apache-2.0
#include "defect.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <unistd.h>

#include "capture.h"
#include "grid.h"
#include "memory.h"
#include "plans.h"
#include "pool.h"
#include "runtime.h"

namespace emu {
namespace {

const char *const names[EMU_DEFECT_KINDS] = {
    "out of bounds", "misaligned",  "use after free",   "stream order",       "host access",       "host buffer",
    "host pointer",  "guard words", "shared memory",    "shared memory size", "divergent barrier", "divergent warp",
    "race",          "stack",       "unchecked launch", "invalid free",       "invalid handle",    "callback"};

struct Defect {
    emu_defect_kind kind;
    std::string sentence;
};

// SABLE_EMU_DEFECTS=quiet keeps them in the list alone; otherwise each is written to stderr too, and the process ends
// with status 86 if the list is not empty then: no test passes over a defect.
struct List {
    std::deque<Defect> defects; // addresses of sentences stay
    bool loud = true;

    List() {
        const char *text = getenv("SABLE_EMU_DEFECTS");
        loud = !(text && std::string(text) == "quiet");
        if (loud)
            atexit([] {
                if (emu_defects() == 0) return;
                fprintf(stderr, "emulator: %zu defects\n", emu_defects());
                fflush(nullptr);
                _exit(86);
            });
    }
};

List &list() {
    static List *made = new List;
    return *made;
}

} // namespace

void report(emu_defect_kind kind, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    list().defects.push_back({kind, text + grid_position() + "."});
    if (list().loud) fprintf(stderr, "emulator: %s: %s\n", names[kind], list().defects.back().sentence.c_str());
}

} // namespace emu

using namespace emu;

size_t emu_defects(void) {
    std::lock_guard<std::recursive_mutex> guard(runtime().lock);
    fault_report_host_accesses();
    return list().defects.size();
}

emu_defect_info emu_defect(size_t i) {
    std::lock_guard<std::recursive_mutex> guard(runtime().lock);
    if (i >= list().defects.size()) return {EMU_DEFECT_KINDS, "", ""};
    const Defect &defect = list().defects[i];
    return {defect.kind, names[defect.kind], defect.sentence.c_str()};
}

void emu_clear(void) {
    std::lock_guard<std::recursive_mutex> guard(runtime().lock);
    list().defects.clear();
    for (int kind = 0; kind < EMU_CALL_KINDS; ++kind) emu_fail_at(static_cast<emu_call_kind>(kind), 0, EMU_FAIL_CALL);
    for (Device &device : runtime().devices) device.ended = cudaSuccess;
    thread_state.unchecked_launch = false;
    thread_state.last_error = cudaSuccess;
}

emu_counts emu_live(void) {
    std::lock_guard<std::recursive_mutex> guard(runtime().lock);
    emu_counts counts = {};
    counts.allocations = memory_live_count();
    counts.allocated_bytes = memory_live_bytes();
    counts.host_allocations = pinned_count();
    counts.streams = runtime().streams.size();
    counts.events = runtime().events.size();
    counts.graphs = graphs.size();
    counts.graph_execs = graph_execs.size();
    counts.pools = pool_count();
    counts.plans = plan_count();
    return counts;
}
