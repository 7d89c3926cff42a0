/* SPDX-License-Identifier: Apache-2.0 */
/* A system call fails while a file is saved: SABLE_IO, the old file is there, nothing else is, and saving works again. */
#include "reject/faults_alloc.h"
#include "reject/input_table.h"
#include "support/scratch.h"

namespace {
using namespace input_table;

TEST(Faults, SystemCallsThatFailWhileSaving) {
    World &w = World::get();
    Scratch scratch;
    sable_error err = {};
    std::string path = scratch.path("t");
    const char *p = path.c_str();
    sable_ct *ct = w.encrypt(0, 1);
    sable_public_key *pk = nullptr;
    sable_model *model = nullptr;
    ASSERT_EQ(SABLE_OK, sable_public_key_generate(w.queue, &pk, w.secret));
    ASSERT_EQ(SABLE_OK, sable_model_create(&model, 1, 2, false, &err));
    const struct {
        const char *name;
        std::function<sable_status()> save;
    } savers[] = {{"ciphertext", [&] { return sable_ct_save(w.queue, ct, p, nullptr); }},
                  {"key set", [&] { return sable_keyset_save(w.queue, w.keys, p, nullptr); }},
                  {"public key", [&] { return sable_public_key_save(w.queue, pk, p, nullptr); }},
                  {"secret key", [&] { return sable_secret_save(w.secret, p, &err); }},
                  {"model", [&] { return sable_model_save(model, p, &err); }},
                  {"parameters", [&] { return sable_params_save(w.params, p, &err); }}};
    for (auto &saver : savers)
        for (const char *call : {"write", "pwrite", "fsync", "renameat"}) {
            scratch.write("t", "old");
            faults::broken_call = call;
            sable_status status = saver.save();
            faults::broken_call = nullptr;
            EXPECT_EQ(SABLE_IO, status) << saver.name << ", " << call;
            EXPECT_EQ("old", Scratch::read(path)) << saver.name << ", " << call;
            EXPECT_EQ(1u, scratch.count()) << saver.name << ", " << call << ": a temporary file was left";
            EXPECT_EQ(SABLE_OK, saver.save()) << saver.name << " after " << call;
        }
    sable_ct_destroy(w.queue, &ct);
    sable_public_key_destroy(w.queue, &pk);
    sable_model_destroy(&model);
}

} // namespace
