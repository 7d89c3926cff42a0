/* SPDX-License-Identifier: Apache-2.0 */
#include "reject/input_table.h"

#include <cmath>

extern "C" {
#include "io/bytes.h"
#include "io/container_format.h"
}
#include "reject/faults_alloc.h"
#include "support/scratch.h"

namespace input_table {

const char *const kind_names[ALL_KINDS] = {"ciphertext",      "key-set manifest",  "dataset",    "results",
                                           "encrypted model", "encrypted matrix",  "public key", "secret key",
                                           "parameters",      "model in the clear"};

#define MUST(call)                                                                                   \
    do {                                                                                             \
        sable_status status_ = (call);                                                               \
        EXPECT_EQ(SABLE_OK, status_) << err.text << (queue ? sable_queue_error(queue) : "no queue"); \
    } while (0)

sable_ct *World::encrypt(uint32_t level, uint32_t batch) {
    sable_error err = {};
    std::vector<double> values(batch * 512);
    for (size_t i = 0; i < values.size(); i++) values[i] = std::sin(0.1 * (double)i);
    sable_encoding e = {};
    e.struct_size = sizeof e;
    e.level = level;
    e.batch = batch;
    e.bound = 1;
    sable_pt *pt = nullptr;
    sable_ct *ct = nullptr;
    MUST(sable_pt_create(&pt, ctx, &err));
    MUST(sable_ct_create(&ct, ctx, &err));
    MUST(sable_encode(queue, pt, values.data(), values.size(), &e));
    MUST(sable_encrypt_secret(queue, ct, pt, secret));
    sable_pt_destroy(queue, &pt);
    return ct;
}

World::World() {
    sable_error err = {};
    sable_params_options allow = {sizeof allow, true};
    MUST(sable_params_load(&params, "T10", &allow, &err));
    MUST(sable_ctx_create(&ctx, params, nullptr, &err));
    MUST(sable_queue_create(&queue, ctx, nullptr, &err));
    MUST(sable_secret_generate(&secret, ctx, &err));
    sable_key_spec *spec = nullptr;
    MUST(sable_key_spec_create(&spec, params, &err));
    MUST(sable_key_spec_add_relin(spec, 0, 1, &err));
    MUST(sable_key_spec_add_rotation(spec, 1, 0, 0, 1, &err));
    MUST(sable_keyset_generate(queue, &keys, secret, spec));
    sable_key_spec_destroy(&spec);

    for (std::string *into : {sample, packed}) {
        const bool words = into == sample;
        save_all(into, {sizeof(sable_file_options), words ? 32u : 30u, !words});
    }
}

void World::save_all(std::string into[ALL_KINDS], const sable_file_options &options) {
    sable_error err = {};
    Scratch scratch;
    std::string path = scratch.path("sample");
    sable_ct *one = encrypt(0, 1), *two = encrypt(0, 2), *sum = nullptr;
    MUST(sable_ct_save(queue, one, path.c_str(), &options));
    into[CIPHERTEXT] = Scratch::read(path);
    MUST(sable_ct_create(&sum, ctx, &err));
    MUST(sable_add(queue, sum, one, one));
    if (!options.no_seeds) {
        MUST(sable_ct_save(queue, sum, path.c_str(), &options));
        full = Scratch::read(path);
    }
    MUST(sable_keyset_save(queue, keys, path.c_str(), &options));
    into[KEYSET] = Scratch::read(path);

    sable_blocks_info info = {};
    info.struct_size = sizeof info;
    info.stored = options;
    MUST(sable_layout_choose(&info.layout, params, SABLE_PACK_FEATURE_MAJOR, 2, 600, &err));
    info.samples = 600; /* two blocks */
    for (Kind kind : {DATASET, RESULTS}) {
        info.kind = kind == DATASET ? SABLE_BLOCKS_DATASET : SABLE_BLOCKS_RESULTS;
        info.classes = kind == DATASET ? 0 : 1;
        info.factor = kind == DATASET ? 0 : 2;
        sable_ct *block = kind == DATASET ? two : one;
        sable_blocks_writer *w = nullptr;
        MUST(sable_blocks_create(queue, &w, path.c_str(), &info, block));
        for (int i = 0; i < 2; i++) MUST(sable_blocks_append(queue, w, block));
        MUST(sable_blocks_finish(queue, &w));
        into[kind] = Scratch::read(path);
    }
    sable_encrypted_model model = {};
    model.classes = 1;
    model.layout = info.layout;
    model.range = 2;
    model.weights = two;
    model.bias = one;
    MUST(sable_encrypted_model_save(queue, &model, path.c_str(), &options));
    into[MODEL] = Scratch::read(path);
    sable_matrix_shape shape = {};
    shape.struct_size = sizeof shape;
    shape.format = SABLE_MATRIX, shape.rows = 20, shape.cols = 30, shape.tile = {16, 32};
    MUST(sable_matrix_save(queue, &shape, two, path.c_str(), &options));
    into[ENCRYPTED_MATRIX] = Scratch::read(path);
    sable_public_key *pk = nullptr;
    MUST(sable_public_key_generate(queue, &pk, secret));
    MUST(sable_public_key_save(queue, pk, path.c_str(), &options));
    into[PUBLIC_KEY] = Scratch::read(path);
    MUST(sable_secret_save(secret, path.c_str(), &err));
    into[SECRET_KEY] = Scratch::read(path);
    path = scratch.path("sample.sable"); /* the end of the name asks for a container */
    MUST(sable_params_save(params, path.c_str(), &err));
    into[PARAMETERS] = Scratch::read(path);
    sable_model *clear = nullptr;
    MUST(sable_model_create(&clear, 2, 30, true, &err));
    for (int j = 0; j < 60; j++) clear->weights[j] = std::sqrt(j + 2.0);
    MUST(sable_model_save(clear, path.c_str(), &err));
    into[CLEAR_MODEL] = Scratch::read(path);
    sable_model_destroy(&clear);
    sable_public_key_destroy(queue, &pk);
    for (sable_ct **ct : {&one, &two, &sum}) sable_ct_destroy(queue, ct);
}

World::~World() {
    sable_keyset_destroy(queue, &keys);
    sable_secret_destroy(&secret);
    sable_queue_destroy(&queue);
    sable_ctx_destroy(&ctx);
    sable_params_destroy(&params);
}

World &World::get() {
    static World world;
    return world;
}

/* -- loading ------------------------------------------------------------------------------------------------------- */

static sable_status load_blocks(sable_ctx *ctx, sable_queue *queue, const char *path, sable_blocks_kind kind) {
    sable_blocks *blocks = nullptr;
    sable_error err = {};
    sable_status status = sable_blocks_open(queue, &blocks, path, kind);
    EXPECT_EQ(status != SABLE_OK, blocks == nullptr);
    for (uint32_t i = 0; status == SABLE_OK && i < sable_blocks_get_info(blocks)->blocks; i++) {
        sable_ct *ct = nullptr;
        status = sable_ct_create(&ct, ctx, &err);
        if (status == SABLE_OK) status = sable_blocks_read(queue, ct, blocks, i);
        sable_ct_destroy(queue, &ct);
    }
    sable_blocks_close(&blocks);
    return status;
}

static sable_status load_matrix(sable_ctx *ctx, sable_queue *queue, const char *path) {
    sable_ct *tiles = nullptr;
    sable_error err = {};
    sable_status status = sable_ct_create(&tiles, ctx, &err);
    if (status != SABLE_OK) return status;
    sable_matrix_shape shape = {};
    shape.struct_size = sizeof shape;
    status = sable_matrix_load(queue, &shape, tiles, path);
    sable_ct_info info = {};
    info.struct_size = sizeof info;
    EXPECT_EQ(SABLE_OK, sable_ct_describe(tiles, &info));
    EXPECT_EQ(status != SABLE_OK, info.empty);
    EXPECT_EQ(status != SABLE_OK, shape.rows == 0);
    sable_ct_destroy(queue, &tiles);
    return status;
}

static sable_status load_ciphertext(sable_ctx *ctx, sable_queue *queue, const char *path) {
    sable_ct *ct = nullptr;
    sable_error err = {};
    sable_status status = sable_ct_create(&ct, ctx, &err);
    if (status != SABLE_OK) return status;
    status = sable_ct_load(queue, ct, path);
    sable_ct_info info = {};
    info.struct_size = sizeof info;
    EXPECT_EQ(SABLE_OK, sable_ct_describe(ct, &info));
    EXPECT_EQ(status != SABLE_OK, info.empty);
    sable_ct_destroy(queue, &ct);
    return status;
}

Outcome load(Kind kind, const std::string &path) {
    World &w = World::get();
    return load(kind, path, w.ctx, w.queue);
}

Outcome load(Kind kind, const std::string &path, sable_ctx *ctx, sable_queue *queue) {
    const char *p = path.c_str();
    sable_error err = {};
    Outcome out;
    faults::requested = 0;
    if (kind == CIPHERTEXT) out.status = load_ciphertext(ctx, queue, p);
    if (kind == KEYSET) {
        sable_keyset *keys = nullptr;
        out.status = sable_keyset_load(queue, &keys, p);
        EXPECT_EQ(out.status != SABLE_OK, keys == nullptr);
        sable_keyset_destroy(queue, &keys);
    }
    if (kind == DATASET) out.status = load_blocks(ctx, queue, p, SABLE_BLOCKS_DATASET);
    if (kind == RESULTS) out.status = load_blocks(ctx, queue, p, SABLE_BLOCKS_RESULTS);
    if (kind == MODEL) {
        sable_encrypted_model model = {};
        out.status = sable_encrypted_model_load(queue, &model, p);
        EXPECT_EQ(out.status != SABLE_OK, model.weights == nullptr);
        sable_encrypted_model_clear(queue, &model);
    }
    if (kind == ENCRYPTED_MATRIX) out.status = load_matrix(ctx, queue, p);
    if (kind == PUBLIC_KEY) {
        sable_public_key *key = nullptr;
        out.status = sable_public_key_load(queue, &key, p);
        EXPECT_EQ(out.status != SABLE_OK, key == nullptr);
        sable_public_key_destroy(queue, &key);
    }
    if (kind == SECRET_KEY) {
        sable_secret *secret = nullptr;
        out.status = sable_secret_load(&secret, ctx, p, &err);
        EXPECT_EQ(out.status != SABLE_OK, secret == nullptr);
        sable_secret_destroy(&secret);
    }
    if (kind == PARAMETERS) {
        sable_params *params = nullptr;
        sable_params_options allow = {sizeof allow, true};
        out.status = sable_params_load(&params, p, &allow, &err);
        EXPECT_EQ(out.status != SABLE_OK, params == nullptr);
        sable_params_destroy(&params);
    }
    if (kind == CLEAR_MODEL) {
        sable_model *model = nullptr;
        out.status = sable_model_load(&model, p, &err);
        EXPECT_EQ(out.status != SABLE_OK, model == nullptr);
        sable_model_destroy(&model);
    }
    out.requested = faults::requested;
    if (out.status != SABLE_OK) out.text = kind >= SECRET_KEY ? err.text : sable_queue_error(queue);
    return out;
}

Outcome load_bytes(Kind kind, const std::string &bytes) {
    static MemoryFile file;
    return load(kind, file.write(bytes));
}

MemoryFile::MemoryFile() : fd_(memfd_create("input", MFD_CLOEXEC)), path_("/proc/self/fd/" + std::to_string(fd_)) {
    EXPECT_EQ(0, fchmod(fd_, 0600)); /* good enough for a secret */
}
MemoryFile::~MemoryFile() { close(fd_); }
const std::string &MemoryFile::write(const std::string &bytes) {
    EXPECT_EQ(0, ftruncate(fd_, 0));
    EXPECT_EQ((ssize_t)bytes.size(), pwrite(fd_, bytes.data(), bytes.size(), 0));
    return path_;
}

/* -- changes ------------------------------------------------------------------------------------------------------- */

void put32(std::string &bytes, size_t at, uint32_t value) { sable_put_u32((uint8_t *)bytes.data() + at, value); }
void put64(std::string &bytes, size_t at, uint64_t value) { sable_put_u64((uint8_t *)bytes.data() + at, value); }
void put_real(std::string &bytes, size_t at, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put64(bytes, at, bits);
}
uint32_t get32(const std::string &bytes, size_t at) { return sable_get_u32((const uint8_t *)bytes.data() + at); }

Container::Container(const std::string &bytes) : header(bytes.substr(0, SABLE_HEADER_BYTES)) {
    const uint8_t *data = (const uint8_t *)bytes.data(), *entry = data + SABLE_HEADER_BYTES;
    for (uint32_t i = 0; i < sable_get_u32(data + 88); i++, entry += SABLE_ENTRY_BYTES)
        sections.push_back({sable_get_u32(entry), sable_get_u32(entry + 4),
                            bytes.substr(sable_get_u64(entry + 8), sable_get_u64(entry + 16))});
}

std::string Container::sealed() const {
    size_t end = sable_head_bytes((uint32_t)sections.size());
    std::string bytes = header + std::string(end - header.size(), 0);
    put32(bytes, 88, (uint32_t)sections.size());
    for (size_t i = 0; i < sections.size(); i++) {
        bytes.resize((bytes.size() + 255) / 256 * 256);
        size_t entry = SABLE_HEADER_BYTES + i * SABLE_ENTRY_BYTES;
        put32(bytes, entry, sections[i].tag);
        put32(bytes, entry + 4, sections[i].flags);
        put64(bytes, entry + 8, bytes.size());
        put64(bytes, entry + 16, sections[i].bytes.size());
        bytes += sections[i].bytes;
    }
    put64(bytes, 16, bytes.size());
    return repaired(bytes);
}

std::string repaired(std::string bytes) {
    uint8_t *data = (uint8_t *)bytes.data();
    uint32_t count = get32(bytes, 88);
    if (count > SABLE_SECTIONS_MOST || sable_head_bytes(count) > bytes.size()) return bytes;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *entry = data + SABLE_HEADER_BYTES + i * SABLE_ENTRY_BYTES;
        uint64_t at = sable_get_u64(entry + 8), length = sable_get_u64(entry + 16);
        if (at <= bytes.size() && length <= bytes.size() - at) sable_hash(entry + 24, data + at, length);
    }
    size_t hashed = sable_head_bytes(count) - SABLE_HASH_BYTES;
    sable_hash(data + hashed, data, hashed);
    return bytes;
}

void expect_rows(Kind kind, const std::string &sound, const std::vector<Row> &rows) {
    for (const Row &row : rows) {
        Container c(sound);
        row.change(c);
        Outcome out = load_bytes(kind, c.sealed());
        EXPECT_EQ(row.status, out.status) << kind_names[kind] << ", " << row.name << ": " << out.text;
        if (row.status != SABLE_OK) {
            EXPECT_NE(std::string::npos, out.text.find(row.text)) << row.name << ": " << out.text;
            EXPECT_LE(out.requested, 1u << 20) << row.name;
        }
    }
}

std::function<void(Container &)> meta32(size_t at, uint32_t value) {
    return [=](Container &c) { put32(c.sections[0].bytes, at, value); };
}
std::function<void(Container &)> meta64(size_t at, uint64_t value) {
    return [=](Container &c) { put64(c.sections[0].bytes, at, value); };
}
std::function<void(Container &)> meta_real(size_t at, double value) {
    return [=](Container &c) { put_real(c.sections[0].bytes, at, value); };
}

} // namespace input_table
