/* SPDX-License-Identifier: Apache-2.0 */
/* The k-th system call on files fails, for every k, while a file is saved or loaded: the status says so, the old file is
 * there, nothing else is, no descriptor stays open, and the next attempt works. */
#include <cerrno>

#include "reject/faults_calls.h"
#include "reject/input_table.h"
#include "sable/io.h"
#include "support/scratch.h"

namespace {
using namespace input_table;

size_t open_files() {
    return (size_t)std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                                 std::filesystem::directory_iterator());
}

struct Saver {
    const char *name, *file; /* the end of the name matters to some */
    std::function<sable_status(const char *, sable_error *)> save;
};

/* Something of every kind to save, in the smallest set. */
struct Things {
    World &w = World::get();
    sable_ct *ct = nullptr, *pair = nullptr;
    sable_public_key *pk = nullptr;
    sable_model *model = nullptr;
    sable_encrypted_model encrypted = {};
    sable_blocks_info info = {};
    sable_blocks_origin origin = {};
    std::vector<Saver> savers;

    sable_status told(sable_status status, sable_error *err) const {
        if (status != SABLE_OK) snprintf(err->text, sizeof err->text, "%s", sable_queue_error(w.queue));
        return status;
    }
    /* Both blocks, continuing if that is wanted and possible; `kept` as the tool decides it. */
    sable_status blocks(const char *path, bool resumable) const {
        sable_blocks_writer *writer = nullptr;
        uint32_t done = 0;
        sable_status status = SABLE_OK;
        if (resumable) status = sable_blocks_resume(w.queue, &writer, path, &info, &origin, &done, nullptr);
        if (status == SABLE_OK && !writer)
            status = resumable ? sable_blocks_create_resumable(w.queue, &writer, path, &info, pair, &origin)
                               : sable_blocks_create(w.queue, &writer, path, &info, pair);
        for (; status == SABLE_OK && done < 2; done += status == SABLE_OK)
            status = sable_blocks_append(w.queue, writer, pair);
        if (status == SABLE_OK) status = sable_blocks_finish(w.queue, &writer);
        if (resumable && done > 0) sable_blocks_suspend(&writer);
        sable_blocks_abort(&writer);
        return status;
    }
    Things() : ct(w.encrypt(0, 1)), pair(w.encrypt(0, 2)) {
        sable_error e = {};
        EXPECT_EQ(SABLE_OK, sable_public_key_generate(w.queue, &pk, w.secret));
        EXPECT_EQ(SABLE_OK, sable_model_create(&model, 1, 2, false, &e));
        info.struct_size = sizeof info;
        origin.struct_size = sizeof origin;
        info.kind = SABLE_BLOCKS_DATASET;
        EXPECT_EQ(SABLE_OK, sable_layout_choose(&info.layout, w.params, SABLE_PACK_FEATURE_MAJOR, 2, 600, &e));
        EXPECT_EQ(SABLE_OK, sable_secret_key_id(w.secret, info.key_id));
        info.samples = 600;
        encrypted.classes = 1;
        encrypted.layout = info.layout;
        encrypted.range = 2;
        encrypted.weights = pair;
        encrypted.bias = ct;
        savers = {
            {"ciphertext", "t",
             [&](const char *p, sable_error *err) { return told(sable_ct_save(w.queue, ct, p, nullptr), err); }},
            {"key set", "t",
             [&](const char *p, sable_error *err) {
                 return told(sable_keyset_save(w.queue, w.keys, p, nullptr), err);
             }},
            {"public key", "t",
             [&](const char *p, sable_error *err) {
                 return told(sable_public_key_save(w.queue, pk, p, nullptr), err);
             }},
            {"secret key", "t", [&](const char *p, sable_error *err) { return sable_secret_save(w.secret, p, err); }},
            {"encrypted model", "t",
             [&](const char *p, sable_error *err) {
                 return told(sable_encrypted_model_save(w.queue, &encrypted, p, nullptr), err);
             }},
            {"encrypted matrix", "t",
             [&](const char *p, sable_error *err) {
                 sable_matrix_shape shape = {};
                 shape.struct_size = sizeof shape;
                 shape.format = SABLE_MATRIX, shape.rows = 20, shape.cols = 30, shape.tile = {16, 32};
                 return told(sable_matrix_save(w.queue, &shape, pair, p, nullptr), err);
             }},
            {"model", "t.json", [&](const char *p, sable_error *err) { return sable_model_save(model, p, err); }},
            {"model", "t.sable", [&](const char *p, sable_error *err) { return sable_model_save(model, p, err); }},
            {"parameters", "t.json",
             [&](const char *p, sable_error *err) { return sable_params_save(w.params, p, err); }},
            {"parameters", "t.sable",
             [&](const char *p, sable_error *err) { return sable_params_save(w.params, p, err); }},
            {"data set", "t", [&](const char *p, sable_error *err) { return told(blocks(p, false), err); }},
            {"NPY", "t.npy",
             [&](const char *p, sable_error *err) {
                 const double values[] = {1, 2, 3, 4};
                 return sable_npy_write(p, values, 2, 2, err);
             }},
            {"CSV", "t.csv",
             [&](const char *p, sable_error *err) {
                 sable_csv_writer *csv = nullptr;
                 sable_status status = sable_csv_writer_open(&csv, p, 0600, err);
                 for (int i = 0; i < 20000 && status == SABLE_OK; i++) { /* more than a buffer */
                     status = sable_csv_write_integer(csv, i, err);
                     if (status == SABLE_OK) status = sable_csv_end_row(csv, err);
                 }
                 if (status == SABLE_OK) return sable_csv_writer_commit(&csv, err);
                 sable_csv_writer_abort(&csv);
                 return status;
             }},
        };
    }
    ~Things() {
        sable_ct_destroy(w.queue, &ct);
        sable_ct_destroy(w.queue, &pair);
        sable_public_key_destroy(w.queue, &pk);
        sable_model_destroy(&model);
    }
};

