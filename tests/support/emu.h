// SPDX-License-Identifier: Apache-2.0
#ifndef SABLE_TESTS_SUPPORT_EMU_H
#define SABLE_TESTS_SUPPORT_EMU_H
// The device backend on the emulator, and what a test must leave behind: no defect, no allocation, stream or event.
#include <string>

#include "emulator.h"
#include "support/device.h"

namespace support {

// The table of libsable_emu.so. Throws when the plug-in is not found.
const sable_backend *emu_backend();

// Put first into a test, so that it goes last: fails the test on defects and on what is still alive.
class EmuWatch {
  public:
    EmuWatch();
    ~EmuWatch();
    // Defects so far, one a line; "" when there are none. Forgets them.
    static std::string defects();
    // What is alive now and was not when the watch began; "" when nothing is.
    std::string left() const;

  private:
    emu_counts before_;
};

} // namespace support

#endif
