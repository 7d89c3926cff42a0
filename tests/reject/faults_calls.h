/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TESTS_FAULTS_CALLS_H
#define SABLE_TESTS_FAULTS_CALLS_H
/* System calls of Sable's own code on files that fail, come late or do half of what was asked, on demand. The linker
 * turns them into calls of these (--wrap in tests/CMakeLists.txt). */

namespace faults {

/* Until the end of the scope the k-th call from now on, k from 1, fails with this errno; if it lasts, every call behind
 * it that takes room on the disk does too. */
struct FailCall {
    FailCall(long k, int code, bool lasts);
    ~FailCall();
};
extern const char *failed_call; /* the first that failed since the last FailCall began; nullptr: none */

/* Until the end of the scope every second call that may is interrupted (EINTR), and the others read and write one byte
 * of two. */
struct Storm {
    Storm();
    ~Storm();
};
extern long interrupted; /* calls since the last Storm began */

} // namespace faults
#endif
