// SPDX-License-Identifier: Apache-2.0
// Page-locked host memory: ordinary pages, poisoned, with a page behind that nothing can touch. While a copy may be in
// flight, as far as the host knows, the pages it reads cannot be written and those it writes cannot be touched by host code.
#include <algorithm>
#include <cstring>
#include <map>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include "memory.h"

namespace emu {
namespace {

struct Transfer {
    uintptr_t first;
    size_t bytes;
    bool writes; // to this memory
    unsigned slot;
    uint64_t time;
};

struct Pinned {
    size_t bytes, page_bytes;
    std::vector<Transfer> transfers = {};
    bool closed = false;   // some page is protected
    bool to_close = false; // when the running operation ends
};

std::map<uintptr_t, Pinned> &table() { // by first byte
    static auto *made = new std::map<uintptr_t, Pinned>;
    return *made;
}

size_t page() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

size_t transfer_count, to_close_count; // the handler takes no memory: flags in the table

char *first_page(uintptr_t start) { return reinterpret_cast<char *>(start / page() * page()); }

using Entry = std::pair<const uintptr_t, Pinned>;

void open_pages(Entry &entry) {
    mprotect(first_page(entry.first), entry.second.page_bytes, PROT_READ | PROT_WRITE);
    entry.second.closed = false;
}

// Only pages of which the transfer has all bytes that are the caller's: neighbours stay as they are.
void close_range(Entry &entry, const Transfer &transfer) {
    const uintptr_t first = reinterpret_cast<uintptr_t>(first_page(entry.first)),
                    end = entry.first + entry.second.bytes;
    const uintptr_t from = transfer.first == entry.first ? first : (transfer.first + page() - 1) / page() * page();
    const uintptr_t behind = transfer.first + transfer.bytes;
    const uintptr_t to = behind == end ? first + entry.second.page_bytes : behind / page() * page();
    if (from >= to) return;
    mprotect(reinterpret_cast<void *>(from), to - from, transfer.writes ? PROT_NONE : PROT_READ);
    entry.second.closed = true;
}

void close_pages(Entry &entry) {
    open_pages(entry);
    entry.second.to_close = false;
    for (const bool writes : {false, true}) // what is written is closed last: it must not be read either
        for (const Transfer &transfer : entry.second.transfers)
            if (transfer.writes == writes) close_range(entry, transfer);
}

Entry *find_pages(const void *address) {
    const uintptr_t at = reinterpret_cast<uintptr_t>(address);
    auto next = table().upper_bound(at | (page() - 1));
    if (next == table().begin()) return nullptr;
    Entry &entry = *std::prev(next);
    return at < reinterpret_cast<uintptr_t>(first_page(entry.first)) + entry.second.page_bytes ? &entry : nullptr;
}

} // namespace

void pinned_transfer(const void *address, size_t bytes, bool writes, unsigned slot, uint64_t time) {
    Entry *entry = find_pages(address);
    if (!entry) return;
    entry->second.transfers.push_back({reinterpret_cast<uintptr_t>(address), bytes, writes, slot, time});
    ++transfer_count;
    // If the operation had to open other pages here, all are closed when it ends.
    if (!entry->second.to_close) close_range(*entry, entry->second.transfers.back());
}

void pinned_close_all() {
    if (to_close_count == 0) return;
    for (Entry &entry : table())
        if (entry.second.to_close) close_pages(entry);
    to_close_count = 0;
}

void pinned_learned(const Clock &host) {
    if (transfer_count == 0) return;
    for (Entry &entry : table()) {
        std::vector<Transfer> &all = entry.second.transfers;
        const size_t before = all.size();
        all.erase(std::remove_if(all.begin(), all.end(), [&](const Transfer &t) { return host.at(t.slot) >= t.time; }),
                  all.end());
        transfer_count -= before - all.size();
        if (all.size() != before) close_pages(entry);
    }
}

bool pinned_open(const void *address, bool operating) {
    Entry *entry = find_pages(address);
    if (!entry || !entry->second.closed) return false;
    open_pages(*entry);
    if (operating) {
        entry->second.to_close = true;
        ++to_close_count;
    }
    return true;
}

void *pinned_create(size_t bytes) {
    const size_t rounded = (bytes + 63) / 64 * 64, page_bytes = (rounded + page() - 1) / page() * page();
    void *memory = mmap(nullptr, page_bytes + page(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    char *pages = static_cast<char *>(memory);
    if (mprotect(pages + page_bytes, page(), PROT_NONE) != 0) {
        munmap(memory, page_bytes + page());
        return nullptr;
    }
    char *start = pages + page_bytes - rounded;
    memset(start, 0xFF, bytes);
    table()[reinterpret_cast<uintptr_t>(start)] = {bytes, page_bytes, {}, false, false};
    return start;
}

bool pinned_release(void *pointer) {
    const auto found = table().find(reinterpret_cast<uintptr_t>(pointer));
    if (found == table().end()) return false;
    transfer_count -= found->second.transfers.size();
    munmap(first_page(found->first), found->second.page_bytes + page());
    table().erase(found);
    return true;
}

void *pinned_find(const void *address, size_t *bytes) {
    const uintptr_t at = reinterpret_cast<uintptr_t>(address);
    auto next = table().upper_bound(at);
    if (next == table().begin()) return nullptr;
    const auto &entry = *std::prev(next);
    if (at >= entry.first + entry.second.bytes) return nullptr;
    *bytes = entry.second.bytes;
    return reinterpret_cast<void *>(entry.first);
}

size_t pinned_count() { return table().size(); }

} // namespace emu
