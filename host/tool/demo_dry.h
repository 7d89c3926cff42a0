/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_DEMO_DRY_H
#define SABLE_TOOL_DEMO_DRY_H
/* What a demonstration takes, without it. Every step is a process of its own there, so it is planned on a session of its
 * own here. What a step reads was made by an earlier one: shapes are handed on where the files are. */
#include "ckks/objects.h"
#include "tool/cmd_keygen.h"
#include "tool/demo.h"

typedef struct dry_demo {
    demo *d;
    session home; /* of the key that the plans name; it never leaves this process */
    sable_secret *secret;
    uint8_t key_id[SABLE_DIGEST_BYTES];
    keygen keys;
    char *keys_folder;
    sable_ct data, weights, bias, result[2]; /* shapes: no words behind them; results of the two inferences */
    uint32_t blocks;
    double bound;      /* of the data, about */
    double read_value; /* seconds to read a number of a table */
    uint64_t sent;     /* bytes of copies that roles send each other */
} dry_demo;

/* The path of a file of the demonstration, as it is shown; malloc'ed. */
char *dry_demo_path(const dry_demo *t, const char *name);
/* One role sends a file to another: told at the end. */
void dry_demo_send(dry_demo *t, const char *kind, const char *name, uint64_t bytes, bool exact);

/* The steps that run as processes (demo_dry_steps.c). */
sable_status dry_demo_keys(dry_demo *t);
sable_status dry_demo_encrypt(dry_demo *t);
sable_status dry_demo_encrypt_model(dry_demo *t);
sable_status dry_demo_infer(dry_demo *t, bool encrypted);
sable_status dry_demo_decrypt(dry_demo *t, bool encrypted);
/* The timings of demo_baselines. */
sable_status dry_demo_ways(dry_demo *t);

#endif
