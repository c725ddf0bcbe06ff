# dgp as a port of vcpkg, of the checkout that this file lies in:
#   vcpkg install "dgp[io,npz,onnx]" --overlay-ports=packaging/vcpkg
get_filename_component(SOURCE_PATH "${CURRENT_PORT_DIR}/../../.." ABSOLUTE)
set(VCPKG_BUILD_TYPE release)  # headers only: a debug build would be the same

vcpkg_check_features(
  OUT_FEATURE_OPTIONS FEATURE_OPTIONS
  FEATURES io DGP_IO
  INVERTED_FEATURES npz CMAKE_DISABLE_FIND_PACKAGE_libzip
                    onnx CMAKE_DISABLE_FIND_PACKAGE_ONNX)
vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS ${FEATURE_OPTIONS} -DDGP_BUILD_TESTS=OFF -DDGP_BUILD_EXAMPLES=OFF
          -DDGP_BUILD_BENCHMARKS=OFF
  MAYBE_UNUSED_VARIABLES CMAKE_DISABLE_FIND_PACKAGE_libzip CMAKE_DISABLE_FIND_PACKAGE_ONNX)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH share/cmake/dgp)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/share/doc" "${CURRENT_PACKAGES_DIR}/share/cmake")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
