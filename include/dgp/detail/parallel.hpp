// A loop over independent tasks, on OpenMP's threads where the user links OpenMP, else in order.
// Each task writes to its own place, or adds to what its thread has found so far, where the order
// does not matter: the result does not depend on the number of threads.
#pragma once

#ifdef _OPENMP
#include <omp.h>
#endif

#include <atomic>
#include <cstddef>
#include <exception>

namespace dgp::detail {

// Waking a thread takes longer than this many additions or comparisons.
inline constexpr double worth_a_thread = 1 << 19;

// On how many threads at most such a loop runs: on one where there is little to do.
inline std::size_t threads_for([[maybe_unused]] std::size_t count, [[maybe_unused]] double work) {
#ifdef _OPENMP
  if (count > 1 && work > worth_a_thread) return static_cast<std::size_t>(omp_get_max_threads());
#endif
  return 1;
}

// Calls body(task, thread) for the tasks 0 … count - 1, on several threads where all of it takes
// about `work` steps or more; each thread sees its tasks in ascending order. Rethrows the exception
// of the lowest task that threw.
template <class Body>
void parallel_for_by_thread(std::size_t count, [[maybe_unused]] double work, const Body& body) {
#ifdef _OPENMP
  if (threads_for(count, work) > 1) {
    std::exception_ptr failure;
    std::size_t failed_task = count;
    std::atomic<std::size_t> next = 0;
#pragma omp parallel
    for (std::size_t task; (task = next.fetch_add(1)) < count;) {
      try {
        body(task, static_cast<std::size_t>(omp_get_thread_num()));
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
  for (std::size_t task = 0; task < count; ++task) body(task, std::size_t{0});
}

// Likewise, with body(task).
template <class Body>
void parallel_for(std::size_t count, double work, const Body& body) {
  parallel_for_by_thread(count, work, [&](std::size_t task, std::size_t) { body(task); });
}

}  // namespace dgp::detail