struct Failure {
    int code;
    bool lasts;
};
const Failure kFailures[] = {{EIO, false}, {ENOSPC, true}, {EDQUOT, true}, {EACCES, false}, {EROFS, false}};

TEST(FaultsIo, EveryCallThatFailsWhileSaving) {
    Things things;
    size_t faults_made = 0, tolerated = 0;
    for (const Saver &saver : things.savers) {
        Scratch scratch;
        const std::string path = scratch.path(saver.file);
        sable_error err = {};
        ASSERT_EQ(SABLE_OK, saver.save(path.c_str(), &err)) << saver.name << err.text;
        const std::string sound = Scratch::read(path);
        const size_t descriptors = open_files();
        for (const Failure &failure : kFailures)
            for (long k = 1;; k++) {
                scratch.write(saver.file, "old");
                sable_status status;
                err = {};
                {
                    faults::FailCall armed(k, failure.code, failure.lasts);
                    status = saver.save(path.c_str(), &err);
                }
                if (!faults::failed_call) break;
                const std::string where = std::string(saver.name) + ", call " + std::to_string(k) + ", " +
                                          faults::failed_call + ": " + err.text;
                faults_made++;
                tolerated += status == SABLE_OK;
                ASSERT_TRUE(status == SABLE_OK || status == SABLE_IO) << where;
                const bool in_place = status == SABLE_OK || strstr(err.text, "the file is in place");
                ASSERT_TRUE((in_place ? sound : "old") == Scratch::read(path)) << where;
                ASSERT_EQ(1u, scratch.count()) << where << ": something was left";
                ASSERT_EQ(descriptors, open_files()) << where << ": a descriptor stays open";
                if (status != SABLE_OK) ASSERT_NE(nullptr, strstr(err.text, path.c_str())) << where;
                ASSERT_LT(k, 5000);
            }
        EXPECT_EQ(SABLE_OK, saver.save(path.c_str(), &err)) << saver.name << ", afterwards: " << err.text;
    }
    printf("[ COUNTED  ] failed system calls while saving: %zu, of them tolerated: %zu\n", faults_made, tolerated);
    EXPECT_GT(faults_made, 500u);
    EXPECT_LT(tolerated, faults_made / 2);
}

