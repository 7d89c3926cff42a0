// SPDX-License-Identifier: Apache-2.0
// What all words of a view say together, by CUB: 4 bytes read a word. A digest takes about 30 integer instructions a word, as
// much time as reading takes; a search for bad words, which is for reports only, finds the place of each word by itself.
#include "kernels/digest.h"

#include <cub/device/device_reduce.cuh>
#include <cub/device/device_segmented_reduce.cuh>
#include <cub/device/device_select.cuh>
#include <iterator>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/transform_iterator.h>

#include "kernels/dense.h"
#include "ring/digest.h"

namespace {

struct Sums {
    uint64_t first, second;
};
struct DigestOfGroup {
    gpu_dense words;
    __device__ Sums operator()(uint64_t k) const {
        uint32_t p;
        const uint4 x = words.at(k, &p);
        uint64_t sum[2] = {0, 0};
        sable_digest_add(sum, 4 * k, x.x);
        sable_digest_add(sum, 4 * k + 1, x.y);
        sable_digest_add(sum, 4 * k + 2, x.z);
        sable_digest_add(sum, 4 * k + 3, x.w);
        return Sums{sum[0], sum[1]};
    }
};
struct AddSums {
    __host__ __device__ Sums operator()(const Sums &a, const Sums &b) const {
        return Sums{a.first + b.first, a.second + b.second};
    }
};

struct Greater {
    __host__ __device__ uint32_t operator()(uint32_t a, uint32_t b) const { return a > b ? a : b; }
};
__device__ __forceinline__ uint32_t size_of(uint32_t word, uint32_t p) { return sable_min32(word, p - word); }

// Groups limb by limb: item k is group k mod `each` of limb k / each, where each = parts * members * groups of a limb.
struct LargestOfGroup {
    gpu_dense words;
    uint32_t limbs;
    uint64_t each;
    __device__ uint32_t operator()(uint64_t k) const {
        const uint32_t limb = (uint32_t)(k / each);
        const uint64_t rest = k - limb * each, poly = rest >> words.quads_log;
        uint32_t p;
        const uint4 x = words.at(rest + ((poly * (limbs - 1) + limb) << words.quads_log), &p);
        const Greater greater;
        return greater(greater(size_of(x.x, p), size_of(x.y, p)), greater(size_of(x.z, p), size_of(x.w, p)));
    }
};
struct Multiple {
    uint64_t of;
    __host__ __device__ uint64_t operator()(uint64_t k) const { return k * of; }
};

struct IsBad {
    gpu_dense words;
    __device__ bool operator()(uint64_t k) const {
        uint32_t p;
        const uint4 x = words.at(k >> 2, &p);
        const uint32_t low = k & 1 ? x.y : x.x, high = k & 1 ? x.w : x.z;
        return (k & 2 ? high : low) >= p;
    }
};

// Where selected numbers go: a list of which only the first places exist.
struct FirstPlaces {
    using iterator_category = std::random_access_iterator_tag;
    using value_type = uint64_t;
    using difference_type = ptrdiff_t;
    using pointer = uint64_t *;
    struct reference {
        uint64_t *place;
        __host__ __device__ const reference &operator=(uint64_t value) const {
            if (place) *place = value;
            return *this;
        }
    };
    uint64_t *list;
    ptrdiff_t room;
    __host__ __device__ reference operator[](ptrdiff_t i) const { return reference{i < room ? list + i : nullptr}; }
    __host__ __device__ reference operator*() const { return (*this)[0]; }
    __host__ __device__ FirstPlaces operator+(ptrdiff_t i) const { return FirstPlaces{list + i, room - i}; }
};

gpu_dense dense_of(const gpu_ring *ring, const gpu_view *view) { return {view, ring->prime, ring->log_n - 2}; }

} // namespace

extern "C" cudaError_t gpu_launch_digest(cudaStream_t stream, const gpu_ring *ring, const gpu_view *x,
                                         const gpu_view *view, uint64_t *digest, void *scratch, size_t *bytes) {
    const DigestOfGroup group = {dense_of(ring, view)};
    return cub::DeviceReduce::TransformReduce(scratch, *bytes, thrust::counting_iterator<uint64_t>(0), (Sums *)digest,
                                              gpu_dense_groups(group.words, x), AddSums(), group, Sums{0, 0}, stream);
}

extern "C" cudaError_t gpu_launch_largest(cudaStream_t stream, const gpu_ring *ring, const gpu_view *x,
                                          const gpu_view *view, uint32_t *largest, void *scratch, size_t *bytes) {
    const gpu_dense words = dense_of(ring, view);
    const uint64_t each = gpu_dense_groups(words, x) / x->limbs;
    const thrust::counting_iterator<uint64_t> numbers(0);
    const auto sizes = thrust::make_transform_iterator(numbers, LargestOfGroup{words, x->limbs, each});
    const auto begin = thrust::make_transform_iterator(numbers, Multiple{each});
    return cub::DeviceSegmentedReduce::Reduce(scratch, *bytes, sizes, largest, (int)x->limbs, begin, begin + 1,
                                              Greater(), 0u, stream);
}

extern "C" cudaError_t gpu_launch_out_of_range(cudaStream_t stream, const gpu_ring *ring, const gpu_view *view,
                                               uint64_t first, uint32_t count, uint64_t *found, uint64_t *list,
                                               uint32_t most, void *scratch, size_t *bytes) {
    return cub::DeviceSelect::If(scratch, *bytes, thrust::counting_iterator<uint64_t>(first),
                                 FirstPlaces{list, (ptrdiff_t)most}, found, (int)count, IsBad{dense_of(ring, view)},
                                 stream);
}
