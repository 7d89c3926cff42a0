# SPDX-License-Identifier: Apache-2.0
include(CMakePackageConfigHelpers)

set(sable_cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/Sable")
set(sable_data_dir "${CMAKE_INSTALL_DATADIR}/sable")

install(TARGETS sable sable_client EXPORT SableTargets)
if(TARGET sable_tool)
    install(TARGETS sable_tool)
endif()
install(DIRECTORY include/sable DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
install(DIRECTORY params DESTINATION "${sable_data_dir}" OPTIONAL FILES_MATCHING PATTERN "*.json")
install(DIRECTORY data DESTINATION "${sable_data_dir}" OPTIONAL)

install(EXPORT SableTargets NAMESPACE Sable:: DESTINATION "${sable_cmake_dir}")
configure_package_config_file(cmake/SableConfig.cmake.in generated/SableConfig.cmake
                              INSTALL_DESTINATION "${sable_cmake_dir}")
write_basic_package_version_file(generated/SableConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/generated/SableConfig.cmake"
              "${PROJECT_BINARY_DIR}/generated/SableConfigVersion.cmake"
        DESTINATION "${sable_cmake_dir}")

# Paths in the .pc files are relative to the file itself, so an install tree can be moved.
file(RELATIVE_PATH sable_pc_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" sable_pc_prefix "${sable_pc_prefix}")
configure_file(cmake/sable.pc.in generated/sable.pc @ONLY)
configure_file(cmake/sable_client.pc.in generated/sable_client.pc @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/generated/sable.pc" "${PROJECT_BINARY_DIR}/generated/sable_client.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
