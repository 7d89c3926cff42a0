// SPDX-License-Identifier: Apache-2.0
#ifndef SABLE_TESTS_SUPPORT_VEC_H
#define SABLE_TESTS_SUPPORT_VEC_H
// Inputs and tables for tests that compare one kernel set with another.
#include <cstdlib>
#include <new>
#include <vector>

#include "support/device.h"

extern "C" {
#include "cpu/kernels.h"
#include "ring/primes.h"
}

namespace support {

template <class T>
struct Aligned64 {
    using value_type = T;
    Aligned64() = default;
    template <class U>
    Aligned64(const Aligned64<U> &) {}
    T *allocate(size_t n) {
        void *memory = std::aligned_alloc(64, (n * sizeof(T) + 63) / 64 * 64);
        if (!memory) throw std::bad_alloc();
        return static_cast<T *>(memory);
    }
    void deallocate(T *p, size_t) { std::free(p); }
    friend bool operator==(const Aligned64 &, const Aligned64 &) { return true; }
    friend bool operator!=(const Aligned64 &, const Aligned64 &) { return false; }
};
using Words = std::vector<uint32_t, Aligned64<uint32_t>>;

inline const cpu_kernels *portable() { return cpu_kernels_find("portable"); }

// Every kernel set of this machine except the portable one.
inline std::vector<const cpu_kernels *> vector_paths() {
    std::vector<const cpu_kernels *> paths;
    for (const std::string &name : cpu_paths())
        if (name != "portable") paths.push_back(cpu_kernels_find(name.c_str()));
    return paths;
}

// Two small primes above 2^19, one above 2^27 and the three largest below 2^30 that serve this degree.
inline std::vector<uint32_t> vec_primes(uint32_t log_n) {
    const uint32_t step = 2u << log_n;
    std::vector<uint32_t> primes;
    auto climb = [&](uint32_t from, size_t count) {
        for (uint32_t p = from + 1; primes.size() < count; p += step)
            if (sable_is_prime(p)) primes.push_back(p);
    };
    climb(1u << 19, 2);
    climb(1u << 27, 3);
    for (uint32_t p = (1u << 30) - step + 1; primes.size() < 6; p -= step)
        if (sable_is_prime(p)) primes.push_back(p);
    return primes;
}

class Tables {
  public:
    Tables(const cpu_kernels *k, const sable_ring *ring, uint32_t pos) : packed_(k->prepare(nullptr, ring, pos) / 4) {
        if (!packed_.empty()) k->prepare(packed_.data(), ring, pos);
        tables_.ring = ring;
        tables_.pos = pos;
        tables_.packed = packed_.empty() ? nullptr : packed_.data();
        tables_.packed_bytes = packed_.size() * 4;
    }
    const cpu_tables *get() const { return &tables_; }

  private:
    Words packed_;
    cpu_tables tables_{};
};

// 0: all 0; 1: all p-1; 2: all 1; 3: 0 or p-1 at random; 4: near the ends; 5, 6: uniform; 7: one p-1 among zeros.
constexpr int kKinds = 8;
inline Words vec_input(size_t n, uint32_t p, int kind, Rng &rng) {
    Words a(n);
    for (uint32_t &x : a) {
        const uint64_t r = rng();
        switch (kind) {
        case 0: x = 0; break;
        case 1: x = p - 1; break;
        case 2: x = 1; break;
        case 3: x = r & 1 ? p - 1 : 0; break;
        case 4: x = r & 1 ? static_cast<uint32_t>(r >> 8 & 3) : p - 1 - static_cast<uint32_t>(r >> 8 & 3); break;
        case 7: x = 0; break;
        default: x = static_cast<uint32_t>(r % p);
        }
    }
    if (kind == 7) a[rng() % n] = p - 1;
    return a;
}

} // namespace support

#endif
