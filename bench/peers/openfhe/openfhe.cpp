// SPDX-License-Identifier: Apache-2.0
// OpenFHE's CKKS: RNS with hybrid key switching, uniform ternary secret, rescaling by hand, the library's own check at
// 128 bits. Best case for the library: the cheapest call for the same work wherever there are several.
#include <omp.h>
#include <openfhe.h>

#include "harness.hpp"
#include "matmul.hpp"

using namespace lbcrypto;
using peers::Shape;

#ifndef SABLE_PEERS_OPENFHE_HEXL
#define SABLE_PEERS_OPENFHE_HEXL ""
#endif

namespace {

CryptoContext<DCRTPoly> make_context(const Shape &s) {
    CCParams<CryptoContextCKKSRNS> p;
    p.SetSecurityLevel(HEStd_128_classic);
    p.SetSecretKeyDist(UNIFORM_TERNARY);
    p.SetRingDim(uint32_t(s.n()));
    p.SetBatchSize(uint32_t(s.slots()));
    p.SetMultiplicativeDepth(s.levels);
    p.SetScalingModSize(s.scale_bits);
    p.SetFirstModSize(s.first_bits);
    p.SetScalingTechnique(FIXEDMANUAL);
    p.SetKeySwitchTechnique(HYBRID);
    p.SetNumLargeDigits(s.digits);
    auto cc = GenCryptoContext(p);
    for (auto feature : {PKE, KEYSWITCH, LEVELEDSHE}) cc->Enable(feature);
    return cc;
}

double log2_product(const std::vector<std::shared_ptr<ILNativeParams>> &primes) {
    double sum = 0;
    for (auto &p : primes) sum += std::log2(p->GetModulus().ConvertToDouble());
    return sum;
}

void start(Shape s) {
    omp_set_num_threads(int(s.threads));
    auto cc = make_context(s);
    auto crypto = std::dynamic_pointer_cast<CryptoParametersCKKSRNS>(cc->GetCryptoParameters());
    auto &q = crypto->GetElementParams()->GetParams();
    auto &p = crypto->GetParamsP()->GetParams();
    s.digits = crypto->GetNumPartQ();

    peers::Program program;
    std::string version = GetOPENFHEVersion();
    program.peer = "openfhe-" + version.substr(version[0] == 'v') + SABLE_PEERS_OPENFHE_HEXL;
    program.path = "library";
    program.log_q = log2_product(q);
    program.log_p = log2_product(p);

    auto keys = cc->KeyGen();
    cc->EvalMultKeyGen(keys.secretKey);
    cc->EvalRotateKeyGen(keys.secretKey, {1, 2, 4, 8});
    auto x = peers::values(s.slots(), 1), y = peers::values(s.slots(), 2);
    Plaintext px = cc->MakeCKKSPackedPlaintext(x), py = cc->MakeCKKSPackedPlaintext(y), out;
    program.scale_log2 = std::log2(px->GetScalingFactor());
    auto a = cc->Encrypt(keys.publicKey, px), b = cc->Encrypt(keys.publicKey, py);
    auto product = cc->EvalMult(a, py);
    auto sum = a->Clone(), low = cc->LevelReduce(a, nullptr, s.levels); // low: one prime, the fewest that decrypt
    Ciphertext<DCRTPoly> c;
    std::vector<Ciphertext<DCRTPoly>> rotated(4);
    DCRTPoly forward = a->GetElements()[0], inverse = forward;
    forward.SwitchFormat();

    unsigned limbs = unsigned(q.size());
    double poly = double(limbs) * double(s.n());
    double key = 2.0 * s.digits * double(limbs + p.size()) * double(s.n());
    program.rows = {
        {"ntt_forward", limbs, 1, 2 * poly, [&] { forward.SwitchFormat(); },
         [&] { forward.OverrideFormat(Format::COEFFICIENT); }},
        {"ntt_inverse", limbs, 1, 2 * poly, [&] { inverse.SwitchFormat(); },
         [&] { inverse.OverrideFormat(Format::EVALUATION); }},
        {"add", limbs, 1, 6 * poly, [&] { c = cc->EvalAdd(a, b); }},
        {"add_in_place", limbs, 1, 6 * poly, [&] { cc->EvalAddInPlace(sum, b); }},
        {"multiply_plain", limbs, 1, 5 * poly, [&] { c = cc->EvalMult(a, py); }},
        {"rescale", limbs, 1, 4 * poly, [&] { c = cc->Rescale(product); }},
        {"multiply_relin_rescale", limbs, 1, 6 * poly + key, [&] { cc->RescaleInPlace(c = cc->EvalMult(a, b)); }},
        {"rotate", limbs, 1, 4 * poly + key, [&] { c = cc->EvalRotate(a, 1); }},
        {"rotate_hoisted", limbs, 4, 10 * poly + 4 * key,
         [&] {
             auto digits = cc->EvalFastRotationPrecompute(a);
             for (uint32_t i = 0; i < 4; i++)
                 rotated[i] = cc->EvalFastRotation(a, 1u << i, uint32_t(2 * s.n()), digits);
         }},
        {"encode", limbs, 1, poly, [&] { px = cc->MakeCKKSPackedPlaintext(x); }},
        {"encrypt_sk", limbs, 1, 3 * poly, [&] { c = cc->Encrypt(keys.secretKey, px); }},
        {"encrypt_pk", limbs, 1, 3 * poly, [&] { c = cc->Encrypt(keys.publicKey, px); }},
        {"decrypt_decode", limbs, 1, 2 * poly, [&] { cc->Decrypt(keys.secretKey, a, &out); }},
        {"decrypt_decode_low", 1, 1, 2 * poly / limbs, [&] { cc->Decrypt(keys.secretKey, low, &out); }},
        {"key_relin", limbs, 1, key,
         [&] {
             CryptoContextImpl<DCRTPoly>::ClearEvalMultKeys();
             cc->EvalMultKeyGen(keys.secretKey);
         }},
    };
    matmul::World world{cc, keys, s, unsigned(p.size())};
    matmul::add_rows(program.rows, world);
    program.product_precision = [&](unsigned level) {
        auto encrypt = [&](const std::vector<double> &v) {
            return cc->Encrypt(keys.publicKey, cc->MakeCKKSPackedPlaintext(v, 1, s.levels - level));
        };
        auto z = cc->Rescale(cc->EvalMult(encrypt(x), encrypt(y)));
        Plaintext plain;
        cc->Decrypt(keys.secretKey, z, &plain);
        plain->SetLength(s.slots());
        return peers::compare(plain->GetRealPackedValue(), x, y);
    };
    peers::serve(program, s);
}

} // namespace

int main(int argc, char **argv) { return peers::run(argc, argv, start); }
