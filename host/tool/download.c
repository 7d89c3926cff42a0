/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/download.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/fail.h"
#include "sable/io.h"
#include "tool/report.h"

#ifndef CURL_WRITEFUNC_ERROR /* before libcurl 7.87 */
#define CURL_WRITEFUNC_ERROR 0
#endif

/* -- the content and its digest -------------------------------------------------------------------------------------- */

/* What a stream of bytes is fed to: hashes the content, unpacking it when the first byte is that of a gzip file (no table
 * format starts with it). */
typedef struct content {
    crypto_hash_sha256_state sha;
    z_stream zip;
    bool started, packed, ended;
    uint64_t bytes, most_content;
} content;

static void content_begin(content *c, uint64_t most_content) {
    memset(c, 0, sizeof *c);
    c->most_content = most_content;
    crypto_hash_sha256_init(&c->sha);
}

static void content_release(content *c) {
    if (c->packed) inflateEnd(&c->zip);
    c->packed = false;
}

static sable_status content_hash(content *c, const uint8_t *data, size_t bytes, sable_error *err) {
    c->bytes += bytes;
    if (c->bytes > c->most_content)
        return sable_fail(err, SABLE_LIMIT, "the content is larger than the %llu bytes that are allowed",
                          (unsigned long long)c->most_content);
    crypto_hash_sha256_update(&c->sha, data, bytes);
    return SABLE_OK;
}

static sable_status content_take(content *c, uint8_t *data, size_t bytes, sable_error *err) {
    if (bytes == 0) return SABLE_OK;
    if (!c->started && data[0] == 0x1f) {
        if (inflateInit2(&c->zip, 15 + 16) != Z_OK) return sable_fail(err, SABLE_NO_MEMORY, "no memory to unpack");
        c->packed = true;
    }
    c->started = true;
    if (!c->packed) return content_hash(c, data, bytes, err);
    c->zip.next_in = data;
    c->zip.avail_in = (uInt)bytes;
    while (c->zip.avail_in > 0) {
        static uint8_t unpacked[1 << 16]; /* one download at a time */
        if (c->ended) return sable_fail(err, SABLE_FORMAT, "bytes follow the end of the gzip file");
        c->zip.next_out = unpacked;
        c->zip.avail_out = sizeof unpacked;
        int code = inflate(&c->zip, Z_NO_FLUSH);
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
            return sable_fail(err, SABLE_FORMAT, "the gzip file is damaged: %s",
                              c->zip.msg ? c->zip.msg : "no reason given");
        SABLE_TRY(content_hash(c, unpacked, sizeof unpacked - c->zip.avail_out, err));
        c->ended = code == Z_STREAM_END;
        if (code == Z_BUF_ERROR) break;
    }
    return SABLE_OK;
}

static sable_status content_check(content *c, const char *sha256, sable_error *err) {
    if (c->packed && !c->ended) return sable_fail(err, SABLE_FORMAT, "the gzip file is truncated");
    uint8_t digest[crypto_hash_sha256_BYTES];
    char hex[2 * sizeof digest + 1];
    crypto_hash_sha256_final(&c->sha, digest);
    sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
    if (strcasecmp(hex, sha256) != 0)
        return sable_fail(err, SABLE_FORMAT, "its SHA-256 is %.16s..., expected %.16s...: not the file that is wanted",
                          hex, sha256);
    return SABLE_OK;
}

/* -- transfer -------------------------------------------------------------------------------------------------------- */

typedef struct transfer {
    const download_request *request;
    content content;
    sable_atomic_file *file;
    uint64_t received;
    sable_error err; /* why a callback ended the transfer */
} transfer;

static sable_status take(transfer *t, uint8_t *data, size_t bytes) {
    t->received += bytes;
    if (t->received > t->request->most_bytes)
        return sable_fail(&t->err, SABLE_LIMIT, "more than the %llu bytes that are allowed",
                          (unsigned long long)t->request->most_bytes);
    SABLE_TRY(content_take(&t->content, data, bytes, &t->err));
    return sable_atomic_file_write(t->file, data, bytes, &t->err);
}

static size_t on_data(char *data, size_t size, size_t count, void *user) {
    return take(user, (uint8_t *)data, size * count) == SABLE_OK ? size * count : CURL_WRITEFUNC_ERROR;
}

static int on_progress(void *user, curl_off_t total, curl_off_t done, curl_off_t up_total, curl_off_t up_done) {
    (void)up_total, (void)up_done;
    const transfer *t = user;
    if (total > 0) progress(t->request->name, (uint64_t)done, (uint64_t)total);
    return 0;
}

