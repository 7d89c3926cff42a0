// SPDX-License-Identifier: Apache-2.0
#ifndef EMU_MEMORY_H
#define EMU_MEMORY_H
// Device memory: every allocation has pages of its own that nothing can touch unless an operation does, so that the first
// touch is noticed. Freed ones keep their addresses, untouchable, until the quarantine is full.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "clock.h"
#include "cuda_runtime_api.h"

namespace emu {

struct Access {
    unsigned slot = 0; // of the stream
    uint64_t time = 0; // 0: never
    const void *kernel = nullptr;
    const char *what = ""; // when it was no kernel
};

struct Pool;

struct Allocation {
    uint64_t number = 0; // counted from the start of the process
    char *pages = nullptr;
    size_t page_bytes = 0; // without the guard page behind
    char *base = nullptr;  // what the caller holds
    size_t bytes = 0;
    int device = 0;
    Pool *pool = nullptr;
    bool freed = false;
    bool filled = false; // with poison, on first touch
    enum Protection { none, read, write } protection = none;
    bool was_read = false, was_written = false; // by the running operation
    Allocation *next_open = nullptr;
    char *before = nullptr; // its pages before the running operation wrote them, while images are kept
    Access created, last_write, freed_by;
    std::vector<Access> reads; // since the last write, one a stream

    size_t rounded() const { return static_cast<size_t>(pages + page_bytes - base); }
};

// nullptr: the device or the pool is full.
Allocation *memory_create(size_t bytes, int device, Pool *pool);
void memory_release(Allocation *allocation, const Access &by);

// The allocation, alive or freed, whose pages or guard page address lies in.
Allocation *memory_find(const void *address);
// The one that starts exactly there, freed ones included.
Allocation *memory_at(const void *base);
// True for every address that device memory can have.
bool memory_is_device(const void *address);
size_t memory_live_count();
size_t memory_live_bytes();
std::string memory_text(const Allocation *allocation, const void *address);

// Makes the pages usable for the running operation; on_write keeps an image first, while images are kept. Called by
// the fault handler too: no heap.
void memory_open(Allocation *allocation, bool on_write);
// Ends the accesses of an operation: order, guard words, protection. by: when; host code's have time 0 and no order.
void memory_close_all(const Access &by, const Clock &order);
// Allocations that the running operation has opened.
Allocation *memory_opened();
void memory_keep_images(bool keep);

// Every allocation that is alive.
std::vector<Allocation *> memory_live();

// ---- host memory of cudaMallocHost ----
void *pinned_create(size_t bytes);
bool pinned_release(void *pointer);
// Its start if address lies in one, else nullptr.
void *pinned_find(const void *address, size_t *bytes);
size_t pinned_count();
// The running operation copies from it, or to it. Host code that touches it before it knows the end is a defect.
void pinned_transfer(const void *address, size_t bytes, bool writes, unsigned slot, uint64_t time);
void pinned_close_all();                               // when an operation ends
void pinned_learned(const Clock &host);                // when the host has waited
bool pinned_open(const void *address, bool operating); // by the fault handler; false: it was not closed

// Installs the handler, once, and an alternate stack for this thread.
void fault_prepare();
// While true, faults of this thread in device memory are accesses of the running operation.
void fault_operating(bool operating);
// Adds to the defects what the handler saw of host code.
void fault_report_host_accesses();

} // namespace emu

#endif
