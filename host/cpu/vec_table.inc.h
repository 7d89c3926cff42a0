/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel table of the functions in the vec_*.inc.h files; included last. */
#define VEC_TABLE(path)                                                                                             \
    {                                                                                                               \
        .name = path, .prepare = vec_prepare, .ntt_block_words = vec_ntt_block_words,                               \
        .ntt_forward_outer = vec_ntt_forward_outer, .ntt_forward_block = vec_ntt_forward_block,                     \
        .ntt_inverse = vec_ntt_inverse, .add = vec_add, .sub = vec_sub, .negate = vec_negate,                       \
        .mul_mont = vec_mul_mont, .mul_mont_add = vec_mul_mont_add, .mul = vec_mul, .mul_const = vec_mul_const,     \
        .add_const = vec_add_const, .tensor = vec_tensor, .combine = vec_combine, .inner = vec_inner,               \
        .mod_down = vec_mod_down, .convert_prepare = vec_convert_prepare, .base_convert = vec_base_convert,         \
        .automorphism = vec_automorphism, .encode = vec_encode, .encode_wide = vec_encode_wide, .drain = vec_drain, \
        .check_range = vec_check_range, .uniform = vec_uniform, .affine = vec_affine, .lift = vec_lift              \
    }
