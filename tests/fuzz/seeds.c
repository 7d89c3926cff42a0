/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the seed corpus: seeds FOLDER makes FOLDER/<target>/<seed>, small sound inputs of every kind and some that once
 * were trouble. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "fuzz.h"
#include "io/bytes.h"
#include "io/container.h"
#include "sable/io.h"

static const char *root;

static const char *place(const char *target, const char *name) {
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", root, target);
    fuzz_expect(mkdir(path, 0755) == 0 || errno == EEXIST, "a folder for seeds");
    snprintf(path, sizeof path, "%s/%s/%s", root, target, name);
    return path;
}

static void put(const char *target, const char *name, const void *data, size_t size) {
    FILE *file = fopen(place(target, name), "wb");
    fuzz_expect(file && fwrite(data, 1, size, file) == size && fclose(file) == 0, "a seed is written");
}

/* Tables have a byte of choices in front. */
static void put_table(const char *target, const char *name, unsigned choice, const void *data, size_t size) {
    static uint8_t plain[1 << 16], packed[1 << 16];
    char gz[64];
    plain[0] = packed[0] = (uint8_t)choice;
    memcpy(plain + 1, data, size);
    put(target, name, plain, size + 1);
    put("table", name, plain, size + 1);
    put("shape", name, data, size);
    z_stream z = {0};
    fuzz_expect(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK, "gzip");
    z.next_in = plain + 1;
    z.avail_in = (uInt)size;
    z.next_out = packed + 1;
    z.avail_out = sizeof packed - 1;
    fuzz_expect(deflate(&z, Z_FINISH) == Z_STREAM_END, "gzip");
    snprintf(gz, sizeof gz, "%s.gz", name);
    put(target, gz, packed, z.total_out + 1);
    put("shape", gz, packed + 1, z.total_out);
    deflateEnd(&z);
}

/* Words in place, and packed residues without seeds: the two extremes. */
static const sable_file_options words = {sizeof words, 32, false}, full = {sizeof full, 30, true};

static void must(sable_status status, const char *sentence) {
    if (status != SABLE_OK) fprintf(stderr, "%s\n", sentence);
    fuzz_expect(status == SABLE_OK, "a seed can be made");
}

/* A file that the library wrote, also as a seed of the container target. */
static void copy_to_container(const char *path, const char *name) {
    static uint8_t bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    fuzz_expect(file != NULL, "a seed is there");
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    put("container", name, bytes, size);
}

static void ciphertexts(fuzz_world *w) {
    const char *sentence = sable_queue_error(w->queue);
    sable_error err = {0};
    sable_ct *ct = fuzz_encrypt(0, 1), *two = fuzz_encrypt(0, 2), *out = NULL;
    must(sable_ct_create(&out, w->ctx, &err), err.text);
    must(sable_ct_save(w->queue, ct, place("ciphertext", "seeded"), &words), sentence);
    copy_to_container(place("ciphertext", "seeded"), "ciphertext");
    must(sable_ct_save(w->queue, two, place("ciphertext", "batch"), NULL), sentence);
    must(sable_ct_save(w->queue, two, place("ciphertext", "packed_full"), &full), sentence);
    must(sable_add(w->queue, out, ct, ct), sentence);
    must(sable_ct_save(w->queue, out, place("ciphertext", "full"), NULL), sentence);
    sable_ct_destroy(w->queue, &ct);
    ct = fuzz_encrypt(1, 1);
    must(sable_tensor(w->queue, out, ct, ct), sentence);
    must(sable_ct_save(w->queue, out, place("ciphertext", "three"), NULL), sentence);
    must(sable_mul_scalar(w->queue, out, ct, 0.5, 0), sentence);
    must(sable_ct_save(w->queue, out, place("ciphertext", "scaled"), NULL), sentence);
    sable_ct_destroy(w->queue, &ct);
    sable_ct_destroy(w->queue, &two);
    sable_ct_destroy(w->queue, &out);
}

static void keys(fuzz_world *w) {
    const char *sentence = sable_queue_error(w->queue);
    sable_error err = {0};
    sable_key_spec *spec = NULL;
    sable_keyset *set = NULL;
    must(sable_keyset_save(w->queue, w->keys, place("keyset", "two"), NULL), sentence);
    copy_to_container(place("keyset", "two"), "keyset");
    must(sable_key_spec_create(&spec, w->params, &err), err.text);
    must(sable_key_spec_add_rotation(spec, 1, 0, 0, 0, &err), err.text);
    must(sable_keyset_generate(w->queue, &set, w->secret, spec), sentence);
    must(sable_keyset_save(w->queue, set, place("keyset", "one"), &words), sentence);
    must(sable_keyset_save(w->queue, set, place("keyset", "packed_full"), &full), sentence);
    copy_to_container(place("keyset", "packed_full"), "keyset_packed_full");
    sable_keyset_destroy(w->queue, &set);
    sable_key_spec_destroy(&spec);
    sable_public_key *pk = NULL;
    must(sable_public_key_generate(w->queue, &pk, w->secret), sentence);
    must(sable_public_key_save(w->queue, pk, place("public_key", "key"), NULL), sentence);
    must(sable_public_key_save(w->queue, pk, place("public_key", "words"), &words), sentence);
    must(sable_public_key_save(w->queue, pk, place("public_key", "packed_full"), &full), sentence);
    sable_public_key_destroy(w->queue, &pk);
    must(sable_secret_save(w->secret, place("secret_key", "key"), &err), err.text);
    copy_to_container(place("secret_key", "key"), "secret_key");
}

