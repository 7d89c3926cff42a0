/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_LOGREG_MODEL_PLAN_H
#define SABLE_LOGREG_MODEL_PLAN_H
/* What a model and its training take, told before they are made. */
#include "base/shared.h"
#include "sable/logreg.h"

/* The refusals of sable_model_create, and of sable_model_train for labels. */
SABLE_SHARED SABLE_CHECKED sable_status sable_model_check_shape(uint32_t classes, uint32_t features, sable_error *err);
SABLE_SHARED SABLE_CHECKED sable_status sable_model_check_labels(const int32_t *labels, size_t samples,
                                                                 uint32_t classes, sable_error *err);
/* Most bytes that sable_model_train holds beside its input, the model included. */
SABLE_SHARED uint64_t sable_model_train_bytes(size_t samples, uint32_t features, uint32_t classes, bool standardise);
/* Most bytes of the file that sable_model_save writes: numbers are text and differ in length. */
SABLE_SHARED uint64_t sable_model_file_most(uint32_t classes, uint32_t features, bool standardised, const char *path);

#endif
