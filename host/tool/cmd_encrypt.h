/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_CMD_ENCRYPT_H
#define SABLE_TOOL_CMD_ENCRYPT_H
/* What encrypting data and encrypting a model share. */
#include "tool/data_source.h"
#include "tool/session.h"
#include "tool/workspace.h"

typedef struct encrypt {
    const char *keys, *params, *secret_file, *out, *model, *model_weights;
    bool use_public, level_given, probabilities;
    uint32_t packing, level;
    double bound, range, data_bound;
    data_source source;
    workspace w;
    session s;
    sable_secret *secret; /* one of the two */
    sable_public_key *public_key;
    sable_pt *pt;
    sable_ct *ct;
} encrypt;

/* ct = values [members][slots] at a level, encrypted with the key that was chosen. */
sable_status encrypt_values(encrypt *e, sable_ct *ct, const double *values, uint32_t members, uint32_t level,
                            double bound);
/* The largest |value| that a ciphertext at this level holds. */
sable_status encrypt_room(encrypt *e, uint32_t level, double *most);
/* The smallest power of two that is not below value; 2^-20 at least. */
double power_above(double value);

sable_status encrypt_model(encrypt *e); /* cmd_encrypt_model.c */

#endif
