// SPDX-License-Identifier: Apache-2.0
// The k-th call of the device fails, for every k of a piece of work: the library refuses or ends the queue with a sentence, loses
// nothing, and the same work succeeds afterwards. The device backend runs on the emulator.
#include <gtest/gtest.h>

#include <vector>

#include "support/emu.h"

extern "C" {
#include "sable/client.h"
#include "sable/eval.h"
#include "sable/graph.h"
#include "sable/keys.h"
}

namespace {

// Everything that a session does, from the context to the decrypted product; gives back all of it.
class Session {
  public:
    explicit Session(size_t cap = 0) : cap_(cap) {}
    ~Session() {
        sable_graph_destroy(queue_, &graph_);
        sable_ct_destroy(queue_, &a_);
        sable_ct_destroy(queue_, &b_);
        sable_pt_destroy(queue_, &pt_);
        sable_keyset_destroy(queue_, &keys_);
        sable_secret_destroy(&secret_);
        sable_key_spec_destroy(&spec_);
        sable_queue_destroy(&queue_);
        sable_ctx_destroy(&ctx_);
        sable_params_destroy(&params_);
    }
    Session(const Session &) = delete;
    Session &operator=(const Session &) = delete;

    // Until the first failure. Again: goes on where that was.
    sable_status run() {
        const sable_status status = ready_ ? SABLE_OK : prepare();
        ready_ = status == SABLE_OK;
        return ready_ ? compute() : status;
    }
    bool started() const { return ready_; }
    std::string text() const {
        const std::string said = queue_ ? sable_queue_error(queue_) : "";
        return said.empty() ? err_.text : said;
    }

    // Of rotated squares: what was computed, and what it should be.
    const std::vector<double> &values() const { return values_; }
    static double value(size_t slot) { return static_cast<double>(slot % 7) / 8; }
    static double wanted(size_t slot) { return value((slot + 1) % 512) * value((slot + 1) % 512); }

