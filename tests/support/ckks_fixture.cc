/* SPDX-License-Identifier: Apache-2.0 */
#include "support/ckks_fixture.h"

#include <NTL/ZZX.h>

#include <cstdlib>
#include <cstring>
#include <stdexcept>

extern "C" {
#include "client/secret.h"
}

namespace sable_test {

using NTL::ZZ;

namespace {
void must(sable_status status, const char *what, const char *sentence) {
    if (status != SABLE_OK) throw std::runtime_error(std::string(what) + ": " + sentence);
}
} // namespace

Ct::Ct(Kit &kit) : kit_(&kit) {
    sable_error err = {};
    must(sable_ct_create(&ct_, kit.ctx, &err), "ciphertext", err.text);
}
Ct::~Ct() { sable_ct_destroy(kit_->queue, &ct_); }
Pt::Pt(Kit &kit) : kit_(&kit) {
    sable_error err = {};
    must(sable_pt_create(&pt_, kit.ctx, &err), "plaintext", err.text);
}
Pt::~Pt() { sable_pt_destroy(kit_->queue, &pt_); }

Kit::Kit(const char *name, const KitOptions &options) {
    sable_error err = {};
    sable_params_options insecure = {};
    insecure.struct_size = sizeof insecure;
    insecure.allow_insecure = true;
    must(sable_params_load(&params, name, &insecure, &err), name, err.text);
    sable_ctx_options o = {};
    o.struct_size = sizeof o;
    o.backend = std::getenv("SABLE_BACKEND") ? nullptr : "cpu"; /* NULL: what the variable says */
    o.cpu_path = options.cpu_path;
    o.threads = options.threads;
    must(sable_ctx_create(&ctx, params, &o, &err), "context", err.text);
    must(sable_queue_create(&queue, ctx, nullptr, &err), "queue", err.text);
    must(sable_secret_generate(&secret, ctx, &err), "secret", err.text);
    must(sable_public_key_generate(queue, &public_key, secret), "public key", sable_queue_error(queue));
    if (!options.keys) return;
    sable_key_spec *spec = nullptr;
    must(sable_key_spec_create(&spec, params, &err), "key specification", err.text);
    must(sable_key_spec_add_relin(spec, 0, top(), &err), "relinearisation key", err.text);
    must(sable_key_spec_add_conjugation(spec, 0, top(), &err), "conjugation key", err.text);
    for (int64_t step : options.steps)
        for (uint32_t in_slots : {0u, 64u})
            must(sable_key_spec_add_rotation(spec, step, in_slots, 0, top(), &err), "rotation key", err.text);
    must(sable_key_spec_add_rotation(spec, slots() / 2, 0, 0, top(), &err), "rotation key", err.text);
    keys = make_keys(spec);
    sable_key_spec_destroy(&spec);
}

Kit::~Kit() {
    sable_keyset_destroy(queue, &keys);
    sable_public_key_destroy(queue, &public_key);
    sable_secret_destroy(&secret);
    sable_queue_destroy(&queue);
    sable_ctx_destroy(&ctx);
    sable_params_destroy(&params);
}

sable_keyset *Kit::make_keys(const sable_key_spec *spec) {
    sable_keyset *made = nullptr;
    must(sable_keyset_generate(queue, &made, secret, spec), "keys", sable_queue_error(queue));
    return made;
}

Values Kit::random(uint32_t batch, bool complex_values, uint32_t in_slots) {
    std::uniform_real_distribution<double> u(-1, 1);
    Values v((in_slots ? in_slots : slots()) * batch);
    for (auto &z : v) z = {u(rng), complex_values ? u(rng) : 0.0};
    return v;
}

Pt Kit::encode(const Values &values, uint32_t level, uint32_t batch, uint32_t in_slots, sable_scale scale) {
    sable_encoding e = {};
    e.struct_size = sizeof e;
    e.level = level;
    e.slots = in_slots;
    e.batch = batch;
    e.is_complex = true;
    e.scale = scale;
    e.bound = largest(values) * 1.0001;
    e.rms = rms(values);
    Pt pt(*this);
    must(sable_encode(queue, pt, reinterpret_cast<const double *>(values.data()), 2 * values.size(), &e), "encode",
         sable_queue_error(queue));
    return pt;
}

Ct Kit::encrypt(const Values &values, uint32_t level, uint32_t batch, uint32_t in_slots) {
    Pt pt = encode(values, level, batch, in_slots);
    Ct ct(*this);
    must(sable_encrypt_secret(queue, ct, pt, secret), "encrypt", sable_queue_error(queue));
    return ct;
}

Values Kit::decrypt(const sable_ct *ct) {
    Values v((size_t)ct->batch * ct->slots);
    must(sable_decrypt(queue, reinterpret_cast<double *>(v.data()), 2 * v.size(), true, ct, secret), "decrypt",
         sable_queue_error(queue));
    return v;
}

std::vector<uint32_t> Kit::words(const sable_ct *ct) {
    std::vector<uint32_t> w((size_t)ct->batch * ct->parts * ctx->level[ct->level].limbs * n());
    must(ctx->backend->download(queue->handle, w.data(), ct->data, w.size() * 4), "download", "");
    return w;
}

Phase Kit::compose(const std::vector<uint32_t> &residues, uint32_t level) const {
    const std::vector<uint32_t> primes = window(ctx, level);
    const ZZ q = modulus(ctx, level), half = q / 2;
    std::vector<ZZ> weight;
    for (uint32_t p : primes) {
        ZZ rest = q / (long)p;
        weight.push_back(rest * NTL::InvMod((long)NTL::rem(rest, (long)p), (long)p) % q);
    }
    Phase out(n());
    for (uint32_t j = 0; j < n(); j++) {
        ZZ x(0);
        for (size_t i = 0; i < primes.size(); i++) x += weight[i] * (long)residues[i * n() + j];
        x %= q;
        if (x > half) x -= q;
        out[j] = x;
    }
    return out;
}

Phase Kit::phase(const sable_ct *ct, uint32_t member) {
    const sable_level_tables *t = &ctx->level[ct->level];
    const sable_backend *be = ctx->backend;
    const size_t words = (size_t)t->limbs * n();
    std::vector<uint32_t> s(words), out(words);
    for (uint32_t i = 0; i < t->limbs; i++)
        for (uint32_t j = 0; j < n(); j++) {
            int v = secret->s[j];
            s[i * n() + j] = v < 0 ? ctx->ring->prime[t->pos[i]].p - 1 : (uint32_t)v;
        }
    uint32_t *device = nullptr;
    must(sable_words_alloc(queue, &device, 2 * words, "phase"), "phase", sable_queue_error(queue));
    sable_limbs sv = sable_dense_limbs(ctx, device, t->pos, t->limbs, 1, 1),
                acc = sable_dense_limbs(ctx, device + words, t->pos, t->limbs, 1, 1);
    must(be->upload(queue->handle, device, s.data(), words * 4), "upload", "");
    must(be->ntt_forward(queue->handle, &sv), "transform", "");
    /* Horner in s. */
    for (uint32_t part = ct->parts; part-- > 0;) {
        sable_limbs c = sable_ct_part(ct, part);
        c.data += member * c.batch_stride;
        c.batch = 1;
        if (part + 1 == ct->parts) {
            must(be->copy(queue->handle, &acc, &c), "copy", "");
        } else {
            must(be->mul(queue->handle, &acc, &acc, &sv), "multiply", "");
            must(be->add(queue->handle, &acc, &acc, &c), "add", "");
        }
    }
    must(be->ntt_inverse(queue->handle, &acc, &acc, nullptr), "transform", "");
    must(be->download(queue->handle, out.data(), device + words, words * 4), "download", "");
    sable_words_release(queue, device);
    return compose(out, ct->level);
}

Phase Kit::phase(const sable_pt *pt, uint32_t member) {
    const sable_level_tables *t = &ctx->level[pt->level];
    const size_t words = (size_t)t->limbs * n();
    std::vector<uint32_t> out(words);
    uint32_t *device = nullptr, inverse[SABLE_MAX_Q];
    for (uint32_t i = 0; i < t->limbs; i++) {
        uint32_t p = ctx->ring->prime[t->pos[i]].p;
        inverse[i] = (uint32_t)NTL::InvMod((long)((1ull << 32) % p), (long)p); /* out of Montgomery form */
    }
    must(sable_words_alloc(queue, &device, words, "phase"), "phase", sable_queue_error(queue));
    sable_limbs to = sable_dense_limbs(ctx, device, t->pos, t->limbs, 1, 1), from = sable_pt_limbs(pt);
    from.data += member * from.batch_stride;
    from.batch = 1;
    must(ctx->backend->ntt_inverse(queue->handle, &to, &from, inverse), "transform", "");
    must(ctx->backend->download(queue->handle, out.data(), device, words * 4), "download", "");
    sable_words_release(queue, device);
    return compose(out, pt->level);
}

::testing::AssertionResult unchanged(Kit &kit, const sable_ct *ct, const Snapshot &before) {
    if (std::memcmp(ct, &before.state, sizeof *ct) != 0)
        return ::testing::AssertionFailure() << "the output's state changed";
    if (ct->data && kit.words(ct) != before.words) return ::testing::AssertionFailure() << "the output's words changed";
    return ::testing::AssertionSuccess();
}

Phase multiply(const Phase &a, const Phase &b) {
    const long n = (long)a.size();
    NTL::ZZX x, y, z;
    for (long i = 0; i < n; i++) {
        SetCoeff(x, i, a[(size_t)i]);
        SetCoeff(y, i, b[(size_t)i]);
    }
    mul(z, x, y);
    Phase r(a.size());
    for (long i = 0; i < n; i++) r[(size_t)i] = coeff(z, i) - coeff(z, i + n);
    return r;
}

Phase substitute(const Phase &a, uint32_t galois) {
    const uint64_t n = a.size();
    Phase r(a.size());
    for (uint64_t k = 0; k < n; k++) {
        uint64_t t = k * galois % (2 * n);
        r[t % n] = t < n ? a[k] : -a[k];
    }
    return r;
}

Phase operator+(const Phase &a, const Phase &b) {
    Phase r(a.size());
    for (size_t i = 0; i < a.size(); i++) r[i] = a[i] + b[i];
    return r;
}
Phase operator-(const Phase &a, const Phase &b) {
    Phase r(a.size());
    for (size_t i = 0; i < a.size(); i++) r[i] = a[i] - b[i];
    return r;
}
Phase operator*(const ZZ &c, const Phase &a) {
    Phase r(a.size());
    for (size_t i = 0; i < a.size(); i++) r[i] = c * a[i];
    return r;
}

std::vector<uint32_t> window(const sable_ctx *ctx, uint32_t level) {
    const sable_level_tables *t = &ctx->level[level];
    std::vector<uint32_t> p;
    for (uint32_t i = 0; i < t->limbs; i++) p.push_back(ctx->ring->prime[t->pos[i]].p);
    return p;
}
ZZ modulus(const sable_ctx *ctx, uint32_t level) {
    ZZ q(1);
    for (uint32_t p : window(ctx, level)) q *= (long)p;
    return q;
}
ZZ integer(sable_dd x) { return NTL::conv<ZZ>(x.hi) + NTL::conv<ZZ>(x.lo); }

Spread difference(const Phase &a, const Phase &b, const ZZ &num, const ZZ &den) {
    Spread s;
    /* Both sides over 2^k leave the quotient alone and keep it within a double. */
    long shift = NTL::NumBits(den) > 900 ? NTL::NumBits(den) - 900 : 0;
    const double d = NTL::conv<double>(den >> shift);
    for (size_t i = 0; i < a.size(); i++) {
        ZZ e = a[i] * den - b[i] * num;
        double x = NTL::conv<double>(e >> shift) / d;
        s.rms += x * x;
        s.largest = std::max(s.largest, std::fabs(x));
    }
    s.rms = std::sqrt(s.rms / (double)a.size());
    return s;
}

Spread merge(const std::vector<Spread> &parts) {
    Spread s;
    for (const Spread &p : parts) {
        s.rms += p.rms * p.rms / (double)parts.size();
        s.largest = std::max(s.largest, p.largest);
    }
    s.rms = std::sqrt(s.rms);
    return s;
}

Spread slot_error(const Values &got, const Values &expected) {
    Spread s;
    for (size_t i = 0; i < got.size(); i++) {
        std::complex<double> e = got[i] - expected[i];
        s.rms += std::norm(e) / 2;
        s.largest = std::max({s.largest, std::fabs(e.real()), std::fabs(e.imag())});
    }
    s.rms = std::sqrt(s.rms / (double)got.size());
    return s;
}

double rms(const Values &v) {
    double sum = 0;
    for (auto z : v) sum += std::norm(z);
    return std::sqrt(sum / (double)v.size());
}
double largest(const Values &v) {
    double best = 1e-300;
    for (auto z : v) best = std::max(best, std::abs(z));
    return best;
}
sable_status declare(Kit &kit, sable_ct *ct, const Values &values) {
    return sable_ct_declare(kit.queue, ct, largest(values) * 1.0001, rms(values));
}

} // namespace sable_test
