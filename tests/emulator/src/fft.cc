// SPDX-License-Identifier: Apache-2.0
#include "fft.h"

#include <cmath>
#include <vector>

namespace emu {
namespace {

using Complex = std::complex<double>;

// exp(direction * 2 pi sqrt(-1) k / n), from an angle below pi/4, where the library's error is least.
Complex root(size_t k, size_t n, int direction) {
    const double pi = 3.14159265358979323846;
    const size_t eighth = 8 * k / n; // of the circle
    const double turn = 2 * pi / static_cast<double>(n);
    double c, s;
    switch (eighth) {
    case 0: c = std::cos(turn * k), s = std::sin(turn * k); break;
    case 1:
    case 2: c = -std::sin(turn * (k - n / 4.0)), s = std::cos(turn * (k - n / 4.0)); break;
    case 3:
    case 4: c = -std::cos(turn * (k - n / 2.0)), s = -std::sin(turn * (k - n / 2.0)); break;
    case 5:
    case 6: c = std::sin(turn * (k - 0.75 * n)), s = -std::cos(turn * (k - 0.75 * n)); break;
    default: c = std::cos(turn * (k - 1.0 * n)), s = std::sin(turn * (k - 1.0 * n)); break;
    }
    return {c, direction * s};
}

void by_definition(Complex *x, size_t n, const std::vector<Complex> &roots) {
    std::vector<Complex> sums(n);
    for (size_t k = 0; k < n; ++k)
        for (size_t i = 0; i < n; ++i) sums[k] += x[i] * roots[i * k % n];
    for (size_t k = 0; k < n; ++k) x[k] = sums[k];
}

void by_halving(Complex *x, size_t n, const std::vector<Complex> &roots) {
    for (size_t i = 0, j = 0; i < n; ++i) { // j: i with its bits reversed
        if (i < j) std::swap(x[i], x[j]);
        size_t bit = n / 2;
        while (bit && j & bit) j ^= bit, bit /= 2;
        j |= bit;
    }
    for (size_t half = 1; half < n; half *= 2)
        for (size_t first = 0; first < n; first += 2 * half)
            for (size_t i = 0; i < half; ++i) {
                const Complex a = x[first + i], b = x[first + i + half] * roots[i * (n / (2 * half))];
                x[first + i] = a + b;
                x[first + i + half] = a - b;
            }
}

} // namespace

void fourier_transform(Complex *x, size_t n, int direction) {
    std::vector<Complex> roots(n);
    for (size_t k = 0; k < n; ++k) roots[k] = root(k, n, direction);
    ((n & (n - 1)) == 0 ? by_halving : by_definition)(x, n, roots);
}

} // namespace emu
