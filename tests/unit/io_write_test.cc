/* SPDX-License-Identifier: Apache-2.0 */
/* Atomic files, the CSV writer, digests of files, private files. */
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vector>

extern "C" {
#include "io/file.h"
#include "io/show.h"
}
#include "sable/io.h"
#include "support/scratch.h"

namespace {

TEST(IoAtomicFile, ReplacesOnlyOnCommit) {
    Scratch scratch;
    std::string path = scratch.write("a.txt", "old");
    sable_atomic_file *file = nullptr;
    sable_error err = {};
    ASSERT_EQ(sable_atomic_file_open(&file, path.c_str(), 0600, &err), SABLE_OK) << err.text;
    std::string want;
    for (int i = 0; i < 30000; i++) {
        ASSERT_EQ(sable_atomic_file_printf(file, &err, "line %d\n", i), SABLE_OK);
        want += "line " + std::to_string(i) + "\n";
    }
    std::string big(200000, 'x'), wide(3000, 'y');
    ASSERT_EQ(sable_atomic_file_write(file, big.data(), big.size(), &err), SABLE_OK);
    ASSERT_EQ(sable_atomic_file_printf(file, &err, "%s", wide.c_str()), SABLE_OK);
    ASSERT_EQ(sable_atomic_file_write(file, nullptr, 0, &err), SABLE_OK);
    EXPECT_EQ(Scratch::read(path), "old");
    EXPECT_EQ(scratch.count(), 2u);
    ASSERT_EQ(sable_atomic_file_commit(&file, &err), SABLE_OK) << err.text;
    EXPECT_EQ(file, nullptr);
    EXPECT_EQ(Scratch::read(path), want + big + wide);
    EXPECT_EQ(scratch.count(), 1u);
    struct stat s;
    ASSERT_EQ(stat(path.c_str(), &s), 0);
    EXPECT_EQ(s.st_mode & 07777, 0600u);
}

TEST(IoAtomicFile, AbortLeavesTheOldFile) {
    Scratch scratch;
    std::string path = scratch.write("a.txt", "old");
    sable_atomic_file *file = nullptr;
    ASSERT_EQ(sable_atomic_file_open(&file, path.c_str(), 0644, nullptr), SABLE_OK);
    ASSERT_EQ(sable_atomic_file_write(file, "new", 3, nullptr), SABLE_OK);
    sable_atomic_file_abort(&file);
    sable_atomic_file_abort(&file);
    EXPECT_EQ(Scratch::read(path), "old");
    EXPECT_EQ(scratch.count(), 1u);
}

TEST(IoAtomicFile, RelativeNamesAndAnotherWorkingFolder) {
    Scratch scratch;
    char before[4096];
    ASSERT_NE(getcwd(before, sizeof before), nullptr);
    ASSERT_EQ(chdir(scratch.folder().c_str()), 0);
    sable_atomic_file *file = nullptr;
    sable_error err = {};
    EXPECT_EQ(sable_atomic_file_open(&file, "plain.txt", 0644, &err), SABLE_OK) << err.text;
    EXPECT_EQ(chdir("/"), 0);
    EXPECT_EQ(sable_atomic_file_write(file, "here", 4, &err), SABLE_OK);
    EXPECT_EQ(sable_atomic_file_commit(&file, &err), SABLE_OK) << err.text;
    EXPECT_EQ(chdir(before), 0);
    EXPECT_EQ(Scratch::read(scratch.path("plain.txt")), "here");
}

TEST(IoCsvWriter, QuotesWhatMustBe) {
    Scratch scratch;
    std::string path = scratch.path("a.csv");
    sable_csv_writer *w = nullptr;
    sable_error err = {};
    ASSERT_EQ(sable_csv_writer_open(&w, path.c_str(), 0644, &err), SABLE_OK);
    const char *texts[] = {"plain", "a,b", "say \"x\"", "two\nlines", "=cmd()",     "-1",
                           "@x",    "",    " pad",      "pad ",       "caf\xC3\xA9"};
    for (const char *text : texts) {
        ASSERT_EQ(sable_csv_write_text(w, text, &err), SABLE_OK);
        ASSERT_EQ(sable_csv_write_number(w, 0.25, &err), SABLE_OK);
        ASSERT_EQ(sable_csv_write_integer(w, INT64_MIN, &err), SABLE_OK);
        ASSERT_EQ(sable_csv_end_row(w, &err), SABLE_OK);
    }
    ASSERT_EQ(sable_csv_writer_commit(&w, &err), SABLE_OK) << err.text;
    std::string file = Scratch::read(path);
    EXPECT_EQ(file.substr(0, file.find('\n')), "plain,0.25,-9223372036854775808");
    EXPECT_NE(file.find("\"say \"\"x\"\"\",0.25"), std::string::npos);
    EXPECT_NE(file.find("\n\"=cmd()\","), std::string::npos);
    EXPECT_NE(file.find("\n\"\","), std::string::npos);

    /* read back: the texts as ids */
    sable_table_options o;
    sable_table_options_init(&o);
    o.has_header = 0;
    o.id_column = "1";
    sable_table *t = nullptr;
    ASSERT_EQ(sable_table_read(&t, path.c_str(), &o, &err), SABLE_OK) << err.text;
    ASSERT_EQ(t->rows, std::size(texts));
    for (size_t i = 0; i < t->rows; i++) EXPECT_STREQ(t->ids[i], texts[i]);
    sable_table_destroy(&t);
}

TEST(IoFile, Sha256) {
    Scratch scratch;
    std::string abc = scratch.write("abc", "abc"), big = scratch.write("big", std::string(1000000, 'a'));
    sable_error err = {};
    EXPECT_EQ(
        sable_file_check_sha256(abc.c_str(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", &err),
        SABLE_OK)
        << err.text;
    EXPECT_EQ(
        sable_file_check_sha256(big.c_str(), "CDC76E5C9914FB9281A1C7E284D73E67F1809A48A497200E046D39CCC7112CD0", &err),
        SABLE_OK)
        << err.text;
    EXPECT_EQ(
        sable_file_check_sha256(big.c_str(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", &err),
        SABLE_FORMAT);
    EXPECT_NE(strstr(err.text, "cdc76e5c"), nullptr) << err.text;
    EXPECT_EQ(sable_file_check_sha256(abc.c_str(), "ba78", &err), SABLE_INVALID);
    EXPECT_EQ(sable_file_check_sha256(scratch.path("none").c_str(), std::string(64, '0').c_str(), &err), SABLE_IO);
}

TEST(IoFile, PrivateMeansNobodyElse) {
    Scratch scratch;
    std::string path = scratch.write("key", "secret");
    sable_error err = {};
    for (unsigned mode : {0600u, 0400u, 0700u}) {
        ASSERT_EQ(chmod(path.c_str(), mode), 0);
        EXPECT_EQ(sable_file_check_private(path.c_str(), &err), SABLE_OK) << err.text;
    }
    for (unsigned bit = 1; bit <= 040; bit <<= 1) {
        ASSERT_EQ(chmod(path.c_str(), 0600 | bit), 0);
        EXPECT_EQ(sable_file_check_private(path.c_str(), &err), SABLE_INSECURE) << bit;
        EXPECT_NE(strstr(err.text, "chmod 600"), nullptr) << err.text;
    }
    ASSERT_EQ(chmod(path.c_str(), 0600), 0);
    if (geteuid() == 0) {
        ASSERT_EQ(chown(path.c_str(), 12345, (gid_t)-1), 0);
        EXPECT_EQ(sable_file_check_private(path.c_str(), &err), SABLE_INSECURE);
        EXPECT_NE(strstr(err.text, "12345"), nullptr) << err.text;
    }
    EXPECT_EQ(sable_file_check_private(scratch.folder().c_str(), &err), SABLE_IO);
    EXPECT_EQ(sable_file_check_private(scratch.path("none").c_str(), &err), SABLE_IO);
}

TEST(IoShow, ForeignTextIsHarmless) {
    EXPECT_STREQ(sable_show_text("a\n\x1B[31m'", 8).text, "'a\\x0a\\x1b[31m''");
    EXPECT_STREQ(sable_show_text(std::string(99, '\xFF').c_str(), 99).text, ("'" +
                                                                             [] {
                                                                                 std::string s;
                                                                                 for (int i = 0; i < 40; i++)
                                                                                     s += "\\xff";
                                                                                 return s;
                                                                             }() +
                                                                             "...'")
                                                                                .c_str());
    EXPECT_STREQ(sable_show_path("a\nb").text, "a?b");
    std::string path(1000, 'p');
    path += "/end.csv";
    std::string shown = sable_show_path(path.c_str()).text;
    EXPECT_EQ(shown.size(), sizeof(sable_shown) - 1);
    EXPECT_EQ(shown.substr(0, 4), "...p");
    EXPECT_EQ(shown.substr(shown.size() - 8), "/end.csv");
}

} // namespace
