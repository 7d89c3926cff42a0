/* SPDX-License-Identifier: Apache-2.0 */
/* One queue: a stream, its staging memory, its error sentence. */
#include "kernels/queue.h"

#include <stdlib.h>

#include "kernels/staging.h"
#include "kernels/state.h"

sable_status gpu_check_on(int device, cudaError_t error, const char *what, sable_error *err) {
    if (error == cudaSuccess) return SABLE_OK;
    (void)cudaGetLastError();
    return sable_fail(
        err, SABLE_DEVICE,
        "%s on device %d: %s (%s); results since the last sync are lost: destroy the queue, and if new ones "
        "fail too restart the process",
        what, device, cudaGetErrorString(error), cudaGetErrorName(error));
}

sable_status gpu_check(gpu_queue *q, cudaError_t error, const char *what) {
    if (error < cudaErrorStreamCaptureUnsupported || error > cudaErrorStreamCaptureWrongThread)
        return gpu_check_on(q->device, error, what, &q->err);
    (void)cudaGetLastError();
    return sable_fail(
        &q->err, SABLE_UNSUPPORTED,
        "%s on device %d cannot be recorded: %s (%s); nothing of the recording has run: destroy it, and use the "
        "stream for nothing else meanwhile",
        what, q->device, cudaGetErrorString(error), cudaGetErrorName(error));
}

sable_status gpu_unrecorded(gpu_queue *q, const char *what) {
    if (!q->recording) return SABLE_OK;
    return sable_fail(&q->err, SABLE_UNSUPPORTED,
                      "a graph cannot hold %s: call it before the recording, or after a launch", what);
}

int gpu_enter(int device) {
    int before = device;
    if (cudaGetDevice(&before) != cudaSuccess || before != device) (void)cudaSetDevice(device);
    return before;
}
void gpu_leave(int device, int before) {
    if (before != device) (void)cudaSetDevice(before);
}

sable_status gpu_queue_open(void **queue, void *state, void *external_stream, sable_error *err) {
    gpu_state *s = state;
    gpu_queue *q = calloc(1, sizeof *q);
    if (!q) return sable_fail(err, SABLE_NO_MEMORY, "no host memory for a queue on device %d", s->device);
    q->state = s;
    q->ring = s->ring;
    q->device = s->device;
    q->stream = external_stream;
    q->owns_stream = !external_stream;
    cudaError_t error = cudaSuccess;
    if (q->owns_stream) error = cudaStreamCreateWithFlags(&q->stream, cudaStreamNonBlocking);
    if (error == cudaSuccess) error = cudaEventCreateWithFlags(&q->passed, cudaEventDisableTiming);
    if (error == cudaSuccess) error = cudaEventCreateWithFlags(&q->begun, cudaEventDisableTiming);
    pthread_mutex_init(&q->marking, NULL);
    if (error != cudaSuccess) {
        gpu_queue_close(q);
        return gpu_check_on(s->device, error, "stream and events of a queue", err);
    }
    *queue = q;
    return SABLE_OK;
}

void gpu_queue_close(void *queue) {
    gpu_queue *q = queue;
    if (!q) return;
    /* The stream may still read the staging memory. What it says of a fault was for queue_sync. */
    if (q->stream && cudaStreamSynchronize(q->stream) != cudaSuccess) (void)cudaGetLastError();
    gpu_staging_free(&q->staging);
    if (q->passed) (void)cudaEventDestroy(q->passed);
    if (q->begun) (void)cudaEventDestroy(q->begun);
    if (q->owns_stream && q->stream) (void)cudaStreamDestroy(q->stream);
    pthread_mutex_destroy(&q->marking);
    free(q);
}

sable_status gpu_queue_sync(void *queue) {
    gpu_queue *q = queue;
    SABLE_TRY(gpu_unrecorded(q, "a wait for the device"));
    return gpu_check(q, cudaStreamSynchronize(q->stream), "work on a queue");
}

sable_status gpu_queue_wait(void *queue, void *other) {
    gpu_queue *q = queue, *first = other;
    if (q == first) return SABLE_OK;
    SABLE_TRY(gpu_unrecorded(q, "a wait for another queue"));
    /* What the other one records is not done: its work so far is what came before the recording. */
    pthread_mutex_lock(&first->marking);
    const cudaEvent_t passed = first->recording ? first->begun : q->passed;
    cudaError_t error = first->recording ? cudaSuccess : cudaEventRecord(passed, first->stream);
    if (error == cudaSuccess) error = cudaStreamWaitEvent(q->stream, passed, 0);
    pthread_mutex_unlock(&first->marking);
    return gpu_check(q, error, "wait for another queue");
}

const char *gpu_queue_error(void *queue) { return ((gpu_queue *)queue)->err.text; }

sable_status gpu_alloc(void *queue, void **memory, size_t bytes) { return gpu_take(queue, memory, bytes); }
void gpu_release(void *queue, void *memory) { gpu_give(queue, memory); }
sable_status gpu_upload(void *queue, void *device, const void *host, size_t bytes) {
    SABLE_TRY(gpu_unrecorded(queue, "an upload"));
    return gpu_stage_up(queue, device, host, bytes);
}
sable_status gpu_download(void *queue, void *host, const void *device, size_t bytes) {
    SABLE_TRY(gpu_unrecorded(queue, "a download"));
    return gpu_stage_down(queue, host, device, bytes);
}
