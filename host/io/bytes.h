/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_IO_BYTES_H
#define SABLE_IO_BYTES_H
/* Integers in files: fixed width, little-endian whatever the machine, at any alignment. */
#include <stdint.h>

static inline void sable_put_u16(uint8_t *to, uint16_t value) {
    for (int i = 0; i < 2; i++) to[i] = (uint8_t)(value >> (8 * i));
}
static inline void sable_put_u32(uint8_t *to, uint32_t value) {
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(value >> (8 * i));
}
static inline void sable_put_u64(uint8_t *to, uint64_t value) {
    for (int i = 0; i < 8; i++) to[i] = (uint8_t)(value >> (8 * i));
}
static inline uint16_t sable_get_u16(const uint8_t *from) { return (uint16_t)(from[0] | from[1] << 8); }
static inline uint32_t sable_get_u32(const uint8_t *from) {
    return sable_get_u16(from) | (uint32_t)sable_get_u16(from + 2) << 16;
}
static inline uint64_t sable_get_u64(const uint8_t *from) {
    return sable_get_u32(from) | (uint64_t)sable_get_u32(from + 4) << 32;
}

#endif
