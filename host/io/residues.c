/* SPDX-License-Identifier: Apache-2.0 */
#include "io/residues.h"

#include "base/fail.h"

/* A section's words are the machine's: every supported processor is little-endian. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "residues in files are little-endian words");

enum {
    LANES = 16,                       /* residues that lend their bits to one row */
    ROWS = 15,                        /* two bits each */
    PACKED = LANES * ROWS,            /* words of a block */
    PIECE = 16 * SABLE_RESIDUE_BLOCK, /* residues that are packed on the stack at a time */
    MASK = (1 << 30) - 1
};

void sable_residues_pack(uint32_t *restrict packed, const uint32_t *restrict residues, size_t count) {
    for (; count; count -= SABLE_RESIDUE_BLOCK, residues += SABLE_RESIDUE_BLOCK, packed += PACKED)
        for (int i = 0; i < ROWS; i++)
            for (int k = 0; k < LANES; k++)
                packed[LANES * i + k] = residues[LANES * i + k] | residues[PACKED + k] >> (2 * i) << 30;
}

void sable_residues_unpack(uint32_t *restrict residues, const uint32_t *restrict packed, size_t count) {
    for (; count; count -= SABLE_RESIDUE_BLOCK, residues += SABLE_RESIDUE_BLOCK, packed += PACKED) {
        uint32_t last[LANES] = {0};
        for (int i = 0; i < ROWS; i++)
            for (int k = 0; k < LANES; k++) {
                const uint32_t word = packed[LANES * i + k];
                residues[LANES * i + k] = word & MASK;
                last[k] |= word >> 30 << (2 * i);
            }
        for (int k = 0; k < LANES; k++) residues[PACKED + k] = last[k];
    }
}

static sable_status append(void *to, const void *data, uint64_t bytes, sable_error *err) {
    return sable_container_writer_append(to, data, bytes, err);
}

sable_byte_sink sable_section_sink(sable_container_writer *writer) { return (sable_byte_sink){append, writer}; }

sable_status sable_residues_write(sable_byte_sink sink, const uint32_t *residues, size_t count, uint32_t residue_bits,
                                  sable_error *err) {
    if (residue_bits == 32) return sink.put(sink.to, residues, count * sizeof *residues, err);
    uint32_t packed[PIECE / SABLE_RESIDUE_BLOCK * PACKED];
    for (size_t step; count; count -= step, residues += step) {
        step = count < PIECE ? count : PIECE;
        sable_residues_pack(packed, residues, step);
        SABLE_TRY(sink.put(sink.to, packed, sable_residue_bytes(step, residue_bits), err));
    }
    return SABLE_OK;
}

sable_status sable_residues_read(sable_section_stream *stream, uint32_t *residues, size_t count, uint32_t residue_bits,
                                 sable_error *err) {
    if (residue_bits == 32) return sable_section_next(stream, residues, count * sizeof *residues, err);
    uint32_t packed[PIECE / SABLE_RESIDUE_BLOCK * PACKED];
    for (size_t step; count; count -= step, residues += step) {
        step = count < PIECE ? count : PIECE;
        SABLE_TRY(sable_section_next(stream, packed, sable_residue_bytes(step, residue_bits), err));
        sable_residues_unpack(residues, packed, step);
    }
    return SABLE_OK;
}
