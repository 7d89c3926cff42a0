/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_INFER_PLAN_H
#define SABLE_TOOL_INFER_PLAN_H
/* What an inference takes, decided and checked before the first block is touched. */
#include "sable/dataset.h"
#include "tool/session.h"
#include "tool/workspace.h"

typedef struct infer_plan {
    sable_model *model; /* in the clear, or */
    sable_encrypted_model encrypted;
    bool is_encrypted;
    uint32_t classes;
    sable_infer_options options; /* as the library gets them: range resolved */
    sable_poly *sigmoid;         /* probabilities: one for all blocks */
    double sigmoid_error;
    double factor; /* decrypted logits are multiplied by it */
    sable_blocks *data;
    sable_ct *block, *result;
    sable_keyset *keys;           /* those that are needed; NULL when none is */
    sable_key_file_info key_file; /* where they came from, after they were loaded; zeros */
    uint32_t level;               /* of the data */
    double bound;                 /* of the first block's data */
} infer_plan;

/* Opens the data, reads its first block, checks features, layout, level, keys and key ids. p->options are what the user
 * gave. */
sable_status infer_plan_make(infer_plan *p, session *s, const workspace *w, const char *data, const char *model,
                             const char *encrypted_model);
sable_status infer_plan_block(infer_plan *p, session *s, uint32_t index);
void infer_plan_clear(infer_plan *p, session *s);

#endif
