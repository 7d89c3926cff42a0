/* SPDX-License-Identifier: Apache-2.0 */
/* MNIST, digits 3 against 8, as the HELR benchmark has them: 14 x 14 pixels, each ((sum over a 2 x 2 block of p >> 5) >> 2) in 0..7. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/demo.h"
#include "tool/download.h"
#include "tool/options.h"
#include "tool/report.h"
#include "tool/workspace.h"

enum { SIDE = 28, HALF = SIDE / 2, PIXELS = SIDE * SIDE, FEATURES = HALF * HALF, PARTS = 2 };

/* The originals, as `FILE.gz`. Digests are of the unpacked files; mirrors may pack them otherwise. */
static const struct {
    const char *name, *sha256;
    uint64_t content, packed;
} originals[2 * PARTS] = {
    {"train-images-idx3-ubyte.gz", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db", 47040016,
     9912422},
    {"train-labels-idx1-ubyte.gz", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5", 60008, 28881},
    {"t10k-images-idx3-ubyte.gz", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", 7840016, 1648877},
    {"t10k-labels-idx1-ubyte.gz", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2", 10008, 4542},
};
static const char *const derived[PARTS] = {"mnist_3v8_train.csv.gz", "mnist_3v8_test.csv.gz"};
static const uint64_t samples_of[PARTS] = {11982, 1984};
static const char *const mirrors[] = {"https://ossci-datasets.s3.amazonaws.com/mnist",
                                      "https://storage.googleapis.com/cvdf-datasets/mnist", NULL};

static sable_status check_count(size_t count, size_t part, const char *path, sable_error *err) {
    if (count == samples_of[part]) return SABLE_OK;
    return sable_fail(err, SABLE_DATA, "%s: %zu threes and eights; MNIST has %llu here", path, count,
                      (unsigned long long)samples_of[part]);
}

/* -- the derived tables ---------------------------------------------------------------------------------------------- */

static sable_status read_derived(demo_data *data, size_t part, size_t at, const char *path, sable_error *err) {
    sable_table_options options;
    sable_table_options_init(&options);
    options.label_column = "Num";
    sable_table *table = NULL;
    SABLE_TRY(sable_table_read(&table, path, &options, err));
    sable_status status = check_count(table->rows, part, path, err);
    if (status == SABLE_OK && table->features != FEATURES)
        status = sable_fail(err, SABLE_DATA, "%s: %zu features, expected %d", path, table->features, FEATURES);
    for (size_t i = 0; status == SABLE_OK && i < table->rows; i++) {
        for (size_t j = 0; j < FEATURES; j++) data->x[(at + i) * FEATURES + j] = table->values[i * FEATURES + j] / 7;
        data->labels[at + i] = table->labels[i] > 0.5;
    }
    sable_table_destroy(&table);
    return status;
}

/* -- the originals --------------------------------------------------------------------------------------------------- */

static void shrink(double *out, const double *pixels) {
    for (int r = 0; r < HALF; r++)
        for (int c = 0; c < HALF; c++) {
            const double *p = pixels + 2 * r * SIDE + 2 * c;
            unsigned sum =
                ((unsigned)p[0] >> 5) + ((unsigned)p[1] >> 5) + ((unsigned)p[SIDE] >> 5) + ((unsigned)p[SIDE + 1] >> 5);
            out[r * HALF + c] = (sum >> 2) / 7.0;
        }
}

static sable_status read_rows(demo_data *data, size_t part, size_t at, sable_rows *rows, const char *path,
                              sable_error *err) {
    if (sable_rows_features(rows) != PIXELS)
        return sable_fail(err, SABLE_DATA, "%s: %zu pixels an image, expected %d", path, sable_rows_features(rows),
                          PIXELS);
    double pixels[PIXELS], label;
    size_t count = 0;
    for (int more = 1;;) {
        SABLE_TRY(sable_rows_next(rows, pixels, &label, NULL, &more, err));
        if (!more) return check_count(count, part, path, err);
        if (label != 3 && label != 8) continue;
        if (count == samples_of[part]) return check_count(count + 1, part, path, err);
        shrink(data->x + (at + count) * FEATURES, pixels);
        data->labels[at + count++] = label == 8;
    }
}

static sable_status read_original(demo_data *data, size_t part, size_t at, const char *folder, sable_error *err) {
    char *images = path_join(folder, originals[2 * part].name),
         *labels = path_join(folder, originals[2 * part + 1].name);
    sable_table_options options;
    sable_table_options_init(&options);
    options.labels_path = labels;
    sable_rows *rows = NULL;
    sable_status status = sable_rows_open(&rows, images, &options, err);
    if (status == SABLE_OK) status = read_rows(data, part, at, rows, images, err);
    sable_rows_close(&rows);
    free(images);
    free(labels);
    return status;
}

/* -- where they come from -------------------------------------------------------------------------------------------- */

static bool all_there(const char *folder, bool raw) {
    for (size_t i = 0; i < (raw ? 2 * PARTS : PARTS); i++) {
        char *path = path_join(folder, raw ? originals[i].name : derived[i]);
        bool there = path_exists(path);
        free(path);
        if (!there) return false;
    }
    return true;
}

enum { PACKED_MOST = 16 << 20 };

static sable_status fetch(demo_data *data, const char *folder, size_t i, const char *mirror, sable_error *err) {
    char *path = path_join(folder, originals[i].name), *url = path_join(mirror, originals[i].name);
    sable_status status = SABLE_OK;
    const bool there =
        path_exists(path) && download_verify(path, originals[i].sha256, originals[i].content, NULL) == SABLE_OK;
    if (!there && settings.dry_run) {
        const char *local = download_local_path(url);
        demo_fetch_later(data, url, path, local ? file_bytes(local) : originals[i].packed, PACKED_MOST);
    } else if (!there) {
        remark("downloading %s", url);
        const download_request request = {
            url, path, originals[i].sha256, originals[i].name, PACKED_MOST, originals[i].content};
        status = download_file(&request, err);
    }
    free(path);
    free(url);
    return status;
}

static sable_status fetch_all(demo_data *data, const char *folder, const char *mirror, sable_error *err) {
    if (!settings.dry_run) SABLE_TRY(download_cache_make(folder, err));
    for (size_t i = 0; i < 2 * PARTS; i++) {
        sable_error why = {0};
        sable_status status = SABLE_IO;
        if (mirror) status = fetch(data, folder, i, mirror, &why);
        for (size_t m = 0; !mirror && mirrors[m] && status != SABLE_OK; m++)
            status = fetch(data, folder, i, mirrors[m], &why);
        if (status == SABLE_IO)
            return sable_fail(
                err, status,
                "%s. Without a network put the four MNIST files (%s, ...) into a folder and set SABLE_DATA to it",
                why.text, originals[0].name);
        if (status != SABLE_OK) return sable_fail(err, status, "%s", why.text);
    }
    return SABLE_OK;
}

static sable_status load_parts(demo_data *data, const demo_options *o, sable_error *err) {
    const char *given = getenv("SABLE_DATA");
    char cache[PATH_MAX];
    bool raw = true;
    if (given && *given && all_there(given, false))
        raw = false;
    else if (!given || !*given || !all_there(given, true)) {
        SABLE_TRY(download_cache_path(cache, sizeof cache, err));
        SABLE_TRY(fetch_all(data, cache, o->mirror, err));
        if (data->fetches) return SABLE_OK;
        given = cache;
    }
    SABLE_TRY(demo_data_alloc(data, data->samples, FEATURES, err));
    size_t at = 0;
    for (size_t part = 0; part < PARTS; at += samples_of[part++]) {
        if (raw)
            SABLE_TRY(read_original(data, part, at, given, err));
        else {
            char *path = path_join(given, derived[part]);
            sable_status status = read_derived(data, part, at, path, err);
            free(path);
            SABLE_TRY(status);
        }
    }
    return SABLE_OK;
}

sable_status demo_mnist_load(demo_data *data, const demo_options *o, sable_error *err) {
    snprintf(data->name, sizeof data->name, "mnist-3v8");
    data->samples = samples_of[0] + samples_of[1];
    data->features = FEATURES;
    SABLE_TRY(load_parts(data, o, err));
    data->train = samples_of[0];
    if (data->trains) memset(data->trains, true, samples_of[0]);
    data->first = o->all ? 0 : samples_of[0];
    data->count = data->samples - data->first;
    data->split = "MNIST's own";
    return SABLE_OK;
}
