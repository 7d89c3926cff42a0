/* SPDX-License-Identifier: Apache-2.0 */
#include "client/rng.h"

#include <sodium.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef SABLE_TEST_RNG
#include <pthread.h>
#endif

/* Fills its own pages: the kernel can then hand a forked child zeros in their place. */
struct sable_rng {
    uint64_t live; /* 0 in a page that fork has wiped */
    uint64_t counter;
    int64_t pid;
    bool insecure;
    uint8_t key[SABLE_SEED_BYTES];
    uint64_t test_stream, test_draws; /* test build only */
};

static const char *const domain_names[SABLE_DOMAIN_COUNT] = {"sk",     "sk-eph", "pk-e",  "enc-u",
                                                             "enc-e0", "enc-e1", "ksk-e", "flood"};

const char *sable_domain_name(sable_domain domain) { return domain_names[domain]; }

static void hash_key(uint8_t out[SABLE_SEED_BYTES], const uint8_t key[SABLE_SEED_BYTES], const char *label,
                     const uint8_t *data, size_t bytes) {
    crypto_generichash_state state;
    crypto_generichash_init(&state, key, SABLE_SEED_BYTES, SABLE_SEED_BYTES);
    crypto_generichash_update(&state, (const uint8_t *)label, strlen(label));
    crypto_generichash_update(&state, data, bytes);
    crypto_generichash_final(&state, out, SABLE_SEED_BYTES);
    sodium_memzero(&state, sizeof state);
}

void sable_domain_key(uint8_t key[SABLE_SEED_BYTES], const uint8_t half[SABLE_SEED_BYTES], sable_domain domain) {
    const char *name = sable_domain_name(domain);
    hash_key(key, half, "sable/v1/rng/", (const uint8_t *)name, strlen(name));
}

/* -- where entropy comes from -------------------------------------------------------------------------------------- */

#ifdef SABLE_TEST_RNG
static struct {
    pthread_mutex_t lock;
    bool active;
    uint8_t seed[SABLE_SEED_BYTES];
    uint64_t generators;
} test_rng = {.lock = PTHREAD_MUTEX_INITIALIZER};

void sable_test_rng_seed(const uint8_t seed[SABLE_SEED_BYTES]) {
    pthread_mutex_lock(&test_rng.lock);
    memcpy(test_rng.seed, seed, sizeof test_rng.seed);
    test_rng.active = true;
    test_rng.generators = 0;
    pthread_mutex_unlock(&test_rng.lock);
}

static void test_join(sable_rng *rng) {
    pthread_mutex_lock(&test_rng.lock);
    rng->insecure = test_rng.active;
    rng->test_stream = test_rng.generators++;
    pthread_mutex_unlock(&test_rng.lock);
}

static bool test_bytes(sable_rng *rng, uint8_t *out, size_t bytes) {
    if (!rng->insecure) return false;
    while (bytes) {
        uint8_t block[SABLE_SEED_BYTES];
        uint64_t at[2] = {rng->test_stream, rng->test_draws++};
        hash_key(block, test_rng.seed, "sable/v1/test-rng", (const uint8_t *)at, sizeof at);
        size_t take = bytes < sizeof block ? bytes : sizeof block;
        memcpy(out, block, take);
        out += take;
        bytes -= take;
    }
    return true;
}
#else
static void test_join(sable_rng *rng) { rng->insecure = false; }
static bool test_bytes(sable_rng *rng, uint8_t *out, size_t bytes) {
    (void)rng, (void)out, (void)bytes;
    return false;
}
#endif

static void entropy(sable_rng *rng, uint8_t *out, size_t bytes) {
    /* randombytes_buf waits until the system's generator is ready and ends the process when there is none: it never
     * falls back. */
    if (!test_bytes(rng, out, bytes)) randombytes_buf(out, bytes);
}

static void seed(sable_rng *rng) {
    entropy(rng, rng->key, sizeof rng->key);
    rng->pid = (int64_t)getpid();
    rng->live = 1;
}

/* -- generator ----------------------------------------------------------------------------------------------------- */

