/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CIRCUIT_H
#define SABLE_CIRCUIT_H
/* Circuits: a computation on slots written once and run by interchangeable evaluators.
 *
 * A circuit is a graph. A C function builds it with the calls below; loops of that function unroll into nodes. Nodes say what is computed,
 * slot by slot, and nothing of levels, scales, relinearisation or keys: lowering (sable_program_create) places these for a parameter set and gives
 * a program, of which depth, keys, operation counts and input levels are known exactly before any key exists. The
 * evaluators:
 *   plaintext    sable_circuit_run_plain: the circuit in double precision, no parameters at all
 *   depth, rotations, operation counts   sable_program_describe, sable_program_count, sable_program_add_keys
 *   homomorphic  sable_program_run: ciphertexts, any backend
 *
 * A circuit is written by one thread at a time and immutable once lowered or run; a program is immutable. The first error while building is kept:
 * later calls return SABLE_NODE_NONE, and whoever uses the circuit gets the sentence. So builders need no checks. */
#include "sable/eval.h"
#include "sable/graph.h"
#include "sable/poly.h"
#include "sable/transform.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sable_circuit sable_circuit;
typedef uint32_t sable_node; /* a value of a circuit: `slots` complex numbers for every member of a batch */
#define SABLE_NODE_NONE 0u

/* slots: a power of two, the period of rotations and of plaintexts. */
SABLE_API SABLE_CHECKED sable_status sable_circuit_create(sable_circuit **out, uint32_t slots, sable_error *err);
SABLE_API void sable_circuit_destroy(sable_circuit **circuit);
/* SABLE_OK, or the first error of the build. */
SABLE_API SABLE_CHECKED sable_status sable_circuit_status(const sable_circuit *circuit, sable_error *err);

/* -- building ------------------------------------------------------------------------------------------------------ */
/* An encrypted input. bound: every |slot| <= bound. Names (at most 31 bytes) are unique among inputs; they and the order of
 * calls identify inputs when the circuit runs. */
SABLE_API sable_node sable_circuit_input(sable_circuit *circuit, const char *name, double bound);
/* Root mean square of the slots of an input, at most its bound: what the noise evaluator draws values from
 * (sable/evaluators.h). Without it, slots spread evenly over the bound. */
SABLE_API void sable_circuit_input_rms(sable_circuit *circuit, sable_node input, double rms);
/* The level at which an input is encrypted. Without it, lowering chooses the lowest that serves its uses; a circuit that needs more than
 * what is declared is refused, and the level that it needs is named. */
SABLE_API void sable_circuit_input_level(sable_circuit *circuit, sable_node input, uint32_t level);
/* States that every |slot| of a is at most `bound`, where the worst case of its operands is more: sums of values that are never large together,
 * replicas, iterations that settle. Values built from a afterwards, levels and the run (sable_ct_declare) go by the smaller bound; a larger one
 * changes nothing. The run in the clear refuses values beyond it. */
SABLE_API void sable_circuit_declare(sable_circuit *circuit, sable_node a, double bound);
/* Marks a value as a result. Outputs are numbered in the order of calls. */
SABLE_API void sable_circuit_output(sable_circuit *circuit, const char *name, sable_node value);

SABLE_API sable_node sable_circuit_add(sable_circuit *circuit, sable_node a, sable_node b);
SABLE_API sable_node sable_circuit_sub(sable_circuit *circuit, sable_node a, sable_node b);
SABLE_API sable_node sable_circuit_negate(sable_circuit *circuit, sable_node a);
SABLE_API sable_node sable_circuit_mul(sable_circuit *circuit, sable_node a, sable_node b); /* a = b: a square */
SABLE_API sable_node sable_circuit_add_scalar(sable_circuit *circuit, sable_node a, double re, double im);
SABLE_API sable_node sable_circuit_mul_scalar(sable_circuit *circuit, sable_node a, double re, double im);
SABLE_API sable_node sable_circuit_mul_integer(sable_circuit *circuit, sable_node a, int64_t integer);
SABLE_API sable_node sable_circuit_mul_i(sable_circuit *circuit, sable_node a);
/* Plaintext operands: `slots` real numbers, copied, the same for every member. */
SABLE_API sable_node sable_circuit_add_plain(sable_circuit *circuit, sable_node a, const double *values);
SABLE_API sable_node sable_circuit_mul_plain(sable_circuit *circuit, sable_node a, const double *values);
/* Slot j of the result = slot j+steps of a, modulo slots. */
SABLE_API sable_node sable_circuit_rotate(sable_circuit *circuit, sable_node a, int64_t steps);
SABLE_API sable_node sable_circuit_conjugate(sable_circuit *circuit, sable_node a);
/* Sum over t < count of a rotated by t*stride: slot j = sum of slots j + t*stride. count: a power of two; log2(count) rotations. */
SABLE_API sable_node sable_circuit_rotate_sum(sable_circuit *circuit, sable_node a, int64_t stride, uint32_t count);
/* A bootstrapping point: the same values, at whatever level their users need. Evaluators count it; sable_program_run refuses it
 * (SABLE_UNSUPPORTED): this version has no bootstrapping. */
