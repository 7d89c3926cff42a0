// SPDX-License-Identifier: Apache-2.0
// Microsoft SEAL's CKKS. One thread; one special prime, so every prime of the modulus is a key-switching digit of its
// own; no hoisted rotations. The special prime is as large as the largest other prime, which SEAL asks for. Security is
// SEAL's own check at 128 bits.
#include <seal/seal.h>
#include <seal/util/ntt.h>

#include <stdexcept>

#include "harness.hpp"

using namespace seal;
using peers::Shape;

namespace {

void start(Shape s) {
    if (s.threads != 1) throw std::invalid_argument("SEAL has one thread");
    EncryptionParameters parms(scheme_type::ckks);
    parms.set_poly_modulus_degree(s.n());
    std::vector<int> bits(s.levels + 2, int(s.scale_bits));
    bits.front() = bits.back() = int(s.first_bits);
    parms.set_coeff_modulus(CoeffModulus::Create(s.n(), bits));
    SEALContext context(parms, true, sec_level_type::tc128);
    if (!context.parameters_set()) throw std::invalid_argument(context.parameter_error_message());
    s.digits = s.levels + 1;

    peers::Program program;
    program.peer = "seal-" SEAL_VERSION;
#ifdef SEAL_USE_INTEL_HEXL
    program.peer += "+hexl";
#endif
    program.path = "library";
    auto &primes = parms.coeff_modulus();
    for (size_t i = 0; i + 1 < primes.size(); i++) program.log_q += std::log2(double(primes[i].value()));
    program.log_p = std::log2(double(primes.back().value()));
    program.scale_log2 = s.scale_bits;

    KeyGenerator generator(context);
    SecretKey secret = generator.secret_key();
    PublicKey public_key;
    RelinKeys relin;
    GaloisKeys galois;
    generator.create_public_key(public_key);
    generator.create_relin_keys(relin);
    generator.create_galois_keys(std::vector<int>{1}, galois);
    Encryptor encryptor(context, public_key);
    encryptor.set_secret_key(secret);
    Decryptor decryptor(context, secret);
    Evaluator evaluator(context);
    CKKSEncoder encoder(context);

    double scale = std::pow(2.0, double(s.scale_bits));
    auto x = peers::values(s.slots(), 1), y = peers::values(s.slots(), 2);
    std::vector<double> decoded;
    Plaintext px, py, plain;
    Ciphertext a, b, c, product, scaled;
    encoder.encode(x, scale, px);
    encoder.encode(y, scale, py);
    encryptor.encrypt(px, a);
    encryptor.encrypt(py, b);
    evaluator.multiply_plain(a, py, product);
    Ciphertext sum = a, low = a; // low: one prime, the fewest that decrypt
    evaluator.mod_switch_to_inplace(low, context.last_parms_id());
    scaled = a;
    auto tables = context.first_context_data()->small_ntt_tables();
    std::vector<uint64_t> words(a.data(), a.data() + (s.levels + 1) * s.n());

    unsigned limbs = s.levels + 1;
    double poly = double(limbs) * double(s.n());
    double key = 2.0 * s.digits * double(limbs + 1) * double(s.n());
    program.rows = {
        {"ntt_forward", limbs, 1, 2 * poly,
         [&] {
             for (unsigned i = 0; i < limbs; i++)
                 util::ntt_negacyclic_harvey(util::CoeffIter(&words[i * s.n()]), tables[i]);
         }},
        {"ntt_inverse", limbs, 1, 2 * poly,
         [&] {
             for (unsigned i = 0; i < limbs; i++)
                 util::inverse_ntt_negacyclic_harvey(util::CoeffIter(&words[i * s.n()]), tables[i]);
         }},
        {"add", limbs, 1, 6 * poly, [&] { evaluator.add(a, b, c); }},
        {"add_in_place", limbs, 1, 6 * poly, [&] { evaluator.add_inplace(sum, b); }},
        {"multiply_plain", limbs, 1, 5 * poly, [&] { evaluator.multiply_plain(a, py, c); }},
        {"multiply_plain_in_place", limbs, 1, 5 * poly, [&] { evaluator.multiply_plain_inplace(scaled, py); },
         [&] { scaled.scale() = scale; }},
        {"rescale", limbs, 1, 4 * poly, [&] { evaluator.rescale_to_next(product, c); }},
        {"multiply_relin_rescale", limbs, 1, 6 * poly + key,
         [&] {
             evaluator.multiply(a, b, c);
             evaluator.relinearize_inplace(c, relin);
             evaluator.rescale_to_next_inplace(c);
         }},
        {"rotate", limbs, 1, 4 * poly + key, [&] { evaluator.rotate_vector(a, 1, galois, c); }},
        {"encode", limbs, 1, poly, [&] { encoder.encode(x, scale, px); }},
        {"encrypt_sk", limbs, 1, 3 * poly, [&] { encryptor.encrypt_symmetric(px, c); }},
        {"encrypt_pk", limbs, 1, 3 * poly, [&] { encryptor.encrypt(px, c); }},
        {"decrypt_decode", limbs, 1, 2 * poly,
         [&] {
             decryptor.decrypt(a, plain);
             encoder.decode(plain, decoded);
         }},
        {"decrypt_decode_low", 1, 1, 2 * poly / limbs,
         [&] {
             decryptor.decrypt(low, plain);
             encoder.decode(plain, decoded);
         }},
        {"key_relin", limbs, 1, key, [&] { generator.create_relin_keys(relin); }},
    };
    program.product_precision = [&](unsigned level) {
        auto data = context.first_context_data();
        while (data->chain_index() > level) data = data->next_context_data();
        Plaintext u, v, w;
        Ciphertext cu, cv;
        encoder.encode(x, data->parms_id(), scale, u);
        encoder.encode(y, data->parms_id(), scale, v);
        encryptor.encrypt(u, cu);
        encryptor.encrypt(v, cv);
        evaluator.multiply_inplace(cu, cv);
        evaluator.relinearize_inplace(cu, relin);
        evaluator.rescale_to_next_inplace(cu);
        decryptor.decrypt(cu, w);
        std::vector<double> z;
        encoder.decode(w, z);
        return peers::compare(z, x, y);
    };
    peers::serve(program, s);
}

} // namespace

int main(int argc, char **argv) { return peers::run(argc, argv, start); }