sable_status sable_rng_create(sable_rng **out, sable_error *err) {
    if (sodium_init() < 0)
        return sable_fail(err, SABLE_INTERNAL, "libsodium did not initialise: no source of randomness");
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    sable_rng *rng = sodium_malloc((sizeof *rng + page - 1) / page * page);
    if (!rng) return sable_fail(err, SABLE_NO_MEMORY, "no guarded memory for a random generator");
#ifdef MADV_WIPEONFORK
    /* A kernel without it leaves the check of the process id. */
    (void)madvise(rng, page, MADV_WIPEONFORK);
#endif
    sable_status status = sable_rng_restart(rng, err);
    if (status == SABLE_OK)
        *out = rng;
    else
        sodium_free(rng);
    return status;
}

void sable_rng_wipe(sable_rng *rng) { sodium_memzero(rng, sizeof *rng); }

sable_status sable_rng_restart(sable_rng *rng, sable_error *err) {
    sable_rng_wipe(rng);
    test_join(rng);
    /* Repetition test: two equal draws of 256 bits mean a stuck source. */
    uint8_t first[SABLE_SEED_BYTES], second[SABLE_SEED_BYTES];
    entropy(rng, first, sizeof first);
    entropy(rng, second, sizeof second);
    bool stuck = sodium_memcmp(first, second, sizeof first) == 0;
    sodium_memzero(first, sizeof first);
    sodium_memzero(second, sizeof second);
    if (stuck)
        return sable_fail(err, SABLE_INTERNAL,
                          "the system's random generator returned the same 32 bytes twice: nothing was made");
    seed(rng);
    return SABLE_OK;
}

void sable_rng_destroy(sable_rng **rng) {
    if (!rng || !*rng) return;
    sodium_free(*rng);
    *rng = NULL;
}

void sable_rng_derive(sable_rng *rng, sable_domain domain, uint8_t key[SABLE_SEED_BYTES]) {
    if (!rng->live || rng->pid != (int64_t)getpid() || rng->counter == UINT64_MAX) {
        rng->counter = 0; /* under a new key */
        seed(rng);
    }
    uint8_t block[2 * SABLE_SEED_BYTES], nonce[crypto_stream_chacha20_NONCEBYTES];
    for (size_t i = 0; i < sizeof nonce; i++) nonce[i] = (uint8_t)(rng->counter >> (8 * i));
    rng->counter++;
    crypto_stream_chacha20(block, sizeof block, nonce, rng->key);
    memcpy(rng->key, block, SABLE_SEED_BYTES);
    sable_domain_key(key, block + SABLE_SEED_BYTES, domain);
    sodium_memzero(block, sizeof block);
}

void sable_rng_public(sable_rng *rng, uint8_t *out, size_t bytes) { entropy(rng, out, bytes); }

bool sable_rng_insecure(const sable_rng *rng) { return rng->insecure; }

/* -- streams ------------------------------------------------------------------------------------------------------- */

void sable_stream_open(sable_stream *stream, const uint8_t key[SABLE_SEED_BYTES]) {
    memcpy(stream->key, key, sizeof stream->key);
    stream->chunk = 0;
    stream->used = sizeof stream->buffer;
}

void sable_stream_seek(sable_stream *stream, uint64_t chunk) {
    stream->chunk = chunk;
    stream->used = sizeof stream->buffer;
}

static void refill(sable_stream *stream) {
    uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
    for (size_t i = 0; i < sizeof nonce; i++) nonce[i] = (uint8_t)(stream->chunk >> (8 * i));
    stream->chunk++; /* 2^64 chunks of 4 KiB: never wraps */
    crypto_stream_chacha20(stream->buffer, sizeof stream->buffer, nonce, stream->key);
    stream->used = 0;
}

void sable_stream_read(sable_stream *stream, void *out, size_t bytes) {
    uint8_t *to = out;
    while (bytes) {
        if (stream->used == sizeof stream->buffer) refill(stream);
        size_t left = sizeof stream->buffer - stream->used, take = bytes < left ? bytes : left;
        memcpy(to, stream->buffer + stream->used, take);
        sodium_memzero(stream->buffer + stream->used, take);
        stream->used += take;
        to += take;
        bytes -= take;
    }
}

void sable_stream_wipe(sable_stream *stream) { sodium_memzero(stream, sizeof *stream); }
