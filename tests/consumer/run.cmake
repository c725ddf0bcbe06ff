# Runs one case of the consumer tests; called by ctest, see CMakeLists.txt here.
#   CASE       which one
#   DGP        the library's source folder
#   SETTINGS   initial cache: compiler and dependencies
#   GENERATOR  CMake generator
#   PREFIX     where case `install` installs the library and the others look for it
#   WORK       folder for this case, made anew
cmake_minimum_required(VERSION 3.25)
include(${CMAKE_CURRENT_LIST_DIR}/command.cmake)

set(project ${CMAKE_CURRENT_LIST_DIR}/project)
set(configure ${CMAKE_COMMAND} -G ${GENERATOR} -C ${SETTINGS} -B ${WORK})
set(model ${DGP}/examples/data/digits_64-32-16-10.safetensors)
file(REMOVE_RECURSE ${WORK})

# Configures the consumer, which must fail and say so in the given words.
function(must_not_configure words)
  execute_process(COMMAND ${configure} -S ${project} -DDGP_FROM=package ${ARGN}
                  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(result EQUAL 0)
    message(FATAL_ERROR "configured, but must not:\n${output}")
  endif()
  # CMake wraps its messages.
  string(REGEX REPLACE "[ \n]+" " " output "${output}")
  if(NOT output MATCHES "${words}")
    message(FATAL_ERROR "the error does not say '${words}':\n${output}")
  endif()
endfunction()

# Builds and runs the consumer's programs. What the library uses for itself must not reach it: not
# its tests and examples, not its warning flags, not its files in the consumer's own installation.
function(build_and_run programs)
  run(${configure} -S ${project} -DPROGRAMS=${programs} -DMODEL=${model} ${ARGN})
  run(${CMAKE_COMMAND} --build ${WORK} --config Debug)
  if(output MATCHES "warning:")
    message(FATAL_ERROR "the consumer asked for no warnings, but:\n${output}")
  endif()
  run(${CMAKE_CTEST_COMMAND} --test-dir ${WORK} -C Debug --output-on-failure)
  string(REPLACE "+" ";" programs ${programs})
  list(LENGTH programs count)
  if(NOT output MATCHES "tests failed out of ${count}\n")
    message(FATAL_ERROR "not the consumer's ${count} tests alone:\n${output}")
  endif()

  # Only Makefiles and Ninja write it.
  if(EXISTS ${WORK}/compile_commands.json)
    file(READ ${WORK}/compile_commands.json commands)
    string(JSON entries LENGTH "${commands}")
    if(NOT entries EQUAL count)
      message(FATAL_ERROR "not the consumer's ${count} sources alone:\n${commands}")
    endif()
    if(commands MATCHES "-W(conversion|sign-conversion|shadow|all|extra|pedantic|error)")
      message(FATAL_ERROR "the library's warning flags reach the consumer:\n${commands}")
    endif()
  endif()

  run(${CMAKE_COMMAND} --install ${WORK} --config Debug --prefix ${WORK}/consumer-installed)
  file(GLOB_RECURSE installed ${WORK}/consumer-installed/*)
  if(installed)
    message(FATAL_ERROR "the consumer installs nothing, but got ${installed}")
  endif()
endfunction()

if(NOT CASE STREQUAL "install")
  set(ENV{CMAKE_PREFIX_PATH} ${PREFIX})  # as well as the one in SETTINGS
endif()

if(CASE STREQUAL "install")
  file(REMOVE_RECURSE ${PREFIX})
  run(${configure} -S ${DGP} -DDGP_BUILD_TESTS=OFF -DDGP_BUILD_EXAMPLES=OFF
      -DDGP_BUILD_BENCHMARKS=OFF)
  run(${CMAKE_COMMAND} --build ${WORK} --config Debug)
  run(${CMAKE_COMMAND} --install ${WORK} --config Debug --prefix ${PREFIX})

elseif(CASE STREQUAL "find_package")
  build_and_run(core -DDGP_FROM=package -DDGP_VERSION=0.1)

elseif(CASE STREQUAL "find_package_io")
  build_and_run(core+with_io -DDGP_FROM=package -DDGP_VERSION=0.1 -DDGP_COMPONENTS=io)

elseif(CASE STREQUAL "find_package_npz")
  build_and_run(core+with_npz -DDGP_FROM=package -DDGP_VERSION=0.1 -DDGP_COMPONENTS=npz)

elseif(CASE STREQUAL "npz_without_libzip")
  set(without_libzip -DDGP_VERSION=0.1 -DCMAKE_DISABLE_FIND_PACKAGE_libzip=ON)
  must_not_configure("npz needs libzip" ${without_libzip} -DDGP_COMPONENTS=npz)
  file(REMOVE_RECURSE ${WORK})
  build_and_run(core+with_io -DDGP_FROM=package -DDGP_COMPONENTS=io ${without_libzip})

elseif(CASE STREQUAL "find_package_onnx")
  build_and_run(core+with_onnx -DDGP_FROM=package -DDGP_VERSION=0.1 -DDGP_COMPONENTS=onnx)

elseif(CASE STREQUAL "onnx_without_protobuf")
  set(without_protobuf -DDGP_VERSION=0.1 -DCMAKE_DISABLE_FIND_PACKAGE_Protobuf=ON)
  must_not_configure("onnx needs onnx and protobuf" ${without_protobuf} -DDGP_COMPONENTS=onnx)

elseif(CASE STREQUAL "wrong_version")
  must_not_configure("compatible with requested version \"99\"" -DDGP_VERSION=99)

elseif(CASE STREQUAL "unknown_component")
  must_not_configure("no component 'nonsense'" -DDGP_VERSION=0.1
                     -DDGP_COMPONENTS=nonsense)

elseif(CASE STREQUAL "io_without_json")
  set(without_json -DDGP_VERSION=0.1 -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON)
  must_not_configure("io needs nlohmann_json" ${without_json} -DDGP_COMPONENTS=io)
  file(REMOVE_RECURSE ${WORK})
  build_and_run(core -DDGP_FROM=package ${without_json})

elseif(CASE STREQUAL "add_subdirectory")
  build_and_run(core+with_io -DDGP_FROM=subdirectory -DDGP_SOURCE=${DGP})

elseif(CASE STREQUAL "fetch_content")
  build_and_run(core+with_io -DDGP_FROM=fetch_content -DFETCHCONTENT_SOURCE_DIR_DGP=${DGP})

else()
  message(FATAL_ERROR "no case '${CASE}'")
endif()
