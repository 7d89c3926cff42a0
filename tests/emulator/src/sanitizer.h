// SPDX-License-Identifier: Apache-2.0
#ifndef EMU_SANITIZER_H
#define EMU_SANITIZER_H
// Which sanitizer this build has, and the functions by which fibers are announced to it.

#ifndef __has_feature
#define __has_feature(name) 0
#endif
#if defined __SANITIZE_ADDRESS__ || __has_feature(address_sanitizer)
#define EMU_ASAN 1
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#else
#define EMU_ASAN 0
#endif
#if defined __SANITIZE_THREAD__ || __has_feature(thread_sanitizer)
#define EMU_TSAN 1
#include <sanitizer/tsan_interface.h>
#else
#define EMU_TSAN 0
#endif

#endif
