// SPDX-License-Identifier: Apache-2.0
// What the environment changes: each test runs this program again, with one disabled test that expects the change.
#include <cstdlib>
#include <sys/wait.h>
#include <unistd.h>

#include "world.h"

using namespace world;

namespace {

// The exit status of the test Inside.DISABLED_<name>, run with these variables.
int status_of(const std::string &name, const std::vector<std::string> &variables) {
    const std::string filter = "--gtest_filter=Inside.DISABLED_" + name;
    const pid_t child = fork();
    if (child == 0) {
        for (const std::string &variable : variables) putenv(strdup(variable.c_str()));
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr)) _exit(99);
        execl("/proc/self/exe", "sable_tests_emu", filter.c_str(), "--gtest_also_run_disabled_tests", nullptr);
        _exit(98);
    }
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

__global__ void write_at(unsigned *data, size_t index) { data[index] = 1; }

TEST(Environment, CanBeAMachineWithoutDevice) { EXPECT_EQ(status_of("NoDevice", {"SABLE_EMU_DEVICES=0"}), 0); }
TEST(Inside, DISABLED_NoDevice) {
    int count = 9;
    void *memory;
    cudaStream_t stream;
    EXPECT_EQ(cudaGetDeviceCount(&count), cudaErrorNoDevice);
    EXPECT_EQ(count, 0);
    EXPECT_EQ(cudaMalloc(&memory, 4), cudaErrorNoDevice);
    EXPECT_EQ(cudaStreamCreateWithFlags(&stream, 0), cudaErrorNoDevice);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorNoDevice);
}

TEST(Environment, CanHaveSeveralDevices) {
    EXPECT_EQ(status_of("TwoDevices", {"SABLE_EMU_DEVICES=2", "SABLE_EMU_MEMORY=1048576"}), 0);
}
TEST(Inside, DISABLED_TwoDevices) {
    Stream first;
    size_t free, total;
    must(cudaSetDevice(1));
    Stream second;
    Words<> words(1);
    must(cudaMemGetInfo(&free, &total));
    EXPECT_EQ(total, 1u << 20);
    EXPECT_EQ(free, total - 512);
    EXPECT_EQ(launch(first, 1, 1, 0, write_at, words, 0), cudaErrorInvalidResourceHandle); // of the other device
    must(launch(second, 1, 1, 0, write_at, words, 0));
    must(launch(second, 1, 1, 0, write_at, words, size_t{1} << 30));
    EXPECT_EQ(cudaStreamSynchronize(second), cudaErrorIllegalAddress);
    EXPECT_EQ(cudaStreamSynchronize(first), cudaSuccess); // its device goes on
    emu_clear();
}

TEST(Environment, CanMakeCallsFail) {
    EXPECT_EQ(status_of("Failures", {"SABLE_EMU_FAIL=alloc:2,launch:1:async"}), 0);
    EXPECT_EQ(status_of("Failures", {"SABLE_EMU_FAIL=alloc:one"}), 100 + SIGABRT);
}
TEST(Inside, DISABLED_Failures) {
    void *one, *two;
    must(cudaMalloc(&one, 4));
    EXPECT_EQ(cudaMalloc(&two, 4), cudaErrorMemoryAllocation);
    EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
    EXPECT_EQ(launch(nullptr, 1, 1, 0, write_at, static_cast<unsigned *>(one), 0), cudaSuccess);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorLaunchFailure);
}

// A process does not end well over a defect, unless it says that it looks at the list itself.
TEST(Environment, EndsAProcessWithDefects) {
    EXPECT_EQ(status_of("Defect", {"SABLE_EMU_DEFECTS=loud"}), 86);
    EXPECT_EQ(status_of("Defect", {"SABLE_EMU_DEFECTS=quiet"}), 0);
    EXPECT_EQ(status_of("Race", {"SABLE_EMU_DEFECTS=loud", "SABLE_EMU_ORDER=all"}), 86);
    EXPECT_EQ(status_of("Race", {"SABLE_EMU_DEFECTS=loud", "SABLE_EMU_ORDER=reverse"}), 0);
    EXPECT_EQ(status_of("Race", {"SABLE_EMU_ORDER=sideways"}), 100 + SIGABRT);
}
TEST(Inside, DISABLED_Defect) {
    Words<> words(25);
    must(launch(nullptr, 1, 1, 0, write_at, words, 25));
}

__global__ void write_thread(unsigned *data) { *data = threadIdx.x; }
TEST(Inside, DISABLED_Race) {
    Words<> words(1);
    must(launch(nullptr, 1, 32, 0, write_thread, words));
}

} // namespace
