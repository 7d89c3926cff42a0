// SPDX-License-Identifier: Apache-2.0
#include "support/device.h"

#include <cstring>
#include <stdexcept>

namespace support {

const std::vector<uint32_t> &a40_primes_q() {
    static const std::vector<uint32_t> primes = {
        30539777,  29884417,  32899073,  27918337, // terminals t3..t0
        949616641, 946339841, 951582721, 943718401, 948699137,  929955841, 969146369,  942800897, 950009857,
        939655169, 958136321, 940572673, 950403073, 920518657,  979107841, 938475521,  952238081, 935329793,
        962592769, 933888001, 932970497, 962854913, 924844033,  971243521, 908328961,  988938241, 907411457,
        989986817, 903086081, 994705409, 885522433, 1014366209, 863764481, 1040056321, 861798401, 1042415617,
        958922753, 933101569, 924450817, 971898881, 913309697,  983826433};
    return primes;
}

const std::vector<uint32_t> &a40_primes_p() {
    static const std::vector<uint32_t> primes = {1054212097, 1055260673, 1056178177, 1056440321, 1060765697,
                                                 1062469633, 1062862849, 1064697857, 1065484289, 1068236801,
                                                 1070727169, 1071513601, 1073479681};
    return primes;
}

const std::vector<uint32_t> &tiny_primes() {
    static const std::vector<uint32_t> primes = {97, 193, 769, 12289, 1073479681};
    return primes;
}

sable_params raw_params(uint32_t log_n, const std::vector<uint32_t> &q, const std::vector<uint32_t> &p) {
    sable_params params;
    std::memset(&params, 0, sizeof params);
    std::strcpy(params.name, "raw");
    params.log_n = log_n;
    params.n = 1u << log_n;
    params.q_count = static_cast<uint32_t>(q.size());
    params.p_count = static_cast<uint32_t>(p.size());
    for (size_t i = 0; i < q.size(); i++) params.prime[i] = q[i];
    for (size_t i = 0; i < p.size(); i++) params.prime[q.size() + i] = p[i];
    return params;
}

Ring::Ring(const sable_params *params) {
    sable_error err{};
    if (sable_ring_create(&ring_, params, &err) != SABLE_OK) throw std::runtime_error(err.text);
}

Ring::Ring(uint32_t log_n, const std::vector<uint32_t> &q, const std::vector<uint32_t> &p) {
    sable_params params = raw_params(log_n, q, p);
    sable_error err{};
    if (sable_ring_create(&ring_, &params, &err) != SABLE_OK) throw std::runtime_error(err.text);
}

std::shared_ptr<Ring> Ring::a40(uint32_t log_n, uint32_t q_count, uint32_t p_count) {
    const auto &q = a40_primes_q(), &p = a40_primes_p();
    return std::make_shared<Ring>(log_n, std::vector<uint32_t>(q.begin(), q.begin() + q_count),
                                  std::vector<uint32_t>(p.begin(), p.begin() + p_count));
}

std::vector<uint32_t> Ring::primes(const std::vector<uint16_t> &pos) const {
    std::vector<uint32_t> r;
    for (uint16_t i : pos) r.push_back(p(i));
    return r;
}

std::vector<std::string> cpu_paths() {
    std::vector<std::string> names;
    for (size_t i = 0; const cpu_kernels *kernels = cpu_kernels_at(i); i++) names.push_back(kernels->name);
    return names;
}

Device::Device(const sable_backend *table, const Ring &ring, const std::string &path, uint32_t threads, size_t cap)
    : table_(table), ring_(ring) {
    sable_backend_options options{};
    options.struct_size = sizeof options;
    options.path = path.c_str();
    options.threads = threads;
    options.memory_cap = cap;
    sable_error err{};
    if (table->open(&state_, ring.get(), &options, &err) != SABLE_OK) throw std::runtime_error(err.text);
    if (table->queue_open(&queue_, state_, nullptr, &err) != SABLE_OK) throw std::runtime_error(err.text);
}

Device::~Device() {
    table_->queue_close(queue_);
    table_->close(state_);
}

void Device::check(sable_status status) const {
    if (status != SABLE_OK)
        throw std::runtime_error(std::string(sable_status_name(status)) + ": " + table_->queue_error(queue_));
}

Poly::Poly(const Device &device, std::vector<uint16_t> pos, uint32_t parts, uint32_t batch, Layout layout)
    : device_(device), pos_(std::move(pos)) {
    size_t n = device.ring().n(), limbs = pos_.size();
    view_.limbs = static_cast<uint32_t>(limbs);
    view_.parts = parts;
    view_.batch = batch;
    view_.pos = pos_.data();
    view_.limb_stride = n + layout.limb_pad;
    if (layout.scattered) {
        for (size_t i = 0; i < limbs; i++) slot_.push_back(static_cast<uint16_t>(2 * (limbs - 1 - i) + 1));
        view_.slot = slot_.data();
    }
    size_t part_words = limbs * (layout.scattered ? 2 : 1) * view_.limb_stride + layout.part_pad;
    size_t member_words = (layout.repeat_parts ? 1 : parts) * part_words + layout.batch_pad;
    view_.part_stride = layout.repeat_parts ? 0 : part_words;
    view_.batch_stride = layout.repeat_batch ? 0 : member_words;
    host.assign((layout.repeat_batch ? 1 : batch) * member_words, 0x5ab1e5abu);
    device.check(device->alloc(device.queue(), &memory_, host.size() * sizeof(uint32_t)));
    view_.data = static_cast<uint32_t *>(memory_);
}

Poly::~Poly() { device_->release(device_.queue(), memory_); }

std::vector<uint32_t> Poly::limb(uint32_t limb, uint32_t part, uint32_t member) const {
    auto first = host.begin() + static_cast<std::ptrdiff_t>(offset(limb, part, member));
    return {first, first + device_.ring().n()};
}

void Poly::set(const std::vector<uint32_t> &words, uint32_t limb, uint32_t part, uint32_t member) {
    std::copy(words.begin(), words.end(), at(limb, part, member));
}

Poly &Poly::random(Rng &rng) {
    for (uint32_t b = 0; b < (view_.batch_stride ? view_.batch : 1); b++)
        for (uint32_t c = 0; c < (view_.part_stride ? view_.parts : 1); c++)
            for (uint32_t i = 0; i < view_.limbs; i++) {
                uint32_t *words = at(i, c, b), p = prime(i);
                for (uint32_t j = 0; j < device_.ring().n(); j++) words[j] = random_word(rng, p);
            }
    return *this;
}

Poly &Poly::upload() {
    device_.check(device_->upload(device_.queue(), memory_, host.data(), host.size() * sizeof(uint32_t)));
    return *this;
}

Poly &Poly::download() {
    device_.check(device_->download(device_.queue(), host.data(), memory_, host.size() * sizeof(uint32_t)));
    return *this;
}

Basis::Basis(const Ring &ring, const std::vector<uint16_t> &src, const std::vector<uint16_t> &dst,
             const std::vector<uint16_t> &factor) {
    sable_error err{};
    sable_status status = sable_basis_create(&basis_, ring.get(), src.data(), static_cast<uint32_t>(src.size()),
                                             dst.data(), static_cast<uint32_t>(dst.size()), factor.data(),
                                             static_cast<uint32_t>(factor.size()), nullptr, &err);
    if (status != SABLE_OK) throw std::runtime_error(err.text);
}

std::vector<uint16_t> range(uint32_t first, uint32_t end) {
    std::vector<uint16_t> r;
    for (uint32_t i = first; i < end; i++) r.push_back(static_cast<uint16_t>(i));
    return r;
}

uint32_t random_word(Rng &rng, uint32_t p) {
    uint64_t x = rng();
    if ((x & 7) == 0) {
        const uint32_t edges[] = {0, 1, p - 1, p - 2, (p - 1) / 2, (p + 1) / 2};
        return edges[(x >> 8) % 6];
    }
    return static_cast<uint32_t>((x >> 3) % p);
}

} // namespace support
