// A loop over independent tasks, on OpenMP's threads where the user links OpenMP, else in order.
// Each task writes to its own place, or adds to a set under a lock: the result does not depend on
// the number of threads.
#pragma once

#ifdef _OPENMP
#include <omp.h>
#endif

#include <cstddef>
#include <exception>

namespace dgp::detail {

// Waking a thread takes longer than this many additions or comparisons.
inline constexpr double worth_a_thread = 1 << 19;

// Calls body(0) … body(count - 1), on several threads where all of it takes about `work` steps or
// more. Rethrows the exception of the lowest task that threw.
template <class Body>
void parallel_for(std::size_t count, [[maybe_unused]] double work, const Body& body) {
#ifdef _OPENMP
  if (count > 1 && work > worth_a_thread && omp_get_max_threads() > 1) {
    std::exception_ptr failure;
    std::size_t failed_task = count;
#pragma omp parallel for schedule(dynamic)
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
    return;
  }
#endif
  for (std::size_t task = 0; task < count; ++task) body(task);
}

}  // namespace dgp::detail
