// SPDX-License-Identifier: Apache-2.0
// Calls of the functions for key switching and division.
#include <algorithm>
#include <memory>

#include "support/table_case.h"

namespace support {
namespace {

// Operands of a product with a key: blocks of alpha primes, a window of Q that begins inside the first block, then P.
struct KeyCase {
    static constexpr uint32_t first = 2;
    const uint32_t alpha;
    uint32_t batch, q_limbs, first_block, digits;
    std::vector<uint16_t> q_pos, pos;
    Poly *own = nullptr, *key = nullptr, *acc = nullptr, *add = nullptr;
    std::vector<uint32_t> mult;
    explicit KeyCase(Case &c, uint32_t alpha_ = 5) : alpha(alpha_), batch(c.shape.batch) {
        q_limbs = c.shape.limbs == 0 ? c.q_count() - first : c.shape.limbs;
        q_pos = pos = range(first, first + q_limbs);
        for (uint32_t i = c.q_count(); i < (c.shape.limbs == 1 ? c.q_count() + 1 : c.all()); i++)
            pos.push_back(static_cast<uint16_t>(i));
        first_block = first / alpha, digits = (first + q_limbs - 1) / alpha - first_block + 1;
    }
    void operands(Case &c) {
        const uint32_t add_parts = c.shape.variant / 2 % 3;
        own = &c.input(q_pos, 1, batch, c.layout());
        Layout key_layout = c.layout();
        key_layout.repeat_batch = c.shape.repeated;
        key = &c.input(pos, 2 * digits, c.shape.repeated ? batch : 1, key_layout);
        acc = &c.output(pos, 2, batch, c.layout());
        add = add_parts ? &c.input(q_pos, add_parts, batch, c.layout()) : nullptr;
        mult = c.constants(q_pos);
    }
    std::vector<std::unique_ptr<Basis>> bases(Case &c) const {
        std::vector<std::unique_ptr<Basis>> up;
        for (uint32_t j = 0; j < digits; j++) {
            std::vector<uint16_t> src, dst;
            for (uint16_t p : pos) (p < c.q_count() && p / alpha == first_block + j ? src : dst).push_back(p);
            up.push_back(std::make_unique<Basis>(c.device.ring(), src, dst));
        }
        return up;
    }
};
std::vector<const sable_basis *> pointers(const std::vector<std::unique_ptr<Basis>> &of) {
    std::vector<const sable_basis *> result;
    for (const auto &b : of) result.push_back(b->get());
    return result;
}

} // namespace

void mod_up(Case &c) {
    const KeyCase k(c);
    const auto up = k.bases(c);
    Poly &y = c.input(k.q_pos, 1, k.batch, c.layout(true));
    Poly &d = c.output(k.pos, k.digits, k.batch, c.layout());
    c.device.check(c.device->mod_up(c.queue(), d.view(), y.view(), pointers(up).data()));
}

void key_inner(Case &c) {
    KeyCase k(c);
    Poly &d = c.input(k.pos, k.digits, k.batch, c.layout());
    k.operands(c);
    c.device.check(c.device->key_inner(c.queue(), k.acc->view(), d.view(), k.own->view(), k.key->view(), k.alpha,
                                       k.first_block, k.add ? k.add->view() : nullptr,
                                       k.add ? k.mult.data() : nullptr));
}

void key_inner_many(Case &c) {
    const uint32_t alpha_of[] = {5, 3, 2, 1}; // up to 3, 5, 7 and 14 digits
    KeyCase k(c, alpha_of[c.shape.variant / 2 % 4]);
    const uint32_t count_of[] = {1, 2, 5}, count = count_of[c.shape.variant % 3],
                   add_parts = static_cast<uint32_t>(c.rng() % 3);
    const uint32_t galois_of[] = {5, 2 * c.n() - 1, 1, 25, 3};
    Poly &d = c.input(k.pos, k.digits, k.batch, c.layout()), &own = c.input(k.q_pos, 1, k.batch, c.layout());
    std::vector<sable_limbs> keys;
    for (uint32_t i = 0; i < count; i++) { // keys of several places and layouts
        Layout layout = c.layout();
        layout.repeat_batch = (c.shape.repeated + i) % 2 != 0;
        keys.push_back(*c.input(k.pos, 2 * k.digits, layout.repeat_batch ? k.batch : 1, layout).view());
    }
    Poly *add = add_parts ? &c.input(k.q_pos, add_parts, k.batch, c.layout()) : nullptr;
    Poly &acc = c.output(k.pos, 2, count * k.batch, c.layout());
    const auto mult = c.constants(k.q_pos);
    c.device.check(c.device->key_inner_many(c.queue(), acc.view(), d.view(), own.view(), keys.data(),
                                            c.shape.in_place ? nullptr : galois_of, count, k.alpha, k.first_block,
                                            add ? add->view() : nullptr, add ? mult.data() : nullptr));
}

void accumulate(Case &c) {
    const auto pos = c.positions();
    // 70 terms: more than a kernel of any backend takes at once. Few of them are there, in the last group none.
    const uint32_t terms_of[] = {1, 4, 17, 70}, terms = terms_of[c.shape.variant % 4], plaintexts = 5;
    const uint32_t groups = 1 + c.shape.variant / 4 % 2 * 3, members = terms > 4 ? 1 : c.shape.batch;
    Poly &in = c.input(pos, c.shape.parts, terms * members, c.layout(true));
    Poly &pt = c.input(pos, 1, plaintexts, c.layout());
    Poly &out = c.output(pos, c.shape.parts, groups * members, c.layout());
    std::vector<uint32_t> which;
    for (uint32_t k = 0; k < groups * terms; k++) {
        const bool absent = c.shape.in_place ? false : groups > 1 && k / terms + 1 == groups ? true : c.rng() % 4 == 0;
        which.push_back(absent ? SABLE_ABSENT : static_cast<uint32_t>(c.rng() % plaintexts));
    }
    c.device.check(c.device->accumulate(c.queue(), out.view(), in.view(), pt.view(), which.data(), terms));
}

void key_switch(Case &c) {
    KeyCase k(c);
    const auto up = k.bases(c);
    Poly &y = c.input(k.q_pos, 1, k.batch, c.layout(true));
    k.operands(c);
    c.device.check(c.device->key_switch(c.queue(), k.acc->view(), y.view(), pointers(up).data(), k.own->view(),
                                        k.key->view(), k.alpha, k.first_block, k.add ? k.add->view() : nullptr,
                                        k.add ? k.mult.data() : nullptr));
}

// A polynomial and what is added to it, or the product of two ciphertexts; divided by P, or by P and the window's first prime.
void switch_down(Case &c) {
    KeyCase k(c);
    const auto up = k.bases(c);
    const bool product = c.shape.variant % 2 != 0, rescales = k.q_limbs > 1 && c.shape.variant / 2 % 2;
    std::vector<uint16_t> kept(k.q_pos.begin() + (rescales ? 1 : 0), k.q_pos.end()), dropped;
    for (uint16_t p : k.pos)
        if (std::find(kept.begin(), kept.end(), p) == kept.end()) dropped.push_back(p);
    const Basis down(c.device.ring(), dropped, kept);
    const std::vector<uint32_t> y_mult = c.constants(k.q_pos), add_mult = c.constants(k.q_pos),
                                x_mult = c.constants(kept), e_mult = c.constants(kept);
    const auto ups = pointers(up);
    Layout key_layout = c.layout();
    key_layout.repeat_batch = c.shape.repeated;
    const Poly &key = c.input(k.pos, 2 * k.digits, c.shape.repeated ? k.batch : 1, key_layout);
    const uint32_t galois_of[] = {1, 5, 2 * c.n() - 1}, add_parts = static_cast<uint32_t>(c.rng() % 3);
    sable_switch w = {};
    w.y_mult = y_mult.data(), w.add_mult = add_mult.data();
    w.up = ups.data(), w.key = key.view();
    w.alpha = k.alpha, w.first_block = k.first_block;
    w.down = down.get(), w.x_mult = x_mult.data(), w.e_mult = e_mult.data();
    w.galois = galois_of[c.rng() % 3];
    if (product) {
        w.a = c.input(k.q_pos, 2, k.batch, c.layout(true)).view();
        w.b = c.shape.in_place ? w.a : c.input(k.q_pos, 2, k.batch, c.layout(true)).view();
    } else {
        w.own = c.input(k.q_pos, 1, k.batch, c.layout(true)).view();
        w.add = add_parts ? c.input(k.q_pos, add_parts, k.batch, c.layout(true)).view() : nullptr;
    }
    // Nothing more, another operand, or what the output held.
    const uint32_t kind = static_cast<uint32_t>(c.rng() % 3);
    const Poly &out = c.result(c.operand(kept, 2, k.batch, c.layout()));
    w.more = kind == 0 ? nullptr : kind == 1 ? c.input(kept, 2, k.batch, c.layout(true, true)).view() : out.view();
    c.device.check(c.device->switch_down(c.queue(), out.view(), &w));
}

void mod_down(Case &c) {
    const auto pos = c.positions();
    const uint32_t parts = c.shape.parts, batch = c.shape.batch;
    const uint32_t galois_of[] = {1, 5, 2 * c.n() - 1}, galois = c.shape.in_place ? 1 : galois_of[c.shape.variant % 3];
    std::vector<uint16_t> dropped;
    for (uint32_t i = 0; i < c.all() && dropped.size() < 3; i++)
        if (std::find(pos.begin(), pos.end(), i) == pos.end()) dropped.push_back(static_cast<uint16_t>(i));
    if (dropped.empty()) dropped.push_back(pos[0]); // any prime may be divided by, the words are defined
    Basis basis(c.device.ring(), dropped, pos);
    Poly &y = c.input(dropped, parts, batch, c.layout(true));
    Poly &x = c.shape.in_place ? c.result(c.operand(pos, parts, batch, c.layout()))
                               : c.input(pos, parts, batch, c.layout(true, true));
    Poly &out = c.shape.in_place ? x : c.result(c.operand(pos, parts, batch, c.layout()));
    const std::vector<uint32_t> x_mult = c.constants(pos), e_mult = c.constants(pos);
    // Nothing is added, another operand, or what the output held.
    const uint32_t kind = c.shape.variant / 3 % 3;
    const Poly *add = kind == 0 ? nullptr : kind == 1 ? &c.input(pos, parts, batch, c.layout(true, true)) : &out;
    c.device.check(c.device->mod_down(c.queue(), out.view(), y.view(), basis.get(), x.view(), x_mult.data(),
                                      e_mult.data(), galois, add ? add->view() : nullptr));
}

} // namespace support
