/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_BASE_FAIL_H
#define SABLE_BASE_FAIL_H
/* How every layer reports a failure: fill the caller's error record and return the status. */
#include "base/shared.h"

/* Writes code and the formatted sentence, cleaned of control characters and made valid UTF-8, into *err (err may be NULL)
 * and returns code. */
SABLE_SHARED sable_status sable_fail(sable_error *err, sable_status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with a value that the compiler sees to be the code, so that it knows which outputs are set. */
#define sable_fail(err, code, ...) ((void)sable_fail((err), (code), __VA_ARGS__), (code))

/* Returns from the calling function when an expression of type sable_status is not SABLE_OK. */
#define SABLE_TRY(expression)                            \
    do {                                                 \
        sable_status try_status_ = (expression);         \
        if (try_status_ != SABLE_OK) return try_status_; \
    } while (0)

#endif
