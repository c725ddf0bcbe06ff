// A loop over independent tasks, on OpenMP's threads where the user links OpenMP, else in order.
// Each task writes only to its own place, so the result does not depend on the number of threads.
#pragma once

#include <cstddef>
#include <exception>

namespace dgp::detail {

// Calls body(0) … body(count - 1). Rethrows the exception of the lowest task that threw.
template <class Body>
void parallel_for(std::size_t count, const Body& body) {
#ifdef _OPENMP
  std::exception_ptr failure;
  std::size_t failed_task = count;
#pragma omp parallel for schedule(dynamic) if (count > 1)
  for (std::size_t task = 0; task < count; ++task) {
    try {
      body(task);
    } catch (...) {
#pragma omp critical(dgp_parallel_for)
      if (task < failed_task) {
        failed_task = task;
        failure = std::current_exception();
      }
    }
  }
  if (failure) std::rethrow_exception(failure);
#else
  for (std::size_t task = 0; task < count; ++task) body(task);
#endif
}

}  // namespace dgp::detail
