/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMU_THRUST_COUNTING_ITERATOR_H
#define EMU_THRUST_COUNTING_ITERATOR_H
/* first, first + 1, ...: read by index and by increment, which is what device-wide functions do. */
#include <cstddef>
#include <iterator>

namespace thrust {

template <class T>
class counting_iterator {
  public:
    using iterator_category = std::random_access_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = const T *;
    using reference = T;

    counting_iterator() = default;
    explicit counting_iterator(T first) : at_(first) {}
    T operator*() const { return at_; }
    T operator[](difference_type n) const { return static_cast<T>(at_ + static_cast<T>(n)); }
    counting_iterator operator+(difference_type n) const { return counting_iterator((*this)[n]); }
    counting_iterator &operator++() {
        ++at_;
        return *this;
    }
    difference_type operator-(const counting_iterator &other) const {
        return static_cast<difference_type>(at_) - static_cast<difference_type>(other.at_);
    }
    bool operator==(const counting_iterator &other) const { return at_ == other.at_; }
    bool operator!=(const counting_iterator &other) const { return at_ != other.at_; }

  private:
    T at_{};
};

template <class T>
counting_iterator<T> make_counting_iterator(T first) {
    return counting_iterator<T>(first);
}

} // namespace thrust

#endif