/* A run of several blocks: what it had stays, and the next run ends with the file of an unbroken one. */
TEST(FaultsIo, EveryCallThatFailsInALongRun) {
    Things things;
    Scratch scratch;
    const std::string path = scratch.path("d");
    ASSERT_EQ(SABLE_OK, things.blocks(path.c_str(), true)) << sable_queue_error(things.w.queue);
    const std::string sound = Scratch::read(path);
    ASSERT_EQ(1u, scratch.count());
    const size_t descriptors = open_files();
    size_t faults_made = 0, kept = 0;
    for (const Failure &failure : kFailures)
        for (long k = 1;; k++) {
            scratch.write("d", "old");
            sable_status status;
            {
                faults::FailCall armed(k, failure.code, failure.lasts);
                status = things.blocks(path.c_str(), true);
            }
            if (!faults::failed_call) break;
            const std::string where = "call " + std::to_string(k) + ", " + faults::failed_call + ": " +
                                      (status == SABLE_OK ? "" : sable_queue_error(things.w.queue));
            faults_made++;
            ASSERT_TRUE(status == SABLE_OK || status == SABLE_IO) << where;
            const std::string now = Scratch::read(path);
            ASSERT_TRUE(now == (status == SABLE_OK ? sound : "old") ||
                        where.find("the file is in place") != std::string::npos)
                << where;
            ASSERT_EQ(descriptors, open_files()) << where << ": a descriptor stays open";
            kept += scratch.count() > 1;
            ASSERT_EQ(SABLE_OK, things.blocks(path.c_str(), true)) << where << sable_queue_error(things.w.queue);
            ASSERT_TRUE(sound == Scratch::read(path)) << where;
            ASSERT_EQ(1u, scratch.count()) << where;
            ASSERT_LT(k, 5000);
        }
    printf("[ COUNTED  ] failed system calls in a run of blocks: %zu, runs continued: %zu\n", faults_made, kept);
    EXPECT_GT(kept, 20u);
}

TEST(FaultsIo, EveryCallThatFailsWhileLoading) {
    size_t faults_made = 0;
    for (int kind = 0; kind < ALL_KINDS; kind++) {
        MemoryFile file;
        file.write(World::get().sample[kind]);
        ASSERT_EQ(SABLE_OK, load(static_cast<Kind>(kind), file.path()).status);
        const size_t descriptors = open_files();
        for (int code : {EIO, EACCES, EMFILE})
            for (long k = 1;; k++) {
                Outcome out;
                {
                    faults::FailCall armed(k, code, false);
                    out = load(static_cast<Kind>(kind), file.path());
                }
                if (!faults::failed_call) break;
                faults_made++;
                const bool harmless = strcmp(faults::failed_call, "close") == 0;
                ASSERT_EQ(harmless ? SABLE_OK : SABLE_IO, out.status)
                    << kind_names[kind] << ", call " << k << ", " << faults::failed_call << ": " << out.text;
                ASSERT_EQ(descriptors, open_files()) << kind_names[kind] << ", " << faults::failed_call;
                ASSERT_LT(k, 5000);
            }
    }
    printf("[ COUNTED  ] failed system calls while loading: %zu\n", faults_made);
}

/* Interrupted calls and short reads and writes change nothing but the time. */
TEST(FaultsIo, InterruptedCallsAndShortTransfers) {
    Things things;
    for (const Saver &saver : things.savers) {
        Scratch scratch;
        sable_error err = {};
        const std::string calm = scratch.path(std::string("calm") + saver.file), path = scratch.path(saver.file);
        ASSERT_EQ(SABLE_OK, saver.save(calm.c_str(), &err)) << err.text;
        sable_status status;
        {
            faults::Storm storm;
            status = saver.save(path.c_str(), &err);
        }
        EXPECT_EQ(SABLE_OK, status) << saver.name << err.text;
        EXPECT_GT(faults::interrupted, 1) << saver.name;
        EXPECT_TRUE(Scratch::read(calm) == Scratch::read(path)) << saver.name;
        EXPECT_EQ(2u, scratch.count()) << saver.name;
    }
    for (int kind = 0; kind < ALL_KINDS; kind++) {
        MemoryFile file;
        file.write(World::get().sample[kind]);
        faults::Storm storm;
        Outcome out = load(static_cast<Kind>(kind), file.path());
        EXPECT_EQ(SABLE_OK, out.status) << kind_names[kind] << out.text;
        EXPECT_GT(faults::interrupted, 1) << kind_names[kind];
    }
}

} // namespace
