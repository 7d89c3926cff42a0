// SPDX-License-Identifier: Apache-2.0
// Intel HEXL's number-theoretic transform alone, called directly: negacyclic, in place, canonical results. Primes are
// the largest below 2^scale_bits; up to 2^50 HEXL multiplies with IFMA, its best case per bit of the modulus.
#include <hexl/hexl.hpp>
#include <memory>
#include <stdexcept>

#include "harness.hpp"

using peers::Shape;

namespace {

struct Limb {
    std::unique_ptr<intel::hexl::NTT> ntt;
    intel::hexl::AlignedVector64<uint64_t> words;
    double bits;
    void forward() { ntt->ComputeForward(words.data(), words.data(), 1, 1); }
};

void start(Shape s) {
    if (s.threads != 1) throw std::invalid_argument("HEXL is measured on one thread");
    peers::Program program;
    program.peer = "hexl-" SABLE_PEERS_HEXL_VERSION;
    program.path = "library";
    unsigned count = s.levels + 1;
    std::vector<Limb> limbs(count);
    auto primes = intel::hexl::GeneratePrimes(count, s.scale_bits - 1, false, s.n()); // from the top down
    for (unsigned i = 0; i < count; i++) {
        limbs[i].ntt = std::make_unique<intel::hexl::NTT>(s.n(), primes[i]);
        limbs[i].bits = std::log2(double(primes[i]));
        program.log_q += limbs[i].bits;
        limbs[i].words.resize(s.n());
        for (size_t j = 0; j < s.n(); j++) limbs[i].words[j] = (j * 0x9E3779B97F4A7C15u) % primes[i];
    }
    double poly = double(s.n());
    program.rows = {
        {"ntt_forward_1", 1, 1, 2 * poly, [&] { limbs[0].forward(); }, nullptr, limbs[0].bits},
        {"ntt_forward_40", count, 1, 2 * poly * count,
         [&] {
             for (auto &limb : limbs) limb.forward();
         },
         nullptr, program.log_q},
    };
    peers::serve(program, s);
}

} // namespace

int main(int argc, char **argv) { return peers::run(argc, argv, start); }
