// SPDX-License-Identifier: Apache-2.0
#ifndef EMU_BLOCK_STATE_H
#define EMU_BLOCK_STATE_H
// The threads of the block that runs, and who waits for what. A thread that never waits is one call; a thread that waits
// keeps the stack it is on, and another stack takes up the loop over the threads that have not begun.
#include <cstdint>
#include <string>

#include "fiber.h"
#include "grid.h"

namespace emu {

constexpr unsigned most_threads = 1024;
constexpr unsigned lanes = 32;

enum class State : uint8_t { unstarted, running, ready, at_barrier, at_warp, done };

struct Thread {
    Fiber *fiber;
    uint3 index;
    State state;
    int result; // of the barrier
};

struct Site {
    const char *file;
    int line;
    bool operator==(const Site &other) const { return line == other.line && file == other.file; }
};

struct Warp {
    unsigned waiting;      // lanes that wait at a warp function
    unsigned gone;         // lanes that have ended, or that the block does not have
    unsigned mask[lanes];  // what they named
    uint64_t value[lanes]; // brought, then taken away
    unsigned argument[lanes];
    uint8_t op[lanes];
    int width[lanes];
    Site site[lanes];
};

struct Block {
    unsigned count = 0;           // threads
    unsigned current = 0;         // the thread that runs
    unsigned order[most_threads]; // the threads, in the order in which they begin
    unsigned next = 0;            // how many have begun
    unsigned done = 0;
    unsigned ready[most_threads]; // a ring
    unsigned ready_head = 0, ready_count = 0;
    unsigned at_barrier = 0; // threads that wait at the block's barrier
    Site barrier = {};
    int barrier_kind = 0, votes = 0;
    Thread threads[most_threads];
    Warp warps[most_threads / lanes];
};

extern Block block;

// Marks a waiting thread as able to go on.
void block_wake(unsigned thread);

// Lets others run until the current thread, whose state says what it waits for, is woken.
void block_wait();

// "file:line", the last part of the path.
std::string site_text(const Site &site);

// ---- shared memory ----
void shared_begin(const Launch &launch); // poisons it, for one block
void shared_end();                       // checks the words between the arrays
size_t shared_static_bytes();            // of the block that ran last

} // namespace emu

#endif
