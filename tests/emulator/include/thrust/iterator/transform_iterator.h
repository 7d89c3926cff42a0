/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMU_THRUST_TRANSFORM_ITERATOR_H
#define EMU_THRUST_TRANSFORM_ITERATOR_H
/* function(*first), function(first[1]), ... */
#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>

namespace thrust {

template <class Function, class Iterator>
class transform_iterator {
  public:
    using iterator_category = std::random_access_iterator_tag;
    using value_type = std::decay_t<decltype(std::declval<Function>()(*std::declval<Iterator>()))>;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type *;
    using reference = value_type;

    transform_iterator(Iterator first, Function function) : at_(first), function_(function) {}
    value_type operator*() const { return function_(*at_); }
    value_type operator[](difference_type n) const { return function_(at_[n]); }
    transform_iterator operator+(difference_type n) const { return transform_iterator(at_ + n, function_); }

  private:
    Iterator at_;
    Function function_;
};

template <class Function, class Iterator>
transform_iterator<Function, Iterator> make_transform_iterator(Iterator first, Function function) {
    return transform_iterator<Function, Iterator>(first, function);
}

} // namespace thrust

#endif
