/* SPDX-License-Identifier: Apache-2.0 */
#include "io/number.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The parts of a number, as far as the quick conversion needs them. */
typedef struct parts {
    uint64_t mantissa; /* exact while digits <= 19 */
    unsigned digits;   /* significant ones: leading zeros do not count */
    long exponent;     /* of ten */
    bool negative;
} parts;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Reads digits up to end into p; returns how many there were. */
static size_t read_digits(parts *p, const char *at, const char *end) {
    const char *from = at;
    for (; at < end && is_digit(*at); at++) {
        if (p->digits < 19) p->mantissa = p->mantissa * 10 + (uint64_t)(*at - '0');
        if (p->digits || *at != '0') p->digits++;
    }
    return (size_t)(at - from);
}

static bool read_parts(parts *p, const char *at, const char *end) {
    *p = (parts){0};
    if (at < end && (*at == '+' || *at == '-')) p->negative = *at++ == '-';
    size_t whole = read_digits(p, at, end), fraction = 0;
    at += whole;
    if (at < end && *at == '.') {
        fraction = read_digits(p, ++at, end);
        at += fraction;
    }
    if (!whole && !fraction) return false;
    p->exponent = -(long)fraction;
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        bool minus = false;
        if (at < end && (*at == '+' || *at == '-')) minus = *at++ == '-';
        if (at == end) return false;
        long e = 0;
        for (; at < end && is_digit(*at); at++)
            if (e < 100000) e = e * 10 + (*at - '0'); /* a larger one overflows or vanishes all the same */
        p->exponent += minus ? -e : e;
    }
    return at == end;
}

/* 10^0 .. 10^22: the powers of ten that are doubles. */
static const double power10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

sable_number_outcome sable_number_parse(double *value, const char *text, size_t bytes, locale_t plain) {
    if (!bytes) return SABLE_NUMBER_EMPTY;
    if (bytes > SABLE_NUMBER_MOST) return SABLE_NUMBER_LONG;
    parts p;
    if (!read_parts(&p, text, text + bytes)) return SABLE_NUMBER_MALFORMED;
    double result;
    if (p.digits <= 19 && p.mantissa <= 1ull << 53 && p.exponent >= -22 && p.exponent <= 22) {
        /* both operands are exact doubles, so the one operation rounds correctly (Clinger 1990) */
        double m = (double)p.mantissa;
        result = p.exponent < 0 ? m / power10[-p.exponent] : m * power10[p.exponent];
        if (p.negative) result = -result;
    } else {
        char copy[SABLE_NUMBER_MOST + 1];
        memcpy(copy, text, bytes);
        copy[bytes] = 0;
        result = strtod_l(copy, NULL, plain); /* the grammar was checked: it reads all of copy */
        if (isinf(result)) return SABLE_NUMBER_OVERFLOW;
        if (result == 0 && p.digits) {
            *value = 0;
            return SABLE_NUMBER_UNDERFLOW;
        }
    }
    *value = result;
    return SABLE_NUMBER_OK;
}

static bool starts_with(const char *text, size_t bytes, const char *word) {
    size_t length = strlen(word);
    return bytes >= length && !strncasecmp(text, word, length);
}

const char *sable_number_complaint(sable_number_outcome outcome, const char *text, size_t bytes) {
    switch (outcome) {
    case SABLE_NUMBER_OK:
    case SABLE_NUMBER_UNDERFLOW: return "";
    case SABLE_NUMBER_EMPTY: return "is empty, and a number is needed";
    case SABLE_NUMBER_LONG: return "is too long for a number (at most 255 characters)";
    case SABLE_NUMBER_OVERFLOW: return "is too large for a double";
    case SABLE_NUMBER_MALFORMED: break;
    }
    size_t sign = bytes && (*text == '+' || *text == '-');
    text += sign;
    bytes -= sign;
    if (starts_with(text, bytes, "nan") || starts_with(text, bytes, "inf")) return "is not a finite number";
    if (starts_with(text, bytes, "0x")) return "is hexadecimal; write decimal numbers";
    if (bytes && memchr(text, ',', bytes)) return "is no number; the decimal mark is a point";
    if (bytes && (*text == ' ' || text[bytes - 1] == ' ')) return "is no number: there is a space beside it";
    return "is no number";
}

void sable_number_format(char text[SABLE_NUMBER_TEXT], double value) {
    /* printf has no form that takes a locale; the "C" one is static in the C library, so newlocale cannot fail */
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0), before = uselocale(plain);
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, SABLE_NUMBER_TEXT, "%.*g", digits, value);
        if (strtod_l(text, NULL, plain) == value) break; /* 17 digits always do */
    }
    uselocale(before);
    freelocale(plain);
}
