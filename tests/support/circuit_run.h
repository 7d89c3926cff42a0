/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TESTS_CIRCUIT_RUN_H
#define SABLE_TESTS_CIRCUIT_RUN_H
/* Programs on ciphertexts, with the keys that they ask for. */
#include "support/circuit_fixture.h"

namespace sable_test {

/* Keys that the program needs. */
size_t key_count(const Program &program, const sable_params *params);

struct Result {
    Values values; /* [batch][slots] */
    double error;  /* which the tracked noise allows in every slot with high probability */
    double noise;  /* tracked: the root mean square over slots of one component of the error */
};
/* Encrypts inputs[i], [batch][slots], at the program's levels, makes the keys that it asks for and no others, runs. */
std::vector<Result> run_encrypted(Kit &kit, const Program &program, const std::vector<Values> &inputs, uint32_t batch,
                                  uint32_t slots);

} // namespace sable_test
#endif
