# SPDX-License-Identifier: Apache-2.0
# Sources are found by folder: a new file in a layer's folder is built without touching the build files.

include(CheckCSourceCompiles)

set(sable_core_layers base ring io backend cpu ckks boot linalg circuit logreg)

set(sable_core_sources)
foreach(layer ${sable_core_layers})
    file(GLOB layer_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/host/${layer}/*.c")
    list(APPEND sable_core_sources ${layer_sources})
endforeach()
file(GLOB sable_client_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/host/client/*.c")
file(GLOB sable_tool_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/host/tool/*.c")

# Vector code: the end of a file's name says which instructions it may use. Nothing else gets these flags, so nothing
# else can fault on a machine without them.
set(avx2 -mavx2 -mfma)
set(avx512 ${avx2} -mavx512f -mavx512bw -mavx512dq -mavx512vl)
set(ifma ${avx512} -mavx512ifma)
set(amx ${ifma} -mavx512vnni -mamx-tile -mamx-int8)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    set(SABLE_NO_X86 OFF)
    foreach(path avx2 avx512 ifma amx)
        set(path_sources ${sable_core_sources})
        list(FILTER path_sources INCLUDE REGEX "/host/cpu/[^/]*_${path}\\.c$")
        if(path_sources)
            set_source_files_properties(${path_sources} PROPERTIES COMPILE_OPTIONS "${${path}}")
        endif()
    endforeach()
else()
    set(SABLE_NO_X86 ON)
    list(FILTER sable_core_sources EXCLUDE REGEX "/host/cpu/[^/]*_(avx2|avx512|ifma|amx)\\.c$")
endif()

# Tiles need a compiler and an assembler of 2020 or later; without them the build lacks the path, nothing else.
set(SABLE_NO_AMX ON)
if(NOT SABLE_NO_X86)
    list(JOIN amx " " CMAKE_REQUIRED_FLAGS)
    check_c_source_compiles("int main(void) { __asm__ volatile(\"tdpbsud %tmm0, %tmm1, %tmm2\"); return 0; }"
                            SABLE_COMPILER_HAS_AMX)
    unset(CMAKE_REQUIRED_FLAGS)
    if(SABLE_COMPILER_HAS_AMX)
        set(SABLE_NO_AMX OFF)
    else()
        list(FILTER sable_core_sources EXCLUDE REGEX "/host/cpu/[^/]*_amx\\.c$")
    endif()
endif()

# A library target needs at least one source, even while its folder is empty.
if(NOT sable_client_sources)
    file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/generated/empty.c"
         CONTENT "typedef int sable_empty_translation_unit;\n")
    set(sable_client_sources "${PROJECT_BINARY_DIR}/generated/empty.c")
endif()
