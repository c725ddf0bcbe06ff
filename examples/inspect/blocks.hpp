// Checkpoints whose weights stay in their file: measured block by block, with the same figures as
// in memory.
#pragma once

#include <cstddef>

#include "../checkpoint.hpp"
#include "../console.hpp"
#include "options.hpp"
#include "report.hpp"

namespace inspect {

// Whether the weights, of so many bytes each as they are measured, stay in their file. Throws
// std::runtime_error where they would, but something is asked for that needs them in memory.
bool is_read_by_blocks(const dgp::io::CheckpointFile& file, const checkpoint::Selection& selection,
                       const Options& options, std::size_t bytes_each);

// In double precision, or in single.
Report measure_blocks(const dgp::io::CheckpointFile& file, const checkpoint::Selection& selection,
                      const Options& options, bool in_double, console::Progress& progress);

}  // namespace inspect
