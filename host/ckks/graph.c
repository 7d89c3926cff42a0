/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs. On a device the body is called twice, for the size of the sequence and for the recording itself; inputs and outputs lie in
 * the memory of the backend's graph, at places that its first allocations and its last survivors have. Elsewhere the body is called
 * at every launch, into new outputs that take the place of the old ones when all went well. */
#include <stdatomic.h>

#include "ckks/eval_internal.h"
#include "sable/graph.h"

struct sable_graph {
    sable_ctx *ctx;
    sable_graph_body body;
    sable_ct **input, **output;
    size_t inputs, outputs;
    sable_stamp stamp; /* the last launch or change of an input */
    uint32_t number;   /* of the recording */
    void *handle;      /* the backend's */
    sable_graph_size size;
};

static bool on_device(const sable_ctx *ctx) { return ctx->backend->graph_begin != NULL; }

static size_t words_of(const sable_ct *ct) {
    return (size_t)ct->batch * ct->parts * ct->ctx->level[ct->level].limbs * ct->ctx->params.n;
}

/* -- handles ------------------------------------------------------------------------------------------------------- */

static sable_status make_handles(sable_queue *queue, sable_ct ***out, size_t count) {
    sable_ct **handle = calloc(count + 1, sizeof *handle);
    *out = handle;
    if (!handle) return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory for %zu handles of a graph", count);
    for (size_t i = 0; i < count; i++) SABLE_TRY(sable_ct_create(&handle[i], queue->ctx, &queue->error));
    return SABLE_OK;
}

static void free_handles(sable_queue *queue, sable_ct **handle, size_t count) {
    for (size_t i = 0; handle && i < count; i++) sable_ct_destroy(queue, &handle[i]);
    free(handle);
}

/* Their words were the backend graph's. */
static void forget_words(sable_ct *const *handle, size_t count) {
    for (size_t i = 0; handle && i < count; i++)
        if (handle[i]) handle[i]->data = NULL, handle[i]->recorded = 0;
}

static sable_status place_inputs(sable_queue *queue, sable_graph *g) {
    for (size_t i = 0; i < g->inputs; i++)
        SABLE_TRY(sable_words_alloc(queue, &g->input[i]->data, words_of(g->input[i]), "an input of a graph"));
    return SABLE_OK;
}

static sable_status copy_input(sable_queue *queue, sable_graph *g, size_t index, const sable_ct *ct) {
    const sable_limbs to = sable_ct_limbs(g->input[index]), from = sable_ct_limbs(ct);
    SABLE_RUN(queue, copy(queue->handle, &to, &from));
    sable_stamp_write(queue, &g->input[index]->stamp);
    sable_stamp_write(queue, &g->stamp);
    return SABLE_OK;
}

/* -- recording ----------------------------------------------------------------------------------------------------- */

static sable_status check_outcome(sable_queue *queue, const sable_graph *g, sable_ct *const *outputs) {
    for (size_t i = 0; i < g->outputs; i++)
        if (!outputs[i]->data)
            return SABLE_REFUSE(queue, SABLE_INVALID, "graph: the body did not write output %zu of %zu", i, g->outputs);
    if (queue->recorded_blocks == g->outputs) return SABLE_OK;
    return SABLE_REFUSE(queue, SABLE_INVALID,
                        "graph: the body leaves %zu objects behind that are no outputs: it must destroy what it makes",
                        queue->recorded_blocks - g->outputs);
}

/* The body on the graph's inputs; while it runs, the queue takes only what belongs to the recording. */
static sable_status call_body(sable_queue *queue, sable_graph *g, sable_ct *const *outputs) {
    queue->recording = g->number;
    queue->recorded_blocks = 0;
    for (size_t i = 0; i < g->inputs; i++) g->input[i]->recorded = g->number;
    sable_status status = g->body.run(queue, outputs, (const sable_ct *const *)g->input, g->body.argument);
    if (status == SABLE_OK) status = sable_check_queue(queue);
    if (status == SABLE_OK) status = check_outcome(queue, g, outputs);
    for (size_t i = 0; i < g->inputs; i++) g->input[i]->recorded = 0;
    for (size_t i = 0; i < g->outputs; i++) outputs[i]->recorded = 0;
    queue->recording = 0;
    return status;
}

