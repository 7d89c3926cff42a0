# SPDX-License-Identifier: Apache-2.0
# Writes build_info.h; touches it only when its content changes, so that an unchanged commit rebuilds nothing.
set(commit "unknown")
execute_process(COMMAND git -C "${SOURCE_DIR}" rev-parse --short=12 HEAD
                OUTPUT_VARIABLE head ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
if(NOT failed)
    set(commit "${head}")
    execute_process(COMMAND git -C "${SOURCE_DIR}" diff-index --quiet HEAD -- RESULT_VARIABLE dirty ERROR_QUIET)
    if(dirty)
        string(APPEND commit "+")
    endif()
endif()
file(CONFIGURE OUTPUT "${OUTPUT}" @ONLY CONTENT [[
#ifndef SABLE_BUILD_INFO_H
#define SABLE_BUILD_INFO_H
#define SABLE_BUILD_VERSION "@VERSION@"
#define SABLE_BUILD_COMMIT "@commit@" /* a + at the end: with uncommitted changes */
#endif
]])