static void blocks(fuzz_world *w, const char *name, sable_blocks_info info, uint32_t batch) {
    const char *sentence = sable_queue_error(w->queue);
    sable_blocks_writer *writer = NULL;
    sable_ct *block = fuzz_encrypt(0, batch);
    info.struct_size = sizeof info;
    if (info.layout.packing == SABLE_PACK_ROW) info.stored = full;
    must(sable_blocks_create(w->queue, &writer, place("blocks", name), &info, block), sentence);
    uint64_t per = info.layout.samples_per_block, count = (info.samples + per - 1) / per;
    for (uint64_t i = 0; i < count; i++) {
        must(sable_blocks_append(w->queue, writer, block), sentence);
        sable_ct_destroy(w->queue, &block);
        block = fuzz_encrypt(0, batch);
    }
    must(sable_blocks_finish(w->queue, &writer), sentence);
    sable_ct_destroy(w->queue, &block);
    copy_to_container(place("blocks", name), name);
}

static void datasets(fuzz_world *w) {
    sable_error err = {0};
    sable_blocks_info info = {.kind = SABLE_BLOCKS_DATASET, .samples = 600};
    must(sable_layout_choose(&info.layout, w->params, SABLE_PACK_FEATURE_MAJOR, 2, 600, &err), err.text);
    blocks(w, "columns", info, 2);
    sable_blocks_info results = {
        .kind = SABLE_BLOCKS_RESULTS, .samples = 100, .layout = info.layout, .classes = 1, .factor = 2};
    blocks(w, "results", results, 1);
    must(sable_layout_choose(&info.layout, w->params, SABLE_PACK_ROW, 5, 100, &err), err.text);
    info.samples = 100;
    blocks(w, "rows", info, 1);

    sable_encrypted_model model = {.classes = 1, .range = 2, .range_bounds = true, .layout = results.layout};
    for (int row = 0; row < 2; row++) {
        if (row) model.layout = info.layout;
        model.weights = fuzz_encrypt(1, row ? 1 : 2);
        model.bias = fuzz_encrypt(0, 1);
        must(sable_encrypted_model_save(w->queue, &model, place("encrypted_model", row ? "rows" : "columns"),
                                        row ? &full : NULL),
             sable_queue_error(w->queue));
        sable_ct_destroy(w->queue, &model.weights);
        sable_ct_destroy(w->queue, &model.bias);
    }
}

static void matrices(fuzz_world *w) {
    for (int vector = 0; vector < 2; vector++) {
        sable_ct *tiles = fuzz_encrypt(vector ? 0 : 1, 2);
        const sable_matrix_shape shape = {.struct_size = sizeof shape,
                                          .format = vector ? SABLE_COL_VECTOR : SABLE_MATRIX,
                                          .rows = vector ? 1 : 20,
                                          .cols = vector ? 60 : 30,
                                          .tile = {16, 32}};
        must(sable_matrix_save(w->queue, &shape, tiles, place("matrix", vector ? "vector" : "matrix"),
                               vector ? &full : NULL),
             sable_queue_error(w->queue));
        sable_ct_destroy(w->queue, &tiles);
    }
}

static void texts(fuzz_world *w) {
    sable_error err = {0};
    char *text = NULL;
    must(sable_params_write(w->params, &text, &err), err.text);
    put("params", "T10", text, strlen(text));
    sable_text_free(text);
    must(sable_params_save(w->params, place("params", "T10.sable"), &err), err.text);
    copy_to_container(place("params", "T10.sable"), "params");

    sable_model *model = NULL;
    must(sable_model_create(&model, 2, 3, true, &err), err.text);
    must(sable_model_save(model, place("model", "standard.json"), &err), err.text);
    must(sable_model_save(model, place("model", "standard.sable"), &err), err.text);
    copy_to_container(place("model", "standard.sable"), "model");
    sable_model_destroy(&model);
    static const char plain[] = "{\"format\":\"sable-model\",\"version\":1,\"classes\":1,\"features\":2,"
                                "\"weights\":[[1,-2.5e-3]],\"bias\":[0.5]}";
    static const char huge[] = "{\"format\":\"sable-model\",\"version\":1,\"classes\":1024,\"features\":1048576,"
                               "\"weights\":[[]],\"bias\":[]}";
    put("model", "plain", plain, sizeof plain - 1);
    put("model", "huge", huge, sizeof huge - 1);
}

