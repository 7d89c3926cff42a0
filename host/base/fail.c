/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fail.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

sable_status(sable_fail)(sable_error *err, sable_status code, const char *format, ...) {
    if (err) {
        va_list args;
        va_start(args, format);
        vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
        sable_utf8_clean(err->text);
        err->code = code;
    }
    return code;
}

const char *sable_status_name(sable_status status) {
    switch (status) {
    case SABLE_OK: return "ok";
    case SABLE_INVALID: return "invalid";
    case SABLE_LEVEL: return "level";
    case SABLE_SCALE: return "scale";
    case SABLE_DEGREE: return "degree";
    case SABLE_NO_KEY: return "no_key";
    case SABLE_KEY_MISMATCH: return "key_mismatch";
    case SABLE_PARAMS_MISMATCH: return "params_mismatch";
    case SABLE_INSECURE: return "insecure";
    case SABLE_BOUND: return "bound";
    case SABLE_DATA: return "data";
    case SABLE_FORMAT: return "format";
    case SABLE_IO: return "io";
    case SABLE_NO_MEMORY: return "no_memory";
    case SABLE_NO_DEVICE: return "no_device";
    case SABLE_UNSUPPORTED: return "unsupported";
    case SABLE_LIMIT: return "limit";
    case SABLE_BUSY: return "busy";
    case SABLE_DEVICE: return "device";
    case SABLE_INTERNAL: return "internal";
    }
    return "unknown";
}
