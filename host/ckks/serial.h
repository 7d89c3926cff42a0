/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CKKS_SERIAL_H
#define SABLE_CKKS_SERIAL_H
/* Ciphertexts inside containers: a fixed header and the residues, usable for files of one ciphertext and for files of many.
 *
 * Header, little-endian: level 4 | parts 4 | batch 4 | slots 4 | seeded 4 | scale level 4 | scale power 4 | zero 4 | scale hi, lo 16 | bound 8 |
 * rms 8 | noise variance 8 | relative 8 | seed 32 (zero unless seeded). Floating-point numbers as IEEE 754 bits.
 * Payload: residues [batch][parts][limbs][N], limbs in window order, canonical; of a seeded ciphertext part 0 only. */
#include "ckks/storage.h"
#include "io/container.h"

#define SABLE_CT_HEADER_BYTES 112
#define SABLE_CT_BATCH_MOST   (1u << 20)

SABLE_SHARED void sable_ct_header_put(uint8_t out[SABLE_CT_HEADER_BYTES], const sable_ct *ct);
/* Checks every field against the context; fills everything of *meta but data, stamp and key id. */
SABLE_SHARED sable_status sable_ct_header_get(sable_ct *meta, sable_ctx *ctx, const uint8_t in[SABLE_CT_HEADER_BYTES],
                                              sable_error *err);
/* The ciphertext as the options let it be stored: without its seed, where they want no seeds. Shares ct's data. */
SABLE_SHARED sable_ct sable_ct_stored(const sable_ct *ct, const sable_file_options *chosen);
/* Bytes of the payload of a ciphertext with this header. */
SABLE_SHARED uint64_t sable_ct_payload_bytes(const sable_ct *meta, uint32_t residue_bits);
SABLE_SHARED sable_status sable_ct_payload_write(sable_queue *queue, const sable_ct *stored, uint32_t residue_bits,
                                                 sable_byte_sink sink);
/* Reads the payload from the stream, ends the stream, checks ranges, regenerates c1, commits to out. */
SABLE_SHARED sable_status sable_ct_payload_read(sable_queue *queue, sable_ct *out, const sable_ct *meta,
                                                uint32_t residue_bits, sable_section_stream *stream, const char *path);

/* The same on a planning context: what it costs is counted, and no stream is needed. */
SABLE_SHARED sable_status sable_ct_plan_read(sable_queue *queue, sable_ct *out, const sable_ct *meta,
                                             uint32_t residue_bits, const char *path);

/* Container fields common to everything that belongs to a key. */
SABLE_SHARED sable_container_info sable_container_info_of(const sable_ctx *ctx, sable_kind kind,
                                                          const uint8_t key_id[SABLE_DIGEST_BYTES], bool insecure,
                                                          uint32_t residue_bits);
static inline uint32_t sable_container_residue_bits(const sable_container_info *info) {
    return info->flags & SABLE_FILE_PACKED ? 30 : 32;
}
/* Opens and checks kind, parameters and the INSECURE mark. */
SABLE_SHARED sable_status sable_container_open_for(sable_container **out, const sable_ctx *ctx, const char *path,
                                                   sable_kind kind, sable_error *err);

static inline void sable_put_f64(uint8_t *to, double value) {
    union {
        double f;
        uint64_t u;
    } bits = {value};
    for (int i = 0; i < 8; i++) to[i] = (uint8_t)(bits.u >> (8 * i));
}
static inline double sable_get_f64(const uint8_t *from) {
    union {
        uint64_t u;
        double f;
    } bits = {0};
    for (int i = 0; i < 8; i++) bits.u |= (uint64_t)from[i] << (8 * i);
    return bits.f;
}

#endif
