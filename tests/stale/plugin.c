/* SPDX-License-Identifier: Apache-2.0 */
/* A plug-in of another release, for tests: its table has a size that the library does not have. */
#include "sable/backend.h"

static const sable_backend table = {.abi = SABLE_BACKEND_ABI, .struct_size = sizeof(sable_backend) - 8, .name = "emu"};

SABLE_API sable_backend_get_function sable_backend_get;
const sable_backend *sable_backend_get(uint32_t abi, const sable_host_services *services) {
    (void)abi, (void)services;
    return &table;
}
