// SPDX-License-Identifier: Apache-2.0
#ifndef EMU_ORDER_H
#define EMU_ORDER_H
// In which order the threads of a launch run: SABLE_EMU_ORDER.
#include "grid.h"

namespace emu {

// Runs the launch in the chosen order; "all": in three, each from the same memory, with equal results required.
cudaError_t run_in_orders(const Launch &launch);

} // namespace emu

#endif