/* bytes 0: a dry run. The caller destroys g->handle, whatever the result. */
static sable_status record_once(sable_queue *queue, sable_graph *g, size_t bytes) {
    const sable_backend *be = queue->ctx->backend;
    sable_status status = be->graph_begin(queue->handle, &g->handle, bytes);
    if (status == SABLE_NO_MEMORY)
        return SABLE_REFUSE(queue, status, "graph: it needs %zu bytes: %s", bytes, be->queue_error(queue->handle));
    if (status != SABLE_OK) return sable_queue_kill(queue, status);
    SABLE_TRY(place_inputs(queue, g));
    SABLE_TRY(call_body(queue, g, g->output));
    SABLE_RUN(queue, graph_end(queue->handle, g->handle, &g->size));
    return SABLE_OK;
}

static void drop_recording(sable_queue *queue, sable_graph *g) {
    forget_words(g->input, g->inputs);
    forget_words(g->output, g->outputs);
    if (g->handle) queue->ctx->backend->graph_destroy(queue->handle, g->handle);
    g->handle = NULL;
}

static sable_status record(sable_queue *queue, sable_graph *g, const sable_ct *const *inputs) {
    SABLE_TRY(make_handles(queue, &g->input, g->inputs));
    SABLE_TRY(make_handles(queue, &g->output, g->outputs));
    for (size_t i = 0; i < g->inputs; i++) {
        sable_ct meta = *inputs[i];
        meta.seeded = false; /* other inputs have other seeds */
        sable_ct_commit(queue, g->input[i], &meta, NULL);
    }
    if (on_device(queue->ctx)) {
        SABLE_TRY(record_once(queue, g, 0));
        drop_recording(queue, g);
        SABLE_TRY(record_once(queue, g, g->size.bytes));
    } else {
        SABLE_TRY(place_inputs(queue, g));
    }
    for (size_t i = 0; i < g->inputs; i++) SABLE_TRY(copy_input(queue, g, i, inputs[i]));
    return sable_graph_launch(queue, g);
}

sable_status sable_graph_record(sable_queue *queue, sable_graph **out, const sable_ct *const *inputs,
                                size_t input_count, size_t output_count, const sable_graph_body *body) {
    SABLE_TRY(sable_check_idle(queue, "another recording"));
    if (!out || !body || !body->run || (input_count && !inputs))
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_graph_record: out, body and inputs must not be NULL");
    if (output_count == 0)
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_graph_record: a graph without outputs computes nothing");
    for (size_t i = 0; i < input_count; i++) SABLE_TRY(sable_check_ct(queue, inputs[i], "an input of the graph"));
    sable_graph *g = calloc(1, sizeof *g);
    if (!g) return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory for a graph");
    *g = (sable_graph){.ctx = queue->ctx, .body = *body, .inputs = input_count, .outputs = output_count};
    g->number = atomic_fetch_add(&queue->ctx->recordings, 1) + 1;
    const sable_status status = record(queue, g, inputs);
    if (status == SABLE_OK) {
        *out = g;
        return SABLE_OK;
    }
    g->body.destroy = NULL; /* the argument stays the caller's */
    sable_graph_destroy(queue, &g);
    return status;
}

/* -- use ----------------------------------------------------------------------------------------------------------- */

static sable_status check_graph(sable_queue *queue, const sable_graph *g, const char *what) {
    SABLE_TRY(sable_check_idle(queue, what));
    if (!g) return SABLE_REFUSE(queue, SABLE_INVALID, "the graph is NULL");
    if (g->ctx != queue->ctx) return SABLE_REFUSE(queue, SABLE_INVALID, "the graph belongs to another context");
    return sable_check_written(queue, &g->stamp, "the graph");
}

