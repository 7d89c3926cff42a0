/* SPDX-License-Identifier: Apache-2.0 */
/* The choices of lowering, by number. */
#include "sable/circuit.h"

static const char *const names[] = {
    "lazy relinearisation", "lazy rescaling", "sharing", "hoisting", "fusion", "ordering"};
enum { PASSES = sizeof names / sizeof *names };

const char *sable_pass_name(size_t pass) { return pass < PASSES ? names[pass] : NULL; }

void sable_pass_switch_off(sable_lowering *options, size_t pass) {
    bool *const off[PASSES] = {&options->eager_relin, &options->eager_rescale, &options->no_sharing,
                               &options->no_hoisting, &options->no_fusion,     &options->no_ordering};
    if (pass < PASSES) *off[pass] = true;
}
