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

size_t key_count(const Program &program, const sable_params *params) {
    sable_key_spec *spec = nullptr;
    sable_error err{};
    must(sable_key_spec_create(&spec, params, &err), err.text);
    must(sable_program_add_keys(program, spec, &err), err.text);
    const size_t count = sable_key_spec_count(spec);
    sable_key_spec_destroy(&spec);
    return count;
}

std::vector<Result> run_encrypted(Kit &kit, const Program &program, const std::vector<Values> &inputs, uint32_t batch,
                                  uint32_t slots) {
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
        results.push_back({kit.decrypt(out[i]), std::exp2(-info.precision_bits), info.noise_std});
    }
    return results;
}

} // namespace sable_test
