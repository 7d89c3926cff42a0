/* SPDX-License-Identifier: Apache-2.0 */
/* Encrypted matrices in files: shape, tiles and state come back as they were, however stored, and take part in a circuit on the other side. */
#include "support/circuit_run.h"
#include "support/scratch.h"

extern "C" {
#include "sable/linalg.h"
}

using namespace sable_test;

namespace {

class LinalgFile : public testing::Test {
  protected:
    static KitOptions single() {
        KitOptions o;
        o.threads = 1;
        return o;
    }
    static sable_matrix_shape shape(sable_format format, uint32_t rows, uint32_t cols, sable_tile tile) {
        sable_matrix_shape s = {};
        s.struct_size = sizeof s;
        s.format = format, s.rows = rows, s.cols = cols, s.tile = tile;
        return s;
    }
    /* The tiles of a matrix of `values` as one batch. */
    Ct encrypt(const sable_matrix_shape &s, const std::vector<double> &values, uint32_t level) {
        const uint32_t slots = s.tile.height * s.tile.width, down = (s.rows + s.tile.height - 1) / s.tile.height,
                       across = (s.cols + s.tile.width - 1) / s.tile.width;
        Values all;
        std::vector<double> tile(slots);
        sable_error err{};
        for (uint32_t k = 0; k < down * across; k++) {
            EXPECT_EQ(sable_matrix_pack(s.format, s.rows, s.cols, s.tile, k / across, k % across, values.data(),
                                        tile.data(), &err),
                      SABLE_OK)
                << err.text;
            all.insert(all.end(), tile.begin(), tile.end());
        }
        return kit.encrypt(all, level, down * across, slots);
    }
    std::vector<double> numbers(size_t count) {
        std::vector<double> v(count);
        for (size_t k = 0; k < count; k++) v[k] = std::sin(static_cast<double>(k));
        return v;
    }

