// A loop over independent tasks, on OpenMP's threads where a part of the program is built with
// OpenMP, else in order. Each task writes to its own place, or adds to what its thread has found so
// far, where the order does not matter: the result does not depend on the number of threads.
//
// Translation units with and without OpenMP meet in one program, and the linker keeps one copy of
// each function that both have. So no such function depends on the flag: a unit with OpenMP leaves
// word, before main(), how to call its threads, and every loop of the program runs on them.
#pragma once

#ifdef _OPENMP
#include <omp.h>
#endif

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <vector>

namespace dgp::detail {

// Waking a thread takes longer than this many additions or comparisons.
inline constexpr double worth_a_thread = 1 << 19;

// Calls work(context, thread) on each of several threads.
using ThreadWork = void(void* context, std::size_t thread);
struct ThreadTeam {
  std::size_t (*most_threads)();
  void (*run)(std::size_t threads, ThreadWork* work, void* context);
};
inline std::atomic<const ThreadTeam*> thread_team = nullptr;  // null: there is one thread

#ifdef _OPENMP
// One for each translation unit.
// NOLINTBEGIN(misc-definitions-in-headers)
namespace {

constexpr ThreadTeam openmp_team{[] { return static_cast<std::size_t>(omp_get_max_threads()); },
                                 [](std::size_t threads, ThreadWork* work, void* context) {
                                   const auto count = static_cast<int>(threads);
#pragma omp parallel num_threads(count)
                                   work(context, static_cast<std::size_t>(omp_get_thread_num()));
                                 }};

// Not longer than the unit's code is there: it may be in a library that is unloaded.
[[maybe_unused]] const struct OpenMpIsThere {
  OpenMpIsThere() { thread_team = &openmp_team; }
  ~OpenMpIsThere() {
    const ThreadTeam* own = &openmp_team;
    thread_team.compare_exchange_strong(own, nullptr);
  }
} openmp_is_there;

}  // namespace
// NOLINTEND(misc-definitions-in-headers)
#endif

// On how many threads a loop over so many tasks should run: on one where all of it takes few steps.
inline std::size_t threads_for(std::size_t count, double work) {
  const ThreadTeam* const team = thread_team;
  if (team == nullptr || count < 2 || !(work > worth_a_thread)) return 1;
  return std::min(count, team->most_threads());
}

// Calls body(task, thread) for the tasks 0 … count - 1, on at most so many threads, numbered from
// 0. Each thread sees its tasks in ascending order. Rethrows the exception of the lowest task that
// threw.
template <class Body>
void parallel_for_by_thread(std::size_t threads, std::size_t count, const Body& body) {
  const ThreadTeam* const team = thread_team;
  if (team == nullptr || threads < 2) {
    for (std::size_t task = 0; task < count; ++task) body(task, std::size_t{0});
    return;
  }
  struct Failure {
    std::size_t task;
    std::exception_ptr error;
  };
  struct Loop {
    const Body& body;
    std::size_t count;
    std::atomic<std::size_t> next;
    std::vector<Failure> failures;  // by thread: the lowest task that threw
  };
  Loop all{body, count, 0, std::vector<Failure>(threads, {count, nullptr})};
  const auto take_tasks = [](void* context, std::size_t thread) {
    auto& loop = *static_cast<Loop*>(context);
    for (std::size_t task; (task = loop.next.fetch_add(1)) < loop.count;) {
      try {
        loop.body(task, thread);
      } catch (...) {
        Failure& failure = loop.failures[thread];
        if (!failure.error) failure = {task, std::current_exception()};
      }
    }
  };
  team->run(threads, take_tasks, &all);
  const auto first = std::min_element(all.failures.begin(), all.failures.end(),
                                      [](const auto& a, const auto& b) { return a.task < b.task; });
  if (first->error) std::rethrow_exception(first->error);
}

// Likewise, on several threads where all of it takes about `work` steps or more, with body(task).
template <class Body>
void parallel_for(std::size_t count, double work, const Body& body) {
  parallel_for_by_thread(threads_for(count, work), count,
                         [&](std::size_t task, std::size_t) { body(task); });
}

}  // namespace dgp::detail
