/* SPDX-License-Identifier: Apache-2.0 */
/* Writers that are misused or let down by the system: the target keeps its old content and no temporary file stays. */
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <functional>
#include <vector>

extern "C" {
#include "io/container.h"
}
#include "sable/io.h"
#include "support/scratch.h"

/* System calls that fail on demand. They stand before the C library's in the order of lookup, and in place of the weak ones of
 * sanitizers' runtimes; while nothing is armed they do the real thing. */
static const char *failing; /* name of the call that fails next, or NULL */
static int failing_code, failing_after;
static bool short_writes; /* writes move one byte and are interrupted in turn */

static bool fails(const char *call) {
    if (!failing || strcmp(failing, call) || failing_after-- > 0) return false;
    errno = failing_code;
    return true;
}

extern "C" {
ssize_t write(int fd, const void *data, size_t n) {
    static unsigned turn;
    if (fails("write")) return -1;
    if (short_writes && n > 1) {
        if (turn++ % 2) return errno = EINTR, -1;
        n = (n + 1) / 2;
    }
    return syscall(SYS_write, fd, data, n);
}
ssize_t pwrite(int fd, const void *data, size_t n, off_t at) {
    if (fails("pwrite")) return -1;
    return syscall(SYS_pwrite64, fd, data, short_writes && n > 1 ? 1 + n / 3 : n, at);
}
int fsync(int fd) {
    struct stat s;
    bool folder = !fstat(fd, &s) && S_ISDIR(s.st_mode);
    if (fails(folder ? "fsync folder" : "fsync")) return -1;
    return (int)syscall(SYS_fsync, fd);
}
int renameat(int from, const char *a, int to, const char *b) {
    if (fails("rename")) return -1;
    return (int)syscall(SYS_renameat2, from, a, to, b, 0);
}
int fallocate(int fd, int mode, off_t at, off_t n) {
    if (fails("fallocate")) return -1;
    return (int)syscall(SYS_fallocate, fd, mode, at, n);
}
}

