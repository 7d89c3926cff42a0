// SPDX-License-Identifier: Apache-2.0
#ifndef SABLE_TESTS_SUPPORT_DEVICE_H
#define SABLE_TESTS_SUPPORT_DEVICE_H
// Rings of any degree, an open backend, and views with memory, for tests of the backend table.
#include <memory>
#include <random>
#include <string>
#include <vector>

extern "C" {
#include "cpu/dispatch.h"
#include "ring/params_impl.h"
#include "ring/ring.h"
#include "ring/word.h"
}

namespace support {

using Rng = std::mt19937_64;

// Primes of the set A40 in the order of U and P. All are 1 modulo 2^17, so they serve every degree up to 2^16.
const std::vector<uint32_t> &a40_primes_q();
const std::vector<uint32_t> &a40_primes_p();
// Three tiny primes and two of other sizes, all 1 modulo 32: for degree 16.
const std::vector<uint32_t> &tiny_primes();

// A parameter set with these primes and no levels, enough to build a ring.
sable_params raw_params(uint32_t log_n, const std::vector<uint32_t> &q, const std::vector<uint32_t> &p);

class Ring {
  public:
    Ring(uint32_t log_n, const std::vector<uint32_t> &q, const std::vector<uint32_t> &p = {});
    explicit Ring(const sable_params *params);
    // The first q_count primes of A40 and its first p_count special primes.
    static std::shared_ptr<Ring> a40(uint32_t log_n, uint32_t q_count, uint32_t p_count);
    ~Ring() { sable_ring_free(&ring_); }
    Ring(const Ring &) = delete;
    Ring &operator=(const Ring &) = delete;

    const sable_ring *get() const { return ring_; }
    const sable_ring *operator->() const { return ring_; }
    uint32_t n() const { return ring_->n; }
    uint32_t limbs() const { return ring_->q_count + ring_->p_count; }
    uint32_t p(uint32_t pos) const { return ring_->prime[pos].p; }
    std::vector<uint32_t> primes(const std::vector<uint16_t> &pos) const;

  private:
    sable_ring *ring_ = nullptr;
};

// Names of the cpu paths that this build holds and this processor runs, portable first.
std::vector<std::string> cpu_paths();

class Device {
  public:
    Device(const sable_backend *table, const Ring &ring, const std::string &path, uint32_t threads = 1, size_t cap = 0);
    Device(const Ring &ring, const std::string &path) : Device(sable_backend_cpu(), ring, path) {}
    ~Device();
    Device(const Device &) = delete;
    Device &operator=(const Device &) = delete;

    const sable_backend *operator->() const { return table_; }
    void *queue() const { return queue_; }
    void *state() const { return state_; }
    const Ring &ring() const { return ring_; }
    // Throws with the queue's sentence unless the call succeeded.
    void check(sable_status status) const;

  private:
    const sable_backend *table_;
    const Ring &ring_;
    void *state_ = nullptr, *queue_ = nullptr;
};

// How a view lies in memory: words between limbs, parts and members beyond the dense layout (multiples of 16); repeated
// dimensions have stride 0.
struct Layout {
    uint32_t limb_pad = 0, part_pad = 0, batch_pad = 0;
    bool repeat_batch = false, repeat_parts = false;
    bool scattered = false; // limbs lie in reverse order with a free place before each (the view's slot)
};

// A view with its own memory on the device and an image of all of that memory, gaps included, on the host.
class Poly {
  public:
    Poly(const Device &device, std::vector<uint16_t> pos, uint32_t parts = 1, uint32_t batch = 1, Layout layout = {});
    ~Poly();
    Poly(const Poly &) = delete;
    Poly &operator=(const Poly &) = delete;

    const sable_limbs *view() const { return &view_; }
    sable_limbs *view() { return &view_; }
    uint32_t *at(uint32_t limb, uint32_t part = 0, uint32_t member = 0) {
        return host.data() + offset(limb, part, member);
    }
    std::vector<uint32_t> limb(uint32_t limb, uint32_t part = 0, uint32_t member = 0) const;
    void set(const std::vector<uint32_t> &words, uint32_t limb, uint32_t part = 0, uint32_t member = 0);
    // Random canonical words, one in eight at an edge (0, 1, p-1, ...). The gaps get a pattern.
    Poly &random(Rng &rng);
    Poly &upload();
    Poly &download();
    uint32_t prime(uint32_t limb) const { return device_.ring().p(pos_[limb]); }
    const std::vector<uint16_t> &pos() const { return pos_; }

    std::vector<uint32_t> host;

  private:
    size_t offset(uint32_t limb, uint32_t part, uint32_t member) const {
        return member * view_.batch_stride + part * view_.part_stride +
               (view_.slot ? slot_[limb] : limb) * view_.limb_stride;
    }
    const Device &device_;
    std::vector<uint16_t> pos_, slot_;
    sable_limbs view_{};
    void *memory_ = nullptr;
};

class Basis {
  public:
    Basis(const Ring &ring, const std::vector<uint16_t> &src, const std::vector<uint16_t> &dst,
          const std::vector<uint16_t> &factor = {});
    ~Basis() { sable_basis_free(&basis_); }
    Basis(const Basis &) = delete;
    Basis &operator=(const Basis &) = delete;
    const sable_basis *get() const { return basis_; }
    const sable_basis *operator->() const { return basis_; }

  private:
    sable_basis *basis_ = nullptr;
};

std::vector<uint16_t> range(uint32_t first, uint32_t end);
uint32_t random_word(Rng &rng, uint32_t p);

} // namespace support

#endif
