// SPDX-License-Identifier: Apache-2.0
#include "support/perturbed.h"

#include <stdexcept>

namespace support {
namespace {

const sable_backend *base;

// Functions of the table carry no context, hence the state above.
sable_status spoil(void *queue, const sable_limbs *v, sable_status status) {
    if (status != SABLE_OK) return status;
    const size_t limb = v->slot ? v->slot[v->limbs - 1] : v->limbs - 1;
    uint32_t *first =
        v->data + (v->batch - 1) * v->batch_stride + (v->parts - 1) * v->part_stride + limb * v->limb_stride;
    // Views do not say N; the 16th word is there at every degree.
    uint32_t word = 0;
    status = base->download(queue, &word, first + 15, sizeof word);
    if (status != SABLE_OK) return status;
    word = word ? word - 1 : 1; // canonical again
    return base->upload(queue, first + 15, &word, sizeof word);
}

// out comes first in every function.
template <class... Rest>
struct Spoiled {
    template <sable_status (*sable_backend::*field)(void *, const sable_limbs *, Rest...)>
    static sable_status call(void *queue, const sable_limbs *out, Rest... rest) {
        return spoil(queue, out, (base->*field)(queue, out, rest...));
    }
};

sable_status wrong_index(void *queue, const sable_limbs *x, uint64_t *bad) {
    const sable_status status = base->check_range(queue, x, bad);
    *bad ^= 1;
    return status;
}

sable_status wrong_count(void *queue, const sable_limbs *x, uint64_t *count, uint64_t *list, uint32_t most) {
    const sable_status status = base->out_of_range(queue, x, count, list, most);
    ++*count;
    return status;
}
sable_status wrong_size(void *queue, const sable_limbs *x, uint32_t *largest) {
    const sable_status status = base->largest(queue, x, largest);
    largest[x->limbs - 1] ^= 1;
    return status;
}
sable_status wrong_digest(void *queue, const sable_limbs *x, uint64_t digest[2]) {
    const sable_status status = base->digest(queue, x, digest);
    digest[1] ^= uint64_t{1} << 63;
    return status;
}

using View = const sable_limbs *;
using Words = const uint32_t *;

} // namespace

const sable_backend *perturbed(const sable_backend *of, const std::string &function) {
    static sable_backend table;
    base = of;
    table = *of;
#define SPOIL(name, ...)                                               \
    if (function == #name) {                                           \
        table.name = Spoiled<__VA_ARGS__>::call<&sable_backend::name>; \
        return &table;                                                 \
    }
    SPOIL(copy, View)
    SPOIL(zero)
    SPOIL(ntt_forward)
    SPOIL(ntt_inverse, View, Words)
    SPOIL(base_convert, View, const sable_basis *)
    SPOIL(automorphism, View, uint32_t)
    SPOIL(add, View, View)
    SPOIL(sub, View, View)
    SPOIL(negate, View)
    SPOIL(mul_mont, View, View, int)
    SPOIL(mul, View, View)
    SPOIL(mul_const, View, Words, Words)
    SPOIL(add_const, View, Words, Words)
    SPOIL(tensor, View, size_t, View, size_t, uint32_t)
    SPOIL(combine, View, Words)
    SPOIL(mod_up, View, const sable_basis *const *)
    SPOIL(key_inner, View, View, View, uint32_t, uint32_t, View, Words)
    SPOIL(key_inner_many, View, View, View, Words, uint32_t, uint32_t, uint32_t, View, Words)
    SPOIL(accumulate, View, View, Words, uint32_t)
    SPOIL(key_switch, View, const sable_basis *const *, View, View, uint32_t, uint32_t, View, Words)
    SPOIL(ntt_mod_down, View, View, Words, Words)
    SPOIL(mod_down, View, const sable_basis *, View, Words, Words, uint32_t, View)
    SPOIL(switch_down, const sable_switch *)
    SPOIL(expand, const sable_expansion *)
    SPOIL(encode, const double *, const double *, uint32_t)
#undef SPOIL
    if (function == "check_range")
        table.check_range = wrong_index;
    else if (function == "out_of_range")
        table.out_of_range = wrong_count;
    else if (function == "largest")
        table.largest = wrong_size;
    else if (function == "digest")
        table.digest = wrong_digest;
    else
        throw std::runtime_error("no such function: " + function);
    return &table;
}

} // namespace support
