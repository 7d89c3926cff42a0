/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_BASE_UTF8_H
#define SABLE_BASE_UTF8_H
#include <stddef.h>
#include <stdint.h>

#include "base/shared.h"

/* Bytes of the UTF-8 sequence at b, 0 when it is none: no overlong forms, no surrogates, at most U+10FFFF. */
size_t sable_utf8_length(const uint8_t *b, size_t left);
/* Control characters and bytes that are no UTF-8 become '?': foreign text cannot forge lines or terminal codes. */
SABLE_SHARED void sable_utf8_clean(char *text);

#endif
