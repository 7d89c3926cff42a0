/* SPDX-License-Identifier: Apache-2.0 */
/* The client: `client ask` makes a key and files for the server in the current folder, `client read` decrypts the answer.
 * client.secret stays here; the other files are the server's. Build: cc client.c -lsable_client -lsable -lm */
#include <string.h>

#include "scoring.h"

static double value(int which, int slot) { return which ? 1 - slot / 4096.0 : sin(slot); }

static int ask(void) {
    static const char *const name[] = {"x.sable", "y.sable"};
    sable_secret *secret = NULL;
    sable_key_spec *spec = NULL;
    sable_keyset *keys = NULL;
    sable_pt *pt = NULL;
    sable_ct *ct = NULL;
    TRY(sable_secret_generate(&secret, ctx, &err));
    TRY(sable_secret_save(secret, "client.secret", &err));
    TRY(sable_key_spec_create(&spec, sable_ctx_params(ctx), &err));
    TRY(sable_program_add_keys(program, spec, &err)); /* exactly the keys that the circuit needs */
    TRY(sable_keyset_generate(queue, &keys, secret, spec));
    TRY(sable_keyset_save(queue, keys, "keys.sable", NULL));
    TRY(sable_pt_create(&pt, ctx, &err));
    TRY(sable_ct_create(&ct, ctx, &err));
    for (int i = 0; i < 2; i++) {
        static double slots[SLOTS];
        for (int j = 0; j < SLOTS; j++) slots[j] = value(i, j);
        sable_encoding e = {.struct_size = sizeof e, .bound = 1};
        sable_program_input(program, (size_t)i, &e.level); /* the level at which the circuit takes it */
        TRY(sable_encode(queue, pt, slots, SLOTS, &e));
        TRY(sable_encrypt_secret(queue, ct, pt, secret));
        TRY(sable_ct_save(queue, ct, name[i], NULL));
    }
    sable_ct_destroy(queue, &ct), sable_pt_destroy(queue, &pt);
    sable_keyset_destroy(queue, &keys), sable_key_spec_destroy(&spec), sable_secret_destroy(&secret);
    return 0;
}

static int read_score(void) {
    static double score[SLOTS];
    sable_secret *secret = NULL;
    sable_ct *ct = NULL;
    TRY(sable_secret_load(&secret, ctx, "client.secret", &err));
    TRY(sable_ct_create(&ct, ctx, &err));
    TRY(sable_ct_load(queue, ct, "score.sable"));
    TRY(sable_decrypt(queue, score, SLOTS, false, ct, secret));
    double fit = 0, noise = 0;
    for (int j = 0; j < SLOTS; j++) {
        const double t = value(0, j) * value(1, j);
        fit = fmax(fit, fabs(sable_poly_value(poly, t) - sigmoid(t, NULL)));
        noise = fmax(noise, fabs(score[j] - sable_poly_value(poly, t)));
    }
    printf("client: %d scores; the cubic is off the sigmoid by %.1e, encryption adds %.1e\n", SLOTS, fit, noise);
    sable_ct_destroy(queue, &ct), sable_secret_destroy(&secret);
    return noise < 1e-5 ? 0 : 1;
}

int main(int argc, char **argv) {
    const int reads = argc == 2 && strcmp(argv[1], "read") == 0;
    if (!reads && (argc != 2 || strcmp(argv[1], "ask") != 0)) return fprintf(stderr, "client ask | client read\n"), 2;
    if (open_scoring()) return 1;
    const int status = reads ? read_score() : ask();
    return close_scoring(), status;
}
