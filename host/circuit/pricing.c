/* SPDX-License-Identifier: Apache-2.0 */
#include "circuit/pricing.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

/* Seconds a unit on an H200: what docs/GPU_MODEL.md predicts of set A40's kernels, divided by the units that they do. Transforms 0.20 us a limb
 * of 65536 words; conversions 14 of the 22 us of 142 M products; what the rows' half with the key takes beyond its transforms; a tensor 19.6 us
 * for 46 limbs; three moves of a word at 4.3 TB/s for whatever is bound by memory; and 2.2 gaps of 2 us a call. Encoding of
 * plaintexts is done by the host and left out. */
static const double h200[SABLE_WORKS] = {
    [SABLE_WORK_FORWARD] = 3.05e-12, [SABLE_WORK_UP] = 3.05e-12,      [SABLE_WORK_INVERSE] = 3.0e-12,
    [SABLE_WORK_CONVERT] = 1.0e-13,  [SABLE_WORK_INNER] = 6.0e-13,    [SABLE_WORK_TENSOR] = 6.5e-12,
    [SABLE_WORK_COMBINE] = 1.9e-12,  [SABLE_WORK_ELEMENT] = 2.8e-12,  [SABLE_WORK_COPY] = 4.7e-13,
    [SABLE_WORK_CHECK] = 9.3e-13,    [SABLE_WORK_CALL] = 4.4e-6,      [SABLE_WORK_SUM] = 2.8e-12,
    [SABLE_WORK_NEAR] = 2.8e-12,     [SABLE_WORK_NEAR_SUM] = 2.8e-12,
};

sable_status sable_pricing_create(sable_pricing **out, const sable_params *params, const sable_pricing_options *options,
                                  sable_error *err) {
    if (!out || !params) return sable_fail(err, SABLE_INVALID, "sable_pricing_create: out and params must not be NULL");
    sable_pricing_options o = {.struct_size = sizeof o};
    if (options) {
        if (options->struct_size != sizeof o)
            return sable_fail(err, SABLE_INVALID, "sable_pricing_options: struct_size is %zu, expected %zu",
                              options->struct_size, sizeof o);
        o = *options;
    }
    if (!o.cpu_path) o.cpu_path = getenv("SABLE_CPU");
    const bool cpu = !o.backend || strcmp(o.backend, "cpu") == 0;
    if (!cpu && strcmp(o.backend, "cuda:H200") != 0)
        return sable_fail(err, SABLE_NO_DEVICE, "no prices of \"%.40s\": \"cpu\" and \"cuda:H200\" are there",
                          o.backend);
    sable_pricing *p = calloc(1, sizeof *p);
    if (!p) return sable_fail(err, SABLE_NO_MEMORY, "no memory for prices");
    memcpy(p->digest, params->digest, sizeof p->digest);
    memcpy(p->set, params->name, sizeof p->set);
    sable_status status = SABLE_OK;
    if (cpu) {
        const sable_backend_options backend = {.struct_size = sizeof backend, .path = o.cpu_path, .threads = o.threads};
        status = sable_prices_measure(&p->prices, params, &backend, err);
    } else {
        p->predicted = true;
        p->prices.threads = 1;
        memcpy(p->prices.seconds, h200, sizeof h200);
    }
    if (status == SABLE_OK)
        *out = p;
    else
        free(p);
    return status;
}

void sable_pricing_destroy(sable_pricing **pricing) {
    if (!pricing) return;
    free(*pricing);
    *pricing = NULL;
}