namespace {

const sable_tag A = SABLE_TAG('A', 'A', 'A', 'A'), B = SABLE_TAG('B', 'B', 'B', 'B');

sable_container_info info() {
    sable_container_info i = {};
    i.kind = SABLE_KIND_MODEL;
    return i;
}

struct Armed {
    Armed(const char *call, int code, int after = 0) {
        failing = call;
        failing_code = code;
        failing_after = after;
    }
    ~Armed() { failing = nullptr; }
};

/* Writes a container of 10 and 600,000 bytes at path, up to the first failure. */
sable_status write_sample(const std::string &path, sable_error *err) {
    sable_container_info i = info();
    sable_section_spec specs[] = {{A, 0, 10}, {B, 0, 600000}};
    std::string bytes(600000, 'b');
    sable_container_writer *w = nullptr;
    sable_status status = sable_container_writer_create(&w, path.c_str(), 0644, &i, specs, 2, err);
    if (!status) status = sable_container_writer_section(w, A, bytes.data(), 10, err);
    if (!status) status = sable_container_writer_begin(w, B, err);
    if (!status) status = sable_container_writer_append(w, bytes.data(), 300000, err);
    if (!status) status = sable_container_writer_append(w, bytes.data(), 300000, err);
    if (!status) status = sable_container_writer_end(w, err);
    if (!status) return sable_container_writer_finish(&w, err);
    sable_container_writer_abort(&w);
    return status;
}

TEST(IoContainerWriter, EveryFailingCallLeavesTheTargetAlone) {
    struct {
        const char *call;
        int code, after;
    } faults[] = {{"write", ENOSPC, 0},  {"write", EIO, 1},        {"write", ENOSPC, 2},
                  {"pwrite", EIO, 0},    {"fsync", EIO, 0},        {"fsync", ENOSPC, 0},
                  {"rename", EACCES, 0}, {"fallocate", ENOSPC, 0}, {"fallocate", EDQUOT, 0}};
    for (auto &f : faults) {
        Scratch scratch;
        std::string path = scratch.write("t", "old content");
        sable_error err = {};
        sable_status status;
        {
            Armed armed(f.call, f.code, f.after);
            status = write_sample(path, &err);
        }
        EXPECT_EQ(status, SABLE_IO) << f.call << " after " << f.after;
        EXPECT_NE(strstr(err.text, path.c_str()), nullptr) << err.text;
        EXPECT_EQ(Scratch::read(path), "old content") << f.call;
        EXPECT_EQ(scratch.count(), 1u) << f.call << ": a temporary file was left";
    }
}

TEST(IoContainerWriter, AFolderThatCannotBeFlushedIsReported) {
    Scratch scratch;
    std::string path = scratch.path("t");
    sable_error err = {};
    {
        Armed armed("fsync folder", EIO);
        EXPECT_EQ(write_sample(path, &err), SABLE_IO);
    }
    EXPECT_NE(strstr(err.text, "the file is in place"), nullptr) << err.text;
    sable_container_info i;
    EXPECT_EQ(sable_container_peek(&i, path.c_str(), &err), SABLE_OK);
    EXPECT_EQ(scratch.count(), 1u);
}

TEST(IoContainerWriter, ShortAndInterruptedWritesAreResumed) {
    Scratch scratch;
    std::string path = scratch.path("t"), other = scratch.path("u");
    sable_error err = {};
    ASSERT_EQ(write_sample(path, &err), SABLE_OK) << err.text;
    short_writes = true;
    sable_status status = write_sample(other, &err);
    short_writes = false;
    ASSERT_EQ(status, SABLE_OK) << err.text;
    EXPECT_TRUE(Scratch::read(path) == Scratch::read(other));
}

TEST(IoContainerWriter, FileSystemsThatCannotReserveStillWork) {
    Scratch scratch;
    sable_error err = {};
    Armed armed("fallocate", EOPNOTSUPP);
    EXPECT_EQ(write_sample(scratch.path("t"), &err), SABLE_OK) << err.text;
}

TEST(IoContainerWriter, FileSizeLimit) {
    Scratch scratch;
    std::string path = scratch.write("t", "old");
    sable_error err = {};
    auto before = signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit, small;
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = 100000;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    sable_status container = write_sample(path, &err);
    sable_atomic_file *file = nullptr;
    sable_status text = sable_atomic_file_open(&file, path.c_str(), 0644, nullptr);
    std::string big(200000, 'x');
    if (!text) text = sable_atomic_file_write(file, big.data(), big.size(), nullptr);
    sable_status commit = sable_atomic_file_commit(&file, nullptr);
    setrlimit(RLIMIT_FSIZE, &limit);
    signal(SIGXFSZ, before);
    EXPECT_EQ(container, SABLE_IO);
    EXPECT_EQ(text, SABLE_IO);
    EXPECT_EQ(commit, SABLE_IO) << "a file with a failed write must not be committed";
    EXPECT_EQ(Scratch::read(path), "old");
    EXPECT_EQ(scratch.count(), 1u);
}

TEST(IoContainerWriter, BadDeclarationsAreRefusedBeforeAnyFile) {
    Scratch scratch;
    std::string path = scratch.path("t");
    sable_container_writer *w = nullptr;
    sable_error err = {};
    auto create = [&](std::vector<sable_section_spec> specs, unsigned mode = 0644, unsigned kind = SABLE_KIND_MODEL,
                      uint32_t flags = 0) {
        sable_container_info i = {};
        i.kind = kind;
        i.flags = flags;
        return sable_container_writer_create(&w, path.c_str(), mode, &i, specs.data(), (uint32_t)specs.size(), &err);
    };
    EXPECT_EQ(create({}), SABLE_INVALID);
    EXPECT_EQ(create({{A, 0, 0}}), SABLE_INVALID);
    EXPECT_EQ(create({{A, 0, 1}, {A, 0, 1}}), SABLE_INVALID);
    EXPECT_EQ(create({{A, 0, 1}, {SABLE_TAG_META, 0, 1}}), SABLE_INVALID);
    EXPECT_EQ(create({{SABLE_TAG('a', 'A', 'A', 'A'), 0, 1}}), SABLE_INVALID);
    EXPECT_EQ(create({{A, SABLE_SECTION_OPTIONAL, 1}}), SABLE_INVALID);
    EXPECT_EQ(create({{A, 0, 1ull << 63}}), SABLE_LIMIT);
    EXPECT_EQ(create({{A, 0, ~0ull}}), SABLE_LIMIT);
    EXPECT_EQ(create({{A, 0, 1ull << 62}, {B, 0, 1ull << 62}}), SABLE_LIMIT);
    EXPECT_EQ(create(std::vector<sable_section_spec>(4097, {A, 0, 1})), SABLE_LIMIT);
    EXPECT_EQ(create({{A, 0, 1}}, 0666), SABLE_INVALID);
    EXPECT_EQ(create({{A, 0, 1}}, 0644, 0), SABLE_INVALID);
    EXPECT_EQ(create({{A, 0, 1}}, 0644, SABLE_KIND_LAST + 1), SABLE_INVALID);
    EXPECT_EQ(create({{A, 0, 1}}, 0644, 1, 4), SABLE_INVALID);
    EXPECT_EQ(w, nullptr);
    EXPECT_EQ(scratch.count(), 0u);
}

TEST(IoContainerWriter, MisuseSpoilsTheFile) {
    using Step = std::function<sable_status(sable_container_writer *)>;
    auto begin = [](sable_tag t) { return Step([t](auto *w) { return sable_container_writer_begin(w, t, nullptr); }); };
    auto append = [](uint64_t n) {
        return Step([n](auto *w) { return sable_container_writer_append(w, "0123456789", n, nullptr); });
    };
    Step end = [](auto *w) { return sable_container_writer_end(w, nullptr); };
    std::vector<std::vector<Step>> sequences = {{begin(B)},
                                                {append(1)},
                                                {end},
                                                {begin(A), begin(A)},
                                                {begin(A), append(5)},
                                                {begin(A), append(3), end},
                                                {begin(A), append(4), append(1)},
                                                {begin(A), append(4), end, begin(A)},
                                                {begin(A), append(4), end, append(1)},
                                                {begin(A), append(4), end, begin(B), append(2), end, begin(A)}};
    for (size_t k = 0; k < sequences.size(); k++) {
        Scratch scratch;
        std::string path = scratch.write("t", "old");
        sable_container_info i = info();
        sable_section_spec specs[] = {{A, 0, 4}, {B, 0, 2}};
        sable_container_writer *w = nullptr;
        ASSERT_EQ(sable_container_writer_create(&w, path.c_str(), 0644, &i, specs, 2, nullptr), SABLE_OK);
        for (size_t s = 0; s + 1 < sequences[k].size(); s++) ASSERT_EQ(sequences[k][s](w), SABLE_OK) << k;
        EXPECT_EQ(sequences[k].back()(w), SABLE_INVALID) << k;
        EXPECT_EQ(sable_container_writer_finish(&w, nullptr), SABLE_INVALID) << k;
        EXPECT_EQ(w, nullptr);
        EXPECT_EQ(Scratch::read(path), "old");
        EXPECT_EQ(scratch.count(), 1u);
    }
}

TEST(IoContainerWriter, UnfinishedFilesAreNotCommitted) {
    Scratch scratch;
    std::string path = scratch.path("t");
    sable_container_info i = info();
    sable_section_spec specs[] = {{A, 0, 4}, {B, 0, 2}};
    sable_container_writer *w = nullptr;
    sable_error err = {};
    ASSERT_EQ(sable_container_writer_create(&w, path.c_str(), 0644, &i, specs, 2, &err), SABLE_OK);
    ASSERT_EQ(sable_container_writer_section(w, A, "1234", 4, &err), SABLE_OK);
    EXPECT_EQ(scratch.count(), 1u);
    EXPECT_EQ(sable_container_writer_finish(&w, &err), SABLE_INVALID);
    EXPECT_NE(strstr(err.text, "1 of 2 sections"), nullptr) << err.text;
    EXPECT_EQ(scratch.count(), 0u);
}

TEST(IoContainerWriter, TargetsThatAreNoFiles) {
    Scratch scratch;
    std::string folder = scratch.path("folder"), link = scratch.path("link"), fifo = scratch.path("fifo");
    ASSERT_EQ(mkdir(folder.c_str(), 0755), 0);
    ASSERT_EQ(symlink("elsewhere", link.c_str()), 0);
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    sable_error err = {};
    for (const std::string &path :
         {folder, link, fifo, scratch.path("absent/t"), fifo + "/t", std::string("/dev/full")}) {
        EXPECT_EQ(write_sample(path, &err), SABLE_IO) << path;
        EXPECT_NE(strstr(err.text, path.c_str()), nullptr) << err.text;
        sable_atomic_file *file = nullptr;
        EXPECT_EQ(sable_atomic_file_open(&file, path.c_str(), 0644, &err), SABLE_IO) << path;
        double one = 1;
        EXPECT_EQ(sable_npy_write(path.c_str(), &one, 1, 1, &err), SABLE_IO) << path;
    }
    for (const char *path : {"", ".", "..", "a/", "/"}) EXPECT_EQ(write_sample(path, &err), SABLE_INVALID) << path;
    EXPECT_EQ(scratch.count(), 3u);
}

TEST(IoCsvWriter, RaggedRowsAndNumbersThatAreNoneAreNotCommitted) {
    Scratch scratch;
    std::string path = scratch.write("t", "old");
    for (int wrong = 0; wrong < 5; wrong++) {
        sable_csv_writer *w = nullptr;
        sable_error err = {};
        ASSERT_EQ(sable_csv_writer_open(&w, path.c_str(), 0644, &err), SABLE_OK);
        ASSERT_EQ(sable_csv_write_text(w, "a", &err), SABLE_OK);
        ASSERT_EQ(sable_csv_write_text(w, "b", &err), SABLE_OK);
        ASSERT_EQ(sable_csv_end_row(w, &err), SABLE_OK);
        if (wrong == 0) {
            EXPECT_EQ(sable_csv_write_number(w, NAN, &err), SABLE_DATA);
        }
        if (wrong == 1) {
            EXPECT_EQ(sable_csv_end_row(w, &err), SABLE_INVALID);
        }
        if (wrong > 1) {
            ASSERT_EQ(sable_csv_write_number(w, 1, &err), SABLE_OK);
        }
        if (wrong == 2) {
            EXPECT_EQ(sable_csv_end_row(w, &err), SABLE_INVALID);
        }
        if (wrong > 2) {
            ASSERT_EQ(sable_csv_write_number(w, 2, &err), SABLE_OK);
        }
        if (wrong == 3) {
            EXPECT_EQ(sable_csv_write_number(w, 3, &err), SABLE_INVALID);
        }
        EXPECT_EQ(sable_csv_writer_commit(&w, &err), SABLE_INVALID) << wrong;
        EXPECT_EQ(Scratch::read(path), "old");
        EXPECT_EQ(scratch.count(), 1u);
    }
}

} // namespace
