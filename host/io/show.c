/* SPDX-License-Identifier: Apache-2.0 */
#include "io/show.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

sable_shown sable_show_path(const char *path) {
    sable_shown shown;
    size_t bytes = strlen(path), room = sizeof shown.text - 1;
    if (bytes > room)
        snprintf(shown.text, sizeof shown.text, "...%s", path + bytes - (room - 3));
    else
        memcpy(shown.text, path, bytes + 1);
    sable_utf8_clean(shown.text);
    return shown;
}

sable_shown sable_show_text(const char *text, size_t bytes) {
    enum { MOST = 40 }; /* 40 escapes of 4 characters, two quotes, three dots and the end fit */
    _Static_assert(4 * MOST + 6 <= sizeof(sable_shown), "escaped text does not fit");
    static const char digit[] = "0123456789abcdef";
    sable_shown shown;
    char *to = shown.text;
    *to++ = '\'';
    for (size_t i = 0; i < bytes && i < MOST; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 32 && c < 127) {
            *to++ = (char)c;
        } else {
            *to++ = '\\';
            *to++ = 'x';
            *to++ = digit[c >> 4];
            *to++ = digit[c & 15];
        }
    }
    if (bytes > MOST) {
        memcpy(to, "...", 3);
        to += 3;
    }
    *to++ = '\'';
    *to = 0;
    return shown;
}

sable_shown sable_show_errno(int code) {
    sable_shown shown;
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (plain) {
        snprintf(shown.text, sizeof shown.text, "%s", strerror_l(code, plain));
        freelocale(plain);
    } else {
        snprintf(shown.text, sizeof shown.text, "error %d", code);
    }
    return shown;
}