static void tables(void) {
    static const struct {
        const char *name, *text;
        unsigned choice;
    } csv[] = {
        {"header", "a,b\n1,2\n-3.5e2,.25\n", 0},
        {"bare", "1,2\n3,4\n", 1},
        {"label", "a,y\n1,0\n2,1\n", 2},
        {"label_bare", "1,2\n0,3\n", 3},
        {"id", "id,y,a\nx,0,1\n\"q\"\"u,o\",1,2\n", 6},
        {"positive", "y,a\na,1\nb,2\n", 10},
        {"classes", "y,a\r\na,1\r\nb,2\r\n", 18},
        {"ignore", "a,x\n1,text\n2\n", 32},
        {"semicolon",
         "\xEF\xBB\xBF"
         "a;b\n1e-400;2\n",
         64},
        {"quoted", "\"a\",\"b\nc\"\n\"1\",\"2\"\n", 0},
    };
    for (size_t i = 0; i < sizeof csv / sizeof *csv; i++)
        put_table("csv", csv[i].name, csv[i].choice, csv[i].text, strlen(csv[i].text));

    static const struct {
        const char *name, *descr, *order, *shape;
        size_t bytes;
    } npy[] = {
        {"f8", "<f8", "False", "(2, 3)", 48}, {"fortran", "<f8", "True", "(2, 3)", 48},
        {"f4", "<f4", "False", "(4,)", 16},   {"i8", "<i8", "False", "(1, 1)", 8},
        {"u1", "|u1", "True", "(3, 2)", 6},   {"b1", "|b1", "False", "(3,)", 3},
    };
    for (size_t i = 0; i < sizeof npy / sizeof *npy; i++) {
        uint8_t bytes[256] = "\x93NUMPY\1\0";
        int n = snprintf((char *)bytes + 10, 160, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n", npy[i].descr,
                         npy[i].order, npy[i].shape);
        sable_put_u16(bytes + 8, (uint16_t)n);
        put_table("npy", npy[i].name, 0, bytes, 10 + (size_t)n + npy[i].bytes);
    }
    static const uint8_t images[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6};
    static const uint8_t labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 7, 9};
    put_table("idx", "images", 0, images, sizeof images);
    put_table("idx", "labels", 0, labels, sizeof labels);
}

/* What a run leaves that ends after its first block. */
static void journals(fuzz_world *w) {
    static uint8_t bytes[1 << 12];
    const char *sentence = sable_queue_error(w->queue);
    char name[4096];
    sable_error err = {0};
    sable_blocks_info info = {.struct_size = sizeof info, .kind = SABLE_BLOCKS_DATASET, .samples = 1200};
    must(sable_layout_choose(&info.layout, w->params, SABLE_PACK_FEATURE_MAJOR, 1, 1200, &err), err.text);
    const sable_blocks_origin origin = {.struct_size = sizeof origin};
    sable_blocks_writer *writer = NULL;
    sable_ct *block = fuzz_encrypt(0, 1);
    snprintf(name, sizeof name, "%s", place("journal", "data"));
    must(sable_blocks_create_resumable(w->queue, &writer, name, &info, block, &origin), sentence);
    must(sable_blocks_append(w->queue, writer, block), sentence);
    sable_blocks_suspend(&writer);
    sable_ct_destroy(w->queue, &block);
    snprintf(name, sizeof name, "%s", place("journal", "data.partial.journal"));
    FILE *file = fopen(name, "rb");
    fuzz_expect(file != NULL, "a journal is left");
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    fuzz_expect(remove(name) == 0 && remove(place("journal", "data.partial")) == 0, "nothing but seeds is left");
    put("journal", "blocks", bytes, size);
}

static void options(void) {
    static const char first[] = "--fast\0--runs=5\0--rate\0-0.5\0--drop=a,b\0file";
    static const char second[] = "--size\0"
                                 "8K\0--with=sk\0--name=x\0--\0--json\0-";
    static const char third[] = "--help\0--memory=8G\0--threads\0"
                                "2\0--allow-insecure\0--big=99999999999999999999";
    put("options", "first", first, sizeof first - 1);
    put("options", "second", second, sizeof second - 1);
    put("options", "third", third, sizeof third - 1);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    root = argv[1];
    fuzz_expect(mkdir(root, 0755) == 0 || errno == EEXIST, "the folder for seeds");
    fuzz_world *w = fuzz_open();
    ciphertexts(w);
    keys(w);
    datasets(w);
    matrices(w);
    texts(w);
    tables();
    journals(w);
    options();
    sable_keyset_destroy(w->queue, &w->keys);
    sable_secret_destroy(&w->secret);
    sable_queue_destroy(&w->queue);
    sable_ctx_destroy(&w->ctx);
    sable_params_destroy(&w->params);
    return 0;
}
