// SPDX-License-Identifier: Apache-2.0
// Names of kernels. They are static functions, which the dynamic linker does not know: the symbol table of the file is read.
#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <map>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "defect.h"

namespace emu {
namespace {

struct File {
    const char *bytes = nullptr;
    size_t size = 0;

    explicit File(const char *path) {
        struct stat status;
        const int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) return;
        if (fstat(fd, &status) == 0 && static_cast<size_t>(status.st_size) >= sizeof(ElfW(Ehdr))) {
            void *memory = mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
            if (memory != MAP_FAILED)
                bytes = static_cast<const char *>(memory), size = static_cast<size_t>(status.st_size);
        }
        close(fd);
    }
    ~File() {
        if (bytes) munmap(const_cast<char *>(bytes), size);
    }
    File(const File &) = delete;
    File &operator=(const File &) = delete;
};

// The mangled name of the function that begins at this offset of the loaded file; empty if its symbols are stripped.
std::string find_symbol(const char *path, uintptr_t offset) {
    const File file(path);
    if (!file.bytes) return "";
    const auto *header = reinterpret_cast<const ElfW(Ehdr) *>(file.bytes);
    const auto *sections = reinterpret_cast<const ElfW(Shdr) *>(file.bytes + header->e_shoff);
    for (int i = 0; i < header->e_shnum; ++i) {
        if (sections[i].sh_type != SHT_SYMTAB) continue;
        const auto *symbols = reinterpret_cast<const ElfW(Sym) *>(file.bytes + sections[i].sh_offset);
        const char *strings = file.bytes + sections[sections[i].sh_link].sh_offset;
        for (size_t s = 0; s < sections[i].sh_size / sizeof *symbols; ++s)
            if (symbols[s].st_value == offset && (symbols[s].st_info & 15) == STT_FUNC)
                return strings + symbols[s].st_name;
    }
    return "";
}

// "void f<(kind)1>(int)" becomes "f<(kind)1>".
std::string without_parameters(std::string name) {
    const std::string nowhere = "(anonymous namespace)::";
    for (size_t at; (at = name.find(nowhere)) != std::string::npos;) name.erase(at, nowhere.size());
    int depth = 0;
    for (size_t at = name.size(); at-- > 0 && name.back() == ')';) {
        depth += (name[at] == ')') - (name[at] == '(');
        if (depth == 0) name.erase(at);
    }
    return name.compare(0, 5, "void ") == 0 ? name.substr(5) : name;
}

std::string find_name(const void *kernel) {
    Dl_info info;
    link_map *map = nullptr;
    if (!dladdr1(kernel, &info, reinterpret_cast<void **>(&map), RTLD_DL_LINKMAP)) return "(unknown)";
    const char *path = info.dli_fname && map->l_name && *map->l_name ? info.dli_fname : "/proc/self/exe";
    std::string name = find_symbol(path, reinterpret_cast<uintptr_t>(kernel) - map->l_addr);
    if (name.empty()) return "(without symbol)";
    int status;
    char *readable = abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status);
    if (readable) name = readable;
    free(readable);
    return without_parameters(name);
}

} // namespace

std::string kernel_name(const void *kernel) {
    static auto *names = new std::map<const void *, std::string>;
    const auto found = names->find(kernel);
    if (found != names->end()) return found->second;
    return (*names)[kernel] = find_name(kernel);
}

} // namespace emu
