// SPDX-License-Identifier: Apache-2.0
#ifndef SABLE_TESTS_SUPPORT_TABLE_CASES_H
#define SABLE_TESTS_SUPPORT_TABLE_CASES_H
// One call of any function of the backend table on random views, for comparison between backends and paths word by
// word.
#include "support/device.h"

namespace support {

// The functions of the table that compute: one name a field of sable_backend.
const std::vector<std::string> &table_functions();

struct Shape {
    uint32_t limbs = 1; // 0: as many as the ring has
    uint32_t parts = 1, batch = 1;
    bool padded = false;    // gaps between limbs, parts and members
    bool scattered = false; // limbs placed by slots
    bool repeated = false;  // second operands with stride 0, where there are any
    bool in_place = false;  // where the contract allows it
    uint32_t variant = 0;   // options of the function: constants given or not, domains, terms, gaps
    uint64_t seed = 1;
    std::string text() const;
};

// What a call left in memory: every output with the gaps around it.
using Images = std::vector<std::vector<uint32_t>>;

// Makes the views that shape and seed describe (the same for every device), calls the function, and returns the images.
// Throws when the call fails or an input that the contract leaves alone has changed. The ring of the device needs at
// least 16 primes in U (4 terminals among them) and 2 special primes.
Images run_case(const Device &device, const std::string &function, const Shape &shape);

// "" when equal, else which word differs first.
std::string difference(const Images &want, const Images &have);

} // namespace support

#endif
