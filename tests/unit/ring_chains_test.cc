// SPDX-License-Identifier: Apache-2.0
// Functions of the backend table that are defined as a chain of others: the same words, on every cpu path.
#include <gtest/gtest.h>

#include "ring/view.h"
#include "support/device.h"

namespace {

using support::Basis;
using support::Device;
using support::Poly;
using support::range;
using support::Ring;
using support::Rng;

class Chains : public ::testing::TestWithParam<std::string> {
  protected:
    std::shared_ptr<Ring> ring = Ring::a40(10, 20, 5);
    Device device{*ring, GetParam()};
    Rng rng{20261121};
};

// mod_down is base_convert, ntt_mod_down, automorphism and add.
TEST_P(Chains, ModDown) {
    const std::vector<uint16_t> out_pos = {1, 2, 3, 19}, x_pos = {24, 19, 2, 5}, dropped = {24, 5};
    Basis basis(*ring, dropped, out_pos);
    std::vector<uint32_t> x_mult, e_mult;
    for (uint16_t i : out_pos) x_mult.push_back(1 + i * 12345u), e_mult.push_back(ring->p(i) - 1 - i);
    for (uint32_t galois : {1u, 5u, 2 * (*ring)->n - 1}) {
        Poly x(device, x_pos, 2, 3), y(device, dropped, 2, 3), e(device, out_pos, 2, 3), out(device, out_pos, 2, 3),
            parts(device, out_pos, 2, 3), turned(device, out_pos, 2, 3), more(device, out_pos, 2, 3);
        x.random(rng).upload(), y.random(rng).upload(), more.random(rng).upload();
        const auto mod_down = [&](const sable_limbs *add) {
            device.check(device->mod_down(device.queue(), out.view(), y.view(), basis.get(), x.view(), x_mult.data(),
                                          e_mult.data(), galois, add));
            return out.download().host;
        };
        const std::vector<uint32_t> alone = mod_down(nullptr), sum = mod_down(more.view());
        out.host = more.host, out.upload();
        EXPECT_EQ(mod_down(out.view()), sum) << "added to what out holds, galois " << galois;
        device.check(device->base_convert(device.queue(), e.view(), y.view(), basis.get()));
        device.check(
            device->ntt_mod_down(device.queue(), parts.view(), e.view(), x.view(), x_mult.data(), e_mult.data()));
        device.check(device->automorphism(device.queue(), turned.view(), parts.view(), galois));
        EXPECT_EQ(alone, turned.download().host) << "galois " << galois;
        device.check(device->add(device.queue(), turned.view(), turned.view(), more.view()));
        EXPECT_EQ(sum, turned.download().host) << "galois " << galois;
    }
}

// switch_down is tensor, ntt_inverse, key_switch, ntt_inverse and mod_down.
TEST_P(Chains, SwitchDown) {
    const std::vector<uint16_t> q_pos = range(2, 9), key_pos = {2, 3, 4, 5, 6, 7, 8, 20, 21, 22}, kept = range(3, 9),
                                dropped = {20, 2, 21, 22};
    const uint32_t alpha = 4, digits = 3, batch = 3;
    std::vector<std::unique_ptr<Basis>> bases;
    std::vector<const sable_basis *> up;
    for (uint32_t j = 0; j < digits; j++) {
        std::vector<uint16_t> src, dst;
        for (uint16_t p : key_pos) (p < (*ring)->q_count && p / alpha == j ? src : dst).push_back(p);
        bases.push_back(std::make_unique<Basis>(*ring, src, dst));
        up.push_back(bases.back()->get());
    }
    const Basis down(*ring, dropped, kept);
    std::vector<uint32_t> y_mult, add_mult, x_mult, e_mult;
    for (uint16_t i : q_pos) y_mult.push_back(support::random_word(rng, ring->p(i))), add_mult.push_back(1 + i * 777u);
    for (uint16_t i : kept) x_mult.push_back(1 + i * 12345u), e_mult.push_back(ring->p(i) - 1 - i);
    Poly a(device, q_pos, 2, batch), b(device, q_pos, 2, batch), key(device, key_pos, 2 * digits),
        d(device, q_pos, 3, batch), y(device, q_pos, 1, batch), acc(device, key_pos, 2, batch),
        divided(device, dropped, 2, batch), out(device, kept, 2, batch), parts(device, kept, 2, batch),
        more(device, kept, 2, batch);
    for (Poly *poly : {&a, &b, &key, &more}) poly->random(rng).upload();
    sable_limbs keys = *key.view();
    keys.batch = batch, keys.batch_stride = 0;
    uint16_t slot[SABLE_MAX_LIMBS];
    for (uint32_t galois : {1u, 5u}) {
        const sable_limbs *added = galois == 1 ? nullptr : more.view();
        device.check(device->tensor(device.queue(), d.view(), a.view(), 0, b.view(), 0, 1));
        const sable_limbs own = sable_view_parts(*d.view(), 2, 1), add = sable_view_parts(*d.view(), 0, 2);
        device.check(device->ntt_inverse(device.queue(), y.view(), &own, y_mult.data()));
        device.check(device->key_switch(device.queue(), acc.view(), y.view(), up.data(), &own, &keys, alpha, 0, &add,
                                        add_mult.data()));
        const sable_limbs of_acc = sable_view_at(*acc.view(), dropped.data(), 4, slot);
        device.check(device->ntt_inverse(device.queue(), divided.view(), &of_acc, down.get()->y_mult));
        device.check(device->mod_down(device.queue(), parts.view(), divided.view(), down.get(), acc.view(),
                                      x_mult.data(), e_mult.data(), galois, added));
        parts.download();
        sable_switch w = {};
        w.y_mult = y_mult.data(), w.add_mult = add_mult.data(), w.up = up.data(), w.key = &keys, w.alpha = alpha;
        w.galois = galois, w.down = down.get(), w.x_mult = x_mult.data(), w.e_mult = e_mult.data(), w.more = added;
        sable_switch product = w, whole = w;
        product.a = a.view(), product.b = b.view();
        whole.own = &own, whole.add = &add;
        for (const sable_switch *what : {&product, &whole}) {
            out.random(rng).upload();
            device.check(device->switch_down(device.queue(), out.view(), what));
            EXPECT_EQ(out.download().host, parts.host) << "galois " << galois << (what == &product ? ", product" : "");
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Ring, Chains, ::testing::ValuesIn(support::cpu_paths()),
                         [](const auto &test) { return test.param; });

} // namespace
