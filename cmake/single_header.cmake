# Writes all that one header includes of the library into one file, each header once and behind what
# it includes; needs CMake only:
#   cmake -D VERSION=0.1.0 -D LICENSE=LICENSE -D INCLUDE=include -D HEADER=dgp/dgp.hpp
#         -D OUTPUT=dgp_single.hpp -P single_header.cmake
# Includes of other libraries are gathered at the top, but for those on a condition, which stay where
# they are; a header of the library must not stand there.
cmake_minimum_required(VERSION 3.25)

set(outer_includes "")
set(body "")
set(seen "")

# Appends a header to `body`, behind all that it includes. Its text is never taken for a list, which
# its semicolons and brackets would break.
function(append header)
  if(header IN_LIST seen)
    return()
  endif()
  list(APPEND seen ${header})
  file(READ ${INCLUDE}/${header} text)
  string(PREPEND text "\n")

  # Marked, so that what follows does not see them.
  set(directives "(\n#(include|error)[^\n]*)+")
  string(REGEX MATCHALL "\n#if[^\n]*${directives}\n#endif" conditionals "${text}")
  foreach(conditional IN LISTS conditionals)
    if(conditional MATCHES "<dgp/[^>]*\\.hpp>")
      message(FATAL_ERROR "${header} includes a header of dgp on a condition:${conditional}")
    endif()
    string(REPLACE "\n#include" "\n?include" marked "${conditional}")
    string(REPLACE "${conditional}" "${marked}" text "${text}")
  endforeach()

  string(REGEX MATCHALL "\n#include <[^>\n]*>" includes "${text}")
  foreach(include IN LISTS includes)
    string(REGEX REPLACE "\n#include <(.*)>" "\\1" included "${include}")
    if(included MATCHES "^dgp/")
      append(${included})
    else()
      list(APPEND outer_includes ${included})
    endif()
  endforeach()

  string(REGEX REPLACE "\n#include <[^>\n]*>" "" text "${text}")
  string(REPLACE "\n?include" "\n#include" text "${text}")
  string(REPLACE "\n#pragma once" "" text "${text}")
  string(REGEX REPLACE "\n\n\n+" "\n\n" text "${text}")
  if(text MATCHES "\n[ \t]*#[ \t]*include[ \t]*[\"<]dgp/[^>\n]*\\.hpp|\n[ \t]+#[ \t]*include")
    message(FATAL_ERROR "${header} has an include that is not understood here")
  endif()
  string(APPEND body "\n// ==== ${header} ====${text}")
  return(PROPAGATE seen outer_includes body)
endfunction()

append(${HEADER})

list(REMOVE_DUPLICATES outer_includes)
list(SORT outer_includes)
set(eigen ${outer_includes})
list(FILTER eigen INCLUDE REGEX "^Eigen/")
list(REMOVE_ITEM outer_includes ${eigen})
list(TRANSFORM outer_includes REPLACE "(.+)" "#include <\\1>\n")
list(TRANSFORM eigen REPLACE "(.+)" "#include <\\1>\n")
list(JOIN outer_includes "" standard)
list(JOIN eigen "" eigen)

file(READ ${LICENSE} license)
string(STRIP "${license}" license)
string(REPLACE "\n" "\n// " license "// ${license}")
string(REPLACE "// \n" "//\n" license "${license}")

set(text "// dgp ${VERSION}: all of <${HEADER}> in one file, written from the headers by CMake. Change them, not
// this. A program takes this file or the headers, not both.
//
${license}
#pragma once

${standard}
${eigen}${body}")
# Left alone where nothing has changed, so that nothing is compiled anew.
set(former "")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} former)
endif()
if(NOT former STREQUAL text)
  file(WRITE ${OUTPUT} "${text}")
endif()
