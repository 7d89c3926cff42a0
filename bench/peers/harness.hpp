// SPDX-License-Identifier: Apache-2.0
// What the peer programs share: arguments, timing as in `sable bench`, rows in its JSON form with security and
// precision beside, and a loop that serves one request a line, so that runs can alternate with Sable's:
//
//     rows                names of all rows, one JSON array
//     precision           precision_bits_{max,mean}: of products at every level from 1 up, two JSON arrays
//     time NAME SECONDS   one row
#ifndef SABLE_PEERS_HARNESS_HPP
#define SABLE_PEERS_HARNESS_HPP
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <functional>
#include <iostream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace peers {

// levels: multiplications with a rescale; the modulus is one prime of first_bits and `levels` primes of scale_bits.
struct Shape {
    unsigned log_n = 0, levels = 0, scale_bits = 0, first_bits = 0, digits = 0, threads = 1;
    size_t n() const { return size_t(1) << log_n; }
    size_t slots() const { return n() / 2; }
};

struct Precision {
    double max_bits = 0, mean_bits = 0;
};

struct Row {
    std::string name;
    unsigned limbs, batch;
    double words; // least traffic in 64-bit words, by the rule of `sable bench`
    std::function<void()> run;
    std::function<void()> reset = nullptr;        // after each run, not timed
    double bits = 0;                              // log2 of the modulus it works on, where that is not the shape's
    std::function<void(Row &)> prepare = nullptr; // before the first run
    unsigned keys = 0;                            // evaluation keys that the row needs, where told
    double key_bytes = 0;
};

struct Program {
    std::string peer, path;
    double log_q = 0, log_p = 0, scale_log2 = 0;
    std::vector<Row> rows;
    std::function<Precision(unsigned level)> product_precision; // of a product of fresh operands at that level
};

inline Shape parse(int argc, char **argv) {
    Shape s;
    struct {
        const char *name;
        unsigned *value;
    } options[] = {{"--log-n", &s.log_n},           {"--levels", &s.levels}, {"--scale-bits", &s.scale_bits},
                   {"--first-bits", &s.first_bits}, {"--digits", &s.digits}, {"--threads", &s.threads}};
    for (int i = 1; i < argc; i += 2) {
        bool known = false;
        for (auto &o : options)
            if (i + 1 < argc && !std::strcmp(argv[i], o.name)) {
                *o.value = unsigned(std::strtoul(argv[i + 1], nullptr, 10));
                known = true;
            }
        if (!known) {
            std::fprintf(stderr,
                         "usage: %s --log-n K --levels L --scale-bits B --first-bits B --digits D --threads T\n",
                         argv[0]);
            std::exit(2);
        }
    }
    if (s.log_n < 10 || s.log_n > 17 || s.levels < 1 || s.scale_bits < 20 || s.first_bits < s.scale_bits) {
        std::fprintf(stderr, "%s: that is no shape\n", argv[0]);
        std::exit(2);
    }
    return s;
}