  private:
    sable_status compute() {
        std::vector<double> x(512);
        for (size_t i = 0; i < x.size(); i++) x[i] = value(i);
        sable_encoding encoding{};
        encoding.struct_size = sizeof encoding;
        encoding.level = 1;
        sable_status s = keys_ ? SABLE_OK : sable_keyset_generate(queue_, &keys_, secret_, spec_);
        if (s == SABLE_OK) s = sable_encode(queue_, pt_, x.data(), x.size(), &encoding);
        if (s == SABLE_OK) s = sable_encrypt_secret(queue_, a_, pt_, secret_);
        if (s == SABLE_OK) s = sable_multiply(queue_, b_, a_, a_, keys_);
        if (s == SABLE_OK && !graph_) {
            const sable_graph_body body = {turn, keys_, nullptr};
            s = sable_graph_record(queue_, &graph_, &b_, 1, 1, &body);
        } else if (s == SABLE_OK) {
            s = sable_graph_set_input(queue_, graph_, 0, b_);
        }
        if (s == SABLE_OK) s = sable_graph_launch(queue_, graph_);
        if (s != SABLE_OK) return s;
        values_.assign(512, 0);
        return sable_decrypt(queue_, values_.data(), values_.size(), false, sable_graph_output(graph_, 0), secret_);
    }
    static sable_status turn(sable_queue *queue, sable_ct *const *outputs, const sable_ct *const *inputs, void *keys) {
        return sable_rotate(queue, outputs[0], inputs[0], 1, static_cast<const sable_keyset *>(keys));
    }
    sable_status prepare() {
        const sable_params_options allow = {sizeof allow, true};
        const sable_ctx_options options = {sizeof options, "emu", nullptr, 1, cap_};
        sable_status s = params_ ? SABLE_OK : sable_params_load(&params_, "T10", &allow, &err_);
        if (s == SABLE_OK && !ctx_) s = sable_ctx_create(&ctx_, params_, &options, &err_);
        if (s == SABLE_OK && !queue_) s = sable_queue_create(&queue_, ctx_, nullptr, &err_);
        if (s == SABLE_OK && !a_) s = sable_ct_create(&a_, ctx_, &err_);
        if (s == SABLE_OK && !b_) s = sable_ct_create(&b_, ctx_, &err_);
        if (s == SABLE_OK && !pt_) s = sable_pt_create(&pt_, ctx_, &err_);
        if (s == SABLE_OK && !secret_) s = sable_secret_generate(&secret_, ctx_, &err_);
        if (s == SABLE_OK && !spec_) s = sable_key_spec_create(&spec_, params_, &err_);
        if (s == SABLE_OK) s = sable_key_spec_add_relin(spec_, 1, 1, &err_);
        if (s == SABLE_OK) s = sable_key_spec_add_rotation(spec_, 1, 0, 0, 0, &err_);
        return s;
    }
    size_t cap_;
    bool ready_ = false;
    sable_error err_{};
    sable_params *params_ = nullptr;
    sable_ctx *ctx_ = nullptr;
    sable_queue *queue_ = nullptr;
    sable_secret *secret_ = nullptr;
    sable_key_spec *spec_ = nullptr;
    sable_keyset *keys_ = nullptr;
    sable_ct *a_ = nullptr, *b_ = nullptr;
    sable_graph *graph_ = nullptr;
    sable_pt *pt_ = nullptr;
    std::vector<double> values_;
};

void expect_right(const Session &session) {
    ASSERT_EQ(session.values().size(), 512u);
    for (size_t i = 0; i < 512; i++) ASSERT_NEAR(session.values()[i], Session::wanted(i), 1e-4) << i;
}

uint64_t calls_of(emu_call_kind kind) {
    const uint64_t before = emu_calls(kind);
    Session session;
    EXPECT_EQ(session.run(), SABLE_OK) << session.text();
    expect_right(session);
    return emu_calls(kind) - before;
}

struct Fault {
    const char *name;
    emu_call_kind kind;
    emu_failure how;
};

class DeviceFaults : public ::testing::TestWithParam<Fault> {};

TEST_P(DeviceFaults, EachCallInTurn) {
    const auto [name, kind, how] = GetParam();
    support::EmuWatch watch;
    const uint64_t calls = calls_of(kind);
    ASSERT_GT(calls, 0u);
    const uint64_t step = calls > 60 ? calls / 60 : 1; // the first of a kind differ more than the last
    for (uint64_t k = 1; k <= calls; k += k < 20 ? 1 : step) {
        {
            Session session;
            emu_fail_at(kind, k, how);
            const sable_status status = session.run();
            emu_fail_at(kind, 0, how);
            ASSERT_NE(status, SABLE_OK) << name << " " << k << " of " << calls << " went unnoticed";
            EXPECT_GT(session.text().size(), 20u) << name << " " << k;
            if (kind == EMU_ALLOC) EXPECT_EQ(status, SABLE_NO_MEMORY) << name << " " << k << ": " << session.text();
            if (how == EMU_FAIL_ASYNC && kind != EMU_ALLOC)
                EXPECT_LT(status, 0) << name << " " << k << ": " << session.text();
            if (status > 0 && kind == EMU_ALLOC) { // nothing was lost: the same objects go on
                EXPECT_EQ(session.run(), SABLE_OK) << name << " " << k << ": " << session.text();
                expect_right(session);
            } else if (status < 0) { // the queue answers only to destroy
                if (session.started()) EXPECT_LT(session.run(), 0) << name << " " << k;
            }
        }
        EXPECT_EQ(support::EmuWatch::defects(), "") << name << " " << k; // revives the device, too
        EXPECT_EQ(watch.left(), "") << name << " " << k;
    }
    Session again;
    EXPECT_EQ(again.run(), SABLE_OK) << again.text();
    expect_right(again);
}

INSTANTIATE_TEST_SUITE_P(
    Emu, DeviceFaults,
    ::testing::Values(Fault{"Alloc", EMU_ALLOC, EMU_FAIL_CALL}, Fault{"Copy", EMU_COPY, EMU_FAIL_CALL},
                      Fault{"Launch", EMU_LAUNCH, EMU_FAIL_CALL}, Fault{"Create", EMU_CREATE, EMU_FAIL_CALL},
                      Fault{"CopyLater", EMU_COPY, EMU_FAIL_ASYNC}, Fault{"LaunchLater", EMU_LAUNCH, EMU_FAIL_ASYNC}),
    [](const auto &test) { return std::string(test.param.name); });

// A cap on memory, from too small for the tables to enough: refusals with numbers until it works.
TEST(DeviceMemory, CapRefusesAndNothingIsLost) {
    support::EmuWatch watch;
    bool refused = false, worked = false;
    for (size_t cap = 1 << 16; cap < (size_t{1} << 24); cap += cap / 2) {
        Session session(cap);
        const sable_status status = session.run();
        if (status == SABLE_OK) {
            expect_right(session);
            worked = true;
            break;
        }
        refused = true;
        EXPECT_EQ(status, SABLE_NO_MEMORY) << session.text();
        EXPECT_NE(session.text().find(std::to_string(cap)), std::string::npos) << session.text();
        EXPECT_EQ(session.run(), SABLE_NO_MEMORY) << "the same again";
    }
    EXPECT_TRUE(refused);
    EXPECT_TRUE(worked);
}

} // namespace
