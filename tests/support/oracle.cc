// SPDX-License-Identifier: Apache-2.0
#include "support/oracle.h"

#include <NTL/lzz_pX.h>

namespace oracle {

using namespace NTL;

ZZ product(const std::vector<uint32_t> &primes) {
    ZZ d(1);
    for (uint32_t p : primes) d *= static_cast<long>(p);
    return d;
}

ZZ compose(const std::vector<uint32_t> &residues, const std::vector<uint32_t> &primes) {
    ZZ x(0), d(1);
    for (size_t i = 0; i < primes.size(); i++) {
        CRT(x, d, static_cast<long>(residues[i]), static_cast<long>(primes[i])); // leaves x in (-d/2, d/2]
    }
    if (x < 0) x += d;
    return x;
}

ZZ centred(const ZZ &x, const ZZ &d) {
    ZZ r = x % d;
    if (2 * r > d) r -= d;
    return r;
}

ZZ round_div(const ZZ &a, const ZZ &b) {
    ZZ q;
    div(q, 2 * a + b, 2 * b); // towards minus infinity
    return q;
}

uint32_t residue(const ZZ &x, uint32_t p) { return static_cast<uint32_t>(rem(x, static_cast<long>(p))); }

bool in_band(const ZZ &x, const ZZ &d, unsigned sources) {
    ZZ r = 2 * (x % d) - d; // the fraction minus 1/2, times 2d
    return r > 0 && (r << 31) < d * static_cast<long>(3 * sources);
}

std::vector<uint32_t> negacyclic(const std::vector<uint32_t> &a, const std::vector<uint32_t> &b, uint32_t p) {
    zz_pPush push(static_cast<long>(p));
    const long n = static_cast<long>(a.size());
    zz_pX x, y, z;
    for (long i = 0; i < n; i++) {
        SetCoeff(x, i, static_cast<long>(a[static_cast<size_t>(i)]));
        SetCoeff(y, i, static_cast<long>(b[static_cast<size_t>(i)]));
    }
    mul(z, x, y);
    std::vector<uint32_t> r(a.size());
    for (long i = 0; i < n; i++) r[static_cast<size_t>(i)] = static_cast<uint32_t>(rep(coeff(z, i) - coeff(z, i + n)));
    return r;
}

uint32_t evaluate(const std::vector<uint32_t> &a, uint64_t x, uint32_t p) {
    uint64_t r = 0;
    for (size_t k = a.size(); k-- > 0;) r = (r * x + a[k]) % p;
    return static_cast<uint32_t>(r);
}

std::vector<uint32_t> substitute(const std::vector<uint32_t> &a, uint32_t g, uint32_t p) {
    const uint64_t n = a.size();
    std::vector<uint32_t> r(n);
    for (uint64_t k = 0; k < n; k++) {
        uint64_t t = k * g % (2 * n);
        r[t % n] = t < n || a[k] == 0 ? a[k] : p - a[k];
    }
    return r;
}

uint64_t power(uint64_t a, uint64_t e, uint64_t p) {
    uint64_t r = 1 % p;
    for (a %= p; e; e >>= 1, a = a * a % p)
        if (e & 1) r = r * a % p;
    return r;
}

uint32_t bit_reverse(uint32_t x, unsigned bits) {
    uint32_t r = 0;
    for (unsigned i = 0; i < bits; i++)
        if (x >> i & 1) r |= 1u << (bits - 1 - i);
    return r;
}

} // namespace oracle