inline double now_us() {
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Processor time of the process: what elapsed time would be if no other program ran, for one thread.
inline double processor_us() {
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e6 * double(t.tv_sec) + 1e-3 * double(t.tv_nsec);
}

// Uniform in [-1, 1], the same on every run.
inline std::vector<double> values(size_t count, unsigned seed) {
    std::mt19937_64 generator(seed);
    std::uniform_real_distribution<double> uniform(-1, 1);
    std::vector<double> v(count);
    for (auto &x : v) x = uniform(generator);
    return v;
}

inline Precision compare(const std::vector<double> &got, const std::vector<double> &x, const std::vector<double> &y) {
    double largest = 0, sum = 0;
    for (size_t i = 0; i < x.size(); i++) {
        double error = std::fabs(got[i] - x[i] * y[i]);
        largest = std::max(largest, error);
        sum += error;
    }
    return {-std::log2(largest), -std::log2(sum / double(x.size()))};
}

// Two warm-up runs, then runs until `seconds` have passed, at least 5 and at most 1000: the rule of `sable bench`.
inline std::string measure(const Program &p, const Shape &s, Row &row, double seconds) {
    if (row.prepare) row.prepare(row);
    std::vector<double> sample, processor;
    auto once = [&] {
        double begin = now_us(), begin_processor = processor_us();
        row.run();
        processor.push_back(processor_us() - begin_processor);
        double time = now_us() - begin;
        if (row.reset) row.reset();
        return time;
    };
    once();
    once();
    processor.clear();
    double start = now_us();
    while (sample.size() < 1000 && (sample.size() < 5 || now_us() - start < 1e6 * seconds)) sample.push_back(once());
    std::sort(sample.begin(), sample.end());
    std::sort(processor.begin(), processor.end());
    size_t runs = sample.size();
    double median = sample[runs / 2], bytes = row.words * 8;
    char text[768];
    std::snprintf(
        text, sizeof text,
        "{\"name\": \"%s\", \"n\": %zu, \"limbs\": %u, \"level\": %u, \"params\": \"\", \"batch\": %u, "
        "\"backend\": \"cpu\", "
        "\"path\": \"%s\", \"threads\": %u, \"median_us\": %.3f, \"p10_us\": %.3f, \"p90_us\": %.3f, \"runs\": %zu, "
        "\"bytes\": %.0f, \"gb_per_s\": %.4f, \"peer\": \"%s\", \"log_q\": %.2f, \"log_p\": %.2f, \"log_pq\": %.2f, "
        "\"digits\": %u, \"scale_log2\": %.2f, \"row_bits\": %.2f, \"processor_us\": %.3f, \"keys\": %u, \"key_bytes\": %.0f}",
        row.name.c_str(), s.n(), row.limbs, s.levels, row.batch, p.path.c_str(), s.threads, median, sample[runs / 10],
        sample[runs * 9 / 10], runs, bytes, bytes / median * 1e-3, p.peer.c_str(), p.log_q, p.log_p, p.log_q + p.log_p,
        s.digits, p.scale_log2, row.bits > 0 ? row.bits : p.log_q, processor[runs / 2], row.keys, row.key_bytes);
    return text;
}

inline std::string precision(const Program &p, const Shape &s) {
    if (!p.product_precision) return "{}";
    std::string largest, mean;
    for (unsigned level = 1; level <= s.levels; level++) {
        Precision bits = p.product_precision(level);
        char text[2][32];
        std::snprintf(text[0], sizeof text[0], "%s%.2f", level > 1 ? ", " : "", bits.max_bits);
        std::snprintf(text[1], sizeof text[1], "%s%.2f", level > 1 ? ", " : "", bits.mean_bits);
        largest += text[0];
        mean += text[1];
    }
    return "{\"precision_bits_max\": [" + largest + "], \"precision_bits_mean\": [" + mean + "]}";
}

inline std::string answer(Program &p, const Shape &s, const std::string &line) {
    std::istringstream in(line);
    std::string what, name;
    double seconds = 0.5;
    in >> what >> name >> seconds;
    if (what == "precision") return precision(p, s);
    if (what == "time")
        for (auto &row : p.rows)
            if (row.name == name) return measure(p, s, row, seconds);
    if (what != "rows") return "{\"error\": \"no such request or row\"}";
    std::string list;
    for (auto &row : p.rows) list += (list.empty() ? "\"" : ", \"") + row.name + "\"";
    return "[" + list + "]";
}

[[noreturn]] inline void serve(Program &p, const Shape &s) {
    for (std::string line; std::getline(std::cin, line);) std::cout << answer(p, s, line) << std::endl;
    std::_Exit(0); // without the libraries' destructors: not all of them end in peace
}

// A peer that refuses a shape says why.
template <class Start>
int run(int argc, char **argv, Start start) {
    Shape s = parse(argc, argv);
    try {
        start(s);
    } catch (const std::exception &e) {
        std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
    }
    return 1;
}

} // namespace peers
#endif
