// SPDX-License-Identifier: Apache-2.0
#include "fiber.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

#include "sanitizer.h"

#if !defined __x86_64__ && !defined __aarch64__
#include <ucontext.h>
#endif

namespace emu {
namespace {

// Sanitizers make frames several times larger.
constexpr size_t stack_bytes = (EMU_ASAN || EMU_TSAN ? 256 : 64) << 10;
constexpr size_t guard_bytes = 16384; // a multiple of the page size of every machine in question

Fiber *free_fibers;
unsigned made;
void (*entry_of_new)();
Fiber *switched_from;
Fiber *switched_to;

void finish_switch() {
#if EMU_ASAN
    __sanitizer_finish_switch_fiber(switched_to->fake_stack, &switched_from->bottom, &switched_from->bottom_bytes);
#endif
}

void start() {
    finish_switch();
    entry_of_new();
    abort(); // an entry never returns
}

} // namespace
} // namespace emu

// The context of a suspended fiber is its stack pointer; the registers that a call preserves lie above it.
#if defined __x86_64__
asm(R"(
    .text
    .type emu_switch_stacks, @function
    .hidden emu_switch_stacks
    .globl emu_switch_stacks
emu_switch_stacks:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size emu_switch_stacks, . - emu_switch_stacks
)");
#elif defined __aarch64__
asm(R"(
    .text
    .type emu_switch_stacks, %function
    .hidden emu_switch_stacks
    .globl emu_switch_stacks
emu_switch_stacks:
    sub sp, sp, #160
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    ret
    .size emu_switch_stacks, . - emu_switch_stacks
)");
#endif

#if defined __x86_64__ || defined __aarch64__
extern "C" void emu_switch_stacks(void **save, void *load);
#endif

namespace emu {
namespace {

void prepare(Fiber *fiber) {
    // Stacks lie a power of two apart; different offsets keep them out of each other's cache sets.
    const size_t offset = (reinterpret_cast<uintptr_t>(fiber->stack) / stack_bytes * 192) % 4096;
    uintptr_t top = reinterpret_cast<uintptr_t>(fiber->stack + fiber->bytes - offset) & ~uintptr_t{63};
    fiber->fake_stack = nullptr;
#if defined __x86_64__
    top -= 8; // a function is entered with the stack 8 bytes off a multiple of 16
    void **frame = reinterpret_cast<void **>(top) - 7;
    for (int i = 0; i < 6; ++i) frame[i] = nullptr;
    frame[6] = reinterpret_cast<void *>(&start);
    fiber->context = frame;
#elif defined __aarch64__
    void **frame = reinterpret_cast<void **>(top) - 20;
    for (int i = 0; i < 20; ++i) frame[i] = nullptr;
    frame[11] = reinterpret_cast<void *>(&start); // x30
    fiber->context = frame;
#else
    (void)top;
    if (!fiber->context) fiber->context = new ucontext_t;
    ucontext_t *context = static_cast<ucontext_t *>(fiber->context);
    getcontext(context);
    context->uc_stack.ss_sp = fiber->stack;
    context->uc_stack.ss_size = fiber->bytes;
    context->uc_link = nullptr;
    makecontext(context, &start, 0);
#endif
    fiber_clear(fiber);
#if EMU_TSAN
    if (fiber->tsan) __tsan_destroy_fiber(fiber->tsan);
    fiber->tsan = __tsan_create_fiber(0);
#endif
}

} // namespace

Fiber *fiber_take(void (*entry)()) {
    entry_of_new = entry;
    if (Fiber *fiber = free_fibers) {
        free_fibers = fiber->next;
        return fiber;
    }
    char *memory = static_cast<char *>(mmap(nullptr, guard_bytes + stack_bytes, PROT_READ | PROT_WRITE,
                                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (memory == MAP_FAILED || mprotect(memory, guard_bytes, PROT_NONE) != 0) {
        fprintf(stderr, "emulator: no memory for the stack of fiber %u\n", made);
        abort();
    }
    Fiber *fiber = new Fiber;
    ++made;
    fiber->stack = memory + guard_bytes;
    fiber->bytes = stack_bytes;
    fiber->bottom = fiber->stack;
    fiber->bottom_bytes = stack_bytes;
    prepare(fiber);
    return fiber;
}

void fiber_clear(Fiber *fiber) {
#if EMU_ASAN
    __asan_unpoison_memory_region(fiber->stack, fiber->bytes);
#else
    (void)fiber;
#endif
}

void fiber_give(Fiber *fiber) {
    fiber->next = free_fibers;
    free_fibers = fiber;
}

void fiber_abandon(Fiber *fiber) {
    prepare(fiber);
    fiber_give(fiber);
}

void fiber_switch(Fiber *from, Fiber *to) {
    switched_from = from;
    switched_to = to;
#if EMU_ASAN
    __sanitizer_start_switch_fiber(&from->fake_stack, to->bottom, to->bottom_bytes);
#endif
#if EMU_TSAN
    __tsan_switch_to_fiber(to->tsan, 0);
#endif
#if defined __x86_64__ || defined __aarch64__
    emu_switch_stacks(&from->context, to->context);
#else
    swapcontext(static_cast<ucontext_t *>(from->context), static_cast<ucontext_t *>(to->context));
#endif
    finish_switch(); // some other fiber has switched back to this one
}

void fiber_adopt(Fiber *main_fiber) {
#if EMU_TSAN
    main_fiber->tsan = __tsan_get_current_fiber();
#endif
#if !defined __x86_64__ && !defined __aarch64__
    if (!main_fiber->context) main_fiber->context = new ucontext_t;
#endif
    (void)main_fiber;
}

bool fiber_overflowed(const Fiber *fiber, const void *address) {
    const char *at = static_cast<const char *>(address);
    return fiber->stack && at >= fiber->stack - guard_bytes && at < fiber->stack;
}

} // namespace emu
