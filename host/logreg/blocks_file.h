/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_LOGREG_BLOCKS_FILE_H
#define SABLE_LOGREG_BLOCKS_FILE_H
/* What the reader and the writer of files of blocks share. META = layout 16 | samples 8 | classes 4 | probabilities
 * 4 | factor 8 | zero 8 | header of block 0 (ckks/serial.h); then a section a block: its header, its payload. Every
 * header must equal that of META but for the declared values, the noise and the seed. */
#include "logreg/layout_file.h"

enum {
    BLOCKS_FIXED_BYTES = 48,
    BLOCKS_META_BYTES = BLOCKS_FIXED_BYTES + SABLE_CT_HEADER_BYTES,
    BLOCKS_MOST = SABLE_SECTIONS_MOST - 1
};

/* Setup in the journal: kind 4 | flags 4, the highest bit: no seeds wanted | parameters 32 | key id 32 | input 32 |
 * options 32 | META. */
#define SETUP_NO_SEEDS 0x80000000u
enum {
    SETUP_AT_FLAGS = 4,
    SETUP_AT_PARAMS = 8,
    SETUP_AT_KEY = 40,
    SETUP_AT_INPUT = 72,
    SETUP_AT_OPTIONS = 104,
    SETUP_AT_META = 136,
    BLOCKS_SETUP_BYTES = SETUP_AT_META + BLOCKS_META_BYTES
};

bool blocks_same_shape(const sable_ct *a, const sable_ct *b);
uint64_t blocks_block_bytes(const sable_ct *shape, uint32_t residue_bits);
uint64_t blocks_count(const sable_blocks_info *info);
/* Sections of a file: META, then the blocks, each of block_bytes bytes; to be freed. */
sable_status blocks_specs(sable_section_spec **out, uint32_t blocks, uint64_t block_bytes, sable_error *err);

/* Whether info can become a file: as every writer checks it first. */
SABLE_SHARED SABLE_CHECKED sable_status sable_blocks_check_info(sable_queue *queue, const char *path,
                                                                const sable_blocks_info *info);

#endif
