/* SPDX-License-Identifier: Apache-2.0 */
/* sable doctor: what this machine offers, what Sable will use, and what is missing. */
#include <curl/curl.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>
#ifdef _OPENMP
#include <omp.h>
#endif
#include <zlib.h>

#include "backend/plugin.h"
#include "build_info.h"
#include "sable/sable.h"
#include "tool/commands.h"
#include "tool/options.h"
#include "tool/process.h"
#include "tool/report.h"
#include "tool/session.h"

static bool usable = true;

static void line(const char *what, const char *value) { table_row("%s\t%s", what, value); }
static void problem(const char *sentence) {
    usable = false;
    warn("%s", sentence);
}

static void check_versions(void) {
    char openmp[32] = "not compiled in";
#ifdef _OPENMP
    snprintf(openmp, sizeof openmp, "%d", _OPENMP);
#endif
    report_text("version", sable_version());
    report_text("commit", SABLE_BUILD_COMMIT);
    report_value("libraries", json_pack("{s:s, s:s, s:s, s:s, s:s}", "libsodium", sodium_version_string(), "jansson",
                                        JANSSON_VERSION, "zlib", zlibVersion(), "libcurl",
                                        curl_version_info(CURLVERSION_NOW)->version, "openmp", openmp));
    char text[256];
    snprintf(text, sizeof text, "%s (%s)", sable_version(), SABLE_BUILD_COMMIT);
    line("sable", text);
    snprintf(text, sizeof text, "libsodium %s, jansson %s, zlib %s, libcurl %s, OpenMP %s", sodium_version_string(),
             JANSSON_VERSION, zlibVersion(), curl_version_info(CURLVERSION_NOW)->version, openmp);
    line("libraries", text);
    if (strcmp(sable_version(), SABLE_BUILD_VERSION) != 0) problem("the tool and libsable have different versions");
}

static void check_processor(void) {
    char name[128] = "unknown", features[160] = "";
    FILE *info = fopen("/proc/cpuinfo", "re");
    char row[256];
    while (info && fgets(row, sizeof row, info))
        if (strncmp(row, "model name", 10) == 0 && strchr(row, ':')) {
            snprintf(name, sizeof name, "%s", strchr(row, ':') + 2);
            name[strcspn(name, "\n")] = 0;
            break;
        }
    if (info) fclose(info);
#if defined(__x86_64__) && defined(__GNUC__)
    const struct {
        const char *name;
        bool there;
    } have[] = {{"avx2", __builtin_cpu_supports("avx2")},
                {"fma", __builtin_cpu_supports("fma")},
                {"avx512f", __builtin_cpu_supports("avx512f")},
                {"avx512bw", __builtin_cpu_supports("avx512bw")},
                {"avx512dq", __builtin_cpu_supports("avx512dq")},
                {"avx512ifma", __builtin_cpu_supports("avx512ifma")},
                {"avx512vnni", __builtin_cpu_supports("avx512vnni")}};
    for (size_t i = 0; i < sizeof have / sizeof *have; i++)
        if (have[i].there) {
            size_t used = strlen(features);
            snprintf(features + used, sizeof features - used, "%s%s", used ? " " : "", have[i].name);
        }
#endif
    report_text("processor", name);
    report_text("processor_features", features);
    line("processor", name);
    line("vector features", *features ? features : "none that Sable uses");
}

/* A version as CUDA writes it in one number: 12040 is 12.4. */
static unit_text shown_version(uint32_t version) {
    unit_text t;
    snprintf(t.text, sizeof t.text, "%u.%u", version / 1000, version % 1000 / 10);
    return t;
}

static json_t *describe_devices(const sable_device_list *list) {
    json_t *devices = json_array();
    for (uint32_t i = 0; i < list->count; i++) {
        const sable_device *d = &list->device[i];
        char capability[32], text[256];
        snprintf(capability, sizeof capability, "%u.%u", d->major, d->minor);
        json_array_append_new(devices,
                              json_pack("{s:i, s:s, s:s, s:I}", "number", (int)i, "name", d->name, "compute_capability",
                                        capability, "memory_bytes", (json_int_t)d->memory_bytes));
        snprintf(text, sizeof text, "%u: %s, compute capability %s, %s", i, d->name, capability,
                 shown_bytes(d->memory_bytes).text);
        line("device", text);
    }
    return devices;
}

/* The plug-in, the driver, the devices, or which of them is missing. */
static void check_cuda(const sable_params *params) {
    const sable_backend *plugin = NULL;
    char path[SABLE_PLUGIN_PATH], text[SABLE_PLUGIN_PATH + 128];
    sable_error why = {SABLE_OK, ""};
    sable_device_list list = {0};
    sable_status status = sable_plugin_load(&plugin, path, "cuda", &why);
    report_value("plugin", *path ? json_string(path) : json_null());
    if (status == SABLE_OK) {
        status = plugin->devices(&list, &why);
        report_text("cuda_driver", shown_version(list.driver).text);
        report_text("cuda_runtime", shown_version(list.runtime).text);
        snprintf(text, sizeof text, "%s: driver for CUDA %s, built with CUDA %s", path, shown_version(list.driver).text,
                 shown_version(list.runtime).text);
        line("plug-in", text);
    }
    report_value("devices", describe_devices(&list));
    if (status == SABLE_OK) { /* a small context, to see that the device computes */
        const sable_ctx_options cuda = {.struct_size = sizeof cuda, .backend = "cuda"};
        sable_ctx *ctx = NULL;
        status = sable_ctx_create(&ctx, params, &cuda, &why);
        sable_ctx_destroy(&ctx);
    }
    report_value("backends", status == SABLE_OK ? json_pack("[s, s]", "cpu", "cuda") : json_pack("[s]", "cpu"));
    report_text("cuda", status == SABLE_OK ? "available" : why.text);
    line("cuda", status == SABLE_OK ? "available; sable selftest --backend cuda checks it" : why.text);
}

