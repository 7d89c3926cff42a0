// SPDX-License-Identifier: Apache-2.0
#ifndef SABLE_TESTS_SUPPORT_PERTURBED_H
#define SABLE_TESTS_SUPPORT_PERTURBED_H
// A backend that is wrong in one word, to prove that comparisons notice.
#include <string>

#include "sable/backend.h"

namespace support {

// A copy of the table whose function of that name changes one word of the last limb of its output by one (the number
// that a check gives). One perturbed backend exists at a time: the next call changes which function errs.
const sable_backend *perturbed(const sable_backend *base, const std::string &function);

} // namespace support

#endif