SABLE_API sable_node sable_circuit_bootstrap(sable_circuit *circuit, sable_node a);
/* p(a) in every slot. The polynomial is copied. */
SABLE_API sable_node sable_circuit_poly(sable_circuit *circuit, sable_node a, const sable_poly *poly);
/* The map of a: one level. The circuit, and programs made of it, keep the diagonals. */
SABLE_API sable_node sable_circuit_transform(sable_circuit *circuit, sable_node a, sable_diagonals *diagonals);

/* Nodes built from now on carry this label (at most 63 bytes: the end of a longer one): what the debug evaluator names. */
SABLE_API void sable_circuit_site(sable_circuit *circuit, const char *text);
#define SABLE_SITE_TEXT_(line) #line
#define SABLE_SITE_LINE_(line) SABLE_SITE_TEXT_(line)
#define SABLE_SITE(circuit)    sable_circuit_site((circuit), __FILE__ ":" SABLE_SITE_LINE_(__LINE__))

/* -- in the clear -------------------------------------------------------------------------------------------------- */
/* One member: inputs[i] and outputs[i] are arrays of 2*slots doubles (re, im), in the order of the inputs and outputs.
 * Errors: SABLE_INVALID (counts), SABLE_BOUND (an input exceeds its bound: name, slot; or a value that of sable_circuit_declare), SABLE_NO_MEMORY, errors of the build. */
SABLE_API SABLE_CHECKED sable_status sable_circuit_run_plain(const sable_circuit *circuit, double *const *outputs,
                                                             size_t output_count, const double *const *inputs,
                                                             size_t input_count, sable_error *err);

/* -- lowering ------------------------------------------------------------------------------------------------------ */
typedef struct sable_lowering {
    size_t struct_size;
    uint32_t output_level; /* lowest level that an output may have */
    bool
        eager_relin; /* relinearise every product at once; default: when its two parts are needed, sums of products once */
    bool eager_rescale; /* rescale every product at once; default: when the scale is needed, sums of products once */
    bool no_sharing;    /* keep equal nodes apart; default: one node for equal operations on equal operands */
    bool no_hoisting;   /* rotate one by one; default: rotations of one value at one level decompose it once */
    bool no_fusion;     /* rotate, then add; default: an addition and a rotation that only it reads are one step */
    bool no_ordering;   /* steps in the order of building; default: in one that keeps fewer ciphertexts alive */
    /* 0: no limit; else rotations whose key is not among so many, chosen, are sums of ones that are. Linear maps keep their own keys. */
    uint32_t max_rotation_keys;
} sable_lowering;

typedef struct sable_program sable_program;
/* Places levels, rescaling, relinearisation and level adjustments. Every input enters at the level of its earliest use, so fresh
 * ciphertexts are as small as they can be. options may be NULL. Errors: those of the build; SABLE_LEVEL (levels that the
 * circuit needs and the set has), SABLE_INVALID (more slots than N/2), errors of sable_poly_plan. */
SABLE_API SABLE_CHECKED sable_status sable_program_create(sable_program **out, const sable_circuit *circuit,
                                                          const sable_params *params, const sable_lowering *options,
                                                          sable_error *err);
SABLE_API void sable_program_destroy(sable_program **program);

typedef struct sable_program_info {
    size_t struct_size;
    uint32_t depth; /* levels between the highest input and the lowest output, bootstrapping points being both */
    size_t inputs, outputs, steps;
    uint64_t input_bytes; /* of all encrypted inputs in memory, batch 1, two parts */
    size_t live_most;     /* ciphertexts alive at once, inputs included */
    uint64_t live_bytes;  /* most bytes of these at once, batch 1 */
} sable_program_info;
SABLE_API SABLE_CHECKED sable_status sable_program_describe(const sable_program *program, sable_program_info *info);
/* Name (NULL past the end) and level of an input at which to encrypt it; name and level of an output. */
SABLE_API const char *sable_program_input(const sable_program *program, size_t index, uint32_t *level);
SABLE_API const char *sable_program_output(const sable_program *program, size_t index, uint32_t *level);

/* Operations of one run, as the homomorphic evaluator calls them. */
typedef struct sable_op_count {
    uint32_t add, add_plain, add_scalar, negate;
    uint32_t mul, mul_plain, mul_scalar, mul_integer;
    uint32_t relinearize, rescale, adjust, rotate, conjugate, poly;
    uint32_t bootstrap;
    uint32_t rotate_groups; /* decompositions that the rotations take: hoisted ones share one */
    uint32_t rotate_add;    /* pairs of one of the rotations and one of the additions that are one step */
    uint32_t transform;     /* what each takes: sable_transform_plan */
} sable_op_count;
/* level < 0: of all levels together; else of the operations whose operand is at that level. */
SABLE_API SABLE_CHECKED sable_status sable_program_count(const sable_program *program, int32_t level,
                                                         sable_op_count *count);
