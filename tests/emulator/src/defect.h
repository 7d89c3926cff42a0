// SPDX-License-Identifier: Apache-2.0
#ifndef EMU_DEFECT_H
#define EMU_DEFECT_H
// The list of defects that were found.
#include <string>

#include "emulator.h"

namespace emu {

// printf's format, without the end of the sentence: the kernel, block and thread that run are added.
void report(emu_defect_kind kind, const char *format, ...) __attribute__((format(printf, 2, 3)));

// The name of a kernel, from the symbols of the file it is in.
std::string kernel_name(const void *kernel);

} // namespace emu

#endif
