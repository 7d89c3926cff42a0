/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TESTS_INPUT_TABLE_H
#define SABLE_TESTS_INPUT_TABLE_H
/* Sound files of every kind, ways to change them as an adversary would (all digests agree again), and their loaders. */
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "sable/sable.h"

namespace input_table {

enum Kind {
    CIPHERTEXT,
    KEYSET,
    DATASET,
    RESULTS,
    MODEL,
    ENCRYPTED_MATRIX,
    PUBLIC_KEY,
    SECRET_KEY,
    KINDS, /* that a context reads; these two need none, and their loaders take JSON as well */
    PARAMETERS = KINDS,
    CLEAR_MODEL,
    ALL_KINDS
};
extern const char *const kind_names[ALL_KINDS]; /* as the library calls them */

/* The smallest set, everything made once a process. */
struct World {
    sable_params *params = nullptr;
    sable_ctx *ctx = nullptr;
    sable_queue *queue = nullptr;
    sable_secret *secret = nullptr;
    sable_keyset *keys = nullptr;
    std::string sample[ALL_KINDS];
    std::string full; /* a ciphertext without a seed */
    /* sample and full store words, which tests can find and change; here residues are packed, and there are no seeds */
    std::string packed[ALL_KINDS];
    static World &get();
    sable_ct *encrypt(uint32_t level, uint32_t batch);
    World();
    ~World();

  private:
    void save_all(std::string into[ALL_KINDS], const sable_file_options &options);
};

struct Outcome {
    sable_status status = SABLE_OK;
    std::string text;
    size_t requested = 0; /* bytes asked of the allocator, releases not subtracted */
};
/* Loads the file, all of it, with the world's context and queue or with others. Fails the test when a refusal changed
 * an output. */
Outcome load(Kind kind, const std::string &path);
Outcome load(Kind kind, const std::string &path, sable_ctx *ctx, sable_queue *queue);
/* The same with these bytes as the file. */
Outcome load_bytes(Kind kind, const std::string &bytes);

/* A file without a disk that can be written again and again. */
class MemoryFile {
  public:
    MemoryFile();
    ~MemoryFile();
    const std::string &write(const std::string &bytes);
    int fd() const { return fd_; }
    const std::string &path() const { return path_; }

  private:
    int fd_ = -1;
    std::string path_;
};

/* A container taken apart. */
struct Section {
    uint32_t tag, flags;
    std::string bytes;
};
struct Container {
    std::string header; /* 96 bytes */
    std::vector<Section> sections;
    explicit Container(const std::string &bytes);
    std::string sealed() const; /* laid out anew, all digests right */
};
/* The digests made right, nothing else. */
std::string repaired(std::string bytes);

void put32(std::string &bytes, size_t at, uint32_t value);
void put64(std::string &bytes, size_t at, uint64_t value);
void put_real(std::string &bytes, size_t at, double value);
uint32_t get32(const std::string &bytes, size_t at);

/* A change of a sound file and what must become of it. */
struct Row {
    const char *name;
    std::function<void(Container &)> change;
    sable_status status;
    const char *text; /* part of the sentence */
};
void expect_rows(Kind kind, const std::string &sound, const std::vector<Row> &rows);
/* The usual change: a field of META. */
std::function<void(Container &)> meta32(size_t at, uint32_t value);
std::function<void(Container &)> meta64(size_t at, uint64_t value);
std::function<void(Container &)> meta_real(size_t at, double value);

} // namespace input_table
#endif
