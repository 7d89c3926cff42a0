/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/threads.h"

#ifdef _OPENMP
#include <pthread.h>
#include <stdbool.h>

static void *pass(void *gate) {
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

/* All of them at a time: each waits at the gate until the last one is there. */
static uint32_t start(uint32_t wanted) {
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    pthread_t thread[CPU_MAX_THREADS];
    uint32_t started = 1; /* the caller */
    pthread_mutex_lock(&gate);
    while (started < wanted && pthread_create(&thread[started], NULL, pass, &gate) == 0) started++;
    pthread_mutex_unlock(&gate);
    for (uint32_t i = 1; i < started; i++) pthread_join(thread[i], NULL);
    return started;
}

uint32_t cpu_threads_startable(uint32_t wanted) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static uint32_t seen = 1; /* what was possible once is not tried again: OpenMP may hold these threads by now */
    pthread_mutex_lock(&lock);
    uint32_t possible = wanted;
    if (wanted > seen) {
        possible = start(wanted);
        if (possible > seen) seen = possible;
    }
    pthread_mutex_unlock(&lock);
    return possible;
}
#else
uint32_t cpu_threads_startable(uint32_t wanted) { return wanted; } /* none is started */
#endif
