# SPDX-License-Identifier: Apache-2.0
# Turns parameter files into one C file that holds their bytes, so that a shipped set loads by name without any file.
# As a script:  cmake -DPARAMS_DIR=params -DOUTPUT=params_embedded.c -P cmake/embed_params.cmake
# In a project: sable_embed_params(VARIABLE) adds the generated file to the list of sources in VARIABLE. It is made at
# configure time, and again whenever a parameter file changes or appears: no build rule that two targets could race for.

if(CMAKE_SCRIPT_MODE_FILE)
    cmake_minimum_required(VERSION 3.25)
endif()

function(sable_write_embedded_params output)
    set(arrays "")
    set(rows "")
    set(index 0)
    foreach(file ${ARGN})
        cmake_path(GET file STEM LAST_ONLY name)
        file(READ "${file}" hex HEX)
        string(LENGTH "${hex}" digits)
        math(EXPR bytes "${digits} / 2")
        string(REGEX REPLACE "(..)" "0x\\1," hex "${hex}")
        # 20 bytes a line: compilers and people dislike a line of 30 KB.
        string(REPEAT "." 100 line)
        string(REGEX REPLACE "(${line})" "\\1\n" hex "${hex}")
        string(APPEND arrays "static const unsigned char text_${index}[] = {\n${hex}\n};\n")
        string(APPEND rows "    {\"${name}\", text_${index}, ${bytes}},\n")
        math(EXPR index "${index} + 1")
    endforeach()
    file(CONFIGURE OUTPUT "${output}" @ONLY CONTENT
"/* Made from params/ by cmake/embed_params.cmake. */
#include \"ring/params_internal.h\"

@arrays@
const sable_embedded_params sable_embedded_params_list[] = {
@rows@    {NULL, NULL, 0},
};
")
endfunction()

if(CMAKE_SCRIPT_MODE_FILE)
    file(GLOB files "${PARAMS_DIR}/*.json")
    list(SORT files)
    sable_write_embedded_params("${OUTPUT}" ${files})
endif()

function(sable_embed_params variable)
    file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/params/*.json")
    list(SORT files)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${files})
    set(output "${PROJECT_BINARY_DIR}/generated/params_embedded.c")
    sable_write_embedded_params("${output}" ${files})
    set(${variable} ${${variable}} "${output}" PARENT_SCOPE)
endfunction()
