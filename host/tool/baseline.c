/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/baseline.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "sable/sable.h"
#include "tool/report.h"

typedef struct bench {
    const baseline_job *job;
    sable_ctx *ctx;
    sable_queue *queue;
    sable_keyset *keys;
    sable_model *model;
    sable_encrypted_model encrypted;
    sable_blocks *blocks;
    sable_ct *data, *out;
    crypto_hash_sha256_state sha;
    sable_error *err;
} bench;

static sable_status from_queue(const bench *b, sable_status status) {
    return status == SABLE_OK ? status : sable_fail(b->err, status, "%s", sable_queue_error(b->queue));
}

static sable_status open_files(bench *b, const sable_ctx_options *how) {
    const baseline_job *job = b->job;
    SABLE_TRY(sable_ctx_create(&b->ctx, job->params, how, b->err));
    SABLE_TRY(sable_queue_create(&b->queue, b->ctx, NULL, b->err));
    SABLE_TRY(sable_model_load(&b->model, job->model, b->err));
    SABLE_TRY(sable_ct_create(&b->data, b->ctx, b->err));
    SABLE_TRY(sable_ct_create(&b->out, b->ctx, b->err));
    SABLE_TRY(from_queue(b, sable_keyset_load(b->queue, &b->keys, job->keys)));
    SABLE_TRY(from_queue(b, sable_encrypted_model_load(b->queue, &b->encrypted, job->encrypted_model)));
    return from_queue(b, sable_blocks_open(b->queue, &b->blocks, job->data, SABLE_BLOCKS_DATASET));
}

static void close_files(bench *b) {
    if (b->queue) {
        sable_blocks_close(&b->blocks);
        sable_encrypted_model_clear(b->queue, &b->encrypted);
        sable_keyset_destroy(b->queue, &b->keys);
        sable_ct_destroy(b->queue, &b->data);
        sable_ct_destroy(b->queue, &b->out);
    }
    sable_model_destroy(&b->model);
    sable_queue_destroy(&b->queue);
    sable_ctx_destroy(&b->ctx);
}

static sable_status infer(bench *b, bool encrypted) {
    const sable_layout *layout = &sable_blocks_get_info(b->blocks)->layout;
    sable_infer_options o = b->job->options;
    const sable_encrypted_model *m = &b->encrypted;
    if (encrypted) {
        o.range = m->range_bounds ? m->range : 0;
        SABLE_TRY(
            sable_infer_encrypted(b->queue, b->out, b->data, m->weights, m->bias, m->classes, layout, &o, b->keys));
    } else
        SABLE_TRY(sable_infer_plain(b->queue, b->out, b->data, b->model, layout, &o, b->keys));
    return sable_queue_sync(b->queue);
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Adds the median time of one block to *total. */
static sable_status measure(bench *b, bool encrypted, double seconds, double *total) {
    static double run[BASELINE_RUNS_MOST];
    for (int i = 0; i < BASELINE_WARM_UP; i++) SABLE_TRY(from_queue(b, infer(b, encrypted)));
    double start = seconds_now();
    size_t runs = 0;
    while (runs < BASELINE_RUNS_MOST && (runs < BASELINE_RUNS_LEAST || seconds_now() - start < seconds)) {
        double begin = seconds_now();
        SABLE_TRY(from_queue(b, infer(b, encrypted)));
        run[runs++] = seconds_now() - begin;
    }
    qsort(run, runs, sizeof *run, by_value);
    *total += runs % 2 ? run[runs / 2] : (run[runs / 2 - 1] + run[runs / 2]) / 2;
    return SABLE_OK;
}

static sable_status add_digest(bench *b) {
    uint8_t digest[crypto_hash_sha256_BYTES];
    SABLE_TRY(from_queue(b, sable_ct_save(b->queue, b->out, b->job->scratch, NULL)));
    sable_status status = sable_file_sha256(digest, b->job->scratch, b->err);
    unlink(b->job->scratch);
    if (status == SABLE_OK) crypto_hash_sha256_update(&b->sha, digest, sizeof digest);
    return status;
}

static sable_status measure_blocks(bench *b, baseline_row *row) {
    uint32_t count = sable_blocks_get_info(b->blocks)->blocks;
    for (uint32_t i = 0; i < count; i++) {
        SABLE_TRY(from_queue(b, sable_blocks_read(b->queue, b->data, b->blocks, i)));
        SABLE_TRY(measure(b, false, b->job->seconds / count, &row->plain_seconds));
        SABLE_TRY(add_digest(b));
        SABLE_TRY(measure(b, true, b->job->seconds / count, &row->encrypted_seconds));
        SABLE_TRY(add_digest(b));
    }
    return SABLE_OK;
}

sable_status baseline_measure(baseline_row *row, const baseline_job *job, const sable_ctx_options *how,
                              sable_error *err) {
    memset(row, 0, sizeof *row);
    bench b = {.job = job, .err = err};
    crypto_hash_sha256_init(&b.sha);
    sable_status status = open_files(&b, how);
    if (status == SABLE_OK) status = measure_blocks(&b, row);
    sable_ctx_info info = {.struct_size = sizeof info};
    if (status == SABLE_OK) status = sable_ctx_describe(b.ctx, &info);
    if (status == SABLE_OK) {
        snprintf(row->backend, sizeof row->backend, "%s", info.backend);
        snprintf(row->path, sizeof row->path, "%s", info.path ? info.path : "");
        row->threads = info.threads;
        row->backend_peak = info.bytes_peak;
        crypto_hash_sha256_final(&b.sha, row->digest);
    }
    close_files(&b);
    return status;
}
