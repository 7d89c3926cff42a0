// SPDX-License-Identifier: Apache-2.0
// Products of matrices with OpenFHE's public calls: the methods, packings and levels of Sable's rows of the same names
// (docs/LINALG.md). Maps by diagonals with hoisted baby steps (EvalFastRotation) and giant steps by EvalRotate, as many of
// each as cost least by the library's times of a hoisted rotation and of one by itself; one rescale at the end.
#ifndef SABLE_PEERS_OPENFHE_MATMUL_HPP
#define SABLE_PEERS_OPENFHE_MATMUL_HPP
#include <openfhe.h>

#include <map>
#include <memory>
#include <set>

#include "harness.hpp"

namespace matmul {

using namespace lbcrypto;
using Ct = Ciphertext<DCRTPoly>;

// What the rows share; indices of rotations whose keys are there.
struct World {
    CryptoContext<DCRTPoly> cc;
    KeyPair<DCRTPoly> keys;
    peers::Shape shape;
    unsigned special; // primes of P
    std::set<int> rotations = {};

    Ct encrypt(const std::vector<double> &v, unsigned level) const {
        return cc->Encrypt(keys.publicKey, cc->MakeCKKSPackedPlaintext(v, 1, shape.levels - level));
    }
    void add_keys(const std::set<int> &wanted) {
        std::vector<int> missing;
        for (int r : wanted)
            if (r && rotations.insert(r).second) missing.push_back(r);
        if (!missing.empty()) cc->EvalRotateKeyGen(keys.secretKey, missing);
    }
    Ct rotate(const Ct &ct, int steps) const { return steps ? cc->EvalRotate(ct, steps) : ct; }
    std::vector<Ct> hoisted(const Ct &ct, const std::vector<int> &steps) const {
        std::vector<Ct> out;
        auto digits = cc->EvalFastRotationPrecompute(ct);
        for (int r : steps)
            out.push_back(r ? cc->EvalFastRotation(ct, uint32_t(r), uint32_t(2 * shape.n()), digits) : ct);
        return out;
    }
    double ct_words(unsigned level) const { return 2.0 * (level + 1) * double(shape.n()); }
    double key_words() const { return 2.0 * shape.digits * (shape.levels + 1 + special) * double(shape.n()); }
};

// y[j] = sum over d of value_d[j] * x[j + d].
struct Map {
    std::map<int, std::map<int, Plaintext>> terms; // giant step, baby step
    std::vector<int> babies;

    static Map make(const World &w, const std::map<int, std::vector<double>> &diagonals, int giant_step,
                    unsigned level) {
        Map m;
        std::set<int> babies;
        for (auto &[index, values] : diagonals) {
            int baby = index % giant_step, giant = index - baby, slots = int(values.size());
            std::vector<double> turned(values.size());
            for (int j = 0; j < slots; j++) turned[size_t((j + giant) % slots)] = values[size_t(j)];
            m.terms[giant][baby] = w.cc->MakeCKKSPackedPlaintext(turned, 1, w.shape.levels - level);
            babies.insert(baby);
        }
        m.babies.assign(babies.begin(), babies.end());
        return m;
    }
    std::set<int> steps() const {
        std::set<int> all(babies.begin(), babies.end());
        for (auto &giant : terms) all.insert(giant.first);
        return all;
    }
    size_t diagonals() const {
        size_t count = 0;
        for (auto &giant : terms) count += giant.second.size();
        return count;
    }
    Ct apply(const World &w, const Ct &x) const {
        std::vector<Ct> turned = w.hoisted(x, babies);
        std::map<int, Ct> by_step;
        for (size_t i = 0; i < babies.size(); i++) by_step[babies[i]] = turned[i];
        Ct sum;
        for (auto &[giant, row] : terms) {
            Ct part;
            for (auto &[baby, pt] : row) {
                Ct term = w.cc->EvalMult(by_step[baby], pt);
                if (part)
                    w.cc->EvalAddInPlace(part, term);
                else
                    part = term;
            }
            part = w.rotate(part, giant);
            if (sum)
                w.cc->EvalAddInPlace(sum, part);
            else
                sum = part;
        }
        w.cc->RescaleInPlace(sum);
        return sum;
    }
};

// 128 x 128, plaintext, times a vector that repeats.
struct PlainTimesVector {
    Map map;
    Ct x, y;
    explicit PlainTimesVector(World &w, unsigned level) {
        const int side = 128;
        std::map<int, std::vector<double>> diagonals;
        for (int d = 0; d < side; d++) {
            auto &v = diagonals[d];
            for (size_t j = 0; j < w.shape.slots(); j++) {
                int row = int(j % side), col = int((j + size_t(d)) % side);
                v.push_back(std::cos(0.1 * (row * side + col)) / side);
            }
        }
        map = Map::make(w, diagonals, 16, level);
        w.add_keys(map.steps());
        x = w.encrypt(peers::values(w.shape.slots(), 1), level);
    }
    void run(const World &w) { y = map.apply(w, x); }
};

// 64 x 64, both encrypted (Jiang and others 2018), rows written twice: two levels.
struct Squares {
    enum { SIDE = 64, WIDTH = 128, FIRST = 8 };
    Map sigma, tau;
    Ct a, b, product;
    int count;

