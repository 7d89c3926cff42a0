// SPDX-License-Identifier: Apache-2.0
// NTL's number-theoretic transform over its own 60-bit primes: as many of them as the modulus of the shape needs. The
// transform is cyclic, a little less work than the negacyclic one of the ring. NTL has no ciphertexts, hence no other
// rows.
#include <NTL/lzz_pX.h>
#include <NTL/version.h>

#include <stdexcept>

#include "harness.hpp"

using namespace NTL;
using peers::Shape;

namespace {

struct Limb {
    zz_pContext modulus;
    zz_pX polynomial;
    fftRep values;
};

void start(Shape s) {
    if (s.threads != 1) throw std::invalid_argument("NTL is measured on one thread");
    peers::Program program;
    program.peer = "ntl-" NTL_VERSION;
    program.path = "library";
    std::vector<Limb> limbs;
    double wanted = double(s.first_bits) + double(s.levels) * double(s.scale_bits);
    for (long i = 0; program.log_q < wanted; i++) {
        zz_p::FFTInit(i);
        limbs.emplace_back();
        Limb &limb = limbs.back();
        limb.modulus.save();
        random(limb.polynomial, long(s.n()));
        TofftRep(limb.values, limb.polynomial, long(s.log_n));
        program.log_q += std::log2(double(zz_p::modulus()));
    }
    unsigned count = unsigned(limbs.size());
    double poly = double(count) * double(s.n());
    program.rows = {
        {"ntt_forward", count, 1, 2 * poly,
         [&] {
             for (auto &limb : limbs) {
                 limb.modulus.restore();
                 TofftRep(limb.values, limb.polynomial, long(s.log_n));
             }
         }},
        {"ntt_inverse", count, 1, 2 * poly,
         [&] {
             for (auto &limb : limbs) {
                 limb.modulus.restore();
                 FromfftRep(limb.polynomial, limb.values, 0, long(s.n()) - 1);
             }
         }},
    };
    peers::serve(program, s);
}

} // namespace

int main(int argc, char **argv) { return peers::run(argc, argv, start); }
