/* SPDX-License-Identifier: Apache-2.0 */
/* Polynomials that a circuit or a program owns. */
#include <stdlib.h>

#include "circuit/graph.h"
#include "ckks/poly_impl.h"

const sable_poly *sable_circuit_polys_keep(circuit_polys *list, const sable_poly *poly) {
    for (size_t i = 0; i < list->count; i++)
        if (sable_poly_equal(list->poly[i], poly)) return list->poly[i];
    sable_poly **grown = realloc(list->poly, (list->count + 1) * sizeof *grown);
    if (!grown) return NULL;
    list->poly = grown;
    if (sable_poly_copy(&grown[list->count], poly, NULL) != SABLE_OK) return NULL;
    return grown[list->count++];
}

void sable_circuit_polys_free(circuit_polys *list) {
    for (size_t i = 0; i < list->count; i++) sable_poly_destroy(&list->poly[i]);
    free(list->poly);
}