/* Adds every key that a run needs, with the levels that each must serve. `spec` is of the program's parameters. */
SABLE_API SABLE_CHECKED sable_status sable_program_add_keys(const sable_program *program, sable_key_spec *spec,
                                                            sable_error *err);

/* -- what each choice of lowering brings --------------------------------------------------------------------------- */
/* Choices that lowering makes, 0.. until NULL: "lazy relinearisation", "lazy rescaling", "sharing", "hoisting", "fusion", "ordering". */
SABLE_API const char *sable_pass_name(size_t pass);
/* Switches that choice off in *options, which is initialised. */
SABLE_API void sable_pass_switch_off(sable_lowering *options, size_t pass);

/* -- homomorphic --------------------------------------------------------------------------------------------------- */
/* inputs[i]: the level of sable_program_input, canonical scale, the circuit's slots, two parts; all of one batch, or batch 1, which
 * is repeated. A declared bound above the circuit's is refused. outputs[i]: created handles, none of them an input. keys may
 * be NULL if none is needed. Checks everything before any work; a failure later in the run leaves outputs as they were.
 * Errors: SABLE_INVALID, SABLE_LEVEL, SABLE_SCALE, SABLE_BOUND, SABLE_NO_KEY (all that are missing, in one sentence), and those of eval.h. */
SABLE_API SABLE_CHECKED sable_status sable_program_run(sable_queue *queue, const sable_program *program,
                                                       sable_ct *const *outputs, size_t output_count,
                                                       const sable_ct *const *inputs, size_t input_count,
                                                       const sable_keyset *keys);

/* -- for many runs ------------------------------------------------------------------------------------------------- */
/* A program made ready for a context: its plaintexts encoded, its steps arranged for the backend. Results are those of
 * sable_program_run bit for bit, whatever the choices; tracked bounds and noise of steps that ran as one batch are the largest of its
 * members. Immutable: any number of queues may run it at once. */
typedef struct sable_prepared sable_prepared;
typedef enum sable_schedule {
    SABLE_SCHEDULE_AUTO = 0, /* what is faster for this backend, degree and number of threads (docs/CIRCUITS.md) */
    SABLE_SCHEDULE_SERIAL,   /* one step after the other */
    SABLE_SCHEDULE_BATCHED,  /* like steps that do not depend on each other in one call */
    SABLE_SCHEDULE_PARALLEL  /* such steps at a time: a thread each on cpu, a stream each on devices */
} sable_schedule;

typedef struct sable_prepare_options {
    size_t struct_size;
    sable_schedule schedule;
    uint32_t most;    /* steps of one call, or at a time, up to 32; 0: chosen */
    bool encode_late; /* encode plaintexts in every run again; default: once, and keep them */
} sable_prepare_options;

/* options may be NULL. The program must outlive what is prepared. Waits until plaintexts are encoded. */
SABLE_API SABLE_CHECKED sable_status sable_program_prepare(sable_queue *queue, sable_prepared **out,
                                                           const sable_program *program,
                                                           const sable_prepare_options *options);
SABLE_API void sable_prepared_destroy(sable_queue *queue, sable_prepared **prepared);

typedef struct sable_prepared_info {
    size_t struct_size;
    sable_schedule schedule; /* never SABLE_SCHEDULE_AUTO */
    uint32_t most;
    size_t calls, waves; /* of a run: calls of the library; groups of them that go at a time */
    size_t plains;       /* plaintexts and encoded maps that are kept, equal ones once */
    uint64_t plain_bytes;
    uint64_t live_bytes; /* most bytes of ciphertexts alive at once in a run, batch 1, copies for batches included */
} sable_prepared_info;
SABLE_API SABLE_CHECKED sable_status sable_prepared_describe(const sable_prepared *prepared, sable_prepared_info *info);
/* As sable_program_run, on a queue of the context of sable_program_prepare. */
SABLE_API SABLE_CHECKED sable_status sable_prepared_run(sable_queue *queue, const sable_prepared *prepared,
                                                        sable_ct *const *outputs, size_t output_count,
                                                        const sable_ct *const *inputs, size_t input_count,
                                                        const sable_keyset *keys);
/* The program, prepared for SABLE_SCHEDULE_BATCHED, as a graph (graph.h) for inputs like these; its inputs and outputs are the program's, in
 * their order. Launches give the words of sable_program_run. Program and keys must outlive the graph. */
SABLE_API SABLE_CHECKED sable_status sable_program_record(sable_queue *queue, sable_graph **out,
                                                          const sable_program *program, const sable_ct *const *inputs,
                                                          size_t input_count, const sable_keyset *keys);

#ifdef __cplusplus
}
#endif
#endif
