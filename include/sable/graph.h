/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_GRAPH_H
#define SABLE_GRAPH_H
/* Graphs: a sequence of operations recorded once and launched many times.
 *
 * On a device a launch is one call: no checks, no memory management, no conversion of constants, and the device starts one piece of
 * work behind the other by itself. That pays where operations are small (docs/GPU_MODEL.md). A backend without graphs, as cpu, does
 * the operations again at each launch, so a program that uses graphs runs everywhere, with the same words.
 *
 * The sequence is a function of the caller, the body. A graph owns its memory, one block below the context's memory cap, and in it
 * its inputs and outputs: launches read and write the same places. What a body may do:
 *   - read its inputs, write its outputs, make, use and destroy objects of its own;
 *   - read keys, and plaintexts that were encoded before: both must outlive the graph and not change;
 *   - encode: values are read when the graph is recorded, not at a launch.
 * Refused inside a body, the recording with it: whatever waits for the device or moves data between it and the host
 * (sable_queue_sync, sable_queue_wait, encryption, decryption, decoding, files: SABLE_UNSUPPORTED), and other ciphertexts than
 * those named (SABLE_INVALID). A body makes the same calls whenever it is called, and leaves nothing behind but its outputs. */
#include "sable/eval.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sable_graph sable_graph;

typedef struct sable_graph_body {
    /* outputs: empty at first, each to be written. Any other result than SABLE_OK ends the recording. Called on the thread that
     * records, twice where the backend has graphs, else once and again by every launch. */
    sable_status (*run)(sable_queue *queue, sable_ct *const *outputs, const sable_ct *const *inputs, void *argument);
    void *argument; /* must live as long as the graph */
    void (*destroy)(sable_queue *queue,
                    void *argument); /* NULL, or called when the graph ends; not if recording fails */
} sable_graph_body;

/* Records the body for inputs like the given ones and launches it once with them. output_count >= 1. Errors: those of the body, with its
 * sentence; SABLE_INVALID (an output that was not written, objects left behind), SABLE_NO_MEMORY (bytes needed, free, cap),
 * SABLE_UNSUPPORTED (the queue's external stream cannot be recorded). The queue lives on as if nothing had been tried. */
SABLE_API SABLE_CHECKED sable_status sable_graph_record(sable_queue *queue, sable_graph **out,
                                                        const sable_ct *const *inputs, size_t input_count,
                                                        size_t output_count, const sable_graph_body *body);
/* Copies a ciphertext into input `index`. Level, scale, parts, batch, slots and key id are those of the recording; declared bound, root
 * mean square and tracked noise at most those (SABLE_BOUND), because what outputs say of themselves was computed then. */
SABLE_API SABLE_CHECKED sable_status sable_graph_set_input(sable_queue *queue, sable_graph *graph, size_t index,
                                                           const sable_ct *ct);
/* On any queue of the context; a graph, as any object, is used by one thread at a time, and by another queue after
 * sable_queue_wait (SABLE_BUSY). */
SABLE_API SABLE_CHECKED sable_status sable_graph_launch(sable_queue *queue, sable_graph *graph);
/* The graph's own: read it, copy it, do not destroy it. The next launch overwrites it. NULL past the end. */
SABLE_API const sable_ct *sable_graph_output(const sable_graph *graph, size_t index);

typedef struct sable_graph_info {
    size_t struct_size;
    size_t inputs, outputs;
    bool recorded;   /* false: the backend has no graphs, a launch calls the body again */
    size_t launches; /* pieces of work that a launch gives to the device; 0 if not recorded */
    uint64_t bytes;  /* of the graph's block of memory; 0 if not recorded */
} sable_graph_info;
SABLE_API SABLE_CHECKED sable_status sable_graph_describe(const sable_graph *graph, sable_graph_info *info);
/* Waits for its last launch; the queue goes on. Sets *graph to NULL; NULL is a no-op. */
SABLE_API void sable_graph_destroy(sable_queue *queue, sable_graph **graph);

#ifdef __cplusplus
}
#endif
#endif
