// SPDX-License-Identifier: Apache-2.0
#include "support/table_cases.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <sstream>
#include <stdexcept>

#include "support/table_case.h"

namespace support {
namespace {

using Binary = sable_status (*)(void *, const sable_limbs *, const sable_limbs *, const sable_limbs *);

void binary(Case &c, const Binary call) {
    const auto pos = c.positions();
    const uint32_t parts = c.shape.parts, batch = c.shape.batch;
    // In place: the output is the first operand, or the second when that is not repeated.
    const bool second = c.shape.in_place && c.shape.variant % 2 && !c.shape.repeated;
    const bool first = c.shape.in_place && !second;
    Poly &a = first ? c.result(c.operand(pos, parts, batch, c.layout())) : c.input(pos, parts, batch, c.layout());
    const Layout lb = c.layout(true, true);
    Poly &b = second ? c.result(c.operand(pos, parts, batch, lb)) : c.input(pos, parts, batch, lb);
    Poly &out = first ? a : second ? b : c.output(pos, parts, batch, c.layout());
    c.device.check(call(c.queue(), out.view(), a.view(), b.view()));
}

void mul_mont(Case &c) {
    const auto pos = c.positions();
    const uint32_t parts = c.shape.parts, batch = c.shape.batch;
    const int add = c.shape.variant % 2;
    Poly &a = c.input(pos, parts, batch, c.layout()), &b = c.input(pos, parts, batch, c.layout(true, true));
    Poly &out = c.result(c.operand(pos, parts, batch, c.layout()));
    const bool in_place = c.shape.in_place && !add;
    if (in_place) out.host = a.host.size() == out.host.size() ? a.host : out.host, out.upload();
    const sable_limbs *source = in_place && a.host.size() == out.host.size() ? out.view() : a.view();
    c.device.check(c.device->mul_mont(c.queue(), out.view(), source, b.view(), add));
}

void unary(Case &c,
           const std::function<sable_status(const sable_limbs *out, const sable_limbs *in,
                                            const std::vector<uint16_t> &pos)> &call,
           bool may_be_in_place) {
    const auto pos = c.positions();
    const uint32_t parts = c.shape.parts, batch = c.shape.batch;
    const bool in_place = c.shape.in_place && may_be_in_place;
    Poly &a = in_place ? c.result(c.operand(pos, parts, batch, c.layout()))
                       : c.input(pos, parts, batch, c.layout(true, true));
    Poly &out = in_place ? a : c.output(pos, parts, batch, c.layout());
    c.device.check(call(out.view(), a.view(), pos));
}

void base_convert(Case &c) {
    uint32_t sources = c.shape.limbs == 0 ? c.all() - 3 : c.shape.limbs; // more than 16 of them at most
    const uint32_t first = static_cast<uint32_t>(c.rng() % (c.all() - sources + 1));
    const std::vector<uint16_t> src = range(first, first + sources);
    std::vector<uint16_t> dst;
    for (uint32_t i = 0; i < c.all(); i++) // the rest, or one of the sources too
        if (i < first || i >= first + sources || (c.shape.variant % 2 && i == first))
            dst.push_back(static_cast<uint16_t>(i));
    Basis basis(c.device.ring(), src, dst);
    Poly &y = c.input(src, c.shape.parts, c.shape.batch, c.layout(true));
    Poly &out = c.output(dst, c.shape.parts, c.shape.batch, c.layout());
    c.device.check(c.device->base_convert(c.queue(), out.view(), y.view(), basis.get()));
}

void tensor(Case &c) {
    const auto pos = c.positions();
    const uint32_t terms_of[] = {1, 3, 9, 17}, terms = terms_of[c.shape.variant % 4], batch = c.shape.batch;
    Poly &a = c.input(pos, 2, batch * terms, c.layout());
    Poly &b = c.input(pos, 2, c.shape.repeated ? terms : batch * terms, c.layout());
    Poly &out = c.output(pos, 3, batch, c.layout());
    sable_limbs av = *a.view(), bv = *b.view();
    const size_t a_stride = av.batch_stride, b_stride = bv.batch_stride;
    av.batch = bv.batch = batch;
    av.batch_stride = terms * a_stride;
    bv.batch_stride = c.shape.repeated ? 0 : terms * b_stride;
    c.device.check(c.device->tensor(c.queue(), out.view(), &av, a_stride, &bv, b_stride, terms));
}

void combine(Case &c) {
    const auto pos = c.positions();
    const uint32_t terms_of[] = {1, 5, 16, 19}, terms = terms_of[c.shape.variant % 4], groups = c.shape.batch;
    Poly &in = c.input(pos, c.shape.parts, terms, c.layout(true, true));
    Poly &out = c.output(pos, c.shape.parts, groups, c.layout());
    const std::vector<uint32_t> k = c.constants(pos, groups * terms);
    c.device.check(c.device->combine(c.queue(), out.view(), in.view(), k.data()));
}

void ntt_mod_down(Case &c) {
    const auto pos = c.positions();
    const uint32_t parts = c.shape.parts, batch = c.shape.batch;
    std::vector<uint16_t> x_pos;
    for (size_t i = 0; i < pos.size(); i++) // odd variants: some limbs of out are restored ones
        if (c.shape.in_place || c.shape.variant % 2 == 0 || i % 3 != 0 || pos.size() == 1) x_pos.push_back(pos[i]);
    if (x_pos.size() < c.all() && !c.shape.in_place) // x has limbs that out drops
        for (uint32_t i = 0; i < c.all(); i++)
            if (std::find(pos.begin(), pos.end(), i) == pos.end()) x_pos.push_back(static_cast<uint16_t>(i));
    Poly &e = c.operand(pos, parts, batch, c.layout());
    Poly &x = c.shape.in_place ? c.result(c.operand(x_pos, parts, batch, c.layout()))
                               : c.input(x_pos, parts, batch, c.layout(true, true));
    Poly &out = c.shape.in_place ? x : c.output(pos, parts, batch, c.layout());
    const std::vector<uint32_t> x_mult = c.constants(pos), e_mult = c.constants(pos);
    c.device.check(c.device->ntt_mod_down(c.queue(), out.view(), e.view(), x.view(), x_mult.data(), e_mult.data()));
}

void encode(Case &c) {
    const auto pos = c.positions();
    const uint32_t gaps[] = {1, 2, 8, c.n() / 8}, gap = gaps[c.shape.variant % 4];
    const size_t count = c.shape.batch * static_cast<size_t>(c.n() / gap);
    std::vector<double> hi(count + 1), lo(count + 1);
    const double edges[] = {0.0,
                            -0.0,
                            1,
                            -1,
                            0x1p52,
                            -0x1p52,
                            0x1p53,
                            0x1p63,
                            -0x1p63,
                            0x1p64,
                            0x1.fffffffffffffp126,
                            -0x1.fffffffffffffp126};
    for (size_t t = 0; t < count; t++) {
        const uint64_t x = c.rng();
        const double sign = x & 1 ? 1 : -1;
        hi[t] = (x >> 1) % 16 == 0 ? edges[(x >> 8) % 12]
                                   : sign * std::trunc(std::ldexp(static_cast<double>(c.rng() >> 11),
                                                                  static_cast<int>((x >> 8) % 127) - 53));
        lo[t] = (x >> 5) % 4 == 0 ? 0 : static_cast<double>(c.rng() >> (11 + (x >> 20) % 53)) * sign;
    }
    Poly &out = c.output(pos, c.shape.parts, c.shape.batch, c.layout());
    // Odd variants: arrays that are aligned to a double only.
    const size_t shift = c.shape.variant / 4 % 2;
    if (shift) hi.insert(hi.begin(), 0.0), lo.insert(lo.begin(), 0.0);
    c.device.check(c.device->encode(c.queue(), out.view(), hi.data() + shift, lo.data() + shift, gap));
}

void expand(Case &c) {
    sable_expansion from = {};
    for (uint8_t &byte : from.key) byte = static_cast<uint8_t>(c.rng());
    from.purpose = c.shape.variant % 2 ? 0xff : 3;
    from.first_digit = c.shape.variant % 4 < 2 ? 0 : 256 - c.shape.parts;
    from.first_object = c.shape.variant % 8 < 4 ? 0 : 0x01020304;
    from.montgomery = c.shape.variant % 3 == 0;
    Poly &out = c.output(c.positions(), c.shape.parts, c.shape.batch, c.layout());
    c.device.check(c.device->expand(c.queue(), out.view(), &from));
}

void add_number(Case &c, uint64_t x) { c.extra.push_back({static_cast<uint32_t>(x), static_cast<uint32_t>(x >> 32)}); }

// A view with some words that are not below their primes.
Poly &with_bad_words(Case &c, uint32_t count) {
    const auto pos = c.positions();
    Poly &x = c.operand(pos, c.shape.parts, c.shape.batch, c.layout(true, true));
    const bool all_members = x.view()->batch_stride != 0;
    for (uint32_t k = 0; k < count; k++) {
        const uint32_t i = static_cast<uint32_t>(c.rng() % pos.size()), j = static_cast<uint32_t>(c.rng() % c.n());
        const uint32_t b = all_members ? static_cast<uint32_t>(c.rng() % c.shape.batch) : 0;
        x.at(i, 0, b)[j] = x.prime(i) + (k ? 0xffffffffu - x.prime(i) : 0);
    }
    return x.upload();
}

void check_range(Case &c) {
    uint64_t bad = 0;
    c.device.check(c.device->check_range(c.queue(), with_bad_words(c, c.shape.variant % 4).view(), &bad));
    add_number(c, bad);
}

void out_of_range(Case &c) {
    const uint32_t bad_of[] = {0, 1, 3, 60}, most = c.shape.variant / 4 % 2 ? 7 : 100;
    std::vector<uint64_t> list(most, 0); // places beyond the count keep what they held
    uint64_t count = 0;
    const Poly &x = with_bad_words(c, bad_of[c.shape.variant % 4]);
    c.device.check(c.device->out_of_range(c.queue(), x.view(), &count, list.data(), most));
    add_number(c, count);
    for (uint64_t index : list) add_number(c, index);
    c.device.check(c.device->out_of_range(c.queue(), x.view(), &count, nullptr, 0));
    add_number(c, count);
}

void largest(Case &c) {
    Poly &x = c.operand(c.positions(), c.shape.parts, c.shape.batch, c.layout(true, true));
    std::vector<uint32_t> sizes(x.view()->limbs);
    if (c.shape.variant % 2) // small numbers of both signs
        for (uint32_t &word : x.host) word %= 1u << 18;
    x.upload();
    c.device.check(c.device->largest(c.queue(), x.view(), sizes.data()));
    c.extra.push_back(sizes);
}

void digest(Case &c) {
    uint64_t sums[2] = {};
    Poly &x = c.input(c.positions(), c.shape.parts, c.shape.batch, c.layout(true, true));
    c.device.check(c.device->digest(c.queue(), x.view(), sums));
    add_number(c, sums[0]);
    add_number(c, sums[1]);
}

uint32_t galois_element(Case &c) {
    const uint32_t n = c.n();
    switch (c.shape.variant % 4) {
    case 0: return 5;
    case 1: return 2 * n - 1;
    case 2: return 1;
    default: return static_cast<uint32_t>(c.rng() % n) * 2 + 1;
    }
}

using Runner = std::function<void(Case &)>;

const std::vector<std::pair<std::string, Runner>> &runners() {
    static const std::vector<std::pair<std::string, Runner>> list = {
        {"copy",
         [](Case &c) {
             unary(
                 c, [&](auto out, auto in, auto &) { return c.device->copy(c.queue(), out, in); }, false);
         }},
        {"zero",
         [](Case &c) {
             c.device.check(
                 c.device->zero(c.queue(), c.output(c.positions(), c.shape.parts, c.shape.batch, c.layout()).view()));
         }},
        {"ntt_forward",
         [](Case &c) {
             Poly &x = c.result(c.operand(c.positions(), c.shape.parts, c.shape.batch, c.layout()));
             c.device.check(c.device->ntt_forward(c.queue(), x.view()));
         }},
        {"ntt_inverse",
         [](Case &c) {
             unary(
                 c,
                 [&](auto out, auto in, auto &pos) {
                     const auto mult = c.constants(pos);
                     return c.device->ntt_inverse(c.queue(), out, in, c.shape.variant % 2 ? mult.data() : nullptr);
                 },
                 true);
         }},
        {"base_convert", base_convert},
        {"automorphism",
         [](Case &c) {
             unary(
                 c,
                 [&](auto out, auto in, auto &) {
                     return c.device->automorphism(c.queue(), out, in, galois_element(c));
                 },
                 false);
         }},
        {"add", [](Case &c) { binary(c, c.device->add); }},
        {"sub", [](Case &c) { binary(c, c.device->sub); }},
        {"mul", [](Case &c) { binary(c, c.device->mul); }},
        {"mul_mont", mul_mont},
        {"negate",
         [](Case &c) {
             unary(
                 c, [&](auto out, auto in, auto &) { return c.device->negate(c.queue(), out, in); }, true);
         }},
        {"mul_const",
         [](Case &c) {
             unary(
                 c,
                 [&](auto out, auto in, auto &pos) {
                     const auto lo = c.constants(pos), hi = c.constants(pos);
                     return c.device->mul_const(c.queue(), out, in, lo.data(),
                                                c.shape.variant % 2 ? hi.data() : nullptr);
                 },
                 true);
         }},
        {"add_const",
         [](Case &c) {
             unary(
                 c,
                 [&](auto out, auto in, auto &pos) {
                     const auto lo = c.constants(pos), hi = c.constants(pos);
                     return c.device->add_const(c.queue(), out, in, lo.data(),
                                                c.shape.variant % 2 ? hi.data() : nullptr);
                 },
                 true);
         }},
        {"tensor", tensor},
        {"combine", combine},
        {"mod_up", mod_up},
        {"key_inner", key_inner},
        {"key_inner_many", key_inner_many},
        {"accumulate", accumulate},
        {"key_switch", key_switch},
        {"mod_down", mod_down},
        {"switch_down", switch_down},
        {"ntt_mod_down", ntt_mod_down},
        {"expand", expand},
        {"encode", encode},
        {"check_range", check_range},
        {"out_of_range", out_of_range},
        {"largest", largest},
        {"digest", digest},
    };
    return list;
}

} // namespace

const std::vector<std::string> &table_functions() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> r;
        for (const auto &[name, runner] : runners()) r.push_back(name);
        return r;
    }();
    return names;
}

std::string Shape::text() const {
    std::ostringstream s;
    s << (limbs ? std::to_string(limbs) : std::string("all")) << " limbs, " << parts << " parts, batch " << batch
      << ", variant " << variant << ", seed " << seed << (padded ? ", padded" : "") << (scattered ? ", scattered" : "")
      << (repeated ? ", repeated" : "") << (in_place ? ", in place" : "");
    return s.str();
}

Images run_case(const Device &device, const std::string &function, const Shape &shape) {
    for (const auto &[name, runner] : runners())
        if (name == function) {
            Case c(device, shape);
            runner(c);
            return c.finish();
        }
    throw std::runtime_error("no such function: " + function);
}

std::string difference(const Images &want, const Images &have) {
    std::ostringstream s;
    if (want.size() != have.size()) return "different numbers of outputs";
    for (size_t k = 0; k < want.size(); k++) {
        if (want[k].size() != have[k].size()) return "outputs of different sizes";
        for (size_t j = 0; j < want[k].size(); j++)
            if (want[k][j] != have[k][j]) {
                s << "output " << k << " word " << j << " of " << want[k].size() << ": want " << want[k][j] << ", have "
                  << have[k][j];
                return s.str();
            }
    }
    return "";
}

} // namespace support