static void set_options(CURL *curl, transfer *t, char *reason) {
    curl_easy_setopt(curl, CURLOPT_URL, t->request->url);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http,file");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "https,http"); /* a server must not point at local files */
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTPS | CURLPROTO_HTTP | CURLPROTO_FILE));
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS, (long)(CURLPROTO_HTTPS | CURLPROTO_HTTP));
#endif
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 5L);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 20L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1000L); /* slower than this for half a minute is broken */
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 30L);
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->request->most_bytes);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "sable");
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t);
}

static sable_status perform(transfer *t, sable_error *err) {
    const char *url = t->request->url;
    char reason[CURL_ERROR_SIZE] = "";
    CURL *curl = curl_easy_init();
    if (!curl) return sable_fail(err, SABLE_NO_MEMORY, "libcurl cannot be set up");
    set_options(curl, t, reason);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    progress_end();
    if (code == CURLE_OK) return SABLE_OK;
    if (t->err.code) return sable_fail(err, t->err.code, "%s: %s", url, t->err.text);
    if (code == CURLE_FILESIZE_EXCEEDED)
        return sable_fail(err, SABLE_LIMIT, "%s: more than the %llu bytes that are allowed", url,
                          (unsigned long long)t->request->most_bytes);
    return sable_fail(err, SABLE_IO, "%s: %s", url, reason[0] ? reason : curl_easy_strerror(code));
}

sable_status download_file(const download_request *request, sable_error *err) {
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return sable_fail(err, SABLE_INTERNAL, "libsodium or libcurl cannot be set up");
    transfer t = {.request = request};
    SABLE_TRY(sable_atomic_file_open(&t.file, request->path, 0644, err));
    content_begin(&t.content, request->most_content);
    sable_status status = perform(&t, err);
    sable_error why = {0};
    if (status == SABLE_OK && content_check(&t.content, request->sha256, &why) != SABLE_OK)
        status = sable_fail(err, why.code, "%s: %s", request->url, why.text);
    content_release(&t.content);
    if (status == SABLE_OK) return sable_atomic_file_commit(&t.file, err);
    sable_atomic_file_abort(&t.file);
    return status;
}

sable_status download_verify(const char *path, const char *sha256, uint64_t most_content, sable_error *err) {
    if (sodium_init() < 0) return sable_fail(err, SABLE_INTERNAL, "libsodium cannot be set up");
    FILE *file = fopen(path, "rbe");
    if (!file) return sable_fail(err, SABLE_IO, "%s: %s", path, strerror(errno));
    content c;
    content_begin(&c, most_content);
    uint8_t buffer[1 << 14];
    sable_error why = {0};
    sable_status status = SABLE_OK;
    size_t got;
    while (status == SABLE_OK && (got = fread(buffer, 1, sizeof buffer, file)) > 0)
        status = content_take(&c, buffer, got, &why);
    if (status == SABLE_OK && ferror(file)) status = sable_fail(&why, SABLE_IO, "reading failed");
    fclose(file);
    if (status == SABLE_OK) status = content_check(&c, sha256, &why);
    content_release(&c);
    return status == SABLE_OK ? SABLE_OK : sable_fail(err, status, "%s: %s", path, why.text);
}

int download_is_url(const char *text) {
    return strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0 || strncmp(text, "file://", 7) == 0;
}

const char *download_local_path(const char *url) {
    return strncmp(url, "file:///", 8) == 0 ? url + sizeof "file://" - 1 : NULL;
}

/* -- the cache folder ------------------------------------------------------------------------------------------------ */

sable_status download_cache_path(char *path, size_t bytes, sable_error *err) {
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int length;
    /* The base-directory specification: a relative path is to be ignored. */
    if (cache && cache[0] == '/')
        length = snprintf(path, bytes, "%s/sable", cache);
    else if (home && home[0] == '/')
        length = snprintf(path, bytes, "%s/.cache/sable", home);
    else
        return sable_fail(err, SABLE_IO,
                          "no folder for downloads: neither XDG_CACHE_HOME nor HOME is an absolute path");
    if (length < 0 || (size_t)length >= bytes)
        return sable_fail(err, SABLE_IO, "the path of the cache folder is too long");
    return SABLE_OK;
}

sable_status download_cache_make(const char *path, sable_error *err) {
    char folder[PATH_MAX];
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
        if (mkdir(folder, 0755) != 0 && errno != EEXIST)
            return sable_fail(err, SABLE_IO, "%s: its folder cannot be made: %s", path, strerror(errno));
    }
    if (mkdir(path, 0755) != 0 && errno != EEXIST) return sable_fail(err, SABLE_IO, "%s: %s", path, strerror(errno));
    return SABLE_OK;
}
