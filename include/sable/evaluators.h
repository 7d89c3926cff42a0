/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_EVALUATORS_H
#define SABLE_EVALUATORS_H
/* What a circuit needs, costs and loses, told before any key exists. Nothing here touches a key or a ciphertext; the debug
 * evaluator, which does, is in sable/debug.h.
 *
 * Depth needs no parameter set. Keys, cost and forecast are of a program, that is of a circuit lowered for a set: its run is played
 * through on a context that counts, with every check of the real one (docs/CIRCUITS.md). */
#include "sable/circuit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* -- depth --------------------------------------------------------------------------------------------------------- */
typedef struct sable_depth_info {
    size_t struct_size;
    uint32_t
        depth; /* levels from an input or a bootstrapping point to the next bootstrapping point or output, at most */
    uint32_t whole;               /* levels from an input to an output, at most, bootstrapping points taking none */
    uint32_t bootstraps;          /* points that results depend on */
    uint32_t bootstraps_in_chain; /* most on one way from an input to an output */
} sable_depth_info;
/* Levels that the circuit takes in any set whose scales hold its values; a set with small levels may need more to hold declared bounds, which
 * lowering finds out. input_levels: NULL, or room for the level that each input needs when outputs are at level 0, in the order of
 * inputs. Errors: those of the build; SABLE_LEVEL: an input is declared at a level lower than it needs (both are named). */
SABLE_API SABLE_CHECKED sable_status sable_circuit_depth(const sable_circuit *circuit, sable_depth_info *info,
                                                         uint32_t *input_levels, sable_error *err);

/* -- keys ---------------------------------------------------------------------------------------------------------- */
typedef struct sable_key_use {
    sable_key_kind kind;
    int64_t steps;         /* of a rotation, in [1, slots); 0: conjugation, relinearisation */
    uint32_t galois;       /* 1 for relinearisation */
    uint32_t low, high;    /* levels at which it is used */
    uint32_t first, limbs; /* hull: positions of U that it must cover */
    uint32_t uses;         /* operations of one run; a polynomial is one */
    uint64_t bytes;        /* in memory */
} sable_key_use;
/* Keys that a run needs, sorted: relinearisation, rotations by steps, conjugation. *count: how many there are; the first `room` are written
 * to `uses` (NULL if room is 0). */
SABLE_API SABLE_CHECKED sable_status sable_program_keys(const sable_program *program, sable_key_use *uses, size_t room,
                                                        size_t *count, sable_error *err);

/* -- cost ---------------------------------------------------------------------------------------------------------- */
/* What work costs on one machine. Immutable; freely shared. */
typedef struct sable_pricing sable_pricing;
typedef struct sable_pricing_options {
    size_t struct_size;
    const char
        *backend; /* NULL or "cpu": measured here and now, about 0.1 s. "cuda:H200": predicted (docs/GPU_MODEL.md) */
    const char *cpu_path; /* as in sable_ctx_options */
    uint32_t threads;
} sable_pricing_options;
/* Prices are of one set: they depend on N and on the primes. Errors: SABLE_INVALID, SABLE_NO_DEVICE (no such path, no model of that device),
 * SABLE_NO_MEMORY. */
SABLE_API SABLE_CHECKED sable_status sable_pricing_create(sable_pricing **out, const sable_params *params,
                                                          const sable_pricing_options *options, sable_error *err);
SABLE_API void sable_pricing_destroy(sable_pricing **pricing);

typedef struct sable_program_cost_info {
    size_t struct_size;
    bool predicted;                                /* prices come from a model of a device, not from a measurement */
    double seconds;                                /* of a run with inputs and keys in memory */
    double chain_seconds;                          /* of its longest chain: with unbounded parallelism */
    uint32_t chain_steps;                          /* operations of the longest chain, counted */
    uint32_t bootstraps;                           /* not priced: this version has none */
    uint64_t memory_bytes;                         /* most that a run holds: keys, inputs, values, scratch */
    uint64_t key_bytes, input_bytes, output_bytes; /* in memory */
    uint32_t input_levels; /* sum of the levels of all inputs: what a sender's traffic grows with */
} sable_program_cost_info;
/* batch: members of every input (0 = 1). Errors: SABLE_INVALID, SABLE_PARAMS_MISMATCH (prices of another set), SABLE_NO_MEMORY. */
SABLE_API SABLE_CHECKED sable_status sable_program_cost(const sable_program *program, const sable_pricing *pricing,
                                                        uint32_t batch, sable_program_cost_info *info,
                                                        sable_error *err);

/* -- scale, precision, noise --------------------------------------------------------------------------------------- */
typedef struct sable_forecast sable_forecast;
typedef struct sable_forecast_options {
    size_t struct_size;
    const double *const
        *inputs;     /* representative values, as sable_circuit_run_plain takes them; NULL: real values drawn
                                    from the declared bounds and rms */
    uint64_t seed;   /* of what is drawn */
    bool public_key; /* inputs are encrypted with a public key, which is noisier */
} sable_forecast_options;
/* Follows the values of every register and, beside them, a sample of the error that encryption, rounding, key switches and rounded constants
 * give; errors that come from one source stay tied, so circuits that cancel or add them up are told right (docs/NOISE.md). Errors:
 * SABLE_INVALID, SABLE_BOUND (an input exceeds its declared bound), SABLE_UNSUPPORTED (bootstrapping points), SABLE_NO_MEMORY. */
SABLE_API SABLE_CHECKED sable_status sable_program_forecast(sable_forecast **out, const sable_program *program,
                                                            const sable_forecast_options *options, sable_error *err);
SABLE_API void sable_forecast_destroy(sable_forecast **forecast);

typedef struct sable_output_forecast {
    size_t struct_size;
    const char *name; /* lives as long as the program */
    uint32_t level;
    double noise_std;      /* standard deviation of the error of one slot component */
    double precision_bits; /* -log2((2 + ln slots) * noise_std), as sable_ct_info has it */
    double relative_bits;  /* the same relative to the largest |slot|: significant bits */
    double rms, largest;   /* of |slot| */
    double log_scale;      /* of this set; a bit more or less of scale is a bit more or less of precision */
} sable_output_forecast;
SABLE_API SABLE_CHECKED sable_status sable_forecast_output(const sable_forecast *forecast, size_t index,
                                                           sable_output_forecast *info);
typedef struct sable_level_forecast {
    size_t struct_size;
    size_t registers;      /* values at the level; 0: the rest but log_q is not set */
    double log_q;          /* log2 Q_l */
    double log_scale;      /* log2 Delta_l */
    double log_declared;   /* log2 of the largest |slot| * scale that is declared, */
    double log_message;    /* and of the largest that these inputs give */
    double headroom_bits;  /* by which log_declared may grow: a message stays below Q_l / 4 */
    double log_scale_most; /* canonical scale that the level could have at most for what is declared */
} sable_level_forecast;
SABLE_API SABLE_CHECKED sable_status sable_forecast_level(const sable_forecast *forecast, uint32_t level,
                                                          sable_level_forecast *info);

#ifdef __cplusplus
}
#endif
#endif
