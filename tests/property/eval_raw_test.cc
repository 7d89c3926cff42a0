/* SPDX-License-Identifier: Apache-2.0 */
/* Raw interchange: what leaves comes back word for word, in every layout; what the words mean is checked by evaluating polynomials at the
 * points that raw.h names; what is described wrongly is refused. */
#include <algorithm>

#include "support/ckks_fixture.h"

extern "C" {
#include "ring/word.h"
#include "sable/raw.h"
}

using namespace sable_test;

namespace {

/* Memory of the program: on the host, or of the backend. 0xEE.. where nothing was written. */
class Memory {
  public:
    Memory(Kit &kit, size_t words, bool on_device) : kit_(kit), host_(words, 0xEEEEEEEEu) {
        if (!on_device) return;
        EXPECT_EQ(sable_words_alloc(kit.queue, &device_, words, "a test"), SABLE_OK);
        write();
    }
    ~Memory() { sable_words_release(kit_.queue, device_); }
    Memory(const Memory &) = delete;
    Memory &operator=(const Memory &) = delete;
    uint32_t *at() { return device_ ? device_ : host_.data(); }
    std::vector<uint32_t> &read() {
        if (device_)
            EXPECT_EQ(kit_.ctx->backend->download(kit_.queue->handle, host_.data(), device_, host_.size() * 4),
                      SABLE_OK);
        return host_;
    }
    void write() {
        if (device_)
            EXPECT_EQ(kit_.ctx->backend->upload(kit_.queue->handle, device_, host_.data(), host_.size() * 4), SABLE_OK);
    }

