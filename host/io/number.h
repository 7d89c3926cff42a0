/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_IO_NUMBER_H
#define SABLE_IO_NUMBER_H
/* Decimal numbers to and from text, the same on every locale. */
#include <locale.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/shared.h"

#define SABLE_NUMBER_MOST 255 /* characters of a number; more are refused */
#define SABLE_NUMBER_TEXT 32  /* bytes that sable_number_format needs at most, end included */

typedef enum sable_number_outcome {
    SABLE_NUMBER_OK,
    SABLE_NUMBER_UNDERFLOW, /* not zero, but nearer to zero than the smallest double: *value = 0 */
    SABLE_NUMBER_EMPTY,
    SABLE_NUMBER_MALFORMED,
    SABLE_NUMBER_LONG,
    SABLE_NUMBER_OVERFLOW
} sable_number_outcome;

/* Reads text[0..bytes), all of it, of the form [+-] digits [. digits] [(e|E) [+-] digits] with at least one digit in
 * the mantissa; "1." and ".5" are numbers. Correctly rounded. Writes *value on the first two outcomes only. */
SABLE_SHARED sable_number_outcome sable_number_parse(double *value, const char *text, size_t bytes, locale_t plain);
/* What is wrong, for a sentence; "" for the first two outcomes. */
const char *sable_number_complaint(sable_number_outcome outcome, const char *text, size_t bytes);
/* The fewest significant digits (15 to 17) that read back as value; value is finite. */
void sable_number_format(char text[SABLE_NUMBER_TEXT], double value);

#endif
