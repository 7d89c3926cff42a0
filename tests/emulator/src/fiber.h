// SPDX-License-Identifier: Apache-2.0
#ifndef EMU_FIBER_H
#define EMU_FIBER_H
// Fibers: stacks that threads of a block wait on. One operating-system thread at a time uses them, under the lock.
#include <cstddef>

namespace emu {

struct Fiber {
    void *context = nullptr; // where it goes on: a stack pointer, or a ucontext_t
    char *stack = nullptr;   // nullptr: the stack of the operating-system thread
    size_t bytes = 0;
    const void *bottom = nullptr; // what AddressSanitizer knows of the stack
    size_t bottom_bytes = 0;
    void *fake_stack = nullptr;
    void *tsan = nullptr;
    Fiber *next = nullptr; // in the list of free ones
};

// A free fiber, which starts at entry or goes on where it was when it was given back. entry never returns.
Fiber *fiber_take(void (*entry)());
void fiber_give(Fiber *fiber);

// Forgets what stands on the stack of fiber, which is not running, and gives it back.
void fiber_abandon(Fiber *fiber);

// Tells AddressSanitizer that no frame stands on the stack any more.
void fiber_clear(Fiber *fiber);

void fiber_switch(Fiber *from, Fiber *to);

// Makes the operating-system thread's own stack the one that runs.
void fiber_adopt(Fiber *main_fiber);

// True if address lies in the guard page below a fiber's stack.
bool fiber_overflowed(const Fiber *fiber, const void *address);

} // namespace emu

#endif
