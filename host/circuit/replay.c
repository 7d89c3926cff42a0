/* SPDX-License-Identifier: Apache-2.0 */
/* Programs as graphs. */
#include <stdlib.h>

#include "circuit/program.h"
#include "ckks/objects.h"

/* Owned by the graph. */
typedef struct replay {
    sable_prepared *prepared;
    size_t inputs, outputs;
    const sable_keyset *keys;
} replay;

static sable_status run(sable_queue *queue, sable_ct *const *outputs, const sable_ct *const *inputs, void *argument) {
    const replay *r = argument;
    return sable_prepared_run(queue, r->prepared, outputs, r->outputs, inputs, r->inputs, r->keys);
}

static void destroy(sable_queue *queue, void *argument) {
    replay *r = argument;
    sable_prepared_destroy(queue, &r->prepared);
    free(r);
}

sable_status sable_program_record(sable_queue *queue, sable_graph **out, const sable_program *program,
                                  const sable_ct *const *inputs, size_t input_count, const sable_keyset *keys) {
    SABLE_TRY(sable_check_idle(queue, "another recording"));
    if (!program) return SABLE_REFUSE(queue, SABLE_INVALID, "sable_program_record: the program is NULL");
    if (input_count != program->inputs)
        return SABLE_REFUSE(queue, SABLE_INVALID, "the program has %zu inputs, %zu are given", program->inputs,
                            input_count);
    replay *r = calloc(1, sizeof *r);
    if (!r) return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory for a graph of a program");
    *r = (replay){NULL, program->inputs, program->outputs, keys};
    /* One queue records: like steps go into one launch, not onto streams of their own. */
    const sable_prepare_options options = {.struct_size = sizeof options, .schedule = SABLE_SCHEDULE_BATCHED};
    const sable_graph_body body = {run, r, destroy};
    sable_status status = sable_program_prepare(queue, &r->prepared, program, &options);
    if (status == SABLE_OK) status = sable_graph_record(queue, out, inputs, input_count, r->outputs, &body);
    if (status != SABLE_OK) destroy(queue, r);
    return status;
}
