/* SPDX-License-Identifier: Apache-2.0 */
// Files of blocks that are continued by a later run, and that several threads read at once.
#include <random>
#include <thread>

#include "support/world.h"

struct Blocks : World {
    static constexpr uint32_t kBlocks = 5;
    sable_blocks_info info = {};
    sable_blocks_origin origin = {};
    std::vector<sable_ct *> block;
    std::string file;

    void SetUp() override {
        ASSERT_NO_FATAL_FAILURE(open("T10"));
        info.struct_size = sizeof info;
        info.kind = SABLE_BLOCKS_DATASET;
        ASSERT_OK(sable_layout_choose(&info.layout, params, SABLE_PACK_FEATURE_MAJOR, 2, 0, &err));
        info.samples = (kBlocks - 1) * info.layout.samples_per_block + 7;
        ASSERT_OK(sable_secret_key_id(secret, info.key_id));
        origin.struct_size = sizeof origin;
        for (uint32_t i = 0; i < kBlocks; i++)
            block.push_back(encrypt(std::vector<double>(2 * (size_t)info.layout.slots, 0.25 * i), 2, 1, 1));
        file = path("d.sable");
    }
    void TearDown() override {
        for (auto &b : block) sable_ct_destroy(queue, &b);
        World::TearDown();
    }
    // Writes blocks from where an earlier run stopped up to `end`; kept for a later run unless it is complete.
    void run(uint32_t end, uint32_t expected, const char *said = "") {
        sable_blocks_writer *w = nullptr;
        uint32_t done = 99;
        sable_error note = {};
        ASSERT_OK(sable_blocks_resume(queue, &w, file.c_str(), &info, &origin, &done, &note));
        EXPECT_EQ(done, expected);
        EXPECT_NE(std::string(note.text).find(said), std::string::npos) << note.text;
        if (!w) ASSERT_OK(sable_blocks_create_resumable(queue, &w, file.c_str(), &info, block[0], &origin));
        for (uint32_t i = done; i < end; i++) ASSERT_OK(sable_blocks_append(queue, w, block[i]));
        if (end == kBlocks)
            ASSERT_OK(sable_blocks_finish(queue, &w));
        else
            sable_blocks_suspend(&w);
    }
    std::vector<char> unbroken() {
        std::string other = path("unbroken.sable");
        sable_blocks_writer *w = nullptr;
        EXPECT_EQ(sable_blocks_create(queue, &w, other.c_str(), &info, block[0]), SABLE_OK);
        for (auto b : block) EXPECT_EQ(sable_blocks_append(queue, w, b), SABLE_OK);
        EXPECT_EQ(sable_blocks_finish(queue, &w), SABLE_OK);
        return file_bytes(other);
    }
    size_t files() const {
        return (size_t)std::distance(std::filesystem::directory_iterator(folder),
                                     std::filesystem::directory_iterator());
    }
};

TEST_F(Blocks, ContinuesBehindTheLastBlock) {
    auto whole = unbroken();
    run(2, 0);
    EXPECT_FALSE(std::filesystem::exists(file));
    run(4, 2);
    run(kBlocks, 4);
    EXPECT_EQ(file_bytes(file), whole);
    EXPECT_EQ(files(), 2u);
    // killed between the last block and the end
    run(4, 0);
    sable_blocks_writer *w = nullptr;
    uint32_t done;
    ASSERT_OK(sable_blocks_resume(queue, &w, file.c_str(), &info, &origin, &done, nullptr));
    ASSERT_OK(sable_blocks_append(queue, w, block[4]));
    sable_blocks_suspend(&w);
    run(kBlocks, kBlocks);
    EXPECT_EQ(file_bytes(file), whole);
}

TEST_F(Blocks, StartsOverWhenAnythingDiffers) {
    auto whole = unbroken();
    run(3, 0);
    origin.input[5] ^= 1;
    run(3, 0, "other input");
    origin.options[31] ^= 1;
    run(3, 0, "other options");
    info.samples++;
    run(3, 0, "another number or shape");
    info.samples--;
    run(3, 0, "another number or shape");
    info.key_id[0] ^= 1;
    sable_blocks_writer *w = nullptr;
    uint32_t done;
    sable_error note = {};
    ASSERT_OK(sable_blocks_resume(queue, &w, file.c_str(), &info, &origin, &done, &note));
    EXPECT_EQ(w, nullptr);
    EXPECT_NE(std::string(note.text).find("another key"), std::string::npos) << note.text;
    info.key_id[0] ^= 1;
    run(kBlocks, 3);
    EXPECT_EQ(file_bytes(file), whole);
}

