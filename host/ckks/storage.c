/* SPDX-License-Identifier: Apache-2.0 */
#include "ckks/storage.h"

#include <stdlib.h>

#include "ckks/serial.h"

#define DEFAULT_RESIDUE_BITS 30 /* docs/DECISIONS.md */

sable_status sable_storage_choose(sable_file_options *out, const sable_file_options *options, sable_error *err) {
    sable_file_options chosen = {.struct_size = sizeof chosen};
    if (options) {
        if (options->struct_size != sizeof *options)
            return sable_fail(err, SABLE_INVALID, "file options: struct_size is %zu, expected %zu",
                              options->struct_size, sizeof *options);
        chosen = *options;
    }
    if (chosen.residue_bits == 0) chosen.residue_bits = DEFAULT_RESIDUE_BITS;
    if (chosen.residue_bits != 30 && chosen.residue_bits != 32)
        return sable_fail(err, SABLE_INVALID, "file options: residues are stored in 30 or 32 bits, not in %u",
                          chosen.residue_bits);
    *out = chosen;
    return SABLE_OK;
}

sable_status sable_shape_choose(sable_ct_shape *out, const sable_params *params, const sable_ct_shape *shape,
                                const sable_file_options *chosen, sable_error *err) {
    if (!params || !shape) return sable_fail(err, SABLE_INVALID, "size of a file: parameters or shape are NULL");
    if (shape->level > params->top_level || (shape->parts != 2 && shape->parts != 3) || shape->batch == 0 ||
        shape->batch > SABLE_CT_BATCH_MOST || (shape->seeded && shape->parts != 2))
        return sable_fail(err, SABLE_INVALID,
                          "size of a file: %u%s ciphertexts of %u parts at level %u: 1 to %u of 2 or 3 parts, seeded "
                          "ones of 2, at levels 0 to %u are possible",
                          shape->batch, shape->seeded ? " seeded" : "", shape->parts, shape->level, SABLE_CT_BATCH_MOST,
                          params->top_level);
    *out = *shape;
    out->seeded = shape->seeded && !chosen->no_seeds;
    return SABLE_OK;
}

uint64_t sable_shape_bytes(const sable_params *params, const sable_ct_shape *shape, uint32_t residue_bits) {
    const uint64_t limbs = (uint64_t)(shape->seeded ? 1 : shape->parts) * sable_window_limbs(params, shape->level);
    return sable_residue_bytes(shape->batch * limbs * params->n, residue_bits);
}

void sable_ct_specs(sable_section_spec spec[SABLE_CT_SECTIONS], uint64_t payload_bytes) {
    spec[0] = (sable_section_spec){SABLE_TAG_META, 0, SABLE_CT_HEADER_BYTES};
    spec[1] = (sable_section_spec){SABLE_TAG('D', 'A', 'T', 'A'), 0, payload_bytes};
}

sable_status sable_ct_file_bytes(uint64_t *bytes, const sable_params *params, const sable_ct_shape *shape,
                                 const sable_file_options *options, sable_error *err) {
    if (!bytes) return sable_fail(err, SABLE_INVALID, "sable_ct_file_bytes: bytes is NULL");
    sable_file_options chosen;
    sable_ct_shape stored;
    SABLE_TRY(sable_storage_choose(&chosen, options, err));
    SABLE_TRY(sable_shape_choose(&stored, params, shape, &chosen, err));
    sable_section_spec spec[SABLE_CT_SECTIONS];
    sable_ct_specs(spec, sable_shape_bytes(params, &stored, chosen.residue_bits));
    *bytes = sable_container_bytes(spec, SABLE_CT_SECTIONS);
    return SABLE_OK;
}
