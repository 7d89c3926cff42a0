/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CIRCUIT_FORECAST_H
#define SABLE_CIRCUIT_FORECAST_H
#include "circuit/program.h"
#include "sable/evaluators.h"

typedef struct register_forecast {
    double error; /* standard deviation of one slot component */
    double rms, largest;
} register_forecast;

/* [inputs + steps] of the program. */
SABLE_SHARED const register_forecast *sable_forecast_registers(const sable_forecast *forecast);

#endif