// Every length of the journal, and changed bytes everywhere, cost blocks and never a wrong file.
TEST_F(Blocks, BelievesNothingThatIsTorn) {
    auto whole = unbroken();
    run(3, 0);
    auto data = file_bytes(file + ".partial"), journal = file_bytes(file + ".partial.journal");
    auto attempt = [&](const std::vector<char> &d, const std::vector<char> &j) {
        write_bytes(file + ".partial", d);
        write_bytes(file + ".partial.journal", j);
        std::filesystem::permissions(file + ".partial.journal",
                                     std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
        sable_blocks_writer *w = nullptr;
        uint32_t done = 0;
        ASSERT_OK(sable_blocks_resume(queue, &w, file.c_str(), &info, &origin, &done, nullptr));
        EXPECT_LE(done, 3u);
        if (!w) ASSERT_OK(sable_blocks_create_resumable(queue, &w, file.c_str(), &info, block[0], &origin));
        for (uint32_t i = done; i < kBlocks; i++) ASSERT_OK(sable_blocks_append(queue, w, block[i]));
        ASSERT_OK(sable_blocks_finish(queue, &w));
        ASSERT_EQ(file_bytes(file), whole);
    };
    for (size_t cut = 8; cut < journal.size(); cut += 23) attempt(data, {journal.begin(), journal.begin() + (long)cut});
    for (size_t at = 8; at < journal.size(); at += 19) { // behind the mark that says whose it is
        auto bad = journal;
        bad[at] ^= 16;
        attempt(data, bad);
    }
    for (size_t at = 0; at < data.size(); at += data.size() / 12) {
        auto bad = data;
        bad[at] ^= 1;
        attempt(bad, journal);
        attempt({data.begin(), data.begin() + (long)at}, journal);
    }
}

// What a later run takes over is exactly what lies whole before the damage.
void damage_journal(Blocks &b, size_t bit_step, size_t flips) {
    const size_t record = 80, count = 3;
    const std::string part = b.file + ".partial", log = part + ".journal";
    b.run(count, 0);
    const auto data = file_bytes(part), journal = file_bytes(log);
    const size_t head = journal.size() - count * record;
    auto taken = [&](const std::vector<char> &d, const std::vector<char> &j) {
        write_bytes(part, d);
        write_bytes(log, j);
        std::filesystem::permissions(log, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
        sable_blocks_writer *w = nullptr;
        uint32_t done = 99;
        EXPECT_EQ(sable_blocks_resume(b.queue, &w, b.file.c_str(), &b.info, &b.origin, &done, nullptr), SABLE_OK);
        sable_blocks_suspend(&w);
        return done;
    };
    ASSERT_EQ(taken(data, journal), count);
    size_t tried = 0;
    for (size_t cut = 0; cut < journal.size(); cut++, tried++)
        ASSERT_EQ(taken(data, {journal.begin(), journal.begin() + (long)cut}), cut < head ? 0 : (cut - head) / record)
            << "journal cut to " << cut;
    for (size_t bit = 0; bit < 8 * journal.size(); bit += bit_step, tried++) {
        auto bad = journal;
        bad[bit / 8] = (char)(bad[bit / 8] ^ (1 << bit % 8));
        ASSERT_EQ(taken(data, bad), bit / 8 < head ? 0 : (bit / 8 - head) / record)
            << "bit " << bit << " of the journal";
    }
    printf("[ COUNTED  ] truncations and bit flips of a journal: %zu tried, 0 believed\n", tried);
    std::mt19937_64 random(5);
    for (tried = 0; tried < flips; tried++) {
        size_t bit = random() % (8 * data.size()), want = count;
        for (size_t i = count; i-- > 0;) {
            uint64_t piece[2];
            memcpy(piece, journal.data() + head + i * record, sizeof piece);
            if (bit / 8 >= piece[0] && bit / 8 < piece[1]) want = i;
        }
        auto bad = data;
        bad[bit / 8] = (char)(bad[bit / 8] ^ (1 << bit % 8));
        ASSERT_EQ(taken(bad, journal), want) << "bit " << bit << " of the partial file";
    }
    printf("[ COUNTED  ] bit flips of a partial file: %zu tried, 0 believed\n", tried);
}
TEST_F(Blocks, DamagedJournalsAndPartialFiles) { damage_journal(*this, 13, 200); } /* odd: all bits of bytes */
TEST_F(Blocks, EveryBitOfTheJournalSlow) { damage_journal(*this, 1, 3000); }

TEST_F(Blocks, OneWriterAtATime) {
    sable_blocks_writer *w = nullptr, *second = nullptr;
    uint32_t done;
    ASSERT_OK(sable_blocks_create_resumable(queue, &w, file.c_str(), &info, block[0], &origin));
    EXPECT_EQ(sable_blocks_resume(queue, &second, file.c_str(), &info, &origin, &done, nullptr), SABLE_IO);
    EXPECT_EQ(sable_blocks_create(queue, &second, file.c_str(), &info, block[0]), SABLE_IO);
    EXPECT_EQ(second, nullptr);
    for (auto b : block) ASSERT_OK(sable_blocks_append(queue, w, b));
    EXPECT_EQ(sable_blocks_append(queue, w, block[0]), SABLE_INVALID);
    ASSERT_OK(sable_blocks_finish(queue, &w));
    EXPECT_EQ(files(), 1u);
}

TEST_F(Blocks, RefusesWhatDoesNotFit) {
    sable_blocks_writer *w = nullptr;
    uint32_t done;
    info.samples = 4096ull * info.layout.samples_per_block;
    EXPECT_EQ(sable_blocks_create(queue, &w, file.c_str(), &info, block[0]), SABLE_LIMIT);
    EXPECT_EQ(sable_blocks_resume(queue, &w, file.c_str(), &info, &origin, &done, nullptr), SABLE_LIMIT);
    info.samples = 600;
    std::filesystem::create_symlink("elsewhere", file);
    EXPECT_EQ(sable_blocks_create(queue, &w, file.c_str(), &info, block[0]), SABLE_IO);
    std::filesystem::remove(file);
    std::filesystem::create_symlink("elsewhere", file + ".partial");
    EXPECT_EQ(sable_blocks_create(queue, &w, file.c_str(), &info, block[0]), SABLE_IO);
    std::filesystem::remove(file + ".partial");
    write_bytes(file + ".partial", {'m', 'i', 'n', 'e'});
    EXPECT_EQ(sable_blocks_create(queue, &w, file.c_str(), &info, block[0]), SABLE_IO);
    EXPECT_EQ(file_bytes(file + ".partial").size(), 4u);
    std::filesystem::remove(file + ".partial");
    ASSERT_OK(sable_blocks_create(queue, &w, file.c_str(), &info, block[0]));
    EXPECT_EQ(sable_blocks_finish(queue, &w), SABLE_INVALID);
    EXPECT_EQ(files(), 0u);
}

TEST_F(Blocks, ThreadsReadOneFile) {
    run(kBlocks, 0);
    sable_blocks *b = nullptr;
    ASSERT_OK(sable_blocks_open(queue, &b, file.c_str(), SABLE_BLOCKS_DATASET));
    EXPECT_EQ(sable_blocks_get_info(b)->level, 1u);
    std::vector<std::thread> threads;
    std::vector<int> good(2);
    for (int t = 0; t < 2; t++)
        threads.emplace_back([&, t] {
            sable_queue *q = nullptr;
            sable_ct *ct = nullptr;
            std::vector<double> z(2 * (size_t)info.layout.slots);
            bool fine = sable_queue_create(&q, ctx, nullptr, nullptr) == SABLE_OK &&
                        sable_ct_create(&ct, ctx, nullptr) == SABLE_OK;
            for (int i = 0; fine && i < 20; i++) {
                uint32_t index = (uint32_t)(t ? i : 19 - i) % kBlocks;
                fine = sable_blocks_read(q, ct, b, index) == SABLE_OK &&
                       sable_decrypt(q, z.data(), z.size(), false, ct, secret) == SABLE_OK &&
                       std::fabs(z[3] - 0.25 * index) < 1e-4;
                good[(size_t)t] += fine;
            }
            sable_ct_destroy(q, &ct);
            sable_queue_destroy(&q);
        });
    for (auto &t : threads) t.join();
    EXPECT_EQ(good, (std::vector<int>{20, 20}));
    sable_blocks_close(&b);
}
