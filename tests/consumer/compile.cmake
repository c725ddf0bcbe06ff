# Runs one case of the consumer tests that need a compiler, not CMake; called by ctest, see
# CMakeLists.txt here.
#   CASE           which one
#   COMPILER       g++ or clang++, by its path
#   DGP            the library's source folder
#   VERSION        the library's version
#   PREFIX         where the library is installed
#   INSTALL_BUILD  the build folder that it was installed from
#   EIGEN          folder of Eigen's headers
#   WORK           folder for this case, made anew
cmake_minimum_required(VERSION 3.25)
include(${CMAKE_CURRENT_LIST_DIR}/command.cmake)

set(project ${CMAKE_CURRENT_LIST_DIR}/project)
set(model ${DGP}/examples/data/digits_64-32-16-10.safetensors)
list(TRANSFORM EIGEN PREPEND -isystem)
set(flags -I${DGP}/include ${EIGEN})
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})

# Compiles a program of the consumer's and runs it; leaves what it printed in `output`.
macro(compile_and_run name)
  run(${COMPILER} -O0 ${ARGN} ${project}/${name}.cpp -o ${WORK}/${name})
  run(${WORK}/${name} ${arguments})
endmacro()

# Compiles a source, which must fail: by an error in the given words, and by no other but that of the
# include behind it.
function(must_not_compile words source)
  execute_process(COMMAND ${COMPILER} -fsyntax-only ${ARGN} ${source} RESULT_VARIABLE result
                  OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(result EQUAL 0 OR NOT output MATCHES "error: [^\n]*${words}")
    message(FATAL_ERROR "no error that says '${words}':\n${output}")
  endif()
  string(REGEX MATCHALL "error: " errors "${output}")
  list(LENGTH errors count)
  if(NOT count EQUAL 2)
    message(FATAL_ERROR "not one error alone:\n${output}")
  endif()
endfunction()

function(must_equal what is should)
  if(NOT is STREQUAL should)
    message(FATAL_ERROR "${what} is '${is}', not '${should}'")
  endif()
endfunction()

if(CASE STREQUAL "pkg_config")
  # Moved, it must not name the place where it was installed.
  file(COPY ${PREFIX}/ DESTINATION ${WORK}/moved)
  set(ENV{PKG_CONFIG_PATH} ${WORK}/moved/share/pkgconfig:$ENV{PKG_CONFIG_PATH})
  foreach(package IN ITEMS dgp dgp-io)
    run($ENV{PKG_CONFIG} --modversion ${package})
    string(STRIP "${output}" output)
    must_equal("version of ${package}.pc" "${output}" ${VERSION})
    run($ENV{PKG_CONFIG} --cflags ${package})
    if(output MATCHES "${PREFIX}" OR NOT output MATCHES "${WORK}/moved")
      message(FATAL_ERROR "${package}.pc does not follow its files: ${output}")
    endif()
    separate_arguments(flags_${package} UNIX_COMMAND "${output}")
  endforeach()
  compile_and_run(core -std=c++20 ${flags_dgp})
  set(arguments ${model})
  compile_and_run(with_io -std=c++20 ${flags_dgp-io})

elseif(CASE STREQUAL "single_header")
  # Installed it is what the target writes.
  file(REMOVE ${INSTALL_BUILD}/include/dgp_single.hpp)
  run(${CMAKE_COMMAND} --build ${INSTALL_BUILD} --target dgp-single-header)
  run(${CMAKE_COMMAND} -E compare_files ${INSTALL_BUILD}/include/dgp_single.hpp
      ${PREFIX}/include/dgp_single.hpp)
  file(STRINGS ${PREFIX}/include/dgp_single.hpp top LIMIT_COUNT 1)
  if(NOT top MATCHES "dgp ${VERSION}:")
    message(FATAL_ERROR "dgp_single.hpp does not begin with the version: ${top}")
  endif()

  # The consumer's <dgp/dgp.hpp> is then the single header, which finds no other.
  file(COPY ${PREFIX}/include/dgp_single.hpp DESTINATION ${WORK}/include)
  file(WRITE ${WORK}/include/dgp/dgp.hpp "#include <dgp_single.hpp>\n")
  compile_and_run(core -std=c++20 -I${WORK}/include ${EIGEN})
  compile_and_run(figures -std=c++20 -I${WORK}/include ${EIGEN})
  set(single ${output})
  compile_and_run(figures -std=c++20 ${flags})
  must_equal("output with dgp_single.hpp" "${single}" "${output}")

  foreach(order IN ITEMS dgp_single.hpp+dgp/window.hpp dgp/window.hpp+dgp_single.hpp)
    string(REPLACE "+" ">\n#include <" includes "#include <${order}>\n")
    file(WRITE ${WORK}/both.cpp "${includes}")
    must_not_compile("include it or them, not both" ${WORK}/both.cpp -std=c++20
                     -I${PREFIX}/include ${EIGEN})
  endforeach()

elseif(CASE STREQUAL "warnings")
  foreach(standard IN ITEMS c++20 c++2b)
    run(${COMPILER} -std=${standard} -fsyntax-only -Wall -Wextra -Wpedantic -Wsign-conversion
        -Wshadow -Werror ${flags} ${project}/core.cpp)
  endforeach()

elseif(CASE STREQUAL "debug_mode")
  compile_and_run(figures -std=c++2b -D_GLIBCXX_DEBUG -D_GLIBCXX_ASSERTIONS ${flags})

elseif(CASE STREQUAL "no_rtti")
  compile_and_run(figures -std=c++20 -fno-rtti ${flags})

elseif(CASE STREQUAL "refusals")
  set(core ${project}/core.cpp)
  must_not_compile("compile without -fno-exceptions" ${core} -std=c++20 -fno-exceptions ${flags})
  must_not_compile("compile with -std=c\\+\\+20" ${core} -std=c++17 ${flags})

elseif(CASE STREQUAL "packaging")
  set(port ${DGP}/packaging/vcpkg/dgp)
  file(READ ${port}/vcpkg.json json)
  string(JSON version GET "${json}" version)
  must_equal("version in vcpkg.json" "${version}" ${VERSION})
  file(STRINGS ${DGP}/packaging/conan/conanfile.py version REGEX "^    version = ")
  must_equal("version in conanfile.py" "${version}" "    version = \"${VERSION}\"")
  file(STRINGS ${DGP}/CHANGELOG.md version REGEX "^## " LIMIT_COUNT 1)
  must_equal("newest version in CHANGELOG.md" "${version}" "## ${VERSION}")

  # vcpkg as far as the port calls it: a source folder that is there, options that are ours.
  set(CURRENT_PORT_DIR ${port})
  set(CURRENT_PACKAGES_DIR ${WORK})
  function(vcpkg_check_features)
    cmake_parse_arguments(PARSE_ARGV 0 check "" "" "FEATURES;INVERTED_FEATURES")
    foreach(pair IN ITEMS FEATURES INVERTED_FEATURES)
      list(LENGTH check_${pair} count)
      math(EXPR last "${count} - 1")
      foreach(at RANGE 0 ${last} 2)
        list(GET check_${pair} ${at} feature)
        string(JSON description GET "${json}" features ${feature} description)
      endforeach()
    endforeach()
  endfunction()
  function(vcpkg_cmake_configure)
    cmake_parse_arguments(PARSE_ARGV 0 configure "" "SOURCE_PATH" "OPTIONS;MAYBE_UNUSED_VARIABLES")
    must_equal("source folder" "${configure_SOURCE_PATH}" "${DGP}")
    file(READ ${DGP}/CMakeLists.txt lists)
    foreach(option IN LISTS configure_OPTIONS)
      string(REGEX REPLACE "-D(.*)=OFF" "\\1" option ${option})
      if(NOT lists MATCHES "option\\(${option} ")
        message(FATAL_ERROR "the project has no option ${option}")
      endif()
    endforeach()
  endfunction()
  foreach(command IN ITEMS vcpkg_cmake_install vcpkg_cmake_config_fixup vcpkg_fixup_pkgconfig
                           vcpkg_install_copyright)
    cmake_language(EVAL CODE "function(${command})\nendfunction()")
  endforeach()
  include(${port}/portfile.cmake)

else()
  message(FATAL_ERROR "no case '${CASE}'")
endif()
