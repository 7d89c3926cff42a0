/* SPDX-License-Identifier: Apache-2.0 */
#include "ring/plan.h"

sable_dd sable_log2(sable_dd x) {
    static const sable_dd two_over_ln2 = {0x1.71547652b82fep+1, 0x1.777d0ffda0d24p-55};
    int exponent;
    double half = frexp(x.hi, &exponent);
    if (half < 0.70710678118654757) exponent--; /* m in about [sqrt(1/2), sqrt(2)) keeps s small on both sides of 1 */
    sable_dd m = {ldexp(x.hi, -exponent), ldexp(x.lo, -exponent)};
    /* log2(m) = 2/ln2 * atanh(s), s = (m-1)/(m+1), |s| < 0.172: s^2 < 2^-5, so 22 terms of s^(2i)/(2i+1) reach
     * 2^-110. */
    sable_dd s = dd_div(dd_add(m, dd(-1)), dd_add(m, dd(1)));
    sable_dd z = dd_mul(s, s), series = dd(0);
    for (int i = 22; i >= 0; i--) series = dd_add(dd_mul(series, z), dd_div(dd(1), dd(2 * i + 1)));
    return dd_add(dd(exponent), dd_mul(two_over_ln2, dd_mul(s, series)));
}
