// SPDX-License-Identifier: Apache-2.0
#include "grid.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "block.h"
#include "defect.h"
#include "emu_block.h"

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace emu {

Block block;

namespace {

const Launch *running;
Fiber main_fiber;
Fiber *current_fiber;
cudaError_t outcome;

void enter(unsigned thread) {
    block.current = thread;
    block.threads[thread].state = State::running;
    threadIdx = block.threads[thread].index;
}

void switch_to(Fiber *fiber) {
    Fiber *from = current_fiber;
    if (fiber == from) return; // the thread that woke itself is the next to run
    current_fiber = fiber;
    fiber_switch(from, fiber);
}

bool resume_ready() {
    if (block.ready_count == 0) return false;
    const unsigned thread = block.ready[block.ready_head];
    block.ready_head = (block.ready_head + 1) % most_threads;
    --block.ready_count;
    Fiber *fiber = block.threads[thread].fiber;
    enter(thread);
    switch_to(fiber);
    return true;
}

void thread_ended() {
    Thread &self = block.threads[block.current];
    self.state = State::done;
    self.fiber = nullptr;
    block.warps[block.current / lanes].gone |= 1u << block.current % lanes;
    ++block.done;
    if (block.at_barrier > 0) {
        report(EMU_DIVERGENT_BARRIER, "a thread ended while %u of %u threads wait at the barrier at %s",
               block.at_barrier, block.count, site_text(block.barrier).c_str());
        grid_abandon(cudaErrorLaunchFailure);
    }
}

// The loop that every stack is in: take a thread that has not begun and call the kernel for it. When the call returns,
// this stack may have been handed over and taken up again any number of times.
void worker() {
    for (;;) {
        while (block.next < block.count) {
            const unsigned thread = block.order[block.next++];
            block.threads[thread].fiber = current_fiber;
            enter(thread);
            running->signature->call(running->kernel, running->arguments.data());
            thread_ended();
            if (block.ready_count > 0) break; // its fiber first: fewer stacks are in use
        }
        // This stack is free. Whoever takes it next goes on after the switch, with threads that have not begun.
        Fiber *self = current_fiber;
        fiber_give(self);
        if (!resume_ready()) switch_to(&main_fiber);
    }
}

// Threads wait and none can go on.
void report_deadlock() {
    unsigned warp_waiters = 0, example = 0;
    for (unsigned t = 0; t < block.count; ++t)
        if (block.threads[t].state == State::at_warp) warp_waiters++, example = t;
    if (warp_waiters > 0) {
        const Warp &warp = block.warps[example / lanes];
        const unsigned lane = example % lanes;
        block.current = example;
        threadIdx = block.threads[example].index;
        report(EMU_DIVERGENT_WARP, "lanes of the mask %#x did not all come to the warp function at %s: %#x wait there",
               warp.mask[lane], site_text(warp.site[lane]).c_str(), warp.waiting);
    } else {
        report(EMU_DIVERGENT_BARRIER, "%u of %u threads wait at the barrier at %s for ever", block.at_barrier,
               block.count, site_text(block.barrier).c_str());
    }
    outcome = cudaErrorLaunchTimeout;
}

void begin_block(const Launch &launch) {
    block.next = block.done = 0;
    block.ready_head = block.ready_count = 0;
    block.at_barrier = 0;
    block.votes = 0;
    for (unsigned t = 0; t < block.count; ++t) block.threads[t].state = State::unstarted;
    for (unsigned w = 0; w < (block.count + lanes - 1) / lanes; ++w) {
        const unsigned left = block.count - w * lanes;
        block.warps[w].waiting = 0;
        block.warps[w].gone = left < lanes ? ~0u << left : 0;
    }
    shared_begin(launch);
}

// Stacks on which threads still stand are emptied.
void drop_threads() {
    for (unsigned t = 0; t < block.count; ++t) {
        const State state = block.threads[t].state;
        if (state != State::unstarted && state != State::done) fiber_abandon(block.threads[t].fiber);
    }
}

void run_block(const Launch &launch) {
    begin_block(launch);
    switch_to(fiber_take(worker));
    if (outcome == cudaSuccess && block.done < block.count) report_deadlock();
    if (outcome != cudaSuccess) drop_threads();
    shared_end();
}

void set_threads(const Launch &launch, Order order, std::mt19937_64 &random) {
    block.count = launch.block.x * launch.block.y * launch.block.z;
    unsigned t = 0;
    for (unsigned z = 0; z < launch.block.z; ++z)
        for (unsigned y = 0; y < launch.block.y; ++y)
            for (unsigned x = 0; x < launch.block.x; ++x, ++t) {
                block.threads[t].index = uint3{x, y, z};
                block.order[t] = order == Order::reverse ? block.count - 1 - t : t;
            }
    if (order == Order::random) std::shuffle(block.order, block.order + block.count, random);
}

} // namespace

void block_wake(unsigned thread) {
    block.threads[thread].state = State::ready;
    block.ready[(block.ready_head + block.ready_count++) % most_threads] = thread;
}

void block_wait() {
    if (!resume_ready()) switch_to(block.next < block.count ? fiber_take(worker) : &main_fiber);
}

cudaError_t grid_run(const Launch &launch, Order order, uint64_t seed) {
    std::mt19937_64 random(seed);
    running = &launch;
    outcome = cudaSuccess;
    gridDim = launch.grid;
    blockDim = launch.block;
    fiber_adopt(&main_fiber);
    current_fiber = &main_fiber;
    set_threads(launch, order, random);

    const uint64_t blocks = uint64_t{launch.grid.x} * launch.grid.y * launch.grid.z;
    std::vector<uint32_t> shuffled;
    if (order == Order::random) {
        shuffled.resize(blocks);
        for (uint64_t b = 0; b < blocks; ++b) shuffled[b] = static_cast<uint32_t>(b);
        std::shuffle(shuffled.begin(), shuffled.end(), random);
    }
    for (uint64_t i = 0; i < blocks && outcome == cudaSuccess; ++i) {
        const uint64_t b = order == Order::forward ? i : order == Order::reverse ? blocks - 1 - i : shuffled[i];
        const uint64_t row = b / launch.grid.x;
        blockIdx = uint3{static_cast<unsigned>(b % launch.grid.x), static_cast<unsigned>(row % launch.grid.y),
                         static_cast<unsigned>(row / launch.grid.y)};
        run_block(launch);
    }
    running = nullptr;
    return outcome;
}

const Launch *grid_current() { return running; }

void grid_abandon(cudaError_t error) {
    outcome = error;
    if (block.threads[block.current].state == State::done) { // it ended, but its stack is still in use
        block.threads[block.current].state = State::running;
        block.threads[block.current].fiber = current_fiber;
    }
    switch_to(&main_fiber);
    __builtin_unreachable(); // the stack is emptied before it is used again
}

bool grid_stack_overflowed(const void *address) { return running && fiber_overflowed(current_fiber, address); }

const char *grid_stack_cleared() {
    fiber_clear(current_fiber);
    return current_fiber->stack + current_fiber->bytes;
}

std::string grid_position() {
    if (!running) return "";
    char text[160];
    snprintf(text, sizeof text, ", grid (%u,%u,%u) of (%u,%u,%u), block (%u,%u,%u), thread (%u,%u,%u)", gridDim.x,
             gridDim.y, gridDim.z, blockDim.x, blockDim.y, blockDim.z, blockIdx.x, blockIdx.y, blockIdx.z, threadIdx.x,
             threadIdx.y, threadIdx.z);
    return ", kernel " + kernel_name(running->kernel) + text;
}

std::string site_text(const Site &site) {
    const char *slash = strrchr(site.file, '/');
    return std::string(slash ? slash + 1 : site.file) + ":" + std::to_string(site.line);
}

} // namespace emu

[[noreturn]] void emu_trap(const char *file, int line) {
    emu::report(EMU_OUT_OF_BOUNDS, "__trap() at %s", emu::site_text({file, line}).c_str());
    emu::grid_abandon(cudaErrorIllegalInstruction);
}
