// SPDX-License-Identifier: Apache-2.0
// Warp functions: lanes bring a value each and wait; the last of the mask computes what each takes away.
#include "emu_warp.h"

#include <algorithm>

#include "block.h"
#include "defect.h"

using namespace emu;

namespace {

// No caller may hold memory: its stack is abandoned.
[[noreturn]] void diverged(const Site &site, const char *what, unsigned number, const Site *where = nullptr) {
    report(EMU_DIVERGENT_WARP, "the warp function at %s %s %#x%s%s", site_text(site).c_str(), what, number,
           where ? ", which wait at " : "", where ? site_text(*where).c_str() : "");
    grid_abandon(cudaErrorLaunchFailure);
}

// The lane that lane reads from; itself where CUDA says so.
unsigned source_lane(unsigned op, unsigned lane, unsigned argument, unsigned width) {
    const unsigned first = lane & ~(width - 1);
    switch (op) {
    case EMU_WARP_SHFL: return first | (argument & (width - 1));
    case EMU_WARP_SHFL_UP: return lane - first >= argument ? lane - argument : lane;
    case EMU_WARP_SHFL_DOWN: return uint64_t{lane} + argument < first + width ? lane + argument : lane;
    default: return (lane ^ argument) < first + width ? lane ^ argument : lane;
    }
}

void shuffle_lanes(Warp &warp, unsigned mask) {
    uint64_t brought[lanes];
    std::copy(warp.value, warp.value + lanes, brought);
    for (unsigned lane = 0; lane < lanes; ++lane) {
        if (!(mask >> lane & 1)) continue;
        const unsigned from =
            source_lane(warp.op[lane], lane, warp.argument[lane], static_cast<unsigned>(warp.width[lane]));
        if (from >= lanes || !(mask >> from & 1))
            diverged(warp.site[lane], "reads a lane that its mask does not name:", from);
        warp.value[lane] = brought[from];
    }
}

uint64_t combine(unsigned op, uint64_t a, uint64_t b) {
    const auto x = static_cast<uint32_t>(a), y = static_cast<uint32_t>(b);
    const auto signed_x = static_cast<int32_t>(x), signed_y = static_cast<int32_t>(y);
    switch (op) {
    case EMU_WARP_ADD: return static_cast<uint32_t>(x + y);
    case EMU_WARP_MIN: return std::min(x, y);
    case EMU_WARP_MAX: return std::max(x, y);
    case EMU_WARP_MIN_SIGNED: return static_cast<uint32_t>(std::min(signed_x, signed_y));
    case EMU_WARP_MAX_SIGNED: return static_cast<uint32_t>(std::max(signed_x, signed_y));
    case EMU_WARP_AND: return x & y;
    case EMU_WARP_OR: return x | y;
    default: return x ^ y;
    }
}

unsigned ballot(const Warp &warp, unsigned mask) {
    unsigned votes = 0;
    for (unsigned lane = 0; lane < lanes; ++lane)
        if (mask >> lane & 1 && warp.value[lane]) votes |= 1u << lane;
    return votes;
}

void match_lanes(Warp &warp, unsigned mask) {
    uint64_t brought[lanes];
    std::copy(warp.value, warp.value + lanes, brought);
    for (unsigned lane = 0; lane < lanes; ++lane) {
        unsigned equal = 0;
        for (unsigned other = 0; other < lanes; ++other)
            if (mask >> other & 1 && brought[other] == brought[lane]) equal |= 1u << other;
        if (mask >> lane & 1) warp.value[lane] = equal;
    }
}

void exchange(Warp &warp, unsigned mask, unsigned op) {
    uint64_t all = 0;
    switch (op) {
    case EMU_WARP_SYNC: return;
    case EMU_WARP_SHFL:
    case EMU_WARP_SHFL_UP:
    case EMU_WARP_SHFL_DOWN:
    case EMU_WARP_SHFL_XOR: shuffle_lanes(warp, mask); return;
    case EMU_WARP_MATCH_ANY: match_lanes(warp, mask); return;
    case EMU_WARP_BALLOT: all = ballot(warp, mask); break;
    case EMU_WARP_ANY: all = ballot(warp, mask) != 0; break;
    case EMU_WARP_ALL: all = ballot(warp, mask) == mask; break;
    default: {
        const unsigned first = static_cast<unsigned>(__builtin_ctz(mask));
        all = warp.value[first];
        for (unsigned lane = first + 1; lane < lanes; ++lane)
            if (mask >> lane & 1) all = combine(op, all, warp.value[lane]);
    }
    }
    for (unsigned lane = 0; lane < lanes; ++lane)
        if (mask >> lane & 1) warp.value[lane] = all;
}

// Lanes of the mask that wait already must wait for the same. A lane that names this one without being named may wait for
// it elsewhere: this one comes there later, or the block is found waiting for ever.
void check_partners(const Warp &warp, unsigned lane, const Site &site) {
    const unsigned others = warp.waiting & warp.mask[lane];
    if (!others) return;
    const unsigned other = static_cast<unsigned>(__builtin_ctz(others)); // the others agree with it already
    if (warp.mask[other] != warp.mask[lane])
        diverged(site, "is called with different masks, one of them", warp.mask[other]);
    if (!(warp.site[other] == site) || warp.op[other] != warp.op[lane])
        diverged(site, "names lanes", 1u << other, &warp.site[other]);
}

} // namespace

uint64_t emu_warp(enum emu_warp_op op, unsigned mask, uint64_t value, unsigned argument, int width, const char *file,
                  int line) {
    const Site site = {file, line};
    const unsigned self = block.current, lane = self % lanes, first = self - lane;
    Warp &warp = block.warps[self / lanes];
    if (!(mask >> lane & 1)) diverged(site, "is called by a lane that its mask does not name:", mask);
    if (width < 1 || width > 32 || (width & (width - 1)))
        diverged(site, "has a width that is no power of two up to 32:", width);
    if (const unsigned missing = mask & warp.gone)
        diverged(site, "names lanes that have ended or do not exist:", missing);
    warp.mask[lane] = mask;
    warp.value[lane] = value;
    warp.argument[lane] = argument;
    warp.op[lane] = static_cast<uint8_t>(op);
    warp.width[lane] = width;
    warp.site[lane] = site;
    check_partners(warp, lane, site);
    warp.waiting |= 1u << lane;
    block.threads[self].state = State::at_warp;
    if ((warp.waiting & mask) == mask) {
        exchange(warp, mask, op);
        warp.waiting &= ~mask;
        // In the order of the block; only forward and not forward matter within 32 lanes.
        const bool forward = block.order[0] <= block.order[block.count - 1];
        for (unsigned i = 0; i < lanes; ++i) {
            const unsigned woken = forward ? i : lanes - 1 - i;
            if (mask >> woken & 1) block_wake(first + woken);
        }
    }
    block_wait();
    return warp.value[lane];
}
