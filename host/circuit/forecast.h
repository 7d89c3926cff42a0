/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CIRCUIT_FORECAST_H
#define SABLE_CIRCUIT_FORECAST_H
#include "circuit/program.h"
#include "sable/evaluators.h"

typedef struct register_forecast {
    double error; /* standard deviation of one slot component */
    double rms, largest;
} register_forecast;

/* A forecast for these ciphertexts, whose tracked noise is where it starts; values: what they hold. */
SABLE_SHARED SABLE_CHECKED sable_status sable_forecast_of_inputs(sable_forecast **out, const sable_program *program,
                                                                 const double *const *values,
                                                                 const sable_ct *const *inputs, sable_error *err);
/* [inputs + steps] of the program. */
SABLE_SHARED const register_forecast *sable_forecast_registers(const sable_forecast *forecast);

#endif
