// SPDX-License-Identifier: Apache-2.0
#ifndef EMU_PLANS_H
#define EMU_PLANS_H
#include <cstddef>

namespace emu {
size_t plan_count(); // cuFFT plans that are alive
} // namespace emu

#endif
