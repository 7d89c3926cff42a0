// SPDX-License-Identifier: Apache-2.0
#ifndef EMU_DEFECTS_CASE_H
#define EMU_DEFECTS_CASE_H
// One planted defect: DEFECT(name, kind) { ... } runs with planted true, when a defect of that kind and no other must be found,
// and with planted false, when none may be.
#include <vector>

#include "world.h"

namespace defects {

struct Case {
    const char *name;
    emu_defect_kind kind;
    void (*run)(bool planted);
};

inline std::vector<Case> &cases() {
    static std::vector<Case> made;
    return made;
}

struct Registration {
    Registration(const char *name, emu_defect_kind kind, void (*run)(bool planted)) {
        cases().push_back({name, kind, run});
    }
};

} // namespace defects

#define DEFECT(name, kind)                                                       \
    static void run_##name(bool planted);                                        \
    static const defects::Registration register_##name(#name, kind, run_##name); \
    static void run_##name(bool planted)

#endif
