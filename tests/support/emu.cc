// SPDX-License-Identifier: Apache-2.0
#include "support/emu.h"

#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>

extern "C" {
#include "backend/plugin.h"
}

namespace support {

const sable_backend *emu_backend() {
    const sable_backend *backend = nullptr;
    sable_error err{};
    if (sable_plugin_load(&backend, nullptr, "emu", &err) != SABLE_OK) throw std::runtime_error(err.text);
    return backend;
}

EmuWatch::EmuWatch() {
    emu_clear();
    before_ = emu_live();
}

EmuWatch::~EmuWatch() {
    EXPECT_EQ(defects(), "");
    EXPECT_EQ(left(), "");
}

std::string EmuWatch::defects() {
    std::ostringstream text;
    const size_t count = emu_defects();
    for (size_t i = 0; i < count && i < 20; i++) text << emu_defect(i).name << ": " << emu_defect(i).sentence << '\n';
    if (count > 20) text << count << " in all\n";
    emu_clear();
    return text.str();
}

std::string EmuWatch::left() const {
    const emu_counts now = emu_live();
    std::ostringstream text;
    const auto tell = [&](const char *what, size_t before, size_t after) {
        if (before != after) text << what << ": " << before << " before, " << after << " after; ";
    };
    tell("allocations", before_.allocations, now.allocations);
    tell("bytes", before_.allocated_bytes, now.allocated_bytes);
    tell("pinned allocations", before_.host_allocations, now.host_allocations);
    tell("streams", before_.streams, now.streams);
    tell("events", before_.events, now.events);
    tell("graphs", before_.graphs, now.graphs);
    tell("executable graphs", before_.graph_execs, now.graph_execs);
    tell("pools", before_.pools, now.pools);
    return text.str();
}

} // namespace support
