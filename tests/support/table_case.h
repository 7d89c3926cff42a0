// SPDX-License-Identifier: Apache-2.0
#ifndef SABLE_SUPPORT_TABLE_CASE_H
#define SABLE_SUPPORT_TABLE_CASE_H
// What table_cases.cc and table_key_cases.cc share: the operands of one call, made from a shape and a seed.
#include <deque>
#include <stdexcept>
#include <utility>

#include "support/table_cases.h"

namespace support {

class Case {
  public:
    Case(const Device &device_, const Shape &shape_)
        : device(device_), shape(shape_), rng(shape_.seed * 1000003 + shape_.variant) {}

    const Device &device;
    const Shape &shape;
    Rng rng;

    void *queue() const { return device.queue(); }
    uint32_t n() const { return device.ring().n(); }
    uint32_t q_count() const { return device.ring()->q_count; }
    uint32_t all() const { return device.ring().limbs(); }

    // Positions of the shape: some limb, the first and the last, or all of them.
    std::vector<uint16_t> positions() {
        if (shape.limbs == 0 || shape.limbs >= all()) return range(0, all());
        if (shape.limbs == 2) return {0, static_cast<uint16_t>(all() - 1)};
        const uint32_t first = static_cast<uint32_t>(rng() % (all() - shape.limbs + 1));
        return range(first, first + shape.limbs);
    }
    Layout layout(bool may_repeat = false, bool may_repeat_parts = false) {
        Layout l;
        if (shape.padded)
            l = {16 * static_cast<uint32_t>(rng() % 4), 16 * static_cast<uint32_t>(rng() % 3),
                 16 * static_cast<uint32_t>(rng() % 5), false, false};
        l.scattered = shape.scattered;
        l.repeat_batch = may_repeat && shape.repeated;
        l.repeat_parts = l.repeat_batch && may_repeat_parts;
        return l;
    }

    // An operand that must come back as it was.
    Poly &input(const std::vector<uint16_t> &pos, uint32_t parts, uint32_t batch, const Layout &l) {
        Poly &p = operand(pos, parts, batch, l);
        inputs.push_back({&p, p.host});
        return p;
    }
    // An operand that the call may destroy or overwrite.
    Poly &operand(const std::vector<uint16_t> &pos, uint32_t parts, uint32_t batch, const Layout &l) {
        memory.emplace_back(device, pos, parts, batch, l);
        return memory.back().random(rng).upload();
    }
    Poly &output(const std::vector<uint16_t> &pos, uint32_t parts, uint32_t batch, const Layout &l) {
        memory.emplace_back(device, pos, parts, batch, l);
        return result(memory.back().upload());
    }
    Poly &result(Poly &p) {
        outputs.push_back(&p);
        return p;
    }
    // One canonical constant a limb, edges among them.
    std::vector<uint32_t> constants(const std::vector<uint16_t> &pos, size_t repeat = 1) {
        std::vector<uint32_t> c;
        for (size_t k = 0; k < repeat; k++)
            for (uint16_t i : pos) c.push_back(random_word(rng, device.ring().p(i)));
        return c;
    }

    Images finish() {
        Images images = extra;
        for (Poly *p : outputs) images.push_back(p->download().host);
        for (auto &[p, before] : inputs)
            if (p->download().host != before) throw std::runtime_error("an input was changed");
        return images;
    }
    Images extra;

  private:
    std::deque<Poly> memory;
    std::vector<std::pair<Poly *, std::vector<uint32_t>>> inputs;
    std::vector<Poly *> outputs;
};

// table_key_cases.cc
void mod_up(Case &c);
void key_inner(Case &c);
void key_inner_many(Case &c);
void accumulate(Case &c);
void key_switch(Case &c);
void mod_down(Case &c);
void switch_down(Case &c);

} // namespace support

#endif
