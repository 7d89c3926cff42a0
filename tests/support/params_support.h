/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TESTS_PARAMS_SUPPORT_H
#define SABLE_TESTS_PARAMS_SUPPORT_H
/* Parameter sets for tests: loading with ownership, texts of shipped files, edits of JSON texts. */
#include <gmp.h>
#include <jansson.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "sable/params.h"

namespace sable_test {

struct ParamsDeleter {
    void operator()(sable_params *p) const { sable_params_destroy(&p); }
};
using Params = std::unique_ptr<sable_params, ParamsDeleter>;

inline sable_params_options allow_insecure() {
    sable_params_options options = {};
    options.struct_size = sizeof options;
    options.allow_insecure = true;
    return options;
}

struct Outcome {
    sable_status status = SABLE_OK;
    std::string text;
    Params params;
};

inline Outcome parse(const std::string &json, bool insecure = true) {
    sable_params_options options = allow_insecure();
    sable_params *p = nullptr;
    sable_error err = {};
    Outcome out;
    out.status = sable_params_parse(&p, json.data(), json.size(), insecure ? &options : nullptr, &err);
    out.text = err.text;
    out.params.reset(p);
    return out;
}

inline Outcome load(const std::string &name, bool insecure = true) {
    sable_params_options options = allow_insecure();
    sable_params *p = nullptr;
    sable_error err = {};
    Outcome out;
    out.status = sable_params_load(&p, name.c_str(), insecure ? &options : nullptr, &err);
    out.text = err.text;
    out.params.reset(p);
    return out;
}

inline std::vector<std::string> shipped() {
    std::vector<std::string> names;
    for (size_t i = 0; sable_params_shipped(i); i++) names.push_back(sable_params_shipped(i));
    return names;
}

inline std::string write(const sable_params *p) {
    char *text = nullptr;
    sable_error err = {};
    if (sable_params_write(p, &text, &err) != SABLE_OK) return std::string("failed: ") + err.text;
    std::string out = text;
    sable_text_free(text);
    return out;
}

inline std::string params_path(const std::string &name) {
    const char *folder = getenv("SABLE_PARAMS_DIR");
    return std::string(folder ? folder : "params") + "/" + name + ".json";
}

inline std::string file_text(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

inline sable_params_info describe(const sable_params *p) {
    sable_params_info info = {};
    info.struct_size = sizeof info;
    if (sable_params_describe(p, &info) != SABLE_OK) abort();
    return info;
}

/* The text with one change made to its JSON tree. */
inline std::string edited(const std::string &text, const std::function<void(json_t *)> &edit) {
    json_error_t where;
    json_t *root = json_loadb(text.data(), text.size(), 0, &where);
    if (!root) abort();
    edit(root);
    char *dump = json_dumps(root, JSON_COMPACT);
    std::string out = dump;
    free(dump);
    json_decref(root);
    return out;
}

/* GMP integer with ownership. */
class Integer {
  public:
    explicit Integer(unsigned long value = 0) { mpz_init_set_ui(z_, value); }
    Integer(const Integer &) = delete;
    Integer &operator=(const Integer &) = delete;
    ~Integer() { mpz_clear(z_); }
    mpz_ptr get() { return z_; }
    size_t bits() const { return mpz_sgn(z_) == 0 ? 0 : mpz_sizeinbase(z_, 2); }

  private:
    mpz_t z_;
};

} // namespace sable_test

#endif
