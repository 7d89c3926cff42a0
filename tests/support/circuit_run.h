/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TESTS_CIRCUIT_RUN_H
#define SABLE_TESTS_CIRCUIT_RUN_H
/* Circuits and programs with ownership, run in the clear and on ciphertexts. */
#include "support/ckks_fixture.h"

extern "C" {
#include "sable/circuit.h"
}

namespace sable_test {

class OwnedCircuit {
  public:
    explicit OwnedCircuit(uint32_t slots);
    ~OwnedCircuit() { sable_circuit_destroy(&circuit_); }
    OwnedCircuit(const OwnedCircuit &) = delete;
    OwnedCircuit &operator=(const OwnedCircuit &) = delete;
    operator sable_circuit *() const { return circuit_; }
    /* Code and sentence of the build. */
    sable_status status() const;
    std::string text() const;

  private:
    sable_circuit *circuit_ = nullptr;
};

class OwnedProgram {
  public:
    OwnedProgram(const sable_circuit *circuit, const sable_params *params, uint32_t output_level = 0);
    ~OwnedProgram() { sable_program_destroy(&program_); }
    OwnedProgram(const OwnedProgram &) = delete;
    OwnedProgram &operator=(const OwnedProgram &) = delete;
    operator sable_program *() const { return program_; }
    sable_op_count count() const;
    sable_program_info info() const;
    uint32_t input_level(size_t index) const;
    uint32_t output_level(size_t index) const;
    size_t keys(const sable_params *params) const; /* how many it needs */
    sable_status status;
    std::string text;

  private:
    sable_program *program_ = nullptr;
};

/* Results of one member, in the order of the outputs. */
std::vector<Values> run_plain(const sable_circuit *circuit, const std::vector<Values> &inputs, size_t outputs);

struct Result {
    Values values; /* [batch][slots] */
    double error;  /* which the tracked noise allows in every slot with high probability */
};
/* Encrypts inputs[i], [batch][slots], at the program's levels, makes the keys that it asks for and no others, runs. */
std::vector<Result> run_encrypted(Kit &kit, const OwnedProgram &program, const std::vector<Values> &inputs,
                                  uint32_t batch, uint32_t slots);

} // namespace sable_test
#endif
