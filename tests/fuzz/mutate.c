/* SPDX-License-Identifier: Apache-2.0 */
/* Mutations of containers that get behind the checksums: fields of the head and of META, whole sections, single words;
 * then, mostly, all digests are made to agree. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "fuzz.h"
#include "io/bytes.h"
#include "io/container_format.h"

enum { SECTIONS = 64 };

static uint64_t state;
static uint64_t next(void) { /* splitmix64 */
    uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}
static uint64_t below(uint64_t n) { return n ? next() % n : 0; }

static uint64_t odd_value(void) {
    static const uint64_t values[] = {0,
                                      1,
                                      2,
                                      3,
                                      4,
                                      5,
                                      7,
                                      8,
                                      15,
                                      16,
                                      63,
                                      64,
                                      65,
                                      255,
                                      256,
                                      511,
                                      512,
                                      513,
                                      1023,
                                      1024,
                                      1025,
                                      2047,
                                      2048,
                                      4095,
                                      4096,
                                      30177281,
                                      30195713,
                                      947832833,
                                      947845121,
                                      1073643521,
                                      1073741823,
                                      1u << 20,
                                      (1u << 20) + 1,
                                      0x7FFFFFFF,
                                      0x80000000,
                                      0xFFFFFFFE,
                                      0xFFFFFFFF,
                                      1ull << 32,
                                      1ull << 62,
                                      INT64_MAX,
                                      1ull << 63,
                                      UINT64_MAX - 255,
                                      UINT64_MAX,
                                      0x7FF0000000000000,
                                      0xFFF0000000000000,
                                      0x7FF8000000000000,
                                      0x7FEFFFFFFFFFFFFF,
                                      0x3FF0000000000000,
                                      0xBFF0000000000000,
                                      0x0010000000000000,
                                      0x000FFFFFFFFFFFFF,
                                      0x8000000000000001,
                                      0x42608144D00A3000};
    uint64_t v = values[below(sizeof values / sizeof *values)];
    return below(4) ? v : v + below(3) - 1;
}

typedef struct span {
    size_t at, length;
} span;

/* The sections that lie within the file. */
static uint32_t find_sections(span *s, const uint8_t *data, size_t size) {
    if (size < SABLE_HEADER_BYTES + SABLE_HASH_BYTES) return 0;
    uint32_t count = sable_get_u32(data + 88), found = 0;
    if (count > SECTIONS || sable_head_bytes(count) > size) return 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = data + SABLE_HEADER_BYTES + SABLE_ENTRY_BYTES * i;
        uint64_t at = sable_get_u64(entry + 8), length = sable_get_u64(entry + 16);
        if (at > size || length > size - at) return 0;
        s[found++] = (span){at, length};
    }
    return found;
}

void fuzz_repair(uint8_t *data, size_t size) {
    if (size < SABLE_HEADER_BYTES + SABLE_HASH_BYTES) return;
    span s[SECTIONS];
    uint32_t count = find_sections(s, data, size);
    for (uint32_t i = 0; i < count; i++)
        sable_hash(data + SABLE_HEADER_BYTES + SABLE_ENTRY_BYTES * i + 24, data + s[i].at, s[i].length);
    sable_put_u64(data + 16, size);
    uint32_t entries = sable_get_u32(data + 88);
    if (entries > SABLE_SECTIONS_MOST || sable_head_bytes(entries) > size) return;
    uint64_t hashed = sable_head_bytes(entries) - SABLE_HASH_BYTES;
    sable_hash(data + hashed, data, hashed);
}

static void put_odd(uint8_t *to, size_t room) {
    uint64_t v = odd_value();
    if (room >= 8 && below(2))
        sable_put_u64(to, v);
    else if (room >= 4)
        sable_put_u32(to, (uint32_t)v);
    else if (room)
        *to = (uint8_t)v;
}

/* Lays the file out anew with one section longer, shorter, dropped, doubled or exchanged with its neighbour. */
static size_t relay(uint8_t *data, size_t size, size_t most, const span *s, uint32_t count) {
    uint8_t *out = calloc(1, most + 1);
    if (!out) return size;
    sable_section place[SECTIONS + 1];
    memset(place, 0, sizeof place);
    span from[SECTIONS + 1];
    uint32_t used = 0, chosen = (uint32_t)below(count);
    unsigned how = (unsigned)below(6);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = data + SABLE_HEADER_BYTES + SABLE_ENTRY_BYTES * i;
        from[used] = s[i];
        place[used].spec = (sable_section_spec){sable_get_u32(entry), sable_get_u32(entry + 4), s[i].length};
        if (i == chosen) {
            static const uint64_t steps[] = {1, 4, 48, 112, 4096, 8192, 12288, 16384};
            uint64_t step = steps[below(8)], *length = &place[used].spec.length;
            if (how == 0) *length += step;
            if (how == 1) *length = *length > step ? *length - step : 1;
            if (how == 2) *length = *length / 2 + 1;
            if (how == 3 && count > 1) continue;
            if (how == 4 && used + 1 < SECTIONS) {
                place[used + 1] = place[used];
                from[used + 1] = from[used];
                place[++used].spec.tag += 1u << 24;
            }
            if (how == 5 && used) {
                span t = from[used];
                from[used] = from[used - 1];
                from[used - 1] = t;
            }
        }
        used++;
    }
    uint64_t total = 0;
    if (sable_sections_place(place, used, &total, "", NULL) == SABLE_OK && total <= most) {
        memcpy(out, data, SABLE_HEADER_BYTES);
        for (uint32_t i = 0; i < used; i++) {
            uint8_t *entry = out + SABLE_HEADER_BYTES + SABLE_ENTRY_BYTES * i;
            uint64_t copy = from[i].length < place[i].spec.length ? from[i].length : place[i].spec.length;
            memcpy(out + place[i].offset, data + from[i].at, copy);
            sable_put_u32(entry, place[i].spec.tag);
            sable_put_u32(entry + 4, place[i].spec.flags);
            sable_put_u64(entry + 8, place[i].offset);
            sable_put_u64(entry + 16, place[i].spec.length);
        }
        sable_put_u32(out + 88, used);
        memcpy(data, out, total);
        size = total;
    }
    free(out);
    return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
    state = seed;
    span s[SECTIONS];
    uint32_t count = find_sections(s, data, size);
    unsigned rounds = 1 + (unsigned)below(3);
    for (unsigned i = 0; i < rounds; i++) {
        unsigned how = count ? (unsigned)below(8) : 0;
        span at = count ? s[how < 5 ? 0 : below(count)] : (span){0, 0};
        if (how == 0) {
            size = LLVMFuzzerMutate(data, size, most);
        } else if (how == 1) {
            size_t head = sable_head_bytes(count), to = 4 * below(head / 4);
            put_odd(data + to, head - to);
        } else if (how == 2) {
            size = relay(data, size, most, s, count);
        } else if (how == 3) {
            size_t to = below(at.length);
            LLVMFuzzerMutate(data + at.at + to, at.length - to, at.length - to);
        } else {
            size_t to = 4 * below((at.length + 3) / 4);
            if (to < at.length) put_odd(data + at.at + to, at.length - to);
        }
        count = find_sections(s, data, size);
    }
    if (below(8)) fuzz_repair(data, size);
    return size;
}
