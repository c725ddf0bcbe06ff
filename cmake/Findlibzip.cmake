# Finds libzip by its header and library alone: its own CMake package demands, in Debian's packaging,
# programs that this one does not bring along. Gives libzip_FOUND and the target libzip::zip.
find_path(libzip_INCLUDE_DIR zip.h)
find_path(libzip_CONFIG_DIR zipconf.h PATH_SUFFIXES lib/libzip/include)
find_library(libzip_LIBRARY zip)
mark_as_advanced(libzip_INCLUDE_DIR libzip_CONFIG_DIR libzip_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(libzip REQUIRED_VARS libzip_LIBRARY libzip_INCLUDE_DIR
                                                       libzip_CONFIG_DIR)
if(libzip_FOUND AND NOT TARGET libzip::zip)
  add_library(libzip::zip INTERFACE IMPORTED GLOBAL)
  target_include_directories(libzip::zip INTERFACE ${libzip_INCLUDE_DIR} ${libzip_CONFIG_DIR})
  target_link_libraries(libzip::zip INTERFACE ${libzip_LIBRARY})
endif()
