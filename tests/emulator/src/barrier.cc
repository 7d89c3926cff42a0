// SPDX-License-Identifier: Apache-2.0
// __syncthreads and its relatives: all threads of the block must come, to the same line of the source.
#include "emu_block.h"

#include "block.h"
#include "defect.h"

using namespace emu;

namespace {

// No caller may hold memory: its stack is abandoned.
[[noreturn]] void diverged(const Site &site, const char *why, const Site *where) {
    report(EMU_DIVERGENT_BARRIER, "a thread came to the barrier at %s, but others of its block %s%s",
           site_text(site).c_str(), why, where ? site_text(*where).c_str() : "");
    grid_abandon(cudaErrorLaunchFailure);
}

void release() {
    int result = block.votes;
    if (block.barrier_kind == EMU_BARRIER_AND) result = block.votes == static_cast<int>(block.count);
    if (block.barrier_kind == EMU_BARRIER_OR) result = block.votes != 0;
    // In the order in which threads began, the last to come included: an order is an order in every part of a kernel.
    for (unsigned i = 0; i < block.count; ++i) {
        block.threads[block.order[i]].result = result;
        block_wake(block.order[i]);
    }
    block.at_barrier = 0;
    block.votes = 0;
}

} // namespace

int emu_barrier(enum emu_barrier_kind kind, int predicate, const char *file, int line) {
    const Site site = {file, line};
    Thread &self = block.threads[block.current];
    if (block.count == 1) return predicate != 0;
    if (block.done > 0) diverged(site, "have ended", nullptr);
    if (block.at_barrier == 0) {
        block.barrier = site;
        block.barrier_kind = kind;
    } else if (!(block.barrier == site) || block.barrier_kind != kind) {
        diverged(site, "wait at ", &block.barrier);
    }
    block.votes += predicate != 0;
    self.state = State::at_barrier;
    if (++block.at_barrier == block.count) release();
    block_wait();
    return self.result;
}
