/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_IO_LEFTOVERS_H
#define SABLE_IO_LEFTOVERS_H
/* What a killed process leaves behind. A file or folder with a temporary name is locked (flock) by its maker from its
 * first moment to its last; the lock goes with the process, however that ends. So one that can be locked is nobody's.
 * Where the file system has no locks, nothing is ever taken for a leftover. */
#include <stdbool.h>

#include "base/shared.h"

/* Locks what was just made under a name in a folder. False: another process has taken it for a leftover, which removes
 * it; make another one. */
SABLE_SHARED bool sable_claim(int folder, const char *name, int fd);

/* Locks what another process may have left: only this user's, with this name still, and of this type (S_IFREG with one
 * name, S_IFDIR). The descriptor holds the lock; negative when it is in use or not to be touched. */
SABLE_SHARED int sable_claim_leftover(int folder, const char *name, unsigned type);

/* Removes the temporaries (io/temp.h) of processes that are gone. Failures are not told: they leave what is there. */
void sable_remove_leftovers(int folder);

#endif
