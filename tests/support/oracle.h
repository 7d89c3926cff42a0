// SPDX-License-Identifier: Apache-2.0
#ifndef SABLE_TESTS_SUPPORT_ORACLE_H
#define SABLE_TESTS_SUPPORT_ORACLE_H
// What ring operations must give, in NTL's big integers. Slow, obvious, and independent of the code under test.
#include <NTL/ZZ.h>

#include <cstdint>
#include <vector>

namespace oracle {

using NTL::ZZ;

ZZ product(const std::vector<uint32_t> &primes);
// The integer in [0, product) with these residues.
ZZ compose(const std::vector<uint32_t> &residues, const std::vector<uint32_t> &primes);
// x modulo d in (-d/2, d/2].
ZZ centred(const ZZ &x, const ZZ &d);
// Nearest integer to a/b, b odd and positive (no ties).
ZZ round_div(const ZZ &a, const ZZ &b);
// x mod p in [0, p), x of either sign.
uint32_t residue(const ZZ &x, uint32_t p);
// True when the fraction of x/d lies in (1/2, 1/2 + 3*sources*2^-32): there the quotient of a base conversion from
// `sources` primes may be one too small, so that the result is the centred residue + d.
bool in_band(const ZZ &x, const ZZ &d, unsigned sources);

// Product in Z_p[X]/(X^n + 1).
std::vector<uint32_t> negacyclic(const std::vector<uint32_t> &a, const std::vector<uint32_t> &b, uint32_t p);
// a(x) mod p.
uint32_t evaluate(const std::vector<uint32_t> &a, uint64_t x, uint32_t p);
// a(X^g) mod X^n + 1: coefficient k goes to g*k mod 2n, with the sign of the wrap. g odd.
std::vector<uint32_t> substitute(const std::vector<uint32_t> &a, uint32_t g, uint32_t p);

uint64_t power(uint64_t a, uint64_t e, uint64_t p);
uint32_t bit_reverse(uint32_t x, unsigned bits);

} // namespace oracle

#endif
