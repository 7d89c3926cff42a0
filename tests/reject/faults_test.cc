/* SPDX-License-Identifier: Apache-2.0 */
/* The k-th allocation of a task fails, for every k: the task says so, leaves its outputs as they were, loses nothing
 * (the sanitizer build looks), and succeeds when asked again. */
#include "reject/faults_alloc.h"
#include "reject/input_table.h"
#include "sable/io.h"
#include "sable/sign.h"
#include "support/scratch.h"

namespace {
using namespace input_table;

/* task: does the work and gives back everything; what it leaves untouched on failure it checks itself. jansson takes
 * some of its own failed allocations for bad syntax: reading JSON may say so too. */
void fail_each(const char *name, const std::function<sable_status(sable_error *)> &task, bool reads_json = false) {
    faults::CountJson json;
    sable_error err = {};
    ASSERT_EQ(SABLE_OK, task(&err)) << name << ": " << err.text;
    long k = 1;
    for (;; k++) {
        sable_status status;
        err = {};
        {
            faults::FailAllocation armed(k);
            status = task(&err);
        }
        if (!faults::fired) break;
        ASSERT_TRUE(status == SABLE_NO_MEMORY || status == SABLE_OK || (reads_json && status == SABLE_FORMAT))
            << name << ", allocation " << k << ": " << sable_status_name(status) << " " << err.text;
        err = {};
        if (status != SABLE_OK)
            ASSERT_EQ(SABLE_OK, task(&err)) << name << " after allocation " << k << ": " << err.text;
        ASSERT_LT(k, 20000) << name;
    }
    EXPECT_GT(k, 1) << name << " allocates nothing that can fail";
}

/* The queue's sentence, for tasks whose functions put it there. */
sable_status with_text(sable_status status, sable_error *err) {
    if (status != SABLE_OK) snprintf(err->text, sizeof err->text, "%s", sable_queue_error(World::get().queue));
    return status;
}

TEST(Faults, ParametersAndContexts) {
    World &w = World::get();
    char *text = nullptr;
    sable_error e = {};
    ASSERT_EQ(SABLE_OK, sable_params_write(w.params, &text, &e)) << e.text;
    sable_params_options allow = {sizeof allow, true};
    fail_each(
        "parse parameters",
        [&](sable_error *err) {
            sable_params *p = nullptr;
            sable_status status = sable_params_parse(&p, text, strlen(text), &allow, err);
            EXPECT_EQ(status != SABLE_OK, p == nullptr);
            sable_params_destroy(&p);
            return status;
        },
        true);
    sable_text_free(text);
    fail_each("write parameters", [&](sable_error *err) {
        char *t = nullptr;
        sable_status status = sable_params_write(w.params, &t, err);
        EXPECT_EQ(status != SABLE_OK, t == nullptr);
        sable_text_free(t);
        return status;
    });
    fail_each("context and queue", [&](sable_error *err) {
        sable_ctx *ctx = nullptr;
        sable_queue *queue = nullptr;
        sable_status status = sable_ctx_create(&ctx, w.params, nullptr, err);
        if (status == SABLE_OK) status = sable_queue_create(&queue, ctx, nullptr, err);
        sable_queue_destroy(&queue);
        sable_ctx_destroy(&ctx);
        return status;
    });
}

TEST(Faults, LoadingEveryKind) {
    for (int kind = 0; kind < KINDS; kind++) {
        MemoryFile file;
        file.write(World::get().sample[kind]);
        fail_each(kind_names[kind], [&](sable_error *err) {
            Outcome out = load(static_cast<Kind>(kind), file.path());
            snprintf(err->text, sizeof err->text, "%s", out.text.c_str());
            return out.status;
        });
    }
}

TEST(Faults, ModelsAndTables) {
    sable_error e = {};
    Scratch scratch;
    sable_model *model = nullptr;
    ASSERT_EQ(SABLE_OK, sable_model_create(&model, 2, 3, true, &e)) << e.text;
    std::string path = scratch.path("m.sable"), text = scratch.path("m.json");
    ASSERT_EQ(SABLE_OK, sable_model_save(model, path.c_str(), &e)) << e.text;
    const std::string sound = Scratch::read(path);
    for (const std::string &to : {path, text})
        fail_each("save a model", [&](sable_error *err) { return sable_model_save(model, to.c_str(), err); });
    EXPECT_EQ(sound, Scratch::read(path));
    EXPECT_EQ(2u, scratch.count()) << "a temporary file was left";
    for (const std::string &from : {path, text})
        fail_each(
            "load a model",
            [&](sable_error *err) {
                sable_model *m = nullptr;
                sable_status status = sable_model_load(&m, from.c_str(), err);
                EXPECT_EQ(status != SABLE_OK, m == nullptr);
                sable_model_destroy(&m);
                return status;
            },
            true);
    sable_model_destroy(&model);

    std::string csv = scratch.write("t.csv", "id,y,a,b\nx,yes,1,2\n\"q,\"\"\",no,3,4\n"), npy = scratch.path("t.npy");
    const double values[] = {1, 2, 3, 4, 5, 6};
    ASSERT_EQ(SABLE_OK, sable_npy_write(npy.c_str(), values, 2, 3, &e)) << e.text;
    sable_table_options options;
    sable_table_options_init(&options);
    options.id_column = "id";
    options.label_column = "y";
    options.label_positive = "yes";
    for (bool packed : {false, true})
        fail_each(packed ? "read NPY" : "read CSV", [&](sable_error *err) {
            sable_table *t = nullptr;
            sable_status status = sable_table_read(&t, (packed ? npy : csv).c_str(), packed ? nullptr : &options, err);
            EXPECT_EQ(status != SABLE_OK, t == nullptr);
            sable_table_destroy(&t);
            return status;
        });
}

TEST(Faults, KeysOfAClient) {
    World &w = World::get();
    fail_each("generate a secret", [&](sable_error *err) {
        sable_secret *s = nullptr;
        sable_status status = sable_secret_generate(&s, w.ctx, err);
        EXPECT_EQ(status != SABLE_OK, s == nullptr);
        sable_secret_destroy(&s);
        return status;
    });
    fail_each("generate a public key", [&](sable_error *err) {
        sable_public_key *pk = nullptr;
        sable_status status = sable_public_key_generate(w.queue, &pk, w.secret);
        EXPECT_EQ(status != SABLE_OK, pk == nullptr);
        sable_public_key_destroy(w.queue, &pk);
        return with_text(status, err);
    });
    fail_each("generate a key set", [&](sable_error *err) {
        sable_key_spec *spec = nullptr;
        sable_keyset *keys = nullptr;
        sable_status status = sable_key_spec_create(&spec, w.params, err);
        if (status == SABLE_OK) status = sable_key_spec_add_relin(spec, 0, 0, err);
        if (status == SABLE_OK) status = with_text(sable_keyset_generate(w.queue, &keys, w.secret, spec), err);
        EXPECT_EQ(status != SABLE_OK, keys == nullptr);
        sable_keyset_destroy(w.queue, &keys);
        sable_key_spec_destroy(&spec);
        return status;
    });
}

TEST(Faults, Ciphertexts) {
    World &w = World::get();
    const std::vector<double> values(512, 0.5);
    fail_each("encode, encrypt, decrypt", [&](sable_error *err) {
        sable_pt *pt = nullptr;
        sable_ct *ct = nullptr;
        sable_encoding e = {};
        e.struct_size = sizeof e;
        e.level = 1;
        std::vector<double> back(512);
        sable_status status = sable_pt_create(&pt, w.ctx, err);
        if (status == SABLE_OK) status = sable_ct_create(&ct, w.ctx, err);
        if (status == SABLE_OK) status = with_text(sable_encode(w.queue, pt, values.data(), 512, &e), err);
        if (status == SABLE_OK) status = with_text(sable_encrypt_secret(w.queue, ct, pt, w.secret), err);
        if (status == SABLE_OK) status = with_text(sable_decrypt(w.queue, back.data(), 512, false, ct, w.secret), err);
        sable_pt_destroy(w.queue, &pt);
        sable_ct_destroy(w.queue, &ct);
        return status;
    });
    sable_ct *a = w.encrypt(1, 1);
    auto operation = [&](const char *name, const std::function<sable_status(sable_ct *)> &apply) {
        fail_each(name, [&](sable_error *err) {
            sable_ct *out = nullptr;
            sable_status status = sable_ct_create(&out, w.ctx, err);
            if (status != SABLE_OK) return status;
            status = with_text(apply(out), err);
            sable_ct_info info = {};
            info.struct_size = sizeof info;
            EXPECT_EQ(SABLE_OK, sable_ct_describe(out, &info));
            EXPECT_EQ(status != SABLE_OK, info.empty) << name << ": a failed operation leaves its output alone";
            sable_ct_destroy(w.queue, &out);
            return status;
        });
    };
    operation("add", [&](sable_ct *out) { return sable_add(w.queue, out, a, a); });
    operation("multiply", [&](sable_ct *out) { return sable_multiply(w.queue, out, a, a, w.keys); });
    operation("rotate", [&](sable_ct *out) { return sable_rotate(w.queue, out, a, 1, w.keys); });
    sable_poly *square = nullptr;
    sable_error e = {};
    const double coefficients[] = {0.25, 0.5, 1};
    ASSERT_EQ(SABLE_OK, sable_poly_powers(&square, coefficients, 3, -1, 1, &e)) << e.text;
    sable_key_spec *spec = nullptr;
    sable_keyset *keys = nullptr;
    ASSERT_EQ(SABLE_OK, sable_key_spec_create(&spec, w.params, &e)) << e.text;
    ASSERT_EQ(SABLE_OK, sable_key_spec_add_relin(spec, 0, 2, &e)) << e.text;
    ASSERT_EQ(SABLE_OK, sable_keyset_generate(w.queue, &keys, w.secret, spec)) << sable_queue_error(w.queue);
    sable_ct *high = w.encrypt(2, 1);
    operation("polynomial", [&](sable_ct *out) { return sable_poly_evaluate(w.queue, out, high, square, keys); });
    sable_ct_destroy(w.queue, &high);
    sable_keyset_destroy(w.queue, &keys);
    sable_key_spec_destroy(&spec);
    sable_poly_destroy(&square);
    operation("rescale", [&](sable_ct *out) { return sable_rescale(w.queue, out, a); });
    sable_ct_destroy(w.queue, &a);
}

TEST(Faults, FitsAndSignCircuits) {
    const sable_fit fit = {sizeof fit, 5, -1, 1, SABLE_PARITY_ODD, 0.25};
    auto f = [](double x, void *) { return x < 0 ? -1.0 : 1.0; };
    for (auto make : {sable_poly_minimax, sable_poly_least_squares})
        fail_each("fit", [&](sable_error *err) {
            sable_poly *p = nullptr;
            sable_status status = make(&p, f, nullptr, &fit, nullptr, err);
            EXPECT_EQ(status != SABLE_OK, p == nullptr);
            sable_poly_destroy(&p);
            return status;
        });
    fail_each("sigmoid", [&](sable_error *err) {
        sable_poly *p = nullptr;
        sable_status status = sable_poly_sigmoid(&p, SABLE_FIT_INTERPOLATION, 5, 4, nullptr, err);
        EXPECT_EQ(status != SABLE_OK, p == nullptr);
        sable_poly_destroy(&p);
        return status;
    });
    const uint32_t degrees[] = {3, 3};
    for (double gap : {0.25, 0.0}) /* 0: chosen */
        fail_each("sign", [&](sable_error *err) {
            sable_sign *s = nullptr;
            sable_status status = gap > 0 ? sable_sign_create(&s, degrees, 2, gap, 1, err)
                                          : sable_sign_create_relu(&s, degrees, 1, 1, err);
            EXPECT_EQ(status != SABLE_OK, s == nullptr);
            sable_sign_destroy(&s);
            return status;
        });
    sable_sign *sign = nullptr;
    sable_error e = {};
    ASSERT_EQ(SABLE_OK, sable_sign_create(&sign, degrees, 2, 0.25, 1, &e)) << e.text;
    fail_each("circuit of a ReLU", [&](sable_error *err) {
        sable_circuit *c = nullptr;
        sable_program *p = nullptr;
        sable_status status = sable_circuit_create(&c, 8, err);
        if (status == SABLE_OK) {
            sable_circuit_output(c, "y", sable_circuit_relu(c, sable_circuit_input(c, "x", 1), sign));
            status = sable_circuit_status(c, err);
        }
        if (status == SABLE_OK) status = sable_program_create(&p, c, World::get().params, nullptr, err);
        EXPECT_EQ(status != SABLE_OK, p == nullptr);
        sable_program_destroy(&p);
        sable_circuit_destroy(&c);
        return status;
    });
    sable_sign_destroy(&sign);
}

TEST(Faults, SavingKeepsTheOldFile) {
    World &w = World::get();
    Scratch scratch;
    std::string path = scratch.write("t", "old");
    sable_ct *ct = w.encrypt(0, 1);
    auto save = [&](const char *name, const std::function<sable_status(sable_error *)> &task) {
        fail_each(name, [&](sable_error *err) {
            scratch.write("t", "old");
            sable_status status = task(err);
            EXPECT_EQ(status != SABLE_OK, Scratch::read(path) == "old") << name;
            EXPECT_EQ(1u, scratch.count()) << name << ": a temporary file was left";
            return status;
        });
    };
    save("ciphertext",
         [&](sable_error *err) { return with_text(sable_ct_save(w.queue, ct, path.c_str(), nullptr), err); });
    save("key set",
         [&](sable_error *err) { return with_text(sable_keyset_save(w.queue, w.keys, path.c_str(), nullptr), err); });
    save("secret", [&](sable_error *err) { return sable_secret_save(w.secret, path.c_str(), err); });
    save("parameters", [&](sable_error *err) { return sable_params_save(w.params, path.c_str(), err); });
    sable_ct_destroy(w.queue, &ct);
}

/* A circuit of every kind of function on matrices, small enough for several tiles. */
TEST(Faults, MatricesOfCircuits) {
    const sable_tile wide = {2, 8}, tall = {8, 2};
    const std::vector<double> numbers(15, 0.5);
    sable_error e = {};
    const double coefficient[] = {0.5, 0.25, 0.125};
    sable_poly *poly = nullptr;
    ASSERT_EQ(SABLE_OK, sable_poly_powers(&poly, coefficient, 3, -1, 1, &e)) << e.text;
    fail_each("matrices of a circuit", [&](sable_error *err) {
        sable_circuit *c = nullptr;
        sable_status status = sable_circuit_create(&c, 16, err);
        if (status != SABLE_OK) return status;
        const sable_matrix *m = sable_matrix_input(c, "m", SABLE_MATRIX, 3, 5, wide, 1),
                           *narrow = sable_matrix_input(c, "n", SABLE_MATRIX, 3, 2, wide, 1),
                           *row = sable_matrix_input(c, "r", SABLE_ROW_VECTOR, 3, 1, wide, 1),
                           *col = sable_matrix_input(c, "c", SABLE_COL_VECTOR, 1, 5, wide, 1),
                           *back = sable_matrix_input(c, "b", SABLE_COL_VECTOR, 1, 2, tall, 1);
        const sable_matrix *results[] = {
            sable_matrix_add_scalar(c, sable_matrix_mul_values(c, m, numbers.data()), 0.5),
            sable_matrix_poly(c, m, poly),
            sable_matrix_multiply(c, row, m, 1),
            sable_matrix_multiply(c, m, col, 0.5),
            sable_matrix_multiply_mixed(c, narrow, back, 0.5),
            sable_matrix_transpose_tile(c, sable_matrix_multiply_row_major(c, m, narrow, 1)),
            sable_matrix_multiply_col_major(c, m, m, 1),
            sable_matrix_col_to_row(c, sable_matrix_row_to_col(c, row, 1), 1),
        };
        const char *names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
        for (size_t k = 0; k < 8; k++) sable_matrix_output(c, names[k], results[k]);
        status = sable_circuit_status(c, err);
        sable_circuit_destroy(&c);
        return status;
    });
    sable_poly_destroy(&poly);
}

} // namespace
