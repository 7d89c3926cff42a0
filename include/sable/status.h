/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_STATUS_H
#define SABLE_STATUS_H
/* Status codes and error sentences.
 *
 * Every function that can fail returns a sable_status. Its sign says what became of the outputs:
 *   0    done;
 *   > 0  refused before any work: outputs are untouched, the queue lives on;
 *   < 0  outputs are undefined and the queue, if there was one, answers only to destroy.
 * The sentence that belongs to a status is in the sable_error that the caller passed as the last argument, or, for
 * functions that take a queue, in sable_queue_error(queue). It names what was wrong, with the numbers, and what to do. */

#if defined(__GNUC__)
#define SABLE_API     __attribute__((visibility("default")))
#define SABLE_CHECKED __attribute__((warn_unused_result))
#else
#define SABLE_API
#define SABLE_CHECKED
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Values are stable: never renumbered, only added to. */
typedef enum sable_status {
    SABLE_OK = 0,
    SABLE_INVALID = 1,         /* an argument is wrong: null, out of range, shapes that do not fit */
    SABLE_LEVEL = 2,           /* levels differ, no level left, or level outside the chain */
    SABLE_SCALE = 3,           /* scales differ, or a scale that the operation cannot take */
    SABLE_DEGREE = 4,          /* two parts needed and three given, or the other way round */
    SABLE_NO_KEY = 5,          /* a key is missing, or does not cover the level */
    SABLE_KEY_MISMATCH = 6,    /* made for another key (key ids differ) */
    SABLE_PARAMS_MISMATCH = 7, /* made with other parameters (fingerprints differ) */
    SABLE_INSECURE = 8,        /* the security table or the policy forbids it */
    SABLE_BOUND = 9,           /* a value or a declared bound is too large for the scale or the modulus */
    SABLE_DATA = 10,           /* malformed data values: empty or ragged table, not a number, infinite */
    SABLE_FORMAT = 11,         /* a file that is not what it claims: truncated, flipped, of another kind or version */
    SABLE_IO = 12,             /* the system refused: no such file, no permission, no space */
    SABLE_NO_MEMORY = 13,      /* host or device memory, or the cap set on it */
    SABLE_NO_DEVICE = 14,      /* the backend asked for is not there */
    SABLE_UNSUPPORTED = 15,    /* a valid request that this build cannot serve */
    SABLE_LIMIT = 16,          /* a stated limit is exceeded */
    SABLE_BUSY = 17,           /* object last used by another queue; sable_queue_wait first */
    SABLE_DEVICE = -1,         /* the device or its driver failed */
    SABLE_INTERNAL = -2        /* a broken invariant inside Sable: please report it */
} sable_status;

/* One sentence about the last failure. Zero-initialise; code and text are written only on failure. */
typedef struct sable_error {
    sable_status code;
    char text[496];
} sable_error;

/* The name of a status without its prefix, in lower case ("no_key"); "unknown" for other values. Never NULL. */
SABLE_API const char *sable_status_name(sable_status status);

#ifdef __cplusplus
}
#endif
#endif
