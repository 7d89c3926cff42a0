// SPDX-License-Identifier: Apache-2.0
#include "memory.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "defect.h"
#include "runtime.h"

namespace emu {
namespace {

constexpr size_t alignment = 256; // what cudaMalloc promises
constexpr unsigned char poison = 0xFF, guard = 0xA5;

[[noreturn]] void die(const char *what) {
    fprintf(stderr, "emulator: cannot %s: %s\n", what, strerror(errno));
    abort();
}

constexpr size_t most_quarantined = 16384; // the table of allocations stays small

struct Space {
    size_t page;
    char *start = nullptr;
    size_t bytes = size_t{256} << 30;
    std::map<uintptr_t, Allocation *> allocations; // by first page; alive and quarantined
    std::map<uintptr_t, size_t> holes;             // free addresses
    std::deque<Allocation *> quarantine;
    size_t quarantine_bytes = 0, most_quarantine;
    size_t live = 0, live_bytes = 0;
    uint64_t number = 0;
    Allocation *opened = nullptr;
    bool keep_images = false;

    Space() : page(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
        // Addresses only, directly from the kernel: sanitizers would write down all of it.
        for (; bytes >= size_t{1} << 30; bytes /= 2) {
            const long got =
                syscall(SYS_mmap, nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0L);
            if (got != -1) {
                start = reinterpret_cast<char *>(got);
                break;
            }
        }
        if (!start) die("reserve addresses for device memory");
        holes[reinterpret_cast<uintptr_t>(start)] = bytes;
        most_quarantine = environment_number("SABLE_EMU_QUARANTINE", bytes / 16);
    }
};

Space &space() {
    static Space *made = new Space; // never destroyed: faults may come late
    return *made;
}

bool protect(Allocation *a, Allocation::Protection protection) {
    const int flags[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE};
    if (syscall(SYS_mprotect, a->pages, a->page_bytes, flags[protection]) != 0) return false;
    a->protection = protection;
    return true;
}

void add_hole(uintptr_t at, size_t bytes) {
    Space &s = space();
    auto next = s.holes.lower_bound(at);
    if (next != s.holes.begin()) {
        auto before = std::prev(next);
        if (before->first + before->second == at) {
            at = before->first;
            bytes += before->second;
            s.holes.erase(before);
        }
    }
    if (next != s.holes.end() && at + bytes == next->first) {
        bytes += next->second;
        s.holes.erase(next);
    }
    s.holes[at] = bytes;
}

void forget_oldest() {
    Space &s = space();
    Allocation *oldest = s.quarantine.front();
    s.quarantine.pop_front();
    s.quarantine_bytes -= oldest->page_bytes + s.page;
    s.allocations.erase(reinterpret_cast<uintptr_t>(oldest->pages));
    add_hole(reinterpret_cast<uintptr_t>(oldest->pages), oldest->page_bytes + s.page);
    delete oldest;
}

char *take_addresses(size_t bytes) {
    Space &s = space();
    for (;;) {
        for (auto hole = s.holes.begin(); hole != s.holes.end(); ++hole) {
            if (hole->second < bytes) continue;
            const uintptr_t at = hole->first;
            const size_t left = hole->second - bytes;
            s.holes.erase(hole);
            if (left) s.holes[at + bytes] = left;
            return reinterpret_cast<char *>(at);
        }
        if (s.quarantine.empty()) return nullptr;
        forget_oldest();
    }
}

// Poison for the caller, guard words around: in the slack behind, and from the start of the first page.
bool fill(Allocation *a) {
    if (!protect(a, Allocation::write)) return false;
    memset(a->pages, guard, static_cast<size_t>(a->base - a->pages));
    memset(a->base, poison, a->bytes);
    memset(a->base + a->bytes, guard, a->rounded() - a->bytes);
    a->filled = true;
    return true;
}

bool all_guard(const char *from, size_t bytes) {
    return bytes == 0 || (static_cast<unsigned char>(from[0]) == guard && memcmp(from, from + 1, bytes - 1) == 0);
}

void check_guards(Allocation *a) {
    const char *side = nullptr;
    if (!all_guard(a->pages, static_cast<size_t>(a->base - a->pages))) side = "before";
    if (!all_guard(a->base + a->bytes, a->rounded() - a->bytes)) side = "behind";
    if (!side) return;
    report(EMU_GUARD, "words %s %s were overwritten", side, memory_text(a, a->base).c_str());
    memset(a->pages, guard, static_cast<size_t>(a->base - a->pages));
    memset(a->base + a->bytes, guard, a->rounded() - a->bytes);
}

std::string access_text(const Access &access) {
    return (access.kernel ? "kernel " + kernel_name(access.kernel) : std::string(access.what)) + " in " +
           stream_text(access.slot);
}

bool ordered(const Access &earlier, const Access &by, const Clock &order) {
    return earlier.time == 0 || earlier.slot == by.slot || order.at(earlier.slot) >= earlier.time;
}

void complain(const Allocation *a, const char *does, const Access &by, const char *did, const Access &earlier) {
    report(EMU_STREAM_ORDER, "%s %s %s, which %s %s; no event or synchronisation stands between them",
           access_text(by).c_str(), does, memory_text(a, a->base).c_str(), access_text(earlier).c_str(), did);
}

void note_access(Allocation *a, const Access &by, const Clock &order) {
    const char *does = a->was_written ? "writes" : "reads";
    if (!ordered(a->created, by, order))
        complain(a, does, by, "allocated", a->created);
    else if (!ordered(a->last_write, by, order))
        complain(a, does, by, "wrote", a->last_write);
    else if (a->was_written)
        for (const Access &read : a->reads)
            if (!ordered(read, by, order)) {
                complain(a, does, by, "read", read);
                break;
            }
    if (a->was_written) {
        a->last_write = by;
        a->reads.clear();
        return;
    }
    for (Access &read : a->reads)
        if (read.slot == by.slot) {
            read = by;
            return;
        }
    a->reads.push_back(by);
}

} // namespace

Allocation *memory_create(size_t bytes, int device, Pool *pool) {
    Space &s = space();
    const size_t rounded = (bytes + alignment - 1) / alignment * alignment;
    const size_t page_bytes = (rounded + s.page - 1) / s.page * s.page;
    if (page_bytes > s.bytes / 2) return nullptr;
    char *pages = take_addresses(page_bytes + s.page);
    if (!pages) return nullptr;
    Allocation *a = new Allocation;
    a->number = ++s.number;
    a->pages = pages;
    a->page_bytes = page_bytes;
    a->base = pages + page_bytes - rounded;
    a->bytes = bytes;
    a->device = device;
    a->pool = pool;
    s.allocations[reinterpret_cast<uintptr_t>(pages)] = a;
    ++s.live;
    s.live_bytes += bytes;
    return a;
}

void memory_release(Allocation *a, const Access &by) {
    Space &s = space();
    if (a->filled) {
        check_guards((protect(a, Allocation::write), a));
        madvise(a->pages, a->page_bytes, MADV_DONTNEED);
        protect(a, Allocation::none);
    }
    a->freed = true;
    a->freed_by = by;
    --s.live;
    s.live_bytes -= a->bytes;
    s.quarantine.push_back(a);
    s.quarantine_bytes += a->page_bytes + s.page;
    while (s.quarantine_bytes > s.most_quarantine || s.quarantine.size() > most_quarantined) forget_oldest();
}

Allocation *memory_find(const void *address) {
    Space &s = space();
    const uintptr_t at = reinterpret_cast<uintptr_t>(address);
    auto next = s.allocations.upper_bound(at);
    if (next == s.allocations.begin()) return nullptr;
    Allocation *a = std::prev(next)->second;
    return at < reinterpret_cast<uintptr_t>(a->pages) + a->page_bytes + s.page ? a : nullptr;
}

Allocation *memory_at(const void *base) {
    Allocation *a = memory_find(base);
    return a && a->base == base ? a : nullptr;
}

bool memory_is_device(const void *address) {
    const char *at = static_cast<const char *>(address);
    return at >= space().start && at < space().start + space().bytes;
}

size_t memory_live_count() { return space().live; }
size_t memory_live_bytes() { return space().live_bytes; }

std::string memory_text(const Allocation *a, const void *address) {
    char text[160];
    const long offset = static_cast<const char *>(address) - a->base;
    int n = snprintf(text, sizeof text, "allocation %llu of %zu bytes", static_cast<unsigned long long>(a->number),
                     a->bytes);
    if (address != a->base) snprintf(text + n, sizeof text - static_cast<size_t>(n), " at byte %ld", offset);
    return text;
}

void memory_open(Allocation *a, bool on_write) {
    Space &s = space();
    if (!a->filled && !fill(a)) die("open an allocation");
    if (!a->was_read && !a->was_written) {
        a->next_open = s.opened;
        s.opened = a;
    }
    if (on_write && !a->was_written && s.keep_images) {
        void *image = mmap(nullptr, a->page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (image == MAP_FAILED || !protect(a, Allocation::read)) die("keep an image of an allocation");
        memcpy(image, a->pages, a->page_bytes);
        a->before = static_cast<char *>(image);
    }
    (on_write ? a->was_written : a->was_read) = true;
    const Allocation::Protection wanted = a->was_written ? Allocation::write : Allocation::read;
    if (a->protection != wanted && !protect(a, wanted)) die("open an allocation (vm.max_map_count may be too small)");
}

void memory_close_all(const Access &by, const Clock &order) {
    Space &s = space();
    while (Allocation *a = s.opened) {
        s.opened = a->next_open;
        if (by.time) note_access(a, by, order);
        if (a->was_written) check_guards(a);
        if (a->before) munmap(a->before, a->page_bytes);
        a->before = nullptr;
        a->was_read = a->was_written = false;
        a->next_open = nullptr;
        protect(a, Allocation::none);
    }
}

Allocation *memory_opened() { return space().opened; }
void memory_keep_images(bool keep) { space().keep_images = keep; }

std::vector<Allocation *> memory_live() {
    std::vector<Allocation *> live;
    for (const auto &entry : space().allocations)
        if (!entry.second->freed) live.push_back(entry.second);
    return live;
}

} // namespace emu
