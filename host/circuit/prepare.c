/* SPDX-License-Identifier: Apache-2.0 */
/* Programs made ready for many runs in one context. */
#include <stdlib.h>
#include <string.h>

#include "circuit/plains.h"

#define MOST_AT_A_TIME 32u

struct sable_prepared {
    const sable_program *program;
    sable_ctx *ctx;
    program_schedule schedule;
    program_plains plains;
};

static sable_status check(sable_queue *queue, const sable_program *p, const sable_prepare_options *o) {
    if (o->struct_size != sizeof *o)
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_prepare_options: struct_size is %zu, expected %zu",
                            o->struct_size, sizeof *o);
    if (o->schedule > SABLE_SCHEDULE_PARALLEL)
        return SABLE_REFUSE(queue, SABLE_INVALID, "prepare: schedule %d: 0 to %d are known", (int)o->schedule,
                            SABLE_SCHEDULE_PARALLEL);
    if (o->most > MOST_AT_A_TIME)
        return SABLE_REFUSE(queue, SABLE_LIMIT, "prepare: %u steps at a time: at most %u", o->most, MOST_AT_A_TIME);
    if (memcmp(p->params.digest, queue->ctx->params.digest, sizeof p->params.digest) != 0)
        return SABLE_REFUSE(queue, SABLE_PARAMS_MISMATCH, "the program is for set %s, the context has set %s",
                            p->params.name, queue->ctx->params.name);
    return SABLE_OK;
}

sable_status sable_program_prepare(sable_queue *queue, sable_prepared **out, const sable_program *program,
                                   const sable_prepare_options *options) {
    SABLE_TRY(sable_check_queue(queue));
    if (!out || !program)
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_program_prepare: out and program must not be NULL");
    sable_prepare_options o = {.struct_size = sizeof o};
    if (options) o = *options;
    SABLE_TRY(check(queue, program, &o));
    sable_prepared *r = calloc(1, sizeof *r);
    if (!r) return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory for a prepared program");
    r->program = program;
    r->ctx = queue->ctx;
    sable_schedule_choose(&o.schedule, &o.most, queue->ctx);
    if (o.most > MOST_AT_A_TIME) o.most = MOST_AT_A_TIME;
    sable_status status = sable_schedule_make(&r->schedule, program, o.schedule, o.most, false, &queue->error);
    if (status == SABLE_OK && !o.encode_late) status = sable_plains_make(queue, &r->plains, program);
    if (status == SABLE_OK) status = sable_queue_sync(queue); /* plaintexts are there for every queue */
    if (status != SABLE_OK) {
        sable_prepared_destroy(queue, &r);
        return status;
    }
    *out = r;
    return SABLE_OK;
}

void sable_prepared_destroy(sable_queue *queue, sable_prepared **prepared) {
    if (!prepared || !*prepared) return;
    sable_plains_free(queue, &(*prepared)->plains);
    sable_schedule_free(&(*prepared)->schedule);
    free(*prepared);
    *prepared = NULL;
}

sable_status sable_prepared_describe(const sable_prepared *prepared, sable_prepared_info *info) {
    if (!prepared || !info || info->struct_size != sizeof *info) return SABLE_INVALID;
    const program_schedule *s = &prepared->schedule;
    *info = (sable_prepared_info){.struct_size = sizeof *info,
                                  .schedule = s->kind,
                                  .most = s->most,
                                  .calls = s->units,
                                  .waves = s->waves,
                                  .plains = prepared->plains.count,
                                  .plain_bytes = prepared->plains.bytes,
                                  .live_bytes = s->live_bytes};
    return SABLE_OK;
}

sable_status sable_prepared_run(sable_queue *queue, const sable_prepared *prepared, sable_ct *const *outputs,
                                size_t output_count, const sable_ct *const *inputs, size_t input_count,
                                const sable_keyset *keys) {
    SABLE_TRY(sable_check_queue(queue));
    if (!prepared) return SABLE_REFUSE(queue, SABLE_INVALID, "sable_prepared_run: the prepared program is NULL");
    if (prepared->ctx != queue->ctx)
        return SABLE_REFUSE(queue, SABLE_INVALID, "the program was prepared in another context than the queue's");
    SABLE_TRY(sable_program_check(queue, prepared->program, outputs, output_count, inputs, input_count, keys));
    program_work w = {.p = prepared->program,
                      .schedule = &prepared->schedule,
                      .inputs = inputs,
                      .keys = keys,
                      .plain = prepared->plains.of,
                      .queue = queue};
    return sable_work_run(&w, outputs);
}
