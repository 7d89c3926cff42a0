/* SPDX-License-Identifier: Apache-2.0 */
/* Every operation on ciphertexts on the emulated device against the cpu: files of the results are equal byte for byte, so words and everything
 * that is stated of them; at the ends and in the middle of the levels, in batches, into a new handle and, in batches of 3, over either operand. */
#include <functional>

#include "support/ckks_fixture.h"
#include "support/emu.h"
#include "support/scratch.h"

using namespace sable_test;

namespace {

/* A backend with the keys of one secret. */
struct Side {
    sable_ctx *ctx = nullptr;
    sable_queue *queue = nullptr;
    sable_keyset *keys = nullptr;
    sable_poly *poly = nullptr;

    Side(const char *backend, const sable_params *params, const std::string &key_file) {
        sable_error err{};
        sable_ctx_options o = {};
        o.struct_size = sizeof o;
        o.backend = backend;
        EXPECT_EQ(sable_ctx_create(&ctx, params, &o, &err), SABLE_OK) << err.text;
        EXPECT_EQ(sable_queue_create(&queue, ctx, nullptr, &err), SABLE_OK) << err.text;
        EXPECT_EQ(sable_keyset_load(queue, &keys, key_file.c_str()), SABLE_OK) << sable_queue_error(queue);
        const double cubic[] = {0.5, 0.2, 0, -0.01};
        EXPECT_EQ(sable_poly_powers(&poly, cubic, 4, -2, 2, &err), SABLE_OK) << err.text;
    }
    ~Side() {
        sable_poly_destroy(&poly);
        sable_keyset_destroy(queue, &keys);
        sable_queue_destroy(&queue);
        sable_ctx_destroy(&ctx);
    }
    Side(const Side &) = delete;
    Side &operator=(const Side &) = delete;
};

/* A ciphertext of a side. */
struct Value {
    Side &side;
    sable_ct *ct = nullptr;
    explicit Value(Side &s) : side(s) { EXPECT_EQ(sable_ct_create(&ct, s.ctx, nullptr), SABLE_OK); }
    ~Value() { sable_ct_destroy(side.queue, &ct); }
    Value(const Value &) = delete;
    Value &operator=(const Value &) = delete;
    void load(const std::string &path) {
        EXPECT_EQ(sable_ct_load(side.queue, ct, path.c_str()), SABLE_OK) << sable_queue_error(side.queue);
    }
};

struct Plain {
    Side &side;
    sable_pt *pt = nullptr;
    Plain(Side &s, uint32_t level, uint32_t slots) : side(s) {
        std::vector<double> values(slots);
        for (uint32_t j = 0; j < slots; j++) values[j] = (j % 37) / 37.0 - 0.4;
        sable_encoding e = {};
        e.struct_size = sizeof e;
        e.level = level;
        EXPECT_EQ(sable_pt_create(&pt, s.ctx, nullptr), SABLE_OK);
        EXPECT_EQ(sable_encode(s.queue, pt, values.data(), slots, &e), SABLE_OK) << sable_queue_error(s.queue);
    }
    ~Plain() { sable_pt_destroy(side.queue, &pt); }
    Plain(const Plain &) = delete;
    Plain &operator=(const Plain &) = delete;
};

struct Operands {
    Side &s;
    const sable_ct *a, *b, *product; /* 2 parts; 2 parts; 3 parts with the squared scale */
    const sable_pt *pt;
    uint32_t level, batch;
};

enum { OF_A = 1, OF_B = 2, OF_PRODUCT = 4 }; /* operands that the result may be written over */
struct Operation {
    const char *name;
    uint32_t least_level;
    int over;
    std::function<sable_status(const Operands &, sable_ct *)> run;
};

const std::vector<Operation> &operations() {
    static const std::vector<Operation> list = {
        {"copy", 0, 0, [](const Operands &o, sable_ct *r) { return sable_ct_copy(o.s.queue, r, o.a); }},
        {"slice", 0, OF_A,
         [](const Operands &o, sable_ct *r) { return sable_ct_slice(o.s.queue, r, o.a, o.batch - 1, 1); }},
        {"concat", 0, OF_A | OF_B,
         [](const Operands &o, sable_ct *r) {
             const sable_ct *both[] = {o.a, o.b};
             return sable_ct_concat(o.s.queue, r, both, 2);
         }},
        {"add", 0, OF_A | OF_B, [](const Operands &o, sable_ct *r) { return sable_add(o.s.queue, r, o.a, o.b); }},
        {"sub", 0, OF_A | OF_B, [](const Operands &o, sable_ct *r) { return sable_sub(o.s.queue, r, o.a, o.b); }},
        {"negate", 0, OF_A, [](const Operands &o, sable_ct *r) { return sable_negate(o.s.queue, r, o.a); }},
        {"add_plain", 0, OF_A, [](const Operands &o, sable_ct *r) { return sable_add_plain(o.s.queue, r, o.a, o.pt); }},
        {"sub_plain", 0, OF_A, [](const Operands &o, sable_ct *r) { return sable_sub_plain(o.s.queue, r, o.a, o.pt); }},
        {"add_scalar", 0, OF_A,
         [](const Operands &o, sable_ct *r) { return sable_add_scalar(o.s.queue, r, o.a, 0.3, -0.2); }},
        {"mul_integer", 0, OF_A,
         [](const Operands &o, sable_ct *r) { return sable_mul_integer(o.s.queue, r, o.a, -3); }},
        {"mul_i", 0, OF_A, [](const Operands &o, sable_ct *r) { return sable_mul_i(o.s.queue, r, o.a); }},
        {"mul_plain", 1, OF_A, [](const Operands &o, sable_ct *r) { return sable_mul_plain(o.s.queue, r, o.a, o.pt); }},
        {"mul_scalar", 1, OF_A,
         [](const Operands &o, sable_ct *r) { return sable_mul_scalar(o.s.queue, r, o.a, 0.7, 0.1); }},
        {"tensor", 1, OF_A | OF_B, [](const Operands &o, sable_ct *r) { return sable_tensor(o.s.queue, r, o.a, o.b); }},
        {"tensor_sum", 1, OF_A | OF_B,
         [](const Operands &o, sable_ct *r) { return sable_tensor_sum(o.s.queue, r, o.a, o.b, o.batch); }},
        {"combine", 1, OF_A,
         [](const Operands &o, sable_ct *r) {
             std::vector<double> w(2 * o.batch);
             for (size_t i = 0; i < w.size(); i++) w[i] = 0.1 * static_cast<double>(i) - 0.3;
             return sable_combine(o.s.queue, r, o.a, w.data(), 2);
         }},
        {"rescale", 1, OF_PRODUCT,
         [](const Operands &o, sable_ct *r) { return sable_rescale(o.s.queue, r, o.product); }},
        {"relinearize", 1, OF_PRODUCT,
         [](const Operands &o, sable_ct *r) { return sable_relinearize(o.s.queue, r, o.product, o.s.keys); }},
        {"relinearize_rescale", 1, OF_PRODUCT,
         [](const Operands &o, sable_ct *r) { return sable_relinearize_rescale(o.s.queue, r, o.product, o.s.keys); }},
        {"multiply", 1, OF_A | OF_B,
         [](const Operands &o, sable_ct *r) { return sable_multiply(o.s.queue, r, o.a, o.b, o.s.keys); }},
        {"square", 1, OF_A, [](const Operands &o, sable_ct *r) { return sable_square(o.s.queue, r, o.a, o.s.keys); }},
        {"adjust", 1, OF_A,
         [](const Operands &o, sable_ct *r) { return sable_adjust(o.s.queue, r, o.a, o.level - 1); }},
        {"adjust_to_0", 2, OF_A, [](const Operands &o, sable_ct *r) { return sable_adjust(o.s.queue, r, o.a, 0); }},
        {"rotate", 0, OF_A,
         [](const Operands &o, sable_ct *r) { return sable_rotate(o.s.queue, r, o.a, 5, o.s.keys); }},
        {"rotate_add", 0, OF_A | OF_B,
         [](const Operands &o, sable_ct *r) { return sable_rotate_add(o.s.queue, r, o.a, o.b, -7, o.s.keys); }},
        {"rotate_hoisted", 0, 0,
         [](const Operands &o, sable_ct *r) {
             const int64_t steps[] = {1, 2, -1};
             Value one(o.s), two(o.s);
             sable_ct *outs[] = {one.ct, r, two.ct};
             const sable_status status = sable_rotate_hoisted(o.s.queue, outs, o.a, steps, 3, o.s.keys);
             const sable_ct *all[] = {one.ct, r, two.ct};
             return status == SABLE_OK ? sable_ct_concat(o.s.queue, r, all, 3) : status;
         }},
        {"conjugate", 0, OF_A,
         [](const Operands &o, sable_ct *r) { return sable_conjugate(o.s.queue, r, o.a, o.s.keys); }},
        {"poly", 3, OF_A,
         [](const Operands &o, sable_ct *r) { return sable_poly_evaluate(o.s.queue, r, o.a, o.s.poly, o.s.keys); }},
    };
    return list;
}

class EmuOperations : public testing::Test {
  protected:
    support::EmuWatch watch;
    Scratch scratch;
    Kit kit{"T10"};

