#ifndef _OPENMP
#error "this unit is to be built with OpenMP"
#endif
#include "flags.hpp"

// Of floats too, so that both units have these functions.
std::vector<double> measures_with_openmp() {
  return measures_of<float>() == measures_without_openmp() ? measures_of<double>()
                                                           : std::vector<double>();
}
