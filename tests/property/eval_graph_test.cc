/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs give the words of the calls that they record, at every launch, and refuse what they cannot hold. Runs on every backend: where
 * there are no graphs the body is called again. */
#include <functional>

#include "support/ckks_fixture.h"

extern "C" {
#include "sable/circuit.h"
}

using namespace sable_test;

namespace {

using Operation = std::function<sable_status(Kit &, sable_queue *, sable_ct *const *, const sable_ct *const *)>;

/* What a body needs; calls counts how often it ran. */
struct Call {
    Kit *kit;
    Operation operation;
    int calls = 0;
};
sable_status run_call(sable_queue *queue, sable_ct *const *outputs, const sable_ct *const *inputs, void *argument) {
    Call *call = static_cast<Call *>(argument);
    call->calls++;
    return call->operation(*call->kit, queue, outputs, inputs);
}

/* An owned graph. */
class Graph {
  public:
    Graph(Kit &kit, Operation operation, size_t outputs = 1) : outputs_(outputs), call_{&kit, std::move(operation)} {}
    ~Graph() { destroy(); }
    Graph(const Graph &) = delete;
    Graph &operator=(const Graph &) = delete;
    sable_status record(std::vector<const sable_ct *> inputs) {
        const sable_graph_body body = {run_call, &call_, nullptr};
        return sable_graph_record(call_.kit->queue, &graph_, inputs.data(), inputs.size(), outputs_, &body);
    }
    sable_status launch(std::vector<const sable_ct *> inputs) {
        for (size_t i = 0; i < inputs.size(); i++) {
            const sable_status status = sable_graph_set_input(call_.kit->queue, graph_, i, inputs[i]);
            if (status != SABLE_OK) return status;
        }
        return sable_graph_launch(call_.kit->queue, graph_);
    }
    void destroy() { sable_graph_destroy(call_.kit->queue, &graph_); }
    sable_graph *get() const { return graph_; }
    const sable_ct *output(size_t index) const { return sable_graph_output(graph_, index); }
    int calls() const { return call_.calls; }
    /* The outputs are, word by word and in what they say of themselves, those of the calls made one by one. */
    void expect_eager(std::vector<const sable_ct *> inputs) {
        Kit &kit = *call_.kit;
        std::vector<Ct> own;
        std::vector<sable_ct *> eager;
        for (size_t i = 0; i < outputs_; i++) own.emplace_back(kit);
        for (const Ct &ct : own) eager.push_back(ct);
        OK(kit, call_.operation(kit, kit.queue, eager.data(), inputs.data()));
        for (size_t i = 0; i < outputs_; i++) {
            ASSERT_NE(output(i), nullptr);
            EXPECT_EQ(kit.words(output(i)), kit.words(eager[i])) << "output " << i;
            EXPECT_EQ(output(i)->level, eager[i]->level);
            EXPECT_EQ(output(i)->bound, eager[i]->bound);
            EXPECT_EQ(output(i)->noise_var, eager[i]->noise_var);
            EXPECT_TRUE(sable_scale_equal(output(i)->scale, eager[i]->scale));
        }
    }

