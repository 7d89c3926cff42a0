// SPDX-License-Identifier: Apache-2.0
// Shared memory of the running block: arrays of the source in front, with guard words between them; the dynamic array at
// the end, against a page that cannot be touched.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

#include "block.h"
#include "defect.h"
#include "emu_block.h"

namespace emu {
namespace {

constexpr size_t arena_bytes = 512 << 10;
constexpr size_t guard_bytes = 64;
constexpr unsigned char guard = 0xA5, poison = 0xFF;
constexpr unsigned most_arrays = 64;

struct Array {
    const void *key;
    const char *name;
    char *start;
    size_t bytes;
};

char *arena;
Array arrays[most_arrays];
unsigned array_count;
char *static_end; // with the guard behind the last array
size_t static_bytes;
char *dynamic_start;
size_t dynamic_bytes, dynamic_slack, limit;

void make_arena() {
    const size_t page = 64 << 10; // of every machine in question, or a multiple
    void *memory = mmap(nullptr, arena_bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(static_cast<char *>(memory) + arena_bytes, page, PROT_NONE) != 0) {
        fprintf(stderr, "emulator: no memory for shared memory\n");
        abort();
    }
    arena = static_cast<char *>(memory);
}

size_t first_changed(const char *from, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i)
        if (static_cast<unsigned char>(from[i]) != guard) return i;
    return bytes;
}

void check(const char *from, size_t bytes, const char *where, const char *name) {
    const size_t at = first_changed(from, bytes);
    if (at < bytes) report(EMU_SHARED_GUARD, "%s the shared array %s, byte %zu was overwritten", where, name, at);
}

} // namespace

void shared_begin(const Launch &launch) {
    if (!arena) make_arena();
    array_count = 0;
    static_bytes = 0;
    limit = launch.shared_limit;
    memset(arena, guard, guard_bytes);
    static_end = arena + guard_bytes;
    dynamic_bytes = launch.dynamic_bytes;
    // 16 bytes are what wide accesses need; a smaller slack finds more.
    dynamic_slack = (16 - dynamic_bytes % 16) % 16;
    dynamic_start = arena + arena_bytes - dynamic_bytes - dynamic_slack;
    if (dynamic_bytes == 0) return;
    memset(dynamic_start, poison, dynamic_bytes);
    memset(dynamic_start + dynamic_bytes, guard, dynamic_slack);
    memset(dynamic_start - guard_bytes, guard, guard_bytes);
}

void shared_end() {
    check(arena, guard_bytes, "before", array_count ? arrays[0].name : "(none)");
    for (unsigned i = 0; i < array_count; ++i) {
        const char *end = arrays[i].start + arrays[i].bytes;
        const char *next = i + 1 < array_count ? arrays[i + 1].start : static_end;
        check(end, static_cast<size_t>(next - end), "behind", arrays[i].name);
    }
    if (dynamic_bytes == 0) return;
    check(dynamic_start - guard_bytes, guard_bytes, "before", "(dynamic)");
    check(dynamic_start + dynamic_bytes, dynamic_slack, "behind", "(dynamic)");
}

size_t shared_static_bytes() { return static_bytes; }

} // namespace emu

using namespace emu;

void *emu_shared(const void *key, const char *name, size_t bytes, size_t alignment) {
    for (unsigned i = 0; i < array_count; ++i)
        if (arrays[i].key == key) return arrays[i].start;
    static_bytes = (static_bytes + alignment - 1) / alignment * alignment + bytes;
    const size_t most_static = 48 << 10;
    if (array_count == most_arrays || static_bytes > most_static || static_bytes + dynamic_bytes > limit) {
        report(
            EMU_SHARED_SIZE,
            "the shared array %s of %zu bytes brings the block to %zu static and %zu dynamic bytes, at most %zu static and %zu in all",
            name, bytes, static_bytes, dynamic_bytes, most_static, limit);
        grid_abandon(cudaErrorLaunchOutOfResources);
    }
    const size_t step = alignment < 16 ? 16 : alignment;
    char *start = arena + (static_cast<size_t>(static_end - arena) + step - 1) / step * step;
    memset(static_end, guard, static_cast<size_t>(start - static_end));
    memset(start, poison, bytes);
    static_end = start + bytes;
    memset(static_end, guard, guard_bytes);
    static_end += guard_bytes;
    arrays[array_count++] = {key, name, start, bytes};
    return start;
}

void *emu_shared_dynamic(size_t alignment) {
    if (dynamic_bytes == 0) {
        report(EMU_SHARED_SIZE, "the kernel uses dynamic shared memory, the launch gave it none");
        grid_abandon(cudaErrorIllegalAddress);
    }
    (void)alignment; // 16, as much as any vector type needs
    return dynamic_start;
}
