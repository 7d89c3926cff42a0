/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_RING_PARAMS_HEX_H
#define SABLE_RING_PARAMS_HEX_H
/* Doubles as text without rounding, one spelling a value: 0x1.b1c8p+39, -0x1p-14, 0x0p+0. Written here because
 * printf and strtod follow the locale's decimal point, and because strtod accepts many spellings of one number. */
#include <stdbool.h>

#define SABLE_HEX_DOUBLE_CHARS 32

/* value is zero or normal. */
void sable_hex_double(char text[SABLE_HEX_DOUBLE_CHARS], double value);
/* False when text is not exactly what sable_hex_double writes for some zero or normal value. */
bool sable_hex_double_parse(double *value, const char *text);

#endif
