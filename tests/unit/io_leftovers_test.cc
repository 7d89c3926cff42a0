/* SPDX-License-Identifier: Apache-2.0 */
/* Temporaries of killed processes go with the next file that is written beside them; all else stays. */
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>

#include "sable/io.h"
#include "support/scratch.h"

namespace {

/* A process that has begun a file and waits: for ever, or until its pipe closes, then it finishes. */
struct Writer {
    pid_t pid;
    int ends[2];
    explicit Writer(const std::string &path) {
        int ready[2];
        EXPECT_EQ(0, pipe(ends));
        EXPECT_EQ(0, pipe(ready));
        pid = fork();
        if (pid == 0) {
            close(ends[1]);
            sable_atomic_file *file = nullptr;
            bool good = sable_atomic_file_open(&file, path.c_str(), 0600, nullptr) == SABLE_OK &&
                        sable_atomic_file_write(file, "new", 3, nullptr) == SABLE_OK && write(ready[1], "x", 1) == 1;
            char c;
            while (good && read(ends[0], &c, 1) > 0) continue;
            _exit(good && sable_atomic_file_commit(&file, nullptr) == SABLE_OK ? 0 : 1);
        }
        close(ends[0]);
        close(ready[1]);
        char c;
        EXPECT_EQ(1, read(ready[0], &c, 1));
        close(ready[0]);
    }
    int end(int signal) {
        int status = 0;
        if (signal) kill(pid, signal);
        close(ends[1]);
        EXPECT_EQ(pid, waitpid(pid, &status, 0));
        return status;
    }
};

void save(const std::string &path) {
    sable_atomic_file *file = nullptr;
    sable_error err = {};
    ASSERT_EQ(SABLE_OK, sable_atomic_file_open(&file, path.c_str(), 0600, &err)) << err.text;
    ASSERT_EQ(SABLE_OK, sable_atomic_file_commit(&file, &err)) << err.text;
}

TEST(IoLeftovers, OfTheDeadAloneAreRemoved) {
    Scratch scratch;
    Writer first(scratch.path("a")), second(scratch.path("b")), living(scratch.path("c"));
    EXPECT_EQ(3u, scratch.count());
    EXPECT_EQ(SIGKILL, WTERMSIG(first.end(SIGKILL)));
    EXPECT_EQ(SIGKILL, WTERMSIG(second.end(SIGKILL)));
    EXPECT_EQ(3u, scratch.count()) << "nothing to remove: the test shows nothing";
    save(scratch.path("d"));
    EXPECT_EQ(2u, scratch.count()) << "the new file and the living writer's temporary";
    EXPECT_EQ(0, living.end(0));
    EXPECT_EQ("new", Scratch::read(scratch.path("c")));
    EXPECT_EQ(2u, scratch.count());
}

TEST(IoLeftovers, WhatOnlyLooksLikeOneStays) {
    Scratch scratch;
    const std::string other = scratch.write("other", "x"), linked = scratch.write(".sable-0123456789abcdef.tmp", "x");
    ASSERT_EQ(0, symlink(other.c_str(), scratch.path(".sable-0123456789abcde0.tmp").c_str()));
    ASSERT_EQ(0, mkdir(scratch.path(".sable-0123456789abcde1.tmp").c_str(), 0700));
    ASSERT_EQ(0, link(linked.c_str(), scratch.path("second name").c_str()));
    ASSERT_EQ(0, mkfifo(scratch.path(".sable-0123456789abcde2.tmp").c_str(), 0600));
    size_t stay = 6;
    for (const char *name :
         {".sable-0123456789abcde.tmp", ".sable-0123456789abcdef0.tmp", ".sable-0123456789ABCDEF.tmp",
          "sable-0123456789abcdef.tmp", ".sable-0123456789abcdef.tmp~"})
        scratch.write(name, "x"), stay++;
    if (geteuid() == 0) {
        ASSERT_EQ(0, chown(scratch.write(".sable-0123456789abcde3.tmp", "x").c_str(), 12345, 12345));
        stay++;
    }
    scratch.write(".sable-0123456789abcde4.tmp", "x"); /* the one that goes */
    save(scratch.path("new"));
    EXPECT_EQ(stay + 1, scratch.count());
    EXPECT_NE(0, access(scratch.path(".sable-0123456789abcde4.tmp").c_str(), F_OK));
}

/* Many processes that make, finish and lose files in one folder at the same time: none takes another's. */
TEST(IoLeftovers, WritersAtTheSameTime) {
    Scratch scratch;
    std::set<pid_t> children;
    for (int child = 0; child < 6; child++) {
        pid_t pid = fork();
        if (pid == 0) {
            std::string path = scratch.path("f" + std::to_string(child));
            for (int i = 0; i < 150; i++) {
                sable_atomic_file *file = nullptr;
                if (sable_atomic_file_open(&file, path.c_str(), 0600, nullptr) != SABLE_OK) _exit(2);
                if (sable_atomic_file_write(file, "new", 3, nullptr) != SABLE_OK) _exit(3);
                if (sable_atomic_file_commit(&file, nullptr) != SABLE_OK) _exit(4);
            }
            _exit(0);
        }
        children.insert(pid);
    }
    for (pid_t pid : children) {
        int status = 0;
        ASSERT_EQ(pid, waitpid(pid, &status, 0));
        EXPECT_EQ(0, status);
    }
    EXPECT_EQ(6u, scratch.count());
}

} // namespace
