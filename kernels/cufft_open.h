/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_CUFFT_OPEN_H
#define SABLE_KERNELS_CUFFT_OPEN_H
/* cuFFT, looked for when it is first needed: the plug-in loads where it is not installed. */
#include <cufft.h>

#include "kernels/runtime.h"

typedef struct gpu_cufft {
    cufftResult (*create)(cufftHandle *plan);
    cufftResult (*auto_allocation)(cufftHandle plan, int on);
    cufftResult (*make)(cufftHandle plan, int rank, int *n, int *inembed, int istride, int idist, int *onembed,
                        int ostride, int odist, cufftType type, int batch, size_t *bytes);
    cufftResult (*work_area)(cufftHandle plan, void *area);
    cufftResult (*stream)(cufftHandle plan, cudaStream_t stream);
    cufftResult (*run)(cufftHandle plan, cufftDoubleComplex *in, cufftDoubleComplex *out, int direction);
    cufftResult (*destroy)(cufftHandle plan);
} gpu_cufft;

/* SABLE_UNSUPPORTED, on the queue, where the library or one of its functions is missing. */
sable_status gpu_cufft_find(gpu_queue *queue, const gpu_cufft **cufft);

#endif
