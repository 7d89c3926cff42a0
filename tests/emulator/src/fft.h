// SPDX-License-Identifier: Apache-2.0
#ifndef EMU_FFT_H
#define EMU_FFT_H
#include <complex>
#include <cstddef>

namespace emu {

// sum over i of x[i] exp(direction * 2 pi sqrt(-1) i k / n), in place, not scaled.
void fourier_transform(std::complex<double> *x, size_t n, int direction);

} // namespace emu

#endif
