/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CKKS_STORAGE_H
#define SABLE_CKKS_STORAGE_H
/* How residues are stored and how many bytes that takes: what writers, readers and sizes of files share. */
#include "ckks/objects.h"
#include "io/residues.h"
#include "sable/files.h"

/* The caller's options, or the defaults for NULL; residue_bits becomes 30 or 32. SABLE_INVALID. */
SABLE_SHARED sable_status sable_storage_choose(sable_file_options *out, const sable_file_options *options,
                                               sable_error *err);

/* A shape that the parameters have, with the seed that the options leave to it. SABLE_INVALID. */
SABLE_SHARED sable_status sable_shape_choose(sable_ct_shape *out, const sable_params *params,
                                             const sable_ct_shape *shape, const sable_file_options *chosen,
                                             sable_error *err);
/* Bytes of the payload of a ciphertext. */
SABLE_SHARED uint64_t sable_shape_bytes(const sable_params *params, const sable_ct_shape *shape, uint32_t residue_bits);

/* Sections of a file of one ciphertext: META and DATA. */
enum { SABLE_CT_SECTIONS = 2 };
void sable_ct_specs(sable_section_spec spec[SABLE_CT_SECTIONS], uint64_t payload_bytes);

#endif
