/* SPDX-License-Identifier: Apache-2.0 */
/* Models in the clear, as text or in a container; what is accepted predicts. */
#include <math.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sable_error err = {0};
    sable_model *model = NULL;
    if (!fuzz_settled(sable_model_load(&model, fuzz_file(data, size), &err), err.text)) {
        fuzz_expect(model == NULL, "a refused load leaves its output alone");
        return 0;
    }
    fuzz_expect(model->classes >= 1 && model->features >= 1, "a model has classes and features");
    double sum = 0;
    for (size_t i = 0; i < (size_t)model->classes * model->features; i++) sum += isfinite(model->weights[i]) ? 0 : 1;
    for (size_t i = 0; i < model->classes; i++) sum += isfinite(model->bias[i]) ? 0 : 1;
    for (size_t i = 0; model->mean && i < model->features; i++)
        sum += isfinite(model->mean[i]) && isfinite(model->deviation[i]) && model->deviation[i] > 0 ? 0 : 1;
    fuzz_expect(sum == 0, "every number of a model is finite, deviations are positive");
    sable_model_destroy(&model);
    return 0;
}
