/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CPU_THREADS_H
#define SABLE_CPU_THREADS_H
#include <stdint.h>

#define CPU_MAX_THREADS 1024u

/* How many of `wanted` threads, at most CPU_MAX_THREADS and with the caller among them, the system lets run at a time.
 * They are started and ended, once a process: OpenMP's run-time library ends the process when it gets none, so one
 * asks before. */
uint32_t cpu_threads_startable(uint32_t wanted);

#endif
