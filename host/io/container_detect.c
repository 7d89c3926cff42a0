/* SPDX-License-Identifier: Apache-2.0 */
/* Guesses what a file is that is no container, so that the refusal helps: a wrong argument, a packed download, a
 * transfer that altered line ends. */
#include <stdbool.h>
#include <string.h>

#include "io/container_format.h"

static const struct signature {
    size_t at, bytes;
    const char *magic, *noun;
} signatures[] = {
    {0, 4, "\xF5SBL", "a Sable file damaged in a text-mode transfer; copy it as binary"},
    {0, 4, "uSBL", "a Sable file damaged in a 7-bit transfer; copy it as binary"},
    {0, 8, "\n\x1A\n\rLBS\xF5", "a byte-swapped Sable file (endianness)"},
    {0, 2, "\x1F\x8B", "a gzip archive; unpack it first"},
    {0, 4, "PK\x03\x04", "a zip archive (or .npz, .pth); unpack it first"},
    {0, 4, "PK\x05\x06", "an empty zip archive"},
    {0, 4, "\x28\xB5\x2F\xFD", "a zstd archive; unpack it first"},
    {0, 6,
     "\xFD"
     "7zXZ\0",
     "an xz archive; unpack it first"},
    {0, 3, "BZh", "a bzip2 archive; unpack it first"},
    {257, 5, "ustar", "a tar archive; unpack it first"},
    {0, 4,
     "\x7F"
     "ELF",
     "an ELF program or library"},
    {0, 6, "\x93NUMPY", "a NumPy array; give it where a data table is expected"},
    {0, 8, "\x89HDF\r\n\x1A\n", "an HDF5 file"},
    {0, 4, "PAR1", "a Parquet file"},
    {0, 4, "%PDF", "a PDF document"},
    {0, 8, "\x89PNG\r\n\x1A\n", "a PNG image"},
    {0, 4, "\x5E\xA1\x10\x04", "a Microsoft SEAL object"},
    {0, 4, "\0\0\x08\x01", "an IDX label file"},
    {0, 4, "\0\0\x08\x03", "an IDX image file"},
    {0, 2, "\xFF\xFE", "UTF-16 text"},
    {0, 2, "\xFE\xFF", "UTF-16 text"},
};

const char *sable_foreign_kind(const uint8_t *bytes, size_t have) {
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const struct signature *s = &signatures[i];
        if (have >= s->at + s->bytes && !memcmp(bytes + s->at, s->magic, s->bytes)) return s->noun;
    }
    if (have >= 2 && bytes[0] == 0x80 && bytes[1] >= 2 && bytes[1] <= 5)
        return "a Python pickle, which Sable never reads";
    bool text = true, zero = true;
    for (size_t i = 0; i < have; i++) {
        text = text && (bytes[i] >= 32 || (bytes[i] >= '\t' && bytes[i] <= '\r')) && bytes[i] != 127;
        zero = zero && !bytes[i];
    }
    if (zero) return "zeros only";
    if (text && bytes[0] == '{') return "JSON text";
    if (text && bytes[0] == '<') return "HTML or XML text, perhaps an error page in place of a download";
    return text ? "text" : "of an unknown kind";
}
