// SPDX-License-Identifier: Apache-2.0
#ifndef EMU_CLOCK_H
#define EMU_CLOCK_H
// Vector clocks: which operations of which streams are ordered before something.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace emu {

class Clock {
  public:
    uint64_t at(unsigned slot) const { return slot < times_.size() ? times_[slot] : 0; }
    void set(unsigned slot, uint64_t time) {
        if (slot >= times_.size()) times_.resize(slot + 1, 0);
        times_[slot] = time;
    }
    void join(const Clock &other) {
        if (other.times_.size() > times_.size()) times_.resize(other.times_.size(), 0);
        for (size_t i = 0; i < other.times_.size(); ++i) times_[i] = std::max(times_[i], other.times_[i]);
    }
    // True if everything in other is ordered before this.
    bool covers(const Clock &other) const {
        for (size_t i = 0; i < other.times_.size(); ++i)
            if (other.times_[i] > at(static_cast<unsigned>(i))) return false;
        return true;
    }
    size_t slots() const { return times_.size(); }

  private:
    std::vector<uint64_t> times_;
};

} // namespace emu

#endif
