/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_SABLE_H
#define SABLE_SABLE_H
/* Everything. Programs that only evaluate may include this too: what it declares from client.h is in libsable_client, which they do not
 * link. */
#include "sable/backend.h"
#include "sable/circuit.h"
#include "sable/client.h"
#include "sable/dataset.h"
#include "sable/debug.h"
#include "sable/eval.h"
#include "sable/evaluators.h"
#include "sable/files.h"
#include "sable/graph.h"
#include "sable/io.h"
#include "sable/linalg.h"
#include "sable/logreg.h"
#include "sable/matmul.h"
#include "sable/poly.h"
#include "sable/raw.h"
#include "sable/sign.h"
#include "sable/training.h"
#include "sable/transform.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SABLE_VERSION_MAJOR 0
#define SABLE_VERSION_MINOR 1
#define SABLE_VERSION_PATCH 0

/* "0.1.0" of the library that is linked, which may differ from the header's. */
SABLE_API const char *sable_version(void);

#ifdef __cplusplus
}
#endif
#endif
