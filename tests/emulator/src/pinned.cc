// SPDX-License-Identifier: Apache-2.0
// Page-locked host memory: ordinary pages, poisoned, with a page behind that nothing can touch.
#include <cstring>
#include <map>
#include <sys/mman.h>
#include <unistd.h>

#include "memory.h"

namespace emu {
namespace {

struct Pinned {
    size_t bytes, page_bytes;
};

std::map<uintptr_t, Pinned> &table() { // by first byte
    static auto *made = new std::map<uintptr_t, Pinned>;
    return *made;
}

size_t page() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

char *first_page(uintptr_t start) { return reinterpret_cast<char *>(start / page() * page()); }

} // namespace

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
    table()[reinterpret_cast<uintptr_t>(start)] = {bytes, page_bytes};
    return start;
}

bool pinned_release(void *pointer) {
    const auto found = table().find(reinterpret_cast<uintptr_t>(pointer));
    if (found == table().end()) return false;
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
