#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Packs what a machine with a GPU needs to check and measure Sable, built here, where no GPU is needed: the tool, the comparison of
# backends, the probe, the plug-in, and every shared library that they use. The folder can be moved; it needs a
# driver, glibc and libstdc++ of the versions that are printed, and nothing else.
#   scripts/gpu_bundle.sh [--emulator] [DIR]    (default build/gpu-bundle)
# --emulator: the tests' emulated plug-in instead of the one for GPUs, to exercise scripts/gpu_check.sh on any machine.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

plugin=cuda
if [ "${1:-}" = --emulator ]; then
    plugin=emu
    shift
fi
case "${1:-}" in
-*)
    echo "usage: scripts/gpu_bundle.sh [--emulator] [DIR]" >&2
    exit 2
    ;;
esac
bundle=${1:-build/gpu-bundle}
limit_kib=$((48 * 1024))

bash scripts/deps.sh test
targets=(sable_tool sable_table_runner "sable_$plugin")
if [ $plugin = cuda ]; then
    targets+=(gpu_probe)
    step "configure" cmake --preset test -DSABLE_CUDA=ON
else
    step "configure" cmake --preset test
fi
step "build" cmake --build build --target "${targets[@]}"

rm -rf "$bundle"
mkdir -p "$bundle"/{bin,lib,share/sable,scripts}
cp build/bin/sable build/bin/sable_table_runner "$bundle/bin/"
for library in libsable libsable_client; do # under the name that the tool was linked with
    cp -L build/lib/$library.so "$bundle/lib/$(objdump -p build/lib/$library.so | awk '$1 == "SONAME" { print $2 }')"
done
if [ $plugin = cuda ]; then
    cp build/bin/gpu_probe "$bundle/bin/"
    cp -L build/lib/libsable_cuda.so "$bundle/lib/"
else
    cp -L build/lib/test-plugins/libsable_emu.so build/lib/test-plugins/libsable_emulator.so "$bundle/lib/"
fi
cp -R params data "$bundle/share/sable/"
cp scripts/gpu_check.sh "$bundle/scripts/"
{
    git rev-parse HEAD 2>/dev/null || echo unknown
    date -u +%Y-%m-%d
} >"$bundle/VERSION"

# The C library and the compiler's own stay those of the machine: its glibc may be older than the one that ours were built for.
ldd "$bundle"/bin/* "$bundle"/lib/*.so* | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | sort -u |
    grep -v -E '/(libc|libm|libdl|librt|libpthread|libresolv|libutil|libanl|libstdc\+\+|libgcc_s|ld-linux[^/]*)\.so[^/]*$' |
    while IFS= read -r library; do
        [ -e "$bundle/lib/${library##*/}" ] || cp -L "$library" "$bundle/lib/"
    done
find "$bundle/bin" "$bundle/lib" -type f -exec strip --strip-unneeded {} +

kib=$(du -sk "$bundle" | cut -f1)
[ "$kib" -le $limit_kib ] || die "the bundle takes $kib KiB, more than $limit_kib"
if LD_LIBRARY_PATH=$bundle/lib ldd "$bundle"/bin/* "$bundle"/lib/*.so* | grep 'not found'; then
    die "the bundle lacks these libraries"
fi
newest() { objdump -T "$bundle"/bin/* "$bundle"/lib/* 2>/dev/null | grep -o "$1_[0-9.]*" | sort -V | tail -n 1; }
say "$bundle: $kib KiB, needs $(newest GLIBC) and $(newest GLIBCXX); on the other machine: $bundle/scripts/gpu_check.sh correctness | sanitize | bench"