    Kit kit{"T10", single()};
    Scratch scratch;
};

TEST_F(LinalgFile, EveryFormatComesBackHoweverStored) {
    const sable_matrix_shape shapes[] = {shape(SABLE_MATRIX, 20, 70, {16, 32}), shape(SABLE_MATRIX, 1, 1, {512, 1}),
                                         shape(SABLE_ROW_VECTOR, 40, 1, {16, 32}),
                                         shape(SABLE_COL_VECTOR, 1, 70, {4, 16})};
    const std::string path = scratch.path("matrix");
    for (const sable_matrix_shape &s : shapes)
        for (uint32_t bits : {30u, 32u})
            for (bool full : {false, true}) {
                SCOPED_TRACE(testing::Message() << s.rows << " x " << s.cols << ", " << bits << " bits, full " << full);
                const sable_file_options options = {sizeof options, bits, full};
                Ct tiles = encrypt(s, numbers(static_cast<size_t>(s.rows) * s.cols), 1), back(kit);
                OK(kit, sable_matrix_save(kit.queue, &s, tiles, path.c_str(), &options));
                uint64_t told = 0;
                sable_error err{};
                ASSERT_EQ(sable_matrix_file_bytes(&told, kit.params, &s, 1, !full, &options, &err), SABLE_OK)
                    << err.text;
                EXPECT_EQ(told, Scratch::read(path).size());
                sable_matrix_shape got = shape(SABLE_MATRIX, 0, 0, {0, 0});
                OK(kit, sable_matrix_load(kit.queue, &got, back, path.c_str()));
                EXPECT_EQ(std::make_tuple(got.format, got.rows, got.cols, got.tile.height, got.tile.width),
                          std::make_tuple(s.format, s.rows, s.cols, s.tile.height, s.tile.width));
                EXPECT_EQ(kit.words(tiles), kit.words(back));
                EXPECT_EQ(back->seeded, !full);
            }
}

/* A product that is neither relinearised nor rescaled: three parts and the square of the scale are kept. */
TEST_F(LinalgFile, StateIsKept) {
    const sable_matrix_shape s = shape(SABLE_MATRIX, 20, 30, {16, 32});
    Ct tiles = encrypt(s, numbers(600), 2), product(kit), back(kit);
    OK(kit, sable_tensor(kit.queue, product, tiles, tiles));
    const std::string path = scratch.path("matrix");
    OK(kit, sable_matrix_save(kit.queue, &s, product, path.c_str(), nullptr));
    sable_matrix_shape got = s;
    OK(kit, sable_matrix_load(kit.queue, &got, back, path.c_str()));
    EXPECT_EQ(back->parts, 3u);
    EXPECT_EQ(back->level, 2u);
    EXPECT_TRUE(sable_scale_equal(back->scale, product->scale));
    EXPECT_EQ(kit.words(product), kit.words(back));
    EXPECT_EQ(back->bound, product->bound);
    EXPECT_EQ(back->noise_var, product->noise_var);
}

/* One side encrypts and saves; the other loads, multiplies tile by tile, and saves the result. */
TEST_F(LinalgFile, LoadedMatricesRunInCircuits) {
    const sable_tile tile = {16, 32};
    const sable_matrix_shape ms = shape(SABLE_MATRIX, 20, 40, tile), xs = shape(SABLE_COL_VECTOR, 1, 40, tile);
    const std::vector<double> m = numbers(800), x = numbers(40);
    Circuit c(kit.slots());
    const sable_matrix *M = sable_matrix_input(c, "m", ms.format, ms.rows, ms.cols, tile, 1.01),
                       *X = sable_matrix_input(c, "x", xs.format, xs.rows, xs.cols, tile, 1.01);
    sable_matrix_output(c, "y", sable_matrix_multiply(c, M, X, 0.125));
    Program p(c, kit.params);
    ASSERT_EQ(p.status, SABLE_OK) << p.text;
    OK(kit, sable_matrix_save(kit.queue, &ms, encrypt(ms, m, p.input_level(0)), scratch.path("m").c_str(), nullptr));
    OK(kit, sable_matrix_save(kit.queue, &xs, encrypt(xs, x, p.input_level(4)), scratch.path("x").c_str(), nullptr));

    sable_matrix_shape got = ms;
    Ct batch(kit);
    std::vector<Ct> in, out;
    for (const char *name : {"m", "x"}) {
        OK(kit, sable_matrix_load(kit.queue, &got, batch, scratch.path(name).c_str()));
        for (uint32_t k = 0; k < batch->batch; k++) {
            in.emplace_back(kit);
            OK(kit, sable_ct_slice(kit.queue, in.back(), batch, k, 1));
        }
    }
    for (int k = 0; k < 2; k++) out.emplace_back(kit);
    const std::vector<const sable_ct *> from(in.begin(), in.end());
    const std::vector<sable_ct *> to(out.begin(), out.end());
    sable_key_spec *spec = nullptr;
    sable_error err{};
    ASSERT_EQ(sable_key_spec_create(&spec, kit.params, &err), SABLE_OK);
    ASSERT_EQ(sable_program_add_keys(p, spec, &err), SABLE_OK);
    sable_keyset *keys = kit.make_keys(spec);
    sable_key_spec_destroy(&spec);
    OK(kit, sable_program_run(kit.queue, p, to.data(), 2, from.data(), from.size(), keys));
    sable_keyset_destroy(kit.queue, &keys);
    const std::vector<const sable_ct *> results(out.begin(), out.end());
    OK(kit, sable_ct_concat(kit.queue, batch, results.data(), 2));
    const sable_matrix_shape ys = shape(SABLE_ROW_VECTOR, 20, 1, tile);
    OK(kit, sable_matrix_save(kit.queue, &ys, batch, scratch.path("y").c_str(), nullptr));

    OK(kit, sable_matrix_load(kit.queue, &got, batch, scratch.path("y").c_str()));
    const Values all = kit.decrypt(batch);
    std::vector<double> y(20), slots(kit.slots());
    for (uint32_t k = 0; k < 2; k++) {
        for (uint32_t s = 0; s < kit.slots(); s++) slots[s] = all[k * kit.slots() + s].real();
        ASSERT_EQ(sable_matrix_unpack(got.format, got.rows, got.cols, got.tile, k, 0, slots.data(), y.data(), &err),
                  SABLE_OK);
    }
    for (uint32_t i = 0; i < 20; i++) {
        double want = 0;
        for (uint32_t j = 0; j < 40; j++) want += 0.125 * m[i * 40 + j] * x[j];
        EXPECT_NEAR(y[i], want, 1e-6);
    }
}

TEST_F(LinalgFile, Refusals) {
    const sable_matrix_shape s = shape(SABLE_MATRIX, 20, 30, {16, 32});
    Ct tiles = encrypt(s, numbers(600), 1), out(kit);
    const std::string path = scratch.path("matrix");
    const auto refused = [&](sable_matrix_shape other, const char *word) {
        EXPECT_EQ(sable_matrix_save(kit.queue, &other, tiles, path.c_str(), nullptr), SABLE_INVALID);
        EXPECT_NE(std::string(sable_queue_error(kit.queue)).find(word), std::string::npos)
            << sable_queue_error(kit.queue);
        EXPECT_EQ(scratch.count(), 0u);
    };
    refused(shape(SABLE_MATRIX, 16, 30, {16, 32}), "takes 1 ciphertexts of 512 slots, given are 2 of 512");
    refused(shape(SABLE_MATRIX, 40, 30, {8, 32}), "of 256 slots");
    refused(shape(SABLE_ROW_VECTOR, 20, 30, {16, 32}), "row vector");
    sable_matrix_shape unset = s;
    unset.struct_size = 0;
    refused(unset, "struct_size");
    OK(kit, sable_matrix_save(kit.queue, &s, tiles, path.c_str(), nullptr));
    EXPECT_EQ(sable_matrix_load(kit.queue, &unset, out, path.c_str()), SABLE_INVALID);
    EXPECT_EQ(sable_matrix_load(kit.queue, nullptr, out, path.c_str()), SABLE_INVALID);
    EXPECT_EQ(out->data, nullptr);
    uint64_t bytes = 0;
    sable_error err{};
    EXPECT_EQ(sable_matrix_file_bytes(&bytes, kit.params, &s, kit.top() + 1, true, nullptr, &err), SABLE_INVALID);
    EXPECT_EQ(sable_matrix_file_bytes(&bytes, kit.params, &unset, 1, true, nullptr, &err), SABLE_INVALID);
}

} // namespace