    explicit Squares(World &w) : count(int(w.shape.slots()) / (SIDE * WIDTH)) {
        const size_t slots = w.shape.slots();
        std::map<int, std::vector<double>> s, t;
        auto take = [&](auto &diagonals, int i, int j, int index) {
            auto &v = diagonals[(index * count % int(slots) + int(slots)) % int(slots)];
            v.resize(slots);
            for (int q = 0; q < count; q++) v[size_t((i * WIDTH + j) * count + q)] = 1;
        };
        for (int i = 0; i < SIDE; i++)
            for (int j = 0; j < WIDTH; j++) {
                take(s, i, j, (i + j) % SIDE - j);
                if (j < SIDE) take(t, i, j, j * WIDTH);
            }
        sigma = Map::make(w, s, 16 * count, 2);
        tau = Map::make(w, t, 8 * WIDTH * count, 2);
        std::set<int> steps = sigma.steps();
        for (int r : tau.steps()) steps.insert(r);
        for (int unit : {count, WIDTH * count})
            for (int k = 0; k < FIRST; k++) steps.insert(k * unit), steps.insert(k * FIRST * unit);
        w.add_keys(steps);
        keys = unsigned(steps.size()); // without 0, with relinearisation
        a = w.encrypt(peers::values(slots, 1), 2);
        b = w.encrypt(peers::values(slots, 2), 2);
    }
    std::vector<Ct> rotations(const World &w, const Ct &x, int unit) const {
        std::vector<int> stage[2];
        for (int k = 0; k < FIRST; k++) stage[0].push_back(k * unit), stage[1].push_back(k * FIRST * unit);
        std::vector<Ct> all;
        for (const Ct &first : w.hoisted(x, stage[0]))
            for (const Ct &second : w.hoisted(first, stage[1])) all.push_back(second);
        return all; // in an order that both operands share
    }
    void run(const World &w) {
        auto left = rotations(w, sigma.apply(w, a), count), right = rotations(w, tau.apply(w, b), WIDTH * count);
        Ct sum = w.cc->EvalMultNoRelin(left[0], right[0]);
        for (size_t k = 1; k < left.size(); k++) w.cc->EvalAddInPlace(sum, w.cc->EvalMultNoRelin(left[k], right[k]));
        w.cc->RelinearizeInPlace(sum);
        w.cc->RescaleInPlace(sum);
        product = sum;
    }
    unsigned keys = 0;
};

// 196 features of as many samples as there are slots, encrypted weights: one relinearisation.
struct Features {
    enum { COUNT = 196 };
    std::vector<Ct> x, weight;
    Ct bias, logit;
    explicit Features(World &w) {
        for (unsigned j = 0; j < COUNT; j++) {
            x.push_back(w.encrypt(peers::values(w.shape.slots(), j), 1));
            weight.push_back(w.encrypt(peers::values(w.shape.slots(), 1000 + j), 1));
        }
        bias = w.encrypt(peers::values(w.shape.slots(), 2000), 0);
    }
    void run(const World &w) {
        Ct sum = w.cc->EvalMultNoRelin(x[0], weight[0]);
        for (size_t j = 1; j < COUNT; j++) w.cc->EvalAddInPlace(sum, w.cc->EvalMultNoRelin(x[j], weight[j]));
        w.cc->RelinearizeInPlace(sum);
        w.cc->RescaleInPlace(sum);
        w.cc->EvalAddInPlace(sum, bias);
        logit = sum;
    }
};

// Rows that are set up when they are first asked for: keys of this library are of full length.
template <class Work>
peers::Row lazy_row(World &w, peers::Row row, std::function<Work *(peers::Row &)> make) {
    auto work = std::make_shared<std::unique_ptr<Work>>();
    row.prepare = [=](peers::Row &r) {
        if (!*work) work->reset(make(r));
    };
    row.run = [&w, work] { (*work)->run(w); };
    return row;
}

inline void add_rows(std::vector<peers::Row> &rows, World &w) {
    const unsigned level = std::min(8u, w.shape.levels);
    rows.push_back(lazy_row<PlainTimesVector>(w, {"matmul_pc", level + 1, 1, 0, nullptr}, [&w, level](peers::Row &r) {
        auto made = new PlainTimesVector(w, level);
        r.keys = unsigned(made->map.steps().size()) - 1;
        r.words = w.ct_words(level) * (1 + 0.5 * double(made->map.diagonals())) + w.ct_words(level - 1) +
                  r.keys * w.key_words();
        r.key_bytes = 8 * r.keys * w.key_words();
        return made;
    }));
    // Keys would take more memory than these machines have to spare.
    if (w.shape.log_n >= 14 && w.shape.log_n <= 15)
        rows.push_back(lazy_row<Squares>(
            w, {"matmul_cc_64", 3, unsigned(w.shape.slots()) / 8192, 0, nullptr}, [&w](peers::Row &r) {
                auto made = new Squares(w);
                r.keys = made->keys;
                double maps = double(made->sigma.diagonals() + made->tau.diagonals());
                r.words = w.ct_words(2) * (2 + 0.5 * maps) + w.ct_words(0) + r.keys * w.key_words();
                r.key_bytes = 8 * r.keys * w.key_words();
                return made;
            }));
    rows.push_back(
        lazy_row<Features>(w, {"infer_encrypted_weights_196", 2, Features::COUNT, 0, nullptr}, [&w](peers::Row &r) {
            r.words = 2 * Features::COUNT * w.ct_words(1) + w.ct_words(0);
            return new Features(w);
        }));
}

} // namespace matmul
#endif
