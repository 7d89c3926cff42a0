// SPDX-License-Identifier: Apache-2.0
// Base conversion on the vector paths against the portable one, word for word. Constants are of any value, not only
// those of a real basis: worst cases of the accumulators.
#include <gtest/gtest.h>

#include <thread>

#include "support/vec.h"

namespace {

using support::Ring;
using support::Rng;
using support::Words;

// Random, or the same extreme everywhere: p - 1 in plain or in Montgomery form (by turns), (p-1)/2 or (p+1)/2 (at
// random), where centred residues end.
enum class Fill { random, top, middle };

struct Shape {
    uint32_t sources, dests;
    size_t count;
    Fill fill;
    std::string text() const {
        return std::to_string(sources) + " to " + std::to_string(dests) + ", " + std::to_string(count) +
               " columns, fill " + std::to_string(static_cast<int>(fill));
    }
};

class Conversion {
  public:
    Conversion(const Ring &ring, Shape shape, Rng &rng) : ring_(ring), shape_(shape) {
        const bool random = shape.fill == Fill::random;
        for (uint32_t i = 0; i < shape.sources; i++) {
            src_.push_back(static_cast<uint16_t>((random ? rng() : 3 + i) % ring.limbs())); // 3...: the largest
            y_.push_back(
                support::vec_input(shape.count, ring.p(src_.back()), random ? static_cast<int>(rng() % 8) : 1, rng));
        }
        for (uint32_t d = 0; d < shape.dests; d++) {
            dst_.push_back(static_cast<uint16_t>(!random && d > 1 ? 5 : rng() % ring.limbs()));
            for (uint32_t i = 0; i < shape.sources; i++) m_.push_back(constant(d, rng));
            neg_d_.push_back(constant(d, rng));
        }
        for (Words &row : y_) rows_.push_back(row.data());
        basis_.src_count = shape.sources;
        basis_.dst_count = shape.dests;
        basis_.src = src_.data();
        basis_.dst = dst_.data();
        basis_.m = m_.data();
        basis_.neg_d = neg_d_.data();
    }
    Conversion(const Conversion &) = delete;

    // The outputs, each followed by a vector of words that must stay.
    std::vector<Words> run(const cpu_kernels *k, bool stream = false) const {
        std::vector<Words> out(shape_.dests, Words(shape_.count + 16, 0x5ab1e));
        std::vector<uint32_t *> to;
        for (Words &row : out) to.push_back(row.data());
        Words constants((k->convert_prepare(nullptr, &basis_, ring_.get()) + 3) / 4);
        k->convert_prepare(constants.data(), &basis_, ring_.get());
        k->base_convert(to.data(), rows_.data(), &basis_, constants.data(), ring_.get(), shape_.count, stream);
        k->drain();
        return out;
    }

  private:
    uint32_t constant(uint32_t d, Rng &rng) const {
        const uint16_t pos = dst_.back();
        const uint32_t p = ring_.p(pos);
        switch (shape_.fill) {
        case Fill::top: return d % 2 ? p - 1 : sable_mul_mod(p - 1, sable_inv_mod(ring_->prime[pos].r1, p), p);
        case Fill::middle: return (p - 1) / 2 + static_cast<uint32_t>(rng() & 1);
        default: return static_cast<uint32_t>(rng() % p);
        }
    }

    const Ring &ring_;
    Shape shape_;
    std::vector<uint16_t> src_, dst_;
    std::vector<Words> y_;
    std::vector<const uint32_t *> rows_;
    std::vector<uint32_t> m_, neg_d_;
    sable_basis basis_{};
};

// 3 small primes, then at least `count` in all, the largest that serve the degree.
std::shared_ptr<Ring> ring_of(uint32_t log_n, size_t count) {
    std::vector<uint32_t> primes = support::vec_primes(log_n);
    for (uint32_t p = primes.back() - (2u << log_n); primes.size() < count; p -= 2u << log_n)
        if (sable_is_prime(p)) primes.push_back(p);
    return std::make_shared<Ring>(log_n, primes);
}

void expect_equal(const Ring &ring, const Shape &shape, Rng &rng) {
    const Conversion conversion(ring, shape, rng);
    const std::vector<Words> reference = conversion.run(support::portable());
    for (const cpu_kernels *k : support::vector_paths())
        for (bool stream : {false, true})
            ASSERT_TRUE(conversion.run(k, stream) == reference)
                << k->name << ", " << shape.text() << (stream ? ", streamed" : "");
}

TEST(VecConvert, EveryShapeEqualsPortable) {
    const auto ring = ring_of(10, 106);
    Rng rng(4);
    for (uint32_t sources = 1; sources <= 40; sources++)
        for (uint32_t dests = 1; dests <= 60; dests++)
            ASSERT_NO_FATAL_FAILURE(
                expect_equal(*ring, {sources, dests, 16 * (1 + rng() % 6), static_cast<Fill>(rng() % 3)}, rng));
}

// Where the accumulators are folded, where tiles are added up, and where tiles end: from 64 rows on.
TEST(VecConvert, ManySourcesEqualPortable) {
    const auto ring = ring_of(10, 106);
    Rng rng(5);
    for (uint32_t sources : {12u, 15u, 16u, 17u, 23u, 24u, 25u, 31u, 32u, 33u, 47u, 48u, 62u, 63u, 64u, 65u, 100u})
        for (uint32_t dests : {1u, 4u, 5u, 8u, 9u, 17u, 100u})
            for (Fill fill : {Fill::random, Fill::top, Fill::middle})
                ASSERT_NO_FATAL_FAILURE(expect_equal(*ring, {sources, dests, dests == 9 ? 1552u : 48u, fill}, rng));
}

TEST(VecConvert, EveryCountEqualsPortable) {
    const auto ring = ring_of(10, 24);
    Rng rng(6);
    for (size_t count = 16; count <= 1024; count += 16)
        for (uint32_t sources : {2u, 12u, 20u})
            ASSERT_NO_FATAL_FAILURE(expect_equal(*ring, {sources, 9, count, Fill::random}, rng));
}

// Tiles are configured for a thread: each sets up its own, and leaves none behind for the next shape.
TEST(VecConvert, ThreadsOfDifferentShapesAgree) {
    const auto ring = ring_of(10, 24);
    Rng rng(8);
    std::vector<std::unique_ptr<Conversion>> conversions;
    std::vector<std::vector<Words>> references;
    for (uint32_t sources : {5u, 12u, 15u, 30u}) {
        conversions.push_back(std::make_unique<Conversion>(*ring, Shape{sources, 13, 512, Fill::random}, rng));
        references.push_back(conversions.back()->run(support::portable()));
    }
    for (const cpu_kernels *k : support::vector_paths()) {
        std::vector<int> wrong(4);
        std::vector<std::thread> threads;
        for (size_t t = 0; t < wrong.size(); t++)
            threads.emplace_back([&, t] {
                for (size_t turn = t; turn < t + 40; turn++)
                    wrong[t] += conversions[turn % 4]->run(k) != references[turn % 4];
            });
        for (std::thread &thread : threads) thread.join();
        EXPECT_EQ(wrong, std::vector<int>(4)) << k->name;
    }
}

} // namespace
