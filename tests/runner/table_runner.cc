// SPDX-License-Identifier: Apache-2.0
// Compares a backend with the portable path of the cpu backend, word by word, as tests/diff does, on machines that have neither
// GoogleTest nor NTL: every function of the table, every shape, every degree. Prints a line a function and a verdict, also when the
// time is up. Status: 0 equal, 1 differs or failed, 2 usage, 3 no such backend, 75 equal so far but cut short.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <regex>
#include <stdexcept>

#include "support/table_shapes.h"

extern "C" {
#include "backend/registry.h"
}

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
    std::string backend = "cuda", functions = ".*";
    double seconds = 240;
    uint32_t log_n_most = 16;
    bool quick = false; // the smallest set that touches every kernel: for slow instruments
};

[[noreturn]] void usage(int status) {
    std::fputs("usage: sable_table_runner [--backend NAME] [--functions REGEX] [--log-n MOST] [--seconds S] [--quick]\n"
               "  Compares backend NAME (default cuda) with the portable path of the cpu, word by word.\n",
               status ? stderr : stdout);
    std::exit(status);
}

Options parse(int argc, char **argv) {
    Options o;
    for (int i = 1; i < argc; i++) {
        const std::string name = argv[i];
        if (name == "--help") usage(0);
        if (name == "--quick") {
            o.quick = true;
            continue;
        }
        if (i + 1 == argc) usage(2);
        const char *value = argv[++i];
        if (name == "--backend")
            o.backend = value;
        else if (name == "--functions")
            o.functions = value;
        else if (name == "--log-n")
            o.log_n_most = static_cast<uint32_t>(std::atoi(value));
        else if (name == "--seconds")
            o.seconds = std::atof(value);
        else
            usage(2);
    }
    if (o.log_n_most < 4 || o.log_n_most > 16 || o.seconds <= 0) usage(2);
    return o;
}

std::vector<support::Shape> shapes_of(uint32_t log_n, const Options &o) {
    if (o.quick) { // one call for each option of a function
        std::vector<support::Shape> shapes;
        for (uint32_t variant = 0; variant < 4; variant++) {
            support::Shape s;
            s.limbs = variant % 2 ? 3 : 0, s.parts = 2, s.batch = 2, s.variant = variant, s.seed = 7 + variant;
            s.scattered = variant == 1, s.in_place = variant == 2;
            shapes.push_back(s);
        }
        return shapes;
    }
    std::vector<support::Shape> shapes = support::shapes_of_degree(log_n, log_n >= 15);
    if (log_n == 10)
        for (const auto &more : {support::every_shape(), support::every_option()})
            shapes.insert(shapes.end(), more.begin(), more.end());
    return shapes;
}

class Runner {
  public:
    explicit Runner(const Options &o)
        : o_(o), end_(Clock::now() + std::chrono::milliseconds(static_cast<long>(o.seconds * 1000))) {
        sable_error err{};
        sable_backend_choice choice{};
        if (sable_backend_find(&choice, o_.backend.c_str(), &err) != SABLE_OK) {
            std::printf("verdict: NO BACKEND: %s\n", err.text);
            std::exit(3);
        }
        table_ = choice.backend;
        path_ = table_ == sable_backend_cpu() ? support::cpu_paths().back() : choice.device ? choice.device : "0";
    }

    int run() {
        const std::regex wanted(o_.functions);
        for (const std::string &function : support::table_functions())
            if (std::regex_search(function, wanted)) run_function(function);
        const char *verdict = failed_ ? "DIFFERS" : cut_ ? "EQUAL SO FAR, CUT SHORT" : "EQUAL";
        std::printf("verdict: %s: %zu functions, %zu calls compared, %zu differ, backend %s\n", verdict, functions_,
                    calls_, failed_, o_.backend.c_str());
        return failed_ ? 1 : cut_ ? 75 : 0;
    }

  private:
    bool over() {
        if (Clock::now() < end_) return false;
        cut_ = true;
        return true;
    }

    void run_function(const std::string &function) {
        size_t calls = 0, before = failed_;
        std::vector<uint32_t> degrees;
        for (uint32_t log_n = o_.quick ? 10 : 4; log_n <= o_.log_n_most; log_n += o_.quick ? 2 : 1)
            degrees.push_back(log_n);
        for (uint32_t log_n : degrees) {
            if (over()) break;
            const support::Ring &ring = support::ring_of_degree(log_n);
            const support::Device reference(ring, "portable");
            try {
                const support::Device device(table_, ring, path_);
                for (const support::Shape &shape : shapes_of(log_n, o_)) {
                    if (over()) break;
                    calls++;
                    compare(function, reference, device, shape, log_n);
                }
            } catch (const std::exception &e) {
                std::printf("%s, N = 2^%u: %s\n", function.c_str(), log_n, e.what());
                failed_++;
            }
        }
        functions_++, calls_ += calls;
        std::printf("%-16s %5zu calls, %s\n", function.c_str(), calls,
                    failed_ != before ? "DIFFERS"
                    : calls           ? "equal"
                                      : "not reached");
        std::fflush(stdout);
    }

    void compare(const std::string &function, const support::Device &reference, const support::Device &device,
                 const support::Shape &shape, uint32_t log_n) {
        const std::string found =
            support::difference(run_case(reference, function, shape), run_case(device, function, shape));
        if (found.empty()) return;
        if (failed_++ < 20)
            std::printf("%s, N = 2^%u, %s: %s\n", function.c_str(), log_n, shape.text().c_str(), found.c_str());
    }

    const Options &o_;
    Clock::time_point end_;
    const sable_backend *table_ = nullptr;
    std::string path_;
    size_t functions_ = 0, calls_ = 0, failed_ = 0;
    bool cut_ = false;
};

} // namespace

int main(int argc, char **argv) {
    const Options options = parse(argc, argv);
    return Runner(options).run();
}
