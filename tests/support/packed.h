/* SPDX-License-Identifier: Apache-2.0 */
/* gzip of a string, for tests of readers. */
#ifndef SABLE_TESTS_PACKED_H
#define SABLE_TESTS_PACKED_H
#include <zlib.h>

#include <string>

inline std::string gzip(const std::string &plain) {
    z_stream z = {};
    deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    std::string packed(deflateBound(&z, plain.size()) + 64, 0);
    z.next_in = (Bytef *)plain.data();
    z.avail_in = (uInt)plain.size();
    z.next_out = (Bytef *)packed.data();
    z.avail_out = (uInt)packed.size();
    deflate(&z, Z_FINISH);
    packed.resize(z.total_out);
    deflateEnd(&z);
    return packed;
}
#endif
