/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CKKS_SERIAL_KEYS_H
#define SABLE_CKKS_SERIAL_KEYS_H
/* Key-set files. META, the index = count 4 | 0 4, or 1: no seeds | for each key kind 4, galois 4, first 4, limbs 4, seed 32 (zeros where there are
 * none); then a section a key: residues [digits][b, without seeds b and a][limbs of the hull, then P][N], Montgomery form, NTT order, canonical.
 * With seeds the a halves are their expansion. */
#include "ckks/serial.h"
#include "io/bytes.h"

enum { KEYSET_HEAD_BYTES = 8, KEY_RECORD_BYTES = 48, KEYS_MOST = SABLE_SECTIONS_MOST - 1 };

static inline uint64_t keyset_meta_bytes(size_t keys) { return KEYSET_HEAD_BYTES + (uint64_t)keys * KEY_RECORD_BYTES; }
static inline sable_section_spec key_section(const sable_params *params, size_t index, const sable_key_need *need,
                                             uint32_t residue_bits, bool seeded) {
    const uint64_t polys = (seeded ? 1ull : 2ull) * sable_key_digits(params, need);
    const uint64_t residues = polys * (need->limbs + params->p_count) * params->n;
    return (sable_section_spec){sable_tag_indexed('K', (unsigned)index), 0,
                                sable_residue_bytes(residues, residue_bits)};
}

/* As sable_keyset_load of a file of the specification's keys, on a planning context and without the file. */
SABLE_SHARED SABLE_CHECKED sable_status sable_keyset_plan_read(sable_queue *queue, sable_keyset **out,
                                                               const sable_key_spec *spec,
                                                               const uint8_t key_id[SABLE_DIGEST_BYTES],
                                                               const sable_file_options *stored);

#endif
