/* SPDX-License-Identifier: Apache-2.0 */
/* Fingerprints of a parameter set. The layout is part of the file formats: never change it, start a new domain
 * instead. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "ring/params_internal.h"

static void add32(sable_hash_state *h, uint32_t x) {
    uint8_t bytes[4] = {(uint8_t)x, (uint8_t)(x >> 8), (uint8_t)(x >> 16), (uint8_t)(x >> 24)};
    sable_hash_update(h, bytes, sizeof bytes);
}

static void add_double(sable_hash_state *h, double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    add32(h, (uint32_t)bits);
    add32(h, (uint32_t)(bits >> 32));
}

/* Everything that defines what ciphertexts and keys of the set mean, and under which security rule it was accepted;
 * not its name. */
static void digest_set(sable_params *p) {
    static const char domain[] = "sable/v1/params";
    sable_hash_state h;
    sable_hash_init(&h);
    sable_hash_update(&h, domain, sizeof domain - 1);
    add32(&h, p->log_n);
    add32(&h, p->terminals);
    add32(&h, p->q_count);
    add32(&h, p->p_count);
    for (uint32_t i = 0; i < p->q_count + p->p_count; i++) add32(&h, p->prime[i]);
    add32(&h, p->top_level);
    for (uint32_t l = 0; l <= p->top_level; l++) {
        add32(&h, p->nt[l]);
        add32(&h, p->nm[l]);
        add_double(&h, p->scale[l].hi);
        add_double(&h, p->scale[l].lo);
    }
    add32(&h, p->alpha);
    add32(&h, 0); /* secret: uniform ternary */
    add32(&h, 0); /* error: CBD21 */
    add32(&h, p->security_bits);
    add32(&h, p->security_model);
    add32(&h, p->insecure);
    const sable_boot_plan *b = &p->boot;
    add32(&h, b->stc_levels);
    add32(&h, b->em_levels);
    add32(&h, b->cts_levels);
    add32(&h, b->k);
    add32(&h, b->double_angle);
    add32(&h, b->degree);
    add32(&h, b->ephemeral_weight);
    for (int i = 0; i < 8; i++) add32(&h, b->cts_radix[i]);
    for (int i = 0; i < 8; i++) add32(&h, b->stc_radix[i]);
    sable_hash_final(&h, p->digest);
}

static void digest_chain(sable_params *p) {
    crypto_hash_sha256_state h;
    crypto_hash_sha256_init(&h);
    for (uint32_t i = 0; i < p->q_count + p->p_count; i++) {
        char text[16];
        int length = snprintf(text, sizeof text, "%s%u", i ? "," : "", p->prime[i]);
        crypto_hash_sha256_update(&h, (const unsigned char *)text, (unsigned long long)length);
    }
    crypto_hash_sha256_final(&h, p->chain_sha256);
}

void sable_params_digest(sable_params *p) {
    digest_set(p);
    digest_chain(p);
}
