/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_LOGREG_LAYOUT_FILE_H
#define SABLE_LOGREG_LAYOUT_FILE_H
/* A layout in files: packing 4 | features 4 | slots 4 | zero 4. The rest follows. */
#include "ckks/serial.h"
#include "sable/dataset.h"

#define LAYOUT_BYTES 16
void layout_put(uint8_t out[LAYOUT_BYTES], const sable_layout *layout);
sable_status layout_get(sable_layout *layout, const sable_params *params, const uint8_t in[LAYOUT_BYTES],
                        const char *path, sable_error *err);

#endif
