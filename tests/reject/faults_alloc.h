/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TESTS_FAULTS_ALLOC_H
#define SABLE_TESTS_FAULTS_ALLOC_H
/* Allocations of Sable's own code, counted and, on demand, refused. The linker turns the calls of everything that is
 * linked statically (--wrap in tests/CMakeLists.txt) into calls of these, also under sanitizers; the C++ library's and
 * other shared libraries' calls do not count. */
#include <atomic>
#include <cstddef>

namespace faults {
extern std::atomic<size_t> requested; /* bytes, releases not subtracted */
extern std::atomic<long> countdown;   /* the allocation that makes it 0 fails; negative: none */
extern std::atomic<bool> fired;

/* The k-th allocation from now on fails, k from 1, until the end of the scope. */
struct FailAllocation {
    explicit FailAllocation(long k) {
        fired = false;
        countdown = k;
    }
    ~FailAllocation() { countdown = -1; }
};
/* jansson's allocations too, for the life of the object. */
struct CountJson {
    CountJson();
    ~CountJson();
};
} // namespace faults
#endif
