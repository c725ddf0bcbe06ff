# Looks for what the Python module is built with: a Python (3.8 or later) that has its headers and
# NumPy, and pybind11.
#
# in:  Python_EXECUTABLE, if one is asked for; else the first on PATH that has both is taken, so that
#      one without them may stand before it
# out: pybind11_FOUND, with its functions and the Python they build for, dgp_site_packages, where
#      that looks for what is installed; dgp_no_python, why not

set(dgp_check_python "import sys, sysconfig, os, numpy; assert os.path.exists(\
sysconfig.get_path('include') + '/Python.h'); print(sys.executable, sysconfig.get_path('platlib'), \
sep=';', end='')")
set(dgp_pythons "${Python_EXECUTABLE}")
if(NOT dgp_pythons)
  file(TO_CMAKE_PATH "$ENV{PATH}" dgp_folders)
  foreach(folder IN LISTS dgp_folders ITEMS /usr/bin)
    file(GLOB found ${folder}/python3 ${folder}/python.exe)
    list(APPEND dgp_pythons ${found})
  endforeach()
  list(REMOVE_DUPLICATES dgp_pythons)
endif()
set(pybind11_FOUND FALSE)
set(dgp_no_python "no Python with its headers and NumPy")
foreach(candidate IN LISTS dgp_pythons)
  # What is found may be a script that calls the Python itself.
  execute_process(COMMAND ${candidate} -c "${dgp_check_python}" RESULT_VARIABLE result
                  OUTPUT_VARIABLE answer ERROR_QUIET)
  if(NOT result EQUAL 0)
    continue()
  endif()
  list(GET answer 0 Python_EXECUTABLE)
  list(GET answer 1 dgp_site_packages)
  find_package(Python 3.8 COMPONENTS Interpreter Development.Module QUIET)
  if(NOT Python_FOUND)
    break()
  endif()
  # Where it was installed by pip, only that Python knows.
  execute_process(COMMAND ${Python_EXECUTABLE} -m pybind11 --cmakedir OUTPUT_VARIABLE dgp_pybind11
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  set(PYBIND11_FINDPYTHON ON)
  find_package(pybind11 2.10 CONFIG QUIET HINTS ${dgp_pybind11})
  set(dgp_no_python "no pybind11")
  break()
endforeach()
