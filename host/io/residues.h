/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_IO_RESIDUES_H
#define SABLE_IO_RESIDUES_H
/* Residues below 2^30 in sections: 32 bits each, or packed, a block of 256 in 240 words. Packed word 16i + k of a block,
 * i < 15, k < 16, holds residue 16i + k in bits 0 to 29 and bits 2i and 2i + 1 of residue 240 + k in bits 30 and 31:
 * no padding, so a list of residues has one packed form and every packed form is a list of numbers below 2^30. Whole
 * words are masked and shifted, nothing crosses a word: compilers turn the loops into vector code for any machine. */
#include "io/container.h"

enum { SABLE_RESIDUE_BLOCK = 256 };

/* Bytes of count residues, a multiple of 256. */
static inline uint64_t sable_residue_bytes(uint64_t count, uint32_t residue_bits) { return count / 8 * residue_bits; }

/* count: a multiple of 256. Every residue must be below 2^30. */
SABLE_SHARED void sable_residues_pack(uint32_t *restrict packed, const uint32_t *restrict residues, size_t count);
SABLE_SHARED void sable_residues_unpack(uint32_t *restrict residues, const uint32_t *restrict packed, size_t count);

/* Where bytes go: a section of a container, or a piece of a file of blocks. */
typedef struct sable_byte_sink {
    sable_status (*put)(void *to, const void *data, uint64_t bytes, sable_error *err);
    void *to;
} sable_byte_sink;
/* Appends to the section that is open. */
SABLE_SHARED sable_byte_sink sable_section_sink(sable_container_writer *writer);

/* residue_bits: 30 or 32. What read delivers is not below its prime before somebody has checked it. */
SABLE_SHARED SABLE_CHECKED sable_status sable_residues_write(sable_byte_sink sink, const uint32_t *residues,
                                                             size_t count, uint32_t residue_bits, sable_error *err);
SABLE_SHARED SABLE_CHECKED sable_status sable_residues_read(sable_section_stream *stream, uint32_t *residues,
                                                            size_t count, uint32_t residue_bits, sable_error *err);

#endif
