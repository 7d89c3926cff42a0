// SPDX-License-Identifier: Apache-2.0
// The handler of SIGSEGV. A touch of device memory is an access of the running operation: the pages are opened and the
// instruction is repeated. A touch that no operation may make ends the operation, not the process.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <pthread.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "defect.h"
#include "grid.h"
#include "memory.h"
#include "operation.h"
#include "runtime.h"

namespace emu {
namespace {

thread_local bool operating __attribute__((tls_model("initial-exec"))) = false;
struct sigaction previous;

struct Fault {
    const char *address;
    enum Kind { access, misaligned, stack } kind;
} fault;

// Runs on the stack of the code that faulted, outside the handler.
[[noreturn]] void abandon() {
    const Allocation *a = memory_find(fault.address);
    if (fault.kind == Fault::misaligned) {
        report(EMU_MISALIGNED, "a wide access is not aligned to its size, or has an address that no memory can have");
        operation_abandon(cudaErrorMisalignedAddress);
    }
    if (fault.kind == Fault::stack) {
        report(EMU_STACK, "a thread needs more stack than the emulator gives it (64 KiB)");
    } else if (a && a->freed) {
        report(EMU_USE_AFTER_FREE, "address %p is in %s, which was freed in %s",
               static_cast<const void *>(fault.address), memory_text(a, fault.address).c_str(),
               stream_text(a->freed_by.slot).c_str());
    } else if (a) {
        report(EMU_OUT_OF_BOUNDS, "address %p lies behind %s", static_cast<const void *>(fault.address),
               memory_text(a, fault.address).c_str());
    } else {
        report(EMU_OUT_OF_BOUNDS, "address %p belongs to no allocation", static_cast<const void *>(fault.address));
    }
    operation_abandon(cudaErrorIllegalAddress);
}

// Lets the interrupted code go on in abandon() when the handler returns; false where that is not written down.
bool redirect(void *context, const char *stack = nullptr) {
    ucontext_t *machine = static_cast<ucontext_t *>(context);
#if defined __x86_64__
    greg_t *registers = machine->uc_mcontext.gregs;
    // Below what a leaf function may use; aligned as at a call.
    if (stack) registers[REG_RSP] = reinterpret_cast<greg_t>(stack);
    registers[REG_RSP] = ((registers[REG_RSP] - 512) & ~greg_t{15}) - 8;
    registers[REG_RIP] = reinterpret_cast<greg_t>(&abandon);
    return true;
#elif defined __aarch64__
    if (stack) machine->uc_mcontext.sp = reinterpret_cast<unsigned long long>(stack);
    machine->uc_mcontext.sp = (machine->uc_mcontext.sp - 512) & ~15ull;
    machine->uc_mcontext.pc = reinterpret_cast<unsigned long long>(&abandon);
    return true;
#else
    (void)machine, (void)stack;
    return false;
#endif
}

// True if the access was a write. Where the processor does not say, the second fault at one place is.
bool is_write(void *context, const Allocation *a) {
#if defined __x86_64__
    (void)a;
    return static_cast<ucontext_t *>(context)->uc_mcontext.gregs[REG_ERR] & 2;
#else
    (void)context;
    return a && a->protection == Allocation::read;
#endif
}

void chain(int signal, siginfo_t *info, void *context) {
    if (previous.sa_flags & SA_SIGINFO) {
        previous.sa_sigaction(signal, info, context);
    } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
        previous.sa_handler(signal);
    } else {
        sigaction(signal, &previous, nullptr); // the instruction faults again, by the default action
    }
}

// Touches of device memory by host code, until they are reported: the handler takes no memory.
struct HostAccess {
    const char *address;
    bool write, pinned;
} host_accesses[16];
unsigned host_access_count;

// It is let through, so that the test can end by itself.
bool host_access(const char *address, void *context) {
    std::lock_guard<std::recursive_mutex> guard(runtime().lock);
    Allocation *a = memory_find(address);
    const bool write = is_write(context, a);
    const bool pinned = pinned_open(address, false);
    if (host_access_count < 16 && pinned) host_accesses[host_access_count++] = {address, write, true};
    if (pinned) return true;
    if (!a || a->freed || address >= a->pages + a->page_bytes) return false;
    if (host_access_count < 16) host_accesses[host_access_count++] = {address, write, false};
    memory_open(a, write);
    return true;
}

void handle(int signal, siginfo_t *info, void *context) {
    const char *address = static_cast<const char *>(info->si_addr);
    if (operating && grid_current() && grid_stack_overflowed(address)) {
        // No room left on that stack: abandon() begins again at its top, since nothing will return to what stands there.
        fault = {address, Fault::stack};
        if (redirect(context, grid_stack_cleared())) return;
    }
    if (operating && info->si_code == SI_KERNEL) { // the processor tells no address
        fault = {nullptr, Fault::misaligned};
        if (redirect(context)) return;
    }
    if (operating ? pinned_open(address, true) : host_access(address, context)) return;
    if (operating) {
        Allocation *a = memory_find(address);
        if (a && !a->freed && address < a->pages + a->page_bytes) {
            memory_open(a, is_write(context, a));
            return;
        }
        fault = {address,
                 Fault::access}; // freed, behind an allocation, a wild pointer, the guard page of shared memory
        if (redirect(context)) return;
    }
    chain(signal, info, context);
}

} // namespace

void fault_prepare() {
    static bool installed;
    if (!installed) {
        installed = true;
        (void)(memory_live_count() + pinned_count()); // made here: the handler takes no memory
        struct sigaction action = {};
        action.sa_sigaction = handle;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        sigaction(SIGSEGV, &action, &previous);
    }
    thread_local bool prepared = false;
    if (prepared) return;
    prepared = true;
    stack_t stack = {};
    if (sigaltstack(nullptr, &stack) == 0 && !(stack.ss_flags & SS_DISABLE)) return; // a sanitizer's, for instance
    stack.ss_size = 64 << 10;
    stack.ss_sp = mmap(nullptr, stack.ss_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack.ss_flags = 0;
    if (stack.ss_sp != MAP_FAILED) sigaltstack(&stack, nullptr); // left to the thread for its life
}

void fault_report_host_accesses() {
    for (; host_access_count > 0; --host_access_count) {
        const HostAccess &access = host_accesses[host_access_count - 1];
        if (access.pinned) {
            report(EMU_HOST_BUFFER,
                   "host code %s page-locked memory at %p while a copy that it has not waited for uses it",
                   access.write ? "writes" : "reads", static_cast<const void *>(access.address));
            continue;
        }
        const Allocation *a = memory_find(access.address);
        report(EMU_HOST_ACCESS, "host code %s %s", access.write ? "writes" : "reads",
               a ? memory_text(a, access.address).c_str() : "device memory");
    }
}

void fault_operating(bool now) { operating = now; }

} // namespace emu
