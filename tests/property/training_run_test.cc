/* SPDX-License-Identifier: Apache-2.0 */
/* Training circuits on ciphertexts: the weights of the twin in the clear; a model goes straight into inference; missing keys. */
#include "support/ckks_fixture.h"
#include "support/scratch.h"
#include "support/training_support.h"

using namespace sable_test;

namespace {

/* -- on ciphertexts ------------------------------------------------------------------------------------------------ */

/* A set written to a file, because kits load by name. */
struct Files {
    explicit Files(const sable_params *params) {
        sable_error err{};
        path = folder.path("set.json");
        if (sable_params_save(params, path.c_str(), &err) != SABLE_OK) throw std::runtime_error(err.text);
    }
    Scratch folder;
    std::string path;
};

struct Flow {
    Flow(uint32_t log_n, const Training &t)
        : params(log_n, t.info.depth + t.info.output_level), files(params), kit(files.path.c_str(), without_keys()),
          training(t), program(t, kit.params) {}

    sable_keyset *keys(const sable_key_spec *more = nullptr) {
        sable_key_spec *spec = nullptr;
        sable_error err{};
        EXPECT_EQ(sable_key_spec_create(&spec, kit.params, &err), SABLE_OK);
        EXPECT_EQ(sable_program_add_keys(program, spec, &err), SABLE_OK) << err.text;
        sable_keyset *made = kit.make_keys(more ? more : spec);
        sable_key_spec_destroy(&spec);
        return made;
    }
    void encrypt(const Data &data) {
        std::vector<double> slots(kit.slots());
        for (size_t i = 0; i < program.info.inputs; i++) {
            sable_error err{};
            ASSERT_EQ(sable_training_pack(training, i, data.z.data(), data.start.data(), slots.data(), &err), SABLE_OK);
            Pt pt(kit);
            sable_encoding e = {};
            e.struct_size = sizeof e;
            e.bound = sable_training_bound(training, i);
            ASSERT_NE(sable_program_input(program, i, &e.level), nullptr);
            OK(kit, sable_encode(kit.queue, pt, slots.data(), slots.size(), &e));
            in.emplace_back(kit);
            OK(kit, sable_encrypt_secret(kit.queue, in.back(), pt, kit.secret));
        }
        for (size_t i = 0; i < program.info.outputs; i++) out.emplace_back(kit);
        for (auto &ct : in) from.push_back(ct);
        for (auto &ct : out) to.push_back(ct);
    }
    sable_status run(const sable_keyset *set) {
        return sable_program_run(kit.queue, program, to.data(), to.size(), from.data(), from.size(), set);
    }
    std::vector<double> weights() {
        std::vector<double> slots, w(training.info.options.features + 1);
        for (auto &ct : out)
            for (const auto &v : kit.decrypt(ct)) slots.push_back(v.real());
        sable_error err{};
        EXPECT_EQ(sable_training_unpack(training, slots.data(), w.data(), &err), SABLE_OK);
        return w;
    }
    Levels params;
    Files files;
    Kit kit;
    const Training &training;
    Program program;
    std::vector<Ct> in, out;
    std::vector<const sable_ct *> from;
    std::vector<sable_ct *> to;
};

TEST(TrainingCiphertexts, EncryptedWeightsAreTheTwins) {
    for (const Circuit &circuit : circuits) {
        const sable_training_options o = training_options(circuit.kind, circuit.chains, 6, 13, 27);
        const Training t(o, 512);
        ASSERT_EQ(t.status, SABLE_OK) << t.text;
        const Data data(o, 3);
        Flow run(10, t);
        ASSERT_EQ(run.program.status, SABLE_OK) << run.program.text;
        run.encrypt(data);
        sable_keyset *keys = run.keys();
        ASSERT_EQ(run.run(keys), SABLE_OK) << circuit.name << ": " << sable_queue_error(run.kit.queue);
        const std::vector<double> twin = data.twin(t);
        const double error = distance(run.weights(), twin);
        EXPECT_LT(error, 1e-5) << circuit.name;
        sable_ct_info info = {};
        info.struct_size = sizeof info;
        ASSERT_EQ(sable_ct_describe(run.out[0], &info), SABLE_OK);
        EXPECT_LT(error * largest_of(twin), std::exp2(-info.precision_bits))
            << circuit.name << ": the noise that was tracked";
        sable_keyset_destroy(run.kit.queue, &keys);
    }
}

/* Columns in one tile with the bias beside the weights; exactly as many features as a row has slots; several tiles; the other format at the end. */
TEST(TrainingCiphertexts, ModelsGoStraightIntoInference) {
    const struct {
        Circuit circuit;
        uint32_t iterations, features;
    } cases[] = {
        {circuits[0], 1, 27}, {circuits[1], 2, 32}, {circuits[2], 2, 7}, {circuits[2], 1, 45}, {circuits[3], 2, 8}};
    for (const auto &c : cases) {
        sable_training_options o = training_options(c.circuit.kind, c.circuit.chains, c.iterations, 9, c.features);
        o.infer_range = 16;
        const Training t(o, 512);
        ASSERT_EQ(t.status, SABLE_OK) << t.text;
        const Data data(o, 5);
        Flow run(10, t);
        ASSERT_EQ(run.program.status, SABLE_OK) << run.program.text;
        Kit &kit = run.kit;
        run.encrypt(data);
        sable_keyset *keys = run.keys();
        OK(kit, run.run(keys));
        sable_encrypted_model model = {};
        OK(kit, sable_training_model(kit.queue, &model, t, run.to.data(), run.to.size()));
        /* Two rows of z, which are samples without their constant. */
        const size_t d = c.features;
        std::vector<double> rows(2 * d), slots(kit.slots()), logits(2), w = data.reference(o);
        for (size_t i = 0; i < 2; i++)
            for (size_t j = 0; j < d; j++) rows[i * d + j] = data.z[i * (d + 1) + j];
        sable_layout_pack(&model.layout, slots.data(), rows.data(), 2);
        sable_ct_info info = {};
        info.struct_size = sizeof info;
        ASSERT_EQ(sable_ct_describe(model.weights, &info), SABLE_OK);
        const Ct samples = kit.encrypt(Values(slots.begin(), slots.end()), info.level);
        sable_key_spec *spec = nullptr;
        sable_error err{};
        ASSERT_EQ(sable_key_spec_create(&spec, kit.params, &err), SABLE_OK);
        ASSERT_EQ(sable_infer_keys(spec, &model.layout, nullptr, true, info.level, &err), SABLE_OK) << err.text;
        sable_keyset *infer_keys = run.keys(spec);
        sable_infer_options infer = {};
        infer.struct_size = sizeof infer;
        infer.range = model.range;
        Ct result(kit);
        OK(kit, sable_infer_encrypted(kit.queue, result, samples, model.weights, model.bias, 1, &model.layout, &infer,
                                      infer_keys));
        const Values got = kit.decrypt(result);
        for (size_t i = 0; i < slots.size(); i++) slots[i] = got[i].real();
        sable_layout_unpack(&model.layout, logits.data(), slots.data(), 1, 2);
        for (size_t i = 0; i < 2; i++) {
            double want = w[d];
            for (size_t j = 0; j < d; j++) want += w[j] * rows[i * d + j];
            EXPECT_NEAR(logits[i] * model.range, want, 1e-4 * largest_of(w))
                << c.circuit.name << ", " << d << " features";
        }
        sable_keyset_destroy(kit.queue, &infer_keys);
        sable_keyset_destroy(kit.queue, &keys);
        sable_key_spec_destroy(&spec);
        sable_encrypted_model_clear(kit.queue, &model);
    }
}

TEST(TrainingCiphertexts, RefusesARunWithoutItsKeysAndNamesThemAll) {
    const sable_training_options o = training_options(SABLE_TRAIN_FOLDED, 1, 1, 3, 5);
    const Training t(o, 512);
    ASSERT_EQ(t.status, SABLE_OK) << t.text;
    Flow run(10, t);
    run.encrypt(Data(o, 1));
    sable_key_spec *spec = nullptr;
    sable_error err{};
    ASSERT_EQ(sable_key_spec_create(&spec, run.kit.params, &err), SABLE_OK);
    ASSERT_EQ(sable_key_spec_add_relin(spec, 0, run.kit.top(), &err), SABLE_OK);
    sable_keyset *keys = run.keys(spec);
    EXPECT_EQ(run.run(keys), SABLE_NO_KEY);
    const std::string text = sable_queue_error(run.kit.queue);
    for (const char *name : {"rotation by 1,", "rotation by 2,", "rotation by 4,", "rotation by 511"})
        EXPECT_NE(text.find(name), std::string::npos) << text;
    for (auto &ct : run.out) EXPECT_EQ(ct->data, nullptr);
    sable_keyset_destroy(run.kit.queue, &keys);
    sable_key_spec_destroy(&spec);
}

} // namespace
