#include <cstddef>
#include <cstdio>

#include "flags.hpp"

std::vector<double> measures_without_openmp() { return measures_of<float>(); }

int main() {
  const std::vector<double> without = measures_without_openmp();
  const std::vector<double> with = measures_with_openmp();
  bool good = without.size() == with.size();
  for (std::size_t i = 0; i < with.size() && good; ++i) {
    const double distance = with[i] - without[i];
    good = distance < 1e-5 && distance > -1e-5;
    std::printf("%.9g without OpenMP, %.9g with it%s\n", without[i], with[i],
                good ? "" : ": they differ");
  }
  // The unit with OpenMP brings its threads to the whole program.
  if (without.front() != 4) std::puts("the unit without OpenMP has no threads");
  return good && without.front() == 4 ? 0 : 1;
}
