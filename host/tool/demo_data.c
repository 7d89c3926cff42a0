/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the demonstration and its split into training and test rows. */
#include <ctype.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/show.h"
#include "tool/demo.h"
#include "tool/download.h"
#include "tool/options.h"
#include "tool/report.h"
#include "tool/workspace.h"

sable_status demo_data_alloc(demo_data *data, size_t samples, uint32_t features, sable_error *err) {
    data->samples = samples;
    data->features = features;
    data->x = malloc(samples * features * sizeof *data->x);
    data->labels = malloc(samples * sizeof *data->labels);
    data->trains = calloc(samples, sizeof *data->trains);
    if (!data->x || !data->labels || !data->trains)
        return sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu samples of %u features", samples, features);
    return SABLE_OK;
}

void demo_fetch_later(demo_data *data, const char *url, const char *path, uint64_t bytes, uint64_t most) {
    if (data->fetches == DEMO_FETCHES_MOST) return;
    data->fetch[data->fetches++] = (demo_fetch){strdup(url), strdup(path), bytes, most};
}

void demo_data_clear(demo_data *data) {
    for (uint32_t i = 0; i < data->fetches; i++) {
        free(data->fetch[i].url);
        free(data->fetch[i].path);
    }
    free(data->x);
    free(data->labels);
    free(data->trains);
    memset(data, 0, sizeof *data);
}

/* ../share/sable/data seen from the program's folder: the same in a build tree and where it is installed. */
static sable_status shipped_file(char *path, size_t bytes, const char *name, sable_error *err) {
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0) return sable_fail(err, SABLE_IO, "the program's own folder is not known: /proc is needed");
    self[length] = 0;
    if ((size_t)snprintf(path, bytes, "%s/../share/sable/data/%s", dirname(self), name) >= bytes)
        return sable_fail(err, SABLE_IO, "the path of %s is too long", name);
    return SABLE_OK;
}

/* splitmix64: fixed, and the same on every machine. */
static uint64_t next_random(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* By a fixed permutation: one run is like the next. */
static sable_status split(demo_data *data, size_t train, sable_error *err) {
    size_t n = data->samples;
    size_t *order = malloc(n * sizeof *order);
    if (!order) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a permutation of %zu samples", n);
    uint64_t state = 1;
    for (size_t i = 0; i < n; i++) order[i] = i;
    for (size_t i = n - 1; i > 0; i--) {
        size_t j = next_random(&state) % (i + 1), kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
    data->train = train;
    for (size_t i = 0; i < data->train; i++) data->trains[order[i]] = true;
    free(order);
    data->count = n;
    data->split = "a fixed permutation";
    return SABLE_OK;
}

sable_status demo_data_take(demo_data *data, const sable_table *table, const char *path, size_t train,
                            sable_error *err) {
    if (table->rows < 10)
        return sable_fail(err, SABLE_DATA, "%s has %zu samples: 10 are needed to train and test",
                          sable_show_path(path).text, table->rows);
    if (table->features > 1u << 20)
        return sable_fail(err, SABLE_LIMIT, "%zu features; at most %u", table->features, 1u << 20);
    SABLE_TRY(demo_data_alloc(data, table->rows, (uint32_t)table->features, err));
    memcpy(data->x, table->values, table->rows * table->features * sizeof *data->x);
    for (size_t i = 0; i < table->rows; i++) {
        double label = table->labels[i];
        if (label != 0 && label != 1)
            return sable_fail(err, SABLE_DATA,
                              "%s: label %g of sample %zu: 0 and 1 are needed; --positive names a text that is 1",
                              sable_show_path(path).text, label, i + 1);
        data->labels[i] = label == 1;
    }
    data->standardise = true;
    return split(data, train, err);
}

static sable_status read_table(demo_data *data, const demo_options *o, const char *path, sable_error *err) {
    sable_table_options options;
    sable_table_options_init(&options);
    options.label_column = o->label ? o->label : "diagnosis";
    options.id_column = o->id;
    options.label_positive = o->positive;
    sable_table *table = NULL;
    SABLE_TRY(sable_table_read(&table, path, &options, err));
    sable_status status = demo_data_take(data, table, path, table->rows * 7 / 10, err);
    sable_table_destroy(&table);
    return status;
}

/* Kept in the cache under its digest: a second run needs no network. */
static sable_status fetched_file(demo_data *data, char *path, size_t bytes, const demo_options *o, sable_error *err) {
    char folder[PATH_MAX];
    SABLE_TRY(download_cache_path(folder, sizeof folder, err));
    char name[65] = "";
    for (size_t i = 0; i < 64; i++) name[i] = (char)tolower((unsigned char)o->sha256[i]);
    if ((size_t)snprintf(path, bytes, "%s/%s", folder, name) >= bytes)
        return sable_fail(err, SABLE_IO, "the path of the cache folder is too long");
    const uint64_t most_content = 64 * o->download_most;
    if (path_exists(path) && download_verify(path, o->sha256, most_content, NULL) == SABLE_OK) return SABLE_OK;
    if (settings.dry_run) {
        const char *local = download_local_path(o->data);
        demo_fetch_later(data, o->data, path, local ? file_bytes(local) : 0, o->download_most);
        return SABLE_OK;
    }
    SABLE_TRY(download_cache_make(folder, err));
    remark("downloading %s", o->data);
    const download_request request = {o->data, path, o->sha256, "data", o->download_most, most_content};
    return download_file(&request, err);
}

sable_status demo_data_load(demo_data *data, const demo_options *o, sable_error *err) {
    memset(data, 0, sizeof *data);
    if (strcmp(o->data, "mnist-3v8") == 0) return demo_mnist_load(data, o, err);
    char path[PATH_MAX];
    demo_options with = *o;
    if (strcmp(o->data, "breast-cancer") == 0) {
        SABLE_TRY(shipped_file(path, sizeof path, "breast_cancer.csv", err));
        with.label = "diagnosis";
        with.id = "id";
    } else if (download_is_url(o->data))
        SABLE_TRY(fetched_file(data, path, sizeof path, o, err));
    else if ((size_t)snprintf(path, sizeof path, "%s", o->data) >= sizeof path)
        return sable_fail(err, SABLE_INVALID, "--data: the path is too long");
    const char *slash = strrchr(o->data, '/');
    snprintf(data->name, sizeof data->name, "%.60s", slash ? slash + 1 : o->data);
    return data->fetches ? SABLE_OK : read_table(data, &with, path, err);
}
