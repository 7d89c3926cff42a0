# SPDX-License-Identifier: Apache-2.0
# The plug-in libsable_cuda.so. SABLE_CUDA=AUTO builds it where the CUDA Toolkit is found, ON insists, OFF leaves it out; nothing
# else in the build depends on it.

set(SABLE_CUDA AUTO CACHE STRING "Build the CUDA plug-in: AUTO (where nvcc is found), ON or OFF")
set_property(CACHE SABLE_CUDA PROPERTY STRINGS AUTO ON OFF)
option(SABLE_CUDA_ALL_ARCHS "Compile the CUDA plug-in for every architecture it supports, not only the default one" OFF)

# What the plug-ins share with the library: sentences of errors. Everything else comes through the table.
file(GLOB sable_plugin_c CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/kernels/*.c")
file(GLOB sable_plugin_cu CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/kernels/*.cu")
list(APPEND sable_plugin_c "${PROJECT_SOURCE_DIR}/host/base/fail.c" "${PROJECT_SOURCE_DIR}/host/base/utf8.c")

if(NOT SABLE_CUDA STREQUAL "OFF")
    # CUDACXX, then PATH, then the toolkit's usual places.
    find_program(SABLE_NVCC nvcc HINTS "$ENV{CUDACXX}" "${CUDAToolkit_ROOT}/bin" "$ENV{CUDAToolkit_ROOT}/bin"
                 PATHS /usr/local/cuda/bin /opt/cuda/bin)
    if(EXISTS "$ENV{CUDACXX}")
        set(SABLE_NVCC "$ENV{CUDACXX}" CACHE FILEPATH "CUDA compiler" FORCE)
    endif()
    if(NOT SABLE_NVCC AND SABLE_CUDA STREQUAL "ON")
        message(FATAL_ERROR "SABLE_CUDA=ON: nvcc is neither in PATH nor in CUDACXX, CUDAToolkit_ROOT or /usr/local/cuda")
    endif()
endif()
if(SABLE_CUDA STREQUAL "OFF" OR NOT SABLE_NVCC)
    return()
endif()

if(NOT CMAKE_CUDA_COMPILER)
    set(CMAKE_CUDA_COMPILER "${SABLE_NVCC}")
endif()
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 90-real 90-virtual)
endif()
enable_language(CXX) # the host compiler behind nvcc
enable_language(CUDA)
find_package(CUDAToolkit 12.4 REQUIRED)
if(SABLE_CUDA_ALL_ARCHS)
    set(sable_cuda_archs 80-real 90-real 90-virtual)
    if(CUDAToolkit_VERSION VERSION_GREATER_EQUAL 12.8)
        set(sable_cuda_archs 80-real 90-real 100-real 120-real 120-virtual)
    endif()
else()
    set(sable_cuda_archs ${CMAKE_CUDA_ARCHITECTURES})
endif()

add_library(sable_cuda MODULE ${sable_plugin_c} ${sable_plugin_cu})
set_source_files_properties(${sable_plugin_cu} PROPERTIES LANGUAGE CUDA)
# CUDA C is C++ of nvcc's own dialect: it takes neither the C warnings nor -Wpedantic.
target_compile_definitions(sable_cuda PRIVATE _GNU_SOURCE)
target_compile_options(sable_cuda PRIVATE
    $<$<COMPILE_LANGUAGE:C>:${sable_code_options} ${sable_warnings} ${sable_c_warnings}>
    "$<$<COMPILE_LANGUAGE:CUDA>:--fmad=false;-Xcompiler=-Wall,-Wextra,-ffp-contract=off>")
if(SABLE_WERROR)
    target_compile_options(sable_cuda PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:-Werror=all-warnings;-Xcompiler=-Werror>")
endif()
target_include_directories(sable_cuda PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/host
                                              ${PROJECT_SOURCE_DIR}/include)
target_link_libraries(sable_cuda PRIVATE CUDA::cudart_static CUDA::nvtx3)
target_link_options(sable_cuda PRIVATE "LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/plugin.map"
                                       "LINKER:--no-undefined" "LINKER:--exclude-libs,ALL")
set_target_properties(sable_cuda PROPERTIES
    POSITION_INDEPENDENT_CODE ON
    CUDA_STANDARD 17
    CUDA_STANDARD_REQUIRED ON
    CUDA_ARCHITECTURES "${sable_cuda_archs}"
    CUDA_VISIBILITY_PRESET hidden
    CUDA_RUNTIME_LIBRARY Static
    LINK_DEPENDS "${PROJECT_SOURCE_DIR}/cmake/plugin.map"
    INSTALL_RPATH "${sable_rpath_lib}"
    BUILD_WITH_INSTALL_RPATH ON)
install(TARGETS sable_cuda LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")

if(SABLE_BENCH)
    add_executable(gpu_probe bench/gpu_probe.cu) # limits of a device (docs/GPU_MODEL.md)
    target_compile_options(gpu_probe PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra>")
    target_include_directories(gpu_probe PRIVATE ${PROJECT_SOURCE_DIR}/host ${PROJECT_SOURCE_DIR}/include)
    set_target_properties(gpu_probe PROPERTIES CUDA_STANDARD 17 CUDA_ARCHITECTURES "${sable_cuda_archs}"
                                               CUDA_RUNTIME_LIBRARY Static)
endif()