  private:
    Kit &kit_;
    std::vector<uint32_t> host_;
    uint32_t *device_ = nullptr;
};

/* Words between limbs beyond N; limbs of all parts of all members beside each other; primes from the last to the first. */
struct Shape {
    bool on_device, padded, limb_major, backwards;
};

struct Layout {
    sable_raw raw{};
    std::vector<uint32_t> primes, roots;
    size_t words = 0;
    Layout(Kit &kit, std::vector<uint32_t> object_primes, uint32_t parts, uint32_t batch, Shape shape,
           sable_raw_order order, sable_raw_form form)
        : primes(std::move(object_primes)) {
        if (shape.backwards) std::reverse(primes.begin(), primes.end());
        for (uint32_t p : primes) roots.push_back(sable_raw_root(kit.ctx, p));
        raw.struct_size = sizeof raw;
        raw.on_device = shape.on_device;
        raw.order = order;
        raw.form = form;
        raw.n = kit.n();
        raw.batch = batch, raw.parts = parts, raw.limbs = static_cast<uint32_t>(primes.size());
        raw.primes = primes.data();
        raw.roots = roots.data();
        const size_t limb = kit.n() + (shape.padded ? 48 : 0);
        raw.limb_stride = shape.limb_major ? limb * parts * batch : limb;
        raw.part_stride = shape.limb_major ? limb : limb * primes.size();
        raw.batch_stride = shape.limb_major ? limb * parts : limb * primes.size() * parts;
        words = limb * primes.size() * parts * batch;
    }
    size_t at(uint32_t member, uint32_t part, uint32_t limb, uint32_t word) const {
        return member * raw.batch_stride + part * raw.part_stride + limb * raw.limb_stride + word;
    }
};

const Shape shapes[] = {
    {false, false, false, false}, {false, true, true, true}, {true, false, false, true}, {true, true, true, false}};

sable_raw_ct meta_of(const sable_ct *ct) {
    sable_raw_ct meta{};
    meta.struct_size = sizeof meta;
    meta.level = ct->level, meta.slots = ct->slots, meta.scale = ct->scale;
    meta.bound = ct->bound, meta.rms = ct->rms, meta.noise_var = ct->noise_var, meta.insecure = ct->insecure;
    std::copy(ct->key_id, ct->key_id + SABLE_DIGEST_BYTES, meta.key_id);
    return meta;
}

TEST(EvalRaw, CiphertextsComeBackInEveryLayout) {
    Kit kit("T10");
    Ct a = kit.encrypt(kit.random(2, true), 5, 2);
    const std::vector<uint32_t> words = kit.words(a);
    for (const Shape &shape : shapes)
        for (sable_raw_order order : {SABLE_RAW_COEFFICIENTS, SABLE_RAW_NTT})
            for (sable_raw_form form : {SABLE_RAW_PLAIN, SABLE_RAW_MONTGOMERY}) {
                SCOPED_TRACE(testing::Message() << "device " << shape.on_device << " padded " << shape.padded
                                                << " order " << order << " form " << form);
                Layout layout(kit, window(kit.ctx, 5), 2, 2, shape, order, form);
                Memory memory(kit, layout.words, shape.on_device);
                layout.raw.words = memory.at();
                OK(kit, sable_ct_export(kit.queue, &layout.raw, a));
                std::vector<uint32_t> &out = memory.read();
                EXPECT_EQ(std::count(out.begin(), out.end(), 0xEEEEEEEEu),
                          static_cast<long>(layout.words - words.size()))
                    << "the room between limbs is not written";
                /* Word j of a limb against the definition, at a few places. */
                for (uint32_t i : {0u, layout.raw.limbs - 1}) {
                    const uint32_t p = layout.primes[i], own = shape.backwards ? layout.raw.limbs - 1 - i : i;
                    const uint32_t *limb = &words[((2 * 1 + 1) * layout.raw.limbs + own) * (size_t)kit.n()];
                    const auto raw_word = [&](uint32_t j) {
                        const uint32_t w = out[layout.at(1, 1, i, j)];
                        return form == SABLE_RAW_PLAIN
                                   ? w
                                   : sable_mul_mod(w, sable_inv_mod((uint32_t)((1ull << 32) % p), p), p);
                    };
                    for (uint32_t j : {0u, 1u, 700u}) {
                        uint32_t reversed = 0, value = 0;
                        for (uint32_t bit = 0; bit < kit.params->log_n; bit++)
                            reversed |= (j >> bit & 1) << (kit.params->log_n - 1 - bit);
                        const uint32_t point = sable_pow_mod(layout.roots[i], 2 * reversed + 1, p);
                        for (uint32_t k = kit.n(); k-- > 0 && order == SABLE_RAW_COEFFICIENTS;)
                            value = (uint32_t)(((uint64_t)value * point + raw_word(k)) % p);
                        EXPECT_EQ(order == SABLE_RAW_NTT ? raw_word(j) : value, limb[j]);
                    }
                }
                Ct back(kit);
                const sable_raw_ct meta = meta_of(a);
                OK(kit, sable_ct_import(kit.queue, back, &layout.raw, &meta));
                EXPECT_EQ(kit.words(back), words);
                EXPECT_EQ(back->noise_var, a->noise_var);
                EXPECT_TRUE(sable_scale_equal(back->scale, a->scale));
            }
}

TEST(EvalRaw, KeysComeBackAndWork) {
    Kit kit("T10");
    Ct a = kit.encrypt(kit.random(1, true), 5), expected(kit), got(kit);
    OK(kit, sable_rotate(kit.queue, expected, a, 5, kit.keys));
    OK(kit, sable_square(kit.queue, expected, expected, kit.keys));
    const uint32_t galois = sable_galois_rotation(kit.params, 5, 0);
    for (const Shape &shape : shapes)
        for (sable_raw_form form : {SABLE_RAW_PLAIN, SABLE_RAW_MONTGOMERY}) {
            std::vector<sable_key_need> needs;
            std::vector<Layout> layouts;
            std::vector<std::unique_ptr<Memory>> memory;
            layouts.reserve(2);
            for (size_t i = 0; i < sable_keyset_count(kit.keys); i++) {
                sable_key_need need;
                ASSERT_EQ(sable_keyset_get(kit.keys, i, &need), SABLE_OK);
                if (need.kind != SABLE_KEY_RELIN && need.galois != galois) continue;
                std::vector<uint32_t> primes;
                for (uint32_t k = 0; k < need.limbs; k++)
                    primes.push_back(sable_params_prime(kit.params, need.first + k));
                for (uint32_t k = 0; k < kit.params->p_count; k++)
                    primes.push_back(sable_params_prime(kit.params, kit.params->q_count + k));
                const uint32_t parts = 2 * sable_key_digits(kit.params, &need);
                layouts.emplace_back(kit, primes, parts, 1, shape,
                                     needs.empty() ? SABLE_RAW_COEFFICIENTS : SABLE_RAW_NTT, form);
                memory.push_back(std::make_unique<Memory>(kit, layouts.back().words, shape.on_device));
                layouts.back().raw.words = memory.back()->at();
                OK(kit, sable_keyset_export(kit.queue, &layouts.back().raw, kit.keys, i));
                needs.push_back(need);
            }
            ASSERT_EQ(needs.size(), 2u);
            std::vector<sable_raw> raws = {layouts[0].raw, layouts[1].raw};
            sable_keyset *keys = nullptr;
            OK(kit, sable_keyset_import(kit.queue, &keys, raws.data(), needs.data(), 2, kit.keys->key_id));
            OK(kit, sable_rotate(kit.queue, got, a, 5, keys));
            OK(kit, sable_square(kit.queue, got, got, keys));
            EXPECT_EQ(kit.words(got), kit.words(expected));
            sable_keyset_destroy(kit.queue, &keys);
            const sable_key_need twice[] = {needs[0], needs[0]};
            EXPECT_EQ(sable_keyset_import(kit.queue, &keys, raws.data(), twice, 2, kit.keys->key_id), SABLE_INVALID);
            needs[1].first = kit.params->q_count;
            EXPECT_EQ(sable_keyset_import(kit.queue, &keys, raws.data(), needs.data(), 2, kit.keys->key_id),
                      SABLE_INVALID);
            EXPECT_EQ(keys, nullptr);
        }
}

TEST(EvalRaw, WhatIsDescribedWronglyIsRefused) {
    Kit kit("T10");
    Ct a = kit.encrypt(kit.random(1, true), 5), out(kit);
    OK(kit, sable_ct_copy(kit.queue, out, a));
    const Snapshot before(kit, out);
    Layout layout(kit, window(kit.ctx, 5), 2, 1, shapes[0], SABLE_RAW_NTT, SABLE_RAW_PLAIN);
    Memory memory(kit, layout.words + 64, false);
    layout.raw.words = memory.at();
    OK(kit, sable_ct_export(kit.queue, &layout.raw, a));
    const sable_raw good = layout.raw;
    sable_raw_ct meta = meta_of(a);
    const sable_raw_ct right = meta;
    const auto expect = [&](sable_status status, const char *what) {
        EXPECT_EQ(sable_ct_import(kit.queue, out, &layout.raw, &meta), status) << what;
        EXPECT_GT(std::string(sable_queue_error(kit.queue)).size(), 20u) << what;
        EXPECT_EQ(sable_ct_export(kit.queue, &layout.raw, a), SABLE_INVALID) << what;
        EXPECT_TRUE(unchanged(kit, out, before)) << what;
        layout.raw = good;
        meta = right;
    };
    const auto expect_meta = [&](sable_status status, const char *what) {
        EXPECT_EQ(sable_ct_import(kit.queue, out, &good, &meta), status) << what;
        EXPECT_TRUE(unchanged(kit, out, before)) << what;
        meta = right;
    };
    layout.raw.struct_size--, expect(SABLE_INVALID, "struct_size");
    layout.raw.words = nullptr, expect(SABLE_INVALID, "words");
    layout.raw.primes = nullptr, expect(SABLE_INVALID, "primes");
    layout.raw.order = (sable_raw_order)3, expect(SABLE_INVALID, "order");
    layout.raw.form = (sable_raw_form)0, expect(SABLE_INVALID, "form");
    layout.raw.n *= 2, expect(SABLE_INVALID, "n");
    layout.raw.limbs--, expect(SABLE_INVALID, "limbs");
    layout.raw.part_stride -= 1, expect(SABLE_INVALID, "parts overlap");
    layout.raw.limb_stride = 0, expect(SABLE_INVALID, "limbs overlap");
    layout.raw.limb_stride = SIZE_MAX / 2, expect(SABLE_INVALID, "beyond the address space");
    layout.raw.on_device = true, layout.raw.words += 1, expect(SABLE_INVALID, "alignment");
    layout.raw.on_device = true, layout.raw.part_stride += 8, expect(SABLE_INVALID, "strides");
    std::vector<uint32_t> other = layout.primes, roots = layout.roots;
    other[1] = other[0], layout.raw.primes = other.data(), expect(SABLE_INVALID, "a prime twice");
    other = layout.primes, other[2] = sable_params_prime(kit.params, kit.params->q_count);
    layout.raw.primes = other.data(), expect(SABLE_INVALID, "a prime of another kind");
    roots[3] = layout.primes[3] - roots[3]; /* a root too, but another one */
    layout.raw.roots = roots.data(), expect(SABLE_INVALID, "another root");
    layout.raw.batch = 2, layout.raw.batch_stride = layout.words;
    EXPECT_EQ(sable_ct_export(kit.queue, &layout.raw, a), SABLE_INVALID) << "one member";
    layout.raw = good;
    EXPECT_EQ(sable_raw_root(kit.ctx, 17), 0u);
    meta.struct_size = 0, expect_meta(SABLE_INVALID, "struct_size");
    meta.level = kit.top() + 1, expect_meta(SABLE_LEVEL, "level");
    meta.slots = 3, expect_meta(SABLE_INVALID, "slots");
    meta.scale.level = 4, expect_meta(SABLE_SCALE, "canonical scale of another level");
    meta.scale = sable_scale_value(0.5, 0), expect_meta(SABLE_SCALE, "scale below 1");
    meta.bound = 0, expect_meta(SABLE_INVALID, "no bound");
    meta.bound = 0x1p900, expect_meta(SABLE_BOUND, "bound beyond the modulus");
    meta.noise_var = -1, expect_meta(SABLE_INVALID, "noise");
    memory.at()[layout.at(0, 1, 2, 77)] = layout.primes[2];
    EXPECT_EQ(sable_ct_import(kit.queue, out, &good, &meta), SABLE_DATA);
    const std::string said = sable_queue_error(kit.queue);
    EXPECT_NE(said.find("word 77 of limb 2, part 1, member 0"), std::string::npos) << said;
    EXPECT_TRUE(unchanged(kit, out, before));
}

} // namespace
