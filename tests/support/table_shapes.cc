// SPDX-License-Identifier: Apache-2.0
#include "support/table_shapes.h"

#include <map>

namespace support {

std::vector<Shape> every_shape() {
    std::vector<Shape> shapes;
    uint64_t k = 0;
    for (uint32_t limbs : {1u, 2u, 0u})
        for (uint32_t parts : {1u, 2u, 3u})
            for (uint32_t batch : {1u, 3u, 8u}) {
                Shape s;
                s.limbs = limbs, s.parts = parts, s.batch = batch;
                s.padded = k % 2, s.scattered = k % 3 == 1, s.repeated = k % 4 == 2, s.in_place = k % 5 < 2;
                s.variant = static_cast<uint32_t>(k % 8), s.seed = ++k;
                shapes.push_back(s);
            }
    Shape many; // more members than a kernel takes at a time
    many.limbs = 2, many.batch = 25, many.padded = true, many.variant = 3, many.seed = ++k;
    shapes.push_back(many);
    return shapes;
}

std::vector<Shape> every_option() {
    std::vector<Shape> shapes;
    for (uint32_t bits = 0; bits < 16; bits++)
        for (uint32_t variant = 0; variant < 8; variant++) {
            Shape s;
            s.limbs = 3, s.parts = 2, s.batch = 2;
            s.padded = bits & 1, s.scattered = bits & 2, s.repeated = bits & 4, s.in_place = bits & 8;
            s.variant = variant, s.seed = 100 + bits * 8 + variant;
            shapes.push_back(s);
        }
    return shapes;
}

std::vector<Shape> shapes_of_degree(uint32_t log_n, bool all_limbs) {
    std::vector<Shape> shapes;
    for (uint32_t k = 0; k < (log_n < 14 ? 4u : 1u); k++) {
        Shape s;
        s.limbs = (k == 3 && log_n < 14) || all_limbs ? 0 : 2 + k % 2, s.parts = log_n < 14 ? 2 : 1,
        s.batch = 1 + k % 2;
        s.padded = k % 2 == 0, s.variant = k + log_n, s.seed = log_n * 10 + k;
        shapes.push_back(s);
    }
    return shapes;
}

const Ring &ring_of_degree(uint32_t log_n) {
    static std::map<uint32_t, std::shared_ptr<Ring>> rings;
    auto &ring = rings[log_n];
    if (!ring) ring = Ring::a40(log_n, 16, 5);
    return *ring;
}

} // namespace support
