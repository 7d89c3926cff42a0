/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <string.h>

size_t sable_utf8_length(const uint8_t *b, size_t left) {
    if (b[0] < 0x80) return 1;
    size_t length = b[0] >= 0xF0 ? 4 : b[0] >= 0xE0 ? 3 : 2;
    if (b[0] < 0xC2 || b[0] > 0xF4 || length > left) return 0;
    for (size_t i = 1; i < length; i++)
        if ((b[i] & 0xC0) != 0x80) return 0;
    if ((b[0] == 0xE0 && b[1] < 0xA0) || (b[0] == 0xED && b[1] > 0x9F) || (b[0] == 0xF0 && b[1] < 0x90) ||
        (b[0] == 0xF4 && b[1] > 0x8F))
        return 0;
    return length;
}

void sable_utf8_clean(char *text) {
    size_t left = strlen(text);
    for (size_t step; left; text += step, left -= step) {
        const uint8_t *at = (const uint8_t *)text;
        step = sable_utf8_length(at, left);
        /* C0, DEL and, in two bytes, C1 */
        if (step == 0 || *at < 32 || *at == 127 || (*at == 0xC2 && at[1] < 0xA0)) {
            if (!step) step = 1;
            memset(text, '?', step);
        }
    }
}
