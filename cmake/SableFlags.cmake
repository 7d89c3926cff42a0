# SPDX-License-Identifier: Apache-2.0
# Compiler and linker flags of every target. Never -march=native: vector code lives in files of its own and is picked at
# run time, so one build runs on every machine of its architecture.

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# -g1 keeps function names and lines for profilers. RelWithDebInfo serves the verify and sanitizer builds: asserts stay.
set(CMAKE_C_FLAGS_RELEASE "-O3 -g1 -DNDEBUG")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")

set(sable_warnings -Wall -Wextra -Wpedantic -Wshadow -Wvla)
# Sign conversions are left out of -Wconversion: indices and shifts would drown the narrowing conversions that matter.
set(sable_c_warnings -Wconversion -Wno-sign-conversion -Wstrict-prototypes -Wmissing-prototypes)
if(SABLE_WERROR)
    list(APPEND sable_warnings -Werror)
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        # Depends on what the optimiser happens to inline; clang-tidy follows the paths properly.
        list(APPEND sable_warnings -Wno-error=maybe-uninitialized)
    endif()
endif()
if(NOT SABLE_OPENMP)
    list(APPEND sable_warnings -Wno-unknown-pragmas)
endif()

# Contraction of a*b+c would make results depend on the target machine.
set(sable_code_options -ffp-contract=off -fstack-protector-strong)
# Released files do not tell where they were built.
list(APPEND sable_code_options $<$<CONFIG:Release>:-ffile-prefix-map=${PROJECT_SOURCE_DIR}=.>)
if(SABLE_SANITIZE)
    set(sable_sanitize_options -fsanitize=${SABLE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
endif()

function(sable_cxx_flags) # called where C++ is enabled: tests only
    set(CMAKE_CXX_STANDARD 17 PARENT_SCOPE)
    set(CMAKE_CXX_STANDARD_REQUIRED ON PARENT_SCOPE)
    set(CMAKE_CXX_EXTENSIONS OFF PARENT_SCOPE)
    # Optimising the harness as far as the library would only lengthen the build.
    set(CMAKE_CXX_FLAGS_RELEASE "-O1 -g1" PARENT_SCOPE)
    set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g" PARENT_SCOPE)
endfunction()

# For targets that see only the public headers.
function(sable_configure_public target)
    target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
    target_compile_options(${target} PRIVATE ${sable_code_options} ${sable_sanitize_options} ${sable_warnings}
                                             $<$<COMPILE_LANGUAGE:C>:${sable_c_warnings}>)
endfunction()

# For targets made of the project's own sources, which include relative to host/ and include/.
function(sable_configure target)
    sable_configure_public(${target})
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/host ${PROJECT_SOURCE_DIR}/include)
    if(NOT SABLE_SANITIZE)
        # Sanitizers intercept the functions that fortification would replace.
        target_compile_definitions(${target} PRIVATE $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
    endif()
    if(SABLE_VERIFY)
        target_compile_definitions(${target} PRIVATE SABLE_VERIFY=1)
    endif()
    if(SABLE_NO_X86)
        target_compile_definitions(${target} PRIVATE SABLE_NO_X86=1)
    endif()
    if(SABLE_NO_AMX)
        target_compile_definitions(${target} PRIVATE SABLE_NO_AMX=1)
    endif()
endfunction()

if(SABLE_SANITIZE)
    add_link_options(${sable_sanitize_options})
else()
    add_link_options("LINKER:-z,relro" "LINKER:-z,now" "LINKER:-z,noexecstack")
endif()
