/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/parse.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/number.h"
#ifdef SABLE_TEST_RNG
#include <sodium.h>

#include "client/rng.h"
#endif

/* strtoull would take spaces, signs and the wrap-around of "-1". */
static bool parse_digits(uint64_t *value, const char *text, size_t length) {
    uint64_t v = 0;
    if (length == 0 || length > 20) return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (v > (UINT64_MAX - digit) / 10) return false;
        v = v * 10 + digit;
    }
    *value = v;
    return true;
}

bool parse_u64(uint64_t *value, const char *text) { return parse_digits(value, text, strlen(text)); }

bool parse_i64(int64_t *value, const char *text) {
    uint64_t v;
    bool negative = *text == '-';
    if (!parse_u64(&v, text + negative) || v > INT64_MAX) return false;
    *value = negative ? -(int64_t)v : (int64_t)v;
    return true;
}

bool parse_double(double *value, const char *text) {
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!plain) return false;
    sable_number_outcome outcome = sable_number_parse(value, text, strlen(text), plain);
    freelocale(plain);
    return outcome == SABLE_NUMBER_OK || outcome == SABLE_NUMBER_UNDERFLOW;
}

bool parse_bytes(uint64_t *value, const char *text) {
    static const char units[] = "KMGT";
    size_t length = strlen(text);
    const char *unit = length ? strchr(units, text[length - 1]) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    uint64_t v;
    if (!parse_digits(&v, text, length - (unit != NULL)) || v > UINT64_MAX >> shift) return false;
    *value = v << shift;
    return true;
}

/* Lists live as long as the process, like the words of the command line. */
enum { LISTS_MOST = 16 };
static struct {
    char *text;
    const char **item;
} kept[LISTS_MOST];
static size_t kept_count;

bool parse_list(text_list *list, const char *text) {
    uint32_t count = 1;
    for (const char *c = text; *c; c++) count += *c == ',';
    if (count > LIST_MOST || !*text || *text == ',' || text[strlen(text) - 1] == ',' || strstr(text, ",,"))
        return false;
    if (kept_count == LISTS_MOST) return false;
    char *copy = kept[kept_count].text = strdup(text);
    const char **item = kept[kept_count].item = calloc(count, sizeof *item);
    kept_count++;
    if (!copy || !item) return false;
    for (uint32_t i = 0; i < count; i++) item[i] = strsep(&copy, ",");
    *list = (text_list){item, count};
    return true;
}

/* Edit distance with single insertions, deletions and replacements; words are short. */
static size_t distance(const char *a, const char *b) {
    enum { MOST = 32 };
    size_t row[MOST + 1], n = strlen(a), m = strlen(b);
    if (n > MOST || m > MOST) return MOST;
    for (size_t j = 0; j <= m; j++) row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = corner + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            corner = row[j];
            row[j] = best;
        }
    }
    return row[m];
}

const char *nearest_word(const char *word, const char *const *words) {
    const char *nearest = NULL;
    size_t best = strlen(word) / 3 + 2; /* one slip in a short word, a few in a long one */
    for (; *words; words++) {
        size_t d = distance(word, *words);
        if (d < best) {
            best = d;
            nearest = *words;
        }
    }
    return nearest;
}

#ifdef SABLE_TEST_RNG
void test_seed(const char *text) {
    uint8_t seed[SABLE_SEED_BYTES];
    crypto_generichash(seed, sizeof seed, (const uint8_t *)text, strlen(text), NULL, 0);
    sable_test_rng_seed(seed);
}
#endif
