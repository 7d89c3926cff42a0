// SPDX-License-Identifier: Apache-2.0
#include "order.h"

#include <cstdlib>
#include <cstring>
#include <map>

#include "defect.h"
#include "emulator.h"
#include "memory.h"

namespace emu {
namespace {

struct Choice {
    bool all = false;
    Order order = Order::forward;
    uint64_t seed = 1;
};

bool parse(const char *text, Choice *choice) {
    *choice = Choice();
    if (strcmp(text, "forward") == 0) return true;
    if (strcmp(text, "all") == 0) return choice->all = true;
    if (strcmp(text, "reverse") == 0) {
        choice->order = Order::reverse;
        return true;
    }
    if (strncmp(text, "random", 6) != 0 || (text[6] != '\0' && text[6] != ':')) return false;
    choice->order = Order::random;
    if (text[6] == ':') choice->seed = strtoull(text + 7, nullptr, 10);
    return true;
}

Choice &choice() {
    static Choice made = [] {
        Choice parsed;
        const char *text = getenv("SABLE_EMU_ORDER");
        if (text && !parse(text, &parsed)) {
            fprintf(stderr, "emulator: SABLE_EMU_ORDER is forward, reverse, random, random:SEED or all, not \"%s\"\n",
                    text);
            abort();
        }
        return parsed;
    }();
    return made;
}

using Images = std::map<Allocation *, std::vector<char>>; // of what a run wrote

// What the run wrote, and back to what was there before it.
Images take_images() {
    Images images;
    for (Allocation *a = memory_opened(); a; a = a->next_open) {
        if (!a->was_written) continue;
        images.emplace(a, std::vector<char>(a->pages, a->pages + a->page_bytes));
        memcpy(a->pages, a->before, a->page_bytes);
    }
    return images;
}

void compare(const Launch &launch, const Images &first, const Images &other, const char *name) {
    for (Allocation *a = memory_opened(); a; a = a->next_open) {
        if (!a->was_written) continue;
        // An allocation that one run alone wrote: the other left what was there before.
        const auto find = [a](const Images &images) {
            const auto found = images.find(a);
            return found == images.end() ? a->before : found->second.data();
        };
        const char *x = find(first), *y = find(other);
        size_t at = 0;
        while (at < a->page_bytes && x[at] == y[at]) ++at;
        if (at == a->page_bytes) continue;
        report(EMU_RACE,
               "kernel %s, grid (%u,%u,%u) of (%u,%u,%u), gives another result with its threads in %s order: %s",
               kernel_name(launch.kernel).c_str(), launch.grid.x, launch.grid.y, launch.grid.z, launch.block.x,
               launch.block.y, launch.block.z, name, memory_text(a, a->pages + at).c_str());
    }
}

cudaError_t run_all(const Launch &launch) {
    const Order orders[] = {Order::forward, Order::reverse, Order::random};
    const char *const names[] = {"forward", "reverse", "random"};
    Images images[3];
    cudaError_t error = cudaSuccess;
    memory_keep_images(true);
    for (int i = 0; i < 3 && error == cudaSuccess; ++i) {
        error = grid_run(launch, orders[i], choice().seed);
        if (error == cudaSuccess) images[i] = take_images();
    }
    memory_keep_images(false);
    if (error != cudaSuccess) return error;
    for (int i = 1; i < 3; ++i) compare(launch, images[0], images[i], names[i]);
    for (auto &image : images[0]) memcpy(image.first->pages, image.second.data(), image.second.size());
    return cudaSuccess;
}

} // namespace

cudaError_t run_in_orders(const Launch &launch) {
    return choice().all ? run_all(launch) : grid_run(launch, choice().order, choice().seed);
}

} // namespace emu

int emu_set_order(const char *order) {
    emu::Choice parsed;
    if (!order || !emu::parse(order, &parsed)) return -1;
    emu::choice() = parsed;
    return 0;
}
