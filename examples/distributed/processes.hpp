// The processes of one measurement, by MPI, and what they tell each other.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <mpi.h>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace distributed {

// What has gone over the network: how often all processes have met, and with how many bytes each.
struct Traffic {
  std::uint64_t meetings = 0;
  std::uint64_t bytes = 0;
};

// From MPI_Init to MPI_Finalize.
class Processes {
 public:
  Processes(int& argc, char**& argv) {
    int provided = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &count_);
  }
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;
  ~Processes() { MPI_Finalize(); }

  int rank() const { return rank_; }
  int count() const { return count_; }
  const Traffic& traffic() const { return traffic_; }

  // Of all processes, the lowest rank for which this holds; none: as many as there are.
  int lowest_where(bool holds) {
    const int own = holds ? rank_ : count_;
    int lowest = count_;
    MPI_Allreduce(&own, &lowest, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    return lowest;
  }

  // Ends all processes at once.
  [[noreturn]] static void abort() {
    MPI_Abort(MPI_COMM_WORLD, 1);
    throw std::logic_error("MPI_Abort has returned");
  }

  template <class Number>
  void reduce(std::span<Number> values, MPI_Op operation) {
    const MPI_Datatype type = std::is_same_v<Number, float> ? MPI_FLOAT : MPI_DOUBLE;
    constexpr std::size_t most = std::size_t{1} << 28;  // MPI counts by int
    for (std::size_t begin = 0; begin < values.size(); begin += most) {
      const auto part = values.subspan(begin, std::min(most, values.size() - begin));
      MPI_Allreduce(MPI_IN_PLACE, part.data(), static_cast<int>(part.size()), type, operation,
                    MPI_COMM_WORLD);
      count_meeting(part.size_bytes());
    }
  }

  // All states combined, pair by pair, in as many rounds as the number of processes has binary
  // digits: an operation of MPI's on one element, which holds a state behind its size.
  using Combine =
      std::function<void(std::span<const std::byte> from, std::vector<std::byte>& into)>;
  void merge(std::vector<std::byte>& state, std::size_t most, const Combine& combine) {
    constexpr std::size_t size_bytes = sizeof(std::uint64_t);
    if (most + size_bytes > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
      throw std::runtime_error("a layer's forest is too large to be told to other processes");
    }
    combine_ = &combine;
    MPI_Datatype element = MPI_DATATYPE_NULL;
    MPI_Type_contiguous(static_cast<int>(size_bytes + most), MPI_BYTE, &element);
    MPI_Type_commit(&element);
    MPI_Op operation = MPI_OP_NULL;
    MPI_Op_create(&combine_elements, 1, &operation);
    std::vector<std::byte> own(size_bytes + most);
    std::vector<std::byte> all(size_bytes + most);
    pack(state, own.data());
    MPI_Allreduce(own.data(), all.data(), 1, element, operation, MPI_COMM_WORLD);
    unpack(all.data(), state);
    MPI_Op_free(&operation);
    MPI_Type_free(&element);
    count_meeting(own.size());
  }

 private:
  void count_meeting(std::size_t bytes) {
    ++traffic_.meetings;
    traffic_.bytes += bytes;
  }

  static void pack(const std::vector<std::byte>& state, std::byte* to) {
    const std::uint64_t size = state.size();
    std::memcpy(to, &size, sizeof size);
    if (size > 0) std::memcpy(to + sizeof size, state.data(), state.size());
  }
  static std::span<const std::byte> packed(const std::byte* from) {
    std::uint64_t size = 0;
    std::memcpy(&size, from, sizeof size);
    return {from + sizeof size, static_cast<std::size_t>(size)};
  }
  static void unpack(const std::byte* from, std::vector<std::byte>& state) {
    const auto bytes = packed(from);
    state.assign(bytes.begin(), bytes.end());
  }
  // MPI hands nothing else to an operation: so it finds what to do here.
  static inline const Combine* combine_ = nullptr;
  static void combine_elements(void* from, void* into, int* count, MPI_Datatype* type) {
    int size = 0;
    MPI_Type_size(*type, &size);
    for (int i = 0; i < *count; ++i) {
      const auto offset = static_cast<std::ptrdiff_t>(i) * size;
      std::vector<std::byte> state;
      unpack(static_cast<const std::byte*>(into) + offset, state);
      (*combine_)(packed(static_cast<const std::byte*>(from) + offset), state);
      pack(state, static_cast<std::byte*>(into) + offset);
    }
  }

  int rank_ = 0;
  int count_ = 1;
  Traffic traffic_;
};

}  // namespace distributed
