/* SPDX-License-Identifier: Apache-2.0 */
/* The server: reads ciphertexts and evaluation keys from the current folder, writes an encrypted score. Links libsable
 * alone, which holds no code that could use a secret key. Build: cc server.c -lsable -lm */
#include "scoring.h"

int main(void) {
    static const char *const name[] = {"x.sable", "y.sable"};
    sable_keyset *keys = NULL;
    sable_ct *in[2] = {NULL, NULL}, *out = NULL;
    if (open_scoring()) return 1;
    TRY(sable_keyset_load(queue, &keys, "keys.sable"));
    for (int i = 0; i < 2; i++) {
        TRY(sable_ct_create(&in[i], ctx, &err));
        TRY(sable_ct_load(queue, in[i], name[i]));
    }
    TRY(sable_ct_create(&out, ctx, &err));
    TRY(sable_program_run(queue, program, &out, 1, (const sable_ct *const *)in, 2, keys));
    TRY(sable_ct_save(queue, out, "score.sable", NULL));
    printf("server: %zu keys, score.sable written\n", sable_keyset_count(keys));
    sable_ct_destroy(queue, &in[0]), sable_ct_destroy(queue, &in[1]), sable_ct_destroy(queue, &out);
    sable_keyset_destroy(queue, &keys);
    return close_scoring(), 0;
}