static sable_status check_like(sable_queue *queue, const sable_ct *was, const sable_ct *is, size_t index) {
    if (is->level != was->level)
        return SABLE_REFUSE(queue, SABLE_LEVEL, "input %zu of the graph was recorded at level %u, this one is at %u",
                            index, was->level, is->level);
    if (is->parts != was->parts)
        return SABLE_REFUSE(queue, SABLE_DEGREE, "input %zu of the graph was recorded with %u parts, this one has %u",
                            index, was->parts, is->parts);
    if (!sable_scale_equal(is->scale, was->scale))
        return SABLE_REFUSE(queue, SABLE_SCALE, "input %zu of the graph was recorded at scale 2^%.6f, not at 2^%.6f",
                            index, log2(was->scale.hi), log2(is->scale.hi));
    if (is->batch != was->batch || is->slots != was->slots)
        return SABLE_REFUSE(queue, SABLE_INVALID,
                            "input %zu of the graph was recorded with %u members of %u slots, this one has %u of %u",
                            index, was->batch, was->slots, is->batch, is->slots);
    if (memcmp(is->key_id, was->key_id, sizeof is->key_id) != 0)
        return SABLE_REFUSE(queue, SABLE_KEY_MISMATCH, "input %zu of the graph was recorded for another key", index);
    if (is->insecure && !was->insecure)
        return SABLE_REFUSE(queue, SABLE_INSECURE, "input %zu is insecure, the graph was recorded for secure ones",
                            index);
    if (is->bound > was->bound || is->rms > was->rms)
        return SABLE_REFUSE(queue, SABLE_BOUND,
                            "input %zu declares |value| <= %g, rms %g; the graph was recorded for %g and %g: record it "
                            "for the largest, or state less with sable_ct_declare",
                            index, is->bound, is->rms, was->bound, was->rms);
    if (is->noise_var > was->noise_var || is->relative > was->relative)
        return SABLE_REFUSE(
            queue, SABLE_BOUND,
            "input %zu has noise 2^%.2f and relative error %g, the graph was recorded for 2^%.2f and %g: "
            "record it for the noisiest",
            index, log2(is->noise_var) / 2, is->relative, log2(was->noise_var) / 2, was->relative);
    return SABLE_OK;
}

sable_status sable_graph_set_input(sable_queue *queue, sable_graph *graph, size_t index, const sable_ct *ct) {
    SABLE_TRY(check_graph(queue, graph, "a change of a graph's input"));
    if (index >= graph->inputs)
        return SABLE_REFUSE(queue, SABLE_INVALID, "input %zu of a graph that has %zu", index, graph->inputs);
    SABLE_TRY(sable_check_ct(queue, ct, "the input"));
    SABLE_TRY(check_like(queue, graph->input[index], ct, index));
    return copy_input(queue, graph, index, ct);
}

static sable_status launch_body(sable_queue *queue, sable_graph *g) {
    sable_ct **fresh;
    sable_status status = make_handles(queue, &fresh, g->outputs);
    if (status == SABLE_OK) status = call_body(queue, g, fresh);
    for (size_t i = 0; i < g->outputs && status == SABLE_OK; i++) {
        sable_ct_commit(queue, g->output[i], fresh[i], fresh[i]->data);
        fresh[i]->data = NULL;
    }
    free_handles(queue, fresh, g->outputs);
    return status;
}

sable_status sable_graph_launch(sable_queue *queue, sable_graph *graph) {
    SABLE_TRY(check_graph(queue, graph, "the launch of a graph"));
    for (size_t i = 0; i < graph->outputs; i++)
        SABLE_TRY(sable_check_unread(queue, graph->output[i]->readers, "an output of the graph"));
    if (on_device(queue->ctx))
        SABLE_RUN(queue, graph_launch(queue->handle, graph->handle));
    else
        SABLE_TRY(launch_body(queue, graph));
    for (size_t i = 0; i < graph->outputs; i++) sable_stamp_write(queue, &graph->output[i]->stamp);
    sable_stamp_write(queue, &graph->stamp);
    return SABLE_OK;
}

const sable_ct *sable_graph_output(const sable_graph *graph, size_t index) {
    return graph && index < graph->outputs ? graph->output[index] : NULL;
}

sable_status sable_graph_describe(const sable_graph *graph, sable_graph_info *info) {
    if (!graph || !info || info->struct_size != sizeof *info) return SABLE_INVALID;
    *info = (sable_graph_info){sizeof *info,          graph->inputs,        graph->outputs,
                               graph->handle != NULL, graph->size.launches, graph->size.bytes};
    return SABLE_OK;
}

void sable_graph_destroy(sable_queue *queue, sable_graph **graph) {
    if (!graph || !*graph) return;
    sable_graph *g = *graph;
    sable_object_await(queue, &g->stamp, NULL);
    if (on_device(g->ctx)) {
        for (size_t i = 0; g->output && i < g->outputs; i++)
            if (g->output[i]) sable_object_await(queue, &g->output[i]->stamp, g->output[i]->readers);
        drop_recording(queue, g);
    }
    free_handles(queue, g->input, g->inputs);
    free_handles(queue, g->output, g->outputs);
    if (g->body.destroy) g->body.destroy(queue, g->body.argument);
    free(g);
    *graph = NULL;
}