  private:
    size_t outputs_;
    Call call_;
    sable_graph *graph_ = nullptr;
};

bool has_graphs(const Kit &kit) { return kit.ctx->backend->graph_begin != nullptr; }

sable_status product(Kit &kit, sable_queue *q, sable_ct *const *out, const sable_ct *const *in) {
    return sable_multiply(q, out[0], in[0], in[1], kit.keys);
}
sable_status rotation(Kit &kit, sable_queue *q, sable_ct *const *out, const sable_ct *const *in) {
    return sable_rotate(q, out[0], in[0], 5, kit.keys);
}
sable_status rotation_added(Kit &kit, sable_queue *q, sable_ct *const *out, const sable_ct *const *in) {
    return sable_rotate_add(q, out[0], in[1], in[0], -7, kit.keys);
}
sable_status hoisted(Kit &kit, sable_queue *q, sable_ct *const *out, const sable_ct *const *in) {
    const int64_t steps[] = {1, 2, 5, -1, -7};
    return sable_rotate_hoisted(q, out, in[0], steps, 5, kit.keys);
}
/* Temporaries that come and go, in place and out of it, with constants of every kind. */
sable_status chain(Kit &kit, sable_queue *q, sable_ct *const *out, const sable_ct *const *in) {
    sable_ct *a = nullptr, *b = nullptr;
    sable_pt *pt = nullptr;
    std::vector<double> mask(kit.slots());
    for (size_t i = 0; i < mask.size(); i++) mask[i] = static_cast<double>(i % 5) / 8;
    const double weights[] = {0.5, -0.25, 0.125, 1};
    sable_encoding e = {};
    e.struct_size = sizeof e;
    e.level = in[0]->level - 2;
    sable_status s = sable_ct_create(&a, kit.ctx, nullptr);
    if (s == SABLE_OK) s = sable_ct_create(&b, kit.ctx, nullptr);
    if (s == SABLE_OK) s = sable_pt_create(&pt, kit.ctx, nullptr);
    if (s == SABLE_OK) s = sable_combine(q, a, in[0], weights, 2);
    if (s == SABLE_OK) s = sable_rescale(q, a, a);
    if (s == SABLE_OK) s = sable_square(q, b, a, kit.keys);
    if (s == SABLE_OK) s = sable_add_scalar(q, b, b, 0.25, -0.5);
    if (s == SABLE_OK) s = sable_encode(q, pt, mask.data(), mask.size(), &e);
    if (s == SABLE_OK) s = sable_mul_plain(q, a, b, pt);
    if (s == SABLE_OK) s = sable_rescale(q, a, a);
    if (s == SABLE_OK) s = sable_adjust(q, out[0], in[1], a->level);
    if (s == SABLE_OK) s = sable_sub(q, out[0], a, out[0]);
    if (s == SABLE_OK) s = sable_conjugate(q, out[1], out[0], kit.keys);
    sable_pt_destroy(q, &pt);
    sable_ct_destroy(q, &b);
    sable_ct_destroy(q, &a);
    return s;
}

struct Case {
    const char *name;
    Operation operation;
    size_t outputs;
};

class EvalGraph : public testing::Test {
  protected:
    Kit kit{"T10"};
    static constexpr uint32_t level = 5, batch = 2;
    Ct fresh() {
        Ct ct = kit.encrypt(kit.random(batch, true), level, batch);
        EXPECT_EQ(sable_ct_declare(kit.queue, ct, 2, 1), SABLE_OK);
        return ct;
    }
    Ct a = fresh(), b = fresh(), c = fresh(), d = fresh();
};

TEST_F(EvalGraph, EveryLaunchGivesTheWordsOfTheCalls) {
    const Case cases[] = {{"product", product, 1},
                          {"rotation", rotation, 1},
                          {"rotation added", rotation_added, 1},
                          {"hoisted rotations", hoisted, 5},
                          {"chain", chain, 2}};
    for (const Case &one : cases) {
        SCOPED_TRACE(one.name);
        Graph graph(kit, one.operation, one.outputs);
        OK(kit, graph.record({a, b}));
        graph.expect_eager({a, b});
        OK(kit, graph.launch({c, d}));
        graph.expect_eager({c, d}); /* other work, of the same kind, between the launches */
        OK(kit, graph.launch({}));
        graph.expect_eager({c, d});
        OK(kit, graph.launch({b, a}));
        graph.expect_eager({b, a});
        EXPECT_EQ(graph.calls(), has_graphs(kit) ? 2 : 4);
        sable_graph_info info{};
        info.struct_size = sizeof info;
        ASSERT_EQ(sable_graph_describe(graph.get(), &info), SABLE_OK);
        EXPECT_EQ(info.recorded, has_graphs(kit));
        EXPECT_EQ(info.launches > 0, has_graphs(kit));
        EXPECT_EQ(info.bytes > 0, has_graphs(kit));
    }
}

TEST_F(EvalGraph, Polynomials) {
    const double coefficient[] = {0.5, 0.375, 0, -0.03125, 0, 0.0078125};
    sable_poly *poly = nullptr;
    sable_error err = {};
    ASSERT_EQ(sable_poly_powers(&poly, coefficient, 6, -2, 2, &err), SABLE_OK) << err.text;
    Graph graph(kit, [&](Kit &k, sable_queue *q, sable_ct *const *out, const sable_ct *const *in) {
        return sable_poly_evaluate(q, out[0], in[0], poly, k.keys);
    });
    OK(kit, graph.record({a}));
    graph.expect_eager({a});
    OK(kit, graph.launch({b}));
    graph.expect_eager({b});
    graph.destroy();
    sable_poly_destroy(&poly);
}

/* A lowered circuit with products, hoisted rotations and a plaintext operand. */
TEST_F(EvalGraph, Programs) {
    sable_circuit *circuit = nullptr;
    sable_program *program = nullptr;
    sable_graph *graph = nullptr;
    sable_error err = {};
    ASSERT_EQ(sable_circuit_create(&circuit, kit.slots(), &err), SABLE_OK) << err.text;
    std::vector<double> mask(kit.slots());
    for (size_t i = 0; i < mask.size(); i++) mask[i] = static_cast<double>(i % 3) / 4;
    const sable_node x = sable_circuit_input(circuit, "x", 2), y = sable_circuit_input(circuit, "y", 2);
    const sable_node turned =
        sable_circuit_add(circuit, sable_circuit_rotate(circuit, x, 1), sable_circuit_rotate(circuit, x, -7));
    const sable_node masked = sable_circuit_mul_plain(circuit, turned, mask.data());
    sable_circuit_output(circuit, "product", sable_circuit_mul(circuit, masked, y));
    sable_circuit_output(circuit, "masked", masked);
    ASSERT_EQ(sable_program_create(&program, circuit, kit.params, nullptr, &err), SABLE_OK) << err.text;
    uint32_t at[2];
    for (size_t i = 0; i < 2; i++) ASSERT_NE(sable_program_input(program, i, &at[i]), nullptr);
    std::vector<Ct> in;
    for (int i = 0; i < 4; i++) {
        in.push_back(kit.encrypt(kit.random(batch, true), at[i % 2], batch));
        OK(kit, sable_ct_declare(kit.queue, in.back(), 2, 1));
    }
    const sable_ct *first[] = {in[0], in[1]};
    EXPECT_EQ(sable_program_record(kit.queue, &graph, program, first, 1, kit.keys), SABLE_INVALID);
    EXPECT_EQ(sable_program_record(kit.queue, &graph, program, first, 2, nullptr), SABLE_NO_KEY);
    OK(kit, sable_program_record(kit.queue, &graph, program, first, 2, kit.keys));
    for (size_t round = 0; round < 2; round++) {
        const sable_ct *now[] = {in[2 * round], in[2 * round + 1]};
        Ct product(kit), rest(kit);
        sable_ct *const outs[] = {product, rest};
        if (round)
            for (size_t i = 0; i < 2; i++) OK(kit, sable_graph_set_input(kit.queue, graph, i, now[i]));
        if (round) OK(kit, sable_graph_launch(kit.queue, graph));
        OK(kit, sable_program_run(kit.queue, program, outs, 2, now, 2, kit.keys));
        for (size_t i = 0; i < 2; i++) EXPECT_EQ(kit.words(sable_graph_output(graph, i)), kit.words(outs[i])) << i;
    }
    sable_graph_destroy(kit.queue, &graph);
    sable_program_destroy(&program);
    sable_circuit_destroy(&circuit);
}

/* Two graphs take turns, one feeds the other, and one ends while the queue goes on with the other. */
TEST_F(EvalGraph, SeveralOnOneQueue) {
    Graph first(kit, product), second(kit, rotation);
    OK(kit, first.record({a, b}));
    OK(kit, second.record({first.output(0)}));
    second.expect_eager({first.output(0)});
    for (int round = 0; round < 3; round++) {
        OK(kit, first.launch({round & 1 ? c : a, d}));
        OK(kit, second.launch({first.output(0)}));
    }
    first.expect_eager({a, d});
    second.expect_eager({first.output(0)});
    OK(kit, first.launch({c, b}));
    Ct kept(kit);
    OK(kit, sable_ct_copy(kit.queue, kept, first.output(0)));
    first.destroy();
    OK(kit, second.launch({kept}));
    second.expect_eager({kept});
}

/* Every refusal comes with a sentence, and the queue does what it did before. */
TEST_F(EvalGraph, ABodyThatFailsLeavesNothing) {
    Graph good(kit, product);
    OK(kit, good.record({a, b}));
    Pt pt = kit.encode(kit.random(1, true), level);
    sable_ct *left = nullptr;
    const auto after = [](Operation last) {
        return [=](Kit &k, sable_queue *q, sable_ct *const *out, const sable_ct *const *in) {
            const sable_status status = sable_square(q, out[0], in[0], k.keys);
            return status == SABLE_OK ? last(k, q, out, in) : status;
        };
    };
    struct Wrong {
        const char *what;
        sable_status status;
        Operation operation;
    };
    std::vector<double> values(2 * static_cast<size_t>(batch) * kit.slots());
    const Wrong wrong[] = {
        {"missing key", SABLE_NO_KEY,
         [](Kit &k, sable_queue *q, sable_ct *const *out, const sable_ct *const *in) {
             return sable_rotate(q, out[0], in[0], 11, k.keys);
         }},
        {"sync", SABLE_UNSUPPORTED, [](Kit &, sable_queue *q, auto, auto) { return sable_queue_sync(q); }},
        {"decode", SABLE_UNSUPPORTED,
         [&](Kit &, sable_queue *q, auto, auto) { return sable_decode(q, values.data(), kit.n(), true, pt); }},
        {"decrypt", SABLE_UNSUPPORTED,
         [&](Kit &k, sable_queue *q, auto, const sable_ct *const *in) {
             return sable_decrypt(q, values.data(), values.size(), true, in[0], k.secret);
         }},
        {"encrypt", SABLE_UNSUPPORTED,
         [&](Kit &k, sable_queue *q, sable_ct *const *out, auto) {
             return sable_encrypt_secret(q, out[0], pt, k.secret);
         }},
        {"save", SABLE_UNSUPPORTED,
         [](Kit &, sable_queue *q, sable_ct *const *out, auto) { return sable_ct_save(q, out[0], "never", nullptr); }},
        {"launch", SABLE_UNSUPPORTED,
         [&](Kit &, sable_queue *q, auto, auto) { return sable_graph_launch(q, good.get()); }},
        {"outer ciphertext", SABLE_INVALID,
         [&](Kit &, sable_queue *q, sable_ct *const *out, auto) { return sable_negate(q, out[0], d); }},
        {"outer output", SABLE_INVALID,
         [&](Kit &, sable_queue *q, auto, const sable_ct *const *in) { return sable_negate(q, d, in[0]); }},
        {"outer plaintext", SABLE_INVALID,
         [&](Kit &, sable_queue *q, auto, auto) {
             sable_encoding e = {};
             e.struct_size = sizeof e;
             return sable_encode(q, pt, values.data(), kit.slots(), &e);
         }},
        {"left behind", SABLE_INVALID,
         [&](Kit &k, sable_queue *q, auto, const sable_ct *const *in) {
             const sable_status status = left ? SABLE_OK : sable_ct_create(&left, k.ctx, nullptr);
             return status == SABLE_OK ? sable_negate(q, left, in[0]) : status;
         }},
        {"own refusal", SABLE_LIMIT, [](Kit &, auto, auto, auto) { return SABLE_LIMIT; }},
    };
    const std::vector<uint32_t> before = kit.words(d);
    size_t live = 0, now = 0;
    OK(kit, kit.ctx->backend->memory_use(kit.ctx->state, &live, nullptr));
    for (const Wrong &one : wrong) {
        SCOPED_TRACE(one.what);
        Graph graph(kit, after(one.operation));
        EXPECT_EQ(graph.record({a, b}), one.status);
        EXPECT_GT(std::string(sable_queue_error(kit.queue)).size(), 20u);
        EXPECT_EQ(graph.get(), nullptr);
        if (left) {
            Ct out(kit);
            EXPECT_EQ(sable_negate(kit.queue, out, left), SABLE_INVALID) << "it was a part of the recording";
            sable_ct_destroy(kit.queue, &left);
        }
        OK(kit, good.launch({c, d}));
        good.expect_eager({c, d});
    }
    Graph forgetful(kit, [](Kit &, auto, auto, auto) { return SABLE_OK; });
    EXPECT_EQ(forgetful.record({a}), SABLE_INVALID) << "no output written";
    EXPECT_EQ(kit.words(d), before);
    OK(kit, kit.ctx->backend->memory_use(kit.ctx->state, &now, nullptr));
    EXPECT_EQ(now, live);
}

TEST_F(EvalGraph, InputsAreLikeTheRecordedOnes) {
    Graph graph(kit, product);
    OK(kit, graph.record({a, b}));
    const std::vector<uint32_t> words = kit.words(graph.output(0));
    Ct low = kit.encrypt(kit.random(batch, true), level - 1, batch), one = kit.encrypt(kit.random(1, true), level, 1);
    Ct wide = fresh(), noisy(kit), three(kit), scaled(kit);
    OK(kit, sable_ct_declare(kit.queue, wide, 4, 1));
    OK(kit, sable_rotate(kit.queue, noisy, a, 1, kit.keys));
    OK(kit, sable_tensor(kit.queue, three, a, b));
    OK(kit, sable_mul_scalar(kit.queue, scaled, a, 0.5, 0));
    EXPECT_EQ(graph.launch({low}), SABLE_LEVEL);
    EXPECT_EQ(graph.launch({one}), SABLE_INVALID);
    EXPECT_EQ(graph.launch({wide}), SABLE_BOUND);
    EXPECT_EQ(graph.launch({noisy}), SABLE_BOUND);
    EXPECT_EQ(graph.launch({three}), SABLE_DEGREE);
    EXPECT_EQ(graph.launch({scaled}), SABLE_SCALE);
    EXPECT_EQ(graph.launch({a, b, c}), SABLE_INVALID) << "there is no third input";
    EXPECT_EQ(sable_graph_output(graph.get(), 1), nullptr);
    OK(kit, graph.launch({}));
    EXPECT_EQ(kit.words(graph.output(0)), words) << "a refusal changes no input";
}

TEST_F(EvalGraph, OnAnotherQueueInTurn) {
    Graph graph(kit, product);
    OK(kit, graph.record({a, b}));
    sable_queue *other = nullptr;
    sable_error err = {};
    ASSERT_EQ(sable_queue_create(&other, kit.ctx, nullptr, &err), SABLE_OK) << err.text;
    EXPECT_EQ(sable_graph_launch(other, graph.get()), SABLE_BUSY);
    ASSERT_EQ(sable_queue_wait(other, kit.queue), SABLE_OK);
    ASSERT_EQ(sable_graph_set_input(other, graph.get(), 0, c), SABLE_OK) << sable_queue_error(other);
    ASSERT_EQ(sable_graph_launch(other, graph.get()), SABLE_OK) << sable_queue_error(other);
    Ct copy(kit);
    EXPECT_EQ(sable_ct_copy(kit.queue, copy, graph.output(0)), SABLE_BUSY);
    OK(kit, sable_queue_wait(kit.queue, other));
    OK(kit, sable_ct_copy(kit.queue, copy, graph.output(0)));
    graph.expect_eager({c, b});
    EXPECT_EQ(sable_graph_launch(other, graph.get()), SABLE_BUSY) << "its output is read by the first queue";
    sable_queue_destroy(&other);
}

} // namespace
