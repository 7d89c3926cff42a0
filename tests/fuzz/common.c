/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void fuzz_expect(bool holds, const char *promise) {
    if (holds) return;
    fprintf(stderr, "broken promise: %s\n", promise);
    abort();
}

bool fuzz_settled(sable_status status, const char *sentence) {
    if (status == SABLE_OK) return true;
    if (status < 0 || !*sentence) fprintf(stderr, "status %s: %s\n", sable_status_name(status), sentence);
    fuzz_expect(status > 0, "an input never breaks the queue or an invariant");
    fuzz_expect(*sentence, "a refusal has a sentence");
    return false;
}

const char *fuzz_file(const uint8_t *data, size_t size) {
    static int fd = -1;
    static char path[40];
    if (fd < 0) {
        fd = memfd_create("input", MFD_CLOEXEC);
        fuzz_expect(fd >= 0 && fchmod(fd, 0600) == 0, "a file in memory");
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    fuzz_expect(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size,
                "a file in memory takes the input");
    return path;
}

static void done(sable_status status, const sable_error *err) {
    if (status != SABLE_OK) fprintf(stderr, "%s\n", err->text);
    fuzz_expect(status == SABLE_OK, "the world can be made");
}

fuzz_world *fuzz_open(void) {
    static fuzz_world w;
    if (w.ctx) return &w;
    sable_error err = {0};
    const sable_params_options allow = {sizeof allow, true};
    const sable_ctx_options one = {.struct_size = sizeof one, .backend = "cpu", .threads = 1};
    done(sable_params_load(&w.params, "T10", &allow, &err), &err);
    done(sable_ctx_create(&w.ctx, w.params, &one, &err), &err);
    done(sable_queue_create(&w.queue, w.ctx, NULL, &err), &err);
    done(sable_secret_generate(&w.secret, w.ctx, &err), &err);
    sable_key_spec *spec = NULL;
    done(sable_key_spec_create(&spec, w.params, &err), &err);
    done(sable_key_spec_add_relin(spec, 0, 1, &err), &err);
    done(sable_key_spec_add_rotation(spec, 1, 0, 0, 1, &err), &err);
    done(sable_keyset_generate(w.queue, &w.keys, w.secret, spec), &err);
    sable_key_spec_destroy(&spec);
    return &w;
}

sable_ct *fuzz_encrypt(uint32_t level, uint32_t batch) {
    fuzz_world *w = fuzz_open();
    sable_error err = {0};
    enum { SLOTS = 512 };
    double *values = calloc((size_t)batch * SLOTS, sizeof *values);
    fuzz_expect(values != NULL, "memory for values");
    for (size_t i = 0; i < (size_t)batch * SLOTS; i++) values[i] = sin(0.1 * (double)i);
    sable_pt *pt = NULL;
    sable_ct *ct = NULL;
    const sable_encoding e = {.struct_size = sizeof e, .level = level, .batch = batch, .bound = 1};
    done(sable_pt_create(&pt, w->ctx, &err), &err);
    done(sable_ct_create(&ct, w->ctx, &err), &err);
    done(sable_encode(w->queue, pt, values, (size_t)batch * SLOTS, &e), &err);
    done(sable_encrypt_secret(w->queue, ct, pt, w->secret), &err);
    sable_pt_destroy(w->queue, &pt);
    free(values);
    return ct;
}

void fuzz_use(const sable_ct *ct) {
    fuzz_world *w = fuzz_open();
    sable_error err = {0};
    sable_ct *out = NULL;
    sable_ct_info info = {.struct_size = sizeof info};
    fuzz_settled(sable_ct_describe(ct, &info), "describe");
    fuzz_expect(!info.empty && info.bytes > 0, "a loaded ciphertext is not empty");
    done(sable_ct_create(&out, w->ctx, &err), &err);
    fuzz_settled(sable_add(w->queue, out, ct, ct), sable_queue_error(w->queue));
    if (info.batch <= 2) {
        fuzz_settled(sable_rescale(w->queue, out, ct), sable_queue_error(w->queue));
        fuzz_settled(sable_tensor(w->queue, out, ct, ct), sable_queue_error(w->queue));
        fuzz_settled(sable_multiply(w->queue, out, ct, ct, w->keys), sable_queue_error(w->queue));
        double values[2 * 512 * 2];
        fuzz_settled(sable_decrypt(w->queue, values, (size_t)info.batch * info.slots, false, ct, w->secret),
                     sable_queue_error(w->queue));
    }
    fuzz_settled(sable_queue_sync(w->queue), sable_queue_error(w->queue));
    sable_ct_destroy(w->queue, &out);
}
