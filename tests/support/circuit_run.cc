/* SPDX-License-Identifier: Apache-2.0 */
#include "support/circuit_run.h"

#include <cmath>
#include <stdexcept>

namespace sable_test {

namespace {
void must(sable_status status, const char *sentence) {
    if (status != SABLE_OK) throw std::runtime_error(sentence);
}
} // namespace

OwnedCircuit::OwnedCircuit(uint32_t slots) {
    sable_error err{};
    must(sable_circuit_create(&circuit_, slots, &err), err.text);
}
sable_status OwnedCircuit::status() const {
    sable_error err{};
    return sable_circuit_status(circuit_, &err);
}
std::string OwnedCircuit::text() const {
    sable_error err{};
    return sable_circuit_status(circuit_, &err) == SABLE_OK ? "" : err.text;
}

OwnedProgram::OwnedProgram(const sable_circuit *circuit, const sable_params *params, uint32_t output_level) {
    sable_error err{};
    sable_lowering o = {};
    o.struct_size = sizeof o;
    o.output_level = output_level;
    status = sable_program_create(&program_, circuit, params, &o, &err);
    text = err.text;
}
sable_op_count OwnedProgram::count() const {
    sable_op_count n;
    must(sable_program_count(program_, -1, &n), "the program's operations");
    return n;
}
sable_program_info OwnedProgram::info() const {
    sable_program_info r = {};
    r.struct_size = sizeof r;
    must(sable_program_describe(program_, &r), "the program's description");
    return r;
}
uint32_t OwnedProgram::input_level(size_t index) const {
    uint32_t level = 0;
    if (!sable_program_input(program_, index, &level)) throw std::runtime_error("no such input");
    return level;
}
uint32_t OwnedProgram::output_level(size_t index) const {
    uint32_t level = 0;
    if (!sable_program_output(program_, index, &level)) throw std::runtime_error("no such output");
    return level;
}
size_t OwnedProgram::keys(const sable_params *params) const {
    sable_key_spec *spec = nullptr;
    sable_error err{};
    must(sable_key_spec_create(&spec, params, &err), err.text);
    must(sable_program_add_keys(program_, spec, &err), err.text);
    const size_t count = sable_key_spec_count(spec);
    sable_key_spec_destroy(&spec);
    return count;
}

std::vector<Values> run_plain(const sable_circuit *circuit, const std::vector<Values> &inputs, size_t outputs) {
    const size_t slots = inputs.at(0).size();
    std::vector<Values> out(outputs, Values(slots));
    std::vector<double *> to;
    std::vector<const double *> from;
    for (auto &v : out) to.push_back(reinterpret_cast<double *>(v.data()));
    for (auto &v : inputs) from.push_back(reinterpret_cast<const double *>(v.data()));
    sable_error err{};
    must(sable_circuit_run_plain(circuit, to.data(), outputs, from.data(), inputs.size(), &err), err.text);
    return out;
}

std::vector<Result> run_encrypted(Kit &kit, const OwnedProgram &program, const std::vector<Values> &inputs,
                                  uint32_t batch, uint32_t slots) {
    sable_key_spec *spec = nullptr;
    sable_error err{};
    must(sable_key_spec_create(&spec, kit.params, &err), err.text);
    must(sable_program_add_keys(program, spec, &err), err.text);
    sable_keyset *keys = sable_key_spec_count(spec) ? kit.make_keys(spec) : nullptr;
    sable_key_spec_destroy(&spec);
    std::vector<Ct> in, out;
    for (size_t i = 0; i < inputs.size(); i++)
        in.push_back(kit.encrypt(inputs[i], program.input_level(i), batch, slots));
    for (size_t i = 0; i < program.info().outputs; i++) out.emplace_back(kit);
    std::vector<const sable_ct *> from(in.begin(), in.end());
    std::vector<sable_ct *> to(out.begin(), out.end());
    const sable_status status =
        sable_program_run(kit.queue, program, to.data(), to.size(), from.data(), from.size(), keys);
    sable_keyset_destroy(kit.queue, &keys);
    must(status, sable_queue_error(kit.queue));
    std::vector<Result> results;
    for (size_t i = 0; i < out.size(); i++) {
        sable_ct_info info = {};
        info.struct_size = sizeof info;
        must(sable_ct_describe(out[i], &info), "the result's description");
        if (info.level != program.output_level(i))
            throw std::runtime_error("a result at a level that was not announced");
        results.push_back({kit.decrypt(out[i]), std::exp2(-info.precision_bits)});
    }
    return results;
}

} // namespace sable_test