    std::string path(const std::string &name) const { return scratch.path(name); }

    /* The file of one operation on one side. */
    std::string result(Side &s, const Operation &op, uint32_t level, uint32_t batch, int over) {
        Value a(s), b(s), product(s), fresh(s);
        a.load(path("a"));
        b.load(path("b"));
        if (level >= 1) product.load(path("product"));
        Plain pt(s, level, kit.slots());
        sable_ct *to = over == OF_A ? a.ct : over == OF_B ? b.ct : over == OF_PRODUCT ? product.ct : fresh.ct;
        const Operands o = {s, a.ct, b.ct, product.ct, pt.pt, level, batch};
        EXPECT_EQ(op.run(o, to), SABLE_OK) << sable_queue_error(s.queue);
        const std::string file = path("result");
        EXPECT_EQ(sable_ct_save(s.queue, to, file.c_str(), nullptr), SABLE_OK) << sable_queue_error(s.queue);
        return Scratch::read(file);
    }
};

TEST_F(EmuOperations, FilesAreThoseOfTheCpu) {
    ASSERT_EQ(sable_keyset_save(kit.queue, kit.keys, path("keys").c_str(), nullptr), SABLE_OK);
    Side cpu("cpu", kit.params, path("keys")), emu("emu", kit.params, path("keys"));
    for (uint32_t level : {0u, 1u, kit.top() / 2, kit.top()})
        for (uint32_t batch : {1u, 3u, 8u}) {
            Ct a = kit.encrypt(kit.random(batch, false), level, batch),
               b = kit.encrypt(kit.random(batch, false), level, batch);
            Ct product(kit);
            ASSERT_EQ(sable_ct_save(kit.queue, a, path("a").c_str(), nullptr), SABLE_OK);
            ASSERT_EQ(sable_ct_save(kit.queue, b, path("b").c_str(), nullptr), SABLE_OK);
            if (level >= 1) {
                ASSERT_EQ(sable_tensor(kit.queue, product, a, b), SABLE_OK);
                ASSERT_EQ(sable_ct_save(kit.queue, product, path("product").c_str(), nullptr), SABLE_OK);
            }
            for (const Operation &op : operations()) {
                if (level < op.least_level) continue;
                const std::string wanted = result(cpu, op, level, batch, 0);
                ASSERT_FALSE(wanted.empty()) << op.name;
                for (int over : {0, static_cast<int>(OF_A), static_cast<int>(OF_B), static_cast<int>(OF_PRODUCT)})
                    if (over == 0 || (batch == 3 && (over & op.over)))
                        EXPECT_TRUE(wanted == result(emu, op, level, batch, over))
                            << op.name << " at level " << level << ", batch " << batch << ", over " << over;
            }
        }
}

} // namespace