static void check_backend(void) {
    session s;
    if (session_open(&s, "infer13") != SABLE_OK) {
        problem(s.err.text);
        report_value("backend", NULL);
        return;
    }
    sable_ctx_info info = {.struct_size = sizeof info};
    char paths[128] = "", text[256];
    json_t *list = json_array();
    static const char *const names[] = {"portable", "avx2", "avx512", "ifma", "amx"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const sable_ctx_options options = {.struct_size = sizeof options, .backend = "cpu", .cpu_path = names[i]};
        sable_ctx *ctx = NULL;
        if (sable_ctx_create(&ctx, s.params, &options, NULL) != SABLE_OK) continue;
        sable_ctx_destroy(&ctx);
        json_array_append_new(list, json_string(names[i]));
        size_t used = strlen(paths);
        snprintf(paths + used, sizeof paths - used, "%s%s", used ? ", " : "", names[i]);
    }
    if (sable_ctx_describe(s.ctx, &info) == SABLE_OK) {
        report_text("backend", info.backend);
        report_text("path", info.path);
        report_integer("threads", info.threads);
        snprintf(text, sizeof text, "%s %s, %u threads", info.backend, info.path, info.threads);
        line("will compute on", text);
    }
    report_value("paths", list);
    line("cpu paths", paths);
    check_cuda(s.params);
    session_close(&s);
}

static void check_memory(void) {
    uint64_t total = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE), available = 0;
    FILE *info = fopen("/proc/meminfo", "re");
    char row[128], text[256];
    while (info && fgets(row, sizeof row, info))
        if (strncmp(row, "MemAvailable:", 13) == 0) available = (uint64_t)strtoull(row + 13, NULL, 10) << 10;
    if (info) fclose(info);
    report_integer("processors", sysconf(_SC_NPROCESSORS_ONLN));
    report_integer("memory_bytes", (int64_t)total);
    report_integer("memory_available_bytes", (int64_t)available);
    snprintf(text, sizeof text, "%s of %s available, %ld processors", shown_bytes(available).text,
             shown_bytes(total).text, sysconf(_SC_NPROCESSORS_ONLN));
    line("memory", text);

    enum { SECRET_MOST = 1 << 18 }; /* a secret of the largest ring and its working copies */
    struct rlimit limit = {0, 0};
    getrlimit(RLIMIT_MEMLOCK, &limit);
    void *probe = sodium_malloc(SECRET_MOST);
    bool locks = probe && sodium_mlock(probe, SECRET_MOST) == 0;
    if (probe) sodium_free(probe);
    bool unlimited = limit.rlim_cur == RLIM_INFINITY;
    report_value("lock_limit_bytes", unlimited ? NULL : json_integer((json_int_t)limit.rlim_cur));
    report_bool("locks_secrets", locks);
    snprintf(text, sizeof text, "%s, limit %s",
             locks ? "secrets stay out of swap space" : "NOT possible: secrets may reach swap space",
             unlimited ? "none" : shown_bytes(limit.rlim_cur).text);
    line("locked memory", text);
    if (!locks)
        remark(
            "ulimit -l 1024 (or memlock in limits.conf, LimitMEMLOCK= of a service) lets Sable lock secrets in memory");
}

static void check_randomness(void) {
    unsigned char byte;
    errno = 0;
    bool ready = getrandom(&byte, 1, GRND_NONBLOCK) == 1;
    report_bool("randomness", ready);
    line("randomness", ready ? "the system's generator is seeded" : "the system's generator is NOT ready");
    if (!ready) problem("getrandom delivers nothing yet: keys cannot be made now");
}

static void check_disk(void) {
    struct statvfs fs;
    char text[128];
    if (statvfs(".", &fs) != 0) return;
    uint64_t space = (uint64_t)fs.f_bavail * fs.f_frsize;
    report_integer("disk_available_bytes", (int64_t)space);
    snprintf(text, sizeof text, "%s free in this folder", shown_bytes(space).text);
    line("disk", text);
}

int cmd_doctor(int argc, char **argv) {
    command_line command = {.name = "doctor",
                            .summary = "Tells what this machine offers, what Sable will use, and what is missing",
                            .common = COMMON_COMPUTE,
                            .notes = "Exit status 0: usable; 3: not."};
    int status = options_parse(&command, argc, argv);
    if (status >= 0) return status;
    check_versions();
    check_processor();
    check_backend();
    check_memory();
    check_randomness();
    check_disk();
    table_end();
    report_bool("usable", usable);
    say("%s", usable ? "usable" : "NOT usable: see the warnings");
    status = report_done();
    return status == EXIT_DONE && !usable ? EXIT_ENVIRONMENT : status;
}
